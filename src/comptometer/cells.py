"""Rows as delimited text: CSV and TSV that a spreadsheet can open without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

Cell = str | float | int | bool | date | None
FORMULA = frozenset("=+-@\t\n")  # what a spreadsheet takes for the start of a formula


def delimited(columns: Sequence[str], rows: Iterable[Sequence[Cell | Sequence[Cell]]], delimiter: str = ",") -> str:
    """A header and rows, each on a line; numbers are full, nothing is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(_flat(value)) for value in row] for row in rows)
    return buffer.getvalue()


def worded(value: Cell | Sequence[Cell]) -> str:
    """A cell as text; nothing is an empty one."""
    return "" if value is None else str(_flat(value))


def _flat(value: Cell | Sequence[Cell]) -> Cell:
    """A list as one cell."""
    return "; ".join(map(worded, value)) if isinstance(value, list | tuple) else value  # type: ignore[return-value]


def guarded(value: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula, and whose line breaks no reader takes for the end of the row.

    >>> guarded("=1+1"), guarded(-1.0)
    ("'=1+1", -1.0)
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text[:1] in FORMULA else text
