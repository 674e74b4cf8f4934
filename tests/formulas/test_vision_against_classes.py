"""Image models against the classes themselves: small random configurations, every operation and every parameter."""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, disagreements

from comptometer.counting import count
from comptometer.errors import DataError, UsageError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

BATCH = 2


def transformer(pick: random.Random) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    patch = pick.choice([4, 8])
    return {
        "hidden_size": 8 * heads, "num_attention_heads": heads, "num_hidden_layers": pick.choice([1, 2, 3]),
        "intermediate_size": pick.choice([24, 40]), "image_size": patch * pick.choice([2, 3, 4]), "patch_size": patch,
        "num_channels": pick.choice([1, 3]), "qkv_bias": pick.choice([True, False]), "num_labels": pick.choice([3, 5]),
        "encoder_stride": 4,
    }  # fmt: skip


def mae(pick: random.Random) -> dict[str, Any]:
    return transformer(pick) | {
        "decoder_hidden_size": 16, "decoder_num_attention_heads": 2, "decoder_num_hidden_layers": pick.choice([1, 2]),
        "decoder_intermediate_size": 20, "mask_ratio": pick.choice([0.5, 0.75, 0.7]),
    }  # fmt: skip


def beit(pick: random.Random) -> dict[str, Any]:
    return transformer(pick) | {
        "use_mask_token": pick.choice([True, False]), "use_absolute_position_embeddings": pick.choice([True, False]),
        "use_relative_position_bias": pick.choice([True, False]), "use_mean_pooling": pick.choice([True, False]),
        "use_shared_relative_position_bias": pick.choice([True, False]), "vocab_size": 30,
        "layer_scale_init_value": pick.choice([0.1, 0.0]), "patch_size": 8, "image_size": 16,
    }  # fmt: skip


def dino(pick: random.Random) -> dict[str, Any]:
    return transformer(pick) | {
        "mlp_ratio": pick.choice([2, 4]), "use_swiglu_ffn": pick.choice([True, False]),
        "use_mask_token": pick.choice([True, False]), "num_register_tokens": pick.choice([0, 3]),
    }  # fmt: skip


def dinov3(pick: random.Random) -> dict[str, Any]:
    bias = pick.choice([True, False])
    return transformer(pick) | {
        "query_bias": bias, "value_bias": bias, "key_bias": bias and pick.choice([True, False]),
        "proj_bias": pick.choice([True, False]), "mlp_bias": pick.choice([True, False]),
        "use_gated_mlp": pick.choice([True, False]), "num_register_tokens": pick.choice([0, 4]),
    }  # fmt: skip


def swin(pick: random.Random) -> dict[str, Any]:
    return {
        "embed_dim": 8, "depths": [2, pick.choice([1, 3])], "num_heads": [2, 4], "window_size": pick.choice([2, 3]),
        "mlp_ratio": pick.choice([2.0, 3.0]), "qkv_bias": pick.choice([True, False]), "patch_size": 4,
        "image_size": pick.choice([28, 32, 44]), "use_absolute_embeddings": pick.choice([True, False]),
        "num_channels": pick.choice([1, 3]), "num_labels": 5, "encoder_stride": 4,
    }  # fmt: skip


def convnext(pick: random.Random) -> dict[str, Any]:
    return {
        "hidden_sizes": [8, 12, 24], "depths": [pick.choice([1, 2]), 2, pick.choice([1, 3])], "num_stages": 3,
        "patch_size": pick.choice([2, 4]), "image_size": pick.choice([32, 44]), "num_channels": pick.choice([1, 3]),
        "layer_scale_init_value": pick.choice([1e-6, 0.0]), "num_labels": 5,
    }  # fmt: skip


def resnet(pick: random.Random) -> dict[str, Any]:
    return {
        "hidden_sizes": [pick.choice([8, 16]), 24, 32], "depths": [pick.choice([1, 2]), 2, 3], "embedding_size": 8,
        "layer_type": pick.choice(["basic", "bottleneck"]), "num_channels": pick.choice([1, 3]), "num_labels": 5,
        "downsample_in_first_stage": pick.choice([True, False]), "downsample_in_bottleneck": pick.choice([True, False]),
    }  # fmt: skip


