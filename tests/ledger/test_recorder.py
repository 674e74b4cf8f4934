"""Segments of the recorder in the ledger: spent and kept, each step once, beside the scheduler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from comptometer import Recorder
from comptometer.recorder.identity import ENVIRONMENT
from comptometer.recorder.lines import encoded
from ledger_folder import Folder, export, job


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


def recorded(folder: Path, steps: int, *, save_at: tuple[int, ...] = (), **said: Any) -> Recorder:
    """A start of a run: each step is 100 FLOP and saved where it is asked."""
    recorder = Recorder(folder, **{"summary": False, **said})
    for _ in range(steps):
        with recorder.step(flop=100, tokens=10):
            pass
        if recorder.step_number in save_at:
            recorder.saved()
    recorder.close()
    return recorder


def flop(folder: Folder) -> tuple[float, float | None]:
    """Spent and kept."""
    total = folder.total()["total"]
    kept = total["flop_kept"]
    return total["flop"]["p50"], kept and kept["p50"]


def test_resuming_from_an_older_checkpoint_spends_more_and_keeps_each_step_once(folder: Folder, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    recorded(runs, 10, save_at=(4, 8))
    recorded(runs, 6, step=4, save_at=(10,))
    folder.add("recorder", runs)
    assert flop(folder) == (1600, 1000)
    recorded(runs, 3, step=10)  # never saved: spent, and in no weights
    folder.add("recorder", runs)
    assert flop(folder) == (1900, 1000)


def test_what_a_rewind_left_behind_is_spent_and_not_kept(folder: Folder, tmp_path: Path) -> None:
    with Recorder(tmp_path / "runs", summary=False) as recorder:
        for steps, back in ((6, 4), (5, 2), (3, None)):
            for _ in range(steps):
                with recorder.step(flop=100 if back is None else 7):
                    pass
            recorder.saved()
            if back is not None:
                recorder.rewind(back)
    folder.add("recorder", tmp_path / "runs")
    assert flop(folder) == (6 * 7 + 5 * 7 + 3 * 100, 2 * 7 + 3 * 100)


def test_a_run_without_a_checkpoint_has_no_weights_to_keep_anything_in(folder: Folder, tmp_path: Path) -> None:
    recorded(tmp_path / "runs", 5)
    folder.add("recorder", tmp_path / "runs")
    assert flop(folder) == (500, None)


def test_ranks_add_and_a_global_record_counts_once(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    for rank in (0, 1):
        recorded(tmp_path / "ranks", 4, save_at=(4,), rank=rank, world_size=2, run="ranks")
        recorded(tmp_path / "global", 4, save_at=(4,), rank=rank, world_size=2, run="global", scope="global", chips=2)
    for name in ("ranks", "global"):
        folder.add("recorder", tmp_path / name)
    rows = {row["run"]: row for row in folder.total("--by", "run")["rows"]}
    assert [rows["ranks"][name]["p50"] for name in ("flop", "flop_kept")] == [800, 800]
    assert [rows["global"][name]["p50"] for name in ("flop", "flop_kept")] == [400, 400]


def test_a_restart_with_another_world_size_adds_and_keeps_each_step_once(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for launch, (world, begins, saves) in enumerate([(4, 0, (6,)), (2, 6, (9,)), (3, 9, (12,))]):
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", f"launch-{launch}")
        for rank in range(world):
            recorded(tmp_path / "runs", 8, step=begins, save_at=saves, rank=rank, world_size=world)
    folder.add("recorder", tmp_path / "runs")
    assert flop(folder) == (8 * (4 + 2 + 3) * 100, (6 * 4 + 3 * 2 + 3 * 3) * 100)
    assert folder.total()["total"]["jobs"] == 9


def test_a_launch_whose_name_comes_back_is_another_start(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    recorded(tmp_path / "runs", 8, save_at=(5,))
    recorded(tmp_path / "runs", 5, step=5, save_at=(10,))
    folder.add("recorder", tmp_path / "runs")
    assert flop(folder) == (1300, 1000)


def test_copies_and_earlier_versions_of_a_segment_change_nothing(folder: Folder, tmp_path: Path) -> None:
    recorded(tmp_path / "runs", 9, save_at=(3, 6, 9))
    (whole,) = (tmp_path / "runs").glob("*.done")
    lines = whole.read_bytes().splitlines(keepends=True)
    early = tmp_path / "early"
    early.mkdir()
    for number in range(1, len(lines)):
        (early / f"{number}-{whole.name}".replace(".done", ".open")).write_bytes(b"".join(lines[:number]))
    doubled = early / "doubled.jsonl.done"
    doubled.write_bytes(b"".join([lines[0], *(line for line in lines[1:] for _ in range(2))]))
    folder.add("recorder", early / f"3-{whole.name}".replace(".done", ".open"))
    assert folder.total("--by", "outcome")["rows"][0]["outcome"] == "CRASHED"
    folder.add("recorder", tmp_path / "runs")
    folder.add("recorder", early)
    shutil.copy(whole, tmp_path / "copy.jsonl")
    folder.add("recorder", tmp_path / "copy.jsonl")
    assert flop(folder) == (900, 900)
    (row,) = folder.total("--by", "outcome")["rows"]
    assert (row["outcome"], row["jobs"]) == ("COMPLETED", 1)


def test_a_last_line_that_is_cut_off_is_left_out_and_one_in_between_is_wrong(folder: Folder, tmp_path: Path) -> None:
    recorded(tmp_path / "runs", 2, save_at=(1, 2))
    (whole,) = (tmp_path / "runs").glob("*.done")
    lines = whole.read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl.open"
    cut.write_bytes(b"".join(lines)[:-9])
    (report,) = folder.add("recorder", cut)["files"]
    assert (report["wrong"], report["left_out"][0]["reason"]) == (0, "a last line that was cut off")
    broken = tmp_path / "broken.jsonl.open"
    lines[1] = lines[1].replace(b'"steps":1', b'"steps":2')
    broken.write_bytes(b"".join(lines))
    document = folder.add("recorder", broken)
    assert (document["status"], document["files"][0]["problems"][0]["line"]) == (1, 2)
    assert "checksum" in document["files"][0]["problems"][0]["text"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", b"not a record\n", encoded({"kind": "open"}), encoded({"kind": "window", "seq": 1}), b"\xff\xfe\n"],
)
def test_a_file_that_is_no_segment_imports_nothing(folder: Folder, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.jsonl.open").write_bytes(content)
    document = folder.add("recorder", tmp_path / "x.jsonl.open")
    assert document["files"][0]["rows"] == {}


def test_a_folder_without_segments_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "has no file named" in str(folder.run("import", "recorder", tmp_path / "empty").exception)


def test_recorder_and_scheduler_of_one_job_are_one_attempt(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CLUSTER_NAME", "a")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    for rank in (0, 1):
        recorded(tmp_path / "runs", 4, save_at=(4,), rank=rank, run="r1", name="demo-7b", stage="sft", device="h100")
    now = datetime.now(UTC)
    said = {"ElapsedRaw": 3600, "AllocTRES": "gres/gpu:h100-sxm=2"}

    def attempt(number: int, begins: timedelta, ends: timedelta) -> str:
        moments = {"Submit": now + begins, "Start": now + begins, "End": now + ends}
        stamps = {name: f"{moment:%Y-%m-%dT%H:%M:%S}" for name, moment in moments.items()}
        return job(number, **said, **stamps)

    hour = timedelta(hours=1)
    folder.lines(export(attempt(7, -3 * hour, -2 * hour), attempt(7, -hour / 2, hour / 2), attempt(8, -hour, hour)))
    alone = folder.total()["total"]
    folder.add("recorder", tmp_path / "runs")
    total = folder.total("--by", "run,model,stage,source")
    rows = {row["run"]: row for row in total["rows"]}
    assert (total["total"]["jobs"], total["total"]["chip_hours"]) == (alone["jobs"], alone["chip_hours"]) == (3, 6)
    mine = rows["r1"]
    assert (mine["model"], mine["stage"], mine["source"], mine["jobs"]) == ("demo-7b", "sft", "sacct", 1)
    assert (mine["flop"]["p50"], mine["flop_kept"]["p50"], mine["chip_hours"]) == (800, 800, 2)
    assert mine["utilization_evidence"] == 1
    assert rows[None]["utilization_evidence"] == 0


def test_of_two_types_of_chip_in_one_allocation_the_counted_flop_is_there_once(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CLUSTER_NAME", "a")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    recorded(tmp_path / "runs", 4, save_at=(4,))
    begun = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    types = "gres/gpu:h100-sxm=2,gres/gpu:a100=1"
    folder.lines(export(job(7, AllocTRES=types, Submit=begun, Start=begun, End="Unknown", State="RUNNING")))
    folder.add("recorder", tmp_path / "runs")
    assert flop(folder) == (400, 400)
    rows = folder.total("--by", "chip")["rows"]
    assert sum(row["flop"]["p50"] for row in rows) == 400
    assert sum(row["flop_kept"]["p50"] for row in rows if row["flop_kept"]) == 400


TRAINING = """
import json, os, signal, sys
import torch
from comptometer import Recorder

