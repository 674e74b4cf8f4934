"""The shipped layer lists give published integers, parameters and operands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from comptometer import layers
from comptometer.errors import NotFound

# Kernel logs of a real forward and backward pass at 224 × 224, batch 1, are equal to these.
LOGGED = {
    "alexnet-torchvision": (1428376960, 2716200320),
    "vgg16": (30940528640, 61707649024),
    "resnet-50-torchvision": (8178368512, 16120709120),
}

# As torchvision states them; for AlexNet, 60,965,224 is what CaffeNet's file holds.
SIZES = {
    "alexnet": 60_965_224,
    "alexnet-torchvision": 61_100_840,
    "vgg16": 138_357_544,
    "resnet-50": 25_557_032,
    "resnet-50-torchvision": 25_557_032,
    "resnet-152": 60_192_808,
    "resnet-152-torchvision": 60_192_808,
    "seq2seq": 384_000_000,  # Sutskever et al. 2014, section 3.4
}


@pytest.mark.parametrize("name", LOGGED)
def test_the_counts_are_those_of_kernel_logs(name: str) -> None:
    found = layers.count(layers.shipped(name))
    assert (found.forward, found.backward) == LOGGED[name]


@pytest.mark.parametrize("name", SIZES)
def test_the_parameters_are_the_published_ones(name: str) -> None:
    size = layers.count(layers.shipped(name)).parameters
    assert size is not None
    assert size.total == SIZES[name]


@pytest.mark.parametrize("name", layers.names())
def test_every_list_counts_without_a_warning_about_its_parameters(name: str) -> None:
    found = layers.count(layers.shipped(name), batch=3)
    assert found.complete
    assert found.forward // 2 // 3 * 6 == found.forward
    assert not [note for note in found.notes if "off the" in note]
    assert found.to_dict()["training"] == found.forward + found.backward


def multiply_adds(name: str) -> int:
    return layers.count(layers.shipped(name)).forward // 2


def test_dqn_has_the_operands_of_the_article_and_the_last_layer() -> None:
    found = [term.forward // 2 for term in layers.count(layers.shipped("dqn")).terms]
    assert found == [1_228_800, 663_552, 663_552, 256 * 18]  # "1.23M + 0.66M + 0.66M"
    assert layers.count(layers.shipped("dqn-four-frames")).terms[0].forward // 2 == 1_638_400


def test_alexnet_has_the_positions_of_the_paper() -> None:
    found = {term.module: term.forward // 2 for term in layers.count(layers.shipped("alexnet")).terms}
    assert found["conv1"] == 55 * 55 * 96 * 3 * 11 * 11
    assert found["conv2"] == 27 * 27 * 256 * 48 * 5 * 5
    assert sum(found.values()) == 724_406_816


def test_resnets_have_the_multiply_adds_of_the_paper() -> None:
    """Table 1 of He et al. 2015: 3.8e9 and 11.3e9."""
    assert multiply_adds("resnet-50") == 3_857_973_248
    assert multiply_adds("resnet-152") == 11_282_415_616


def test_seq2seq_counts_32m_for_a_source_word_and_112m_for_a_target_word() -> None:
    found = layers.count(layers.shipped("seq2seq"))
    assert found.forward // 2 == 25 * 32_000_000 + 29 * 112_000_000
    assert found.backward == 2 * found.forward
    assert found.parameters is not None
    assert found.parameters.embedding == 240_000_000


def test_deepspeech2_is_the_arithmetic_of_the_article() -> None:
    assert multiply_adds("deepspeech2-simplified") == 1280**2 * (7 * 4 + 2) * 2


def test_an_unknown_list_is_named_with_what_there_is() -> None:
    with pytest.raises(NotFound, match="alexnet"):
        layers.shipped("alexnett")


def test_a_count_imports_no_framework_and_no_numerical_library() -> None:
    code = (
        "import sys; from comptometer import layers; [layers.count(layers.shipped(n)) for n in layers.names()];"
        "print(sorted({'numpy', 'torch', 'pydantic', 'pint', 'rich', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
