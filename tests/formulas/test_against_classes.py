"""Closed forms against the models themselves: small random configurations of every family that has a class.

Parameters, and forward and backward work by kind of operation, must agree to the last one (see `grid`); so they must
under PyTorch's own counter, for which the class runs on the CPU in plain (eager) attention, where every product is a
visible matrix product.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, by_another_counter, disagreements, table_of

from comptometer.formulas import count

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

LENGTH, BATCH = 12, 2


def common(pick: random.Random) -> dict[str, Any]:
    """A small configuration with the fields that most families share."""
    heads = pick.choice([2, 4])
    return {
        "hidden_size": 8 * heads * pick.choice([1, 2]),
        "intermediate_size": pick.choice([24, 40]),
        "num_hidden_layers": pick.choice([2, 3, 6]),
        "num_attention_heads": heads,
        "num_key_value_heads": pick.choice([1, heads // 2, heads]),
        "vocab_size": pick.choice([50, 77]),
        "max_position_embeddings": 64,
        "tie_word_embeddings": pick.choice([True, False]),
        "pad_token_id": None,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }


def wide_heads(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {"head_dim": pick.choice([8, 20])}


def gpt2_like(pick: random.Random) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    return {
        "n_embd": 8 * heads, "n_head": heads, "n_layer": pick.choice([2, 3]), "n_inner": pick.choice([None, 24]),
        "vocab_size": 61, "n_positions": 32, "rotary_dim": 4, "bos_token_id": 0, "eos_token_id": 0,
    }  # fmt: skip


def multi_head(pick: random.Random) -> dict[str, Any]:
    fields = common(pick)
    return fields | {"num_key_value_heads": fields["num_attention_heads"]}


def experts(pick: random.Random) -> dict[str, Any]:
    number = pick.choice([4, 6])
    return common(pick) | {
        "num_local_experts": number, "num_experts": number, "num_experts_per_tok": pick.choice([1, 2]),
        "moe_intermediate_size": 12, "shared_expert_intermediate_size": 20, "decoder_sparse_step": pick.choice([1, 2]),
        "head_dim": 8,
    }  # fmt: skip


def latent(pick: random.Random) -> dict[str, Any]:
    return multi_head(pick) | {
        "q_lora_rank": pick.choice([None, 10]), "kv_lora_rank": 6, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8,
        "v_head_dim": 6, "n_routed_experts": 8, "n_shared_experts": pick.choice([1, 2]), "num_experts_per_tok": 2,
        "moe_intermediate_size": 12, "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1, "head_dim": 4,
    }  # fmt: skip


FAMILIES: dict[str, Any] = {
    "llama": lambda p: wide_heads(p) | {"attention_bias": p.choice([True, False]), "mlp_bias": p.choice([True, False])},
    "granite": common,
    "mistral": lambda p: wide_heads(p) | {"sliding_window": p.choice([None, 5])},
    "phi3": lambda p: common(p) | {"pad_token_id": 0},
    "smollm3": lambda p: common(p) | {"use_sliding_window": False, "pad_token_id": 0},
    "qwen2": lambda p: common(p)
    | {"use_sliding_window": p.choice([True, False]), "sliding_window": 5, "max_window_layers": 1},
    "qwen3": wide_heads,
    "gemma": wide_heads,
    "gemma2": lambda p: wide_heads(p) | {"sliding_window": 5},
    "gemma3_text": lambda p: wide_heads(p) | {"sliding_window": 5},
    "olmo": common,
    "olmo2": common,
    "olmo3": lambda p: common(p) | {"sliding_window": 5},
    "stablelm": lambda p: common(p)
    | {"use_parallel_residual": p.choice([True, False]), "use_qkv_bias": p.choice([True, False])},
    "starcoder2": lambda p: common(p) | {"use_bias": p.choice([True, False])},
    "gpt2": gpt2_like,
    "gptj": gpt2_like,
    "gpt_neox": multi_head,
    "bloom": lambda p: {"hidden_size": 32, "n_head": 4, "n_layer": 2, "vocab_size": 61},
    "opt": lambda p: multi_head(p)
    | {"ffn_dim": 40, "word_embed_proj_dim": p.choice([8, None]), "do_layer_norm_before": True},
    "phi": common,
    "cohere": common,
    "cohere2": lambda p: common(p) | {"sliding_window": 5},
    "mixtral": experts,
    "qwen2_moe": experts,
    "qwen3_moe": experts,
    "olmoe": lambda p: {key: value for key, value in experts(p).items() if key != "head_dim"},
    "gpt_oss": lambda p: experts(p) | {"sliding_window": 5},
    "deepseek_v2": latent,
    "deepseek_v3": latent,
    "seed_oss": lambda p: wide_heads(p) | {"attention_bias": True, "attention_out_bias": False},
}  # fmt: skip


def model_of(model_type: str, seed: int) -> tuple[Any, dict[str, Any]]:
    fields = FAMILIES[model_type](random.Random(f"{model_type}/{seed}"))
    fields = {key: value for key, value in fields.items() if value is not None or key == "q_lora_rank"}
    if model_type == "opt" and "word_embed_proj_dim" not in fields:
        fields["word_embed_proj_dim"] = fields["hidden_size"]
    return built(model_type, fields)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model_type", FAMILIES)
def test_the_closed_form_is_what_the_class_does(model_type: str, seed: int) -> None:
    model, fields = model_of(model_type, seed)
    tokens = torch.zeros(BATCH, LENGTH, dtype=torch.long)
    assert not disagreements(fields, model, tokens, batch=BATCH, sequence_length=LENGTH)


@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_frozen_embedding_saves_the_class_and_the_closed_form_the_same_gradients(model_type: str) -> None:
    model, fields = model_of(model_type, 1)
    found = disagreements(
        fields,
        model,
        torch.zeros(BATCH, LENGTH, dtype=torch.long),
        batch=BATCH,
        sequence_length=LENGTH,
        frozen=("embedding",),
        frozen_in_model=(table_of(model),),
    )
    assert not found


@pytest.mark.parametrize("model_type", FAMILIES)
def test_another_counter_has_the_same_operations(model_type: str) -> None:
    model, fields = model_of(model_type, 2)
    found = count(fields, batch=BATCH, sequence_length=LENGTH)
    tokens = torch.randint(0, fields["vocab_size"], (BATCH, LENGTH))
    assert (found.forward, found.backward) == by_another_counter(model, tokens)
