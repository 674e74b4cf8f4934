"""Processes that are killed while they record: what they were told is safe is there, and nothing counts twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import recorder_victims
from comptometer.ledger.importers import IMPORTERS, Options, Wrong
from comptometer.ledger.rows import Stretch
from ledger_folder import Folder

FLOP = recorder_victims.FLOP


def killed(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    command = [sys.executable, recorder_victims.__file__, str(folder), str(kills), str(seed)]
    done: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return done


def test_a_run_killed_again_and_again_keeps_every_step_once(folder: Folder, tmp_path: Path) -> None:
    kills = 200
    story = killed(tmp_path, kills, seed=1)
    document = folder.add("recorder", tmp_path / "runs")
    assert not [problem for file in document["files"] for problem in file["problems"]]
    total = folder.total()["total"]
    done = sum(one["done"] - one["begun"] for one in [*story["killed"], story["last"]])
    safe = sum(one["safe"] - one["begun"] for one in [*story["killed"], story["last"]])
    assert story["final"] * FLOP == total["flop_kept"]["p50"]
    assert safe * FLOP <= total["flop"]["p50"] <= (done + kills) * FLOP  # a step may end before its end is noted
    assert total["flop"]["p50"] % FLOP == 0
    assert story["final"] < done

    again = folder.add("recorder", tmp_path / "runs")
    assert all(file["number"] is None for file in again["files"])
    assert folder.total()["total"] == total


def test_the_steps_of_each_killed_process_follow_one_another_from_its_checkpoint(tmp_path: Path) -> None:
    killed(tmp_path, 30, 3)
    seen = 0
    for path in sorted((tmp_path / "runs").glob("*.jsonl.*")):
        found = list(IMPORTERS["recorder"].read(path, Options()))
        assert not [one for one in found if isinstance(one, Wrong)]
        at = None
        for stretch in (one for one in found if isinstance(one, Stretch)):
            assert at is None or stretch.begins == at
            assert stretch.first_step == stretch.begins + 1
            assert stretch.steps == stretch.last_step - stretch.begins
            assert (stretch.flop, stretch.tokens) == (stretch.steps * FLOP, stretch.steps * 7)
            at = stretch.last_step
            seen += stretch.steps
    assert seen > 30
