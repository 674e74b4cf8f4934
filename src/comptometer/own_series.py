"""Trends of somebody's own data: a file or a frame with a column of dates and a column of values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from comptometer.errors import DataError, UsageError
from comptometer.files import read_bytes
from comptometer.frames import imported
from comptometer.growth import Answer, Observation, Question, answered
from comptometer.population import Wanted
from comptometer.quantities import Quantity

LARGEST = 200_000_000  # bytes


def trend_of(
    data: Any,
    *,
    date_column: str = "date",
    value_column: str = "value",
    organization_column: str | None = None,
    name_column: str | None = None,
    unit: str = "",
    label: str = "",
    since: date | None = None,
    until: date | None = None,
    method: str = "log-linear",
    options: Mapping[str, Any] | None = None,
    by: str | None = None,
    draws: int = 10_000,
) -> Answer:
    """Fit growth to a table of one's own.

    Args:
        data: the path of a CSV or Parquet file, or a dataframe of any library that Narwhals reads.
        date_column, value_column: where the days (dates, or text as year-month-day or year) and the values stand.
        organization_column: whose each value is, so that organizations are resampled.
        name_column: what each is called.
        unit: of the values; empty for plain numbers.
        label: what they are.
        since, until: the window.
        method: how to fit, with its `options`.
        by: what is resampled; organizations where they are given.
        draws: how many resamples.

    Raises:
        UsageError: a column that is not there, with those that are.
        DataError: dates or values that cannot be read, each with its row.
        NotEnoughEvidence: fewer than three points, or all on one day.
    """
    columns = _columns(data, [date_column, value_column, organization_column, name_column])
    days = columns[date_column]
    values = columns[value_column]
    problems, observations, outside = [], [], 0
    for at, (day, value) in enumerate(zip(days, values, strict=True), 1):
        if _empty(day) and _empty(value):
            continue
        try:
            when, amount = _day(day), _amount(value)
        except ValueError as error:
            problems.append(f"row {at}: {error}")
            continue
        if (since and when < since) or (until and when > until):
            outside += 1
            continue
        name = str(columns[name_column][at - 1]) if name_column else f"row {at}"
        owner = str(columns[organization_column][at - 1]) if organization_column else name
        observations.append(Observation(name=name, day=when, value=amount, organization=owner, spread=0.0))
    if problems:
        shown = problems[:20] + ([f"and {len(problems) - 20} more"] if len(problems) > 20 else [])
        raise DataError(str(data) if isinstance(data, str | Path) else "the frame", shown)
    observations.sort(key=lambda o: (o.day, o.name))
    unit_of_draws = by or ("organization" if organization_column else "model")
    question = Question(
        quantity=label or value_column,
        wanted=Wanted(select="all", since=since, until=until),
        data="own",
        method=method,
        options=options or {},
        by=unit_of_draws,  # type: ignore[arg-type]
        draws=draws,
    )
    what = Quantity(name=label or value_column, label=label or value_column, unit=unit, value=lambda row: None)
    return answered(question, what, observations, {"outside the window": outside} if outside else {}, {})


def _columns(data: Any, wanted: Sequence[str | None]) -> dict[str, list[Any]]:
    names = [name for name in wanted if name]
    if isinstance(data, str | Path) and Path(data).suffix.lower() != ".parquet":
        return _of_csv(Path(data), names)
    narwhals = imported("narwhals")
    if isinstance(data, str | Path):
        read_bytes(Path(data), limit=LARGEST)  # says what is wrong with the file as for any other
        data = imported("pyarrow.parquet").read_table(data)
    try:
        frame = narwhals.from_native(data, eager_only=True)
    except TypeError as error:
        raise UsageError(f"not a dataframe: {error}") from None
    _known(names, frame.columns, "the frame")
    return {name: frame[name].to_list() for name in names}


def _of_csv(path: Path, names: Sequence[str]) -> dict[str, list[Any]]:
    raw = read_bytes(path, limit=LARGEST)
    try:
        text = raw.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        _known(names, reader.fieldnames or [], str(path))
        rows = list(reader)
    except UnicodeDecodeError as error:
        raise DataError(str(path), [f"is not UTF-8 (byte {error.start}); save it as UTF-8"]) from None
    except csv.Error as error:
        raise DataError(str(path), [f"is not CSV: {error}"]) from None
    return {name: [row[name] for row in rows] for name in names}


def _known(names: Sequence[str], columns: Sequence[str], place: str) -> None:
    if lacking := [name for name in names if name not in columns]:
        raise UsageError(
            f"{place}: no column {', '.join(map(repr, lacking))}; there are {', '.join(map(repr, columns[:20]))}"
        )


def _empty(cell: Any) -> bool:
    return (
        cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, float) and math.isnan(cell))
    )


def _day(cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(cell).strip()
    if len(text) == 4 and text.isdigit():
        return date(int(text), 7, 1)  # the middle of the year
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write year-month-day") from None


def _amount(cell: Any) -> float:
    if _empty(cell):
        raise ValueError("has no value")
    if isinstance(cell, int | float):
        value = float(cell)
    else:
        from comptometer.distribution import Point
        from comptometer.errors import ComptometerError
        from comptometer.notation import parse

        try:
            belief = parse(str(cell)).belief
        except ComptometerError as error:
            raise ValueError(str(error)) from None
        if not isinstance(belief, Point):
            raise ValueError(f"{cell!r} must be one number")
        value = belief.value
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{cell!r} must be a finite number above 0: a trend in the logarithm is wanted")
    return value
