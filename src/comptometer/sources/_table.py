"""The bytes of a table → its header and its records, each with the line on which it begins."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from comptometer.errors import DataError

LARGEST_TABLE = 64_000_000  # bytes, uncompressed; the largest known is 4.2 million
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY = {
    b"PK\x03\x04": "is a ZIP archive or a workbook; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is a workbook; save the sheet as CSV",
    b"%PDF": "is a PDF; a CSV is wanted",
    b"PAR1": "is a Parquet file; a CSV is wanted",
}
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Record:
    """A record and the line, from 1, on which it begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands in a file; blank lines are skipped. Its records are read as they are asked for, once."""

    encoding: str
    header: Sequence[str]
    records: Iterator[Record]


def unpacked(raw: bytes, place: str) -> bytes:
    """The bytes of a file, without compression by gzip.

    Raises:
        DataError: too large, or damaged.
    """
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                raw = file.read(LARGEST_TABLE + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(place, [f"is damaged: {error}; fetch it again"]) from None
    if len(raw) > LARGEST_TABLE:
        raise DataError(place, [f"is larger than {LARGEST_TABLE:,} bytes uncompressed"])
    return raw


def table(raw: bytes, place: str) -> Table:
    """Read a table whose first record is its header.

    Raises:
        DataError: empty, no text, or no CSV; of a later record when it is reached.
    """
    raw = unpacked(raw, place)
    encoding = _encoding(raw, place)
    records = _records(raw, encoding, place)
    header = next(records, None)
    if header is None:
        raise DataError(place, ["is empty; a table with a header is wanted"])
    return Table(encoding, [name.strip() for name in header.cells], records)


def _lines(raw: bytes, encoding: str) -> io.TextIOWrapper:
    """The text, decoded piece by piece: as a whole it can take four times the room of its bytes."""
    return io.TextIOWrapper(io.BytesIO(raw), encoding=encoding, newline="")


def _encoding(raw: bytes, place: str) -> str:
    """How the bytes are to be read.

    Raises:
        DataError: no text, or not in the encoding that it says.
    """
    for start, message in BINARY.items():
        if raw.startswith(start):
            raise DataError(place, [message])
    encoding = next((name for mark, name in BYTE_ORDER_MARKS if raw.startswith(mark)), "") or _guessed(raw)
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(place, [f"line {line}: is not {encoding} (byte {error.start}); save it as UTF-8"]) from None
    return encoding


def _guessed(raw: bytes) -> str:
    """An encoding for bytes without a mark: UTF-16 shows by its zeros; what is not UTF-8 is taken for Western."""
    start = raw[:2000]
    if start and start[1::2].count(0) > 0.4 * len(start) / 2:
        return "utf-16-le"
    if start and start[0::2].count(0) > 0.4 * len(start) / 2:
        return "utf-16-be"
    for encoding in ("utf-8", "cp1252"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _separator(raw: bytes, encoding: str) -> str:
    """What separates the cells: the one of the usual three that the header has most of."""
    header = next((line for line in _lines(raw, encoding) if not line.isspace()), "")
    return max(SEPARATORS, key=header.count)


def _records(raw: bytes, encoding: str, place: str) -> Iterator[Record]:
    """The records of a table; a cell may be as long as the file, which the caller has limited.

    Raises:
        DataError: a quote that is never closed, or is closed within a cell: nothing after it can be trusted.
    """
    limit = csv.field_size_limit(LARGEST_TABLE)
    try:
        found = csv.reader(_lines(raw, encoding), delimiter=_separator(raw, encoding), strict=True)
        line = 1
        for cells in found:
            if cells:
                yield Record(line, cells)
            line = found.line_num + 1
    except csv.Error as error:
        raise DataError(place, [f"line {line}: is no CSV from here on: {error}"]) from None
    finally:
        csv.field_size_limit(limit)
