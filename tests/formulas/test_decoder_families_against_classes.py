"""Closed forms of further decoders against the models themselves, as in `test_against_classes`.

Layers that slide, chunks and chosen keys cost what the dense square costs here: a masked kernel executes it.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, by_another_counter, disagreements, table_of
from test_against_classes import common as plain
from test_against_classes import gpt2_like as gpt2

from comptometer.formulas import count

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

LENGTH, BATCH = 12, 2


def common(pick: random.Random) -> dict[str, Any]:
    return plain(pick) | {"pad_token_id": 1}


def wide(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {"head_dim": pick.choice([8, 20]), "attention_bias": pick.choice([True, False])}


def biased(pick: random.Random, **more: Any) -> dict[str, Any]:
    return common(pick) | {"attention_bias": pick.choice([True, False]), "mlp_bias": pick.choice([True, False])} | more


def multi_head(pick: random.Random) -> dict[str, Any]:
    fields = common(pick)
    return fields | {"num_key_value_heads": fields["num_attention_heads"]}


def gpt2_like(pick: random.Random) -> dict[str, Any]:
    return gpt2(pick) | {"multi_query": pick.choice([True, False]), "tie_word_embeddings": pick.choice([True, False])}


def experts(pick: random.Random) -> dict[str, Any]:
    number = pick.choice([4, 6])
    return wide(pick) | {
        "num_local_experts": number, "num_experts": number, "n_routed_experts": number,
        "num_experts_per_tok": pick.choice([1, 2]), "moe_intermediate_size": 12,
        "n_shared_experts": pick.choice([1, 2]), "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1,
    }  # fmt: skip


def all_experts(pick: random.Random) -> dict[str, Any]:
    """Every token uses every expert: the class computes them all, whatever the router says."""
    fields = experts(pick)
    return fields | {
        "num_experts_per_tok": fields["num_local_experts"], "intermediate_size_mlp": 40,
        "interleave_moe_layer_step": pick.choice([1, 2]), "attention_chunk_size": 5,
        "use_qk_norm": pick.choice([True, False]),
    }  # fmt: skip


def latent(pick: random.Random) -> dict[str, Any]:
    return multi_head(pick) | {
        "q_lora_rank": 10, "kv_lora_rank": 6, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 6,
        "n_routed_experts": 8, "n_shared_experts": pick.choice([1, 2]), "num_experts_per_tok": 2,
        "moe_intermediate_size": 12, "first_k_dense_replace": pick.choice([0, 1]), "n_group": 2, "topk_group": 1,
        "head_dim": 4, "index_topk": 5, "index_head_dim": 8, "index_n_heads": pick.choice([2, 3]),
        "attention_bias": pick.choice([True, False]),
    }  # fmt: skip


def falcon(pick: random.Random) -> dict[str, Any]:
    """The class runs groups of heads and norms by twos only in the new architecture, which is always parallel."""
    fields, new = common(pick), pick.choice([True, False])
    return fields | {
        "num_kv_heads": fields["num_key_value_heads"] if new else None, "ffn_hidden_size": pick.choice([None, 40]),
        "multi_query": pick.choice([True, False]), "new_decoder_architecture": new,
        "parallel_attn": new or pick.choice([True, False]), "alibi": pick.choice([True, False]),
        "bias": pick.choice([True, False]), "num_ln_in_parallel_attn": pick.choice([None, 1, 2] if new else [None, 1]),
    }  # fmt: skip


def ernie(pick: random.Random) -> dict[str, Any]:
    return experts(pick) | {
        "use_bias": pick.choice([True, False]), "moe_num_experts": 4, "moe_k": 2, "num_hidden_layers": 4,
        "moe_num_shared_experts": pick.choice([0, 2]), "moe_layer_start_index": pick.choice([0, 1]),
        "moe_layer_end_index": pick.choice([-1, 2]), "moe_layer_interval": pick.choice([1, 2]),
    }  # fmt: skip


def gemma3n(pick: random.Random) -> dict[str, Any]:
    """Layers of all kinds before those that share."""
    number = pick.choice([4, 5])
    kinds = ["sliding_attention", "full_attention", "sliding_attention", "sliding_attention", "full_attention"]
    return common(pick) | {
        "hidden_size": 32, "num_hidden_layers": number, "layer_types": kinds[:number], "sliding_window": 5,
        "num_kv_shared_layers": pick.choice([0, 1, 2]), "altup_num_inputs": pick.choice([2, 3]), "laurel_rank": 3,
        "head_dim": pick.choice([8, 20]), "hidden_size_per_layer_input": 6, "vocab_size_per_layer_input": 40,
        "intermediate_size": pick.choice([24, [24, 40, 24, 40, 24][:number]]),
        "activation_sparsity_pattern": [0.0] * number,
    }  # fmt: skip


def gemma4(pick: random.Random) -> dict[str, Any]:
    """The class shares keys and values only where layers have an embedding of their own."""
    inner = pick.choice([0, 6])
    return common(pick) | {
        "num_hidden_layers": 4, "sliding_window": 5, "num_kv_shared_layers": pick.choice([0, 2]) if inner else 0,
        "head_dim": 8,
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention"],
        "global_head_dim": pick.choice([8, 20]), "hidden_size_per_layer_input": inner,
        "vocab_size_per_layer_input": 60, "attention_k_eq_v": pick.choice([True, False]),
        "num_global_key_value_heads": pick.choice([1, None]), "use_double_wide_mlp": pick.choice([True, False]),
        "enable_moe_block": pick.choice([True, False]), "num_experts": 4, "top_k_experts": pick.choice([1, 2]),
        "moe_intermediate_size": 12,
    }  # fmt: skip


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in names}


FAMILIES: dict[str, Any] = {
    "smollm3": lambda p: biased(p, use_sliding_window=p.choice([True, False]), sliding_window=5),
    "ministral": lambda p: without(wide(p), "attention_bias") | {"sliding_window": p.choice([None, 5])},
    "stablelm": lambda p: common(p) | {"use_parallel_residual": p.choice([True, False]), "qk_layernorm": True},
    "cohere": lambda p: common(p) | {"use_qk_norm": p.choice([True, False]), "attention_bias": p.choice([True, False])},
    "phi": lambda p: common(p) | {"qk_layernorm": True},
    "vaultgemma": lambda p: wide(p) | {"sliding_window": 5},
    "exaone4": lambda p: common(p) | {"sliding_window": p.choice([5, 7]), "sliding_window_pattern": p.choice([2, 4])},
    "arcee": biased,
    "apertus": lambda p: wide(p) | {"hidden_act": p.choice(["xielu", "silu"])},
    "glm": wide,
    "glm4": wide,
    "ernie4_5": lambda p: without(wide(p), "attention_bias") | {"use_bias": p.choice([True, False])},
    "hunyuan_v1_dense": wide,
    "helium": lambda p: biased(p, hidden_size=32, num_attention_heads=4, num_key_value_heads=2, head_dim=8),
    "bitnet": lambda p: common(p) | {"attention_bias": p.choice([True, False])},
    "gpt_bigcode": gpt2_like,
    "codegen": lambda p: gpt2_like(p) | {"n_embd": 32, "n_head": 4},
    "gpt_neo": lambda p: {
        "hidden_size": 32, "num_heads": 4, "num_layers": 4, "vocab_size": 61, "max_position_embeddings": 32,
        "attention_types": p.choice([[[["global", "local"], 2]], [[["global"], 3], [["local"], 1]]]), "window_size": 5,
        "intermediate_size": p.choice([None, 40]), "bos_token_id": 0, "eos_token_id": 0,
    },
    "gpt_neox": lambda p: multi_head(p) | {"use_parallel_residual": p.choice([True, False])},
    "mpt": lambda p: {"d_model": 32, "n_heads": 4, "n_layers": p.choice([2, 3]), "vocab_size": 61, "max_seq_len": 64},
    "falcon": falcon,
    "xglm": lambda p: {
        "d_model": 32, "attention_heads": p.choice([2, 4]), "num_layers": 2, "ffn_dim": 40, "vocab_size": 61,
        "max_position_embeddings": 64, "tie_word_embeddings": p.choice([True, False]),
    },
    "biogpt": common,
    "persimmon": lambda p: multi_head(p) | {"qk_layernorm": p.choice([True, False])},
    "nemotron": lambda p: biased(p, head_dim=p.choice([8, 20])),
    "phimoe": lambda p: without(experts(p), "head_dim") | {
        "sliding_window": p.choice([None, 5]), "lm_head_bias": p.choice([True, False]), "num_experts_per_tok": 2,
    },
    "qwen2_moe": lambda p: experts(p) | {
        "use_sliding_window": p.choice([True, False]), "sliding_window": 5, "qkv_bias": p.choice([True, False]),
        "shared_expert_intermediate_size": 20, "mlp_only_layers": p.choice([[], [1]]), "max_window_layers": 2,
    },
    "qwen3_moe": lambda p: experts(p) | {
        "use_sliding_window": p.choice([True, False]), "sliding_window": 5, "decoder_sparse_step": p.choice([1, 2]),
    },
    "llama4_text": all_experts,
    "glm4_moe": lambda p: experts(p) | {"use_qk_norm": p.choice([True, False])},
    "dots1": lambda p: experts(p) | {"sliding_window": 5, "max_window_layers": p.choice([1, 62])},
    "minimax_m2": lambda p: without(experts(p), "attention_bias"),
    "mimo_v2_flash": lambda p: experts(p) | {
        "num_attention_heads": 4, "num_key_value_heads": p.choice([1, 2]), "v_head_dim": 12, "sliding_window": 5,
    },
    "ernie4_5_moe": lambda p: without(ernie(p), "attention_bias", "num_experts", "num_experts_per_tok"),
    "hunyuan_v1_moe": lambda p: without(experts(p), "moe_intermediate_size") | {"moe_topk": 2},
    "granitemoe": lambda p: without(experts(p), "head_dim"),
    "granitemoeshared": lambda p: without(experts(p), "head_dim") | {"shared_intermediate_size": p.choice([0, 20])},
    "dbrx": lambda p: {
        "d_model": 32, "n_heads": 4, "n_layers": 2, "vocab_size": 61, "max_seq_len": 64,
        "attn_config": {"kv_n_heads": p.choice([1, 2, 4]), "rope_theta": 10000.0, "clip_qkv": 8.0},
        "ffn_config": {"ffn_hidden_size": 24, "moe_num_experts": 4, "moe_top_k": p.choice([1, 2])},
    },
    "cwm": lambda p: biased(p, head_dim=p.choice([8, 20]), sliding_window=5, attention_bias=False),
    "ministral3": lambda p: without(wide(p), "attention_bias") | {"sliding_window": p.choice([None, 5])},
    "jais2": lambda p: biased(p, head_dim=p.choice([8, 20])),
    "flex_olmo": lambda p: without(experts(p), "head_dim"),
    "solar_open": experts,
    "jetmoe": lambda p: {
        "hidden_size": 32, "num_hidden_layers": p.choice([2, 3]), "num_key_value_heads": p.choice([1, 2]),
        "kv_channels": p.choice([8, 20]), "intermediate_size": 24, "num_local_experts": 4, "vocab_size": 61,
        "num_experts_per_tok": p.choice([1, 2]), "tie_word_embeddings": p.choice([True, False]),
    },
    "glm4_moe_lite": lambda p: without(latent(p), "head_dim") | {"q_lora_rank": p.choice([None, 10])},
    "deepseek_v32": latent,
    "glm_moe_dsa": lambda p: latent(p) | {
        "num_hidden_layers": 3, "indexer_types": p.choice([["full"] * 3, ["full", "shared", "full"]]),
    },
    "nanochat": lambda p: without(common(p), "pad_token_id") | {"attention_bias": p.choice([True, False])},
    "diffllama": lambda p: common(p) | {
        "num_attention_heads": 4, "num_key_value_heads": p.choice([2, 4]), "hidden_size": p.choice([32, 48]),
        "head_dim": p.choice([8, 20]), "attention_bias": p.choice([True, False]),
    },
    "doge": lambda p: biased(p, keep_window_size=p.choice([5, 64]), sliding_window=p.choice([None, 3])) | {
        "is_moe": p.choice([True, False]), "num_experts": p.choice([9, 18]), "num_experts_per_tok": p.choice([2, 5]),
    },
    "gemma3n_text": gemma3n,
    "gemma4_text": gemma4,
    "longcat_flash": lambda p: {
        **{k: v for k, v in latent(p).items() if k not in ("num_hidden_layers", "intermediate_size")},
        "num_layers": p.choice([1, 2]), "ffn_hidden_size": 24, "moe_topk": 2, "expert_ffn_hidden_size": 12,
        "zero_expert_num": 0, "num_key_value_heads": None,
    },
}  # fmt: skip


def model_of(model_type: str, seed: int, **stated: Any) -> tuple[Any, dict[str, Any]]:
    pick = random.Random(f"{model_type}/{seed}")
    fields = {key: value for key, value in (FAMILIES[model_type](pick) | stated).items() if value is not None}
    return built(model_type, fields, drawn=True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model_type", FAMILIES)
def test_the_closed_form_is_what_the_class_does(model_type: str, seed: int) -> None:
    model, fields = model_of(model_type, seed)
    tokens = torch.zeros(BATCH, LENGTH, dtype=torch.long)
    assert not disagreements(fields, model, tokens, batch=BATCH, sequence_length=LENGTH)


HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 32}
SLIDING_LAST = ["full_attention", "sliding_attention", "full_attention"]
SWITCHES: list[tuple[str, dict[str, Any]]] = [
    ("falcon", HEADS | {"new_decoder_architecture": True, "parallel_attn": True, "num_kv_heads": 2, "bias": True}),
    (
        "falcon",
        HEADS
        | {"new_decoder_architecture": True, "parallel_attn": True, "num_kv_heads": 1, "num_ln_in_parallel_attn": 1},
    ),
    ("falcon", {"new_decoder_architecture": False, "parallel_attn": True, "multi_query": False, "num_kv_heads": None}),
    ("falcon", {"new_decoder_architecture": False, "parallel_attn": False, "multi_query": True, "num_kv_heads": None}),
    ("gemma4_text", {"num_kv_shared_layers": 2, "use_double_wide_mlp": True, "hidden_size_per_layer_input": 6}),
    ("gemma4_text", HEADS | {"attention_k_eq_v": False, "num_kv_shared_layers": 0, "hidden_size_per_layer_input": 0}),
    ("gemma4_text", HEADS | {"enable_moe_block": True, "num_kv_shared_layers": 0, "hidden_size_per_layer_input": 0}),
    ("gemma4_text", {"layer_types": None, "num_hidden_layers": 7, "num_kv_shared_layers": 0}),
    ("gemma3n_text", {"num_kv_shared_layers": 0, "intermediate_size": [24, 40, 24, 40, 24]}),
    ("gemma3n_text", {"altup_num_inputs": 1}),
    ("stablelm", {"qk_layernorm": False, "use_parallel_residual": True, "use_qkv_bias": True}),
    ("stablelm", {"qk_layernorm": True, "use_parallel_residual": False}),
    ("smollm3", {"layer_types": SLIDING_LAST, "num_hidden_layers": 3, "use_sliding_window": True}),
    ("gpt_neox", {"use_parallel_residual": False, "attention_bias": False}),
    ("exaone4", {"sliding_window": None, "layer_types": ["full_attention"] * 3, "num_hidden_layers": 3}),
    ("gpt_bigcode", {"multi_query": False}),
    ("cohere", {"use_qk_norm": True}),
    ("phimoe", {"lm_head_bias": True, "attention_bias": True}),
    ("ernie4_5_moe", {"moe_num_shared_experts": 0, "use_bias": True}),
    ("ernie4_5_moe", {"moe_layer_start_index": 1, "moe_layer_end_index": 2, "moe_layer_interval": 2}),
    ("granitemoeshared", {"shared_intermediate_size": 0}),
    ("qwen2_moe", {"qkv_bias": False, "mlp_only_layers": [0]}),
    ("mimo_v2_flash", {"mlp_layer_types": ["sparse", "dense", "sparse"], "num_hidden_layers": 3}),
    ("llama4_text", {"moe_layers": [1], "num_hidden_layers": 3, "no_rope_layers": [1, 0, 1]}),
    ("deepseek_v32", {"mlp_layer_types": ["sparse", "dense", "sparse"], "num_hidden_layers": 3}),
    ("apertus", {"hidden_act": "xielu"}),
    ("doge", {"is_moe": True, "attention_bias": True, "mlp_bias": True}),
    ("doge", {"is_moe": False, "attention_bias": False}),
]  # fmt: skip


@pytest.mark.parametrize(("model_type", "stated"), SWITCHES)
def test_every_switch_does_what_it_does_in_the_class(model_type: str, stated: dict[str, Any]) -> None:
    model, fields = model_of(model_type, 0, **stated)
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
    tokens = torch.randint(2, 50, (BATCH, LENGTH))
    assert (found.forward, found.backward) == by_another_counter(model, tokens)
