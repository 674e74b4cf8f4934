"""Readings that several files have: fewer are compared, and the result is that of comparing all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer.ledger import counters, engine, overlaps, parquet, rollups
from comptometer.ledger.overlaps import Doubts, Span
from comptometer.ledger.parquet import Writer
from comptometer.ledger.rows import Hour, Sample

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ENGINE = engine.embedded()


def reading(device: str, at: int, value: float = 0.5, instance: str = "") -> Sample:
    moment = BEGIN + timedelta(minutes=at)
    return Sample(line=1, device=device, instance=instance, metric="power", moment=moment, value=value)


def written(folder: Path, *imports: Sequence[Sample]) -> list[Path]:
    for number, rows in enumerate(imports, 1):
        shared = {"source": "dcgm", "evidence": "telemetry", "source_sha256": "0" * 64, "import_number": number}
        writer = Writer(folder, f"{number:06d}", shared)
        for row in rows:
            writer.add(row)
        writer.close()
    return sorted((folder / "samples").rglob("*.parquet"))


def sums(folder: Path) -> list[Path]:
    return sorted((folder / "hours").rglob("*.parquet"))


def doubts(files: Sequence[Path]) -> Doubts | None:
    return overlaps.doubts(files, sums(files[0].parents[3]))


def minutes(spans: Sequence[Span]) -> list[tuple[float, float]]:
    end = timedelta(microseconds=1)
    return [((first - BEGIN).seconds / 60, (last + end - BEGIN).seconds / 60) for first, last in spans]


def test_files_one_after_the_other_have_nothing_in_common(tmp_path: Path) -> None:
    files = written(tmp_path, [reading("a", at) for at in range(5)], [reading("a", at) for at in range(5, 9)])
    assert doubts(files) == Doubts([], [])


def test_only_the_hours_that_two_files_have_are_doubtful(tmp_path: Path) -> None:
    series = [[reading("a", at) for at in range(first, first + 200)] for first in (0, 190, 380)]
    found = doubts(written(tmp_path, *series))
    assert found
    assert minutes(found.compared) == [(180, 240), (360, 420)]
    assert found.singly == []


def test_files_without_sums_of_their_hours_are_read_one_by_one(tmp_path: Path) -> None:
    files = written(tmp_path, [reading("a", at) for at in range(5)], [reading("a", at) for at in range(70, 200)])
    sums(tmp_path)[1].unlink()
    found = doubts(files)
    assert found
    assert minutes(found.singly) == [(60, 240)]


def test_files_of_other_chips_have_nothing_in_common(tmp_path: Path) -> None:
    files = written(tmp_path, [reading("a", 1)], [reading("b", 1)], [reading("a", 1, instance="1")])
    assert doubts(files) == Doubts([], [])


def test_a_file_that_has_a_reading_twice_is_doubtful_from_end_to_end(tmp_path: Path) -> None:
    files = written(tmp_path, [reading("a", at) for at in (61, 63, 63, 127)])
    found = doubts(files)
    assert found
    assert minutes(found.compared) == [(60, 180)]
    hours = ENGINE.table(sums(tmp_path), Hour)
    moments = sorted(row["moment"] for row in ENGINE.rows(counters.disputed(hours, found.compared)))
    assert moments == [BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=2)]


def test_an_hour_that_two_files_have_alike_is_not_looked_at_again(tmp_path: Path) -> None:
    series = [[reading("a", at) for at in range(first, first + 180)] for first in (0, 120)]
    changed = [reading("b", 5), reading("b", 65)], [reading("b", 5), reading("b", 66)]
    files = written(tmp_path, [*series[0], *changed[0]], [*series[1], *changed[1]])
    found, hours = doubts(files), ENGINE.table(sums(tmp_path), Hour)
    assert found
    assert minutes(found.compared) == [(0, 180)]
    disputed = [row["moment"] for row in ENGINE.rows(counters.disputed(hours, found.compared))]
    assert disputed == [BEGIN + timedelta(hours=1)]  # of b; both have the hours before and after alike


def test_a_file_that_does_not_say_makes_all_doubtful(tmp_path: Path) -> None:
    old, new = written(tmp_path, [reading("a", 1)], [reading("b", 2)])
    pq.write_table(pq.read_table(old).replace_schema_metadata(None), old)
    assert doubts([old, new]) is None
    new.write_bytes(b"PAR1")
    assert doubts([new]) is None


def test_of_very_many_times_near_ones_are_taken_together(tmp_path: Path) -> None:
    first, second = ([reading("a", at * 30, instance=name) for at in range(900)] for name in ("", "1"))
    again = [[reading("a", at * 30)] for at in range(1, 900, 4)]
    doubt = doubts(written(tmp_path, first, second, *again))
    assert doubt
    found = doubt.compared
    assert 1 <= len(found) <= overlaps.MOST_TIMES
    moments = [BEGIN + timedelta(minutes=30 * at) for at in range(1, 900, 4)]
    assert all(any(first <= moment <= last for first, last in found) for moment in moments)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "a/", "b"]), st.integers(50, 190), st.sampled_from([0.25, 0.5]), st.sampled_from("/1")
    ),
    min_size=1,
    max_size=15,
)


def by_series(rows: Sequence[dict[str, Any]]) -> Mapping[str, tuple[int, Decimal, float, float]]:
    found: dict[str, tuple[int, Decimal, float, float]] = {}
    for row in rows:
        count, total, least, most = found.get(row["device"], (0, Decimal(0), 1.0, 0.0))
        found[row["device"]] = (
            count + row["samples"],
            total + row["total"],
            min(least, row["least"]),
            max(most, row["most"]),
        )
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_what_counts_is_what_counts_when_all_are_compared(imports: list[list[tuple[str, int, float, str]]]) -> None:
    distinct = [{(device, at, instance): value for device, at, value, instance in rows} for rows in imports]
    with TemporaryDirectory() as name:
        rows = [[reading(device, at, value, kind) for (device, at, kind), value in one.items()] for one in distinct]
        files = written(Path(name), *rows)
        table, hours = ENGINE.table(files, Sample), ENGINE.table(sums(Path(name)), Hour)
        found = doubts(files)
        assert found is not None
        if found.compared:
            rows_of = ENGINE.rows(counters.disputed(hours, found.compared))
            found = found.disputed([row["moment"] for row in rows_of])
        few = ENGINE.rows(counters.hourly(table, hours, found))
        assert by_series(few) == by_series(ENGINE.rows(counters.hourly(table, hours, None)))


def test_an_hour_is_the_sum_of_its_readings_in_whatever_pieces_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MOST_WAITING", 7)
    monkeypatch.setattr(rollups, "MOST_PARTS", 3)
    written(tmp_path, [reading(device, at, at / 100) for at in range(90) for device in "ab"])
    (path,) = sums(tmp_path)
    rows = pq.read_table(path).to_pylist()
    assert [(row["device"], row["moment"].hour, row["samples"]) for row in rows] == [
        ("a", 0, 60), ("a", 1, 30), ("b", 0, 60), ("b", 1, 30),
    ]  # fmt: skip
    assert [row["total"] for row in rows] == [Decimal(text) for text in ("17.7", "22.35")] * 2
    assert (rows[1]["least"], rows[1]["most"]) == (0.6, 0.89)
    assert rows[1]["first"] == BEGIN + timedelta(minutes=60)
    assert rows[1]["last"] == BEGIN + timedelta(minutes=89)
