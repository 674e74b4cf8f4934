"""Trends of somebody's own data: a file or a frame with a column of dates and a column of values."""

from __future__ import annotations

import csv
import io
import math
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

from comptometer.answers import Answer, Observation, Question, Unit
from comptometer.days import day, window
from comptometer.errors import DataError, NotationError, Problem, UsageError
from comptometer.files import read_bytes
from comptometer.frames import imported
from comptometer.growth import answered, fit_options, wrong_draws
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
    since: date | str | None = None,
    until: date | str | None = None,
    method: str = "log-linear",
    options: Mapping[str, Any] | None = None,
    by: str | None = None,
    draws: int = 10_000,
    **fit: Any,
) -> Answer:
    """Fit growth to a table of one's own.

    Args:
        data: the path of a CSV or Parquet file, a stream that CSV is read from, or a dataframe of any library that
            Narwhals reads.
        date_column, value_column: where the days and the values stand. Days are dates, or text: a month or a year
            alone is taken at its middle.
        organization_column: whose each value is, so that organizations are resampled.
        name_column: what each is called.
        unit: of the values; empty for plain numbers.
        label: what they are.
        since, until: the window, as dates or text.
        method: how to fit; its `options` may also be given by name: breaks, knot, join, quantile.
        by: what is resampled; organizations where they are given.
        draws: how many resamples.

    Raises:
        UsageError: a column that is not there, with those that are; dates or values that no trend can be fitted to,
            each with its row; another argument that cannot be.
        DataError: a file that cannot be read.
        NotEnoughEvidence: fewer than three points, or all on one day.
    """
    options = fit_options(fit, options)
    first, last, wrong = window(since, until)
    wrong += [*(Problem(name, "means nothing of data of your own") for name in fit), *wrong_draws(draws)]
    if by not in {None, *get_args(Unit)}:
        wrong.append(Problem("by", f"{by!r} is not one of {', '.join(get_args(Unit))}"))
    if wrong:
        raise UsageError.of(wrong)
    columns = _columns(data, [date_column, value_column, organization_column, name_column])
    days = columns[date_column]
    values = columns[value_column]
    problems, observations, outside = [], [], 0
    for at, (cell, value) in enumerate(zip(days, values, strict=True), 1):
        if _empty(cell) and _empty(value):
            continue
        try:
            when, amount = _day(cell), _amount(value)
        except ValueError as error:
            problems.append(f"row {at}: {error}")
            continue
        if (first and when < first) or (last and when > last):
            outside += 1
            continue
        name = str(columns[name_column][at - 1]) if name_column else f"row {at}"
        owner = str(columns[organization_column][at - 1]) if organization_column else name
        observations.append(Observation(name=name, day=when, value=amount, organization=owner, spread=0.0))
    if problems:
        shown = problems[:20] + ([f"and {len(problems) - 20} more"] if len(problems) > 20 else [])
        raise UsageError.of(f"{_place(data)}: {problem}" for problem in shown)
    observations.sort(key=lambda o: (o.day, o.name))
    unit_of_draws = by or ("organization" if organization_column else "model")
    question = Question(
        quantity=label or value_column,
        wanted=Wanted(select="all", since=first, until=last),
        data="own",
        method=method,
        options=options,
        by=unit_of_draws,  # type: ignore[arg-type]
        draws=draws,
    )
    what = Quantity(name=label or value_column, label=label or value_column, unit=unit, value=lambda row: None)
    return answered(question, what, observations, {"outside the window": outside} if outside else {}, {})


def _columns(data: Any, wanted: Sequence[str | None]) -> dict[str, list[Any]]:
    names = [name for name in wanted if name]
    if hasattr(data, "read"):
        return _of_csv(_read(data), names, _place(data))
    if isinstance(data, str | Path) and Path(data).suffix.lower() != ".parquet":
        return _of_csv(read_bytes(Path(data), limit=LARGEST), names, _place(data))
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


def _place(data: Any) -> str:
    """Where the data come from, in messages."""
    if isinstance(data, str | Path):
        return str(data)
    return "standard input" if hasattr(data, "read") else "the frame"


def _read(stream: Any) -> bytes:
    """What stands in a stream.

    Raises:
        DataError: nothing, or too much.
    """
    found = stream.read(LARGEST + 1)
    raw = found.encode() if isinstance(found, str) else bytes(found)
    if not raw.strip() or len(raw) > LARGEST:
        raise DataError(_place(stream), ["is empty" if len(raw) <= LARGEST else f"is larger than {LARGEST} bytes"])
    return raw


def _of_csv(raw: bytes, names: Sequence[str], place: str) -> dict[str, list[Any]]:
    try:
        text = raw.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        _known(names, reader.fieldnames or [], place)
        rows = list(reader)
    except UnicodeDecodeError as error:
        raise DataError(place, [f"is not UTF-8 (byte {error.start}); save it as UTF-8"]) from None
    except csv.Error as error:
        raise DataError(place, [f"is not CSV: {error}"]) from None
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
    try:
        first, last = day(text[:10]), day(text[:10], last=True)
    except NotationError:
        raise ValueError(f"{text!r} is not a date; write 2024-06-30, 2024-06 or 2024") from None
    if first == last:
        return first
    whole_year = first.month != last.month
    return date(first.year, 7, 1) if whole_year else first.replace(day=monthrange(first.year, first.month)[1] // 2 + 1)


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
