"""The index of the shipped catalogue: under which names each model is found, and in which rows of which vintages.

To find that out anew (`library`) takes the rows of every vintage and the head of every dossier, which is most of the
work of showing one model. So it is kept in a file, written by `python tests/test_index.py` and compared with a fresh
computation in the tests. With a user's own models or vintages nothing is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from comptometer import dossiers, places, vintages
from comptometer.release import DATA
from comptometer.sources import SEPARATOR

FILE = DATA / "index.csv"
Place = tuple[str, int]  # the id of a vintage, and the line that a row has in its table


class Indexed(NamedTuple):
    """One model.

    Attributes:
        id: `developer/model`.
        curated: is there a dossier of our own?
        names: what people call it, the first is shown.
        spellings: its names and its id, as names are compared.
        rows: where it stands, in the newest vintage first.
    """

    id: str
    curated: bool
    names: tuple[str, ...]
    spellings: tuple[str, ...]
    rows: tuple[Place, ...]


def index(vintage: str) -> tuple[Indexed, ...]:
    """The models of the shipped catalogue in its order; none where it is not just that which is asked for."""
    if vintage != vintages.DEFAULT or len(places.folders()) > 1:
        return ()
    found = _read()
    added_since = set(dossiers.dossier_ids()).symmetric_difference(model.id for model in found if model.curated)
    return () if added_since else found


@cache
def _read() -> tuple[Indexed, ...]:
    with FILE.open(encoding="utf-8", newline="") as lines:
        _, *records = csv.reader(lines)
    return tuple(
        Indexed(name, curated == "yes", _texts(names), _texts(spellings), tuple(_place(cell) for cell in rows.split()))
        for name, curated, names, spellings, rows in records
    )


def _texts(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(SEPARATOR))


def _place(cell: str) -> Place:
    vintage, _, line = cell.partition(":")
    return vintage, int(line)


def write(models: Iterable[Indexed]) -> None:
    """Put models into the file."""
    with FILE.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(Indexed._fields)
        for model in models:
            places = " ".join(f"{vintage}:{line}" for vintage, line in model.rows)
            texts = [SEPARATOR.join(model.names), SEPARATOR.join(model.spellings)]
            writer.writerow([model.id, "yes" if model.curated else "", *texts, places])
