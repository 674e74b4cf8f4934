"""`comptometer cost` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from comptometer.documents.cost import CostDocument
from comptometer.documents.models import ModelDocument


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "comptometer", *arguments], capture_output=True, text=True, check=False
    )


def test_the_page_has_costs_energies_figures_of_others_and_evidence() -> None:
    page = run("cost", "gpt-3", "--place", "US").stdout
    for part in ("Cost in dollars of 2024", "Energy", "the grid of United States", "What others say", "Rests on"):
        assert part in page
    assert "1290 MWh" in page
    assert "assumption" not in page.partition("Rests on")[0]


def test_the_json_has_its_shape_and_repeats_byte_for_byte() -> None:
    first, second = (
        run("cost", "bloom", "--json", "--dollars", "2023"),
        run("cost", "bloom", "--json", "--dollars", "2023"),
    )
    assert first.stdout == second.stdout
    document = CostDocument.model_validate_json(first.stdout)
    assert document.dollars == 2023
    assert document.place is None
    ids = {claim.id for claim in document.claims}
    for amount in (*document.kinds.values(), *document.energy.values()):
        assert set(amount.claims) <= ids


def test_own_figures_have_energy_and_say_what_cost_needs() -> None:
    document = json.loads(run("cost", "--chip", "h100-sxm", "--chip-hours", "6.4M", "--json").stdout)
    assert document["energy"]["chip"]["p50"] == pytest.approx(6.4e6 * 700 * 0.75 / 1e6, rel=1e-3)
    assert document["missing"]["amortised"] == ["the day of publication (--published)"]


def test_own_figures_with_a_day_have_cost() -> None:
    flags = ("--chip", "h100-sxm", "--chip-hours", "6.4M", "--published", "2024-04-18")
    document = json.loads(run("cost", *flags, "--json").stdout)
    assert set(document["kinds"]) == {"amortised", "cloud"}
    assert document["missing"] == {"acquisition": ["chips"]}


def test_figures_outrank_what_the_catalogue_has() -> None:
    flags = ("--chip", "a100-sxm-40gb", "--chips", "25000", "--time", "90 to 100 days")
    document = json.loads(run("cost", "gpt-4", *flags, "--json").stdout)
    assert document["machines"][0]["chips"] == ["nvidia/a100-sxm-40gb"]
    low, high = document["kinds"]["amortised"]["p5"], document["kinds"]["amortised"]["p95"]
    assert low < 40.7e6 < high  # Cottier et al. 2024, on the same machines


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("cost", "gpt-5"), 4, "--chip"),
        (("cost", "bloom", "--place", "Frankreich"), 3, "France"),
        (("cost", "bloom", "--dollars", "2035"), 2, "2001 to 2024"),
        (("cost", "blooom-176"), 3, "no model"),
        (("cost",), 2, "nothing to estimate"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments: tuple[str, ...], status: int, says: str) -> None:
    done = run(*arguments)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_page_of_a_model_has_cost_and_energy() -> None:
    document = ModelDocument.model_validate_json(run("models", "show", "gpt-3", "--json").stdout)
    assert document.cost is not None
    assert set(document.cost.kinds) == {"amortised", "cloud", "acquisition"}
    page = run("models", "show", "gpt-3").stdout
    assert "Cost in dollars of" in page
    assert "comptometer cost openai/gpt-3" in page


def test_a_model_without_machines_has_no_cost() -> None:
    document = ModelDocument.model_validate_json(run("models", "show", "gpt-5", "--json").stdout)
    assert document.cost is None
