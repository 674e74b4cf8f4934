"""One record a line: JSON that ends with the CRC-32 of what stands before it, so that a line cut off is known."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

SCHEMA = "comptometer-recorder/1"
OPEN, DONE = ".jsonl.open", ".jsonl.done"
_MARK = b',"crc32":"'


def encoded(record: Mapping[str, Any]) -> bytes:
    r"""A record as its line.

    >>> encoded({"kind": "open", "seq": 0})
    b'{"kind":"open","seq":0,"crc32":"7f71542f"}\n'
    """
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()[:-1]
    return body + _MARK + b'%08x"}\n' % zlib.crc32(body)


def decoded(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None where it is cut off or changed."""
    body, mark, rest = line.rstrip(b"\r\n").rpartition(_MARK)
    if not mark or rest != b'%08x"}' % zlib.crc32(body):
        return None
    try:
        record = json.loads(body + b"}")
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
