"""State-space models and hybrids against their classes, operation by operation."""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import torch
from grid import built, disagreements, table_of

from comptometer.errors import DataError
from comptometer.formulas import count

LENGTH, BATCH = 12, 2
# The classes run the second kind and the delta rule in chunks; `test_the_state_of…` below has their recurrent form.
CHUNKED = ("product",)


def common(pick: random.Random) -> dict[str, Any]:
    return {
        "vocab_size": pick.choice([50, 61]),
        "hidden_size": 32,
        "num_hidden_layers": pick.choice([4, 5]),
        "pad_token_id": 0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "tie_word_embeddings": pick.choice([True, False]),
    }


def attending(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {
        "intermediate_size": pick.choice([24, 40]),
        "num_attention_heads": 4,
        "num_key_value_heads": pick.choice([1, 2, 4]),
        "max_position_embeddings": 64,
    }


def second(pick: random.Random) -> dict[str, Any]:
    return {
        "mamba_n_heads": 8,
        "mamba_d_head": 8,
        "mamba_n_groups": pick.choice([1, 2]),
        "mamba_d_conv": pick.choice([2, 4]),
        "mamba_d_state": pick.choice([4, 6]),
        "mamba_expand": 2,
        "mamba_chunk_size": 4,
        "mamba_conv_bias": pick.choice([True, False]),
        "mamba_proj_bias": pick.choice([True, False]),
    }


def mamba(pick: random.Random) -> dict[str, Any]:
    expand = pick.choice([1, 2])
    return common(pick) | {
        "state_size": pick.choice([4, 6]),
        "conv_kernel": pick.choice([2, 4]),
        "expand": expand,
        "intermediate_size": 32 * expand,
        "time_step_rank": pick.choice(["auto", 3]),
        "use_bias": pick.choice([True, False]),
        "use_conv_bias": pick.choice([True, False]),
    }


def mamba2(pick: random.Random) -> dict[str, Any]:
    return common(pick) | {
        "state_size": 4,
        "conv_kernel": 4,
        "expand": 2,
        "num_heads": 8,
        "head_dim": 8,
        "n_groups": pick.choice([1, 2]),
        "chunk_size": 4,
        "use_bias": pick.choice([True, False]),
    }


def jamba(pick: random.Random) -> dict[str, Any]:
    return attending(pick) | {
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "expert_layer_period": 2,
        "expert_layer_offset": 0,
        "num_experts": pick.choice([1, 4]),
        "num_experts_per_tok": 1,
        "mamba_d_state": 4,
        "mamba_dt_rank": 3,
        "mamba_d_conv": pick.choice([2, 4]),
        "mamba_expand": 2,
        "mamba_proj_bias": pick.choice([True, False]),
    }


def kinds(pick: random.Random, number: int, *words: str) -> list[str]:
    return [*words, *(pick.choice(words) for _ in range(number - len(words)))]


def granite(pick: random.Random) -> dict[str, Any]:
    base = attending(pick)
    return (
        base
        | second(pick)
        | {
            "layer_types": kinds(pick, base["num_hidden_layers"], "mamba", "attention"),
            "num_local_experts": pick.choice([0, 4]),
            "num_experts_per_tok": 2,
            "shared_intermediate_size": 24,
        }
    )


def nemotron(pick: random.Random) -> dict[str, Any]:
    base = {key: value for key, value in attending(pick).items() if key != "num_hidden_layers"}
    return base | {
        "tie_word_embeddings": False,
        "hybrid_override_pattern": "".join(kinds(pick, 6, "M", "-", "*", "E")),
        "mamba_num_heads": 8,
        "mamba_head_dim": 8,
        "n_groups": 2,
        "ssm_state_size": 4,
        "chunk_size": 4,
        "head_dim": pick.choice([8, 12]),
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 12,
        "use_bias": pick.choice([True, False]),
        "moe_shared_expert_intermediate_size": 20,
        "moe_latent_size": pick.choice([None, 8]),
        "mlp_bias": pick.choice([True, False]),
    }


def qwen3_next(pick: random.Random) -> dict[str, Any]:
    base = attending(pick)
    return base | {
        "layer_types": kinds(pick, base["num_hidden_layers"], "linear_attention", "full_attention"),
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 6,
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 12,
        "shared_expert_intermediate_size": 20,
        "head_dim": 8,
        "decoder_sparse_step": pick.choice([1, 2]),
        "mlp_only_layers": pick.choice([[], [0]]),
    }


def zamba(pick: random.Random) -> dict[str, Any]:
    return attending(pick) | {
        "tie_word_embeddings": True,  # without it the installed classes untie the shared blocks as well
        "num_hidden_layers": 6,
        "num_key_value_heads": 4,
        "mamba_d_state": 4,
        "mamba_dt_rank": 3,
        "n_mamba_heads": 2,
        "layers_block_type": kinds(pick, 6, "mamba", "hybrid", "hybrid"),
        "use_associative_scan": False,
    }


def zamba2(pick: random.Random) -> dict[str, Any]:
    return attending(pick) | {
        "tie_word_embeddings": True,
        "num_hidden_layers": 6,
        "num_key_value_heads": 4,
        "mamba_d_state": 4,
        "n_mamba_heads": 8,
        "mamba_ngroups": 2,
        "chunk_size": 4,
        "layers_block_type": kinds(pick, 6, "mamba", "hybrid", "hybrid", "hybrid"),
        "num_mem_blocks": pick.choice([1, 2]),
        "adapter_rank": 4,
        "add_bias_linear": pick.choice([True, False]),
        "use_shared_attention_adapter": pick.choice([True, False]),
    }


FAMILIES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "mamba": (mamba, ()),
    "falcon_mamba": (mamba, ()),
    "mamba2": (mamba2, CHUNKED),
    "jamba": (jamba, ()),
    "bamba": (lambda p: attending(p) | second(p) | {"attn_layer_indices": p.choice([[], [1], [0, 2]])}, CHUNKED),
    "granitemoehybrid": (granite, CHUNKED),
    "falcon_h1": (
        lambda p: (
            attending(p)
            | second(p)
            | {
                "head_dim": 8,
                "projectors_bias": p.choice([True, False]),
                "mamba_d_ssm": 64,
                "mamba_rms_norm": p.choice([True, False]),
            }
        ),
        CHUNKED,
    ),
    "nemotron_h": (nemotron, CHUNKED),
    "qwen3_next": (qwen3_next, CHUNKED),
    "zamba2": (zamba2, CHUNKED),
}


