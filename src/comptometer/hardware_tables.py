"""Pinned tables of chips by Epoch AI, reduced to what trends of hardware are fitted to.

These are the tables as they are, for the studies that were made of them and for trends over thousands of parts. The
records of chips that were looked into stand in `data/chips`, and do not always agree.

`python -m comptometer.hardware_tables FOLDER` makes the shipped files anew from the tables in a folder, which must have
the digests that are written down.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from comptometer.errors import DataError, NotFound
from comptometer.places import SHIPPED

FOLDER = SHIPPED / "hardware"
DEFAULT = "epoch-2026-07-chips"
FP32 = "FP32 (single precision) performance (FLOP/s)"
UPSTREAM: Mapping[str, tuple[str, ...]] = {  # our column → upstream's, in either edition
    "name": ("Hardware name",),
    "maker": ("Manufacturer",),
    "kind": ("Type",),
    "released": ("Release date",),
    "fp32": (FP32,),
    "matrix16": ("Tensor-FP16/BF16 performance (FLOP/s)",),
    "watt": ("TDP (W)",),
    "usd": ("Release price (USD)",),
    "memory": ("Memory size per board (Byte)", "Memory (bytes)"),
    "bandwidth": ("Memory bandwidth (byte/s)",),
}
COLUMNS = ("line", *UPSTREAM, "learning")


class HardwareRow(NamedTuple):
    """A part as a table has it: rates in FLOP/s, power in watts, price in US dollars, memory in bytes and bytes/s.

    `learning`: it is marked as machine-learning hardware, or some model of the tables was trained on it.
    """

    line: int
    name: str
    maker: str
    kind: str
    released: date | None
    fp32: float | None
    matrix16: float | None
    watt: float | None
    usd: float | None
    memory: float | None
    bandwidth: float | None
    learning: bool


def table_ids() -> tuple[str, ...]:
    """The shipped tables of chips, oldest first."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def facts(table_id: str) -> Mapping[str, Any]:
    """What is written down about a table: title, address, licence, credit, digests.

    Raises:
        NotFound: with those that there are.
    """
    path = FOLDER / f"{table_id}.toml"
    if table_id not in table_ids():
        raise NotFound("table of chips", table_id, list(table_ids()))
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def rows(table_id: str = DEFAULT) -> tuple[HardwareRow, ...]:
    """The parts of a table, in its order.

    Raises:
        NotFound: no such table.
    """
    facts(table_id)
    text = gzip.decompress((FOLDER / f"{table_id}.csv.gz").read_bytes()).decode("utf-8")
    return tuple(_row(record) for record in csv.DictReader(io.StringIO(text, newline="")))


def _row(record: Mapping[str, str]) -> HardwareRow:
    number = {key: float(record[key]) if record[key] else None for key in list(UPSTREAM)[4:]}
    return HardwareRow(
        line=int(record["line"]),
        name=record["name"],
        maker=record["maker"],
        kind=record["kind"],
        released=date.fromisoformat(record["released"]) if record["released"] else None,
        learning=record["learning"] == "yes",
        **number,
    )


# Making them


def reduce(raw: bytes, place: str) -> bytes:
    """A table as Epoch AI publishes it → our columns as a compressed CSV; the same table gives the same bytes.

    Raises:
        DataError: a column is missing.
    """
    reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    headers = reader.fieldnames or []
    columns = {key: next((name for name in names if name in headers), None) for key, names in UPSTREAM.items()}
    if lacking := [UPSTREAM[key][0] for key, name in columns.items() if name is None]:
        raise DataError(place, [f"column {name!r} is missing" for name in lacking])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    read: Sequence[Callable[[str], str]] = [str.strip, str.strip, str.strip, _day, *[_number] * 6]
    line = reader.line_num + 1
    for record in reader:
        cells = [clean(record[name] or "") for clean, name in zip(read, columns.values(), strict=True) if name]
        learning = record.get("ML hardware", "checked") or record.get("ML models")
        writer.writerow([line, *cells, "yes" if learning else ""])
        line = reader.line_num + 1
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text.getvalue().encode("utf-8"))
    return packed.getvalue()


def _day(cell: str) -> str:
    return cell if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else ""


def _number(cell: str) -> str:
    plain = re.sub(r"[$,\s]", "", cell)
    try:
        value = float(plain)
    except ValueError:
        return ""
    return plain if 0 < value < float("inf") else ""


def main(folder: Path) -> None:
    """Write the shipped tables anew, and their digests."""
    for table_id in table_ids():
        told = facts(table_id)
        path = folder / str(told["upstream_file"])
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if (digest := hashlib.sha256(raw).hexdigest()) != told["upstream_sha256"]:
            raise DataError(str(path), [f"sha256 is {digest}, {told['upstream_sha256']} is written down"])
        (FOLDER / f"{table_id}.csv.gz").write_bytes(reduce(raw, str(path)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
