"""Encoder-decoders against the classes themselves: small random configurations, two lengths (see `grid`)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, disagreements

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

READ, WRITTEN, BATCH = 12, 7, 2
EOS = 2


def bart(pick: random.Random) -> dict[str, Any]:
    width = pick.choice([16, 32])
    return {
        "d_model": width, "vocab_size": pick.choice([50, 77]), "max_position_embeddings": 32,
        "encoder_layers": pick.choice([1, 3]), "decoder_layers": pick.choice([2, 4]),
        "encoder_attention_heads": pick.choice([2, 4]), "decoder_attention_heads": pick.choice([2, 8]),
        "encoder_ffn_dim": pick.choice([24, 40]), "decoder_ffn_dim": pick.choice([24, 56]), "num_labels": 3,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": EOS, "decoder_start_token_id": EOS,
        "forced_eos_token_id": EOS, "scale_embedding": pick.choice([True, False]),
    }  # fmt: skip


def marian(pick: random.Random) -> dict[str, Any]:
    fields = bart(pick)
    if pick.choice([True, False]):
        return fields | {"decoder_vocab_size": fields["vocab_size"], "share_encoder_decoder_embeddings": True}
    return fields | {"decoder_vocab_size": 91, "share_encoder_decoder_embeddings": False}


def t5(pick: random.Random) -> dict[str, Any]:
    return {
        "d_model": pick.choice([16, 24]), "d_kv": pick.choice([8, 12]), "d_ff": pick.choice([24, 40]),
        "num_layers": pick.choice([1, 3]), "num_decoder_layers": pick.choice([2, 4]), "num_heads": pick.choice([2, 3]),
        "vocab_size": 77, "relative_attention_num_buckets": pick.choice([8, 32]), "num_labels": 3,
        "feed_forward_proj": pick.choice(["relu", "gated-gelu"]), "pad_token_id": 0, "eos_token_id": EOS,
        "decoder_start_token_id": 0,
    }  # fmt: skip


def switch(pick: random.Random) -> dict[str, Any]:
    fields = {key: value for key, value in t5(pick).items() if key != "feed_forward_proj"}
    return fields | {
        "num_layers": pick.choice([2, 4]), "num_decoder_layers": pick.choice([2, 4]),
        "num_sparse_encoder_layers": pick.choice([0, 1, 2]), "num_sparse_decoder_layers": pick.choice([1, 2]),
        "num_experts": pick.choice([4, 8]), "router_bias": pick.choice([True, False]), "expert_capacity": 64,
    }  # fmt: skip


def longt5(pick: random.Random) -> dict[str, Any]:
    return t5(pick) | {
        "encoder_attention_type": pick.choice(["local", "transient-global"]), "local_radius": pick.choice([2, 4, 20]),
        "global_block_size": pick.choice([2, 5]),
    }  # fmt: skip


def prophetnet(pick: random.Random) -> dict[str, Any]:
    return {
        "hidden_size": pick.choice([16, 32]), "vocab_size": pick.choice([50, 77]), "max_position_embeddings": 32,
        "num_encoder_layers": pick.choice([1, 3]), "num_decoder_layers": pick.choice([2, 4]),
        "num_encoder_attention_heads": pick.choice([2, 4]), "num_decoder_attention_heads": pick.choice([2, 8]),
        "encoder_ffn_dim": pick.choice([24, 40]), "decoder_ffn_dim": pick.choice([24, 56]),
        "ngram": pick.choice([1, 2, 3]), "num_buckets": pick.choice([8, 32]),
    }  # fmt: skip


def t5gemma(pick: random.Random) -> dict[str, Any]:
    def side() -> dict[str, Any]:
        heads = pick.choice([2, 4])
        return {
            "vocab_size": 77, "hidden_size": pick.choice([16, 32]), "intermediate_size": pick.choice([24, 40]),
            "num_hidden_layers": pick.choice([2, 3]), "num_attention_heads": heads, "head_dim": pick.choice([8, 12]),
            "num_key_value_heads": pick.choice([1, heads]), "attention_bias": pick.choice([True, False]),
            "sliding_window": 5,
        }  # fmt: skip

    return {"encoder": side(), "decoder": side(), "vocab_size": 77, "tie_word_embeddings": pick.choice([True, False])}


FAMILIES: dict[str, Any] = {
    "bart": bart, "mbart": bart, "blenderbot": bart, "blenderbot-small": bart, "pegasus": bart, "marian": marian,
    "m2m_100": bart, "t5": t5, "mt5": t5, "umt5": t5, "switch_transformers": switch, "t5gemma": t5gemma,
    "longt5": longt5, "prophetnet": prophetnet,
}  # fmt: skip
HEADS = {
    "Generation": "AutoModelForSeq2SeqLM",
    "Model": "AutoModel",
    "SequenceClassification": "AutoModelForSequenceClassification",
    "QuestionAnswering": "AutoModelForQuestionAnswering",
    "TokenClassification": "AutoModelForTokenClassification",
    "Encoder": "AutoModelForTextEncoding",
}
T5 = ("t5", "mt5", "umt5")
READING = ("TokenClassification", "Encoder")
ONLY = {
    "SequenceClassification": ("bart", "mbart", *T5),
    "QuestionAnswering": ("bart", "mbart", *T5),
    "TokenClassification": T5,
    "Encoder": (*T5, "longt5"),
}
CASES = [(family, head) for head in HEADS for family in ONLY.get(head, tuple(FAMILIES))]


def model_of(model_type: str, head: str, seed: int) -> tuple[Any, dict[str, Any]]:
    fields = FAMILIES[model_type](random.Random(f"{model_type}/{head}/{seed}"))
    if head == "QuestionAnswering":
        fields["num_labels"] = 2
    make = "LongT5EncoderModel" if (model_type, head) == ("longt5", "Encoder") else HEADS[head]
    return built(model_type, fields, make)


def inputs(head: str) -> dict[str, Any]:
    read = torch.arange(READ).repeat(BATCH, 1) % 9 + 3
    read[:, -1] = EOS
    if head in READING:
        return {"input_ids": read}
    written = torch.arange(WRITTEN).repeat(BATCH, 1) % 5 + 3
    if head == "SequenceClassification":  # the class looks for the end of what is read, in what is written
        return {"input_ids": read, "decoder_input_ids": read.clone(), "use_cache": False}
    return {"input_ids": read, "decoder_input_ids": written, "use_cache": False}


def lengths(head: str) -> dict[str, Any]:
    if head in READING:
        return {"batch": BATCH, "sequence_length": READ}
    written = READ if head == "SequenceClassification" else WRITTEN
    return {"batch": BATCH, "sequence_length": READ, "decoder_length": written}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("model_type", "head"), CASES)
def test_the_closed_form_is_what_the_class_does(model_type: str, head: str, seed: int) -> None:
    model, fields = model_of(model_type, head, seed)
    assert not disagreements(fields, model, inputs(head), **lengths(head))


@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_frozen_encoder_saves_the_class_and_the_closed_form_the_same_gradients(model_type: str) -> None:
    model, fields = model_of(model_type, "Generation", 1)
    prefix = next(name for name, _ in model.named_modules() if name.split(".")[-1] == "encoder")
    apart = model_type == "t5gemma" or not fields.get("share_encoder_decoder_embeddings", True)
    ours: tuple[str, ...] = ("encoder", "decoder.embedding") if apart else ("encoder",)
    ours += () if model_type == "t5gemma" else ("embedding",)
    theirs = [name for name, _ in model.named_modules() if name.endswith(("embed_tokens", "shared", "word_embeddings"))]
    found = disagreements(
        fields, model, inputs("Generation"), frozen=ours, frozen_in_model=(prefix, *theirs), **lengths("Generation")
    )
    assert not found
