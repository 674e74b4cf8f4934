"""One calculator: Python and the page's script read the same figures, give the same numbers and refuse the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import comptometer
from comptometer.distribution import DRAWS, Z90
from comptometer.errors import ComptometerError

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("calculator-cases.json").read_text(encoding="utf-8")
)  # fmt: skip
ANSWERED = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]
SCRIPT_WORLDS = 1 << 16
# Standard errors of the 5%, 50% and 95% quantiles of n normal draws, times the root of n: √(p(1-p)) over the density.
SPREAD = (2.11, 1.25, 2.11)


def named(case: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value[:20]}" for name, value in case["figures"].items())


def check(found: list[float], wanted: list[float], worlds: int) -> None:
    """Within three standard errors of quantiles of so many draws."""
    sd = math.log(wanted[2] / wanted[0]) / (2 * Z90)
    for value, expected, spread in zip(found, wanted, SPREAD, strict=True):
        assert abs(math.log(value / expected)) < 3 * spread * sd / math.sqrt(worlds) + 1e-4


def test_there_are_enough_cases() -> None:
    assert len(ANSWERED) >= 40
    assert len(REFUSED) >= 30


@pytest.mark.parametrize("case", ANSWERED, ids=named)
def test_python_gives_the_numbers(case: dict[str, Any]) -> None:
    entry = comptometer.estimate(**case["figures"])
    low, high = entry.interval()
    check([low, entry.median, high], case["compute"], DRAWS)
    assert set(entry.methods) == set(case["methods"])
    assert entry.compute.verdict == case["verdict"]
    for name, wanted in case["methods"].items():
        estimate = entry.methods[name].estimate
        check([*estimate.interval()[:1], estimate.median, estimate.interval()[1]], wanted, DRAWS)


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_python_refuses_by_name(case: dict[str, Any]) -> None:
    with pytest.raises(ComptometerError) as error:
        comptometer.estimate(**case["figures"])
    said = str(error.value).replace("no chip", "chip: no chip", 1) if case["refused"] == ["chip"] else str(error.value)
    fields = {line.partition(":")[0] for line in said.split("\n")}
    assert fields >= set(case["refused"])
    assert len(fields) == max(len(case["refused"]), 1)


@pytest.fixture(scope="module")
def calculator(browser: Any, folder: Path) -> Iterator[Any]:
    """The page in the static folder, whose script calculates."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(f"file://{folder}/calculator.html")
    yield page
    context.close()


@pytest.mark.parametrize("case", ANSWERED, ids=named)
def test_the_page_gives_the_numbers(calculator: Any, case: dict[str, Any]) -> None:
    answer = calculator.evaluate("given => comptometer.calculate(given, comptometer.calculatorTables)", case["figures"])
    check([answer["compute"][key] for key in ("p5", "p50", "p95")], case["compute"], SCRIPT_WORLDS)
    assert {row["name"] for row in answer["methods"]} == set(case["methods"])
    assert answer["verdict"] == case["verdict"]
    for row in answer["methods"]:
        check([row[key] for key in ("p5", "p50", "p95")], case["methods"][row["name"]], SCRIPT_WORLDS)


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_the_page_refuses_by_name(calculator: Any, case: dict[str, Any]) -> None:
    answer = calculator.evaluate("given => comptometer.calculate(given, comptometer.calculatorTables)", case["figures"])
    assert "compute" not in answer
    assert sorted(answer["problems"]) == sorted(case["refused"])
    words = calculator.evaluate("comptometer.settings.words")
    assert all(f"calculator-why-{problem['why']}" in words for problem in answer["problems"].values())


@pytest.mark.parametrize("figures", [ANSWERED[40]["figures"], ANSWERED[44]["figures"], ANSWERED[1]["figures"]])
def test_drivers_and_thresholds_are_those_of_python(calculator: Any, figures: dict[str, str]) -> None:
    from comptometer.web.calculation import shown

    answer = calculator.evaluate("given => comptometer.calculate(given, comptometer.calculatorTables)", figures)
    own = shown(comptometer.estimate(**figures), "en")
    assert {row["about"] for row in answer["drivers"] if row["share"] > 0.05} == {
        row["about"] for row in own["drivers"] if row["share"] > 0.05
    }
    for row, other in zip(answer["drivers"], own["drivers"], strict=False):
        assert row["share"] == pytest.approx(other["share"], abs=0.03)
    for row, other in zip(answer["thresholds"], own["thresholds"], strict=True):
        assert row["probability"] == pytest.approx(other["probability"], abs=0.02)
    assert (answer["ratio"] is None) == (own["ratio"] is None)
    if own["ratio"] is not None:
        assert answer["ratio"] == pytest.approx(own["ratio"], rel=0.05)
    assert sum(step["share"] for step in answer["density"]) == pytest.approx(0.996, abs=0.001)
