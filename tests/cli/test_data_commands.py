"""`comptometer data` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from comptometer.documents.data import DataDiffDocument, DataImportDocument, DataListDocument, DataVerifyDocument

Table = Callable[..., str]


def run(folder: Path, *arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "comptometer", "data", *map(str, arguments)],
        capture_output=True,
        input=stdin,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error", "COMPTOMETER_DATA": str(folder)},
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def file(models_table: Table, tmp_path: Path) -> Path:
    """A table with one bad cell."""
    path = tmp_path / "models.csv"
    path.write_text(models_table({}, {"Model": "Abacus 2", "Parameters": "many"}))
    return path


def test_a_table_is_imported_listed_verified_and_compared(tmp_path: Path, file: Path) -> None:
    status, out, problems = run(tmp_path, "import", file, "--id", "mine", "--date", "2024-06-01")
    assert status == 0
    assert "mine: 2 models, edition of 2024-06-01" in out
    assert "line 3, Parameters: 'many' is no number" in problems
    assert "mine" in run(tmp_path, "list")[1]
    assert run(tmp_path, "verify", "mine")[:2] == (0, "mine: as it was written down\n")
    assert "2 added" in run(tmp_path, "diff", "epoch-2024-05", "mine")[2]


def test_an_edition_of_a_month_is_dated_by_its_first_day(tmp_path: Path, file: Path) -> None:
    assert "edition of 2024-06-01" in run(tmp_path, "import", file, "--date", "2024-06", "--dry-run")[1]
    status, out, problem = run(tmp_path, "import", file, "--date", "June")
    assert (status, out) == (2, "")
    assert "'June' is not a date" in problem


def test_a_dry_run_and_a_strict_one_write_nothing(tmp_path: Path, file: Path) -> None:
    status, out, _ = run(tmp_path, "import", file, "--dry-run")
    assert (status, "nothing written" in out) == (0, True)
    status, out, problems = run(tmp_path, "import", file, "--strict")
    assert (status, out) == (1, "")
    assert "line 3, Parameters" in problems
    assert not (tmp_path / "snapshots").exists()


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    status, out, problem = run(tmp_path, "import", "-", stdin=b"not a table")
    assert (status, out) == (1, "")
    assert "standard input: line 1: has no column 'Model' or 'System'" in problem
    assert run(tmp_path, "import", tmp_path / "absent.csv")[0] == 3


def test_a_damaged_vintage_fails_the_verification(tmp_path: Path, file: Path) -> None:
    run(tmp_path, "import", file, "--id", "mine")
    path = tmp_path / "snapshots/mine.csv.gz"
    path.write_bytes(path.read_bytes()[:-9])
    status, out, _ = run(tmp_path, "verify")
    assert status == 1
    assert "mine: " in out
    assert out.count("as it was written down") == 3
    assert run(tmp_path, "verify", "nonesuch")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        (("list",), DataListDocument),
        (("verify",), DataVerifyDocument),
        (("diff", "epoch-2025-06", "epoch-2026-07", "--quantity", "parameters"), DataDiffDocument),
        (("import", "models.csv", "--dry-run"), DataImportDocument),
    ],
)
def test_every_json_object_has_its_shape(
    tmp_path: Path, file: Path, arguments: tuple[str, ...], shape: type[BaseModel]
) -> None:
    status, out, _ = run(tmp_path, *[str(file) if one == "models.csv" else one for one in arguments], "--json")
    assert status == 0
    shape.model_validate(json.loads(out))


def test_cells_are_no_formulas_for_a_spreadsheet(models_table: Table, tmp_path: Path) -> None:
    raw = models_table({"Model": "=HYPERLINK(1)", "Organization": "@SUM(1)"}).encode()
    assert run(tmp_path, "import", "-", "--id", "mine", stdin=raw)[0] == 0
    out = run(tmp_path, "diff", "epoch-2024-05", "mine", "--format", "csv")[1]
    (row,) = [row for row in csv.DictReader(io.StringIO(out)) if row["kind"] == "added"]
    assert (row["model"], row["organization"]) == ("'=HYPERLINK(1)", "'@SUM(1)")


def test_problems_are_all_in_the_json_and_cut_on_the_screen(models_table: Table, tmp_path: Path) -> None:
    raw = models_table(*({"Model": f"Abacus {at}", "Parameters": "many"} for at in range(80))).encode()
    _, out, problems = run(tmp_path, "import", "-", "--dry-run", "--json", stdin=raw)
    assert len(json.loads(out)["problems"]) == 80
    assert "and 30 more problems" in problems
