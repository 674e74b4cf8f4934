"""Chip-hours against chips × hours, and against the tokens that they should have paid for."""

from __future__ import annotations

import math
from collections.abc import Iterator

from comptometer import text
from comptometer.checks import Case, Sign, rule
from comptometer.hypotheses import NOTICEABLE
from comptometer.sanity import SAME, UTILIZATION_RANGE

TWICE = 2.0  # 5 of 117 published pairs differ by more


@rule(
    "chip-hours",
    severity="error",
    looks_at="stated chip-hours against chips × hours: nine of ten published pairs agree within 10%",
    settles="whether the time is that of the whole job, and what one chip is",
)
def chip_hours(case: Case) -> Iterator[Sign]:
    """An error beyond a factor of two, a warning beyond a tenth."""
    account = case.account
    if not account.chip_hours or not account.product:
        return
    ratio = account.chip_hours / account.product
    if abs(math.log(ratio)) <= math.log(SAME):
        return
    epochs = account.epochs
    by_epochs = epochs and epochs > NOTICEABLE and any(abs(ratio / r - 1) < 0.05 for r in (epochs, 1 / epochs))
    yield Sign(
        text=f"stated chip-hours are {text.number(ratio)} times chips × hours"
        + (f": one of them is for a single epoch of {text.number(epochs)}" if epochs and by_epochs else ""),
        numbers={"chip_hours": account.chip_hours, "chips_times_hours": account.product, "ratio": ratio},
        about=("chip_hours", "chips", "hours"),
        factor=1 / ratio,
        severity="error" if abs(math.log(ratio)) > math.log(TWICE) else "warning",
    )


@rule(
    "hours-per-trillion-tokens",
    severity="error",
    looks_at="chip-hours that are far too few for the tokens, and right for one trillion of them",
    settles="whether the hours are of the whole job or of a trillion tokens",
)
def hours_per_trillion_tokens(case: Case) -> Iterator[Sign]:
    """Some papers print the cost of one trillion tokens."""
    account = case.account
    if not account.chip_hours or not account.tokens or account.implied is None:
        return
    trillions = account.tokens / 1e12
    low, high = UTILIZATION_RANGE
    share = account.implied[0]
    if trillions > NOTICEABLE and share > high and low <= share / trillions <= high:
        yield Sign(
            text=f"the chip-hours imply a utilization of {text.percent(share)}; as hours per trillion of the "
            f"{text.number(trillions)} trillion tokens it is {text.percent(share / trillions)}",
            numbers={"chip_hours": account.chip_hours, "tokens": account.tokens, "utilization": share},
            about=("chip_hours", "size"),
            factor=trillions,
        )
