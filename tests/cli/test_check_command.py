"""`comptometer check` as a user meets it."""

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

from comptometer.documents.check import CheckDocument, RulesDocument
from comptometer.documents.models import ModelDocument

HEAD = 'name = "Mine"\npublished = 2024-01-01\ndomain = ["language"]\n'
TOKENS = '[[claims]]\nabout = "tokens"\nvalue = "2T token"\nsource = "https://example.org"\n'
SIZE = '[[claims]]\nabout = "parameters"\nvalue = "70B parameter"\nsource = "https://example.org"\n'
FIGURE = '[[claims]]\nabout = "compute"\nvalue = "{}"\nsource = "https://example.org"\n'


def run(*arguments: object, stdin: str = "", data: Path | None = None) -> subprocess.CompletedProcess[str]:
    own = {"COMPTOMETER_DATA": str(data)} if data else {}
    return subprocess.run(
        [sys.executable, "-m", "comptometer", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=stdin,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error", **own},
        check=False,
    )


@pytest.fixture
def dossier(tmp_path: Path) -> Callable[[str], Path]:
    def write(figure: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(HEAD + TOKENS + SIZE + FIGURE.format(figure))
        return path

    return write


def test_a_sound_dossier_says_so_and_prints_nothing(dossier: Callable[[str], Path]) -> None:
    path = dossier("8.4e23 FLOP")
    done = run("check", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{path} looked at with " in done.stderr
    assert "0 errors, 0 warnings, 0 notes" in done.stderr


def test_a_contradiction_is_found_and_fails_only_when_asked(dossier: Callable[[str], Path]) -> None:
    path = dossier("8.4e24 FLOP")
    done = run("check", path)
    assert done.returncode == 0
    assert "stated-and-counted" in done.stdout
    assert run("check", path, "--fail-on", "warning").returncode == 1
    assert run("check", path, "--fail-on", "error").returncode == 0
    assert run("check", path, "--fail-on", "warning", "--rule", "percent-as-share").returncode == 0


def test_a_dossier_can_come_from_standard_input(dossier: Callable[[str], Path]) -> None:
    done = run("check", "-", stdin=dossier("8.4e24 FLOP").read_text())
    assert "stated-and-counted" in done.stdout


@pytest.mark.parametrize("arguments", [("opt-175b",), ("opt-175b", "--data", "epoch-2025-06"), ()])
def test_the_object_has_its_shape_and_counts_what_it_holds(arguments: tuple[str, ...]) -> None:
    done = run("check", *arguments, "--json")
    document = json.loads(done.stdout)
    CheckDocument.model_validate(document)
    assert sum(document["counts"].values()) == len(document["findings"]) == sum(document["by_rule"].values())
    assert done.stderr == ""


def test_a_rule_and_a_severity_narrow_what_is_shown() -> None:
    done = run("check", "--data", "epoch-2025-06", "--rule", "hfu-as-mfu", "--rule", "percent-as-share", "--json")
    assert set(json.loads(done.stdout)["by_rule"]) == {"hfu-as-mfu", "percent-as-share"}
    worst = run("check", "--data", "epoch-2025-06", "--severity", "error", "--json")
    assert {row["severity"] for row in json.loads(worst.stdout)["findings"]} == {"error"}


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "md", "table"])
def test_findings_come_in_every_format(form: str) -> None:
    done = run("check", "--data", "epoch-2025-06", "--rule", "display-card", "--format", form)
    assert done.returncode == 0
    assert "GPT-1" in done.stdout
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert [row["name"] for row in rows] == ["EVA-CLIP (EVA-02-CLIP-E/14+)", "GPT-1"]
        assert rows[1]["numbers"] == "chips=8.0; compute=1.7578125e+19"
    if form in {"json", "jsonl"}:
        rows = json.loads(done.stdout) if form == "json" else [json.loads(line) for line in done.stdout.splitlines()]
        assert rows[1]["numbers"] == {"chips": 8.0, "compute": 1.7578125e19}


def test_the_rules_are_listed() -> None:
    document = json.loads(run("check", "--rules", "--json").stdout)
    RulesDocument.model_validate(document)
    assert "percent-as-share" in {row["id"] for row in document["rules"]}
    assert len(run("check", "--rules", "--format", "csv").stdout.splitlines()) == len(document["rules"]) + 1


def test_the_page_and_the_object_of_a_model_hold_its_findings() -> None:
    document = json.loads(run("models", "show", "stable diffusion v1-4", "--json").stdout)
    ModelDocument.model_validate(document)
    assert "implied-utilization" in {row["id"] for row in document["findings"]}
    assert "\nChecks\n" in run("models", "show", "stable diffusion v1-4").stdout


def test_a_table_of_ones_own_is_checked_with_its_repeated_rows(
    models_table: Callable[..., str], tmp_path: Path
) -> None:
    table = tmp_path / "models.csv"
    base = {"Model": "Abacus 2", "Base model": "Abacus 3", "Publication date": "2023-01-01"}
    again = {"Confidence": "Likely"}  # the same model with another word: not a mere copy
    table.write_text(models_table({}, again, base, {"Model": "Abacus 3", "Hardware utilization (MFU)": "41.2"}))
    data = tmp_path / "data"
    assert run("data", "import", table, "--id", "mine-1", data=data).returncode == 0
    found = json.loads(run("check", "--data", "mine-1", "--json", data=data).stdout)
    assert found["models"] == 4
    assert {"repeated-row", "base-model-later", "percent-as-share"} <= set(found["by_rule"])
    assert run("check", "--data", "mine-1", "--fail-on", "error", data=data).returncode == 1


CARELESS = [
    (("check", "alexnett"), 3, "AlexNet"),
    (("check", "x" * 5000), 3, "no model"),
    (("check", "a\nb"), 3, "no model"),
    (("check", ""), 2, "empty"),
    (("check", "/no/such.toml"), 3, "no file"),
    (("check", "mine.toml", "--data", "epoch-2025-06"), 2, "no vintage"),
    (("check", "--data", "epoch-2025"), 3, "epoch-2025-06"),
    (("check", "alexnet", "--data", "epoch-1999"), 3, "no vintage"),
    (("check", "--rule", "percent-as-shares"), 3, "percent-as-share"),
    (("check", "--rule", ""), 3, "no rule"),
    (("check", "--severity", "grave"), 2, "'error', 'warning', 'note'"),
    (("check", "--fail-on", "note"), 2, "'error', 'warning'"),
    (("check", "alexnet", "--rules"), 2, "leave out SOURCE"),
    (("check", "alexnet", "extra"), 2, "extra"),
]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    CARELESS,
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_careless_input_gets_a_message_and_not_a_traceback(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run(*arguments)
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("raw", ["", "[" * 10_000, "name = 1", HEAD + TOKENS.replace("2T token", "-1")])
def test_an_unreadable_dossier_gets_a_message(raw: str, tmp_path: Path) -> None:
    path = tmp_path / "junk.toml"
    path.write_text(raw)
    done = run("check", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert str(path) in done.stderr
