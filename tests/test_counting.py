"""One door for everything that can be counted."""

from __future__ import annotations

from pathlib import Path

import pytest

import comptometer
from comptometer.cli._count_page import page
from comptometer.comparison import compared
from comptometer.errors import DataError, NotFound, UsageError


def test_a_shipped_layer_list_is_counted_by_its_name() -> None:
    found = comptometer.count("alexnet-torchvision")
    assert (found.forward, found.backward) == (1428376960, 2716200320)


def test_a_layer_list_of_ones_own_is_counted_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('input = [784]\nlayers = [{kind = "linear", outputs = 10}]\n')
    assert comptometer.count(path, batch=2).forward == 31360


def test_a_layer_list_has_a_shape_of_its_own() -> None:
    with pytest.raises(UsageError, match="says its own lengths"):
        comptometer.count("alexnet", sequence_length=5)


def test_what_is_nowhere_is_not_found(tmp_path: Path) -> None:
    for target in (tmp_path / "no.json", tmp_path / "no.toml", "no-such-list"):
        with pytest.raises((NotFound, DataError)):
            comptometer.count(target)


MODEL = """
import torch

def make():
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4)), (5, 8)

def broken():
    raise RuntimeError("no weights here")
"""


def test_a_live_module_is_counted() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    found = comptometer.count(torch.nn.Linear(8, 16), torch.zeros(4, 8))
    assert (found.forward, found.backward) == (2 * 4 * 8 * 16, 2 * 4 * 8 * 16)


def test_a_factory_of_ones_own_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    (tmp_path / "mine_to_count.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    found = comptometer.count("torch:mine_to_count:make")
    assert found.forward == 2 * 5 * (8 * 16 + 16 * 4)
    assert found.target == "torch:mine_to_count:make"
    with pytest.raises(UsageError, match="no weights here"):
        comptometer.count("torch:mine_to_count:broken")
    with pytest.raises(UsageError, match="no_such_module"):
        comptometer.count("torch:no_such_module:make")


def test_what_cannot_be_counted_says_what_can() -> None:
    with pytest.raises(UsageError, match=r"config\.json"):
        comptometer.count(3)


# A model of images has no tokens of its own, also where it reads a text beside (SD3, CLIP, U-Nets that attend to one).
SD3 = {
    "_class_name": "SD3Transformer2DModel", "attention_head_dim": 64, "caption_projection_dim": 1536,
    "in_channels": 16, "joint_attention_dim": 4096, "num_attention_heads": 24, "num_layers": 2, "out_channels": 16,
    "patch_size": 2, "pooled_projection_dim": 2048, "pos_embed_max_size": 192, "sample_size": 32,
}  # fmt: skip
VIT = {
    "model_type": "vit", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "image_size": 32, "patch_size": 8,
}  # fmt: skip
CLIP = {
    "model_type": "clip", "projection_dim": 16, "text_config": {"num_hidden_layers": 1},
    "vision_config": {"num_hidden_layers": 1, "image_size": 32, "patch_size": 16},
}  # fmt: skip
GPT2 = {"model_type": "gpt2", "n_embd": 64, "n_head": 2, "n_layer": 2, "vocab_size": 100, "n_positions": 32}


@pytest.mark.parametrize("fields", [SD3, VIT, CLIP])
def test_a_model_of_images_counts_per_example(fields: dict[str, object]) -> None:
    found = comptometer.count(fields, batch=3)
    each = {"forward": found.forward / 3, "training": found.training / 3}
    assert (found.per_token, found.per_example) == (None, each)
    assert (found.to_dict()["per_token"], found.to_dict()["per_example"]) == (None, each)
    assert page(found, None).split("\n\n")[1].splitlines()[0].split() == ["FLOP", "batch", "per", "example"]


def test_a_layer_list_counts_per_example() -> None:
    found = comptometer.count("alexnet", batch=2)
    assert (found.per_token, found.per_example["forward"]) == (None, found.forward / 2)


def test_a_language_model_counts_per_token() -> None:
    found = comptometer.count(GPT2, batch=3, sequence_length=20)
    assert found.per_token == {"forward": found.forward / 60, "training": found.training / 60}
    assert found.per_example == {"forward": found.forward / 3, "training": found.training / 3}
    assert page(found, None).split("\n\n")[1].splitlines()[0].split() == ["FLOP", "batch", "per", "token"]


def test_two_counts_are_compared_per_token_where_both_have_tokens() -> None:
    text, image = comptometer.count(GPT2, sequence_length=20), comptometer.count(VIT)
    mixed, alike = (
        {row.figure: (row.first, row.second) for row in compared(text, other) if row.figure.startswith("per_")}
        for other in (image, text)
    )
    assert mixed == {
        "per_example.forward": (text.forward, image.forward),
        "per_example.training": (text.training, image.training),
    }
    assert alike == {
        "per_token.forward": (text.forward / 20, text.forward / 20),
        "per_token.training": (text.training / 20, text.training / 20),
    }
