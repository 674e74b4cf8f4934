"""Rows that stand twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from comptometer.checks import Case, Sign, rule
from comptometer.library import Library
from comptometer.model_row import ModelRow
from comptometer.sources import name_key


def _figures(row: ModelRow) -> tuple[object, ...] | None:
    """What two different models hardly share; nothing of a row that says too little."""
    told = (row.parameters, row.compute, row.dataset_size)
    if None in told:
        return None
    return (*told, row.organization, row.published)


@cache
def _first(company: Library) -> Mapping[object, ModelRow]:
    """The first row of each name, and of each set of figures."""
    found: dict[object, ModelRow] = {}
    for row in company.own_rows():
        found.setdefault((name_key(row.model), row.organization), row)
        if figures := _figures(row):
            found.setdefault(figures, row)
    return found


@rule(
    "repeated-row",
    severity="note",
    looks_at="two rows of one table with the same name and makers, or with the same makers, day, parameters, data and "
    "compute",
    settles="whether they are one model",
)
def repeated_row(case: Case) -> Iterator[Sign]:
    """Whoever adds rows up counts it twice."""
    row, company = case.row, case.company
    if row is None or company is None:
        return
    named = _first(company).get((name_key(row.model), row.organization))
    alike = _first(company).get(_figures(row))
    for other, what in ((named, "name and makers"), (alike, "figures, makers and day")):
        if other is not None and other.line != row.line:
            yield Sign(
                text=f"has the same {what} as {other.model} on line {other.line}",
                numbers={"other_line": float(other.line)},
                about=("name",),
                severity="warning" if what.startswith("name") else "note",
            )
            return
