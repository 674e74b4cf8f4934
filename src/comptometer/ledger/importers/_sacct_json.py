"""`sacct --json`: one object with a list of jobs; instants are seconds since 1970.

Newer versions wrap numbers in {set, infinite, number} and list the states; both are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, Options, Wrong
from comptometer.ledger.importers._lines import document
from comptometer.ledger.importers._slurm import Allocation, Inventory, held, key, state, tags, text, typed
from comptometer.ledger.instants import from_epoch
from comptometer.ledger.rows import Job

Json = Mapping[str, Any]


def read(path: Path, options: Options) -> Iterator[Found]:
    """The allocations of a file; a "line" is the place in the list, from 1."""
    content = document(path, options)
    jobs = content.get("jobs") if isinstance(content, dict) else None
    if not isinstance(jobs, list):
        raise DataError(path.name, ['holds no list "jobs": export it with sacct -a -D --json -S START -E END'])
    inventory = Inventory.of(options)
    for place, entry in enumerate(jobs, 1):
        try:
            allocation = _allocation(place, entry, options)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            yield Wrong(place, str(error) if isinstance(error, ValueError) else "has not the shape of a job")
            continue
        yield from allocation.rows(inventory)


def _number(value: Any, name: str) -> float:
    """A number, plain or wrapped; 0 where it is not set.

    Raises:
        ValueError: it is none, infinite or negative.
    """
    if isinstance(value, dict):
        if value.get("infinite"):
            raise ValueError(f"{name}: is infinite")
        value = value.get("number") if value.get("set", True) else None
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ValueError(f"{name}: {str(value)[:40]!r} is no length of time or number")
    return float(value)


def _allocation(place: int, entry: Json, options: Options) -> Allocation:
    time = entry["time"]
    submitted = _number(time["submission"], "time.submission")
    start, end = (_number(time.get(name), f"time.{name}") for name in ("start", "end"))
    if not submitted:
        raise ValueError("time.submission: is missing; without it attempts of one job cannot be told apart")
    if start and end and end < start:
        raise ValueError("time.end: is before the start")
    elapsed = _number(time.get("elapsed"), "time.elapsed") if start else 0.0
    suspended = _seconds(time.get("suspended"))
    started, ended = (from_epoch(value) if value else None for value in (start, end))
    number = str(int(_number(entry["job_id"], "job_id")))
    cluster, moment = text(entry.get("cluster")) or options.cluster, from_epoch(submitted)
    if not cluster:
        raise ValueError("cluster: is missing; give --cluster NAME")
    comment = entry.get("comment") or {}
    nodes = text(entry.get("nodes"))
    tagged = tags(text(comment.get("job")), text(comment.get("administrator")))
    attempt = key(cluster, number, moment)
    job = Job(
        line=place,
        key=attempt,
        cluster=cluster,
        job=_shown(entry, number),
        name=text(entry.get("name")),
        user=text(entry.get("user")),
        project=text(entry.get("account")),
        partition=text(entry.get("partition")),
        nodes="" if nodes == "None assigned" else nodes,
        model=tagged.get("model", ""),
        stage=tagged.get("stage", ""),
        run=tagged.get("run", ""),
        comment=text(comment.get("job")),
        submitted=moment,
        started=started,
        ended=ended,
        seconds=held(elapsed, suspended, started, ended),
        elapsed_seconds=elapsed,
        suspended_seconds=suspended,
        step_seconds=_longest_step(entry),
        outcome=_state(entry["state"]["current"]),
        allocation=attempt.rpartition("/")[0],
    )
    return Allocation(job, _gpus(entry) if started else {})


def _seconds(value: Any) -> float:
    """Suspended time, of which some versions give whole seconds and others {seconds, microseconds}."""
    if isinstance(value, dict) and "seconds" in value:
        value = value["seconds"]
    return _number(value, "time.suspended")


def _state(current: Any) -> str:
    """The state, of which newer versions give a list: the first is the state itself, the others are flags of it."""
    return state(str(current[0] if isinstance(current, list) and current else current))


def _shown(entry: Json, number: str) -> str:
    """The number as people write it: `15_0` of an array, `28+1` of a heterogeneous job."""
    for name, task, sign in (("array", "task_id", "_"), ("het", "job_offset", "+")):
        group = entry.get(name) or {}
        parent = int(_number(group.get("job_id"), f"{name}.job_id"))
        at = group.get(task)
        if parent and at is not None and not (isinstance(at, dict) and not at.get("set")):
            return f"{parent}{sign}{int(_number(at, task))}"
    return number


def _longest_step(entry: Json) -> float | None:
    times = [_number(step["time"].get("elapsed"), "steps.time.elapsed") for step in entry.get("steps") or []]
    return max(times, default=None)


def _gpus(entry: Json) -> dict[str, float]:
    """Chips of the allocation by type: `gpu` repeats what `gpu:h100` says."""
    counts: dict[str, float] = {}
    for tres in (entry.get("tres") or {}).get("allocated") or []:
        name = text(tres.get("name"))
        if tres.get("type") == "gres" and (name == "gpu" or name.startswith("gpu:")):
            kind = name.partition(":")[2]
            counts[kind] = counts.get(kind, 0.0) + _number(tres.get("count"), "tres.allocated")
    return typed(counts)
