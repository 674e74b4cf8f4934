"""Makes vintages: a table as somebody published it → a compressed CSV of our columns, and a TOML file beside it.

The same table gives the same bytes. `python -m comptometer.snapshots FOLDER` makes the shipped vintages anew from the
tables in a folder, which are found by their names and must have the digests that are written down.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from comptometer import places
from comptometer.errors import DataError, UsageError
from comptometer.files import replace_files, unwritable
from comptometer.sources import COLUMNS, READERS, Reading
from comptometer.sources._cells import EARLIEST
from comptometer.sources._rows import Rows
from comptometer.sources._table import LARGEST_TABLE as LARGEST_TABLE
from comptometer.sources._table import unpacked
from comptometer.vintages import ABSENT, FOLDER, Sidecar, names, sidecar

SMALL, QUICK = 9, 6  # levels of compression: for what is shipped, and for a table that may have a million rows


def pack(rows: Rows, level: int = SMALL) -> bytes:
    """Rows as a compressed CSV; no name and no time goes in, so that the same rows give the same bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=level, mtime=0) as file:
        file.write(f"{','.join(COLUMNS)}\n".encode())
        file.write(rows.csv)
    return packed.getvalue()


def reduce(raw: bytes, place: str, facts: Sidecar) -> tuple[bytes, Sidecar, Reading]:
    """Reduce a table by the reader that `facts` name.

    Returns:
        the compressed CSV, the facts with what was found filled in, and the reading with its problems.

    Raises:
        DataError: it cannot be read.
    """
    raw = unpacked(raw, place)
    reading = READERS[facts.reader].read(raw, place, as_of=facts.date)
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


# Vintages of one's own

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What became of a table that somebody brought in.

    Attributes:
        facts: what is written down about the vintage.
        reading: its rows, and every problem of the table.
        path: where its table is, or would be.
        written: false where nothing was to be written, or the same vintage was there.
    """

    facts: Sidecar
    reading: Reading
    path: Path
    written: bool


def bring_in(
    raw: bytes,
    place: str,
    *,
    as_of: date,
    vintage_id: str | None = None,
    edition: date | None = None,
    reader: str = "epoch",
    strict: bool = False,
    write_it: bool = True,
) -> Import:
    """Make a vintage of one's own from a table.

    Args:
        raw: the bytes of the table, plain or compressed by gzip.
        place: the name of its file, or how else to call it in messages.
        as_of: today; dates more than a year later are absurd.
        vintage_id: what to call it; reader and month of the edition if not given, or its day where that is taken.
        edition: the day of the edition; the newest date of publication up to `as_of` if not given. It is never taken
            from the clock: what is computed from a vintage must not depend on when it was brought in.
        reader: the name of the reader.
        strict: refuse a table with any problem.
        write_it: write it into the user's data folder.

    Raises:
        NotFound: no such reader.
        DataError: it cannot be read, or has problems and must not.
        UsageError: the name cannot be, or is taken by another vintage; the day of the edition cannot be, or is not
            given and not in the table.
    """
    publisher = READERS[reader]
    if edition and not EARLIEST <= edition <= as_of:
        side = f"after {as_of}" if edition > as_of else f"before {EARLIEST.year}"
        raise UsageError(f"{edition} cannot be the day of an edition: it lies {side}")
    raw = unpacked(raw, place)
    reading = publisher.read(raw, place, as_of=as_of)
    if strict and reading.problems:
        raise DataError(place, [str(problem) for problem in reading.problems])
    packed = pack(reading.rows, QUICK)
    day = edition or _newest(reading.rows, place, as_of)
    facts = Sidecar(
        id=_checked_id(vintage_id or _free_id(reader, day)),
        title=publisher.title,
        publisher=publisher.publisher,
        address=publisher.address,
        obtained="imported",
        date=day,
        retrieved=as_of,
        licence=publisher.licence,
        credit=publisher.credit,
        reader=reader,
        layout="",
        dollars=0,
        upstream_file=Path(place).name,
        upstream_sha256="",
        rows=0,
        sha256="",
    )
    facts = filled(facts, raw, packed, reading)
    folder = places.own_folder() / FOLDER
    new = _is_new(facts, folder)
    if write_it and new:
        write(folder, packed, facts)
    return Import(facts=facts, reading=reading, path=folder / f"{facts.id}.csv.gz", written=write_it and new)


def _newest(rows: Rows, place: str, as_of: date) -> date:
    newest = max((row["published"] for row in rows if row["published"] <= as_of.isoformat()), default="")
    if not newest:
        raise UsageError(
            f"{place}: no row has a date of publication that could date the edition; give its day by --date"
        )
    return date.fromisoformat(newest)


def _free_id(reader: str, day: date) -> str:
    month = f"{reader}-{day:%Y-%m}"
    return f"{month}-{day:%d}" if month in names() else month


def _checked_id(vintage_id: str) -> str:
    if not ID.fullmatch(vintage_id):
        raise UsageError(f"{vintage_id!r} cannot name a vintage; write e.g. epoch-2026-10: a-z, 0-9, dots and dashes")
    return vintage_id


def _is_new(facts: Sidecar, folder: Path) -> bool:
    """Is there no vintage of that name? One with the same table is left as it is.

    Raises:
        UsageError: another one has the name.
    """
    for place in (places.SHIPPED / FOLDER, folder):
        if (place / f"{facts.id}.toml").exists():
            if sidecar(facts.id, place).upstream_sha256 != facts.upstream_sha256:
                raise UsageError(
                    f"there is another vintage {facts.id!r}, which is never changed; give --id another name"
                )
            return False
    return True


def write(folder: Path, packed: bytes, facts: Sidecar) -> None:
    """Write a vintage into a folder whole or not at all, the file that makes it known last.

    Raises:
        DataError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error.strerror or error) from None
    replace_files({folder / f"{facts.id}.csv.gz": packed, folder / f"{facts.id}.toml": to_toml(facts).encode("utf-8")})


def remade(names: Iterable[str], tables: Path) -> dict[str, tuple[bytes, Sidecar]]:
    """The shipped vintages of these names, made anew from the tables in a folder (plain, or with `.gz`).

    Raises:
        DataError: a table is missing, or is not the one that is written down.
    """
    found = {}
    for name in names:
        facts = sidecar(name, places.SHIPPED / FOLDER)
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
    folder = places.SHIPPED / FOLDER
    names = sorted(path.stem for path in folder.glob("*.toml"))
    for packed, facts in remade(names, Path(arguments[0])).values():
        write(folder, packed, facts)


if __name__ == "__main__":
    main(sys.argv[1:])
