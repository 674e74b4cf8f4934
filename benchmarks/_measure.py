"""How the benchmarks measure and print: the median of several runs, as a ratio to something named."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

PYTHON = sys.executable


def process(arguments: Sequence[str], runs: int = 9) -> float:
    """Median wall seconds of a whole process, after one warm-up."""
    found = []
    for at in range(runs + 1):
        start = time.perf_counter()
        subprocess.run([PYTHON, *arguments], check=True, capture_output=True)
        if at:
            found.append(time.perf_counter() - start)
    return statistics.median(found)


def calls(function: Callable[[], object], runs: int = 5) -> float:
    """Median wall seconds of a call, after one warm-up."""
    function()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns."""
    cells = [list(columns), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
