"""Runs of Weights & Biases that were kept offline: `run-….wandb`, or the folder that holds it.

The file is a log of blocks of 32 KiB, each with records or parts of records: checksum (CRC-32 of the kind and the
bytes), length, kind, bytes. A record is a message of protocol buffers; the numbers of its fields are those of
wandb 0.31. A file that ends within a record, or has no exit, is that of a run that was cut off.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, Options, Wrong, importer
from comptometer.ledger.importers._protobuf import fields, number, string, submessage
from comptometer.ledger.importers._tracker import Run, moment, said

MAGIC = b":W&B\xe1\xbe\x00"
BLOCK, HEAD = 32_768, 7  # bytes; the magic counts as part of the first block
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
LARGEST = 64_000_000  # bytes of a record


@importer("wandb", evidence="tracker", pattern="run-*.wandb")
def wandb(path: Path, options: Options) -> Iterator[Found]:
    """The readings of the system, then the run."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise DataError(path.name, ["is no log of wandb: it begins with other bytes"])
        log = _Log()
        for place, record in _records(file, options):
            if isinstance(record, str):
                yield Wrong(place, record)
                continue
            try:
                yield from log.read(place, record)
            except ValueError as error:
                yield Wrong(place, f"a record that cannot be read: {error}")
    if not log.run.id:
        raise DataError(path.name, ["has no whole record of a run"])
    log.run.outcome = log.run.outcome or "CRASHED"
    try:
        yield log.run.job()
    except ValueError as error:
        yield Wrong(1, str(error))


def _records(file: BinaryIO, options: Options) -> Iterator[tuple[int, bytes | str]]:
    """Records with their places from 1, up to the first that is broken or not whole."""
    place, held, at = 0, b"", len(MAGIC)
    while True:
        if BLOCK - at % BLOCK < HEAD:
            at += len(file.read(BLOCK - at % BLOCK))
        head = file.read(HEAD)
        if len(head) < HEAD:
            if head or held:
                yield place + 1, "the file ends within a record: what was before it is read"
            return
        checksum, size, kind = struct.unpack("<IHB", head)
        part = file.read(size)
        at += HEAD + size
        options.advance(HEAD + size)
        if len(part) < size:
            yield place + 1, "the file ends within a record: what was before it is read"
            return
        if zlib.crc32(bytes([kind]) + part) != checksum or kind not in {FULL, FIRST, MIDDLE, LAST}:
            yield place + 1, "a record is broken: what was before it is read"
            return
        held = part if kind in {FULL, FIRST} else held + part
        if len(held) > LARGEST:
            yield place + 1, f"a record is longer than {LARGEST:,} bytes: what was before it is read"
            return
        if kind in {FULL, LAST}:
            place += 1
            yield place, held
            held = b""


@dataclass(slots=True)
class _Log:
    """What the records said so far."""

    run: Run = field(default_factory=lambda: Run(tracker="wandb", id=""))
    step: int = 0

    def read(self, place: int, record: bytes) -> Iterator[Found]:
        """One record.

        Raises:
            ValueError: it is broken.
        """
        for what, value in fields(record):
            match what:
                case 17:
                    self._run(submessage(value))
                case 5:
                    self._config(submessage(value))
                case 26:
                    self._environment(submessage(value))
                case 2:
                    self._history(submessage(value))
                case 7:
                    yield from self._stats(place, submessage(value))
                case 18:
                    code = next((found for name, found in fields(submessage(value)) if name == 1), 0)
                    self.run.outcome = "FAILED" if code else "COMPLETED"

    def _run(self, message: bytes) -> None:
        for what, value in fields(message):
            match what:
                case 1:
                    self.run.id = string(value)
                case 3:
                    self.run.project = string(value)
                case 4:
                    self._config(submessage(value))
                case 7:
                    self.run.stage = string(value)
                case 8:
                    self.run.name = string(value)
                case 13:
                    self.run.host = string(value)
                case 17:
                    self.run.started = moment(_timestamp(submessage(value)))

    def _config(self, message: bytes) -> None:
        for what, value in fields(message):
            if what == 1:
                name, content = _item(submessage(value))
                self.run.said[name] = said(content)

    def _environment(self, message: bytes) -> None:
        for what, value in fields(message):
            match what:
                case 13:
                    self.run.user = string(value)
                case 18:
                    self.run.chip = self.run.chip or string(value)
                case 19 if isinstance(value, int):
                    self.run.chips = float(value) if 0 < value <= 1000 else None
                case 24:
                    names = [string(content) for name, content in fields(submessage(value)) if name == 1]
                    self.run.chip = names[0] if names else self.run.chip

    def _history(self, message: bytes) -> None:
        values = dict(_item(submessage(value)) for what, value in fields(message) if what == 1)
        seconds, step = values.get("_timestamp", math.nan), values.get("_step", self.step)
        self.step = int(step) if isinstance(step, int | float) and abs(step) < 1e15 else self.step
        for name, value in values.items():
            if isinstance(value, int | float) and isinstance(seconds, int | float):
                self.run.log(name, self.step, float(value), float(seconds))

    def _stats(self, place: int, message: bytes) -> Iterator[Found]:
        parts = list(fields(message))
        seconds = next((_timestamp(submessage(value)) for what, value in parts if what == 2), math.nan)
        for what, value in parts:
            if what == 3:
                name, reading = _item(submessage(value))
                if isinstance(reading, int | float) and (sample := self.run.sample(name, seconds, reading, place)):
                    yield sample


def _item(message: bytes) -> tuple[str, Any]:
    """A name, dots between its parts, and a value: JSON, or a whole number or a number of its own."""
    names: list[str] = []
    found: Any = None
    for what, value in fields(message):
        match what:
            case 1 | 2:
                names.append(string(value))
            case 5 | 6:
                found = number(value)
            case 16:
                try:
                    found = json.loads(string(value))
                except RecursionError:
                    raise ValueError("is nested too deeply") from None
    return ".".join(names), found


def _timestamp(message: bytes) -> float:
    parts = {what: value for what, value in fields(message) if isinstance(value, int)}
    return parts.get(1, 0) + parts.get(2, 0) / 1e9
