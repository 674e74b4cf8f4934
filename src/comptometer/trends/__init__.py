"""Fits of a quantity over time. Every other file in this folder is one way to fit.

A fit takes points and how they are to be resampled, and gives a `Trend`: straight lines through the decimal logarithm,
one or several, and what resampling says about them. Logarithms, slopes and scatter are in dex (factors of ten), days
are ordinals of dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import log10, sqrt
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, Problem, UsageError
from comptometer.registry import Registry

DAYS_PER_MONTH = 30.4375  # a year of 365.25 days over twelve
DAYS_PER_YEAR = 365.25
DEX_PER_DOUBLING = log10(2)
DRAWS = 10_000
LEAST_POINTS = 3

Unit = Literal["model", "organization"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What is fitted, in order of the days.

    Attributes:
        days: ordinals, shape (n,).
        logs: decimal logarithms of the values, shape (n,).
        groups: index of the organization of each point, shape (n,), from 0 up without gaps; none where not said.
        spread: standard deviation in dex of the belief about each value, shape (n,); none where all are exact.
        names: of the points; order the noise of each (see `Resampling.noise`).
    """

    days: Array
    logs: Array
    groups: NDArray[np.intp] | None = None
    spread: Array | None = None
    names: Sequence[str] | None = None

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
        """From dates and values above 0; points of one day keep their order.

        Raises:
            UsageError: unequal lengths, values that have no logarithm, spreads below 0; all that is wrong at once.
            NotEnoughEvidence: fewer than three points, or all on one day.
        """
        columns = {"values": values, "organizations": organizations, "spreads": spread_dex, "names": names}
        lengths = {what: len(column) for what, column in columns.items() if column is not None}
        if any(length != len(days) for length in lengths.values()):
            raise UsageError(f"{len(days)} days but " + ", ".join(f"{n} {what}" for what, n in lengths.items()))
        y = np.asarray(values, dtype=np.float64)
        spread = None if spread_dex is None else np.asarray(spread_dex, dtype=np.float64)
        _check(days, y, spread, names)
        x = np.array([day.toordinal() for day in days], dtype=np.float64)
        order = np.argsort(x, kind="stable")
        return cls(
            days=x[order],
            logs=np.log10(y)[order],
            groups=None if organizations is None else numbered(organizations)[order],
            spread=None if spread is None or not spread.any() else spread[order],
            names=None if names is None else [names[at] for at in order],
        )

    @property
    def n(self) -> int:
        """How many."""
        return len(self.days)


def numbered(names: Sequence[str]) -> NDArray[np.intp]:
    """The number of each name, in order of first appearance."""
    numbers = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.intp)


def _check(days: Sequence[date], values: Array, spread: Array | None, names: Sequence[str] | None) -> None:
    wanted = [("value must be a finite number above 0: a trend in the logarithm is wanted", values, values > 0)]
    if spread is not None:
        wanted.append(("spread must be a finite number from 0 up", spread, spread >= 0))
    problems = []
    for what, numbers, right in wanted:
        wrong = np.flatnonzero(~(right & np.isfinite(numbers)))
        if len(wrong):
            first = names[wrong[0]] if names is not None else f"number {wrong[0] + 1} of {len(numbers)}"
            problems.append(f"every {what}; {len(wrong)} of {len(numbers)} are not, the first is {first}")
    if problems:
        raise UsageError("\n".join(problems))
    if len(days) < LEAST_POINTS:
        raise NotEnoughEvidence(f"a trend needs at least {LEAST_POINTS} points, got {len(days)}")
    if len(set(days)) == 1:
        raise NotEnoughEvidence(f"all points are on one day, {days[0]}: there is no trend in that")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How points are resampled, to see how sure a fit is.

    Attributes:
        name: orders the draws: the same name and points give the same intervals everywhere.
        draws: how many; fits that take long use fewer, and say so.
        by: what is drawn: models, or organizations with all their models (wider, where one has many).
        noise: are the values redrawn too, each within its own spread?
    """

    name: str
    draws: int = DRAWS
    by: Unit = "model"
    noise: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.draws < 1:
            problems.append(Problem("draws", f"must be at least 1, got {self.draws}"))
        if self.by not in {"model", "organization"}:
            problems.append(Problem("by", f"{self.by!r} is neither model nor organization"))
        if problems:
            raise UsageError.of(problems)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted number, and what it becomes when the points are resampled, shape (draws,)."""

    estimate: float
    samples: Array

    def interval(self, probability: float = 0.9) -> tuple[float, float]:
        """Ends between which that share of the resamples lies, as much above as below."""
        tail = (1 - probability) / 2
        with np.errstate(invalid="ignore"):  # between two infinite samples there is no number
            low, high = np.quantile(self.samples, [tail, 1 - tail])
        return float(low), float(high)

    def to_dict(self) -> dict[str, float | None]:
        """Estimate and quantiles of the resampling; null where resampling gives no finite number."""
        with np.errstate(invalid="ignore"):  # between two infinite samples there is no number
            p5, p50, p95 = (float(x) for x in np.quantile(self.samples, [0.05, 0.5, 0.95]))
        values = {"estimate": self.estimate, "p5": p5, "p50": p50, "p95": p95}
        return {key: value if np.isfinite(value) else None for key, value in values.items()}