def tokens(fields: dict[str, Any]) -> torch.Tensor:
    return torch.randint(0, fields["vocab_size"], (BATCH, LENGTH))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model_type", FAMILIES)
def test_the_closed_form_is_what_the_class_does(model_type: str, seed: int) -> None:
    configured, apart = FAMILIES[model_type]
    model, fields = built(model_type, configured(random.Random(f"{model_type}/{seed}")))
    assert not disagreements(fields, model, tokens(fields), apart=apart, batch=BATCH, sequence_length=LENGTH)


@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_frozen_embedding_saves_the_same_gradients(model_type: str) -> None:
    configured, apart = FAMILIES[model_type]
    model, fields = built(model_type, configured(random.Random(f"{model_type}/frozen")))
    assert not disagreements(
        fields,
        model,
        tokens(fields),
        apart=apart,
        batch=BATCH,
        sequence_length=LENGTH,
        frozen=("embedding",),
        frozen_in_model=(table_of(model),),
    )


@pytest.mark.parametrize("seed", range(3))
def test_zamba_is_counted_whole_since_its_heads_hide_what_is_a_weight(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import grid

    monkeypatch.setitem(grid.MERGED, "linear", "product")  # each Mamba head has a weight, which the class broadcasts
    model, fields = built("zamba", zamba(random.Random(seed)))
    assert not disagreements(fields, model, tokens(fields), batch=BATCH, sequence_length=LENGTH)


@pytest.mark.parametrize(
    ("model_type", "per_token"),
    [("mamba", 2 * 64 * 4), ("mamba2", 4 * 64 * 4), ("qwen3_next", 6 * 4 * 8 * 6)],
)
def test_the_state_of_a_layer_is_its_recurrent_form(model_type: str, per_token: int) -> None:
    fields = FAMILIES[model_type][0](random.Random(0)) | {"state_size": 4, "expand": 2, "intermediate_size": 64}
    found = count({"model_type": model_type, **fields}, batch=BATCH, sequence_length=LENGTH).by_operation["state"]
    layers = fields.get("layer_types", ["linear_attention"] * fields["num_hidden_layers"]).count("linear_attention")
    assert found.forward == layers * BATCH * LENGTH * per_token
    assert found.backward == 2 * found.forward


PUBLISHED = {  # configuration as published, parameters in all and used by a token, as their makers state them
    "Mamba 2.8B": (
        {
            "model_type": "mamba",
            "hidden_size": 2560,
            "intermediate_size": 5120,
            "num_hidden_layers": 64,
            "state_size": 16,
            "time_step_rank": 160,
            "vocab_size": 50280,
        },
        2.77e9,
        None,
    ),
    "Jamba v0.1": (
        {
            "model_type": "jamba",
            "hidden_size": 4096,
            "intermediate_size": 14336,
            "num_hidden_layers": 32,
            "num_experts": 16,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "num_experts_per_tok": 2,
            "vocab_size": 65536,
            "mamba_d_state": 16,
            "mamba_dt_rank": 256,
        },
        52e9,
        12e9,
    ),
    "Qwen3-Next 80B-A3B": (
        {
            "model_type": "qwen3_next",
            "hidden_size": 2048,
            "intermediate_size": 5120,
            "num_hidden_layers": 48,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "head_dim": 256,
            "num_experts": 512,
            "num_experts_per_tok": 10,
            "moe_intermediate_size": 512,
            "shared_expert_intermediate_size": 512,
            "linear_num_key_heads": 16,
            "linear_num_value_heads": 32,
            "linear_key_head_dim": 128,
            "linear_value_head_dim": 128,
            "vocab_size": 151936,
        },
        80e9,
        None,
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name: str) -> None:
    fields, total, active = PUBLISHED[name]
    found = count(fields, sequence_length=1).parameters
    assert found is not None
    assert found.total == pytest.approx(total, rel=0.02)
    assert active is None or found.active == pytest.approx(active, rel=0.02)


@pytest.mark.parametrize(
    ("model_type", "change", "said"),
    [
        ("mamba2", {"head_dim": 9}, "head_dim"),
        ("nemotron_h", {"hybrid_override_pattern": "MX", "layers_block_type": None}, "hybrid_override_pattern"),
        ("granitemoehybrid", {"layer_types": ["mamba", "gru"]}, "layer_types"),
        ("zamba2", {"layers_block_type": None}, "layers_block_type"),
        ("mamba", {"state_size": "16"}, "state_size"),
        ("jamba", {"num_experts_per_tok": 99, "num_experts": 4}, "num_experts_per_tok"),
    ],
)
def test_a_field_that_cannot_be_is_named(model_type: str, change: dict[str, Any], said: str) -> None:
    fields = FAMILIES[model_type][0](random.Random(0)) | change
    with pytest.raises(DataError, match=said):
        count({"model_type": model_type, **fields}, sequence_length=4)
