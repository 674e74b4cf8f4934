"""Linear attention, recurrences and short convolutions against their classes, operation by operation.

Where a class runs its recurrence in chunks, the chunks' closed form stands for it (`chunks`), so that attention and all
else beside it are compared too; the recurrent form itself is compared with one that is written out step by step.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import torch  # noqa: E402
from chunks import executed  # noqa: E402
from grid import disagreements  # noqa: E402
from test_state_space_against_classes import BATCH, attending, built, common, kinds  # noqa: E402
from test_state_space_against_classes import FAMILIES as CHUNKED_TOO  # noqa: E402

from comptometer.counters.torch import count as trace  # noqa: E402
from comptometer.errors import DataError  # noqa: E402
from comptometer.formulas import count  # noqa: E402

LENGTH = 12


def delta(pick: random.Random) -> dict[str, Any]:
    keys = pick.choice([1, 2])
    return attending(pick) | {
        "linear_num_key_heads": keys,
        "linear_num_value_heads": keys * pick.choice([1, 2]),
        "linear_key_head_dim": pick.choice([6, 8]),
        "linear_value_head_dim": pick.choice([4, 8]),
        "linear_conv_kernel_dim": pick.choice([2, 4]),
        "head_dim": pick.choice([8, 12]),
        "attention_bias": pick.choice([True, False]),
    }


def layered(pick: random.Random, base: dict[str, Any], *words: str) -> dict[str, Any]:
    return base | {"layer_types": kinds(pick, base["num_hidden_layers"], *words)}


def qwen(pick: random.Random) -> dict[str, Any]:
    return layered(pick, delta(pick), "linear_attention", "full_attention")


def qwen_experts(pick: random.Random) -> dict[str, Any]:
    return qwen(pick) | {
        "num_experts": 4, "num_experts_per_tok": pick.choice([1, 2]), "moe_intermediate_size": 12,
        "shared_expert_intermediate_size": 20,
    }  # fmt: skip


def olmo(pick: random.Random) -> dict[str, Any]:
    fields = {key: value for key, value in qwen(pick).items() if key != "head_dim"}
    return fields | {"attention_bias": False}


def kimi(pick: random.Random) -> dict[str, Any]:
    base = layered(pick, attending(pick), "linear_attention", "full_attention")
    return base | {
        "tie_word_embeddings": False, "num_key_value_heads": 4, "q_lora_rank": pick.choice([None, 10]), "kv_lora_rank": 6, "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 8, "v_head_dim": 6, "num_experts": 4, "num_local_experts": 4, "num_experts_per_token": 2,
        "num_experts_per_tok": 2, "moe_intermediate_size": 12, "num_shared_experts": pick.choice([1, 2]),
        "first_k_dense_replace": pick.choice([1, 2]), "linear_head_dim": pick.choice([6, 8]),
        "linear_num_heads": pick.choice([2, 3]), "linear_conv_kernel_dim": pick.choice([2, 4]),
    }  # fmt: skip


def minimax(pick: random.Random) -> dict[str, Any]:
    base = layered(pick, attending(pick), "linear_attention", "full_attention")
    return base | {
        "head_dim": pick.choice([8, 12]), "num_local_experts": 4, "num_experts_per_tok": pick.choice([1, 2]),
        "block_size": pick.choice([5, 4, 16]),
    }  # fmt: skip


def xlstm(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {
        "tie_word_embeddings": False, "hidden_size": 64, "num_heads": pick.choice([2, 4]), "chunk_size": 16,
        "qk_dim_factor": pick.choice([0.5, 1.0]), "v_dim_factor": pick.choice([1.0, 2.0]),
        "ffn_proj_factor": pick.choice([2.667, 1.5]), "ffn_round_up_to_multiple_of": pick.choice([8, 64]),
        "use_bias": pick.choice([True, False]), "use_cache": False,  # the class's cache knows only the default widths
    }  # fmt: skip


def rwkv(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {"intermediate_size": pick.choice([None, 40]), "context_length": 32, "use_cache": False}


def recurrent_gemma(pick: random.Random) -> dict[str, Any]:
    return attending(pick) | {
        "lru_width": pick.choice([None, 48]), "attention_window_size": 5, "conv1d_width": pick.choice([2, 4]),
        "attention_bias": pick.choice([True, False]),
        "block_types": pick.choice([["recurrent", "recurrent", "attention"], ["attention", "recurrent"]]),
    }  # fmt: skip


def lfm2(pick: random.Random) -> dict[str, Any]:
    return attending(pick) | {
        "full_attn_idxs": pick.choice([[1], [0, 2]]), "conv_L_cache": pick.choice([2, 3]),
        "conv_bias": pick.choice([True, False]), "block_auto_adjust_ff_dim": pick.choice([True, False]),
        "block_ffn_dim_multiplier": pick.choice([1.0, 1.3]), "block_multiple_of": 8,
    }  # fmt: skip


def lfm2_experts(pick: random.Random) -> dict[str, Any]:
    return layered(pick, attending(pick), "conv", "full_attention") | {
        "conv_L_cache": 3, "conv_bias": pick.choice([True, False]), "num_dense_layers": pick.choice([0, 1, 2]),
        "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 12,
    }  # fmt: skip


NEW: dict[str, Any] = {
    "qwen3_5_text": qwen,
    "qwen3_5_moe_text": qwen_experts,
    "olmo_hybrid": olmo,
    "kimi_linear": kimi,
    "minimax": minimax,
    "xlstm": xlstm,
    "rwkv": rwkv,
    "recurrent_gemma": recurrent_gemma,
    "lfm2": lfm2,
    "lfm2_moe": lfm2_experts,
}
FAMILIES = NEW | {name: fields for name, (fields, apart) in CHUNKED_TOO.items() if apart}


def compared(model_type: str, seed: object, length: int = LENGTH, **frozen: tuple[str, ...]) -> dict[str, Any]:
    given = FAMILIES[model_type](random.Random(f"{model_type}/{seed}"))
    if model_type != "kimi_linear":
        given = {key: value for key, value in given.items() if value is not None}
    model, fields = built(model_type, given)
    fields = {key: value for key, value in fields.items() if key not in {"full_attn_idxs"} or key in given}
    return disagreements(
        fields,
        model,
        torch.zeros(BATCH, length, dtype=torch.long),
        executed=executed(fields | given | {"model_type": model_type}, BATCH, length),
        batch=BATCH,
        sequence_length=length,
        **{name: tuple(value) for name, value in frozen.items()},
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model_type", FAMILIES)
def test_the_closed_form_is_what_the_class_does_with_its_chunks(model_type: str, seed: int) -> None:
    assert not compared(model_type, seed)


@pytest.mark.parametrize("model_type", ["qwen3_5_text", "kimi_linear"])
def test_so_it_is_over_several_chunks(model_type: str) -> None:
    assert not compared(model_type, "long", length=130)
