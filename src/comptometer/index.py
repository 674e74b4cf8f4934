"""The index of the shipped catalogue: under which names each model is found, and in which rows of which vintages.

To find that out anew (`library`) takes the rows of every vintage and the head of every dossier, which is most of the
work of showing one model. So it is kept in a file, written by `python tests/test_index.py` and compared with a fresh
computation in the tests. With a user's own models or vintages nothing is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        bases: where the models stand that it was built on.
    """

    id: str
    curated: bool
    names: tuple[str, ...]
    spellings: tuple[str, ...]
    rows: tuple[Place, ...]
    bases: tuple[Place, ...]


class Index(Mapping[str, Indexed]):
    """The models of the file by id, in its order; a record is taken apart when it is asked for."""

    def __init__(self, records: Iterable[Sequence[str]]) -> None:
        self._records = {record[0]: record for record in records}

    def __getitem__(self, model_id: str) -> Indexed:
        name, curated, names, spellings, rows, bases = self._records[model_id]
        return Indexed(
            id=name,
            curated=bool(curated),
            names=tuple(names.split(SEPARATOR)),
            spellings=tuple(spellings.split(SEPARATOR)),
            rows=_places(rows),
            bases=_places(bases),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def curated(self) -> set[str]:
        """The ids of the models that have a dossier of our own."""
        return {name for name, curated, *_ in self._records.values() if curated}

    def named(self) -> Mapping[str, str]:
        """Every spelling with the id of its model, the first that has it."""
        named: dict[str, str] = {}
        for model_id, _, _, spellings, *_ in self._records.values():
            for spelling in spellings.split(SEPARATOR):
                named.setdefault(spelling, model_id)
        return named


def _places(cell: str) -> tuple[Place, ...]:
    found = (place.partition(":") for place in cell.split())
    return tuple((vintage, int(line)) for vintage, _, line in found)


def index(vintage: str) -> Index:
    """The models of the shipped catalogue; none where it is not just that which is asked for."""
    if vintage != vintages.DEFAULT or len(places.folders()) > 1:
        return Index(())
    found = _shipped()
    return found if found.curated() == set(dossiers.dossier_ids()) else Index(())  # a dossier was added since


@cache
def _shipped() -> Index:
    with FILE.open(encoding="utf-8", newline="") as lines:
        _, *records = csv.reader(lines)
    return Index(records)


def write(models: Iterable[Indexed]) -> None:
    """Put models into the file."""
    with FILE.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(Indexed._fields)
        for model in models:
            rows, bases = (" ".join(f"{vintage}:{line}" for vintage, line in at) for at in (model.rows, model.bases))
            texts = [SEPARATOR.join(model.names), SEPARATOR.join(model.spellings)]
            writer.writerow([model.id, "yes" if model.curated else "", *texts, rows, bases])
