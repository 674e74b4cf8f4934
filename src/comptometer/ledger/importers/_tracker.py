"""What trackers of experiments have in common: runs with parameters, metrics by step, and readings of the system.

Trackers hold what somebody logged, under names that they chose. Those that say what a ledger wants are here; what goes
by other names is not guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from comptometer.ledger.instants import EARLIEST, LATEST, from_epoch
from comptometer.ledger.rows import SHARES, Job, Sample

CHIP = ("gpu", "gpu_model", "gpu_name", "gpu_type", "accelerator")
CHIPS = ("world_size", "num_gpus", "n_gpus", "ngpus", "gpus", "gpu_count")
FLOP = ("total_flos", "total_flops", "train/total_flos", "flops_cum", "total_flop", "model_flop")
TOKENS = ("tokens", "tokens_seen", "num_tokens", "train/num_input_tokens_seen", "num_input_tokens_seen")
MFU = ("mfu", "train/mfu", "perf/mfu")
MOST_CHIPS, MOST_FLOP = 10_000_000, 1e32
MEGA, MEBI = 1e6, 1024.0**2
SYSTEM: Mapping[str, tuple[str, float]] = {  # what stands after the number of the chip → metric, unit
    "gpu": ("gpu_utilization", 0.01), "utilization_percentage": ("gpu_utilization", 0.01),
    "memoryAllocatedBytes": ("memory_used", 1.0), "memory_usage_megabytes": ("memory_used", MEGA),
    "powerWatts": ("power", 1.0), "power_usage_watts": ("power", 1.0), "smClock": ("sm_clock", 1.0),
}  # fmt: skip
_SYSTEM = re.compile(r"(?:system/)?gpu[._](\d+)[._](\w+)")
_PLACES = re.compile(r"\W+")


@dataclass(slots=True, kw_only=True)
class Run:
    """A run as it is read; `metrics` has the last value of a name by step, and when it was logged."""

    tracker: str
    id: str
    name: str = ""
    user: str = ""
    host: str = ""
    project: str = ""
    stage: str = ""
    chip: str = ""
    chips: float | None = None
    started: datetime | None = None
    ended: datetime | None = None
    seconds: float | None = None
    outcome: str = ""
    said: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, dict[int, tuple[float, float]]] = field(default_factory=dict)
    last: float = -math.inf

    def log(self, name: str, step: int, value: float, seconds: float) -> None:
        """A value at a step and a moment; of several at one step the last to be logged counts."""
        if math.isfinite(seconds) and seconds > self.last:
            self.last = seconds
        if not math.isfinite(value) or name not in LOGGED:
            return
        steps = self.metrics.setdefault(name, {})
        if step not in steps or steps[step][1] <= seconds:
            steps[step] = (value, seconds)

    def _latest(self, names: tuple[str, ...], most: float) -> float | None:
        """The value at the highest step of the first of these names that was logged."""
        for name in names:
            if steps := self.metrics.get(name):
                value = steps[max(steps)][0]
                return value if 0 < value <= most else None
        return None

    def _count(self) -> float:
        for name in CHIPS:
            try:
                value = float(self.said.get(name, ""))
            except ValueError:
                continue
            if 0 < value <= MOST_CHIPS:
                return value
        return self.chips or 0.0

    def _mfu(self) -> float | None:
        for name in MFU:
            if steps := self.metrics.get(name):
                mean = sum(value for value, _ in steps.values()) / len(steps)
                return mean if 0 < mean <= 1 else None
        return None

    def job(self, line: int = 1) -> Job:
        """The row of the run."""
        ended = self.ended or moment(self.last)
        if self.started and ended and ended < self.started:
            raise ValueError(f"ended {ended.isoformat()}, before its start, {self.started.isoformat()}")
        seconds = self.seconds
        if seconds is None:
            seconds = (ended - self.started).total_seconds() if self.started and ended else 0.0
        chips = self._count()
        chip = self.chip or next((self.said[name] for name in CHIP if self.said.get(name)), "")
        steps = [step for steps in self.metrics.values() for step in steps]
        tokens = self._latest(TOKENS, 1e20)
        facts = {"last_step": max(steps, default=None), "tokens": None if tokens is None else int(tokens)}
        return Job(
            line=line,
            key=f"{self.tracker}/{self.id}",
            job=self.id,
            name=self.name,
            user=self.user,
            nodes=self.host,
            project=self.project,
            model=self.said.get("model", ""),
            stage=self.said.get("stage", "") or self.stage,
            run=self.said.get("run", ""),
            comment=";".join(f"{name}={value}" for name, value in facts.items() if value is not None),
            started=self.started,
            ended=ended,
            seconds=seconds,
            elapsed_seconds=seconds,
            chips=chips,
            chip_name=chip if chips else "",
            outcome=self.outcome,
            mfu=self._mfu(),
            flop=self._latest(FLOP, MOST_FLOP),
        )

    def sample(self, name: str, seconds: float, value: float, line: int = 1) -> Sample | None:
        """A reading of a chip; None for other names, and for what is out of its bounds."""
        found, at = _SYSTEM.fullmatch(name), moment(seconds)
        if not found or found[2] not in SYSTEM or at is None:
            return None
        metric, unit = SYSTEM[found[2]]
        if not 0 <= value * unit < math.inf or (metric in SHARES and value * unit > 1):
            return None
        return Sample(
            line=line,
            device=f"{self.tracker}/{self.id}/{found[1]}",
            metric=metric,
            moment=at,
            value=value * unit,
            node=self.host,
            chip_name=self.chip or next((self.said[name] for name in CHIP if self.said.get(name)), ""),
            job=self.id,
        )


LOGGED = frozenset({*FLOP, *TOKENS, *MFU, "loss", "train/loss", "step", "global_step", "train/global_step"})


def moment(seconds: float) -> datetime | None:
    """An instant, or None where the number is none that a log can have."""
    if not math.isfinite(seconds) or not 0 < seconds < 1e11:
        return None
    found = from_epoch(seconds)
    return found if EARLIEST <= found <= LATEST else None


def said(value: Any) -> str:
    """A parameter as text; nothing of what is no text and no number."""
    return str(value)[:1000] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def files_in(folder: Path, pattern: str) -> Iterator[Path]:
    """Files below a folder by their names, in order; links are not followed."""
    for path in sorted(folder.rglob(pattern)):
        if path.is_file() and not path.is_symlink():
            yield path
