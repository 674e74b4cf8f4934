"""Models that compare images with texts against the classes themselves."""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, disagreements

from comptometer.counting import count
from comptometer.errors import DataError, UsageError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

BATCH, LENGTH = 3, 9


def tower(pick: random.Random) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    return {
        "hidden_size": 8 * heads, "num_attention_heads": heads, "num_hidden_layers": pick.choice([1, 2, 3]),
        "intermediate_size": pick.choice([24, 40]),
    }  # fmt: skip


def efficientnet(pick: random.Random) -> dict[str, Any]:
    between = pick.choice([8, 24])
    return {
        "image_size": pick.choice([32, 37]), "num_channels": 3, "width_coefficient": 1.0, "depth_coefficient": 1.5,
        "in_channels": [32, 16, between], "out_channels": [16, between, 40], "strides": [1, 2, pick.choice([1, 2])],
        "kernel_sizes": [3, 5, pick.choice([3, 5])], "num_block_repeats": [1, pick.choice([1, 2]), 1],
        "expand_ratios": [1, pick.choice([1, 6]), 6], "depthwise_padding": pick.choice([[], [2]]), "hidden_dim": 64,
        "patch_size": 1,
    }  # fmt: skip


def fields_of(pick: random.Random, model_type: str) -> dict[str, Any]:
    patch = pick.choice([4, 8])
    vision = tower(pick) | {"image_size": 4 * patch, "patch_size": patch, "num_channels": pick.choice([1, 3])}
    vision |= {"vision_use_head": True, "num_patches": 16}
    text = tower(pick) | {"vocab_size": 50, "max_position_embeddings": 12, "eos_token_id": 2, "bos_token_id": 1}
    text |= {"pad_token_id": 0, "projection_size": vision["hidden_size"]}
    if model_type == "align":
        vision = efficientnet(pick)
        return {"vision_config": vision, "text_config": text, "projection_dim": vision["out_channels"][-1]}
    return {"vision_config": vision, "text_config": text, "projection_dim": pick.choice([12, 20]), "num_labels": 5}


def comparing(known: Any) -> Any:
    """The same class without the pooled text that it returns besides, on which no loss depends."""

    class Comparing(known):  # type: ignore[misc]
        def forward(self, **inputs: Any) -> Any:
            return super().forward(**inputs).logits_per_image

    return Comparing


def model_of(name: str, model_type: str, seed: int) -> tuple[Any, dict[str, Any], dict[str, Any], int]:
    """A model, its configuration, its inputs and the side of its images."""
    pick = random.Random(f"{name}/{seed}")
    given = fields_of(pick, model_type)
    attention = pick.choice(["eager"] if model_type == "align" else ["eager", "sdpa"])
    model, said = built(model_type, given, name, attention=attention)
    if model_type == "align":
        model.__class__ = comparing(type(model))
    vision = given["vision_config"]
    side, channels, patch = vision["image_size"], vision["num_channels"], vision["patch_size"]
    inputs: dict[str, Any] = {"pixel_values": torch.rand(BATCH, channels, side, side)}
    if model_type == "siglip2":
        inputs = {
            "pixel_values": torch.rand(BATCH, 16, channels * patch * patch),
            "spatial_shapes": torch.tensor([[4, 4]] * BATCH),
            "pixel_attention_mask": torch.ones(BATCH, 16),
        }
    if name.endswith("Model"):
        inputs["input_ids"] = torch.full((BATCH, LENGTH), 5)
    return model, said, inputs, side


MODELS = {
    "CLIPModel": "clip", "CLIPForImageClassification": "clip", "SiglipModel": "siglip",
    "SiglipForImageClassification": "siglip", "Siglip2Model": "siglip2", "Siglip2ForImageClassification": "siglip2",
    "ChineseCLIPModel": "chinese_clip", "AlignModel": "align",
}  # fmt: skip


def given(name: str, side: int) -> dict[str, Any]:
    lengths = {"sequence_length": LENGTH} if name.endswith("Model") else {}
    return {"batch": BATCH, "image_size": (side, side), **lengths}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", MODELS)
def test_the_closed_form_is_what_the_class_does(name: str, seed: int) -> None:
    model, fields, inputs, side = model_of(name, MODELS[name], seed)
    assert not disagreements(fields, model, inputs, **given(name, side))


