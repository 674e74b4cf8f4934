"""What both forms of Slurm's accounting have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from comptometer.errors import DataError
from comptometer.ledger.importers import Options
from comptometer.ledger.rows import Job

STATES = frozenset(
    {
        "BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "CONFIGURING", "DEADLINE", "FAILED", "NODE_FAIL",
        "OUT_OF_MEMORY", "PENDING", "PREEMPTED", "REQUEUED", "RESIZING", "REVOKED", "RUNNING", "SIGNALING",
        "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED", "TIMEOUT",
    }
)  # fmt: skip
_GPU = "gres/gpu"
_DATABASE_IDS = re.compile(r"\d+=")
_TAG = re.compile(r"(?:^|[;,|\s])(model|stage|run)=([^;,|\s]+)")  # a | may also be where columns part


@lru_cache(maxsize=1024)
def state(text: str) -> str:
    """The state itself: "CANCELLED by 1000" is CANCELLED.

    Raises:
        ValueError: Slurm has no such state.
    """
    word = (text.split() or [""])[0].rstrip("+").upper()
    if word not in STATES:
        raise ValueError(f"State: {text[:40]!r} is none of Slurm's")
    return word


@lru_cache(maxsize=4096)
def gpus(tres: str) -> Mapping[str, float]:
    """Chips of an allocation by type, from its trackable resources; the type is empty where none is named.

    `gres/gpu:h100=8,gres/gpu=8` are eight: the second entry repeats the first.

    Raises:
        ValueError: it cannot be read.

    >>> gpus("billing=1,gres/gpu:a100=1,gres/gpu:h100=2,gres/gpu=3"), gpus("cpu=1,gres/gpu=4")
    ({'a100': 1.0, 'h100': 2.0}, {'': 4.0})
    """
    if _DATABASE_IDS.match(tres):
        raise ValueError("AllocTRES: numbers of the database stand in place of names; export with sacct")
    entries: dict[str, float] = {}
    for part in filter(None, tres.split(",")):
        name, _, count = part.partition("=")
        if name == _GPU or name.startswith(f"{_GPU}:"):
            entries[name[len(_GPU) + 1 :]] = entries.get(name[len(_GPU) + 1 :], 0.0) + _count(part, count)
    return typed(entries)


def _count(part: str, text: str) -> float:
    if not text.isascii() or not text.isdigit() or int(text) > 10_000_000:
        raise ValueError(f"AllocTRES: {part[:40]!r} is not a number of GPUs")
    return float(text)


def typed(entries: Mapping[str, float]) -> dict[str, float]:
    """The typed entries, and of the untyped one what they leave over: all of it where there are none."""
    found = {name: count for name, count in entries.items() if name and count}
    untyped = entries.get("", 0.0)
    return found if found or not untyped else {"": untyped}


def held(elapsed: float, suspended: float, started: datetime | None, ended: datetime | None) -> float:
    """Seconds for which the chips worked for the job.

    Slurm versions differ in whether the elapsed time holds the suspended one; start and end tell.
    """
    if not suspended:
        return elapsed
    if started and ended:
        return max(min(elapsed, (ended - started).total_seconds() - suspended), 0.0)
    return max(elapsed - suspended, 0.0)


@lru_cache(maxsize=4096)
def tags(*comments: str) -> Mapping[str, str]:
    """Model, stage and run, where a comment names them: `stage=pretrain;model=demo-7b`."""
    return {name: value for comment in reversed(comments) for name, value in _TAG.findall(comment)}


def key(cluster: str, raw: str, submitted: datetime) -> str:
    """Tells one attempt from all others."""
    return f"slurm/{cluster}/{raw}/{int(submitted.timestamp())}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """Which chip is meant where Slurm says less: by type, by partition, by node; patterns as of a shell."""

    types: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Options) -> Inventory:
        """From a map file.

        Raises:
            DataError: it says something else.
        """
        parts = ("types", "partitions", "nodes")
        problems = [f"{name!r} is unknown; known are {', '.join(parts)}" for name in options.map if name not in parts]
        for name in parts:
            table = options.map.get(name, {})
            if not isinstance(table, dict) or not all(isinstance(chip, str) for chip in table.values()):
                problems.append(f'[{name}]: names and chips are wanted, e.g. h100 = "h100-sxm"')
        if problems:
            raise DataError(options.map_place, problems)
        return cls(**{name: options.map.get(name, {}) for name in parts})

    def chip(self, name: str, partition: str, nodes: str) -> str:
        """The chip that a type is, of a job in this partition on these nodes."""
        for value, rules in ((name, self.types), (partition, self.partitions), (nodes, self.nodes)):
            for pattern, chip in rules.items():
                if value and fnmatchcase(value, pattern):
                    return chip
        return name


@dataclass(slots=True)
class Allocation:
    """An attempt without its chips, and these by type; steps that follow it may still add to it."""

    job: Job
    chips: Mapping[str, float]

    def rows(self, inventory: Inventory) -> Iterator[Job]:
        """A row for each type of chip; one without chips is a row too."""
        for name, count in self.chips.items() or [("", 0.0)]:
            job = replace(self.job) if len(self.chips) > 1 else self.job
            job.chips = count
            job.chip_name = inventory.chip(name, job.partition, job.nodes) if count else ""
            yield job


def text(value: Any) -> str:
    """A text, or nothing."""
    return value if isinstance(value, str) else ""
