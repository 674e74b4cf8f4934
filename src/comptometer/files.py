"""Reads files that somebody named, up to a size limit."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from comptometer.errors import DataError, NotFound

LARGEST_FILE = 4_000_000  # bytes; a dossier or a configuration is a few thousand


def read_bytes(path: Path) -> bytes:
    """Read a file that somebody named, up to the size limit.

    Raises:
        NotFound: there is no such file.
        DataError: a folder, or unreadable.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise NotFound("file", str(path), get_close_matches(path.name, _siblings(path), 2)) from None
    except IsADirectoryError:
        raise DataError(str(path), ["is a folder; name a file"]) from None
    except (OSError, ValueError) as error:
        raise DataError(str(path), [f"cannot be read: {getattr(error, 'strerror', None) or error}"]) from None


def _siblings(path: Path) -> list[str]:
    try:
        return [other.name for other in path.parent.iterdir() if other.name != path.name]
    except OSError:
        return []
