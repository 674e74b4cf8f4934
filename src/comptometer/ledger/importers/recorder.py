"""Segments of `comptometer.Recorder`: one file for each process of each start of a run.

    comptometer ledger import recorder FOLDER --ledger ledger

A process is an attempt with its hours and the FLOP that it counted; between two checkpoints or rewinds it did a
stretch of steps, of which the sums stand in a table of their own. A line is known by run, attempt, rank and its number:
what stands in several copies of a segment counts once, of a segment that grew the longer version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._lines import lines
from comptometer.ledger.rows import Job, Stretch
from comptometer.recorder.lines import SCHEMA, decoded

CRASHED = "CRASHED"
SUMS = ("steps", "tokens", "padded_tokens", "samples", "model_flop", "hardware_flop")
Record = Mapping[str, Any]


@dataclass(slots=True)
class Running:
    """A stretch that is still being read."""

    line: int
    seq: int
    begins: int
    moment: datetime
    first_step: int
    last_step: int = 0
    last_seq: int = 0
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMS, 0))
    seconds: float = 0.0
    energy: float | None = None

    def add(self, window: Record) -> None:
        """One more window."""
        for name in SUMS:
            self.sums[name] += int(window[name])
        self.seconds += float(window["seconds"])
        if "energy_joule" in window:
            self.energy = (self.energy or 0.0) + float(window["energy_joule"])
        self.last_step, self.last_seq = int(window["last_step"]), int(window["seq"])


@dataclass(slots=True)
class Segment:
    """What was read of a file so far."""

    opening: Record
    line: int
    step: int
    last: float
    parent: str = ""
    turn: int = 0
    end: str = ""
    flop: int = 0
    counted: bool = False
    seen: set[int] = field(default_factory=set)
    stretch: Running | None = None

    @property
    def key(self) -> str:
        """Of the process."""
        said = self.opening
        return f"recorder/{said['run_id']}/{said['attempt_id']}/{said['rank']}"

    def read(self, number: int, record: Record) -> Iterator[Found]:
        """One record after the opening; those of a kind that is not known say nothing."""
        self.last = max(self.last, float(record["monotonic"]))
        match record["kind"]:
            case "window":
                self._window(number, record)
                if record["uncounted_steps"]:
                    yield LeftOut(number, "steps of a window whose FLOP could not be counted")
            case "checkpoint" if record["committed"]:
                yield from self.finished(committed=record["step"] == self.step)
            case "rewind":
                yield from self.finished()
                self.turn += 1
                self.step = int(record["to_step"])
                self.parent = str(record.get("parent_attempt_id") or "")
            case "close":
                self.end = str(record["reason"])

    def _window(self, number: int, record: Record) -> None:
        if self.stretch is None:
            moment = datetime.fromtimestamp(float(record["utc"]), UTC)
            self.stretch = Running(number, int(record["seq"]), self.step, moment, int(record["first_step"]))
        self.stretch.add(record)
        self.step = self.stretch.last_step
        self.flop += int(record["model_flop"])
        self.counted |= record["uncounted_steps"] < record["steps"]

    def finished(self, *, committed: bool = False) -> Iterator[Stretch]:
        """The stretch that ends here, if there is one."""
        found, self.stretch = self.stretch, None
        if found is None:
            return
        said, sums = self.opening, found.sums
        yield Stretch(
            line=found.line,
            key=f"{self.key}/{found.seq}",
            job_key=self.key,
            run=said["run_id"],
            launch=said["launch"],
            attempt=said["attempt_id"],
            parent=self.parent,
            rank=said["rank"],
            turn=self.turn,
            last_seq=found.last_seq,
            begins=found.begins,
            first_step=found.first_step,
            last_step=found.last_step,
            committed=committed,
            moment=found.moment,
            flop=float(sums.pop("model_flop")),
            hardware_flop=float(sums.pop("hardware_flop")),
            seconds=found.seconds,
            energy_joule=found.energy,
            **sums,
        )

    def job(self) -> Job:
        """The process as an attempt."""
        said, scheduler = self.opening, self.opening["scheduler"]
        started = datetime.fromtimestamp(float(said["utc"]), UTC)
        seconds = self.last - float(said["monotonic"])
        cluster, number = scheduler.get("SLURM_CLUSTER_NAME", ""), scheduler.get("SLURM_JOB_ID", "")
        return Job(
            line=self.line,
            key=self.key,
            cluster=cluster,
            job=number or said["attempt_id"],
            allocation=f"slurm/{cluster}/{number}" if number else "",
            nodes=said["node"],
            model=said["model"],
            stage=said["stage"],
            run=said["run_id"],
            started=started,
            ended=started + timedelta(seconds=seconds),
            seconds=seconds,
            elapsed_seconds=seconds,
            chips=float(said["chips"]),
            chip_name=said["chip"] or said["device"],
            outcome=outcome(self.end),
            flop=float(self.flop) if self.counted else None,
        )


def outcome(reason: str) -> str:
    """The state that the end of a segment tells; one without an end crashed, or still runs."""
    if reason.startswith("error"):
        return "FAILED"
    return {"": CRASHED, "completed": "COMPLETED", "SIGTERM": "CANCELLED"}.get(reason, "EXITED")


@importer("recorder", evidence="recorder", pattern="*.jsonl.*")
def recorder(path: Path, options: Options) -> Iterator[Found]:
    """The attempt and the stretches of a segment."""
    segment: Segment | None = None
    broken: Wrong | None = None
    for number, record in _records(path, options):
        if broken:
            yield broken
            broken = None
        if record is None:
            broken = Wrong(number, "is cut off or was changed: its checksum is another one")
            continue
        try:
            if segment is None:
                segment = _opened(number, record)
                if record["scope"] == "global" and record["rank"] != 0:
                    yield LeftOut(number, "another process of a run whose rank 0 counts for all")
                    return
            elif record["seq"] not in segment.seen:
                segment.seen.add(record["seq"])
                yield from segment.read(number, record)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            yield Wrong(number, f"is no record of this kind: {type(error).__name__}: {error}")
            if segment is None:
                return
    if broken:
        yield LeftOut(broken.line, "a last line that was cut off")
    if segment is not None:
        yield from segment.finished()
        yield segment.job()


def _records(path: Path, options: Options) -> Iterator[tuple[int, Record | None]]:
    for line in lines(path, options):
        number = line.line if isinstance(line, Wrong) else line.number
        yield number, None if isinstance(line, Wrong) else decoded(line.text.encode())


def _opened(number: int, record: Record) -> Segment:
    if record["kind"] != "open" or record["schema"] != SCHEMA:
        raise ValueError(f"a segment begins with its opening, of {SCHEMA}")
    for name, kind in (("run_id", str), ("attempt_id", str), ("launch", str), ("rank", int), ("scheduler", dict)):
        if not isinstance(record[name], kind):
            raise TypeError(f"{name} is {record[name]!r:.40}")
    return Segment(record, number, int(record["step"]), float(record["monotonic"]), seen={int(record["seq"])})
