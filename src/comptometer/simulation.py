"""Growth under limits, in every possible world at once.

In each world compute grows at that world's rate from that world's level, under that world's limits K(t), the smallest
of which counts. Three paths come out:

- *trend*: C0 exp(g t), without limits;
- *hard*: the smaller of the trend and K(t);
- *soft*: growth slows on the way to the soft limits, d log C/dt = g (1 - u) + u d log K/dt with u = (C/K)^theta, and
  ends at the hard ones. Never above *hard*.

A limit below what has been reached is no limit: K(t) counts as at least C0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.limits import Amount, Budget, Duration, Limit, Price
from comptometer.starting_point import Start
from comptometer.worlds import Worlds

STEPS = 4  # a year, in which the smallest limit is taken to grow evenly

Amounts = Callable[[float], Array]  # logarithm of an amount in each world, shape (draws,), at a decimal year


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit as a path: is it soft, and does it count?"""

    allows: Amounts
    soft: bool
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What comes out in every world.

    Attributes:
        years: of the rows, the first is that of the start; shape (years,).
        trend, hard, soft: logarithms of compute in FLOP, shape (years, draws).
        binding: position of the smallest limit where it is below the trend, else -1; shape (years, draws).
        crossed: the year in which the trend first meets each limit, infinite where it does not; shape (limits, draws).
    """

    years: Array
    trend: Array
    hard: Array
    soft: Array
    binding: NDArray[np.intp]
    crossed: Array


@dataclass(frozen=True, slots=True)
class _Moment:
    """The trend and every limit in one moment, in every world."""

    year: float
    trend: Array
    limits: Sequence[Array]
    bounds: Sequence[Bound]

    def smallest(self, *, soft_only: bool = False) -> Array | None:
        """The smallest of the limits that count, nothing if there is none."""
        counted = [
            limit
            for limit, bound in zip(self.limits, self.bounds, strict=True)
            if bound.counts and (bound.soft or not soft_only)
        ]
        return np.minimum.reduce(counted) if counted else None

    @property
    def hard(self) -> Array:
        """The trend, or the smallest limit where that is below."""
        smallest = self.smallest()
        return self.trend if smallest is None else np.minimum(self.trend, smallest)

    @property
    def binding(self) -> NDArray[np.intp]:
        """Position of the smallest of the limits that count, -1 where none is below the trend."""
        found, lowest = np.full(self.trend.shape, -1), self.trend
        for at, (limit, bound) in enumerate(zip(self.limits, self.bounds, strict=True)):
            if bound.counts:
                found = np.where(limit < lowest, at, found)
                lowest = np.minimum(limit, lowest)
        return found


def simulate(start: Start, bounds: Sequence[Bound], to: int, theta: Array | float = 1.0) -> Simulation:
    """Run every world to the first of January of a year.

    Args:
        start: level and growth.
        bounds: the limits.
        to: the last year.
        theta: how late growth slows before a soft limit: u = (C/K)^theta.
    """
    years = [start.year, *(float(year) for year in range(math.floor(start.year) + 1, to + 1))]

    def moment(year: float) -> _Moment:
        limits = [np.maximum(bound.allows(year), start.log_level) for bound in bounds]
        return _Moment(year, start.at(year), limits, bounds)

    now = moment(start.year)
    soft = now.hard
    crossed = np.array([np.where(now.trend >= limit, now.year, np.inf) for limit in now.limits])
    crossed = crossed.reshape(len(bounds), len(start.log_level))
    rows = [(now.trend, now.hard, soft, now.binding)]
    for first, last in pairwise(years):
        for year in _steps(first, last):
            before, now = now, moment(year)
            soft = np.minimum(_slowed(soft, before, now, start.log_growth, theta), now.hard)
            _note_crossings(crossed, before, now)
        rows.append((now.trend, now.hard, soft, now.binding))
    line, capped, slowed, binding = (np.array(column) for column in zip(*rows, strict=True))
    return Simulation(years=np.array(years), trend=line, hard=capped, soft=slowed, binding=binding, crossed=crossed)


def _steps(first: float, last: float) -> list[float]:
    """Moments after the first up to the last, evenly, at least `STEPS` a year."""
    count = max(1, math.ceil((last - first) * STEPS - 1e-9))
    return [*(first + (last - first) * step / count for step in range(1, count)), last]


def _slowed(soft: Array, before: _Moment, now: _Moment, g: Array, theta: Array | float) -> Array:
    """The soft path a step later, while the smallest soft limit grows evenly at a rate k.

    With x = log(C/K) its law is dx/dt = (g-k)(1 - exp(theta x)). For u = exp(theta x) that is the logistic equation:
    the odds against it, (1-u)/u, shrink by exp(-theta (g-k) t).
    """
    low, high = before.smallest(soft_only=True), now.smallest(soft_only=True)
    years = now.year - before.year
    if low is None or high is None:
        return soft + g * years
    k = (high - low) / years
    room = theta * np.maximum(low - soft, 0.0)
    with np.errstate(divide="ignore"):  # at the limit itself there are no odds against it
        log_odds = room + np.log(-np.expm1(-room)) - theta * (g - k) * years
    return np.asarray(high - np.logaddexp(0.0, log_odds) / theta)


def _note_crossings(crossed: Array, before: _Moment, now: _Moment) -> None:
    """Write down where the trend has met a limit since the moment before, both taken as straight between."""
    for at, limit in enumerate(now.limits):
        gap = now.trend - limit
        first = (gap >= 0) & np.isinf(crossed[at])
        missing = (before.limits[at] - before.trend)[first]
        crossed[at][first] = before.year + (now.year - before.year) * missing / (missing + gap[first])


# Limits as paths


def limit_path(limit: Limit, worlds: Worlds, start: Start, price: Amounts | None) -> Amounts:
    """Logarithm of what a limit allows one run, in FLOP, over the years; see `limits` for the three forms."""
    growth = worlds.log(f"{limit.id}|growth", limit.growth)
    match limit.form:
        case Amount(flop):
            level = worlds.log(limit.id, flop, limit.factor)
            return lambda year: level + growth * (year - limit.year)
        case Budget(usd, share, most_usd, most_growth):
            assert price is not None
            money, part = worlds.log(limit.id, usd, limit.factor), worlds.log(f"{limit.id}|share", share)
            most = worlds.log(f"{limit.id}|most", most_usd) if most_usd else np.full(worlds.draws, np.inf)
            most_rate = worlds.log(f"{limit.id}|most growth", most_growth)

            def bought(year: float) -> Array:
                since = year - limit.year
                return np.asarray(np.minimum(money + growth * since, most + most_rate * since) + part - price(year))

            return bought
        case Duration(months, most_months):
            # Once runs are as long as they can be, growth goes on without the part that longer runs gave.
            left = worlds.log(f"{limit.id}|most", most_months) - worlds.log(limit.id, months, limit.factor)
            left = left - growth * (start.year - limit.year)
            return lambda year: start.at(year) - growth * (year - start.year) + left


def price_path(price: Price, worlds: Worlds) -> Amounts:
    """Logarithm of dollars per FLOP over the years."""
    level, decline = worlds.log("price", price.usd_per_flop), worlds.log("price|decline", price.decline)
    return lambda year: level - decline * (year - price.year)
