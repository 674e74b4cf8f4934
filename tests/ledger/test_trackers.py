"""Runs of trackers: what they logged, whether they ended, and the FLOP that they counted, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger_folder import SHARED, Folder
from tracker_files import (
    BEGAN,
    ENVIRONMENT,
    EXIT,
    event,
    history,
    mlflow_database,
    mlflow_folder,
    stats,
    tf_record,
    wandb_log,
    wandb_run,
)  # fmt: skip

STEPS = [history(step, tokens=100 * (step + 1), flops_cum=1e18 * (step + 1)) for step in range(5)]


def runs(folder: Folder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(folder.run("runs", "--json").stdout)["runs"]
    return found


def flop(folder: Folder) -> float:
    return float(folder.total()["total"]["flop"]["p50"])


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# wandb


def test_an_offline_run_of_wandb(folder: Folder, tmp_path: Path) -> None:
    reading = stats(2, gpu__0__gpu=90.0, gpu__1__powerWatts=600.0, cpu=3.0)
    log = wandb_log(wandb_run(model="demo", world_size=16), ENVIRONMENT, *STEPS, reading, EXIT)
    written(tmp_path / "offline-run-1/run-r1.wandb", log)
    report = folder.add("wandb", tmp_path / "offline-run-1")
    assert report["status"] == 0
    (run,) = runs(folder)
    assert (run["job"], run["name"], run["user"], run["model"], run["stage"]) == (
        "r1",
        "run one",
        "alice",
        "demo",
        "sft",
    )
    assert (run["chips"], run["chip"], run["seconds"], run["outcome"]) == (16, "nvidia/h100-sxm", 4, "COMPLETED")
    assert flop(folder) == 5e18
    assert {row["metric"]: row["mean"] for row in folder.total()["telemetry"]} == {"gpu_utilization": 0.9, "power": 600}


def test_records_over_several_blocks_are_read(folder: Folder, tmp_path: Path) -> None:
    log = wandb_log(wandb_run(model="demo", notes="x" * 100_000), ENVIRONMENT, *STEPS, EXIT)
    assert len(log) > 3 * 32_768
    assert folder.add("wandb", written(tmp_path / "run-r1.wandb", log))["status"] == 0
    assert (flop(folder), runs(folder)[0]["chips"]) == (5e18, 2)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_run_that_was_cut_off_keeps_its_whole_records(folder: Folder, tmp_path: Path, cut: int) -> None:
    log = wandb_log(wandb_run(), ENVIRONMENT, *STEPS)[:-cut]
    document = folder.add("wandb", written(tmp_path / "run-r1.wandb", log))
    assert "ends within a record" in document["files"][0]["problems"][0]["text"]
    assert (runs(folder)[0]["outcome"], flop(folder), document["status"]) == ("CRASHED", 4e18, 1)


def test_a_broken_record_ends_the_reading(folder: Folder, tmp_path: Path) -> None:
    log = bytearray(wandb_log(wandb_run(), ENVIRONMENT, *STEPS))
    log[-3] ^= 1
    document = folder.add("wandb", written(tmp_path / "run-r1.wandb", bytes(log)))
    assert "is broken" in document["files"][0]["problems"][0]["text"]
    assert flop(folder) == 4e18


# TensorBoard


def test_after_a_resume_the_last_wall_time_wins(folder: Folder, tmp_path: Path) -> None:
    before = [event(10.0 * step, step, total_flops=1e6 * step) for step in range(5)]
    after = [event(100 + 10.0 * step, step, total_flops=3e6 * step) for step in range(3, 5)]
    written(tmp_path / "logs/a/events.out.tfevents.2.n1", b"".join(after))
    written(tmp_path / "logs/a/events.out.tfevents.1.n1", b"".join(before))
    document = folder.add("tensorboard", tmp_path / "logs")
    assert (len(document["files"]), document["status"]) == (1, 0)
    (run,) = runs(folder)
    assert (run["name"], run["seconds"]) == ("a", 40 + 10)  # the pause between the files is none of its time
    assert flop(folder) == 12e6


def test_a_longer_log_of_the_same_run_replaces_the_shorter(folder: Folder, tmp_path: Path) -> None:
    events = [event(10.0 * step, step, total_flops=1e6 * step) for step in range(5)]
    file = written(tmp_path / "a/events.out.tfevents.1.n1", b"".join(events[:3]))
    folder.add("tensorboard", file)
    file.write_bytes(b"".join(events)[:-2])
    document = folder.add("tensorboard", file)
    assert "ends within a record" in document["files"][0]["problems"][0]["text"]
    assert (len(runs(folder)), flop(folder)) == (1, 3e6)


def test_pictures_are_passed_over(folder: Folder, tmp_path: Path) -> None:
    log = event(0.0, 1, total_flops=1e6) + tf_record(bytes(2_000_000)) + event(5.0, 2, total_flops=2e6)
    assert folder.add("tensorboard", written(tmp_path / "a/x.tfevents.1", log))["status"] == 0
    assert flop(folder) == 2e6


# MLflow

RUN = {"id": "a1", "status": "FINISHED", "end": (BEGAN + 60) * 1000, "params": {"gpus": "2", "gpu_model": "H100 SXM"},
       "metrics": [("total_flops", 0, 1e18), ("total_flops", 1, 2e18),
                   ("system/gpu_0_utilization_percentage", 1, 97.0)],
       "tags": {"stage": "sft", "model": "demo"}}  # fmt: skip


def test_a_database_of_mlflow_is_read_and_not_touched(folder: Folder, tmp_path: Path) -> None:
    base = tmp_path / "mlflow.db"
    cut_off = {"id": "b2", "status": "RUNNING", "metrics": [("total_flops", 30, 5e18)]}
    parent = {"id": "p0", "status": "FINISHED", "end": (BEGAN + 90) * 1000, "params": {"gpus": "2"}}
    within = RUN | {"tags": {"mlflow.parentRunId": "p0", "stage": "sft", "model": "demo"}}
    mlflow_database(base, within, cut_off, parent)
    before = base.read_bytes()
    report = folder.add("mlflow", base)["files"][0]
    assert [row["reason"] for row in report["left_out"]] == ["a run with runs within it: they count"]
    found = {run["job"]: run for run in runs(folder)}
    assert (found["a1"]["chips"], found["a1"]["seconds"], found["a1"]["stage"]) == (2, 60, "sft")
    assert (found["b2"]["outcome"], found["b2"]["seconds"]) == ("CRASHED", 30)
    assert flop(folder) == 7e18
    assert (base.read_bytes(), sorted(path.name for path in tmp_path.glob("mlflow*"))) == (before, ["mlflow.db"])


def test_a_folder_of_runs_of_mlflow(folder: Folder, tmp_path: Path) -> None:
    meta = f"status: 3\nstart_time: {BEGAN * 1000}\nend_time: {(BEGAN + 60) * 1000}\n"
    values = {"total_flops": f"{BEGAN * 1000} 1e18 0\n{BEGAN * 1000 + 9} 2e18 1\n", "system/bad": "x y\n"}
    mlflow_folder(tmp_path / "mlruns", "a1", meta, values, {"gpus": "2", "gpu_model": "H100 SXM"})
    document = folder.add("mlflow", tmp_path / "mlruns")
    problems = [problem["text"] for file in document["files"] for problem in file["problems"]]
    assert problems == ["run a1: system/bad: 'y' at step '?' is no number"]
    (run,) = runs(folder)
    assert (run["chips"], run["seconds"], run["project"], flop(folder)) == (2, 60, "demo-7b", 2e18)
    with (tmp_path / "mlruns/1/a1/metrics/total_flops").open("a") as file:
        file.write(f"{BEGAN * 1000 + 20} 4e18 2\n")  # meta.yaml stays as it is
    folder.add("mlflow", tmp_path / "mlruns")
    assert flop(folder) == 4e18


def test_a_link_that_leads_out_of_a_folder_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    outside = written(tmp_path / "outside/run-r1.wandb", wandb_log(wandb_run(), *STEPS, EXIT))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/run-r1.wandb").symlink_to(outside)
    with pytest.raises(AssertionError, match=r"has no file named run-\*\.wandb"):
        folder.add("wandb", tmp_path / "runs")


# Trainer of Hugging Face


def state(step: int, flos: float, **more: Any) -> str:
    history = [{"step": 2, "loss": 6.93566370010376, "grad_norm": 1.6}]
    said = {"global_step": step, "max_steps": 8, "total_flos": flos, "train_batch_size": 2, "log_history": history}
    return json.dumps(said | more)


def test_checkpoints_of_one_run_of_a_trainer_count_once_in_any_order(folder: Folder, tmp_path: Path) -> None:
    for step in (6, 2, 4):
        written(tmp_path / f"out/checkpoint-{step}/trainer_state.json", state(step, 1e10 * step).encode())
    assert len(folder.add("hf-trainer", tmp_path / "out")["files"]) == 3
    assert (len(runs(folder)), flop(folder), runs(folder)[0]["outcome"]) == (1, 6e10, "RUNNING")
    folder.add("hf-trainer", "-", stdin=state(8, 8e10))
    assert (flop(folder), runs(folder)[0]["outcome"]) == (8e10, "COMPLETED")


def test_a_trainer_that_counted_nothing_says_so(folder: Folder) -> None:
    report = folder.add("hf-trainer", "-", stdin=state(8, 0.0))["files"][0]
    assert "no main_input_name" in report["left_out"][0]["reason"]
    assert folder.total()["total"]["flop"] is None


# Bad input


@pytest.mark.parametrize("kind", ["wandb", "tensorboard", "mlflow", "hf-trainer", "focus"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5000, bytes(range(256)) * 50, b"SQLite format 3\0" + b"x" * 4000, b"\x1f\x8b\x08junk", b"PK\x03\x04",
     b":W&B\xe1\xbe\x00", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', b"[" * 100_000],
)  # fmt: skip
def test_junk_ends_with_a_message(folder: Folder, tmp_path: Path, kind: str, content: bytes) -> None:
    document = folder.add(kind, written(tmp_path / "junk/run-x.wandb", content))
    assert document["status"] == 1
    assert document["refused"][0]["why"]
    assert not (folder.path / "jobs").exists()


@pytest.mark.parametrize(
    ("kind", "sample"), [("wandb", "wandb"), ("mlflow", "mlflow.db"), ("hf-trainer", "hf_trainer_state_real.json")]
)
def test_the_shared_samples(folder: Folder, kind: str, sample: str) -> None:
    path = SHARED / "samples" / sample
    if not path.exists():
        pytest.skip("the shared samples are not here")
    assert folder.add(kind, path)["status"] == 0
    assert flop(folder) == {"wandb": 8.8080384e17, "mlflow": 3e18, "hf-trainer": 11452022784}[kind]
