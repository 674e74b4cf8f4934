"""Reads the regulations on file (`data/regulations/*.toml`), and those that a user has added."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from comptometer.errors import DataError, NotFound
from comptometer.files import read_bytes
from comptometer.law import Counted, Regulation
from comptometer.law_shapes import RegulationFile
from comptometer.places import folders
from comptometer.store import bytes_to_table, shaped


@cache
def regulations() -> tuple[Regulation, ...]:
    """Every regulation, by id; a user's own comes in place of a shipped one of the same name.

    Raises:
        DataError: a file that is not as it has to be, with everything that is wrong with it.
    """
    paths = _paths()
    return tuple(_read(name, paths[name]) for name in sorted(paths))


def _paths() -> dict[str, Path]:
    return {path.stem: path for folder in folders() for path in sorted(folder.glob("regulations/*.toml"))}


def file_hashes() -> dict[str, str]:
    """SHA-256 of the file of each regulation, by id: which wording was applied."""
    return {name: hashlib.sha256(read_bytes(path)).hexdigest() for name, path in sorted(_paths().items())}


def regulation(name: str) -> Regulation:
    """One regulation by its id.

    Raises:
        NotFound: with the nearest ids.
    """
    known = {one.id: one for one in regulations()}
    if name not in known:
        near = get_close_matches(name, known, 2, 0.4) or sorted(known)
        raise NotFound("regulation", name, near)
    return known[name]


def drawn_lines() -> list[Regulation]:
    """Those in force with an amount of training compute; of several at one amount the one that was verified."""
    best: dict[float, Regulation] = {}
    for one in regulations():
        if one.line and one.status == "in force" and (one.line not in best or one.verified > best[one.line].verified):
            best[one.line] = one
    return [best[flop] for flop in sorted(best)]


def _read(name: str, path: Path) -> Regulation:
    row = shaped(RegulationFile, bytes_to_table(read_bytes(path), str(path)), str(path))
    return Regulation(id=name, **row.model_dump(exclude={"counts", "counts_citation"}), counts=_counts(row, path))


def _counts(row: RegulationFile, path: Path) -> Sequence[Counted]:
    found = [
        Counted(
            activity=count.activity,
            reading=count.reading,
            basis=count.basis,
            citation=count.citation or row.counts_citation,
            reason=count.reason,
        )
        for count in row.counts
    ]
    if uncited := [count.activity for count in found if not count.citation]:
        raise DataError(str(path), [f"counts: {', '.join(uncited)}: no citation, here or as counts_citation"])
    return found
