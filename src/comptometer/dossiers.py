"""The dossiers on file, by id and by the names that people use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from comptometer.architecture import counted
from comptometer.distribution import Point
from comptometer.dossier_file import made, read_dossier
from comptometer.errors import DataError, NotFound, UsageError
from comptometer.files import read_bytes
from comptometer.own_records import unreadable, warn_of_misplaced
from comptometer.records import Claim, Dossier
from comptometer.sources import name_key
from comptometer.store import bytes_to_table, ids_on_file, path_of, record, usable_path


@cache
def dossier_ids() -> tuple[str, ...]:
    """Names of all dossiers on file, `developer/model`; of a user's own that cannot be read there is a warning."""
    warn_of_misplaced("models", "developer", b"[[claims]]")
    return ids_on_file("models", _broken())


@cache
def _broken() -> frozenset[str]:
    """The user's own dossiers that cannot be read, or name an architecture that cannot be counted."""

    def read(path: Path, dossier_id: str) -> None:
        found = read_dossier(read_bytes(path), str(path), dossier_id, folder=path.parent)
        for claims in (found.claims, *(stage.claims for stage in found.stages)):
            _count_all(claims)

    return unreadable("models", read)


def _count_all(claims: Sequence[Claim]) -> None:
    """Count every architecture at the length that is claimed, so that what is wrong with either shows now.

    Raises:
        UsageError, DataError, NotFound: see `exact_counts.counted`.
    """
    files = [claim.file for claim in claims if claim.file]
    lengths = [_whole(claim) for claim in claims if files and claim.about == "sequence_length"]
    for file in files:
        counted(file, lengths[0] if lengths else None)


def _whole(claim: Claim) -> int:
    if not isinstance(claim.belief, Point) or claim.belief.value % 1:
        raise UsageError(f"{claim.id}: {claim.value!r} must be one whole number, to count the architecture")
    return int(claim.belief.value)


@cache
def dossier(dossier_id: str, *, shipped: bool = False) -> Dossier:
    """The dossier with exactly this id; where only shipped ones are wanted, a user's own is passed over.

    Raises:
        NotFound: with the nearest names.
    """
    own = not shipped
    path = usable_path("models", dossier_id, _broken()) if own else path_of("models", dossier_id, shipped=True)
    if path is None:
        raise NotFound("model", dossier_id, get_close_matches(dossier_id, dossier_ids(), 3))
    return record(path, "DossierFile", lambda table: made(table, str(path), dossier_id, folder=path.parent))


# Names of models


@cache
def names_of(dossier_id: str) -> tuple[str, ...]:
    """What people call a model: its name, then its aliases. Only the head of the file is read, up to its first table.

    Raises:
        NotFound, DataError: see `dossier`.
    """
    path = usable_path("models", dossier_id, _broken())
    if path is None:
        raise NotFound("model", dossier_id, get_close_matches(dossier_id, dossier_ids(), 3))
    head = re.split(rb"^\s*\[", read_bytes(path), maxsplit=1, flags=re.MULTILINE)[0]
    try:
        table = bytes_to_table(head, str(path))
        names = (table["name"], *table.get("aliases", ()))
    except (DataError, KeyError, TypeError):
        names = ()
    if not names or not all(isinstance(name, str) for name in names):  # its problems are told by reading all of it
        record = dossier(dossier_id)
        names = (record.name, *record.aliases)
    return tuple(dict.fromkeys(names))


@cache
def dossier_names() -> Mapping[str, str]:
    """Every spelling of a curated model, as names are compared, with its id."""
    named: dict[str, str] = {}
    for dossier_id in dossier_ids():
        first, *aliases = names_of(dossier_id)
        for name in (*aliases, first, dossier_id.partition("/")[2], dossier_id):
            named[name_key(name)] = dossier_id
    return named


def by_file_name(name: str) -> Dossier | None:
    """The dossier whose id or file is called so, found without reading any other that is shipped.

    Raises:
        NotFound: several developers have a model of that name.
        DataError: it is the user's own, and has problems.
    """
    if path_of("models", name) is not None:
        return dossier(name)
    same = (
        [i for i in sorted({*dossier_ids(), *_broken()}) if name_key(i.partition("/")[2]) == name_key(name)]
        if "/" not in name
        else []
    )
    if len(same) > 1:
        raise NotFound("single model", name, same)
    return dossier(same[0]) if same else None
