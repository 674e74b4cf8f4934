"""Runs of MLflow: its SQLite database, opened for reading only, or the folder of runs `mlruns`.

A run that is RUNNING and has no end was cut off; its last metric says until when it lived. A run with runs within it
holds their hours once more and is left out.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._lines import lines
from comptometer.ledger.importers._tracker import Run, files_in, moment

SQLITE = b"SQLite format 3\0"
OUTCOMES = {"FINISHED": "COMPLETED", "FAILED": "FAILED", "KILLED": "CANCELLED", "RUNNING": "CRASHED",
            "SCHEDULED": "PENDING"}  # fmt: skip
NUMBERED = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
PARENT = "mlflow.parentRunId"
WITHIN = "a run with runs within it: they count"
LONGEST_CELL = 1_000_000  # bytes
MOST_FILES = 10_000  # of one run


def _beside(path: Path) -> Sequence[Path]:
    """The files of a run beside its `meta.yaml`; a database has none."""
    if path.name != "meta.yaml":
        return ()
    return [file for part in ("metrics", "params", "tags") for file in files_in(path.parent / part, "*")][:MOST_FILES]


@importer("mlflow", evidence="tracker", pattern="meta.yaml", beside=_beside)
def mlflow(path: Path, options: Options) -> Iterator[Found]:
    """The runs of a database, or the run of a `meta.yaml`."""
    with path.open("rb") as file:
        start = file.read(len(SQLITE))
    return _database(path, options) if start == SQLITE else _folder(path, options)


# The database


def _database(path: Path, options: Options) -> Iterator[Found]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA query_only = ON")
            tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if lacking := {"runs", "metrics", "params", "tags", "experiments"} - tables:
                raise DataError(path.name, [f"is no database of MLflow: it has no table {', '.join(sorted(lacking))}"])
            yield from _runs(base)
    except sqlite3.Error as error:
        raise DataError(path.name, [f"cannot be read as SQLite: {error}"]) from None
    options.advance(path.stat().st_size)


def _runs(base: sqlite3.Connection) -> Iterator[Found]:
    parents = {value for (value,) in base.execute("SELECT value FROM tags WHERE key = ?", (PARENT,))}
    rows = base.execute(
        "SELECT r.run_uuid, r.name, r.user_id, r.status, r.start_time, r.end_time, e.name FROM runs r "
        "LEFT JOIN experiments e ON e.experiment_id = r.experiment_id ORDER BY r.start_time, r.run_uuid"
    )
    for place, (run_id, name, user, status, start, end, experiment) in enumerate(rows, 1):
        if run_id in parents:
            yield LeftOut(place, WITHIN)
            continue
        run = _run(str(run_id), str(name or ""), str(user or ""), str(status), start, end, str(experiment or ""))
        for table in ("params", "tags"):  # a tag that somebody set comes before a parameter
            run.said |= {
                str(key): str(value)
                for key, value in base.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ?", (run_id,))
            }
        metrics = base.execute(
            "SELECT key, step, value, timestamp FROM metrics WHERE run_uuid = ? AND NOT is_nan ORDER BY timestamp",
            (run_id,),
        )
        yield from _found(run, place, ((str(key), step, value, time) for key, step, value, time in metrics))


def _run(run_id: str, name: str, user: str, status: str, start: object, end: object, experiment: str) -> Run:
    return Run(
        tracker="mlflow",
        id=run_id,
        name=name,
        user=user,
        project=experiment,
        started=moment(_milliseconds(start)),
        ended=moment(_milliseconds(end)),
        outcome=OUTCOMES.get(status, status.upper()),
    )


def _milliseconds(value: object) -> float:
    try:
        return float(str(value)) / 1000
    except ValueError:
        return math.nan


def _found(run: Run, place: int, metrics: Iterator[tuple[str, object, object, object]]) -> Iterator[Found]:
    """Readings of the system as they come, then the run."""
    for name, step, value, time in metrics:
        try:
            reading, at, seconds = float(str(value)), int(str(step)), _milliseconds(time)
        except ValueError:
            yield Wrong(
                place, f"run {run.id}: {name[:40]}: {str(value)[:40]!r} at step {str(step)[:20]!r} is no number"
            )
            continue
        run.log(name, at, reading, seconds)
        if sample := run.sample(name, seconds, reading, place):
            yield sample
    try:
        yield run.job(place)
    except ValueError as error:
        yield Wrong(place, f"run {run.id}: {error}")


# The folder


def _folder(path: Path, options: Options) -> Iterator[Found]:
    meta = _meta(path, options)
    if "run_id" not in meta and "run_uuid" not in meta:
        if "experiment_id" in meta:
            yield LeftOut(1, "an experiment, not a run")
            return
        raise DataError(path.name, ["is neither a database of MLflow nor the meta.yaml of a run"])
    run_id = meta.get("run_id") or meta["run_uuid"]
    if run_id in _parents(path.parent.parent):
        yield LeftOut(1, WITHIN)
        return
    status = NUMBERED.get(meta.get("status", ""), meta.get("status", ""))
    name, user = meta.get("run_name", ""), meta.get("user_id", "")
    run = _run(run_id, name, user, status, meta.get("start_time"), meta.get("end_time"), _experiment(path, options))
    for part in ("params", "tags"):
        folder = path.parent / part
        for file in files_in(folder, "*"):
            run.said[file.relative_to(folder).as_posix()] = _start_of(file)
    yield from _found(run, 1, _values(path.parent / "metrics", options))


def _meta(path: Path, options: Options) -> dict[str, str]:
    """Flat YAML, as MLflow writes it: a name, a colon and a value on each line."""
    found: dict[str, str] = {}
    for line in lines(path, options):
        if not isinstance(line, Wrong) and ":" in line.text:
            name, _, value = line.text.partition(":")
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[name.strip()] = "" if value == "null" else value[1:-1] if quoted else value
    return found


def _experiment(path: Path, options: Options) -> str:
    above = path.parent.parent / "meta.yaml"
    return _meta(above, Options(zone=options.zone)).get("name", "") if above.is_file() else ""


@lru_cache(maxsize=16)
def _parents(experiment: Path) -> frozenset[str]:
    return frozenset(_start_of(file).strip() for file in experiment.glob(f"*/tags/{PARENT}"))


def _start_of(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(1000).decode("utf-8", "replace").strip()


def _values(folder: Path, options: Options) -> Iterator[tuple[str, object, object, object]]:
    for file in files_in(folder, "*"):
        name = file.relative_to(folder).as_posix()
        for line in lines(file, Options(zone=options.zone)):
            parts = ["?"] if isinstance(line, Wrong) else line.text.split()
            if parts:
                time, value, step = (*parts, "?", "0")[:3] if len(parts) < 3 else parts[:3]
                yield name, step, value, time
