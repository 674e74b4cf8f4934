"""The pinned tables of chips are what they say they are."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from comptometer.errors import DataError, NotFound
from comptometer.hardware_tables import FOLDER, facts, reduce, rows, table_ids

UPSTREAM = Path(__file__).parents[2] / "shared/data/epoch"


@pytest.mark.parametrize("table_id", table_ids())
def test_a_table_made_anew_is_the_shipped_one(table_id: str) -> None:
    path = UPSTREAM / str(facts(table_id)["upstream_file"])
    if not path.exists():
        pytest.skip("the table that it was made from is not at hand")
    raw = gzip.decompress(path.read_bytes())
    assert hashlib.sha256(raw).hexdigest() == facts(table_id)["upstream_sha256"]
    assert reduce(raw, str(path)) == (FOLDER / f"{table_id}.csv.gz").read_bytes()


@pytest.mark.parametrize("table_id", table_ids())
def test_every_row_says_where_it_stands(table_id: str) -> None:
    found = rows(table_id)
    assert all(row.line > 1 for row in found)
    assert len({row.line for row in found}) == len(found)
    for key in ("title", "publisher", "address", "licence", "credit", "date"):
        assert facts(table_id)[key]


def test_values_are_amounts() -> None:
    row = next(row for row in rows("epoch-2025-06-chips") if row.name == "NVIDIA A100 SXM4 80 GB")
    assert (row.fp32, row.matrix16, row.watt) == (19.49e12, 312e12, 400)
    assert row.learning


def test_a_table_of_another_kind_is_refused_with_every_column_that_it_lacks() -> None:
    with pytest.raises(DataError) as error:
        reduce(b"Hardware name,Type\nx,GPU\n", "table.csv")
    assert len(error.value.problems) == 8


def test_an_unknown_table_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(NotFound) as error:
        rows("epoch-1999-chips")
    assert error.value.suggestions == table_ids()
