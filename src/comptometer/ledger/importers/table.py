"""Any CSV or Parquet file, with a map that says what its columns mean.

    [columns]
    job      = "JobID"
    start    = "timestamp"
    duration = { column = "run_hours", unit = "h" }
    chips    = "num_gpus"
    outcome  = "status"

    [constants]            # what the file lacks
    chip    = "v100"

    [outcomes]             # its words for outcomes
    Pass = "COMPLETED"

An attempt is known by cluster, job and start. Where no column names the job, a row is known by what stands in it, and
equal rows by how many there are.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from comptometer import units
from comptometer.errors import ComptometerError, DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._tables import records
from comptometer.ledger.instants import NEVER
from comptometer.ledger.rows import Job

TEXTS = ("job", "cluster", "name", "user", "project", "partition", "nodes", "model", "stage", "run", "chip", "outcome")
MOMENTS = ("submit", "start", "end")
SHARES = ("utilization", "mfu", "hfu")
FIELDS = (*TEXTS, *MOMENTS, "duration", "chips", *SHARES, "flop")
MOST_CHIPS = 10_000_000
MOST_FLOP = 1e32  # of one attempt


@dataclass(frozen=True, slots=True)
class Map:
    """What the columns of a file mean: column by field, constants, unit of the duration, words for outcomes."""

    columns: Mapping[str, str]
    constants: Mapping[str, Any]
    seconds_per_unit: float = 1.0
    outcomes: Mapping[str, str] = field(default_factory=dict)

    def cell(self, name: str, row: Mapping[str, Any]) -> Any:
        """What a row says, else the constant, else nothing."""
        value = row.get(self.columns[name]) if name in self.columns else self.constants.get(name)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return None if isinstance(value, str) and value.strip().casefold() in NEVER else value

    def text(self, name: str, row: Mapping[str, Any]) -> str:
        """A cell as text."""
        value = self.cell(name, row)
        return "" if value is None else str(value).strip()


@importer("table", evidence="table", takes=frozenset({"map", "cluster"}))
def table(path: Path, options: Options) -> Iterator[Found]:
    """A row for each row that can be read."""
    meant = _map(options)
    seen: Counter[str] = Counter()
    wanted = sorted(set(meant.columns.values())) if "job" in meant.columns else None
    for number, row in records(path, options, lambda header: _check_header(path, header, meant), wanted):
        if isinstance(row, str):
            yield Wrong(number, row)
            continue
        try:
            job = _job(number, row, meant, options, seen)
        except ValueError as error:
            yield Wrong(number, str(error))
            continue
        yield job if job else LeftOut(number, "an empty row")


# The map


def _map(options: Options) -> Map:
    """Read a map.

    Raises:
        DataError: all that is wrong with it.
    """
    place = options.map_place or "table"
    if not options.map:
        raise DataError(place, ["a map is wanted that says what the columns mean: --map MAP.toml"])
    tables = {name: options.map.get(name, {}) for name in ("columns", "constants", "outcomes")}
    problems = [f"{name!r} is unknown; known are {', '.join(tables)}" for name in options.map if name not in tables]
    problems += [f"[{name}] is no table" for name, content in tables.items() if not isinstance(content, dict)]
    if problems:
        raise DataError(place, problems)
    columns, constants = dict(tables["columns"]), dict(tables["constants"])
    scale = _duration(columns, constants, problems)
    problems += [
        f"{part}.{name}: is unknown; known are {', '.join(FIELDS)}"
        for part, content in (("columns", columns), ("constants", constants))
        for name in content
        if name not in FIELDS
    ]
    problems += [
        f"columns.{name}: the name of a column is wanted"
        for name, column in columns.items()
        if not isinstance(column, str)
    ]
    problems += [f"{name} is a column and a constant: give one" for name in columns if name in constants]
    problems += ["chips: is neither a column nor a constant"] if not {"chips"} & {*columns, *constants} else []
    if not {"duration"} & {*columns, *constants} and not {"start", "end"} <= {*columns}:
        problems.append(
            "the length of time is missing: columns.duration with its unit, or columns.start and columns.end"
        )
    if problems:
        raise DataError(place, problems)
    if options.cluster and "cluster" not in columns:
        constants.setdefault("cluster", options.cluster)
    outcomes = {str(word).casefold(): str(outcome) for word, outcome in tables["outcomes"].items()}
    return Map(columns, constants, scale, outcomes)


def _duration(columns: dict[str, Any], constants: dict[str, Any], problems: list[str]) -> float:
    """Seconds in the unit of the duration, whose column is put in the place of its description."""
    said = columns.get("duration")
    if said is None:
        if "duration" in constants:
            problems.append("constants.duration: a job has a length of its own; give columns.duration")
        return 1.0
    if not isinstance(said, dict) or set(said) != {"column", "unit"}:
        problems.append('columns.duration: write duration = { column = "…", unit = "s" }')
        columns["duration"] = ""
        return 1.0
    columns["duration"] = said["column"]
    try:
        return units.factor(units.parse(str(said["unit"])), units.parse("s"))
    except ComptometerError:
        problems.append(f"columns.duration: {said['unit']!r} is no unit of time; write s, min, h or day")
        return 1.0


# The rows


def _check_header(path: Path, header: Iterable[str], meant: Map) -> None:
    there = list(header)
    lacking = [column for column in meant.columns.values() if column not in there]
    if lacking:
        raise DataError(path.name, [f"has no column {name!r}; it has {', '.join(there[:20])}" for name in lacking])
    if twice := [name for name, times in Counter(there).items() if times > 1 and name in meant.columns.values()]:
        raise DataError(path.name, [f"has the column {name!r} twice" for name in twice])


def _job(number: int, row: Mapping[str, Any], meant: Map, options: Options, seen: Counter[str]) -> Job | None:
    """An attempt; None for a row without anything in it.

    Raises:
        ValueError: names the field that is wrong.
    """
    if not any(meant.cell(name, row) is not None for name in meant.columns):
        return None
    moments = {name: _moment(name, meant.cell(name, row), options) for name in MOMENTS}
    seconds = _seconds(meant, row, moments)
    chips = _amount("chips", meant.cell("chips", row), MOST_CHIPS) or 0.0
    start, end = moments["start"], moments["end"]
    if start and not end and "duration" in meant.columns and "end" not in meant.columns:
        end = start + timedelta(seconds=seconds)
    outcome = meant.text("outcome", row)
    texts = {name: meant.text(name, row) for name in TEXTS}
    said: dict[str, Any] = {name: texts[name] for name in TEXTS if name not in {"job", "chip", "outcome"}}
    said |= {name: _amount(name, meant.cell(name, row), 1.0) for name in SHARES}
    said["flop"] = _amount("flop", meant.cell("flop", row), MOST_FLOP)
    return Job(
        line=number,
        key=_key(texts["job"], texts["cluster"], start, row, seen),
        job=texts["job"] or str(number),
        submitted=moments["submit"],
        started=start,
        ended=end,
        seconds=seconds,
        elapsed_seconds=seconds,
        chips=chips,
        chip_name=texts["chip"] if chips else "",
        outcome=meant.outcomes.get(outcome.casefold(), outcome.upper()),
        **said,
    )


def _key(job: str, cluster: str, start: datetime | None, row: Mapping[str, Any], seen: Counter[str]) -> str:
    if job:
        return f"table/{cluster}/{job}/{start.isoformat() if start else ''}"
    said = "\x1f".join(f"{name}={row[name]}" for name in sorted(row))
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    seen[digest] += 1
    return f"table/{cluster}/row-{digest}/{seen[digest]}"


def _moment(name: str, value: Any, options: Options) -> datetime | None:
    try:
        if isinstance(value, datetime):
            return options.zone.utc(value)
        return None if value is None else options.zone.read(str(value))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {error}") from None


def _seconds(meant: Map, row: Mapping[str, Any], moments: Mapping[str, datetime | None]) -> float:
    start, end = moments["start"], moments["end"]
    if "duration" in meant.columns:
        value = meant.cell("duration", row)
        if isinstance(value, timedelta):
            value = value.total_seconds() / meant.seconds_per_unit
        return (_amount("duration", value, 1e9) or 0.0) * meant.seconds_per_unit
    if start and end and end < start:
        raise ValueError(f"end: {end.isoformat()} is before the start, {start.isoformat()}")
    return (end - start).total_seconds() if start and end else 0.0


def _amount(name: str, value: Any, most: float) -> float | None:
    """A number between 0 and a bound.

    Raises:
        ValueError: it is none.
    """
    if value is None:
        return None
    try:
        number = float(str(value).strip().removesuffix("%")) / (100 if str(value).strip().endswith("%") else 1)
    except ValueError:
        raise ValueError(f"{name}: {str(value)[:40]!r} is not a number") from None
    if not 0 <= number <= most:
        raise ValueError(f"{name}: {number:g} is not between 0 and {most:g}")
    return number
