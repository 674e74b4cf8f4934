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
