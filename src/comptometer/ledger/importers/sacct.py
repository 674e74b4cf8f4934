"""Slurm's accounting: what `sacct -P` and `sacct --json` print.

Chips are those of the allocation, typed entries before the untyped one that repeats them. Steps hold chips of their
allocation and are no rows. An attempt is known by cluster, raw job number and the moment it was submitted: a requeue
keeps the number and is submitted anew, and both forms of the export say these three.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from comptometer.ledger.importers import Found, Options, _sacct_json, _sacct_text, importer


@importer("sacct", evidence="scheduler", takes=frozenset({"map", "cluster", "columns"}))
def sacct(path: Path, options: Options) -> Iterator[Found]:
    """Rows of either form; which one it is, the first character says."""
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    return _sacct_json.read(path, options) if start.startswith(b"{") else _sacct_text.read(path, options)
