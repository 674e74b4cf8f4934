"""The trend forward: all draws of a projection over fifteen years, and the command in a fresh process."""

from __future__ import annotations

import time

import numpy as np
from _measure import process, table

from comptometer.projection import project

ASKED = {"start": "2026-01-01", "growth": "3.9 to 5.6", "level": "3e26 to 1e27", "far": True}
YEARS = 15


def busy(work, runs: int = 5) -> float:  # type: ignore[no-untyped-def]
    """Seconds of the processor, the median of so many runs after a first one."""
    work()
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return sorted(found)[runs // 2]


def sorting(draws: int) -> float:
    """The yardstick: sorting so many numbers once for each year."""
    numbers = np.random.default_rng(1).random(draws)
    return busy(lambda: [np.sort(numbers) for _ in range(YEARS)])


if __name__ == "__main__":
    rows = []
    for draws in (4096, 100_000):
        seconds = busy(lambda draws=draws: project(2026 + YEARS, draws=draws, **ASKED))
        shown = busy(lambda draws=draws: project(2026 + YEARS, draws=draws, **ASKED).to_dict())
        rows.append([f"{draws:,}", f"{seconds:.3f}", f"{shown:.3f}", f"{seconds / sorting(draws):.0f}"])
    table(
        f"A projection over {YEARS} years under the nine default limits, in process",
        ["worlds", "seconds", "with its document", "over sorting the worlds once a year"],
        rows,
    )
    libraries = process(["-c", "import pint, pydantic, numpy"])
    rows = []
    for command in (["project", "--to", "2032"], ["forecasts"]):
        seconds = process(["-m", "comptometer", *command])
        rows.append([" ".join(command), f"{seconds:.2f}", f"{seconds / libraries:.1f}"])
    table("As a command, in a fresh process", ["command", "seconds", "over import pint, pydantic, numpy"], rows)
