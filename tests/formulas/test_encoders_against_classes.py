"""Encoders against the classes themselves: small random configurations with every head (see `grid`)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, disagreements

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

LENGTH, BATCH = 12, 2


def common(pick: random.Random) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    return {
        "hidden_size": 8 * heads * pick.choice([1, 2]),
        "intermediate_size": pick.choice([24, 40]),
        "num_hidden_layers": pick.choice([1, 2, 3, 6]),
        "num_attention_heads": heads,
        "vocab_size": pick.choice([50, 77]),
        "max_position_embeddings": 32,
        "type_vocab_size": pick.choice([1, 2]),
        "pad_token_id": 0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "tie_word_embeddings": pick.choice([True, False]),
        "num_labels": pick.choice([2, 3, 7]),
    }


def narrow(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {"embedding_size": pick.choice([6, 16, 32])}


def distilbert(pick: random.Random) -> dict[str, Any]:
    fields = common(pick)
    return {
        "dim": fields["hidden_size"], "n_heads": fields["num_attention_heads"], "n_layers": 3, "hidden_dim": 24,
        "vocab_size": 77, "max_position_embeddings": 32, "num_labels": fields["num_labels"], "pad_token_id": 0,
        "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip


def albert(pick: random.Random) -> dict[str, Any]:
    return narrow(pick) | {
        "num_hidden_layers": pick.choice([3, 5, 6]), "num_hidden_groups": pick.choice([1, 2, 3]),
        "inner_group_num": pick.choice([1, 2]),
    }  # fmt: skip


def deberta(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {
        "type_vocab_size": pick.choice([0, 2]), "relative_attention": pick.choice([True, True, False]),
        "max_relative_positions": pick.choice([-1, 5, 20]), "position_biased_input": pick.choice([True, False]),
        "pos_att_type": pick.choice([["c2p", "p2c"], ["c2p"], ["p2c"]]), "legacy": pick.choice([True, False]),
    }  # fmt: skip


def deberta_v2(pick: random.Random) -> dict[str, Any]:
    fields = deberta(pick) | {
        "position_buckets": pick.choice([-1, 4]), "share_att_key": pick.choice([True, False]),
        "conv_kernel_size": pick.choice([0, 3]), "norm_rel_ebd": pick.choice(["none", "layer_norm"]),
    }  # fmt: skip
    return fields | ({"pos_att_type": ["p2c", "c2p"]} if fields["share_att_key"] else {})


def modernbert(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {
        "global_attn_every_n_layers": pick.choice([2, 3]), "local_attention": 8,
        "norm_bias": pick.choice([True, False]),
        "attention_bias": pick.choice([True, False]), "mlp_bias": pick.choice([True, False]),
        "decoder_bias": pick.choice([True, False]), "classifier_bias": pick.choice([True, False]),
        "classifier_pooling": pick.choice(["cls", "mean"]), "cls_token_id": 0, "sep_token_id": 0,
    }  # fmt: skip


def esm(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {
        "position_embedding_type": pick.choice(["absolute", "rotary"]), "mask_token_id": 2,
        "emb_layer_norm_before": pick.choice([True, False]), "token_dropout": pick.choice([True, False]),
    }  # fmt: skip


def eurobert(pick: random.Random) -> dict[str, Any]:
    fields = common(pick)
    return fields | {
        "num_key_value_heads": pick.choice([1, fields["num_attention_heads"]]), "head_dim": pick.choice([8, 12]),
        "attention_bias": pick.choice([True, False]), "mlp_bias": pick.choice([True, False]),
        "classifier_pooling": pick.choice(["bos", "mean", "late"]),
    }  # fmt: skip


FAMILIES: dict[str, Any] = {
    "bert": common, "roberta": common, "xlm-roberta": common, "camembert": common, "electra": narrow,
    "distilbert": distilbert, "albert": albert, "mpnet": common, "esm": esm, "deberta": deberta,
    "deberta-v2": deberta_v2, "modernbert": modernbert, "eurobert": eurobert,
    "nomic_bert": lambda p: common(p) | {"head_dim": p.choice([8, 12])},
}  # fmt: skip
HEADS = {
    "MaskedLM": "AutoModelForMaskedLM",
    "SequenceClassification": "AutoModelForSequenceClassification",
    "TokenClassification": "AutoModelForTokenClassification",
    "QuestionAnswering": "AutoModelForQuestionAnswering",
    "PreTraining": "AutoModelForPreTraining",
    "NextSentencePrediction": "AutoModelForNextSentencePrediction",
    "Model": "AutoModel",
}
# without such a class
WITHOUT = {("esm", "QuestionAnswering"), ("eurobert", "QuestionAnswering"), ("nomic_bert", "QuestionAnswering")}
ONLY = {"PreTraining": ("bert", "electra", "albert"), "NextSentencePrediction": ("bert",)}
CASES = [
    (family, head)
    for family in FAMILIES
    for head in HEADS
    if (family, head) not in WITHOUT and family in ONLY.get(head, FAMILIES)
]


def model_of(model_type: str, head: str, seed: int) -> tuple[Any, dict[str, Any]]:
    fields = FAMILIES[model_type](random.Random(f"{model_type}/{head}/{seed}"))
    if head == "QuestionAnswering":
        fields["num_labels"] = 2
    return built(model_type, fields, HEADS[head])


def tokens() -> Any:
    return torch.full((BATCH, LENGTH), 3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("model_type", "head"), CASES)
def test_the_closed_form_is_what_the_class_does(model_type: str, head: str, seed: int) -> None:
    model, fields = model_of(model_type, head, seed)
    assert not disagreements(fields, model, tokens(), batch=BATCH, sequence_length=LENGTH)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_frozen_embedding_saves_the_class_and_the_closed_form_the_same_gradients(model_type: str, seed: int) -> None:
    model, fields = model_of(model_type, "MaskedLM", seed)
    embedding = next(part for name, part in model.base_model.named_children() if name in ("embeddings", "embed_tokens"))
    found = disagreements(
        fields,
        model,
        tokens(),
        batch=BATCH,
        sequence_length=LENGTH,
        frozen=("embedding", "positions", "token_types"),
        frozen_in_model=(next(name for name, part in model.named_modules() if part is embedding),),
    )
    assert not found
