"""Makes vintages: a table as somebody published it → a compressed CSV of our columns, and a TOML file beside it.

The same table gives the same bytes. `python -m comptometer.snapshots FOLDER` makes the shipped vintages anew from the
tables in a folder, which are found by their names and must have the digests that are written down.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

from comptometer import store
from comptometer.errors import DataError
from comptometer.sources import COLUMNS, READERS, Reading, Row
from comptometer.sources._table import unpacked
from comptometer.vintages import ABSENT, FOLDER, Sidecar, sidecar


def pack(rows: Sequence[Row]) -> bytes:
    """Rows as a compressed CSV; no name and no time goes in, so that the same rows give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text.getvalue().encode("utf-8"))
    return packed.getvalue()


def reduce(raw: bytes, place: str, facts: Sidecar) -> tuple[bytes, Sidecar, Reading]:
    """Reduce a table by the reader that `facts` name.

    Returns:
        the compressed CSV, the facts with what was found filled in, and the reading with its problems.

    Raises:
        DataError: it cannot be read.
    """
    raw = unpacked(raw, place)
    reading = READERS[facts.reader](raw, place, as_of=facts.date)
    packed = pack(reading.rows)
    return packed, filled(facts, raw, packed, reading), reading


def filled(facts: Sidecar, raw: bytes, packed: bytes, reading: Reading) -> Sidecar:
    """The facts with layout, digests and number of rows as they were found."""
    return replace(
        facts,
        layout=reading.layout,
        dollars=reading.dollars or 0,
        rows=len(reading.rows),
        upstream_sha256=hashlib.sha256(raw).hexdigest(),
        sha256=hashlib.sha256(packed).hexdigest(),
    )


def to_toml(facts: Sidecar) -> str:
    """A sidecar as a TOML file; what is not known is left out."""
    known = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return "".join(f"{name} = {_value(value)}\n" for name, value in known.items() if value != ABSENT.get(name, ...))


def _value(value: str | int | date) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def write(folder: Path, packed: bytes, facts: Sidecar) -> None:
    """Write a vintage into a folder: each file whole or not at all, the one that makes it known last.

    Raises:
        DataError: the folder cannot be written.
    """
    _written(folder / f"{facts.id}.csv.gz", packed)
    _written(folder / f"{facts.id}.toml", to_toml(facts).encode("utf-8"))


def _written(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise DataError(str(path), [f"cannot be written: {error.strerror or error}"]) from None


def remade(names: Iterable[str], tables: Path) -> dict[str, tuple[bytes, Sidecar]]:
    """The shipped vintages of these names, made anew from the tables in a folder (plain, or with `.gz`).

    Raises:
        DataError: a table is missing, or is not the one that is written down.
    """
    found = {}
    for name in names:
        facts = sidecar(name, store.SHIPPED / FOLDER)
        path = next((p for ending in ("", ".gz") if (p := tables / f"{facts.upstream_file}{ending}").is_file()), None)
        if path is None:
            raise DataError(str(tables), [f"has no {facts.upstream_file}, plain or with .gz"])
        packed, new, _ = reduce(path.read_bytes(), str(path), facts)
        if facts.upstream_sha256 and new.upstream_sha256 != facts.upstream_sha256:
            raise DataError(str(path), [f"is another edition: sha256 {new.upstream_sha256}"])
        found[name] = packed, new
    return found


def main(arguments: Sequence[str]) -> None:
    """Make the shipped vintages anew; the arguments are the folder with the tables."""
    folder = store.SHIPPED / FOLDER
    names = sorted(path.stem for path in folder.glob("*.toml"))
    for packed, facts in remade(names, Path(arguments[0])).values():
        write(folder, packed, facts)


if __name__ == "__main__":
    main(sys.argv[1:])
