"""Fits of a quantity over time. Every other file in this folder is one way to fit.

A fit takes points and how they are to be resampled, and gives a `Trend`: straight lines in the logarithm, one or
several, and what resampling says about them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.registry import Registry

DAYS_PER_MONTH = 30.4375  # a year of 365.25 days over twelve
DAYS_PER_YEAR = 365.25
DRAWS = 10_000
LOG2_PER_DEX = log2(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What is fitted, in order of the days.

    Attributes:
        days: ordinals, shape (n,).
        logs: log2 of the values, shape (n,).
        groups: index of the organization of each point, shape (n,).
        spread: standard deviation of log2 of each value, shape (n,); zero where it is taken as exact.
        names: of the points.
    """

    days: Array
    logs: Array
    groups: NDArray[np.intp]
    spread: Array
    names: Sequence[str]

    @classmethod
    def of(
        cls,
        days: Sequence[date],
        values: Sequence[float],
        *,
        organizations: Sequence[str] | None = None,
        spread_dex: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
    ) -> Points:
        """From dates and values.

        Raises:
            UsageError: unequal lengths, or values that have no logarithm.
            NotEnoughEvidence: fewer than three points, or all on one day.
        """
        x, y = checked(days, values)
        order = np.lexsort((np.arange(len(x)), x))
        owners = organizations if organizations is not None else [str(at) for at in range(len(x))]
        index = {name: at for at, name in enumerate(dict.fromkeys(owners))}
        spread = np.zeros(len(x)) if spread_dex is None else np.asarray(spread_dex, dtype=np.float64) * LOG2_PER_DEX
        called = names if names is not None else [str(at) for at in range(len(x))]
        return cls(
            days=x[order],
            logs=y[order],
            groups=np.array([index[name] for name in owners], dtype=np.intp)[order],
            spread=spread[order],
            names=[called[at] for at in order],
        )

    @property
    def n(self) -> int:
        """How many."""
        return len(self.days)

    @property
    def organizations(self) -> int:
        """Of how many organizations."""
        return int(self.groups.max()) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How points are resampled.

    Attributes:
        name: orders the draws: the same name and points give the same intervals everywhere.
        draws: how many.
        by: model, or organization with all its models (wider, where one has many).
        noise: are the values redrawn, each as uncertain as it is?
    """

    name: str
    draws: int = DRAWS
    by: Literal["model", "organization"] = "model"
    noise: bool = False


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
class Segment:
    """A straight line through log2 of a quantity, from one day to another.

    Attributes:
        first, last: ordinals of the days between which it holds.
        slope: doublings per day.
        level: log2 of the quantity on the trend's origin.
        slopes, levels: of the resamples, shape (draws,).
    """

    first: float
    last: float
    slope: float
    level: float
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A day on which one line ends and another begins.

    Attributes:
        day: ordinal.
        days: of the resamples that have it, shape (draws,).
        identified: do the data say that there is one, and when?
        why: what speaks for it or against it.
    """

    day: float
    days: Array
    identified: bool
    why: str

    def to_dict(self) -> dict[str, Any]:
        """The day with its 90% interval, as dates."""
        low, high = np.quantile(self.days, [0.05, 0.95]) if len(self.days) else (self.day, self.day)
        return {
            "day": as_date(self.day).isoformat(),
            "p5": as_date(low).isoformat(),
            "p95": as_date(high).isoformat(),
            "identified": self.identified,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Straight lines through log2 of a quantity over days; most of what is asked of it is about the last line.

    Attributes:
        n: points.
        origin: ordinal of the day that levels belong to.
        r2: share of the variance of log2 that the lines explain.
        residual_sd: of log2, with as many degrees of freedom as points less parameters.
        segments: the lines, in order of their days.
        breaks: the days between them.
        bic: Bayesian information criterion by number of breaks, where several were tried; smaller is better.
        notes: what a reader should know of the fit.
    """

    n: int
    origin: int
    r2: float
    residual_sd: float
    segments: Sequence[Segment]
    breaks: Sequence[Break] = ()
    bic: dict[int, float] | None = None
    notes: Sequence[str] = ()

    @property
    def _last(self) -> Segment:
        return self.segments[-1]

    @property
    def slope(self) -> float:
        """Doublings per day of the last line."""
        return self._last.slope

    @property
    def level(self) -> float:
        """log2 of the last line on the origin."""
        return self._last.level

    @property
    def slopes(self) -> Array:
        """Of the resamples, shape (draws,)."""
        return self._last.slopes

    @property
    def levels(self) -> Array:
        """Of the resamples, shape (draws,)."""
        return self._last.levels

    @property
    def doubling_days(self) -> Fitted:
        """Days in which the quantity doubles, by the last line."""
        return self._last.doubling_days

    def doubling_months(self, month_days: float = DAYS_PER_MONTH) -> Fitted:
        """The same in months of so many days."""
        return self._last.doubling_months(month_days)

    @property
    def growth_per_year(self) -> Fitted:
        """Factor by which the quantity grows in 365.25 days, by the last line."""
        return self._last.growth_per_year

    def _on(self, days: Array) -> NDArray[np.intp]:
        """The line that holds on each of these days."""
        return np.searchsorted([b.day for b in self.breaks], days, side="right")

    def at(self, days: Sequence[float]) -> Array:
        """Value of the lines on days given as ordinals, shape (days,)."""
        x = np.asarray(days, dtype=np.float64)
        which = self._on(x)
        slopes, levels = (np.array([getattr(s, name) for s in self.segments])[which] for name in ("slope", "level"))
        return np.asarray(2 ** (levels + slopes * (x - self.origin)))

    def band(self, days: Sequence[float], probability: float = 0.9) -> tuple[Array, Array]:
        """Interval of the mean line (not of single points) on these days: two arrays of shape (days,)."""
        return self._interval(days, probability, 0.0)

    def prediction(self, days: Sequence[float], probability: float = 0.9) -> tuple[Array, Array]:
        """Interval that holds a single new point on these days: the line's, with the scatter of the points."""
        return self._interval(days, probability, self.residual_sd)

    def _interval(self, days: Sequence[float], probability: float, scatter: float) -> tuple[Array, Array]:
        from comptometer.distribution import normal_quantile

        x = np.asarray(days, dtype=np.float64)
        tail = (1 - probability) / 2
        low, high = np.empty(len(x)), np.empty(len(x))
        for at, segment in enumerate(self.segments):
            mine = self._on(x) == at
            lines = segment.levels[:, None] + segment.slopes[:, None] * (x[mine] - self.origin)
            if scatter:
                draws = len(lines)
                errors = normal_quantile((np.arange(draws) + 0.5) / draws)
                lines = lines + scatter * errors[_shuffled(draws)][:, None]
            low[mine], high[mine] = np.quantile(lines, [tail, 1 - tail], axis=0)
        return 2**low, 2**high


def _shuffled(n: int) -> NDArray[np.intp]:
    """A fixed order that has nothing to do with that of the draws."""
    return np.argsort(np.random.PCG64DXSM(np.random.SeedSequence([n])).random_raw(n))


def as_date(ordinal: float) -> date:
    """The day of an ordinal."""
    return date.fromordinal(round(ordinal))


def _inverse(slopes: Array) -> Array:
    """Doubling time of each slope; one that does not grow never doubles."""
    return np.where(slopes > 0, 1 / np.where(slopes > 0, slopes, 1.0), np.inf)


class Fit(Protocol):
    """A way to fit."""

    def __call__(self, points: Points, resampling: Resampling, **options: Any) -> Trend:
        """Fit points.

        Raises:
            UsageError: options that it does not have, or that cannot be.
            NotEnoughEvidence: fewer points than it needs.
        """


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
