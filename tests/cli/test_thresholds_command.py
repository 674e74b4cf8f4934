"""`comptometer thresholds`."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "comptometer", "thresholds", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, check=False)


def test_the_list_has_the_keys_that_scripts_rely_on() -> None:
    found = json.loads(run("list", "--json").stdout)
    assert found["schema"] == "comptometer/thresholds/1"
    act = next(row for row in found["thresholds"] if row["id"] == "eu-ai-act-51-2")
    assert (act["operator"], act["value"], act["unit"], act["status"], act["verified"]) == (
        ">", 1e25, "FLOP", "in force", True,
    )  # fmt: skip
    assert act["title"]
    assert act["source"]


def test_a_status_chooses() -> None:
    rows = list(csv.DictReader(io.StringIO(run("list", "--status", "revoked", "--format", "csv").stdout)))
    assert [row["id"] for row in rows] == ["us-eo-14110"]


def test_a_regulation_is_shown_whole() -> None:
    assert "recomputation" in run("show", "eu-ai-act-51-2").stdout
    assert json.loads(run("show", "eu-ai-act-51-2", "--json").stdout)["schema"] == "comptometer/threshold/1"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("check", "gpt-3", "--fail-above", "eu-ai-act-51-2"), 0, ""),
        (("check", "llama-3.1-405b", "--fail-above", "eu-ai-act-51-2"), 1, "above eu-ai-act-51-2"),
        (("check", "gpt-4", "--fail-above", "us-ca-sb53", "--probability", "0.9"), 0, ""),
        (("check", "grok-3", "--fail-above", "us-ca-sb53", "--probability", "0.5"), 1, "above us-ca-sb53"),
        (("check", "grok-3", "--fail-above", "us-ca-sb53", "--probability", "0.9"), 0, ""),
        (("check", "gpt-3", "--fail-above", "eu-ai-act"), 3, "did you mean"),
        (("check", "gpt-3", "--fail-above", "us-eo-14409"), 2, "sets no amount"),
        (("check", "gpt-3", "--probability", "2"), 2, "--probability"),
        (("check", "no such model at all"), 3, "no model"),
        (("show", "nothing"), 3, "no regulation"),
        (("list", "--status", "asleep"), 2, "--status"),
    ],
)
def test_the_exit_status_says_how_it_went(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run(*arguments)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dossier_comes_from_standard_input() -> None:
    own = 'name = "Ours"\npublished = 2024-01-01\n[[claims]]\nabout = "compute"\nvalue = "9e25 FLOP"\nsource = "https://example.org"\n'
    found = json.loads(run("check", "-", "--json", stdin=own).stdout)
    assert found["model"] == "Ours"
    rows = {row["id"]: row for row in found["thresholds"]}
    assert rows["eu-ai-act-51-2"]["verdict"] == "above"
    assert 0 < rows["us-ca-sb53"]["probability_above"]["high"] < 1
    assert rows["us-export-3a090"]["probability_above"] is None
