"""The folder of a ledger: Parquet files that are only ever added, and a manifest that says which of them count.

    manifest.jsonl                             a line for each import, chained to the one before by its hash
    jobs/source=sacct/month=2026-11/….parquet  one file for each import and month; likewise samples/ …
    salt                                       with which names are hidden, where they are

The manifest is replaced in one step when all files of an import are in their places. What a broken import leaves is
not listed, is not read, and is overwritten by the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from comptometer.errors import DataError, NotFound, UsageError
from comptometer.files import replace_file, unwritable
from comptometer.ledger.rows import TABLES

MANIFEST, SALT, LOCK, STAGING = "manifest.jsonl", "salt", ".lock", ".staging"
RULES = "rules.toml"  # may say which attempts belong to which model
FIRST = "0" * 64  # what the first import follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of the ledger: where it is in the folder, its hash and rows."""

    path: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An entry of the manifest.

    Attributes:
        number: from 1.
        file: the name of what was imported, without its folder.
        sha256: of its bytes.
        options: hash of what else decides its rows: the map, the names of columns, the zone.
        zone: of its times; empty where they had one. `zone_stated`: was it given, or taken to be UTC?
        redacted: are names of people and paths hidden?
        clusters: of its rows.
        previous, hash: of the entry before, and of this one.
    """

    number: int
    kind: str
    file: str
    sha256: str
    options: str
    zone: str
    zone_stated: bool
    redacted: bool
    clusters: Sequence[str]
    rows: int
    wrong: int
    parts: Sequence[Part]
    previous: str
    hash: str = ""

    def sealed(self) -> Import:
        """With its hash."""
        return Import(**{**_shallow(self), "hash": self.computed_hash()})

    def computed_hash(self) -> str:
        """Of all that the entry says, that of the entry before included."""
        said = asdict(self)
        del said["hash"]
        return hashlib.sha256(_line(said).encode()).hexdigest()


def _shallow(entry: Import) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha256_of(path: Path) -> str:
    """Of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Ledger:
    """A folder."""

    folder: Path

    @property
    def exists(self) -> bool:
        """Was anything ever imported?"""
        return (self.folder / MANIFEST).is_file()

    def require(self) -> None:
        """Be sure that it is there.

        Raises:
            NotFound: it is not.
        """
        if not self.exists:
            hint = "begin one with: comptometer ledger import KIND FILE --ledger FOLDER"
            raise NotFound("ledger", str(self.folder), hint=hint)

    def imports(self) -> list[Import]:
        """The entries of the manifest, in order.

        Raises:
            DataError: it cannot be read.
        """
        if not self.exists:
            return []
        try:
            lines = (self.folder / MANIFEST).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(str(self.folder / MANIFEST), [f"cannot be read: {error}"]) from None
        return [self._entry(number, line) for number, line in enumerate(lines, 1)]

    def _entry(self, number: int, line: str) -> Import:
        try:
            said = json.loads(line)
            return Import(**{**said, "parts": [Part(**part) for part in said["parts"]]})
        except (ValueError, TypeError, KeyError):
            raise DataError(str(self.folder / MANIFEST), [f"line {number}: is no entry of a ledger"]) from None

    def files(self, table: str) -> list[Path]:
        """The files of a table that count.

        Raises:
            DataError: one is missing.
        """
        listed = [self.folder / part.path for entry in self.imports() for part in entry.parts]
        missing = [f"{path.relative_to(self.folder)} is missing" for path in listed if not path.is_file()]
        if missing:
            raise DataError(str(self.folder), missing)
        return [path for path in listed if path.relative_to(self.folder).parts[0] == table]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone in the folder, which is made where it is not there; the lock goes with the process that holds it.

        Raises:
            UsageError: it is a file, or another folder with things in it.
            DataError: the system does not let us write there.
        """
        self._make()
        with (self.folder / LOCK).open("w") as file:
            _lock(file.fileno())
            try:
                yield
            finally:
                shutil.rmtree(self.folder / STAGING, ignore_errors=True)

    def _make(self) -> None:
        if self.folder.is_dir() and not self.exists and any(self._strange()):
            raise UsageError(f"{self.folder} holds other things; name a new folder for a ledger")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise UsageError(f"{self.folder} is a file; a ledger is a folder") from None
        except OSError as error:
            raise unwritable(self.folder, error.strerror or error) from None

    def _strange(self) -> Iterator[Path]:
        ours = {MANIFEST, SALT, LOCK, STAGING, RULES, *TABLES.values()}
        hidden = (f".{MANIFEST}.", f".{SALT}.")  # being written by another import
        return (path for path in self.folder.iterdir() if path.name not in ours and not path.name.startswith(hidden))

    @property
    def staging(self) -> Path:
        """Where files are written until all are whole."""
        return self.folder / STAGING

    def salt(self) -> bytes:
        """The salt of this ledger; made where there is none."""
        path = self.folder / SALT
        if not path.is_file():
            replace_file(path, secrets.token_hex(32).encode())
            with suppress(OSError):
                path.chmod(0o600)
        return path.read_bytes()

    def commit(self, entry: Import) -> None:
        """Put the staged files of an import in their places, and then its entry into the manifest.

        Raises:
            DataError: the system does not let us; then nothing has changed.
        """
        try:
            for part in entry.parts:
                target = self.folder / part.path
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(self.staging / part.path, target)
                _flush_folder(target.parent)
        except OSError as error:
            raise unwritable(self.folder, error.strerror or error) from None
        lines = [_line(asdict(one)) + "\n" for one in [*self.imports(), entry.sealed()]]
        replace_file(self.folder / MANIFEST, "".join(lines).encode())
        _flush_folder(self.folder)

    def problems(self) -> list[str]:
        """What does not hold: the chain of the manifest, and the hash of each file that it lists."""
        found, previous = [], FIRST
        for number, entry in enumerate(self.imports(), 1):
            if entry.number != number or entry.previous != previous:
                found.append(f"import {number} does not follow the one before: one was removed, added or moved")
            if entry.hash != entry.computed_hash():
                found.append(f"import {number} ({entry.file}) was changed after it was written")
            previous = entry.hash
            found += [said for part in entry.parts if (said := self._problem(part))]
        return found

    def _problem(self, part: Part) -> str:
        path = self.folder / part.path
        if not path.is_file():
            return f"{part.path} is missing"
        return "" if sha256_of(path) == part.sha256 else f"{part.path} was changed after it was written"

    def strays(self) -> list[str]:
        """Files that no import lists: left over by one that broke off, or put there; they are not read."""
        listed = {part.path for entry in self.imports() for part in entry.parts}
        there = [path for table in TABLES.values() for path in sorted((self.folder / table).rglob("*.parquet"))]
        return [name for path in there if (name := path.relative_to(self.folder).as_posix()) not in listed]


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
