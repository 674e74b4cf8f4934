"""Reads files that somebody named, up to a size limit."""

from __future__ import annotations

import os

from comptometer.errors import DataError, NotFound

ARCHITECTURES = {"layers": ".toml", "configs": ".json"}  # folders of the shipped data, and the endings of their files
LARGEST_FILE = 4_000_000  # bytes; a dossier or a configuration is a few thousand


def read_bytes(path: str | os.PathLike[str], limit: int = LARGEST_FILE) -> bytes:
    """Read a file that somebody named, up to a size limit and one byte more.

    Raises:
        NotFound: there is no such file.
        DataError: a folder, or unreadable.
    """
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        from difflib import get_close_matches

        raise NotFound("file", str(path), get_close_matches(os.path.basename(path), _siblings(path), 2)) from None
    except IsADirectoryError:
        raise DataError(str(path), ["is a folder; name a file"]) from None
    except (OSError, ValueError) as error:
        raise DataError(str(path), [f"cannot be read: {getattr(error, 'strerror', None) or error}"]) from None


def _siblings(path: str | os.PathLike[str]) -> list[str]:
    folder, name = os.path.split(path)
    try:
        return [other for other in os.listdir(folder or ".") if other != name]
    except OSError:
        return []


def shipped_architecture(name: str) -> str | None:
    """The path of the shipped layer list or configuration of that name."""
    if os.path.basename(name) != name or "\0" in name:
        return None
    data = os.path.join(os.path.dirname(__file__), "data")
    paths = (os.path.join(data, folder, name + ending) for folder, ending in ARCHITECTURES.items())
    return next((path for path in paths if os.path.isfile(path)), None)