FAMILIES: dict[str, tuple[Any, list[str]]] = {
    "vit": (transformer, ["ViTForImageClassification", "ViTForMaskedImageModeling", "ViTModel"]),
    "deit": (
        transformer,
        [f"DeiTFor{head}" for head in ("ImageClassificationWithTeacher", "ImageClassification", "MaskedImageModeling")]
        + ["DeiTModel"],
    ),
    "vit_mae": (mae, ["ViTMAEForPreTraining", "ViTMAEModel"]),
    "beit": (beit, ["BeitForImageClassification", "BeitForMaskedImageModeling", "BeitModel"]),
    "dinov2": (dino, ["Dinov2ForImageClassification", "Dinov2Model"]),
    "dinov2_with_registers": (dino, ["Dinov2WithRegistersForImageClassification", "Dinov2WithRegistersModel"]),
    "dinov3_vit": (dinov3, ["DINOv3ViTModel"]),
    "clip_vision_model": (transformer, ["CLIPVisionModel", "CLIPVisionModelWithProjection"]),
    "siglip_vision_model": (
        lambda p: transformer(p) | {"vision_use_head": p.choice([True, False])}, ["SiglipVisionModel"],
    ),
    "swin": (swin, ["SwinForImageClassification", "SwinForMaskedImageModeling", "SwinModel"]),
    "convnext": (convnext, ["ConvNextForImageClassification", "ConvNextModel"]),
    "resnet": (resnet, ["ResNetForImageClassification", "ResNetModel"]),
}  # fmt: skip
CASES = [(model_type, name) for model_type, (_, names) in FAMILIES.items() for name in names]


def model_of(model_type: str, name: str, seed: int) -> tuple[Any, dict[str, Any], int]:
    """A model on the meta device, its configuration, and the side of its images."""
    pick = random.Random(f"{model_type}/{name}/{seed}")
    fields = FAMILIES[model_type][0](pick)
    attention = None if model_type in ("convnext", "resnet") else pick.choice(["eager", "sdpa"])
    model, said = built(model_type, fields, name, attention=attention, device="meta")
    return model, said, fields.get("image_size", 40)


def pixels(fields: dict[str, Any], side: int) -> Any:
    return torch.zeros(BATCH, fields["num_channels"], side, side, device="meta")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("model_type", "name"), CASES)
def test_the_closed_form_is_what_the_class_does(model_type: str, name: str, seed: int) -> None:
    model, fields, side = model_of(model_type, name, seed)
    assert not disagreements(fields, model, pixels(fields, side), batch=BATCH, image_size=(side, side))


