"""The lines of a file that may be anything: broken, binary, or one line of two gigabytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from comptometer.errors import DataError
from comptometer.ledger.importers import Options, Wrong

LONGEST_LINE = 1_000_000  # bytes
LARGEST_JSON = 1_000_000_000  # bytes; it is held whole
PACKED = {
    b"\x1f\x8b": "is compressed: unpack it, e.g. zcat FILE | comptometer ledger import KIND -",
    b"PK\x03\x04": "is a ZIP archive or a workbook: unpack it, or save the sheet as CSV",
    b"BZh": "is compressed: unpack it",
    b"\xfd7zXZ": "is compressed: unpack it",
    b"(\xb5/\xfd": "is compressed: unpack it",
}


class Line(NamedTuple):
    """A line of text and its number, from 1."""

    number: int
    text: str


def lines(path: Path, options: Options) -> Iterator[Line | Wrong]:
    """The lines of a text file; one that is too long or no text is named and passed over.

    Raises:
        DataError: an archive, or binary.
    """
    _check_start(path)
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            size = len(raw)
            while len(raw) > LONGEST_LINE and not raw.endswith(b"\n") and (more := file.readline(LONGEST_LINE)):
                size += len(more)
                raw = raw[:LONGEST_LINE] + more[-1:] * 2  # longer than allowed until its end is found
            options.advance(size)
            yield _line(number, raw, size)


def _line(number: int, raw: bytes, size: int) -> Line | Wrong:
    if size > LONGEST_LINE + 1:
        return Wrong(number, f"is longer than {LONGEST_LINE:,} bytes")
    if b"\0" in raw:
        return Wrong(number, "is binary")
    try:
        return Line(number, raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n"))
    except UnicodeDecodeError:
        return Wrong(number, "is not UTF-8")


def _check_start(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4096)
    for magic, said in PACKED.items():
        if start.startswith(magic):
            raise DataError(path.name, [said])
    if b"\0" in start.partition(b"\n")[0]:
        raise DataError(path.name, ["is binary; a text file is wanted"])


def document(path: Path, options: Options) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: it is too large, no JSON, or nested too deeply.
    """
    _check_start(path)
    size = path.stat().st_size
    if size > LARGEST_JSON:
        raise DataError(path.name, [f"is larger than {LARGEST_JSON:,} bytes; export a shorter time"])
    try:
        content = json.loads(path.read_bytes())
    except RecursionError:
        raise DataError(path.name, ["is nested too deeply"]) from None
    except ValueError as error:
        raise DataError(path.name, [f"is not JSON, or was cut off: {error}"]) from None
    options.advance(size)
    return content