folder, end, kill_at = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Embedding(32, 8), torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 32))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
recorder = Recorder(folder + "/runs", model, name="tiny", stage="pretrain", summary=False)
saved = folder + "/last.pt"
if os.path.exists(saved):
    state = torch.load(saved)
    model.load_state_dict(state["model"])
    recorder.load_state_dict(state["recorder"])
with recorder:
    while recorder.step_number < end:
        length = 5 + 3 * (recorder.step_number % 2)
        tokens = torch.randint(32, (4, length))
        with recorder.step(tokens, tokens=tokens.numel(), samples=4):
            loss = torch.nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if recorder.step_number % 4 == 0:
            with recorder.checkpoint():
                torch.save({"model": model.state_dict(), "recorder": recorder.state_dict()}, saved)
        if recorder.step_number == kill_at:
            recorder.saved(-1)  # so that the test knows what was written
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_pytorch_run_that_is_killed_and_resumed_totals_to_what_the_counter_says(
    folder: Folder, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    import comptometer

    for end, kill_at in ((12, 6), (12, 11), (12, 0)):
        subprocess.run([sys.executable, "-c", TRAINING, str(tmp_path), str(end), str(kill_at)], check=False)
    folder.add("recorder", tmp_path / "runs")
    model = torch.nn.Sequential(
        torch.nn.Embedding(32, 8), torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 32)
    )
    costs = [comptometer.count(model, torch.zeros(4, length, dtype=torch.long)).training for length in (5, 8)]

    def cost(first: int, last: int) -> int:
        return sum(costs[(number - 1) % 2] for number in range(first, last + 1))

    assert flop(folder) == (cost(1, 6) + cost(5, 11) + cost(9, 12), cost(1, 12))
    rows = {row["outcome"]: row["jobs"] for row in folder.total("--by", "outcome")["rows"]}
    assert rows == {"CRASHED": 2, "COMPLETED": 1}
