"""`comptometer project` and `comptometer forecasts` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from comptometer.documents.forecasts import ForecastsDocument
from comptometer.documents.project import ProjectionDocument


def run(*arguments: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "comptometer", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_page_says_what_when_and_how_probably() -> None:
    status, out, problems = run("project", "--to", 2032)
    assert (status, problems) == (0, "")
    for part in ("Training compute of the largest runs, to 2032", "made of  cheaper compute", "What holds compute down",
                 "When the trend first meets each limit", "after 2032", "power, several sites", "Thresholds", "1e27",
                 "(unverified)", "rho 0.6"):  # fmt: skip
        assert part in out, part


def test_the_document_and_the_rows_agree() -> None:
    status, out, problems = run("project", "--to", 2030, "--json")
    assert (status, problems) == (0, "")
    document = json.loads(out)
    ProjectionDocument.model_validate(document)
    rows = list(csv.DictReader(io.StringIO(run("project", "--to", 2030, "--format", "csv")[1])))
    assert [float(row["soft_p50"]) for row in rows] == [row["soft"]["p50"] for row in document["years"]]
    assert [float(row["binds_hardware_budget"]) for row in rows] == [
        row["binds"]["hardware-budget"] for row in document["years"]
    ]
    limits = list(csv.DictReader(io.StringIO(run("project", "--to", 2030, "--format", "csv", "--rows", "limits")[1])))
    assert [row["id"] for row in limits] == [row["id"] for row in document["limits"]]
    shares = json.loads(run("project", "--to", 2030, "--format", "json", "--rows", "thresholds")[1])
    assert len(shares) == len(document["thresholds"]) * len(document["years"])


def test_without_limits_only_the_trend_is_shown() -> None:
    status, out, _ = run("project", "--to", 2030, "--preset", "none", "--format", "md")
    assert status == 0
    assert "| year | trend | 90% |" in out
    assert "holds compute down" not in out


def test_a_file_of_limits_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[limits]]\nid = "power"\ngrowth = "3"\n')
    status, out, _ = run("project", "--to", 2030, "--limits", path, "--threshold", "3e27", "--only", "power")
    assert status == 0
    assert str(path) in out
    assert "3e27" in out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--to", 2032, "--without", "chip", "--rho", 3], 2, ["did you mean chips", "--rho: a correlation"]),
        (["--to", 2050], 2, ["--far"]),
        (["--to", 2020], 2, ["not after the start"]),
        (["--to", "soon"], 2, ["soon"]),
        ([], 2, ["--to"]),
        (["--to", 2030, "--limits", "nowhere.toml"], 3, ["nowhere.toml"]),
        (["--to", 2030, "--preset", "epoch"], 3, ["epoch-2030"]),
        (["--to", 2030, "--data", "epoch"], 3, ["epoch-2026-07"]),
        (["--to", 2030, "--threshold", "1 to 2"], 2, ["must be one number"]),
        (["--to", 2030, "--threshold", "nan"], 2, ["nan"]),
        (["--to", 2030, "--growth", "nan"], 2, ["growth: "]),
        (["--to", 2030, "--level", "1e26 kg"], 2, ["level: "]),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: list[object], status: int, said: list[str]) -> None:
    found, out, problems = run("project", *arguments)
    assert (found, out) == (status, "")
    for part in said:
        assert part in problems
    assert "Traceback" not in problems
    assert "an error of ours" not in problems


def test_a_bad_file_of_limits_says_all_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[limits]]\nid = "power"\ngrowth = "-3"\n[[limits]]\nid = "chips"\nkind = "firm"\n')
    status, _, problems = run("project", "--to", 2030, "--limits", path)
    assert status == 1
    assert len(problems.splitlines()) == 2


def test_the_scorecard_is_printed_in_every_form() -> None:
    status, out, problems = run("forecasts")
    assert (status, problems) == (0, "")
    assert "AlphaStar: 8.9%" in out
    document = json.loads(run("forecasts", "--json")[1])
    ForecastsDocument.model_validate(document)
    rows = list(csv.DictReader(io.StringIO(run("forecasts", "--format", "csv")[1])))
    assert len(rows) == sum(len(row["findings"]) for row in document["forecasts"])
    assert run("forecasts", "--format", "md")[1].startswith("| made | who | said |")
    assert run("forecasts", "--data", "epoch")[0] == 3
