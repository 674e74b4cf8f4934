"""Files that an architecture claim names: where they are found, and that they are counted once, when asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from comptometer import architecture
from comptometer.errors import NotFound
from comptometer.layers import names as layer_lists

GPT2 = {"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "vocab_size": 100, "n_positions": 32}


def test_a_name_is_that_of_a_shipped_file() -> None:
    assert architecture.located("alexnet", None).name == "alexnet.toml"
    assert set(layer_lists()) <= set(architecture.names())


def test_no_two_shipped_files_have_one_name() -> None:
    assert len(set(architecture.names())) == len(architecture.names())


def test_a_path_is_relative_to_the_dossier(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(GPT2))
    assert architecture.located("config.json", tmp_path) == tmp_path / "config.json"


def test_a_folder_means_the_configuration_in_it(tmp_path: Path) -> None:
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "config.json").write_text(json.dumps(GPT2))
    assert architecture.located("my", tmp_path) == tmp_path / "my" / "config.json"


def test_a_file_comes_before_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "alexnet").write_text("{}")
    assert architecture.located("alexnet", tmp_path) == tmp_path / "alexnet"


def test_a_folder_without_a_configuration_does_not_hide_a_shipped_file(tmp_path: Path) -> None:
    (tmp_path / "alexnet").mkdir()
    assert architecture.located("alexnet", tmp_path).name == "alexnet.toml"


@pytest.mark.parametrize("value", ["alexnt", "../layers/alexnet", "/alexnet", "", "alexnet.toml", "a\0b"])
def test_what_is_neither_is_refused_with_the_nearest_names(value: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        architecture.located(value, tmp_path)
    assert "alexnet" in str(caught.value)


def test_without_a_folder_no_path_leads_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(GPT2))
    with pytest.raises(NotFound):
        architecture.located(str(tmp_path / "config.json"), None)


def test_the_count_is_causal_and_of_one_sequence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(GPT2))
    found = architecture.counted(tmp_path / "config.json", 16)
    assert (found.convention.attention, found.batch, found.sequence_length) == ("causal", 1, 16)


def test_a_layer_list_has_a_shape_of_its_own() -> None:
    path = architecture.located("alexnet", None)
    assert architecture.counted(path, 2048) == architecture.counted(path)


def test_a_file_is_counted_once_and_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(GPT2))
    first = architecture.counted(path, 16)
    assert architecture.counted(path, 16) is first
    path.write_text(json.dumps({**GPT2, "n_layer": 3}))
    os.utime(path, ns=(1, 1))
    assert architecture.counted(path, 16).forward > first.forward


def test_a_file_that_went_away_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="gone"):
        architecture.counted(tmp_path / "gone.json")


def test_a_configuration_is_shown_with_its_folder(tmp_path: Path) -> None:
    assert architecture.shown(tmp_path / "config.json") == f"{tmp_path.name}/config.json"
    assert architecture.shown(tmp_path / "net.toml") == "net.toml"
    assert architecture.shown(architecture.located("alexnet", None)) == "alexnet"
