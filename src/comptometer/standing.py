"""Where each model stood when it came out: its place by training compute among all that were published by then.

What is compared are totals, with what the base models took. A model of which only what was spent on top is known has
no place, and takes none.

The place of one model needs the medians of all others. Those of the shipped catalogue are kept in a file, written by
`python tests/test_standing.py` and compared with a fresh computation in the tests; a user's own vintages and models
are computed.
"""

from __future__ import annotations

import csv
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from comptometer import vintages
from comptometer.release import DATA, own_records

FILE = DATA / "standing.csv"


class Standing(NamedTuple):
    """One computed model: when it was published, and its median training compute, with its bases', in FLOP."""

    id: str
    published: date
    compute: float


@cache
def shipped() -> tuple[Standing, ...]:
    """The standings of the shipped catalogue, as kept in the file."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    model_id, published, total = map(header.index, ("id", "published", "total"))
    return tuple(
        Standing(row[model_id], date.fromisoformat(row[published]), float(row[total]))
        for row in rows
        if row[published] and row[total]
    )


def is_shipped(data: str) -> bool:
    """Is a catalogue on this vintage just what the package ships?"""
    return data == vintages.DEFAULT and not own_records()


def ranks(standings: Iterable[Standing]) -> dict[str, int]:
    """Place of each model among all that were published up to its day; 1 is the largest, equals share a place.

    >>> day = date(2020, 1, 1)
    >>> ranks([Standing("a", day, 1.0), Standing("b", day, 3.0), Standing("c", date(2021, 1, 1), 2.0)])
    {'a': 2, 'b': 1, 'c': 2}
    """
    found: dict[str, int] = {}
    so_far: list[float] = []
    for models in _by_day(standings).values():
        for model in models:
            insort(so_far, model.compute)
        found |= {model.id: len(so_far) - bisect_right(so_far, model.compute) + 1 for model in models}
    return found


def rank(model_id: str, published: date, compute: float, standings: Iterable[Standing]) -> int:
    """Place of one model among all others that were published up to its day."""
    before = [m.compute for m in standings if m.published <= published and m.id != model_id]
    return sum(other > compute for other in before) + 1


def _by_day(standings: Iterable[Standing]) -> Mapping[date, list[Standing]]:
    days: dict[date, list[Standing]] = {}
    for model in sorted(standings, key=lambda model: (model.published, model.id)):
        days.setdefault(model.published, []).append(model)
    return days
