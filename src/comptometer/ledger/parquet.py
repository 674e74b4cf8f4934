"""Rows → Parquet files, one for each table and month, written as the rows come."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

from comptometer.frames import imported
from comptometer.ledger.overlaps import Gathered
from comptometer.ledger.rollups import RolledUp
from comptometer.ledger.rows import EXTRA, TABLES, Hour, Kind, Row, Sample, columns, names
from comptometer.ledger.storage import Part, sha256_of

MOST_WAITING = 100_000  # rows held before those of the month with most of them are written
NO_MONTH = "unknown"
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Place = tuple[type[Row], str]  # a table and a month


class Writer:
    """Writes the rows of one import below a folder.

    Args:
        folder: where the files go.
        name: of each file, without its ending.
        shared: what all rows have in common, by column.
    """

    def __init__(self, folder: Path, name: str, shared: Mapping[str, Any]) -> None:
        self._pyarrow = pa = imported("pyarrow", EXTRA)
        self._parquet, self._compute = imported("pyarrow.parquet", EXTRA), imported("pyarrow.compute", EXTRA)
        self._types: Mapping[Kind, Any] = {
            "text": pa.string(),
            "instant": pa.timestamp("us", tz="UTC"),
            "number": pa.float64(),
            "count": pa.int64(),
            "flag": pa.bool_(),
            "sum": pa.decimal128(38, 6),
        }
        self._folder, self._name, self._shared = folder, name, shared
        self._said = {shape: attrgetter("line", *names(shape)) for shape in TABLES if shape is not Hour}
        self._waiting: dict[Place, list[tuple[Any, ...]]] = defaultdict(list)
        self._waiting_count = 0
        self._open: dict[Place, tuple[str, Any]] = {}
        self._rows: Counter[str] = Counter()
        self._readings: dict[str, Gathered] = defaultdict(Gathered)
        self._hours: dict[str, RolledUp] = defaultdict(RolledUp)  # by month

    def add(self, row: Row) -> None:
        """One row."""
        moment = row.moment
        month = f"{moment.year:04d}-{moment.month:02d}" if moment else NO_MONTH
        self._waiting[type(row), month].append(self._said[type(row)](row))
        self._waiting_count += 1
        if self._waiting_count >= MOST_WAITING:
            self._write(max(self._waiting, key=lambda place: len(self._waiting[place])))

    def _write(self, place: Place) -> None:
        shape, month = place
        rows = self._waiting.pop(place)
        self._waiting_count -= len(rows)
        table = self._table(shape, month, rows)
        path = self._append(place, table)
        if shape is Sample:
            self._readings[path].add(table)
            self._hours[month].add(table)

    def _append(self, place: Place, table: Any) -> str:
        """To the file of its place, which is opened where it is not yet."""
        shape, month = place
        if place not in self._open:
            path = f"{TABLES[shape]}/source={self._shared['source']}/month={month}/{self._name}.parquet"
            (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
            schema = self._schema(columns(shape))
            self._open[place] = path, self._parquet.ParquetWriter(self._folder / path, schema, compression="zstd")
        path, writer = self._open[place]
        writer.write_table(table)
        self._rows[path] += len(table)
        return path

    def _table(self, shape: type[Row], month: str, rows: Sequence[tuple[Any, ...]]) -> Any:
        """Rows as a table: an empty text, and a number that is none, are nothing."""
        pa, kinds, count = self._pyarrow, columns(shape), len(rows)
        lines, *said = zip(*rows, strict=True)
        first = pa.array(lines, pa.int64())
        head = f"{self._shared['source']}:{self._shared['source_sha256'][:16]}"
        found = {name: pa.repeat(value, count) for name, value in {**self._shared, "month": month}.items()}
        found |= {"evidence_id": self._compute.binary_join_element_wise(head, first.cast(pa.string()), ":")}
        found |= {"first_row": first, "last_row": first}
        found |= {name: self._array(kinds[name], cells) for name, cells in zip(names(shape), said, strict=True)}
        return pa.table({name: found[name] for name in kinds}, schema=self._schema(kinds))

    def _array(self, kind: Kind, cells: Sequence[Any]) -> Any:
        pa, shape = self._pyarrow, self._types[kind]
        match kind:
            case "text":
                return pa.array([cell or None for cell in cells], shape) if any(cells) else pa.nulls(len(cells), shape)
            case "instant":
                since = [cell and (cell - _EPOCH) // _MICROSECOND for cell in cells]
                return pa.array(since, pa.int64()).cast(shape)
            case "number":
                found = pa.array(cells, shape)
                return self._compute.if_else(self._compute.is_finite(found), found, pa.scalar(None, shape))
            case _:
                return pa.array(cells, shape)

    def _schema(self, kinds: Mapping[str, Kind]) -> Any:
        return self._pyarrow.schema([(name, self._types[kind]) for name, kind in kinds.items()])

    def close(self) -> list[Part]:
        """The files, whole and on the disk."""
        for place in list(self._waiting):
            self._write(place)
        for month, hours in self._hours.items():
            path, _ = self._open[Sample, month]
            self._append((Hour, month), hours.table(self._readings[path].once))
        parts = []
        for path, writer in self._open.values():
            if path in self._readings:
                writer.add_key_value_metadata(self._readings[path].metadata())
            writer.close()
            with (self._folder / path).open("rb") as file:
                os.fsync(file.fileno())
            parts.append(Part(path=path, sha256=sha256_of(self._folder / path), rows=self._rows[path]))
        return sorted(parts, key=lambda part: part.path)
