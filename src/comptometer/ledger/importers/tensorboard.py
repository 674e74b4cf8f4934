"""Event files of TensorBoard: all of a folder are one run, as a resume begins a new file.

A file is a row of records of TFRecord (length, its checksum, bytes, their checksum: CRC-32C, masked), each a message
`Event`. Steps that were logged twice, before a crash and after it, count once: the last wall time wins. The files name
no chips, and do not say how a run ended.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, Options, Wrong, importer
from comptometer.ledger.importers._protobuf import fields, number, string, submessage
from comptometer.ledger.importers._tracker import Run, moment

PATTERN = "*tfevents*"
LARGEST = 1_000_000  # bytes: what is longer is a picture or a graph, and no number
LONGEST_RECORD = 1 << 40  # bytes: more is no length
FLOAT, DOUBLE = 1, 2  # types of tensors


def _others(path: Path) -> Sequence[Path]:
    return [file for file in sorted(path.parent.glob(PATTERN)) if file != path and not file.is_symlink()]


@importer("tensorboard", evidence="tracker", pattern=PATTERN, beside=_others)
def tensorboard(path: Path, options: Options) -> Iterator[Found]:
    """The run of a folder."""
    run = Run(tracker="tensorboard", id="", outcome="UNKNOWN", seconds=0.0)
    for file in sorted([path, *_others(path)]):
        yield from _file(file, options, run)
    if run.started is None:
        raise DataError(path.name, ["has no whole event"])
    run.id = f"{path.parent.name}/{run.started.timestamp():.6f}"
    run.name = path.parent.name
    yield run.job()


def _file(path: Path, options: Options, run: Run) -> Iterator[Found]:
    """Log the events of a file, and the time from its first to its last one."""
    first, last = math.inf, -math.inf
    with path.open("rb") as file:
        for place, record in _records(path, file, options):
            if isinstance(record, str):
                yield Wrong(place, f"{path.name}: {record}")
                continue
            try:
                seconds = _event(record, run)
            except ValueError as error:
                yield Wrong(place, f"{path.name}: an event that cannot be read: {error}")
                continue
            if moment(seconds):
                first, last = min(first, seconds), max(last, seconds)
    if last >= first:
        began = moment(first)
        run.started = min(filter(None, (run.started, began)), default=None)
        run.last = max(run.last, last)
        run.seconds = (run.seconds or 0.0) + last - first


def _records(path: Path, file: BinaryIO, options: Options) -> Iterator[tuple[int, bytes | str]]:
    """Records with their places, up to the first that is broken or not whole; long ones are passed over."""
    end, place = path.stat().st_size, 0
    while head := file.read(12):
        place += 1
        size, checksum = struct.unpack("<QI", head) if len(head) == 12 else (0, 0)
        if len(head) == 12 and _masked(head[:8]) != checksum:
            if place == 1:
                raise DataError(path.name, ["is no event file of TensorBoard: it begins with other bytes"])
            yield place, "a record is broken: what was before it is read"
            return
        if len(head) < 12 or size > LONGEST_RECORD or file.tell() + size + 4 > end:
            yield place, "the file ends within a record: what was before it is read"
            return
        options.advance(size + 16)
        if size > LARGEST:
            file.seek(size + 4, 1)
            continue
        record, (checksum,) = file.read(size), struct.unpack("<I", file.read(4))
        if _masked(record) != checksum:
            yield place, "a record is broken: what was before it is read"
            return
        yield place, record


def _event(message: bytes, run: Run) -> float:
    """Log the numbers of an event; its wall time.

    Raises:
        ValueError: it is broken.
    """
    seconds, step, summaries = math.nan, 0, []
    for what, value in fields(message):
        match what:
            case 1:
                seconds = number(value)
            case 2:
                step = int(number(value))
            case 5:
                summaries.append(submessage(value))
    for summary in summaries:
        for what, value in fields(summary):
            if what == 1:
                tag, reading = _value(submessage(value))
                if reading is not None:
                    run.log(tag, step, reading, seconds)
    return seconds


def _value(message: bytes) -> tuple[str, float | None]:
    tag, found = "", None
    for what, value in fields(message):
        match what:
            case 1:
                tag = string(value)
            case 2:
                found = number(value)
            case 8:
                found = _scalar(submessage(value))
    return tag, found


def _scalar(tensor: bytes) -> float | None:
    """The number of a tensor that holds one: as bytes, or in a list of floats or doubles."""
    for what, value in fields(tensor):
        if what in {4, 5, 6} and isinstance(value, bytes) and len(value) == (4 if what == 5 else len(value)):
            return number(value) if len(value) in {4, 8} else None
    return None


def _table() -> tuple[int, ...]:
    """CRC-32C of each byte: Castagnoli's polynomial, bits reversed."""
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return tuple(found)


_TABLE = _table()


def _masked(data: bytes) -> int:
    """CRC-32C as TFRecord writes it: rotated, and a constant added."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 255] ^ value >> 8
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