FROZEN = {
    "vit": (("patches", "tokens", "positions"), ("vit.embeddings",)),
    "beit": (("patches", "tokens", "positions", "mask_token"), ("beit.embeddings",)),
    "swin": (("patches", "positions", "stages.0"), ("swin.embeddings", "swin.encoder.layers.0")),
    "convnext": (("patches", "stages.0"), ("convnext.embeddings", "convnext.encoder.stages.0")),
    "resnet": (("stem", "stages.1"), ("resnet.embedder", "resnet.encoder.stages.1")),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model_type", FROZEN)
def test_frozen_parts_save_the_class_and_the_closed_form_the_same_gradients(model_type: str, seed: int) -> None:
    model, fields, side = model_of(model_type, FAMILIES[model_type][1][0], seed)
    ours, theirs = FROZEN[model_type]
    known = count(fields, batch=BATCH, image_size=(side, side)).by_module
    ours = tuple(name for name in ours if name.startswith("stage") or name in known or name == "tokens")
    if "tokens" in ours:
        ours += ("positions",) * fields.get("use_absolute_position_embeddings", True)
        ours += ("mask_token",) * fields.get("use_mask_token", False)
    if fields.get("use_absolute_embeddings"):
        ours += ("positions",)
    found = disagreements(
        fields, model, pixels(fields, side), batch=BATCH, image_size=(side, side), frozen=ours, frozen_in_model=theirs
    )
    assert not found


VIT = {
    "model_type": "vit", "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "image_size": 224, "patch_size": 16,
}  # fmt: skip


def test_vit_b_16_by_its_kernels() -> None:
    # The operations that oneDNN and MKL log for torchvision's model, forward and backward, at 224 pixels
    found = count(VIT | {"num_labels": 1000}, recompute="flash")
    assert (found.forward, found.backward, found.recomputed) == (35127656448, 70024101888, 715327488)
    assert size(VIT | {"num_labels": 1000}) == 86567656


def size(fields: dict[str, Any]) -> int:
    found = count(fields).parameters
    assert found is not None
    assert found.total == found.active
    return found.total


def test_vit_h_14_trains_for_what_its_paper_says() -> None:
    # Dosovitskiy et al. 2020, section 4.1 and table 6: 14 epochs of 303M images, 18k classes; 4.262e21 FLOP in a
    # published table of training compute
    huge = VIT | {
        "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16,
        "patch_size": 14, "num_labels": 18291,
    }  # fmt: skip
    assert count(huge).training * 14 * 303e6 == pytest.approx(4.262e21, rel=0.01)


# Sums over the tensors of the released checkpoints
RELEASED: dict[str, tuple[dict[str, Any], int]] = {
    "facebook/deit-base-distilled-patch16-224": (
        VIT | {"model_type": "deit", "num_labels": 1000, "architectures": ["DeiTForImageClassificationWithTeacher"]},
        87338192,
    ),
    "facebook/dinov2-base": (
        {
            "model_type": "dinov2", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
            "mlp_ratio": 4, "image_size": 518, "patch_size": 14, "architectures": ["Dinov2Model"],
        },
        86580480,
    ),
    "microsoft/swin-tiny-patch4-window7-224": (
        {
            "model_type": "swin", "embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24],
            "window_size": 7, "image_size": 224, "patch_size": 4, "num_labels": 1000,
        },
        28288354,
    ),
    "facebook/convnext-tiny-224": (
        {"model_type": "convnext", "depths": [3, 3, 9, 3], "hidden_sizes": [96, 192, 384, 768], "num_labels": 1000},
        28589128,
    ),
    "microsoft/resnet-50": (
        {
            "model_type": "resnet", "depths": [3, 4, 6, 3], "hidden_sizes": [256, 512, 1024, 2048],
            "embedding_size": 64, "layer_type": "bottleneck", "num_labels": 1000,
        },
        25557032,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASED)
def test_sizes_of_released_models(name: str) -> None:
    fields, parameters = RELEASED[name]
    assert size(fields) == parameters


def test_resnet_50_is_torchvisions() -> None:
    # By the kernels that oneDNN logs
    found = count(RELEASED["microsoft/resnet-50"][0])
    assert (found.forward, found.backward) == (8178368512, 16120709120)


def test_pictures_are_never_halved() -> None:
    swin = RELEASED["microsoft/swin-tiny-patch4-window7-224"][0]
    for fields in (VIT, swin):
        full = count(fields, attention="full")
        assert full.forward == count(fields, attention="causal").forward == count(fields, attention="half").forward


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_attention_heads": 7}, "num_attention_heads: needs a divisor"),
        ({"hidden_size": None}, "hidden_size: needs a whole number"),
        ({"patch_size": [1, 2, 3]}, "patch_size: needs one whole number, or height and width"),
        ({"architectures": ["ViTForSomething"]}, "architectures: needs a class"),
        ({"num_labels": -1}, "num_labels: needs a whole number from 0"),
        ({"model_type": "swin", "depths": [2, 2], "num_heads": [3], "embed_dim": 96, "window_size": 7}, "num_heads"),
        ({"model_type": "dinov3_vit", "query_bias": True, "value_bias": False}, "value_bias"),
        ({"model_type": "resnet", "layer_type": "dense"}, "layer_type: needs basic or bottleneck"),
    ],
)
def test_a_field_that_cannot_be_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        count(VIT | change)


def test_an_image_smaller_than_a_patch_is_refused() -> None:
    with pytest.raises(UsageError, match="no patch"):
        count(VIT, image_size=8)


def test_a_text_length_for_a_picture_is_refused() -> None:
    with pytest.raises(UsageError, match="sequence_length: this model has none"):
        count(VIT, sequence_length=8)


def test_other_sizes_are_said_to_be_interpolated() -> None:
    found = count(VIT, image_size=(448, 224))
    assert any("interpolated" in note for note in found.notes)
    assert found.image_size == (448, 224)
