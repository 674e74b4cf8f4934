"""The names that users rely on, and that importing them costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import comptometer


def test_the_public_names_are_pinned() -> None:
    assert comptometer.__all__ == [
        "Chip", "Claim", "Dossier", "Entry", "Estimate", "OpCount", "Source", "__version__", "chips", "convert",
        "count", "decompose", "effective",
        "errors", "estimate", "estimate_frame", "explain", "models", "parse", "project", "replicate", "scenario",
        "trend",
    ]  # fmt: skip
    assert dir(comptometer) == comptometer.__all__


@pytest.mark.parametrize("name", comptometer.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(comptometer, name)
    assert value.__doc__


def test_importing_the_library_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pint", "pydantic", "rich", "altair", "narwhals", "pandas")
    code = f"import sys, comptometer; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_functions_stay_functions_whatever_was_imported_first() -> None:
    import comptometer.catalogue
    import comptometer.explanation
    import comptometer.request

    assert callable(comptometer.estimate)
    assert callable(comptometer.explain)
    assert callable(comptometer.replicate)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'estimat'"):
        comptometer.estimat  # noqa: B018


def test_models_and_chips_are_mappings_by_any_name() -> None:
    assert comptometer.models["alexnet"].name == "AlexNet"
    assert comptometer.chips["H100 SXM"].peak("bf16").value == 989.4e12
    assert "openai/gpt-3" in list(comptometer.models)
    with pytest.raises(KeyError, match="h100-sxm"):
        comptometer.chips["H100"]


def test_arguments_are_numbers_or_text() -> None:
    by_number = comptometer.estimate(params=405e9, tokens=15.6e12)
    by_text = comptometer.estimate(params="4050亿", tokens="15.6T")
    assert by_number.median == by_text.median


def test_an_unknown_argument_says_what_is_near() -> None:
    with pytest.raises(comptometer.errors.UsageError, match="did you mean tokens"):
        comptometer.estimate(params="7B", tokns="1T")
