"""`comptometer.Recorder` in the loop: what it counts, writes and survives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import comptometer
from comptometer import Recorder
from comptometer.errors import UsageError
from comptometer.recorder.identity import ENVIRONMENT, ulid
from comptometer.recorder.lines import decoded, encoded


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


def records(path: Path, kind: str = "") -> list[dict[str, Any]]:
    """The records of the only segment in a folder."""
    (segment,) = path.glob("*.jsonl.*")
    found = [decoded(line) for line in segment.read_bytes().splitlines()]
    assert None not in found
    return [one for one in found if one and kind in {"", one["kind"]}]


def total(path: Path, name: str) -> Any:
    return sum(window[name] for window in records(path, "window"))


def python(code: str, *arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def test_a_step_costs_what_count_says_and_each_shape_is_counted_once(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    short, long = torch.zeros(4, 8), torch.zeros(9, 8)
    counted: list[Any] = []

    def counter(model: Any, inputs: Any) -> Any:
        counted.append(tuple(inputs.shape))
        return comptometer.count(model, inputs)

    with Recorder(tmp_path, model, counter=counter) as recorder:
        for inputs in [short, long, short, short, long]:
            with recorder.step(inputs, tokens=inputs.shape[0]):
                model(inputs).sum().backward()
    assert counted == [(4, 8), (9, 8)]
    costs = {len(x): comptometer.count(model, x).training for x in (short, long)}
    assert total(tmp_path, "model_flop") == 3 * costs[4] + 2 * costs[9]
    assert (total(tmp_path, "tokens"), total(tmp_path, "steps")) == (30, 5)


def test_recomputation_is_hardware_flop_and_no_model_flop(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.checkpoint import checkpoint

    class Block(torch.nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8))

        def forward(self, x: Any) -> Any:
            return checkpoint(self.inner, x, use_reentrant=False)

    model, x = torch.nn.Sequential(torch.nn.Linear(8, 8), Block()), torch.zeros(4, 8)
    with Recorder(tmp_path, model) as recorder, recorder.step(x):
        model(x).sum().backward()
    counted = comptometer.count(model, x)
    assert counted.recomputed > 0
    assert total(tmp_path, "model_flop") == counted.training
    assert total(tmp_path, "hardware_flop") == counted.training + counted.recomputed


def test_a_step_of_several_passes_is_one_step(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder, recorder.step() as passes:
        for real in (5, 6):
            passes.add(flop=100, tokens=real, padded_tokens=8, samples=2)
    (window,) = records(tmp_path, "window")
    assert [window[name] for name in ("steps", "micro_steps", "tokens", "padded_tokens", "samples", "model_flop")] == [
        1, 2, 11, 16, 4, 200,
    ]  # fmt: skip


def test_a_step_that_raises_is_none_and_its_exception_goes_on(tmp_path: Path) -> None:
    def loop() -> None:
        with Recorder(tmp_path) as recorder:
            with recorder.step(flop=1):
                pass
            with recorder.step(flop=1):
                raise RuntimeError("loss is nan")

    with pytest.raises(RuntimeError, match="loss is nan"):
        loop()
    assert total(tmp_path, "steps") == 1
    assert records(tmp_path)[-1]["reason"] == "error: RuntimeError"


class Hostile:
    @property
    def shape(self) -> Any:
        raise RuntimeError("no shape today")


@pytest.mark.parametrize("inputs", [Hostile(), object(), [1, 2], {"a": {}}])
def test_what_cannot_be_counted_reaches_no_loop_and_is_said(tmp_path: Path, inputs: Any) -> None:
    with Recorder(tmp_path, object()) as recorder:
        for _ in range(3):
            with recorder.step(inputs, tokens="many"):  # type: ignore[arg-type]
                pass
        assert recorder.mfu is None
    assert (total(tmp_path, "steps"), total(tmp_path, "uncounted_steps"), total(tmp_path, "model_flop")) == (3, 3, 0)


def test_a_known_chip_has_a_dense_peak_with_its_source(tmp_path: Path) -> None:
    with Recorder(tmp_path, device="NVIDIA H100 80GB HBM3", precision="bf16") as recorder:
        for _ in range(2):
            with recorder.step(flop=10**9):
                pass
        recorder.saved()
        assert recorder.mfu is not None
        windows = records(tmp_path, "window")
        assert recorder.mfu == pytest.approx(
            sum(w["model_flop"] for w in windows) / sum(w["seconds"] for w in windows) / 989.4e12
        )
    opening = records(tmp_path, "open")[0]
    assert (opening["peak_flop_per_second"], opening["chip"]) == (989.4e12, "nvidia/h100-sxm")
    assert opening["peak_source"].startswith("nvidia-2023-h100-whitepaper")


@pytest.mark.parametrize(
    ("device", "precision", "why"),
    [("abacus", "bf16", "abacus"), ("h100", "bf16", "name one"), ("h100-sxm", None, "number format"),
     ("h100-sxm", "fp2", "fp2"), (None, "bf16", "on no record")],
)  # fmt: skip
def test_an_unknown_device_or_format_has_no_mfu(
    tmp_path: Path, device: str | None, precision: str | None, why: str
) -> None:
    with Recorder(tmp_path, device=device, precision=precision) as recorder:
        with recorder.step(flop=10**9):
            pass
        recorder.saved()
        assert recorder.mfu is None
    assert why in records(tmp_path, "open")[0]["no_mfu"]
    assert all("mfu" not in window for window in records(tmp_path, "window"))


def test_evaluation_and_checkpoints_are_in_no_rate(tmp_path: Path) -> None:
    with Recorder(tmp_path, interval=60) as recorder:
        for _ in range(2):
            with recorder.step(flop=1):
                pass
            with recorder.excluded("evaluation"):
                time.sleep(0.05)
    windows, end = records(tmp_path, "window"), records(tmp_path, "close")[0]
    assert sum(window["excluded_seconds"].get("evaluation", 0) for window in windows) >= 0.05
    assert end["excluded_seconds"]["evaluation"] >= 0.05
    assert sum(window["seconds"] for window in windows) < 0.05  # the pause between the steps is not in it


def test_the_run_is_the_same_after_a_restart_and_the_attempt_another(tmp_path: Path) -> None:
    with Recorder(tmp_path) as first, first.step(flop=1):
        pass
    state = first.state_dict()
    with Recorder(tmp_path) as second:
        second.load_state_dict(state)
        with second.step(flop=1):
            pass
    assert (first.run_id, first.step_number) == (second.run_id, 1)
    assert second.step_number == 2
    assert first.attempt_id != second.attempt_id
    assert len(list(tmp_path.glob("*.jsonl.done"))) == 2


def test_processes_of_one_folder_agree_on_the_run_and_share_no_file(tmp_path: Path) -> None:
    code = """
        import sys
        from comptometer import Recorder
        with Recorder(sys.argv[1], rank=0, summary=False) as recorder:
            for _ in range(50):
                with recorder.step(flop=3): pass
        print(recorder.run_id)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    racing = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in racing}) == 1
    found = [decoded(line) for path in tmp_path.glob("*.jsonl.done") for line in path.read_bytes().splitlines()]
    assert sum(one["model_flop"] for one in found if one and one["kind"] == "window") == 4 * 50 * 3


