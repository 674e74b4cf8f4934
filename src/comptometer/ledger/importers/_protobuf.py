"""Messages of protocol buffers, field by field, without their definitions."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = int | bytes
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Numbers and values of the fields; fixed numbers stay bytes.

    Raises:
        ValueError: the message is broken.

    >>> list(fields(bytes([0x08, 0x96, 0x01, 0x12, 0x01, 0x41])))
    [(1, 150), (2, b'A')]
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: Value
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
            case 1 | 2 | 5 as kind:
                size, at = _varint(message, at) if kind == BYTES else (8 if kind == FIXED64 else 4, at)
                if at + size > len(message):
                    raise ValueError("a message is cut off")
                value, at = message[at : at + size], at + size
            case kind:
                raise ValueError(f"{kind} is no kind of field")
        yield tag >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        value |= (message[at] & 127) << shift
        at += 1
        if message[at - 1] < 128:
            return value, at
    raise ValueError("a number is cut off")


def submessage(value: Value) -> bytes:
    """A field that holds a message or bytes.

    Raises:
        ValueError: it holds a number.
    """
    if isinstance(value, int):
        raise ValueError("a number stands in place of a message")
    return value


def string(value: Value) -> str:
    """A field that holds a text."""
    return submessage(value).decode("utf-8", "replace")


def number(value: Value) -> float:
    """A float, double or whole number; of whole numbers those below zero too.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, int):
        return float(value - (1 << 64) if value >= 1 << 63 else value)
    if len(value) not in {4, 8}:
        raise ValueError("a text stands in place of a number")
    return float(struct.unpack("<d" if len(value) == 8 else "<f", value)[0])
