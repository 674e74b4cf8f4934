"""Closed forms of denoising networks beside the classes of `diffusers`; published sizes and operations.

Parameters, and forward and backward work by kind of operation, must agree to the last one (see `grid`).
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from grid import disagreements

Case = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]  # fields, shapes of the inputs, lengths and sizes
BATCH, WORDS = 2, 5


def images(channels: int, size: tuple[int, int], name: str = "sample") -> dict[str, tuple[int, ...]]:
    return {name: (BATCH, channels, *size)}


def dit(pick: random.Random) -> Case:
    size = pick.choice([8, 12])
    fields: dict[str, Any] = {
        "num_attention_heads": pick.choice([2, 3]), "attention_head_dim": pick.choice([4, 8]),
        "in_channels": pick.choice([3, 4]), "out_channels": pick.choice([None, 8]), "num_layers": pick.choice([1, 3]),
        "sample_size": size, "patch_size": pick.choice([2, 4]), "num_embeds_ada_norm": pick.choice([10, 17]),
        "attention_bias": pick.choice([True, False]), "norm_elementwise_affine": pick.choice([True, False]),
    }  # fmt: skip
    return (
        fields,
        images(fields["in_channels"], (size, size), "hidden_states")
        | {"timestep": (BATCH,)}
        | {"class_labels": (BATCH,)},
        {},
    )


def pixart(pick: random.Random) -> Case:
    (heads, width), size = pick.choice([(2, 12), (3, 8), (2, 24)]), pick.choice([8, 12])
    fields: dict[str, Any] = {
        "num_attention_heads": heads, "attention_head_dim": width, "cross_attention_dim": heads * width,
        "in_channels": 4, "out_channels": pick.choice([4, 8]), "num_layers": pick.choice([1, 2, 3]),
        "sample_size": size, "patch_size": pick.choice([2, 4]), "caption_channels": pick.choice([10, 14]),
        "use_additional_conditions": pick.choice([True, False]), "attention_bias": pick.choice([True, False]),
    }  # fmt: skip
    more: dict[str, Any] = (
        {"resolution": (BATCH, 2), "aspect_ratio": (BATCH, 1)} if fields["use_additional_conditions"] else {}
    )
    return fields, images(4, (size, size), "hidden_states") | {"timestep": (BATCH,)} | {
        "encoder_hidden_states": (BATCH, WORDS, fields["caption_channels"]),
        "added_cond_kwargs": more or {"resolution": None, "aspect_ratio": None},
    }, {"sequence_length": WORDS}  # fmt: skip


def stable_diffusion_3(pick: random.Random) -> Case:
    heads, size, layers = pick.choice([2, 3]), pick.choice([8, 12]), pick.choice([1, 2, 4])
    fields: dict[str, Any] = {
        "num_attention_heads": heads, "attention_head_dim": 8, "caption_projection_dim": 8 * heads,
        "in_channels": 4, "out_channels": pick.choice([4, 8]), "num_layers": layers, "sample_size": size,
        "patch_size": 2, "pos_embed_max_size": 8, "joint_attention_dim": pick.choice([12, 20]),
        "pooled_projection_dim": pick.choice([10, 14]), "qk_norm": pick.choice([None, "rms_norm"]),
        "dual_attention_layers": pick.choice([(), (0,), tuple(range(layers))]),
    }  # fmt: skip
    return fields, images(4, (size, size), "hidden_states") | {"timestep": (BATCH,)} | {
        "encoder_hidden_states": (BATCH, WORDS, fields["joint_attention_dim"]),
        "pooled_projections": (BATCH, fields["pooled_projection_dim"]),
    }, {"sequence_length": WORDS}  # fmt: skip


def flux(pick: random.Random) -> Case:
    fields: dict[str, Any] = {
        "patch_size": 1, "in_channels": pick.choice([8, 16]), "out_channels": pick.choice([None, 12]),
        "num_layers": pick.choice([1, 2, 3]), "num_single_layers": pick.choice([1, 2, 4]),
        "num_attention_heads": pick.choice([2, 3]), "attention_head_dim": 8, "axes_dims_rope": (2, 2, 4),
        "joint_attention_dim": pick.choice([12, 20]), "pooled_projection_dim": pick.choice([10, 14]),
        "guidance_embeds": pick.choice([True, False]),
    }  # fmt: skip
    size = pick.choice([(8, 8), (4, 12)])
    tokens = size[0] * size[1] // 4
    return fields, {
        "hidden_states": (BATCH, tokens, fields["in_channels"]), "timestep": (BATCH,),
        "guidance": (BATCH,) if fields["guidance_embeds"] else None,
        "encoder_hidden_states": (BATCH, WORDS, fields["joint_attention_dim"]), "img_ids": (tokens, 3),
        "pooled_projections": (BATCH, fields["pooled_projection_dim"]), "txt_ids": (WORDS, 3),
    }, {"sequence_length": WORDS, "image_size": size}  # fmt: skip


def unet(pick: random.Random) -> Case:
    levels, size = pick.choice([2, 3]), pick.choice([(8, 8), (8, 16)])
    classes: dict[str, Any] = pick.choice([{}, {"num_class_embeds": 7}, {"class_embed_type": "timestep"}])
    fields: dict[str, Any] = {
        "sample_size": pick.choice([size, list(size)]), "in_channels": pick.choice([1, 3]), "out_channels": 3,
        "block_out_channels": [pick.choice([8, 12, 16]) for _ in range(levels)], "norm_num_groups": 4,
        "layers_per_block": pick.choice([1, 2, 3]), "attention_head_dim": pick.choice([None, 4]),
        "down_block_types": [pick.choice(["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"])
                             for _ in range(levels)],
        "up_block_types": [pick.choice(["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"])
                           for _ in range(levels)],
        "mid_block_type": pick.choice(["UNetMidBlock2D", "UNetMidBlock2D", None]),
        "add_attention": pick.choice([True, True, False]), "attn_norm_num_groups": pick.choice([None, 2]),
        "downsample_type": pick.choice(["conv", "resnet"]), "upsample_type": pick.choice(["conv", "resnet"]),
        "downsample_padding": pick.choice([0, 1]), "time_embedding_dim": pick.choice([None, 20]),
        "resnet_time_scale_shift": pick.choice(["default", "scale_shift"]), **classes,
    }  # fmt: skip
    if not classes and pick.random() < 0.5:
        fields |= {"time_embedding_type": "learned", "num_train_timesteps": 9}
    shapes: dict[str, Any] = images(fields["in_channels"], size) | {"timestep": (BATCH,)}
    return fields, shapes | ({"class_labels": (BATCH,)} if classes else {}), {}


def conditional_unet(pick: random.Random) -> Case:
    levels, size, text = pick.choice([2, 3]), pick.choice([(8, 8), (7, 9)]), pick.choice([10, 14])
    even = size == (8, 8)
    down = ["CrossAttnDownBlock2D", "DownBlock2D", *(["ResnetDownsampleBlock2D", "AttnDownBlock2D"] if even else [])]
    up = ["CrossAttnUpBlock2D", "UpBlock2D", *(["ResnetUpsampleBlock2D", "AttnUpBlock2D"] if even else [])]
    fields: dict[str, Any] = {
        "sample_size": 8, "in_channels": pick.choice([4, 9]), "out_channels": 4, "norm_num_groups": 4,
        "block_out_channels": [pick.choice([8, 16, 24]) for _ in range(levels)],
        "layers_per_block": pick.choice([1, 2, [2, 1, 2][:levels]]), "cross_attention_dim": text,
        "down_block_types": [pick.choice(down) for _ in range(levels)],
        "up_block_types": [pick.choice(up) for _ in range(levels)],
        "mid_block_type": pick.choice(["UNetMidBlock2DCrossAttn", "UNetMidBlock2DCrossAttn", "UNetMidBlock2D", None]),
        "attention_head_dim": pick.choice([2, 4, [2, 4, 8][:levels]]),
        "transformer_layers_per_block": pick.choice([1, 2, [1, 2, 3][:levels]]),
        "only_cross_attention": pick.choice([False, False, [True, False, True][:levels]]),
        "use_linear_projection": pick.choice([True, False]),
        "downsample_padding": pick.choice([0, 1]) if even else 1,
        "resnet_time_scale_shift": pick.choice(["default", "scale_shift"]),
        "time_embedding_dim": pick.choice([None, 20]), "conv_in_kernel": pick.choice([1, 3]),
        "conv_out_kernel": pick.choice([3, 5]),
    }  # fmt: skip
    shapes: dict[str, Any] = {"sample": (BATCH, fields["in_channels"], *size), "timestep": (BATCH,)}
    width = fields["time_embedding_dim"] or 4 * fields["block_out_channels"][0]
    choices: list[tuple[dict[str, Any], dict[str, Any]]] = (
        [
            ({}, {}),
            ({"num_class_embeds": 7}, {"class_labels": (BATCH,)}),
            ({"class_embed_type": "timestep", "class_embeddings_concat": True}, {"class_labels": (BATCH,)}),
            ({"class_embed_type": "identity"}, {"class_labels": (BATCH, width)}),
            ({"class_embed_type": "projection", "projection_class_embeddings_input_dim": 6},
             {"class_labels": (BATCH, 6)}),
            ({"class_embed_type": "simple_projection", "projection_class_embeddings_input_dim": 6},
             {"class_labels": (BATCH, 6)}),
            ({"addition_embed_type": "text_time", "addition_time_embed_dim": 4,
              "projection_class_embeddings_input_dim": 30},
             {"added_cond_kwargs": {"text_embeds": (BATCH, 6), "time_ids": (BATCH, 6)}}),
        ]
    )  # fmt: skip
    extra, more = pick.choice(choices)
    reads = any("CrossAttn" in str(fields[name]) for name in ("down_block_types", "up_block_types", "mid_block_type"))
    projected = pick.choice([None, None, 11]) if reads else None
    fields |= extra | ({"encoder_hid_dim": projected} if projected else {})
    shapes |= more | {"encoder_hidden_states": (BATCH, WORDS, projected or text)}
    return fields, shapes, {"image_size": size} | ({"sequence_length": WORDS} if reads else {})


def autoencoder(pick: random.Random) -> Case:
    levels, size = pick.choice([1, 2, 3]), pick.choice([(16, 16), (8, 12)])
    fields: dict[str, Any] = {
        "sample_size": 16, "in_channels": pick.choice([1, 3]), "out_channels": 3, "norm_num_groups": 4,
        "latent_channels": pick.choice([2, 4]), "layers_per_block": pick.choice([1, 2]),
        "block_out_channels": [pick.choice([8, 16]) for _ in range(levels)],
        "down_block_types": [pick.choice(["DownEncoderBlock2D", "AttnDownEncoderBlock2D"]) for _ in range(levels)],
        "up_block_types": [pick.choice(["UpDecoderBlock2D", "AttnUpDecoderBlock2D"]) for _ in range(levels)],
        "mid_block_add_attention": pick.choice([True, False]), "use_quant_conv": pick.choice([True, False]),
        "use_post_quant_conv": pick.choice([True, False]),
    }  # fmt: skip
    return fields, images(fields["in_channels"], size), {"image_size": size}


CLASSES: dict[str, Callable[[random.Random], Case]] = {
    "DiTTransformer2DModel": dit,
    "PixArtTransformer2DModel": pixart,
    "SD3Transformer2DModel": stable_diffusion_3,
    "FluxTransformer2DModel": flux,
    "UNet2DModel": unet,
    "UNet2DConditionModel": conditional_unet,
    "AutoencoderKL": autoencoder,
}
WHOLE = {"timestep", "class_labels"}  # numbers of steps and classes


def tensors(shapes: dict[str, Any]) -> dict[str, Any]:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    def tensor(name: str, shape: Any) -> Any:
        if isinstance(shape, dict):
            return {inner: tensor(inner, its) for inner, its in shape.items()}
        whole = name in WHOLE and len(shape) == 1 if shape else False
        return None if shape is None else torch.zeros(*shape, dtype=torch.long if whole else torch.float32)

    return {name: tensor(name, shape) for name, shape in shapes.items()}


def built(name: str, fields: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The configuration as its file would say, and a model of that class."""
    diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library that is measured
        model = getattr(diffusers, name)(**fields)
    return {"_class_name": name, **dict(model.config)}, model


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CLASSES)
def test_the_closed_form_is_what_the_class_does(name: str, seed: int) -> None:
    fields, shapes, given = CLASSES[name](random.Random(f"{name}/{seed}"))
    config, model = built(name, fields)
    assert disagreements(config, model, tensors(shapes), batch=BATCH, **given) == {}


