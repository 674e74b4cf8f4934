"""Files that somebody named: read up to a size limit, and written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from comptometer.errors import DataError, NotFound, UsageError

ARCHITECTURES = {"layers": ".toml", "configs": ".json"}  # folders of the shipped data, and the endings of their files
FIRST_READ = 65_536  # bytes
LARGEST_FILE = 4_000_000  # bytes; a dossier or a configuration is a few thousand


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was handed over and lies nowhere: what to call it, and its text."""

    name: str
    content: str


def read_bytes(path: str | os.PathLike[str], limit: int = LARGEST_FILE) -> bytes:
    """Read a file that somebody named, up to a size limit and one byte more.

    Raises:
        NotFound: there is no such file.
        DataError: a folder, or unreadable.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(
                min(FIRST_READ, limit + 1)
            )  # a buffer of the limit's size would take longer to get than to fill
            return start + file.read(limit + 1 - len(start)) if len(start) == FIRST_READ else start
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


def check_target(path: Path, *, force: bool = True) -> None:
    """Refuse a place that cannot be written to, before anything is worked out.

    Args:
        path: where a file shall be.
        force: may it replace one that is there?

    Raises:
        UsageError: no such folder, a folder, a name that no file can have, or a file that may not be replaced.
        DataError: the folder is not open to us.
    """
    if not os.path.isdir(path.parent):
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder; give the name of a file in it")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise unwritable(path, f"the folder {path.parent} may not be written to")
    try:
        os.lstat(path)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be written: {said}") from None
    if not force:
        raise UsageError(f"{path} is there already and is left as it is; --force replaces it")


def unwritable(path: Path, why: object) -> DataError:
    """A file that the system does not let us write, whatever was asked for: exit status 1 and not 2."""
    return DataError(str(path), [f"cannot be written: {why}"])


def replace_file(path: Path, content: bytes) -> None:
    """Put content in the place of a file in one step: it appears, or replaces the one before, when it is complete.

    Raises:
        DataError: it cannot be written.
    """
    replace_files({path: content})


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Put content in the places of several files, none before all are complete; they appear in this order.

    Raises:
        DataError: one cannot be written; then all are as they were.
    """
    parts = {path: path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part") for path in contents}
    path = Path()
    try:
        for path, content in contents.items():
            _write_through(parts[path], content)
        for path, part in parts.items():
            os.replace(part, path)
    except OSError as error:
        raise unwritable(path, error.strerror or error) from error
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink()


def _write_through(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # some file systems tell only now that the disk is full


def shipped_architecture(name: str) -> str | None:
    """The path of the shipped layer list or configuration of that name."""
    if os.path.basename(name) != name or "\0" in name:
        return None
    data = os.path.join(os.path.dirname(__file__), "data")
    paths = (os.path.join(data, folder, name + ending) for folder, ending in ARCHITECTURES.items())
    return next((path for path in paths if os.path.isfile(path)), None)
