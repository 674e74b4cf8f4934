"""Training compute for every row of somebody's dataframe, whatever library it is of.

Narwhals reads and extends the frame, so that one of pandas comes back as one of pandas, and so on. A row that cannot
be estimated says why; it never takes the others with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

from comptometer.errors import ComptometerError, UsageError
from comptometer.figures import FIGURES, SEGMENT_FIGURES
from comptometer.frames import imported
from comptometer.request import estimate
from comptometer.selection import METHODS

Frame = TypeVar("Frame")

READ = ("name", "domain", "chip", "reported_as", *FIGURES, *SEGMENT_FIGURES)
ONE = ("name", "reported_as", "source", "config", "as_of")  # of which there is one, whatever the segments
WHERE_NAMED = ("source", "config", "as_of")  # read files, or mean something else in other people's tables
NUMBERS = (
    "training_compute_flop", "p5", "p95", *(f"{name.replace('-', '_')}_flop" for name in METHODS), "ratio", "z",
)  # fmt: skip
TEXTS = ("methods", "verdict", "problem")
SEPARATOR = "; "  # of several values in one cell, as in our own tables


def estimate_frame(
    frame: Frame,
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    prefix: str = "",
) -> Frame:
    """Append the training compute of every row, with every method that the row's evidence allows.

    Columns that are named like the arguments of `estimate` are read (`name`, `domain`, `params`, `tokens`, `chip`,
    `chips`, `time`, `chip_hours`, `mfu`, …), all others pass through. Cells are numbers, texts as people write them
    ("405B", "54 to 75 days") or lists for several segments of a job; an empty one is not given. A length of time may
    be a duration.

    Args:
        frame: of pandas, Polars, Arrow, or any other library whose frames Narwhals reads eagerly.
        columns: the column to read for an argument, where it is not the one of the same name. `source` (a model of the
            catalogue, or the path of a file), `config` and `as_of` are read only where they are given here.
        units: the unit of an argument whose cells are bare numbers, e.g. `{"time": "day"}`.
        prefix: goes before the names of the new columns.

    Returns:
        the frame, of the same kind, with `training_compute_flop`, `p5`, `p95`, a median for each method
        (`operations_flop`, …), `ratio`, `z`, `methods`, `verdict`, and `problem`: why a row could not be estimated,
        with its number, counted from 1. Amounts are in FLOP.

    Raises:
        UsageError: no eager frame, no column that could be read, or a column that is there already.
        ComptometerError: the extra `frames` is not installed.

    >>> import pandas
    >>> runs = pandas.DataFrame({"name": ["a", "b"], "params": ["7B", "7B"], "tokens": [1e12, None]})
    >>> for row in estimate_frame(runs)[["verdict", "problem"]].itertuples(index=False):
    ...     print(*row)
    single-method nan
    nan row 2: b: not enough evidence for any method: hardware-time needs chip hours, which chip it was; ...
    """
    nw = imported("narwhals")
    wrapped = _wrapped(nw, frame)
    read = _read(wrapped.columns, columns or {}, units or {})
    added = {name: f"{prefix}{name}" for name in (*NUMBERS, *TEXTS)}
    if there := [name for name in added.values() if name in wrapped.columns]:
        raise UsageError(f"the frame has {', '.join(there)} already; give a prefix for the new columns")
    rows = [
        _row(number, dict(zip(read, cells, strict=True)), units or {})
        for number, cells in enumerate(wrapped.select(list(read.values())).iter_rows(), 1)
    ]
    new = [
        nw.new_series(
            added[name],
            [row.get(name) for row in rows],
            nw.Float64 if name in NUMBERS else nw.String,
            backend=wrapped.implementation,
        )
        for name in added
    ]
    return wrapped.with_columns(*new).to_native()  # type: ignore[no-any-return]


def _wrapped(nw: Any, frame: object) -> Any:
    """The frame, as Narwhals sees it."""
    try:
        wrapped = nw.from_native(frame, eager_only=True)
        texts = [name for name in wrapped.columns if isinstance(name, str)]
    except Exception as error:
        lazy = hasattr(frame, "collect")
        said = "is lazy: collect it first" if lazy else f"is no dataframe that can be read: {error}"
        raise UsageError(f"estimate_frame: {type(frame).__name__} {said}") from None
    if len(texts) < len(wrapped.columns) or len(set(texts)) < len(texts):
        raise UsageError("estimate_frame: the names of the columns must be texts, each once")
    return wrapped


def _read(there: Sequence[str], columns: Mapping[str, str], units: Mapping[str, str]) -> dict[str, str]:
    """The column to read, by argument.

    Raises:
        UsageError: a column that is not there, an argument that is none, or nothing to read; says all that is wrong.
    """
    known = (*READ, *WHERE_NAMED)
    problems = [
        f"{argument}: estimate has no such argument{_hint(argument, known)}"
        for argument in {**columns, **units}
        if argument not in known
    ]
    problems += [
        f"{argument}: the frame has no column {column!r}{_hint(column, there)}"
        for argument, column in columns.items()
        if column not in there
    ]
    found = {name: name for name in READ if name in there} | dict(columns)
    if not problems and not found.keys() - {"name", "domain", "as_of", "reported_as"}:
        problems.append(
            f"none of its columns is an argument of estimate ({', '.join(READ)}); say with columns= which is which, "
            "e.g. columns={'params': 'Parameters'}"
        )
    if problems:
        raise UsageError("\n".join(f"estimate_frame: {problem}" for problem in problems))
    return found


def _hint(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(str(name), known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _row(number: int, cells: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """What is appended to one row."""
    given: dict[str, Any] = {}
    try:
        for argument, cell in cells.items():
            if (value := _value(argument, cell, units.get(argument, ""))) is not None:
                given[argument] = value
        found = estimate(given.pop("source", None), **given)
    except ComptometerError as error:
        return {"problem": f"row {number}: {SEPARATOR.join(str(error).splitlines())}"}
    low, high = found.interval()
    medians = {f"{name.replace('-', '_')}_flop": outcome.estimate.median for name, outcome in found.methods.items()}
    return {
        "training_compute_flop": found.median,
        "p5": low,
        "p95": high,
        **medians,
        "ratio": found.ratio,
        "z": found.z,
        "methods": SEPARATOR.join(found.methods),
        "verdict": found.compute.verdict,
    }


def _value(argument: str, cell: Any, unit: str) -> Any:
    """A cell as an argument; nothing where it is empty.

    Raises:
        UsageError: neither a number nor a text.
    """
    if hasattr(cell, "tolist"):  # an array, or one of its numbers
        cell = cell.tolist()
    elif hasattr(cell, "to_list"):
        cell = cell.to_list()
    if isinstance(cell, list | tuple):
        return _segments(argument, cell, unit)
    if _is_empty(cell):
        return None
    if argument == "as_of" and isinstance(cell, date):
        return cell.isoformat()[:10]
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds()!r} s"
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise UsageError(f"{argument}: a number or a text is wanted, got {type(cell).__name__}: {str(cell)[:40]!r}")
    if isinstance(cell, str):
        return [part.strip() for part in cell.split(SEPARATOR.strip())] if argument == "domain" else cell
    if argument in {"name", "chip", "source", "config"}:
        return str(cell)
    return f"{cell!r} {unit}" if unit else cell


def _segments(argument: str, cells: Sequence[Any], unit: str) -> list[Any] | None:
    """A list of cells, one for each segment of a job; nothing where it is empty."""
    if argument in ONE:
        raise UsageError(f"{argument}: one is wanted, got a list: {str(list(cells))[:60]}")
    values = [_value(argument, cell, unit) for cell in cells]
    if argument == "domain":
        values = [part for value in values for part in (value if isinstance(value, list) else [value])]
    given = [value for value in values if value is not None]
    if given and len(given) < len(values):  # the others would be taken for another segment's
        raise UsageError(f"{argument}: the list has an empty place: {str(list(cells))[:60]}")
    return given or None


def _is_empty(cell: Any) -> bool:
    """Is it what the libraries put where nothing is known?"""
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return (isinstance(cell, float) and math.isnan(cell)) or (isinstance(cell, Decimal) and cell.is_nan())
