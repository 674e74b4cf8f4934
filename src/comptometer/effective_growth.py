"""How fast effective compute grows: physical growth times what algorithms gain in a year; beside the physical one.

The two are taken as independent: which models there are says nothing of how well a published rate is known. A day whose
algorithms are the measure is not needed, for it moves the level and not the growth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log10
from typing import Any

import numpy as np

from comptometer import algorithmic_progress
from comptometer.algorithmic_progress import Rate
from comptometer.effective_compute import DAYS_PER_MONTH, gain_over, own_rate, told
from comptometer.errors import Problem, UsageError
from comptometer.trends import DAYS_PER_YEAR, Fitted, Trend
from comptometer.worlds import order

LANGUAGE, VISION = "language", "vision"
OF_THE_LARGEST = frozenset({"frontier", "record", "large-scale"})  # selections


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveGrowth:
    """Growth of effective compute.

    Attributes:
        rate: of algorithms, as published or given.
        gain: how many times less compute will do after a year.
        growth: physical growth times that gain, a year.
        warnings: what a reader should know.
    """

    rate: Rate
    gain: Fitted
    growth: Fitted
    warnings: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of `comptometer trend`."""
        return {
            "growth_per_year": self.growth.to_dict(),
            "gain_per_year": self.gain.to_dict(),
            "rate": told(self.rate),
            "warnings": list(self.warnings),
        }


def effective_growth(
    trend: Trend,
    days: tuple[date, date],
    *,
    domain: str = "",
    select: str = "all",
    rate: str | None = None,
    halving: str | None = None,
) -> EffectiveGrowth:
    """What the growth of training compute is in effective compute.

    Args:
        trend: of training compute; of several lines the last one counts.
        days: of the first and the last model.
        domain: the domain that was asked for.
        select: which models were asked for.
        rate: the published rate to take; by the domain unless given.
        halving: a rate of one's own: months until half the compute will do, such as "5 to 14".

    Raises:
        UsageError: both `rate` and `halving`, or no months.
        NotFound: no such rate.
    """
    taken = _rate(domain, rate, halving)
    gains = gain_over(taken, DAYS_PER_YEAR).draws
    middle = float(taken.halving.quantile(np.array([0.5]))[0])
    gain = Fitted(10 ** (DAYS_PER_YEAR / DAYS_PER_MONTH * log10(2) / middle), gains)
    physical = trend.growth_per_year
    at = ((np.arange(len(gains)) + 0.5) / len(gains) * len(physical.samples)).astype(np.intp)
    samples = np.sort(physical.samples)[at][order("effective|trend", len(gains))]
    growth = Fitted(physical.estimate * gain.estimate, samples * gains)
    return EffectiveGrowth(rate=taken, gain=gain, growth=growth, warnings=_warnings(taken, days, domain, select))


def _rate(domain: str, rate: str | None, halving: str | None) -> Rate:
    if rate is not None and halving is not None:
        raise UsageError.of([Problem("rate", "give either a published rate or a halving time of your own, not both")])
    if halving is not None:
        return own_rate(halving)
    return algorithmic_progress.rate(rate or (VISION if _is_of(VISION, domain) else LANGUAGE))


def _is_of(field: str, domain: str) -> bool:
    return field in domain.lower()


def _warnings(rate: Rate, days: tuple[date, date], domain: str, select: str) -> list[str]:
    said = []
    if not rate.has_interval:
        said.append("the rate has no interval: that of the result is of the physical growth alone")
    if rate.source and not rate.first <= days[0].year <= days[1].year <= rate.last:
        said.append(f"the rate was fitted to data of {rate.first} to {rate.last}; the trend runs to {days[1]}")
    if rate.domains and not any(_is_of(field, domain) for field in rate.domains):
        said.append(f"the rate is of {', '.join(rate.domains)}; the trend is of other models as well")
    if rate.least_share and select not in OF_THE_LARGEST:
        said.append("the rate is for the largest models of their day; the trend is of smaller ones as well")
    return said
