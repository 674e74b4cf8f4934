"""Pinned editions of other people's tables of models: shipped ones, and those that a user has imported.

A vintage is a compressed CSV of `sources.COLUMNS` and a TOML file beside it that says where it comes from. Both lie
in `snapshots/` of a data folder. A vintage never changes: a newer edition of a table is another vintage.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from comptometer import places
from comptometer.errors import DataError, NotFound
from comptometer.identity import Match, keys, matches
from comptometer.model_row import ModelRow, typed
from comptometer.sources import COLUMNS

DEFAULT = "epoch-2026-07"
FOLDER = "snapshots"
ABSENT: Mapping[str, Any] = {"obtained": "", "retrieved": None, "dollars": 0}  # what a sidecar may leave out


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What is written down about a vintage, beside it.

    Attributes:
        id: its name, also of its files.
        title: of the table, as its makers call it.
        publisher: who made the table.
        address: where its makers publish it.
        obtained: where this edition was had, if not there: a repository and a path, or the name of a file.
        date: of the edition: the newest edit, or the newest row, that it holds.
        retrieved: the day on which it was fetched; empty where that is not recorded.
        licence: under which it may be passed on.
        credit: the line that the licence asks for.
        reader: the name of the reader that reduced it.
        layout: which of the publisher's layouts it had.
        dollars: the year whose dollars its costs are in, as it says; 0 where it does not.
        upstream_file: name of the file that was reduced.
        upstream_sha256: of its bytes, uncompressed.
        rows: how many models it holds.
        sha256: of the compressed CSV beside this file.
    """

    id: str
    title: str
    publisher: str
    address: str
    obtained: str
    date: datetime.date
    retrieved: datetime.date | None
    licence: str
    credit: str
    reader: str
    layout: str
    dollars: int
    upstream_file: str
    upstream_sha256: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vintage:
    """An edition of a table.

    Attributes:
        sidecar: what is written down about it.
        rows: its models, in the order of the table.
        shipped: does it come with the package?
    """

    sidecar: Sidecar
    rows: Sequence[ModelRow]
    shipped: bool

    @property
    def id(self) -> str:
        """Its name."""
        return self.sidecar.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A model over several vintages.

    Attributes:
        key: its identity within the default vintage and all older ones.
        row: what the newest vintage that has it says.
        vintage: the id of that vintage.
        history: what older vintages said, newest first, each with the id of its vintage.
    """

    key: str
    row: ModelRow
    vintage: str
    history: Sequence[tuple[str, ModelRow]]


def folders() -> Mapping[str, Path]:
    """The folder of each vintage, by its id, oldest edition first; a user's own cannot take a shipped one's name."""
    found: dict[str, Path] = {}
    for folder in places.folders():
        for path in sorted((folder / FOLDER).glob("*.toml")):
            found.setdefault(path.stem, path.parent)
    return dict(sorted(found.items(), key=lambda item: (str(sidecar(item[0], item[1]).date), item[0])))


def is_shipped(folder: Path) -> bool:
    """Do the vintages in a folder come with the package?"""
    return folder == places.SHIPPED / FOLDER


def names() -> tuple[str, ...]:
    """The ids of all vintages in alphabetical order; nothing is read, so that a damaged one is named as well."""
    return tuple(sorted({path.stem for folder in places.folders() for path in (folder / FOLDER).glob("*.toml")}))


def vintage_ids() -> tuple[str, ...]:
    """The ids of all vintages, oldest edition first."""
    return tuple(folders())


def _folder(vintage_id: str) -> Path:
    for folder in places.folders():
        if "/" not in vintage_id and (folder / FOLDER / f"{vintage_id}.toml").is_file():
            return folder / FOLDER
    raise NotFound("vintage", vintage_id, get_close_matches(vintage_id, names(), 2, 0.5) or names())


def sidecar(vintage_id: str, folder: Path | None = None) -> Sidecar:
    """What is written down about a vintage.

    Raises:
        NotFound: with the nearest names.
        DataError: keys that are missing, unknown, or of another kind.
    """
    path = (folder or _folder(vintage_id)) / f"{vintage_id}.toml"
    try:
        return to_sidecar(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise DataError(str(path), [f"cannot be read: {error}"]) from None


def to_sidecar(content: Mapping[str, Any], place: str) -> Sidecar:
    """Check the content of a sidecar.

    Raises:
        DataError: every key that is missing, unknown, or of another kind.
    """
    kinds: Mapping[str, tuple[type, ...]] = {
        "date": (datetime.date,),
        "retrieved": (datetime.date, type(None)),
    }
    numbers = ("rows", "dollars")
    given = {**ABSENT, **content}
    wanted = [field.name for field in fields(Sidecar)]
    problems = [f"{key}: is missing" for key in wanted if key not in given]
    problems += [f"{key}: unknown key" for key in given if key not in wanted]
    problems += [
        f"{key}: is no {'number' if key in numbers else 'date' if key in kinds else 'text'}, got {given[key]!r}"
        for key in wanted
        if key in given and not isinstance(given[key], kinds.get(key, (int,) if key in numbers else (str,)))
    ]
    if problems:
        raise DataError(place, problems)
    return Sidecar(**given)


def vintage(vintage_id: str = DEFAULT) -> Vintage:
    """A vintage with its rows.

    Raises:
        NotFound: with the nearest names.
        DataError: damaged.
    """
    return _vintage(vintage_id, _folder(vintage_id))


@cache
def _vintage(vintage_id: str, folder: Path) -> Vintage:
    facts = sidecar(vintage_id, folder)
    path = folder / f"{vintage_id}.csv.gz"
    return Vintage(sidecar=facts, rows=rows(packed(path), str(path)), shipped=is_shipped(folder))


def row(vintage_id: str, line: int) -> ModelRow:
    """One row of a shipped vintage, by the line that it has in its table; the others are not read.

    Raises:
        DataError: damaged, or it has no such row.
    """
    path = _folder(vintage_id) / f"{vintage_id}.csv.gz"
    text = _text(path)
    start = text.find(f"\n{line},") + 1  # no cell of a shipped vintage holds the end of a line
    if not start:
        raise DataError(str(path), [f"has no row of line {line}"])
    record = text[start : text.find("\n", start)]
    return typed([next(csv.reader([record], strict=True))])[0]


@cache
def _text(path: Path) -> str:
    try:
        return gzip.decompress(packed(path)).decode("utf-8")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(str(path), [f"is damaged: {error}"]) from None


def packed(path: Path) -> bytes:
    """The bytes of a vintage's table.

    Raises:
        DataError: it is missing, or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(str(path), [f"cannot be read: {error.strerror or error}"]) from None


