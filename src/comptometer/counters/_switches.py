"""The switches that every counter of a live model has: what they may be, and what `strict` refuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from comptometer.errors import UsageError
from comptometer.ops import Attention, Recompute, Uncounted


def check(batch: object, attention: object, recompute: object, frozen: Sequence[str]) -> None:
    """Refuse a switch that cannot be.

    Raises:
        UsageError: `batch` is no whole number from 1, `attention` or `recompute` is unknown, or `frozen` is a text.
    """
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise UsageError(f"batch: needs a whole number from 1, got {batch!r}")
    for word, value, known in (("attention", attention, Attention), ("recompute", recompute, Recompute)):
        if value not in get_args(known):
            raise UsageError(f"{word}: {value!r} is not one of {', '.join(get_args(known))}")
    if isinstance(frozen, str):
        raise UsageError(f"frozen: needs a list of names, got the text {frozen!r}")


def refuse_uncounted(target: str, uncounted: Iterable[Uncounted]) -> None:
    """What `strict` asks for: nothing may be left out.

    Raises:
        UsageError: there is something that no formula knows.
    """
    listed = ", ".join(f"{one.operation} ({one.reason})" for one in uncounted)
    if listed:
        raise UsageError(
            f"{target}: no formula for {listed}; without strict they are listed and the total is a lower bound"
        )
