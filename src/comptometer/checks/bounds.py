"""Bounds that a figure does not keep."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer import text
from comptometer.checks import Case, Sign, rule


@rule(
    "bounds",
    severity="error",
    looks_at="compute above its own upper bound, below its lower one, or bounds in the wrong order",
    settles="the source of the bounds",
)
def bounds(case: Case) -> Iterator[Sign]:
    """What is stated lies between its bounds."""
    account = case.account
    low, high, compute = account.low, account.high, account.compute
    pairs = [
        ("compute", compute, "its upper bound", high, "high"),
        ("the lower bound", low, "the compute", compute, "low"),
        ("the lower bound", low, "the upper one", high, "low"),
    ]
    for first, smaller, second, larger, about in pairs:
        if smaller and larger and smaller > larger * (1 + 1e-6):
            yield Sign(
                text=f"{first} of {text.number(smaller)} is above {second} of {text.number(larger)}",
                numbers={"larger": smaller, "smaller": larger, "ratio": smaller / larger},
                about=(about, "compute"),
            )
            return
