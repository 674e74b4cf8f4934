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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.limit_paths import Path
from comptometer.starting_point import Start

STEPS = 4  # a year, in which the smallest limit is taken to grow evenly
BLOCK = 8192  # worlds at a time: what a processor keeps near it


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit as a path: is it soft, and does it count?"""

    allows: Path
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


@dataclass(frozen=True)
class _Moment:
    """The trend and every limit in one moment, in every world."""

    year: float
    trend: Array
    limits: Sequence[Array]
    bounds: Sequence[Bound]

    @cached_property
    def smallest_soft(self) -> Array | None:
        """The smallest of the soft limits that count, nothing if there is none."""
        return self._smallest(soft=True)

    @cached_property
    def hard(self) -> Array:
        """The trend, or the smallest limit that counts where that is below."""
        below = [limit for limit in (self.smallest_soft, self._smallest(soft=False)) if limit is not None]
        return _lowest([self.trend, *below])

    def _smallest(self, *, soft: bool) -> Array | None:
        pairs = zip(self.limits, self.bounds, strict=True)
        counted = [limit for limit, bound in pairs if bound.counts and bound.soft == soft]
        return _lowest(counted) if counted else None

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
    late = np.broadcast_to(theta, start.log_level.shape)
    blocks = [slice(at, at + BLOCK) for at in range(0, len(start.log_level), BLOCK)]
    parts = [
        _block(
            replace(start, log_level=start.log_level[block], log_growth=start.log_growth[block]),
            [replace(bound, allows=bound.allows.part(block)) for bound in bounds],
            years,
            late[block],
        )
        for block in blocks
    ]
    line, capped, slowed, binding, crossed = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return Simulation(years=np.array(years), trend=line, hard=capped, soft=slowed, binding=binding, crossed=crossed)


def _block(start: Start, bounds: Sequence[Bound], years: Sequence[float], theta: Array) -> tuple[Array, ...]:
    """Trend, hard, soft and binding of shape (years, worlds), crossings of shape (limits, worlds)."""

    def moment(year: float) -> _Moment:
        limits = [np.maximum(bound.allows.at(year), start.log_level) for bound in bounds]
        return _Moment(year, start.at(year), limits, bounds)

    now = moment(start.year)
    soft = now.hard
    crossed = np.full((len(bounds), len(start.log_level)), np.inf)
    for at, limit in enumerate(now.limits):
        crossed[at][now.trend >= limit] = now.year
    rows = [(now.trend, now.hard, soft, now.binding)]
    for first, last in pairwise(years):
        for year in _steps(first, last):
            before, now = now, moment(year)
            soft = np.minimum(_slowed(soft, before, now, start.log_growth, theta), now.hard)
            _note_crossings(crossed, before, now)
        rows.append((now.trend, now.hard, soft, now.binding))
    return (*(np.array(column) for column in zip(*rows, strict=True)), crossed)


def _lowest(amounts: Sequence[Array]) -> Array:
    lowest = amounts[0]
    for amount in amounts[1:]:
        lowest = np.minimum(lowest, amount)
    return lowest


def _steps(first: float, last: float) -> list[float]:
    """Moments after the first up to the last, evenly, at least `STEPS` a year."""
    count = max(1, math.ceil((last - first) * STEPS - 1e-9))
    return [*(first + (last - first) * step / count for step in range(1, count)), last]


def _slowed(soft: Array, before: _Moment, now: _Moment, g: Array, theta: Array) -> Array:
    """The soft path a step later, while the smallest soft limit grows evenly at a rate k.

    With x = log(C/K) its law is dx/dt = (g-k)(1 - exp(theta x)). For u = exp(theta x) that is the logistic equation:
    the odds against it, (1-u)/u, shrink by exp(-theta (g-k) t).
    """
    low, high = before.smallest_soft, now.smallest_soft
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
        first = np.flatnonzero((now.trend >= limit) & np.isinf(crossed[at]))
        if len(first):
            missing = before.limits[at][first] - before.trend[first]
            gap = now.trend[first] - limit[first]
            crossed[at][first] = before.year + (now.year - before.year) * missing / (missing + gap)
