"""The names that users rely on, and that importing them costs nothing."""

from __future__ import annotations

import json
import pickle
import pkgutil
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

import comptometer
from comptometer.cli import comptometer as command_line


def test_the_public_names_are_pinned() -> None:
    assert comptometer.__all__ == [
        "Chip", "Claim", "Dossier", "Entry", "Estimate", "OpCount", "Recorder", "Source", "__version__", "calibrate",
        "check", "chips", "compare", "convert", "cost", "count", "decompose", "effective", "errors", "estimate",
        "estimate_frame", "explain", "forecasts",
        "models", "parse", "project", "relate", "replicate", "scenario", "sensitivity", "trend",
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


def test_no_public_name_is_that_of_a_module_which_would_replace_it() -> None:
    modules = {module.name for module in pkgutil.iter_modules(comptometer.__path__)}
    assert modules & set(comptometer.__all__) == {"errors"}


@pytest.mark.parametrize("name", ["calibrate", "check", "compare", "cost", "count", "estimate", "explain", "forecasts",
                                  "project", "replicate", "sensitivity", "trend"])  # fmt: skip
def test_commands_are_functions_of_the_same_name_whatever_was_imported_first(name: str) -> None:
    code = (
        "import comptometer, pkgutil, importlib\n"
        "for module in pkgutil.iter_modules(comptometer.__path__):\n"
        "    if module.name not in ('charts', '__main__'): importlib.import_module('comptometer.' + module.name)\n"
        f"print(callable(comptometer.{name}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


PAIRS: list[tuple[list[str], Any]] = [
    (["trend", "--data", "epoch-2025-06", "--select", "frontier", "--since", "2018", "--draws", "200"],
     lambda: comptometer.trend(data="epoch-2025-06", select="frontier", since="2018", draws=200)),
    (["trend", "--data", "epoch-2024-05", "--sensitivity", "--draws", "100"],
     lambda: comptometer.sensitivity(data="epoch-2024-05", draws=100)),
    (["relation", "--y", "cost", "--x", "compute", "--since", "2018", "--draws", "200"],
     lambda: comptometer.relate("cost", "compute", since="2018", draws=200)),
    (["project", "--to", "2030", "--growth", "4", "--level", "1e27", "--from", "2026"],
     lambda: comptometer.project(2030, growth="4", level="1e27", start="2026")),
    (["forecasts", "--data", "epoch-2025-06"], lambda: comptometer.forecasts("epoch-2025-06")),
    (["cost", "gpt-3", "--dollars", "2020"], lambda: comptometer.cost("gpt-3", dollars=2020)),
    (["cost", "--chip", "h100-sxm", "--chip-hours", "6.4M", "--published", "2024-04"],
     lambda: comptometer.cost(chip="h100-sxm", chip_hours="6.4M", published="2024-04")),
    (["check", "opt-175b", "--data", "epoch-2025-06", "--severity", "warning"],
     lambda: comptometer.check("opt-175b", data="epoch-2025-06", severity="warning")),
    (["calibrate", "--data", "epoch-2024-05"], lambda: comptometer.calibrate("epoch-2024-05")),
    (["models", "compare", "gpt-2", "gpt-3"], lambda: comptometer.compare("gpt-2", "gpt-3")),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "call"), PAIRS, ids=[" ".join(pair[0][:2]) for pair in PAIRS])
def test_python_gives_the_numbers_of_the_command_line(arguments: list[str], call: Any) -> None:
    result = CliRunner().invoke(command_line, [*arguments, "--json"], catch_exceptions=False)
    assert plain(json.loads(result.stdout)) == plain(json.loads(json.dumps(call().to_dict())))


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """The same, with claims of the caller found where an argument and not where a flag is."""
    claims = [
        {**claim, "where": claim["where"].removeprefix("--").replace("-", "_")} for claim in document.get("claims", [])
    ]
    return {**document, "claims": claims}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'estimat'"):
        comptometer.estimat  # noqa: B018


def test_models_and_chips_are_mappings_by_any_name() -> None:
    assert comptometer.models["alexnet"].name == "AlexNet"
    assert comptometer.chips["H100 SXM"].peak("bf16").value == 989.4e12
    assert "openai/gpt-3" in list(comptometer.models)


def test_a_family_of_chips_is_told_with_its_members() -> None:
    for name in ("H100", "h100"):
        with pytest.raises(comptometer.errors.NotFound) as caught:
            comptometer.chips[name]
        assert "It is a family" in str(caught.value)
        assert caught.value.suggestions == ("nvidia/h100-nvl", "nvidia/h100-pcie", "nvidia/h100-sxm")
        again = pickle.loads(pickle.dumps(caught.value))
        assert str(again) == str(caught.value)


def test_arguments_are_numbers_or_text() -> None:
    by_number = comptometer.estimate(params=405e9, tokens=15.6e12)
    by_text = comptometer.estimate(params="4050亿", tokens="15.6T")
    assert by_number.median == by_text.median


def test_an_unknown_argument_says_what_is_near() -> None:
    with pytest.raises(comptometer.errors.UsageError, match="did you mean tokens"):
        comptometer.estimate(params="7B", tokns="1T")
