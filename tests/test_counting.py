"""One door for everything that can be counted."""

from __future__ import annotations

from pathlib import Path

import pytest

import comptometer
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