class _Growing:
    """What a slope says about growth."""

    __slots__ = ()
    slope: Any
    slopes: Any

    @property
    def doubling_days(self) -> Fitted:
        """Days in which the quantity doubles; what does not grow never does."""
        return Fitted(float(_doubling(np.asarray(self.slope))), _doubling(self.slopes))

    def doubling_months(self, month_days: float = DAYS_PER_MONTH) -> Fitted:
        """The same in months of so many days."""
        days = self.doubling_days
        return Fitted(days.estimate / month_days, days.samples / month_days)

    @property
    def growth_per_year(self) -> Fitted:
        """Factor by which the quantity grows in 365.25 days."""
        return Fitted(10 ** (self.slope * DAYS_PER_YEAR), 10 ** (self.slopes * DAYS_PER_YEAR))

    @property
    def dex_per_year(self) -> Fitted:
        """Orders of magnitude by which the quantity grows in 365.25 days."""
        return Fitted(self.slope * DAYS_PER_YEAR, self.slopes * DAYS_PER_YEAR)


def _doubling(slopes: Array) -> Array:
    """Doubling time of each slope; one that does not grow never doubles."""
    return np.where(slopes > 0, DEX_PER_DOUBLING / np.where(slopes > 0, slopes, 1.0), np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(_Growing):
    """A straight line through the logarithm of a quantity, from one day to another.

    Attributes:
        first, last: ordinals of the days between which it holds.
        slope: dex per day.
        level: dex on the trend's origin.
        slopes, levels: of the resamples, shape (draws,).
    """

    first: float
    last: float
    slope: float
    level: float
    slopes: Array
    levels: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A day on which one line ends and another begins.

    Attributes:
        day: ordinal.
        days: of the resamples, shape (draws,).
        identified: do the data say that there is one, and when?
        why: what speaks for it or against it.
    """

    day: float
    days: Array
    identified: bool
    why: str

    def interval(self, probability: float = 0.9) -> tuple[float, float]:
        """Ordinals between which that share of the resamples has it."""
        return Fitted(self.day, self.days).interval(probability)

    def to_dict(self) -> dict[str, Any]:
        """The day with its 90% interval, as dates."""
        low, high = self.interval()
        return {
            "day": as_date(self.day).isoformat(),
            "p5": as_date(low).isoformat(),
            "p95": as_date(high).isoformat(),
            "identified": self.identified,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(_Growing):
    """Straight lines through the logarithm of a quantity over days; its growth is that of the last line.

    Attributes:
        n: points.
        origin: ordinal of the day that levels belong to.
        r2: share of the variance of the logarithm that the lines explain (of the quantile fit: of its loss).
        residuals: of the points, in order of their days, in dex, shape (n,).
        parameters: how many numbers were fitted; less of them remain for the scatter.
        segments: the lines, in order of their days.
        breaks: the days between them, one fewer than segments.
        unidentified: breaks that were looked for and that the data do not identify; no line ends there.
        bic: Bayesian information criterion by number of breaks, where several were tried; smaller is better.
        notes: conventions, and what a reader should know of the fit.
    """

    n: int
    origin: float
    r2: float
    residuals: Array
    parameters: int
    segments: Sequence[Segment]
    breaks: Sequence[Break] = ()
    unidentified: Sequence[Break] = ()
    bic: Mapping[int, float] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def residual_sd(self) -> float:
        """Scatter of the points around the lines in dex, with n less parameters degrees of freedom."""
        return sqrt(float(self.residuals @ self.residuals) / max(self.n - self.parameters, 1))

    @property
    def slope(self) -> float:
        """Dex per day of the last line."""
        return self.segments[-1].slope

    @property
    def level(self) -> float:
        """Dex of the last line on the origin."""
        return self.segments[-1].level

    @property
    def slopes(self) -> Array:
        """Of the resamples, shape (draws,)."""
        return self.segments[-1].slopes

    @property
    def levels(self) -> Array:
        """Of the resamples, shape (draws,)."""
        return self.segments[-1].levels

    @property
    def draws(self) -> int:
        """Resamples that had a fit."""
        return len(self.slopes)

    # On days, given as ordinals.

    def logs_at(self, days: Sequence[float] | Array) -> Array:
        """The lines in dex, shape (days,)."""
        x = np.asarray(days, dtype=np.float64)
        found = np.empty(len(x))
        for at, segment in enumerate(self.segments):
            here = x >= self.breaks[at - 1].day if at else np.full(len(x), True)
            found[here] = segment.level + segment.slope * (x[here] - self.origin)
        return found

    def resampled_logs_at(self, days: Sequence[float] | Array) -> Array:
        """The lines of the resamples in dex, each with its own breaks, shape (draws, days)."""
        x = np.asarray(days, dtype=np.float64)
        found = np.empty((self.draws, len(x)))
        for at, segment in enumerate(self.segments):
            line = segment.levels[:, None] + segment.slopes[:, None] * (x - self.origin)
            found = np.where(x >= self.breaks[at - 1].days[:, None], line, found) if at else line
        return found

    def level_at(self, day: float) -> Fitted:
        """Dex of the line on a day."""
        return Fitted(float(self.logs_at([day])[0]), self.resampled_logs_at([day])[:, 0])

    def at(self, days: Sequence[float] | Array) -> Array:
        """Values of the lines, shape (days,)."""
        return np.asarray(10 ** self.logs_at(days))

    def band(self, days: Sequence[float] | Array, probability: float = 0.9) -> tuple[Array, Array]:
        """Interval of the mean line (not of single points): two arrays of values, shape (days,)."""
        return ends(self.resampled_logs_at(days), probability)

    def prediction_band(self, days: Sequence[float] | Array, probability: float = 0.9) -> tuple[Array, Array]:
        """Interval of a single new point: the line's, with the scatter of the points about it; shape (days,) twice."""
        return ends(scattered(self.resampled_logs_at(days), self.residuals, self.parameters), probability)


def scattered(logs: Array, residuals: Array, parameters: int) -> Array:
    """Single new points about resampled lines, shape (draws, places) as the lines.

    Each line gets one of the residuals, widened for the parameters that were fitted.
    """
    n, draws = len(residuals), len(logs)
    widened = residuals * sqrt(n / max(n - parameters, 1))
    bits = np.random.PCG64DXSM(np.random.SeedSequence([n, draws])).random_raw(draws)
    return logs + widened[(bits % np.uint64(n)).astype(np.intp)][:, None]


def ends(logs: Array, probability: float) -> tuple[Array, Array]:
    """Ends of an interval of values from resampled logarithms, shape (draws, places)."""
    tail = (1 - probability) / 2
    low, high = np.quantile(logs, [tail, 1 - tail], axis=0)
    return 10**low, 10**high


def as_date(ordinal: float) -> date:
    """The day of an ordinal."""
    return date.fromordinal(round(ordinal))


class Fit(Protocol):
    """A way to fit."""

    def __call__(self, points: Points, resampling: Resampling, **options: Any) -> Trend:
        """Fit points.

        Raises:
            UsageError: options that it does not have, or that cannot be.
            NotEnoughEvidence: fewer points than it needs.
        """


FITS: Final[Registry[Fit]] = Registry("trend", "comptometer.trends")


def fit(name: str) -> Callable[[Fit], Fit]:
    """Register a way to fit."""
    return lambda function: FITS.add(name, function)


def refuse(name: str, options: Mapping[str, Any], known: Sequence[str] = ()) -> None:
    """Complain about options that a fit does not have.

    Raises:
        UsageError: there are some.
    """
    if options:
        takes = f"which takes {' and '.join(known)} only" if known else "which takes no options"
        raise UsageError.of(
            Problem(option, f"does not belong to the method {name}, {takes}") for option in sorted(options)
        )
