"""The file of a layer list as a plain table: size, encoding, syntax."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from comptometer.errors import DataError

MOST_BYTES: Final = 1 << 18
MOST_DOTS: Final = 100  # in a line: reading a dotted key takes time and memory that grow with the square of its parts


def table_of(source: str | Path | bytes, place: str) -> dict[str, Any]:
    """Parse a path or the text of a file.

    Raises:
        DataError: no such file, too large, not UTF-8, not TOML, or lists within lists without end.
    """
    text = source if isinstance(source, bytes) else _content(Path(source), place)
    if len(text) > MOST_BYTES:
        raise DataError(
            place, [f"larger than {MOST_BYTES:,} bytes; no layer list is; repeat blocks with kind 'repeat'"]
        )
    if any(line.count(b".") > MOST_DOTS for line in text.splitlines()):
        raise DataError(place, [f"a line with more than {MOST_DOTS} dots: tables within one another, too deep"])
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(place, [f"is not UTF-8 text (byte {error.start})"]) from error
    except RecursionError as error:
        raise DataError(place, ["lists or tables within one another, too deep to be read"]) from error
    except ValueError as error:  # of which TOML's own error is one, and an integer of too many digits another
        raise DataError(place, [f"is not TOML: {str(error)[:200]}"]) from error


def _content(path: Path, place: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(place, [f"cannot be read: {reason}"]) from error
