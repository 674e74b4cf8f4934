"""Rows on their way from a reader into a vintage, held as the lines of a CSV: a million take a tenth of the memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from comptometer.sources import COLUMNS, Row


class Rows:
    """Rows in their order; each is made anew whenever it is looked at.

    >>> rows = Rows([dict.fromkeys(COLUMNS, "") | {"line": "2", "model": "Abacus"}])
    >>> len(rows), rows[0]["model"]
    (1, 'Abacus')
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._number = 0
        held = io.BytesIO()
        text = io.TextIOWrapper(held, encoding="utf-8", newline="", write_through=False)
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            writer.writerow([row[column] for column in COLUMNS])
            self._number += 1
        text.flush()
        self._csv = held.getvalue()

    @property
    def csv(self) -> bytes:
        """The lines in UTF-8, without a header."""
        return self._csv

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[Row]:
        text = io.TextIOWrapper(io.BytesIO(self._csv), encoding="utf-8", newline="")
        return (dict(zip(COLUMNS, record, strict=True)) for record in csv.reader(text))

    def __getitem__(self, at: int) -> Row:
        found = next(islice(self, at if at >= 0 else at + self._number, None), None)
        if found is None:
            raise IndexError(at)
        return found
