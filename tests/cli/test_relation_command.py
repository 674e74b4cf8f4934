"""`comptometer relation`: the answer, its models in every form, and careless flags."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from click.testing import CliRunner, Result

from comptometer import text
from comptometer.cli.relation import command
from comptometer.relation import relate

COST = ["--y", "cost", "--x", "compute", "--draws", "100"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_the_page_says_exponent_fit_models_and_who_is_left_out() -> None:
    found = relate("cost", "compute", draws=100)
    said = run(*COST).stdout
    assert text.number(found.law.exponent.estimate) in said
    assert text.interval(*found.law.exponent.interval(), 3) in said
    assert f"{found.law.n} models of {found.organizations} organizations" in said
    assert f"R² {text.number(found.law.r2)}" in said
    for reason, count in found.excluded.items():
        assert f"{count} {reason}" in said


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "md"])
def test_the_other_forms_print_the_models(form: str) -> None:
    found = relate("cost", "compute", draws=100)
    said = run(*COST, "--format", form).stdout
    if form == "csv":
        rows = list(csv.DictReader(StringIO(said)))
        assert [(row["name"], float(row["cost"]), float(row["compute"])) for row in rows] == [
            (pair.name, pair.y, pair.x) for pair in found.pairs
        ]
        assert sum(float(row["residual_dex"]) for row in rows) == pytest.approx(0, abs=1e-6)
    elif form == "json":
        assert len(json.loads(said)) == found.law.n
    else:
        assert len(said.splitlines()) == found.law.n + (2 if form == "md" else 0)


def test_the_points_are_in_the_json_where_they_are_asked_for() -> None:
    assert "points" not in json.loads(run(*COST, "--json").stdout)
    assert (
        len(json.loads(run(*COST, "--json", "--points").stdout)["points"]) == relate("cost", "compute", draws=100).law.n
    )


def test_points_without_json_are_refused() -> None:
    done = run(*COST, "--points")
    assert done.exit_code == 2
    assert "add --json" in done.stderr
