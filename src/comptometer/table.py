"""A table as plain rows, with what its columns hold: the shape that frames and exported files are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "category", "texts", "number", "count", "flag", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: the key of its values in the rows.
        kind: text; category (a text out of few); texts (a list of them); number; count (a whole number); flag (yes or
            no); day.
        about: what it holds, in a sentence.
        unit: of its numbers; empty for plain numbers and words.
    """

    name: str
    kind: Kind
    about: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows with typed columns.

    Attributes:
        name: one word.
        title: what the rows are.
        columns: in their order.
        rows: values by column; nothing where something is not known.
        key: the columns that tell the rows apart.
        references: columns that name a row of another table, and that table.
        facets: columns that people filter and group by.
        searched: columns whose words people look for.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    key: Sequence[str] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    facets: Sequence[str] = ()
    searched: Sequence[str] = ()

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column that has one."""
        return {column.name: column.unit for column in self.columns if column.unit}

    def values(self, column: Column) -> list[Any]:
        """The values of one column; an empty text is nothing."""
        return [known(row.get(column.name)) for row in self.rows]

    def records(self) -> list[tuple[Any, ...]]:
        """The rows in the order of the columns; an empty text is nothing."""
        names = [column.name for column in self.columns]
        return [tuple(known(row.get(name)) for name in names) for row in self.rows]


def known(value: Any) -> Any:
    """A value, or nothing where it is an empty text."""
    return None if isinstance(value, str) and not value else value