@pytest.mark.parametrize(
    ("frozen", "theirs"),
    [
        (("vision",), ("vision_model",)),
        (("text",), ("text_model",)),
        (("vision", "text"), ("vision_model", "text_model")),
    ],
)
@pytest.mark.parametrize("name", ["CLIPModel", "SiglipModel", "Siglip2Model", "ChineseCLIPModel", "AlignModel"])
def test_a_frozen_tower_saves_the_class_and_the_closed_form_the_same_gradients(
    name: str, frozen: tuple[str, ...], theirs: tuple[str, ...]
) -> None:
    model, fields, inputs, side = model_of(name, MODELS[name], 1)
    found = disagreements(fields, model, inputs, frozen=frozen, frozen_in_model=theirs, **given(name, side))
    assert not found


CLIP_L: dict[str, Any] = {
    "model_type": "clip", "projection_dim": 768,
    "text_config": {
        "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12,
    },
    "vision_config": {
        "hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24,
        "patch_size": 14,
    },
}  # fmt: skip
ALIGN: dict[str, Any] = {"model_type": "align", "text_config": {}, "vision_config": {}}
SO400M = {"hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27}
# Sums over the tensors of the released checkpoints
RELEASED = {
    "openai/clip-vit-large-patch14": (CLIP_L, 427616513),
    "google/siglip-base-patch16-224": ({"model_type": "siglip", "text_config": {}, "vision_config": {}}, 203155970),
    "google/siglip-so400m-patch14-384": (
        {
            "model_type": "siglip", "text_config": SO400M,
            "vision_config": SO400M | {"image_size": 384, "patch_size": 14},
        },
        877960498,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASED)
def test_sizes_of_released_models(name: str) -> None:
    fields, parameters = RELEASED[name]
    found = count(fields).parameters
    assert found is not None
    assert found.total == parameters


def test_chinese_clip_has_the_size_that_its_authors_round() -> None:
    # Yang et al. 2022, arXiv 2211.01335: ViT-B/16 with RoBERTa-wwm-Base, 188M
    fields = {"model_type": "chinese_clip", "vision_config": {"patch_size": 16}, "text_config": {"vocab_size": 21128}}
    found = count(fields).parameters
    assert found is not None
    assert round(found.total / 1e6) == 188


def test_every_image_is_compared_with_every_text() -> None:
    one, many = (count(CLIP_L, batch=batch) for batch in (1, 32))
    assert one.by_module["logits"].forward == 2 * 768
    assert many.by_module["logits"].forward == 2 * 768 * 32**2
    assert many.forward - 32 * one.forward == 2 * 768 * (32**2 - 32)


def test_only_the_text_of_clip_is_causal() -> None:
    full, causal = (count(CLIP_L, attention=kind).by_module for kind in ("full", "causal"))
    core = "layers.*.attention.core"
    assert causal[f"text.{core}"].forward * 2 * 77 == full[f"text.{core}"].forward * 78
    assert causal[f"vision.{core}"] == full[f"vision.{core}"]


def test_an_image_that_strides_leave_nothing_of_is_refused() -> None:
    assert count(ALIGN, image_size=32).forward
    with pytest.raises(UsageError, match="nothing of the image is left"):
        count(ALIGN, image_size=16)


def test_a_text_longer_than_its_positions_is_refused() -> None:
    with pytest.raises(UsageError, match="77 positions, not 100"):
        count(CLIP_L, sequence_length=100)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (CLIP_L | {"projection_dim": "wide"}, "projection_dim: needs a whole number"),
        (CLIP_L | {"text_config": 3}, "text_config: needs an object"),
        (ALIGN | {"projection_dim": 512}, "projection_dim: needs 640, the channels of the image tower"),
        (ALIGN | {"vision_config": {"strides": [1, 2, 3, 2, 1, 2, 1]}}, r"vision_config\.strides: needs 1 or 2"),
        (ALIGN | {"vision_config": {"strides": [1]}}, r"vision_config\.strides: needs one number for each of 7"),
        (
            ALIGN | {"vision_config": {"in_channels": [16, 16, 24, 40, 80, 112, 192]}},
            r"vision_config\.in_channels: needs 64 channels in stage 0",
        ),
        (CLIP_L | {"vision_config": {"hidden_size": 1000}}, r"vision_config\.num_attention_heads: needs a divisor"),
        (
            {"model_type": "siglip", "vision_config": {}, "text_config": {"projection_size": 5}},
            r"text_config\.projection_size: needs 768",
        ),
    ],
)
def test_a_field_that_cannot_be_is_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        count(fields)
