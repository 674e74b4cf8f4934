"""What recording costs a training loop: a step of nothing, and a small model against FlopCounterMode in every step."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from _measure import table
from torch.utils.flop_counter import FlopCounterMode

from comptometer import Recorder

torch.set_num_threads(1)
Step = Callable[[], AbstractContextManager[Any]]


def microseconds(step: Step, work: Callable[[], object], steps: int) -> list[float]:
    """Each step's, sorted, after a tenth of them as warm-up."""
    found = []
    for _ in range(steps + steps // 10):
        start = time.perf_counter_ns()
        with step():
            work()
        found.append((time.perf_counter_ns() - start) / 1000)
    return sorted(found[steps // 10 :])


def rows(title: str, ways: dict[str, Step], work: Callable[[], object], steps: int) -> None:
    medians = {name: microseconds(step, work, steps) for name, step in ways.items()}
    bare = statistics.median(medians["bare step"])
    table(
        title,
        ("step", "median", "99%", "added at the median", "× bare"),
        [
            (
                name,
                f"{statistics.median(all_):.1f} µs",
                f"{all_[len(all_) * 99 // 100]:.1f} µs",
                f"{statistics.median(all_) - bare:.1f} µs",
                f"{statistics.median(all_) / bare:.3f}",
            )
            for name, all_ in medians.items()
        ],
    )


def main() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(256, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 256))
    x = torch.randn(64, 256)

    def train() -> None:
        model(x).sum().backward()

    with tempfile.TemporaryDirectory() as folder, Recorder(folder, model, summary=False) as recorder:
        ways: dict[str, Step] = {
            "bare step": nullcontext,
            "Recorder": lambda: recorder.step(x, tokens=64),
        }
        rows("a step that does nothing", ways, lambda: None, 100_000)
        rows(
            "a small perceptron, forward and backward, CPU",
            {**ways, "FlopCounterMode": lambda: FlopCounterMode(display=False)},
            train,
            1000,
        )


if __name__ == "__main__":
    main()
