"""What this release is: the version of the code and of the shipped data. Nothing heavy is imported to say so."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from comptometer import __version__

DATA = Path(__file__).parent / "data"


@cache
def data_version() -> str:
    """The version of the shipped data, as every output names it."""
    return (DATA / "VERSION").read_text(encoding="utf-8").strip()


def banner() -> str:
    """Both versions in one line."""
    return f"comptometer {__version__} (data {data_version()})"