def rows(raw: bytes, place: str) -> tuple[ModelRow, ...]:
    """The rows in the compressed CSV of a vintage.

    Raises:
        DataError: damaged, or other columns.
    """
    try:
        text = gzip.decompress(raw).decode("utf-8")
        header, *records = csv.reader(io.StringIO(text, newline=""), strict=True)
        if tuple(header) != COLUMNS:
            raise ValueError("has other columns; import the table again")
        return typed(records)
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise DataError(place, [f"is damaged: {error}"]) from None


def faults(vintage_id: str) -> list[str]:
    """What is wrong with a vintage: its digest, its rows, and what is written down about it; empty where all is well.

    Raises:
        NotFound: with the nearest names.
    """
    folder = _folder(vintage_id)
    path = folder / f"{vintage_id}.csv.gz"
    try:
        facts, raw = sidecar(vintage_id, folder), packed(path)
        found: list[str] = []
        if facts.id != vintage_id:
            found.append(f"{vintage_id}.toml: id is {facts.id!r}")
        if (digest := hashlib.sha256(raw).hexdigest()) != facts.sha256:
            found.append(f"{path.name}: sha256 is {digest}, {facts.sha256} is written down")
        if (count := len(rows(raw, path.name))) != facts.rows:
            found.append(f"{path.name}: holds {count} rows, {facts.rows} are written down")
    except DataError as error:
        return str(error).splitlines()
    return found


# Several vintages


def renamed(new: str, old: str) -> Sequence[Match]:
    """The models of one vintage found again in an older one, each with the reason; positions of rows."""
    return matches([(row,) for row in vintage(new).rows], vintage(old).rows)


def merged(default: str = DEFAULT) -> tuple[Known, ...]:
    """Every model of the default vintage, then those that only older vintages have, from the newest that has them.

    Raises:
        NotFound: no such vintage.
    """
    first = vintage(default)
    dated = {name: sidecar(name, folder).date for name, folder in folders().items()}
    older = [name for name in reversed(dated) if name != default and dated[name] <= first.sidecar.date]
    versions: list[list[tuple[str, ModelRow]]] = [[(first.id, row)] for row in first.rows]
    for name in older:
        found = vintage(name).rows
        known = [tuple(row for _, row in entry) for entry in versions]
        again = {match.old: match.new for match in matches(known, found)}
        for at, row in enumerate(found):
            if at in again:
                versions[again[at]].append((name, row))
            else:
                versions.append([(name, row)])
    newest = [entry[0][1] for entry in versions]
    return tuple(
        Known(key=key, row=entry[0][1], vintage=entry[0][0], history=tuple(entry[1:]))
        for key, entry in zip(keys(newest), versions, strict=True)
    )