def test_a_clock_that_is_set_back_changes_no_duration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.time()
    with Recorder(tmp_path) as recorder:
        for step in range(3):
            monkeypatch.setattr(time, "time", lambda step=step: clock - 3600.0 * step)
            with recorder.step(flop=1):
                pass
            recorder.saved()
    monkeypatch.undo()
    found = records(tmp_path)
    assert [one["seq"] for one in found] == list(range(len(found)))
    assert found[-1]["utc"] < found[0]["utc"] - 3600
    assert all(0 <= window["seconds"] < 60 for window in records(tmp_path, "window"))
    assert [one["monotonic"] for one in found] == sorted(one["monotonic"] for one in found)


def test_sigterm_writes_the_end_and_still_ends_the_process(tmp_path: Path) -> None:
    code = """
        import sys, time
        from comptometer import Recorder
        recorder = Recorder(sys.argv[1], interval=3600, summary=False)
        with recorder.step(flop=5): pass
        print("ready", flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert (total(tmp_path, "model_flop"), records(tmp_path)[-1]["reason"]) == (5, "SIGTERM")
    assert list(tmp_path.glob("*.jsonl.done"))


def test_a_handler_of_the_loop_for_sigterm_runs_after_the_end_is_written(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        signal.signal(signal.SIGTERM, lambda number, frame: print("the loop's own"))
        from comptometer import Recorder
        recorder = Recorder(sys.argv[1], summary=False)
        os.kill(os.getpid(), signal.SIGTERM)
        recorder.close()
    """
    assert python(code, tmp_path).stdout == "the loop's own\n"
    assert records(tmp_path)[-1]["reason"] == "SIGTERM"


