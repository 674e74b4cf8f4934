"""Readings of an hour as one row: what a total over months of counters has to read, about 120 times less of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comptometer.frames import imported
from comptometer.ledger.rows import Hour, columns

SERIES = (
    "source", "month", "evidence", "source_sha256", "import_number",
    "device", "instance", "metric", "cluster", "node", "chip_name", "job", "container",
)  # fmt: skip
MERGED: Mapping[str, str] = {  # how what is known of two parts of an hour becomes what is known of both
    "evidence_id": "min", "first_row": "min", "last_row": "max", "samples": "sum", "total": "sum",
    "least": "min", "most": "max", "first": "min", "last": "max",
}  # fmt: skip
MOST_PARTS = 1_000_000  # rows of parts that are held before they are merged


class RolledUp:
    """The hours of one file of readings, gathered while it is written."""

    def __init__(self) -> None:
        self._pyarrow, self._compute = imported("pyarrow"), imported("pyarrow.compute")
        self._parts: list[Any] = []

    def add(self, readings: Any) -> None:
        """Some rows of the file, as a table of Arrow."""
        value, moment, count = readings["value"], readings["moment"], len(readings)
        own = {
            "moment": self._compute.floor_temporal(moment, unit="hour"),
            "samples": self._pyarrow.repeat(self._pyarrow.scalar(1, self._pyarrow.int64()), count),
            "total": value.cast(self._pyarrow.decimal128(38, 6), safe=False),
            "least": value, "most": value, "first": moment, "last": moment,
        }  # fmt: skip
        named = {name: readings[name] for name in (*SERIES, "evidence_id", "first_row", "last_row")}
        self._parts.append(self._merged(self._pyarrow.table({**named, **own})))
        if sum(map(len, self._parts)) > MOST_PARTS and len(self._parts) > 1:
            self._parts = [self._merged(self._pyarrow.concat_tables(self._parts))]

    def table(self) -> Any:
        """A row for each series and hour, in the order of both."""
        found = self._merged(self._pyarrow.concat_tables(self._parts))
        return found.sort_by([(name, "ascending") for name in ("device", "instance", "metric", "moment", "first_row")])

    def _merged(self, parts: Any) -> Any:
        found = parts.group_by([*SERIES, "moment"]).aggregate(list(MERGED.items()))
        found = found.rename_columns({f"{name}_{how}": name for name, how in MERGED.items()})
        total = found["total"].cast(self._pyarrow.decimal128(38, 6))
        found = found.set_column(found.schema.get_field_index("total"), "total", total)
        return found.select(list(columns(Hour)))
