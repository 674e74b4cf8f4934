"""The user's own records: one that cannot be read, or lies where nobody looks, is named and passed over.

What is shipped does not stop working because of it. Whoever asks for that very file is told all its problems.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from comptometer import places
from comptometer.errors import ComptometerError, DataWarning

Reader = Callable[[Path, str], object]  # reads the file of a record with this id; what is wrong with it is raised


def own_files(pattern: str) -> Iterator[Path]:
    """The files of a pattern in the user's own data folder, if there is one."""
    for folder in places.folders():
        if folder != places.SHIPPED:
            yield from sorted(folder.glob(pattern))


def unreadable(kind: str, read: Reader) -> frozenset[str]:
    """The ids of the user's own records of a kind that cannot be read; of each a warning is given.

    Args:
        kind: "models" or "chips", whose files lie in a folder of their maker, or "sources".
        read: reads one.
    """
    found = set()
    for path in own_files("sources/*.toml" if kind == "sources" else f"{kind}/*/*.toml"):
        record_id = path.stem if kind == "sources" else f"{path.parent.name}/{path.stem}"
        try:
            read(path, record_id)
        except ComptometerError as error:
            pass_over(path, str(error))
            found.add(record_id)
    return frozenset(found)


def warn_of_misplaced(kind: str, maker: str, mark: bytes) -> None:
    """Name each of the user's own files that would be a record if it lay in the folder of its maker.

    Args:
        kind: the folder of the records.
        maker: what the folder between is called after.
        mark: stands in a file of this kind and of no other.
    """
    shallow = {*own_files("*.toml"), *own_files(f"{kind}/*.toml")}
    for path in sorted(shallow | {*own_files(f"{kind}/*/*/**/*.toml")}):
        if mark in _content(path):
            _warn(f"{path}: is not read there; move it to {kind}/<{maker}>/{path.name}")


def pass_over(path: Path, problems: str) -> None:
    """Warn of a file that is not used."""
    _warn(f"{problems}\n{path}: is left out until it is mended")


def _warn(message: str) -> None:
    warnings.warn(DataWarning(message), stacklevel=4)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
