"""Files → rows of the ledger. Every other file in this folder reads one kind; one that begins with _ is shared.

An importer yields the rows of a file as it comes to them, and what it could not read or left out on purpose. It knows
nothing of storage, of what was imported before, or of other kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comptometer.ledger.instants import Zone
from comptometer.ledger.rows import Row
from comptometer.registry import Registry


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be read, and why; the others are imported."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that is right and is no row, and why: what would count something twice, or holds nothing."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a caller says about a file.

    Attributes:
        zone: of times without one.
        map: the content of a map file, for kinds that take one; `map_place` says which file.
        columns: names of the columns of a file without a header.
        cluster: the name of the cluster, for files that do not say.
        advance: is called with the bytes that were read.
    """

    zone: Zone = field(default_factory=Zone)
    map: dict[str, Any] = field(default_factory=dict)
    map_place: str = ""
    columns: tuple[str, ...] = ()
    cluster: str = ""
    advance: Callable[[int], None] = lambda size: None


Found = Row | Wrong | LeftOut
Reader = Callable[[Path, Options], Iterator[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One kind of file.

    Attributes:
        name: the KIND of `comptometer ledger import`.
        read: a file → what is in it.
        evidence: what such a file is a witness of: "scheduler", "table", "telemetry", …
        takes: names of the options that mean something to it, besides the zone.
        folder: patterns of the files that a folder of this kind holds; none where a folder means nothing.
    """

    name: str
    read: Reader
    evidence: str
    takes: frozenset[str] = frozenset()
    folder: tuple[str, ...] = ()


IMPORTERS: Registry[Importer] = Registry("kind of file", "comptometer.ledger.importers")


def importer(
    name: str, *, evidence: str, takes: frozenset[str] = frozenset(), folder: tuple[str, ...] = ()
) -> Callable[[Reader], Reader]:
    """Register a reader of one kind of file; see `Importer` for the arguments."""

    def register(read: Reader) -> Reader:
        IMPORTERS.add(name, Importer(name=name, read=read, evidence=evidence, takes=takes, folder=folder))
        return read

    return register
