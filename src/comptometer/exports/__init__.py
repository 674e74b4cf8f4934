"""The catalogue as a file. Every other file in this folder writes one format.

A format turns tables into bytes and touches no file; what puts the bytes in their place is here. The same data and
version give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from comptometer import vintages
from comptometer.errors import UsageError
from comptometer.files import check_target, replace_files
from comptometer.registry import Registry
from comptometer.relations import TABLES, Relations
from comptometer.table import Table

ALL = "all"
DATABASES = (".sqlite", ".db")
GROUPS: Mapping[str, tuple[str, ...]] = {  # the first is what a file of one table holds
    "models": ("models", "estimates", "editions"),
    "chips": ("chips", "peaks", "prices"),
    "claims": ("claims",),
    ALL: tuple(TABLES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What goes into a file.

    Attributes:
        what: the group that was asked for.
        tables: each after those that it refers to.
        facts: whom to credit, versions, vintage.
    """

    what: str
    tables: Sequence[Table]
    facts: Mapping[str, str]

    @property
    def credit(self) -> list[str]:
        """A line for each that must be named."""
        return self.facts["credit"].splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A format: how tables become bytes, and whether one file holds several."""

    write: Callable[[Content], bytes]
    several: bool


FORMS: Registry[Form] = Registry("format", "comptometer.exports")


def form(*endings: str, several: bool) -> Callable[[Callable[[Content], bytes]], Callable[[Content], bytes]]:
    """Register a function that writes the format of these endings."""

    def register(function: Callable[[Content], bytes]) -> Callable[[Content], bytes]:
        for ending in endings:
            FORMS.add(ending, Form(write=function, several=several))
        return function

    return register


def export(
    path: Path,
    *,
    data: str = vintages.DEFAULT,
    what: str = "",
    force: bool = False,
    datasette_metadata: Path | None = None,
) -> Content:
    """Write the catalogue to a file; its ending says the format.

    Nothing is left half written: the files appear, or replace those before, when all are complete.

    Args:
        path: where to.
        data: the vintage that the models without a curated dossier come from.
        what: a key of `GROUPS`; all that fits into the format unless given, which is the models where it is one table.
        force: replace files that are there.
        datasette_metadata: where to describe the database for Datasette, if at all.

    Raises:
        UsageError: an ending that is no format, more tables than the format holds, a file that is there or that cannot
            be.
        DataError: a file that the system does not let us write.
        NotFound: no such vintage.
    """
    check_ending(path, tuple(FORMS))
    check_target(path, force=force)
    if datasette_metadata:
        if path.suffix.lower() not in DATABASES:
            raise UsageError(f"the metadata for Datasette describe a database: {path} must be {' or '.join(DATABASES)}")
        check_ending(datasette_metadata, (".json",))
        check_target(datasette_metadata, force=force)
    chosen = FORMS[path.suffix.lower()]
    what = what or (ALL if chosen.several else "models")
    if what == ALL and not chosen.several:
        raise UsageError(
            f"{path}: a {path.suffix} file holds one table; say which ({', '.join(list(GROUPS)[:-1])}), "
            "or write .sqlite or .json"
        )
    content = contents(data, what, several=chosen.several)
    files = {path: chosen.write(content)}
    if datasette_metadata:
        from comptometer.exports._datasette import to_metadata

        files[datasette_metadata] = to_metadata(content, path.stem)
    replace_files(files)
    return content


def contents(data: str, what: str, *, several: bool) -> Content:
    """The tables of a group, or its first alone."""
    relations = Relations(data)
    names = GROUPS[what] if several else GROUPS[what][:1]
    tables = {name: relations.table(name) for name in names}
    if several:
        _add_referred(relations, tables)
    return Content(what=what, tables=_in_order(tables), facts=relations.facts(list(tables)))


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Refuse a name that does not say a format.

    Raises:
        UsageError: another ending, or none.
    """
    if path.suffix.lower() not in endings:
        said = f"the ending {path.suffix!r}" if path.suffix else "no ending"
        raise UsageError(f"{path}: is written as {', '.join(endings)}; the name has {said}")


def _add_referred(relations: Relations, tables: dict[str, Table]) -> None:
    """Add the tables that others refer to."""
    wanted = [target for table in tables.values() for target in table.references.values()]
    missing = [name for name in dict.fromkeys(wanted) if name not in tables]
    tables |= {name: relations.table(name) for name in missing}
    if missing:
        _add_referred(relations, tables)


def _in_order(tables: Mapping[str, Table]) -> list[Table]:
    """Each table after those of these that it refers to."""
    before = {name: [to for to in table.references.values() if to in tables] for name, table in tables.items()}
    return [tables[name] for name in TopologicalSorter(before).static_order()]
