"""Before a run: how many tokens, parameters or chip-hours stay below a line with a given probability?

Compute grows in proportion to each of the three where the others are held, so what one unit takes, with its whole
uncertainty, says how many units fit below the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from comptometer import request
from comptometer.errors import ComptometerError, UsageError
from comptometer.figures import Figure
from comptometer.law import Regulation
from comptometer.quantity import Estimate
from comptometer.release import data_version
from comptometer.text import number
from comptometer.thresholds import row
from comptometer.vocabulary import read

ONE: Mapping[str, tuple[str, str, float, str]] = {  # what is asked for → its figure, an amount of it twice, its unit
    "tokens": ("tokens", "1T", 1e12, "token"),
    "parameters": ("params", "100B", 1e11, "parameter"),
    "chip_hours": ("chip_hours", "1M", 1e6, "chip-hour"),
}


def plan(
    one: Regulation, *, probability: float = 0.95, spent: str | float = 0.0, chip: str | None = None, **figures: Figure
) -> dict[str, Any]:
    """The JSON object of `comptometer thresholds plan` (schema `comptometer/thresholds-plan/1`).

    Args:
        one: a regulation with an amount of training compute as its line.
        probability: of staying below, at least.
        spent: FLOP that count already.
        chip: the chip by any of its names; then chip-hours are answered.
        figures: `params` (then tokens are answered), `tokens` (then parameters), and what an estimate takes besides.

    Raises:
        UsageError: the regulation has no such line, nothing is given to plan with, or all of it is spent.
    """
    if one.line is None:
        raise UsageError(f"{one.id}: {one.title} sets no amount of training compute to stay below")
    used = _flop(spent)
    left = one.line - used
    if left <= 0:
        raise UsageError(f"--spent: {number(used)} FLOP are at or above the line of {number(one.line)} FLOP already")
    if figures.get("params") and figures.get("tokens"):
        raise UsageError("--params and --tokens: with both nothing is left to plan; give one of them")
    given = {name: value for name, value in figures.items() if value}
    count = {name: value for name, value in given.items() if name in {"params", "active_params", "tokens"}}
    hardware = {name: value for name, value in given.items() if name in {"utilization", "mfu", "hfu", "precision"}}
    asked: list[tuple[str, Mapping[str, Figure], str | None]] = []
    if "params" in count or "active_params" in count:
        asked.append(("tokens", count, None))
    if "tokens" in count:
        asked.append(("parameters", count, None))
    if chip:
        asked.append(("chip_hours", hardware, chip))
    if not asked:
        raise UsageError("nothing to plan with: give --params (for tokens), --tokens (for parameters) or --chip")
    return {
        "schema": "comptometer/thresholds-plan/1",
        "data_version": data_version(),
        "regulation": row(one),
        "probability": probability,
        "spent": used,
        "amounts": [_amount(what, left, probability, figures, name) for what, figures, name in asked],
        "marks": _marks(one),
    }


def _flop(spent: str | float) -> float:
    if not isinstance(spent, str) or spent in {"", "0"}:
        return float(spent or 0)
    try:
        return float(read("compute", spent).quantile(np.array([0.5]))[0])
    except ComptometerError as error:
        raise UsageError(f"--spent: {error}") from None


def _amount(
    what: str, left: float, probability: float, figures: Mapping[str, Figure], chip: str | None
) -> dict[str, Any]:
    figure, written, amount, unit = ONE[what]
    found = request.estimate(chip=chip, **{**figures, figure: written})  # type: ignore[arg-type]
    each = found.to("FLOP").draws / amount
    most = left / float(np.quantile(each, probability, method="higher"))
    formula = "; ".join(f"{name}: {outcome.formula}" for name, outcome in found.methods.items())
    compute: Estimate = found.value * (most / amount)
    return {
        "what": what,
        "amount": most,
        "unit": unit,
        "compute": compute.to_dict(),
        "rests_on": f"{written} {unit}s take {formula}",
    }


def _marks(one: Regulation) -> list[dict[str, Any]]:
    """Reported figures at which to look again; the line with its tolerance, where it has one."""
    assert one.line is not None
    marks = [(1 / 3, "a third of the line: the limit of a modification of such a model")] if one.fallbacks else []
    marks += [(1.0, "the line")]
    if one.tolerance:
        below, above = 1 / (1 + one.tolerance), 1 / (1 - one.tolerance)
        marks += [(below, "up to here below even by the tolerance"), (above, "from here above even by the tolerance")]
    return [{"flop": one.line * share, "share": share, "what": what} for share, what in sorted(marks)]
