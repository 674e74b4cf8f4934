"""What an `architecture` claim names: a shipped layer list or configuration, or a file beside the dossier.

Finding the file is cheap and happens when a dossier is read. It is counted only when a method asks, and once.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from comptometer.errors import NotFound
from comptometer.files import ARCHITECTURES, Held, shipped_architecture
from comptometer.release import DATA

if TYPE_CHECKING:
    from comptometer.ops import OpCount


def names() -> list[str]:
    """The shipped layer lists and configurations."""
    return sorted(path.stem for folder, suffix in ARCHITECTURES.items() for path in (DATA / folder).glob(f"*{suffix}"))


def located(value: str, folder: Path | None) -> Path:
    """The file that is meant: one at that path, or else a shipped one of that name.

    Args:
        value: as claimed: a path of a `config.json`, of a folder with one or of a layer list (`.toml`), or a name.
        folder: where paths start; without one only shipped files can be named.

    Raises:
        NotFound: neither; with the nearest names.
    """
    own = _own(folder / value) if folder is not None else None
    shipped = shipped_architecture(value)
    found = own or (Path(shipped) if shipped else None)
    if found is None:
        near = get_close_matches(value, names(), 3)
        raise NotFound("file or shipped architecture", value, near or names()[:6])
    return found


def _own(path: Path) -> Path | None:
    try:
        return path if path.is_file() else path / "config.json" if (path / "config.json").is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def shown(file: Path | Held) -> str:
    """What to call a file: a shipped one by its name, a `config.json` by its folder as well."""
    if isinstance(file, Held):
        return file.name
    if file.is_relative_to(DATA):
        return file.stem
    return f"{file.parent.name}/{file.name}".lstrip("/") if file.name == "config.json" else file.name


def counted(file: Path | Held, sequence_length: int | None = None) -> OpCount:
    """Operations of one example: of one sequence where it is a sequence model, causal where its mask is.

    Args:
        file: as located, or the text of a `config.json`.
        sequence_length: tokens in the sequence; what the configuration allows, at most 4,096, unless given. A layer
            list has a shape of its own.

    Raises:
        NotFound, DataError, UsageError: see `counting.count`.
    """
    if isinstance(file, Held):
        return _counted_text(file, sequence_length)
    try:
        stamp = file.stat().st_mtime_ns
    except OSError:
        raise NotFound("file", str(file)) from None
    return _counted(file, None if file.suffix == ".toml" else sequence_length, stamp)


@lru_cache(maxsize=256)
def _counted(file: Path, sequence_length: int | None, stamp: int) -> OpCount:
    from comptometer.counting import count  # formulas and layer kinds are read only where something is counted

    return count(file, sequence_length=sequence_length, attention="causal")


@lru_cache(maxsize=8)  # a text may be long
def _counted_text(file: Held, sequence_length: int | None) -> OpCount:
    from comptometer.counting import count

    return count(json.loads(file.content), sequence_length=sequence_length, attention="causal")
