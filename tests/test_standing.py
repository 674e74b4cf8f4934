"""The numbers of the whole shipped catalogue, kept in a file from which ranks are read.

After an intended change: `python tests/test_standing.py`; what moved among the headline models goes into the changelog
(see `test_golden`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer.collection import Models
from comptometer.standing import FILE, Standing, rank, ranks

COLUMNS = ("id", "name", "published", "p5", "p50", "p95", "total", "ratio", "verdict")


def table(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows of the catalogue as the file keeps them: those with a result, by id, numbers to six digits."""
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "published": str(row["published"] or ""),
            "p5": kept(row["p5"]),
            "p50": kept(row["training_compute_flop"]),
            "p95": kept(row["p95"]),
            "total": kept(row["total_compute_flop"]),
            "ratio": kept(row["ratio"]),
            "verdict": row["verdict"],
        }
        for row in sorted(rows, key=lambda row: str(row["id"]))
        if row["training_compute_flop"] is not None
    ]


def kept(value: float | None) -> str:
    return "" if value is None else f"{value:.5e}"


def test_the_file_holds_what_the_catalogue_gives() -> None:
    with FILE.open(encoding="utf-8", newline="") as lines:
        held = {row["id"]: row for row in csv.DictReader(lines)}
    now = {row["id"]: row for row in table(Models().computed())}
    assert now.keys() == held.keys()
    for model_id, row in now.items():
        for key in ("name", "published", "verdict"):
            assert row[key] == held[model_id][key], (model_id, key)
        for key in ("p5", "p50", "p95", "total", "ratio"):
            assert bool(row[key]) == bool(held[model_id][key]), (model_id, key)
            if row[key]:
                assert float(row[key]) == pytest.approx(float(held[model_id][key]), rel=2e-5), (model_id, key)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(1, 10)), max_size=20))
def test_ranks_of_all_are_the_rank_of_each(models: list[tuple[int, float]]) -> None:
    start = date(2020, 1, 1)
    standings = [Standing(str(at), start + timedelta(day), compute) for at, (day, compute) in enumerate(models)]
    assert ranks(standings) == {m.id: rank(m.id, m.published, m.compute, standings) for m in standings}


if __name__ == "__main__":
    with FILE.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table(Models().computed()))
