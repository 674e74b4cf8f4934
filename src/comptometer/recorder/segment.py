"""The file of one process: lines are added, flushed to the disk, and the name says when it is complete."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from comptometer.recorder.lines import DONE, OPEN, encoded
from comptometer.recorder.window import NANO


class Segment:
    """Writes records with numbers and both clocks; a line that does not fit on the disk is dropped and counted.

    Args:
        folder: where segments lie.
        name: of this one, without its ending.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}{OPEN}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._good = 0  # bytes of whole lines
        self._seq = 0
        self._dirty = False
        self.dropped = {"records": 0, "steps": 0, "model_flop": 0}

    def write(self, kind: str, said: Mapping[str, Any]) -> bool:
        """Add a record. Never raises: what cannot be written is counted, and the next line says so."""
        stamps = {"kind": kind, "seq": self._seq, "utc": time.time(), "monotonic": time.monotonic_ns() / NANO}
        self._seq += 1
        lost = {"dropped": self.dropped} if self.dropped["records"] else {}
        try:
            line = encoded({**stamps, **said, **lost})
            self._append(line)
        except (OSError, ValueError, TypeError):
            self.dropped["records"] += 1
            self.dropped["steps"] += said.get("steps", 0)
            self.dropped["model_flop"] += said.get("model_flop", 0)
            return False
        self._good += len(line)
        self._dirty = True
        return True

    def _append(self, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):
                written += os.pwrite(self._file, line[written:], self._good + written)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._good)
            raise

    def sync(self) -> None:
        """Be sure that it survives the machine."""
        if self._dirty:
            with suppress(OSError):
                getattr(os, "fdatasync", os.fsync)(self._file)
                self._dirty = False

    def close(self) -> None:
        """Flush it and give it the name of a complete one."""
        self.sync()
        with suppress(OSError):
            os.close(self._file)
            os.replace(self.path, self.path.with_name(self.path.name.removesuffix(OPEN) + DONE))
