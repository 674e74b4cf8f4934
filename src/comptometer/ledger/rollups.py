"""Readings of an hour as one row: what a total over months of counters has to read, about 120 times less of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comptometer.frames import imported
from comptometer.ledger.rows import EXTRA, Hour, columns

SERIES = (
    "source", "month", "evidence", "source_sha256", "import_number",
    "device", "instance", "metric", "cluster", "node", "chip_name", "job", "container",
)  # fmt: skip
MERGED: Mapping[str, str] = {  # how what is known of two parts of an hour becomes what is known of both
    "evidence_id": "min", "first_row": "min", "last_row": "max", "samples": "sum", "total": "sum",
    "least": "min", "most": "max", "first": "min", "last": "max", "digest": "sum",
}  # fmt: skip
MOST_PARTS = 1_000_000  # rows of parts that are held before they are merged


class RolledUp:
    """The hours of one file of readings, gathered while it is written."""

    def __init__(self) -> None:
        self._pyarrow, self._compute = imported("pyarrow", EXTRA), imported("pyarrow.compute", EXTRA)
        self._parts: list[Any] = []

    def add(self, readings: Any) -> None:
        """Some rows of the file, as a table of Arrow."""
        value, moment, count = readings["value"], readings["moment"], len(readings)
        own = {
            "moment": self._compute.floor_temporal(moment, unit="hour"),
            "samples": self._pyarrow.repeat(self._pyarrow.scalar(1, self._pyarrow.int64()), count),
            "total": value.cast(self._pyarrow.decimal128(38, 6), safe=False),
            "least": value, "most": value, "first": moment, "last": moment, "digest": _digests(moment, value),
        }  # fmt: skip
        named = {name: readings[name] for name in (*SERIES, "evidence_id", "first_row", "last_row")}
        self._parts.append(self._merged(self._pyarrow.table({**named, **own})))
        if sum(map(len, self._parts)) > MOST_PARTS and len(self._parts) > 1:
            self._parts = [self._merged(self._pyarrow.concat_tables(self._parts))]

    def table(self, once: bool) -> Any:
        """A row for each series and hour, in the order of both; `once`: is no reading there twice?"""
        found = self._merged(self._pyarrow.concat_tables(self._parts))
        if not once:
            unknown = self._pyarrow.nulls(len(found), self._pyarrow.int64())
            found = found.set_column(found.schema.get_field_index("digest"), "digest", unknown)
        return found.sort_by([(name, "ascending") for name in ("device", "instance", "metric", "moment", "first_row")])

    def _merged(self, parts: Any) -> Any:
        found = parts.group_by([*SERIES, "moment"]).aggregate(list(MERGED.items()))
        found = found.rename_columns({f"{name}_{how}": name for name, how in MERGED.items()})
        total = found["total"].cast(self._pyarrow.decimal128(38, 6))
        found = found.set_column(found.schema.get_field_index("total"), "total", total)
        return found.select(list(columns(Hour)))


def _digests(moment: Any, value: Any) -> NDArray[np.int64]:
    """Of each reading 32 bits, of which those of an hour are added up."""
    mixed: NDArray[np.uint64] = moment.cast("int64").to_numpy().view(np.uint64)
    with np.errstate(over="ignore"):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15)
        mixed = mixed ^ value.to_numpy().view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(32)).astype(np.int64)
