"""What this release is: the version of the code and of the data that were used. Nothing heavy is imported to say so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from comptometer import __version__, places

DATA = places.SHIPPED
OWN_RECORDS = ("chips", "models", "sources")  # folders of the user's own that enter every answer
READ = frozenset({".toml", ".json"})


def data_version(*vintages: str) -> str:
    """The version of the data, as every output names it.

    That of the shipped data; after a plus sign `own` and a digest of the user's own dossiers, chips and sources, where
    there are some, for they enter every answer; and each of the vintages that were used and are the user's own, with
    its digest. So the same input and data version give the same bytes.

    Args:
        vintages: ids of the vintages that were used; shipped ones are part of the shipped data.
    """
    marks = [f"own.{_digest(files)}"] if (files := own_records()) else []
    folder = places.own_folder() / "snapshots"
    for name in dict.fromkeys(vintages):
        path = folder / f"{name}.csv.gz"
        if "/" not in name and path.is_file() and not (DATA / "snapshots" / path.name).is_file():
            marks.append(f"{name}.{_digest([path])}")
    return _shipped_version() + ("+" if marks else "") + ".".join(marks)


@cache
def _shipped_version() -> str:
    return (DATA / "VERSION").read_text(encoding="utf-8").strip()


def own_records() -> list[Path]:
    """The user's own dossiers, chips and sources, and the files that dossiers lie beside, in a fixed order."""
    own = places.own_folder()
    found = (path for kind in OWN_RECORDS for path in (own / kind).rglob("*") if path.suffix in READ)
    return sorted(path for path in found if path.is_file())


def _digest(files: Iterable[Path]) -> str:
    """Eight characters that change with any byte of the files, and with where they lie."""
    own = places.own_folder()
    digest = hashlib.sha256()
    for path in files:
        try:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            content = "unreadable"
        digest.update(f"{path.relative_to(own).as_posix()}\0{content}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:8]


def banner() -> str:
    """Both versions in one line."""
    return f"comptometer {__version__} (data {data_version()})"