FROZEN = [  # as the closed form names its modules, and as the class does
    ("DiTTransformer2DModel", ("layers.*.attention", "patches"), ("transformer_blocks.*.attn1", "pos_embed")),
    ("PixArtTransformer2DModel", ("text",), ("caption_projection",)),
    ("SD3Transformer2DModel", ("text",), ("context_embedder",)),
    ("SD3Transformer2DModel", ("text", "patches", "condition"), ("context_embedder", "pos_embed", "time_text_embed")),
    (
        "SD3Transformer2DModel",
        ("text", "condition", "layers.*.text", "layers.*.modulation"),
        (
            "context_embedder", "time_text_embed", "transformer_blocks.*.norm1", "transformer_blocks.*.norm1_context",
            "transformer_blocks.*.ff_context", "transformer_blocks.*.attn.add_*_proj",
            "transformer_blocks.*.attn.to_add_out", "transformer_blocks.*.attn.norm_added_*",
        ),
    ),
    ("FluxTransformer2DModel", ("layers", "patches"), ("transformer_blocks", "x_embedder")),
    ("UNet2DModel", ("in", "down"), ("conv_in", "down_blocks")),
    ("UNet2DModel", ("in", "down", "time", "classes"), ("conv_in", "down_blocks", "time_embedding", "class_embedding")),
    ("UNet2DConditionModel", ("text",), ("encoder_hid_proj",)),
    ("UNet2DConditionModel", ("in", "time", "down.0"), ("conv_in", "time_embedding", "down_blocks.0")),
    ("UNet2DConditionModel", ("down", "middle"), ("down_blocks", "mid_block")),
    ("AutoencoderKL", ("encoder", "quant"), ("encoder", "quant_conv")),
    ("AutoencoderKL", ("decoder",), ("decoder",)),
]  # fmt: skip
HAS = {"text": "encoder_hid_dim", "classes": "num_class_embeds", "middle": "mid_block_type", "quant": "use_quant_conv"}


def has(name: str, fields: dict[str, Any], frozen: tuple[str, ...]) -> bool:
    """Has a configuration what is to be frozen?"""
    if name == "SD3Transformer2DModel":
        return fields["num_layers"] > 1 and fields["qk_norm"] is not None
    return "Transformer" in name or all(fields.get(HAS[part]) for part in frozen if part in HAS)


@pytest.mark.parametrize(("name", "frozen", "in_model"), FROZEN)
def test_frozen_parts_form_the_gradients_that_the_class_forms(
    name: str, frozen: tuple[str, ...], in_model: tuple[str, ...]
) -> None:
    seeds = (CLASSES[name](random.Random(f"frozen/{name}/{seed}")) for seed in range(1000))
    fields, shapes, given = next(case for case in seeds if has(name, case[0], frozen))
    config, model = built(name, fields)
    found = disagreements(config, model, tensors(shapes), batch=BATCH, frozen=frozen, frozen_in_model=in_model, **given)
    assert found == {}
