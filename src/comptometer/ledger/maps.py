"""Map files: TOML in which somebody says what the columns and names of a log mean."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from comptometer.errors import DataError
from comptometer.files import read_bytes

LARGEST = 1_000_000  # bytes


def read_map(path: Path | None) -> dict[str, Any]:
    """The content of a map file; nothing where none is given.

    Raises:
        NotFound: there is no such file.
        DataError: it is no TOML.
    """
    if path is None:
        return {}
    raw = read_bytes(path, LARGEST)
    if len(raw) > LARGEST:
        raise DataError(str(path), [f"is larger than {LARGEST:,} bytes"])
    try:
        return tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise DataError(str(path), [f"is not TOML: {error}"]) from None