def test_a_loop_that_forgets_to_close_is_closed_when_python_ends(tmp_path: Path) -> None:
    code = """
        import sys
        from comptometer import Recorder
        recorder = Recorder(sys.argv[1])
        with recorder.step(flop=5): pass
    """
    done = python(code, tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("\n") == 1
    assert "1 steps" in done.stderr
    assert records(tmp_path)[-1]["reason"] == "exit"


def test_a_full_disk_stops_no_training_and_what_was_dropped_is_counted(tmp_path: Path) -> None:
    code = """
        import resource, sys
        from comptometer import Recorder
        recorder = Recorder(sys.argv[1], summary=False)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        def step():
            with recorder.step(flop=5): pass
            recorder.saved()
        for _ in range(3): step()
        resource.setrlimit(resource.RLIMIT_FSIZE, (recorder.path.stat().st_size + 100, hard))
        for _ in range(4): step()
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        for _ in range(2): step()
        recorder.close()
        print(recorder.step_number)
    """
    done = python(code, tmp_path)
    assert (done.stdout, done.returncode) == ("9\n", 0), done.stderr
    assert total(tmp_path, "steps") == 5
    assert records(tmp_path)[-1]["dropped"] == {"records": 8, "steps": 4, "model_flop": 20}


def test_energy_is_that_between_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from comptometer.recorder.energy import joules
    from comptometer.recorder.tally import Tally
    from comptometer.recorder.window import Window

    millijoules = iter([5000, 10_000, 12_500, 20_000])
    library = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: {"GPU-1-2": "handle"}[uuid],
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: next(millijoules),
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert joules("") is None
    assert joules("9-9") is None
    tally = Tally(None, 1, joules("1-2"))
    assert [tally.note(Window()).get("energy_joule") for _ in range(3)] == [2.5, 7.5, None]


def test_ranks_and_launches_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"RANK": "3", "WORLD_SIZE": "8", "SLURM_JOB_ID": "77", "SLURM_CLUSTER_NAME": "a", "SLURM_RESTART_COUNT": "2",
            "SLURMD_NODENAME": "n1"}  # fmt: skip
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    Recorder(tmp_path, summary=False).close()
    opening = records(tmp_path, "open")[0]
    assert (opening["rank"], opening["world_size"], opening["node"]) == (3, 8, "n1")
    assert opening["launch"] == "slurm/a/77/2/0"
    assert opening["scheduler"]["SLURM_JOB_ID"] == "77"


def test_a_child_of_the_process_closes_nothing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, summary=False)
    code = "import os; os._exit(0)"
    assert python(code).returncode == 0
    recorder._pid = os.getpid() + 1  # as in a process that was forked
    recorder.close()
    assert list(tmp_path.glob("*.jsonl.open"))
    recorder._pid = os.getpid()
    recorder.close()
    assert list(tmp_path.glob("*.jsonl.done"))


def test_ids_sort_by_time_and_differ() -> None:
    ids = [ulid(milliseconds) for milliseconds in (0, 1, 2**40, 2**48 - 1)]
    assert ids == sorted(ids)
    assert all(len(one) == 26 for one in ids)
    assert len({ulid(5) for _ in range(1000)}) == 1000


def test_a_changed_line_is_no_record() -> None:
    line = encoded({"kind": "window", "model_flop": 10**30})
    assert json.loads(line)["model_flop"] == 10**30
    assert decoded(line) == {"kind": "window", "model_flop": 10**30}
    for at in range(len(line) - 1):
        assert decoded(line[:at]) is None
        assert decoded(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]) is None


@pytest.mark.parametrize(
    "wrong", [{"scope": "node"}, {"interval": 0}, {"step": -1}, {"chips": 0}, {"interval": float("nan")}]
)
def test_what_cannot_be_is_refused_before_the_loop_begins(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Recorder(tmp_path, **wrong)
    assert not list(tmp_path.glob("*.jsonl.*"))


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written to"):
        Recorder(tmp_path / "file")
