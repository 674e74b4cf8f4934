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

import torch
from chunks import executed
from grid import built, disagreements
from test_state_space_against_classes import BATCH, attending, common, kinds
from test_state_space_against_classes import FAMILIES as CHUNKED_TOO

from comptometer.counters.torch import count as trace
from comptometer.errors import DataError
from comptometer.formulas import count

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
        "tie_word_embeddings": False, "num_key_value_heads": 4,
        "q_lora_rank": pick.choice([None, 10]), "kv_lora_rank": 6, "qk_rope_head_dim": 4,
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


@pytest.mark.parametrize("model_type", NEW)
def test_a_frozen_embedding_saves_the_same_gradients(model_type: str) -> None:
    given = FAMILIES[model_type](random.Random(f"{model_type}/frozen"))
    table = next(name for name, part in built(model_type, given)[0].named_modules() if "embed" in name)
    assert not compared(model_type, "frozen", frozen=("embedding",), frozen_in_model=(table,))


@pytest.mark.parametrize(
    ("model_type", "part", "named"),
    [
        ("mamba2", "layers.*.mixer.in", "backbone.layers.*.mixer.in_proj"),
        ("rwkv", "layers.*.time.k", "rwkv.blocks.*.attention.key"),
        ("lfm2", "layers.*.mlp", "model.layers.*.feed_forward"),
        ("minimax", "layers.*.router", "model.layers.*.mlp.gate"),
    ],
)
def test_so_does_a_frozen_part_beside_it(model_type: str, part: str, named: str) -> None:
    table = {"mamba2": "backbone.embeddings", "rwkv": "rwkv.embeddings"}.get(model_type, "model.embed_tokens")
    assert not compared(model_type, "part", frozen=(part, "embedding"), frozen_in_model=(named, table))


Step = Any


def outer(k: Any, v: Any) -> Any:
    return k.unsqueeze(-1) @ v.unsqueeze(-2)


def read(q: Any, state: Any) -> Any:
    return (q.unsqueeze(-2) @ state).squeeze(-2)


def linear_attention(state: Any, q: Any, k: Any, v: Any) -> tuple[Any, Any]:
    state = 0.9 * state + outer(k, v)
    return state, read(q, state)


def delta_step(state: Any, q: Any, k: Any, v: Any) -> tuple[Any, Any]:
    state = 0.9 * state
    state = state + outer(k, v - read(k, state))
    return state, read(q, state)


def stepwise(step: Step, rows: int, key: int, value: int) -> tuple[int, int]:
    """A recurrence written out and traced: every input and the first state ask for a gradient."""

    def run(state: Any, q: Any, k: Any, v: Any) -> Any:
        outputs = []
        for at in range(LENGTH):
            state, y = step(state, q[:, at], k[:, at], v[:, at])
            outputs.append(y)
        return torch.stack(outputs)

    inputs = [torch.zeros(rows, key, value)] + [torch.zeros(rows, LENGTH, width) for width in (key, key, value)]
    found = trace(run, tuple(tensor.requires_grad_() for tensor in inputs))
    return found.forward, found.backward


@pytest.mark.parametrize(
    ("model_type", "step", "heads", "key", "value"),
    [
        ("mamba2", linear_attention, "num_heads", "state_size", "head_dim"),
        ("minimax", linear_attention, "num_attention_heads", "head_dim", "head_dim"),
        ("qwen3_5_text", delta_step, "linear_num_value_heads", "linear_key_head_dim", "linear_value_head_dim"),
        ("kimi_linear", delta_step, "linear_num_heads", "linear_head_dim", "linear_head_dim"),
    ],
)
def test_a_state_is_its_recurrence_written_out(model_type: str, step: Step, heads: str, key: str, value: str) -> None:
    fields = FAMILIES[model_type](random.Random(0)) | {"model_type": model_type}
    found = count(fields, batch=BATCH, sequence_length=LENGTH).by_operation["state"]
    listed = fields.get("layer_types", ["linear_attention"] * fields["num_hidden_layers"])
    number = listed.count("linear_attention")
    forward, backward = stepwise(step, BATCH * fields[heads], fields[key], fields[value])
    assert (found.forward, found.backward) == (number * forward, number * backward)


