"""Trains a line through points in processes that are killed at random moments, each going on from the last checkpoint.

`python recorder_victims.py FOLDER KILLS SEED` leaves FOLDER/runs with the segments, and prints one JSON object: steps
that each process had done and had been told are safe, and the step of the final checkpoint.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import struct
import sys
import time
from pathlib import Path

from comptometer import Recorder

FLOP = 4_000_000_007  # of a step: any error in a sum shows
PLACES = struct.Struct("qqq")  # began after, done, safe


def checkpoint(folder: Path) -> tuple[int, float]:
    path = folder / "weights.json"
    if not path.exists():
        return 0, 0.0
    step, weight = json.loads(path.read_text())
    return step, weight


def train(folder: Path, shared: mmap.mmap, seed: int, steps: int | None) -> None:
    chance = random.Random(seed)
    begun, weight = checkpoint(folder)
    recorder = Recorder(folder / "runs", step=begun, interval=0.002, summary=False, world_size=1 + seed % 3)
    step = safe = begun
    shared[:] = PLACES.pack(begun, step, safe)
    with recorder:
        while steps is None or step < begun + steps:
            with recorder.step(flop=FLOP, tokens=7, samples=1):
                x = chance.random()
                weight -= 0.1 * (weight * x - 3 * x) * x
                time.sleep(0.0002)
            step += 1
            shared[:] = PLACES.pack(begun, step, safe)
            if step % 13 == 0 or (steps and step == begun + steps):
                with recorder.checkpoint():
                    part = folder / "weights.part"
                    part.write_text(json.dumps([step, weight]))
                    part.replace(folder / "weights.json")
                safe = step
                shared[:] = PLACES.pack(begun, step, safe)


def victim(folder: Path, seed: int, wait: float | None) -> dict[str, int]:
    shared = mmap.mmap(-1, PLACES.size)
    child = os.fork()
    if child == 0:
        try:
            train(folder, shared, seed, None if wait is not None else 20)
        finally:
            os._exit(0)
    if wait is not None:
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return dict(zip(("begun", "done", "safe"), PLACES.unpack(shared[:]), strict=True))


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    killed = [victim(folder, seed + number, chance.uniform(0.001, 0.06)) for number in range(kills)]
    last = victim(folder, seed + kills, None)
    print(json.dumps({"killed": killed, "last": last, "final": checkpoint(folder)[0]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
