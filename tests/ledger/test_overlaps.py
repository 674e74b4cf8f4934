"""Readings that several files have: fewer are compared, and the result is that of comparing all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer.ledger import engine, expressions, overlaps
from comptometer.ledger.parquet import Writer
from comptometer.ledger.rows import Sample

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
    return sorted(folder.rglob("*.parquet"))


def minutes(files: Sequence[Path]) -> list[tuple[float, float]] | None:
    found = overlaps.doubtful(files)
    return (
        None
        if found is None
        else [((first - BEGIN).seconds / 60, (last - BEGIN).seconds / 60) for first, last in found]
    )


def test_files_one_after_the_other_have_nothing_in_common(tmp_path: Path) -> None:
    files = written(tmp_path, [reading("a", at) for at in range(5)], [reading("a", at) for at in range(5, 9)])
    assert overlaps.doubtful(files) == []


def test_only_the_times_that_two_files_have_are_doubtful(tmp_path: Path) -> None:
    series = [[reading("a", at) for at in range(first, first + 10)] for first in (0, 8, 16)]
    assert minutes(written(tmp_path, *series)) == [(8, 9), (16, 17)]


def test_files_of_other_chips_have_nothing_in_common(tmp_path: Path) -> None:
    files = written(tmp_path, [reading("a", 1)], [reading("b", 1)], [reading("a", 1, instance="1")])
    assert overlaps.doubtful(files) == []


def test_a_file_that_has_a_reading_twice_is_doubtful_from_end_to_end(tmp_path: Path) -> None:
    assert minutes(written(tmp_path, [reading("a", at) for at in (1, 3, 3, 7)])) == [(1, 7)]


def test_a_file_that_does_not_say_makes_all_doubtful(tmp_path: Path) -> None:
    old, new = written(tmp_path, [reading("a", 1)], [reading("b", 2)])
    pq.write_table(pq.read_table(old).replace_schema_metadata(None), old)
    assert overlaps.doubtful([old, new]) is None
    new.write_bytes(b"PAR1")
    assert overlaps.doubtful([new]) is None


def test_of_very_many_times_near_ones_are_taken_together(tmp_path: Path) -> None:
    first, second = ([reading("a", at, instance=name) for at in range(600)] for name in ("", "1"))
    again = [[reading("a", at)] for at in range(1, 600, 4)]
    found = minutes(written(tmp_path, first, second, *again))
    assert found
    assert 1 <= len(found) <= overlaps.MOST_TIMES
    assert all(any(first <= at <= last for first, last in found) for at in range(1, 600, 4))


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "a/", "b"]), st.integers(0, 20), st.sampled_from([0.25, 0.5]), st.sampled_from("/1")
    ),
    min_size=1,
    max_size=15,
)


def counted(rows: Sequence[dict[str, Any]]) -> Iterator[Any]:
    return iter(sorted((row["key"], row["import_number"], row["value"]) for row in rows))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_what_counts_is_what_counts_when_all_are_compared(imports: list[list[tuple[str, int, float, str]]]) -> None:
    distinct = [{(device, at, instance): value for device, at, value, instance in rows} for rows in imports]
    with TemporaryDirectory() as name:
        rows = [[reading(device, at, value, kind) for (device, at, kind), value in one.items()] for one in distinct]
        files = written(Path(name), *rows)
        table = ENGINE.table(files, Sample)
        few = ENGINE.rows(expressions.newest(table, overlaps.doubtful(files)))
        assert list(counted(few)) == list(counted(ENGINE.rows(expressions.newest(table))))
