"""Fits of a quantity over time. Every other file in this folder is one way to fit.

A fit takes days and values, and gives a `Trend`: the growth, and what resampling the rows says about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.registry import Registry

DAYS_PER_MONTH = 30.4375  # a year of 365.25 days over twelve
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted number, and what it becomes when the rows are resampled, shape (draws,)."""

    estimate: float
    samples: Array

    def to_dict(self) -> dict[str, float | None]:
        """Estimate and quantiles of the resampling; null where resampling gives no finite number."""
        with np.errstate(invalid="ignore"):  # between two infinite samples there is no number
            p5, p50, p95 = (float(x) for x in np.quantile(self.samples, [0.05, 0.5, 0.95]))
        values = {"estimate": self.estimate, "p5": p5, "p50": p50, "p95": p95}
        return {key: value if np.isfinite(value) else None for key, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through log2 of a quantity over days.

    Attributes:
        slope: doublings per day.
        level: log2 of the quantity at the first of the days.
        origin: ordinal of that day.
        r2: share of the variance of log2 that the line explains.
        residual_sd: of log2, with n-2 degrees of freedom.
        slopes, levels: of the resampled rows, shape (draws,).
    """

    n: int
    slope: float
    level: float
    origin: int
    r2: float
    residual_sd: float
    slopes: Array
    levels: Array

    @property
    def doubling_days(self) -> Fitted:
        """Days in which the quantity doubles."""
        return Fitted(float(_inverse(np.asarray(self.slope))), _inverse(self.slopes))

    def doubling_months(self, month_days: float = DAYS_PER_MONTH) -> Fitted:
        """The same in months of so many days."""
        days = self.doubling_days
        return Fitted(days.estimate / month_days, days.samples / month_days)

    @property
    def growth_per_year(self) -> Fitted:
        """Factor by which the quantity grows in 365.25 days."""
        return Fitted(2 ** (self.slope * DAYS_PER_YEAR), 2 ** (self.slopes * DAYS_PER_YEAR))

    def at(self, days: Sequence[int]) -> Array:
        """Value of the line on days given as ordinals, shape (days,)."""
        return np.asarray(2 ** (self.level + self.slope * (np.asarray(days) - self.origin)))

    def band(self, days: Sequence[int], probability: float = 0.9) -> tuple[Array, Array]:
        """Interval of the mean line (not of single points) on these days: two arrays of shape (days,)."""
        x = np.asarray(days, dtype=np.float64) - self.origin
        lines = self.levels[:, None] + self.slopes[:, None] * x
        tail = (1 - probability) / 2
        low, high = np.quantile(lines, [tail, 1 - tail], axis=0)
        return 2**low, 2**high


def _inverse(slopes: Array) -> Array:
    """Doubling time of each slope; one that does not grow never doubles."""
    return np.where(slopes > 0, 1 / np.where(slopes > 0, slopes, 1.0), np.inf)


class Fit(Protocol):
    """A way to fit."""

    def __call__(self, days: Sequence[date], values: Sequence[float], *, name: str, draws: int = ...) -> Trend:
        """Fit values over days; `name` orders the resampling."""


FITS: Registry[Fit] = Registry("trend", "comptometer.trends")


def fit(name: str) -> Callable[[Fit], Fit]:
    """Register a way to fit."""
    return lambda function: FITS.add(name, function)


def checked(days: Sequence[date], values: Sequence[float]) -> tuple[Array, Array]:
    """Ordinals and log2 of the values, both of shape (n,).

    Raises:
        UsageError: unequal lengths, or values that have no logarithm.
        NotEnoughEvidence: fewer than three points, or all on one day.
    """
    if len(days) != len(values):
        raise UsageError(f"{len(days)} days but {len(values)} values")
    x, y = np.array([day.toordinal() for day in days], dtype=np.float64), np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(y) & (y > 0)):
        raise UsageError("every value must be a finite number above 0: a trend in the logarithm is wanted")
    if len(x) < 3:
        raise NotEnoughEvidence(f"a trend needs at least 3 points, got {len(x)}")
    if np.ptp(x) == 0:
        raise NotEnoughEvidence("all points are on one day: there is no trend in that")
    return x, np.log2(y)
