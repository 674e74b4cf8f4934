"""Figures that moved from one edition of a table to the next."""

from __future__ import annotations

import math
from collections.abc import Iterator

from comptometer import text
from comptometer.checks import Case, Sign, rule

FAR = 2.0
FIGURES = {
    "compute": "compute", "parameters": "parameters", "chip_hours": "chip_hours", "hardware_quantity": "chips",
    "training_hours": "hours",
}  # fmt: skip


@rule(
    "moved",
    severity="note",
    looks_at="compute, parameters, chips or hours that differ by more than two from an older edition of the table",
    settles="which edition read the source rightly",
)
def moved(case: Case) -> Iterator[Sign]:
    """Somebody corrected it, or made a slip."""
    if case.row is None:
        return
    for column, name in FIGURES.items():
        now = getattr(case.row, column)
        for vintage, older in case.history:
            before = getattr(older, column)
            if now and before and abs(math.log(now / before)) > math.log(FAR):
                yield Sign(
                    text=f"{column.replace('_', ' ')} is {text.number(now / before)} times what {vintage} says",
                    numbers={"now": now, "before": before, "ratio": now / before},
                    about=(name,),
                    factor=before / now,
                )
                break
