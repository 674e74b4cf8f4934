"""What each vintage of a table says of a model, beside what we find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comptometer import bulk, vintages
from comptometer.catalogue import Entry
from comptometer.library import Item
from comptometer.model_row import ModelRow

FAR = 3.0  # times apart: the width that the tables themselves give to a figure of which they are confident


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one vintage of a table says about a model.

    `ratio` is its figure over our median; of a model that was built on another, what was spent on top of it over the
    same. Nothing where one of the two is not known, or where the two hold different things. `withdrawn` compute is gone
    from the newest one.
    """

    vintage: str
    name: str
    line: int
    compute: float | None
    confidence: str
    ratio: float | None
    withdrawn: bool

    @property
    def far(self) -> bool:
        """Is its figure far from ours?"""
        return self.ratio is not None and max(self.ratio, 1 / self.ratio) > FAR


def of(item: Item, entry: Entry | None) -> list[Edition]:
    """The editions that tell of a model, newest first."""
    rows = [(item.vintage, item.row), *item.history] if item.row else []
    return [_edition(vintage, row, item, entry) for vintage, row in rows if row is not None]


def _edition(vintage: str, row: ModelRow, item: Item, entry: Entry | None) -> Edition:
    figure = _comparable(row, item.base_rows, entry) if entry else None
    return Edition(
        vintage=vintage,
        name=row.model,
        line=row.line,
        compute=row.compute,
        confidence=row.confidence,
        ratio=figure / entry.median if figure and entry else None,
        withdrawn=item.row is not None and vintages.is_withdrawn(row, item.row),
    )


def _comparable(row: ModelRow, bases: Sequence[ModelRow], entry: Entry) -> float | None:
    """The table's figure that holds the same as ours, in FLOP."""
    if entry.basis == "increment":
        return bulk.increment_of(row, bulk.base_compute(bases))
    return row.compute