@pytest.mark.parametrize(("model_type", "share"), [("jamba", 0.0), ("kimi_linear", 0.0), ("qwen3_5_text", 0.25)])
def test_as_much_of_each_head_is_turned_as_the_family_turns(model_type: str, share: float) -> None:
    fields = (FAMILIES.get(model_type) or CHUNKED_TOO[model_type][0])(random.Random(0)) | {"head_dim": 8}
    fields |= {
        "layer_types": ["full_attention"],
        "num_hidden_layers": 1,
        "attn_layer_period": 1,
        "attn_layer_offset": 0,
    }
    found = count(fields | {"model_type": model_type}, sequence_length=LENGTH, include=frozenset({"elementwise"}))
    turned = sum(term.forward for term in found.included["elementwise"] if term.module.endswith("rotary"))
    heads = fields["num_attention_heads"] + fields["num_key_value_heads"]
    assert turned == 3 * LENGTH * heads * int(8 * share)


MAMBA = {"model_type": "mamba", "state_size": 16, "vocab_size": 50280, "conv_kernel": 4}
PUBLISHED: dict[str, tuple[dict[str, Any], int]] = {  # parameters of the published weights, to the last one
    "Mamba 130M": (
        MAMBA | {"hidden_size": 768, "intermediate_size": 1536, "num_hidden_layers": 24, "time_step_rank": 48},
        129_135_360,
    ),
    "Mamba 2.8B": (
        MAMBA | {"hidden_size": 2560, "intermediate_size": 5120, "num_hidden_layers": 64, "time_step_rank": 160},
        2_768_345_600,
    ),
    "Falcon Mamba 7B": (
        MAMBA
        | {
            "model_type": "falcon_mamba", "hidden_size": 4096, "intermediate_size": 8192, "num_hidden_layers": 64,
            "time_step_rank": 256, "vocab_size": 65024, "tie_word_embeddings": False,
        },
        7_272_665_088,
    ),
    "Codestral Mamba 7B": (
        {
            "model_type": "mamba2", "hidden_size": 4096, "num_hidden_layers": 64, "state_size": 128, "expand": 2,
            "vocab_size": 32768, "num_heads": 128, "head_dim": 64, "n_groups": 8, "conv_kernel": 4,
        },
        7_285_403_648,
    ),
    "RWKV-4 169M": (
        {
            "model_type": "rwkv", "hidden_size": 768, "num_hidden_layers": 12, "vocab_size": 50277,
            "attention_hidden_size": 768, "intermediate_size": 3072, "context_length": 1024,
        },
        169_342_464,
    ),
    "LFM2 1.2B": (
        {
            "model_type": "lfm2", "hidden_size": 2048, "block_ff_dim": 12288, "block_multiple_of": 256,
            "block_ffn_dim_multiplier": 1.0, "block_auto_adjust_ff_dim": True, "num_hidden_layers": 16,
            "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 65536, "conv_L_cache": 3,
            "full_attn_idxs": [2, 5, 8, 10, 12, 14],
        },
        1_170_340_608,
    ),
    "Zamba2 1.2B": (
        {
            "model_type": "zamba2", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 38,
            "num_attention_heads": 32, "vocab_size": 32000, "n_mamba_heads": 64, "mamba_d_state": 128,
            "mamba_ngroups": 1, "num_mem_blocks": 1, "adapter_rank": 128, "use_shared_attention_adapter": True,
            "layers_block_type": ["hybrid" if at in {5, 11, 17, 23, 29, 35} else "mamba" for at in range(38)],
        },
        1_215_064_704,
    ),
    "Jamba v0.1": (
        {
            "model_type": "jamba", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "num_experts": 16, "num_experts_per_tok": 2,
            "vocab_size": 65536, "mamba_d_state": 16, "mamba_dt_rank": 256,
        },
        51_570_323_328,
    ),
    "Falcon H1 0.5B": (
        {
            "model_type": "falcon_h1", "hidden_size": 1024, "intermediate_size": 2048, "num_hidden_layers": 36,
            "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64, "vocab_size": 32784,
            "mamba_d_ssm": 1536, "mamba_n_heads": 24, "mamba_d_head": 64, "mamba_d_state": 128, "mamba_n_groups": 1,
        },
        521_411_104,
    ),
    "MiniMax Text 01": (
        {
            "model_type": "minimax", "hidden_size": 6144, "intermediate_size": 9216, "num_hidden_layers": 80,
            "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 32,
            "num_experts_per_tok": 2, "vocab_size": 200064,
            "layer_types": ["full_attention" if at % 8 == 7 else "linear_attention" for at in range(80)],
        },
        456_089_655_296,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_are_counted_to_the_last_one(name: str) -> None:
    fields, total = PUBLISHED[name]
    found = count(fields, sequence_length=1).parameters
    assert found is not None
    assert found.total == total


KIMI = {
    "model_type": "kimi_linear", "hidden_size": 2304, "intermediate_size": 9216, "moe_intermediate_size": 1024,
    "num_hidden_layers": 27, "num_attention_heads": 32, "kv_lora_rank": 512, "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128, "v_head_dim": 128, "num_experts": 256, "num_experts_per_token": 8,
    "num_shared_experts": 1, "first_k_dense_replace": 1, "vocab_size": 163840, "linear_attn_config": {
        "head_dim": 128, "num_heads": 32, "short_conv_kernel_size": 4,
        "full_attn_layers": [4, 8, 12, 16, 20, 24, 27], "kda_layers": [at for at in range(1, 27) if at % 4],
    },
}  # fmt: skip
ROUNDED: dict[str, tuple[dict[str, Any], float]] = {  # as their makers round them
    "Kimi Linear 48B": (KIMI, 49.1e9),
    "Qwen3.5 27B, text": (
        {
            "model_type": "qwen3_5_text", "hidden_size": 5120, "intermediate_size": 17408, "num_hidden_layers": 64,
            "num_attention_heads": 24, "num_key_value_heads": 4, "head_dim": 256, "linear_num_value_heads": 48,
            "linear_num_key_heads": 16, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
            "vocab_size": 248320,
        },
        27e9,
    ),
    "RecurrentGemma 2B": (
        {
            "model_type": "recurrent_gemma", "hidden_size": 2560, "intermediate_size": 15360,
            "num_hidden_layers": 26, "num_attention_heads": 10, "num_key_value_heads": 1, "vocab_size": 256000,
        },
        2.68e9,
    ),
    "xLSTM 7B": (
        {"model_type": "xlstm", "hidden_size": 4096, "num_hidden_layers": 32, "num_heads": 8, "vocab_size": 50304},
        6.87e9,
    ),
    "RWKV-4 14B": (
        {"model_type": "rwkv", "hidden_size": 5120, "num_hidden_layers": 40, "vocab_size": 50277},
        14.15e9,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDED)
def test_published_sizes(name: str) -> None:
    fields, total = ROUNDED[name]
    found = count(fields, sequence_length=1).parameters
    assert found is not None
    assert found.total == pytest.approx(total, rel=0.005)


@pytest.mark.parametrize(
    ("model_type", "change", "said"),
    [
        ("qwen3_5_text", {"linear_num_value_heads": 3, "linear_num_key_heads": 2}, "linear_num_value_heads"),
        ("qwen3_5_text", {"layer_types": ["conv"]}, "layer_types"),
        ("qwen3_5_text", {"attn_output_gate": False}, "attn_output_gate"),
        ("qwen3_5_moe_text", {"num_experts_per_tok": 9}, "num_experts_per_tok"),
        ("kimi_linear", {"moe_layer_freq": 2}, "moe_layer_freq"),
        ("kimi_linear", {"layer_types": None, "linear_attn_config": {"kda_layers": [1, 1]}}, "kda_layers"),
        ("minimax", {"num_local_experts": "8"}, "num_local_experts"),
        ("xlstm", {"num_heads": 3}, "num_heads"),
        ("xlstm", {"tie_word_embeddings": True}, "tie_word_embeddings"),
        ("rwkv", {"hidden_size": None}, "hidden_size"),
        ("rwkv", {"architectures": ["RwkvForSequenceClassification"]}, "architectures"),
        ("mamba2", {"architectures": ["Mamba2ForSequenceClassification"]}, "architectures"),
        ("recurrent_gemma", {"block_types": ["recurrent", "mamba"]}, "block_types"),
        ("recurrent_gemma", {"lru_width": 30}, "lru_width"),
        ("recurrent_gemma", {"intermediate_size": 33}, "intermediate_size"),
        ("lfm2", {"full_attn_idxs": 3}, "full_attn_idxs"),
        ("lfm2_moe", {"layer_types": None}, "layer_types"),
    ],
)
def test_a_field_that_cannot_be_is_named(model_type: str, change: dict[str, Any], said: str) -> None:
    fields = FAMILIES[model_type](random.Random(0)) | change
    with pytest.raises(DataError, match=said):
        count({"model_type": model_type, **fields}, sequence_length=4)
