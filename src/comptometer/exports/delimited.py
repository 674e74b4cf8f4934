"""CSV: one table, and nothing but the table, so that every program can read it."""

from __future__ import annotations

from comptometer.cells import delimited
from comptometer.exports import Content, form


@form(".csv", several=False)
def to_csv(content: Content) -> bytes:
    """A header and rows in UTF-8; lists are joined by semicolons, days are year-month-day."""
    (table,) = content.tables
    return delimited([column.name for column in table.columns], table.records()).encode("utf-8")
