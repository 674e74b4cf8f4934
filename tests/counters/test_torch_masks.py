"""Masks of models without values: the pairs that a trace counts are those of the closed form."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import torch
import transformers

from comptometer import count as count_config
from comptometer.contraction import pairs
from comptometer.counters.torch import count
from comptometer.ops import Attention, OpCount

LENGTH, WINDOW, HEADS, WIDTH = 21, 6, 4, 8
SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 6,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "head_dim": WIDTH,
    "vocab_size": 96,
    "sliding_window": WINDOW,
    "pad_token_id": None,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2, "dtype": torch.bfloat16}
CAUSAL: dict[str, dict[str, Any]] = {
    "llama": {"sliding_window": None},
    "mistral": {},
    "mixtral": EXPERTS,
    "qwen2": {"use_sliding_window": True, "max_window_layers": 3},
    "gemma3_text": {"query_pre_attn_scalar": 8},
    "gpt2": {"n_embd": 32, "n_layer": 6, "n_head": HEADS},
    "phi3": {},
    "cohere2": {},
    "olmo3": {},
}


def traced(family: str, attention: Attention, kind: str = "AutoModelForCausalLM", **more: Any) -> OpCount:
    given = {**({} if family in ENCODER_DECODERS else SMALL), **CAUSAL.get(family, {}), **more}
    given = {name: value for name, value in given.items() if value is not None or name == "pad_token_id"}
    how = {name: given.pop(name) for name in ("dtype", "attn_implementation") if name in given}
    config = transformers.AutoConfig.for_model(family, **given)
    with torch.device("meta"):
        model = getattr(transformers, kind).from_config(config, **how)
        tokens = torch.zeros(2, LENGTH, dtype=torch.long)
    inputs = {"input_ids": tokens}
    if config.is_encoder_decoder:
        inputs["decoder_input_ids"] = tokens[:, :WINDOW]
    return count(model, inputs, attention=attention)


def core(found: OpCount) -> int:
    return found.by_operation["attention"].forward


@pytest.mark.parametrize("attention", ["full", "causal", "half"])
@pytest.mark.parametrize("family", CAUSAL)
def test_a_mask_without_values_keeps_the_pairs_of_the_closed_form(family: str, attention: Attention) -> None:
    given = {name: value for name, value in {**SMALL, **CAUSAL[family]}.items() if value is not None}
    fields = transformers.AutoConfig.for_model(family, **{k: v for k, v in given.items() if k != "dtype"}).to_dict()
    formula = count_config(fields, batch=2, sequence_length=LENGTH, attention=attention)
    found = traced(family, attention)
    assert (found.forward, found.backward) == (formula.forward, formula.backward)
    assert core(found) == core(formula)
    assert not found.notes


def test_a_window_that_is_known_is_less_than_the_triangle() -> None:
    per_pair = 2 * 2 * HEADS * 2 * WIDTH * 6  # batch, product and sum, heads, both products, layers
    kept = pairs(LENGTH, "causal", window=WINDOW)
    assert kept < pairs(LENGTH, "causal")
    assert core(traced("mistral", "causal")) == per_pair * kept


@pytest.mark.parametrize("family", ["bert", "distilbert", "electra"])
def test_an_encoder_is_never_halved(family: str) -> None:
    counts = {
        core(traced(family, attention, "AutoModel", dim=32, n_heads=HEADS, n_layers=6, hidden_dim=48))
        for attention in ("full", "causal", "half")
    }
    assert counts == {2 * 2 * HEADS * 2 * WIDTH * 6 * LENGTH**2}


def test_a_window_to_both_sides_is_kept_by_causal_and_not_halved() -> None:
    wide = 2 * 2 * HEADS * 2 * WIDTH
    reach = 3  # to each side
    near = sum(min(LENGTH, at + reach + 1) - max(0, at - reach) for at in range(LENGTH))
    options: dict[str, Any] = {"local_attention": 2 * reach, "global_attn_every_n_layers": 3, "sliding_window": None}
    full, causal, half = (
        core(traced("modernbert", attention, "AutoModel", **options)) for attention in ("full", "causal", "half")
    )
    assert full == half == wide * 6 * LENGTH**2
    assert causal == wide * (2 * LENGTH**2 + 4 * near)


ENCODER_DECODERS: dict[str, dict[str, Any]] = {
    "t5": {"d_model": 32, "d_kv": WIDTH, "d_ff": 48, "num_layers": 3, "num_decoder_layers": 2, "num_heads": HEADS},
    "bart": {
        "d_model": 32,
        "encoder_layers": 3,
        "decoder_layers": 2,
        "encoder_attention_heads": HEADS,
        "decoder_attention_heads": HEADS,
        "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48,
    },
}


@pytest.mark.parametrize("family", ENCODER_DECODERS)
def test_only_the_decoder_of_an_encoder_decoder_is_causal(family: str) -> None:
    options = {**ENCODER_DECODERS[family], "decoder_start_token_id": 1}
    wide = 2 * 2 * HEADS * 2 * WIDTH
    apart = 3 * LENGTH**2 + 2 * LENGTH * WINDOW
    for attention in ("full", "causal", "half"):
        found = traced(family, attention, "AutoModel", **options)
        assert all("padding" in note for note in found.notes)
        assert core(found) == wide * (apart + 2 * pairs(WINDOW, attention))


def test_chunks_are_kept_apart() -> None:
    options: dict[str, Any] = {
        **EXPERTS,
        "intermediate_size_mlp": 64,
        "attention_chunk_size": 5,
        "no_rope_layers": [1, 1, 0, 1, 1, 0],
    }
    wide = 2 * 2 * HEADS * 2 * WIDTH
    found = traced("llama4_text", "causal", **options)
    assert core(found) == wide * (4 * pairs(LENGTH, "causal", chunk=5) + 2 * pairs(LENGTH, "causal"))
    assert core(traced("llama4_text", "half", **options)) == wide * 6 * pairs(LENGTH, "half")


def test_attention_that_is_written_out_is_the_full_square_and_says_so() -> None:
    found = traced("gemma2", "causal", query_pre_attn_scalar=8)
    assert "written out" in found.notes[0]


def test_the_modules_of_masks_are_as_they_were() -> None:
    masks: Any = transformers.masking_utils
    before = dict(masks.AttentionMaskInterface._global_mapping), dict(vars(masks))
    traced("mistral", "causal")
    assert (dict(masks.AttentionMaskInterface._global_mapping), dict(vars(masks))) == before
