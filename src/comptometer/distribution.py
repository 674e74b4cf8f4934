"""Belief about one number: anything with a quantile function.

Every shape maps probabilities to values, which is all that stratified draws need. Intervals given by
people are 90% intervals. All shapes but `Uniform` and `Empirical` are for positive quantities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 4096


def shared(values: Array) -> Array:
    """An array that many hold: nobody may write to it."""
    values.setflags(write=False)
    return values


GRID: Array = shared((np.arange(DRAWS) + 0.5) / DRAWS)  # midpoints of equally probable strata

_NORMAL = NormalDist()
Z90 = _NORMAL.inv_cdf(0.95)  # 1.6449: half-width of a 90% interval in standard deviations
T3_90 = 2.3533634348018264  # the same for Student's t with three degrees of freedom


class Distribution(Protocol):
    """Belief about one number; hashable, so that work on it can be kept."""

    def __hash__(self) -> int: ...

    def quantile(self, p: Array) -> Array:
        """Values below which the probability is `p`; shape of `p`, each in (0, 1)."""


@dataclass(frozen=True, slots=True)
class Point:
    """A number that is taken as exact."""

    value: float

    def quantile(self, p: Array) -> Array:
        """The value, whatever the probability."""
        return np.broadcast_to(np.float64(self.value), p.shape)

    def cdf(self, x: float) -> float:
        """One from the value upwards."""
        return float(x >= self.value)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Normal in the logarithm; `sigma` is the standard deviation of the natural logarithm."""

    median: float
    sigma: float

    @classmethod
    def from_interval(cls, low: float, high: float) -> LogNormal:
        """From a 90% interval of positive numbers; the median is the geometric mean of its ends.

        >>> belief = LogNormal.from_interval(10, 1000)
        >>> round(belief.median, 9), round(float(belief.quantile(np.array([0.95]))[0]), 6)
        (100.0, 1000.0)
        """
        return cls(math.sqrt(low) * math.sqrt(high), (math.log(high) - math.log(low)) / (2 * Z90))

    @classmethod
    def from_factor(cls, median: float, factor: float) -> LogNormal:
        """From a 90% interval written as median ×/÷ factor."""
        return cls(median, math.log(factor) / Z90)

    def quantile(self, p: Array) -> Array:
        """Median times exp(sigma z)."""
        return self.median * np.exp(self.sigma * normal_quantile(p))

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`."""
        if x <= 0 or not self.sigma:
            return float(x >= self.median)
        return _NORMAL.cdf(math.log(x / self.median) / self.sigma)


@dataclass(frozen=True, slots=True)
class SplitLogNormal:
    """Normal in the logarithm on either side of a median, with a width of its own on each: half of it on either side.

    For a central value whose interval, in factors, reaches farther one way than the other.
    """

    median: float
    sigma_below: float
    sigma_above: float

    @classmethod
    def from_interval(cls, median: float, low: float, high: float) -> SplitLogNormal:
        """From a median and a 90% interval of positive numbers around it.

        >>> belief = SplitLogNormal.from_interval(100, 10, 200)
        >>> [round(float(x), 6) for x in belief.quantile(np.array([0.05, 0.5, 0.95]))]
        [10.0, 100.0, 200.0]
        """
        return cls(median, math.log(median / low) / Z90, math.log(high / median) / Z90)

    def quantile(self, p: Array) -> Array:
        """Median times exp(sigma z), with the sigma of the side."""
        z = normal_quantile(p)
        return self.median * np.exp(np.where(z < 0, self.sigma_below, self.sigma_above) * z)

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`."""
        side = self.sigma_below if x < self.median else self.sigma_above
        return LogNormal(self.median, side).cdf(x)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Equally probable between two hard bounds."""

    low: float
    high: float

    def quantile(self, p: Array) -> Array:
        """Linear between the bounds."""
        return self.low + (self.high - self.low) * p

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`."""
        return min(max((x - self.low) / (self.high - self.low), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class LogUniform:
    """Equally probable per factor between two hard positive bounds."""

    low: float
    high: float

    def quantile(self, p: Array) -> Array:
        """Geometric between the bounds."""
        return self.low * np.exp(math.log(self.high / self.low) * p)

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`."""
        if x <= self.low:
            return 0.0
        return min(math.log(x / self.low) / math.log(self.high / self.low), 1.0)


@dataclass(frozen=True, slots=True)
class LogStudentT:
    """Student's t with three degrees of freedom in the logarithm: most values near, a few far away.

    `spread_dex` scales t in decimal logarithms, so the 90% interval is median ×/÷ 10^(2.353 spread).
    The mean does not exist: report quantiles only.
    """

    median: float
    spread_dex: float

    def quantile(self, p: Array) -> Array:
        """Median times 10^(spread t)."""
        return self.median * np.power(10.0, self.spread_dex * student3_quantile(p))

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`; the distribution of t with three degrees is elementary."""
        if x <= 0:
            return 0.0
        w = math.log10(x / self.median) / (self.spread_dex * math.sqrt(3))
        return (math.atan2(1, -w) + w / (1 + w * w)) / math.pi


Bounded = Point | LogNormal | SplitLogNormal | Uniform | LogUniform | LogStudentT


@dataclass(frozen=True, slots=True)
class Truncated:
    """Another belief, given that the value lies between two bounds."""

    inner: Bounded
    low: float
    high: float

    def quantile(self, p: Array) -> Array:
        """The inner quantile of the probability rescaled to what the bounds leave."""
        if isinstance(self.inner, Point):
            return self.inner.quantile(p)
        below, above = self.inner.cdf(self.low), self.inner.cdf(self.high)
        return np.clip(self.inner.quantile(below + (above - below) * p), self.low, self.high)


@dataclass(frozen=True, slots=True)
class Empirical:
    """Equally probable observed values, interpolated between the middles of their steps."""

    values: tuple[float, ...]

    def quantile(self, p: Array) -> Array:
        """Quantile of the sample (Hazen's rule)."""
        ordered = np.sort(np.asarray(self.values, dtype=np.float64))
        middles = (np.arange(len(ordered)) + 0.5) / len(ordered)
        return np.interp(p, middles, ordered)


@dataclass(frozen=True, slots=True)
class Mixture:
    """One of several beliefs holds, each with its weight."""

    parts: tuple[Distribution, ...]
    weights: tuple[float, ...]

    @classmethod
    def equal(cls, parts: Sequence[Distribution]) -> Mixture:
        """Several beliefs, none preferred."""
        return cls(tuple(parts), (1 / len(parts),) * len(parts))

    def quantile(self, p: Array) -> Array:
        """Invert the summed distribution, tabulated at the strata of each part."""
        values = np.concatenate([part.quantile(GRID) for part in self.parts])
        weights = np.repeat(np.asarray(self.weights) / sum(self.weights) / DRAWS, DRAWS)
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(weights[order])
        index = np.searchsorted(reached, p * reached[-1])
        return np.asarray(values[order][np.minimum(index, len(values) - 1)])


def normal_quantile(p: Array) -> Array:
    """Quantiles of the standard normal (Wichura's algorithm AS 241, from the standard library)."""
    if p is GRID:
        return _normal_grid()
    return np.fromiter((_NORMAL.inv_cdf(x) for x in p.flat), np.float64, p.size).reshape(p.shape)


@lru_cache(maxsize=1)
def _normal_grid() -> Array:
    return shared(np.fromiter((_NORMAL.inv_cdf(x) for x in GRID), np.float64, DRAWS))


def student3_quantile(p: Array) -> Array:
    """Quantiles of Student's t with three degrees of freedom, by Newton on its elementary distribution.

    With w = t/√3 the distribution is [arccot(-w) + w/(1+w²)]/π, which loses nothing in the lower tail.
    """
    if p is GRID:
        return _student3_grid()
    return _student3(p)


@lru_cache(maxsize=1)
def _student3_grid() -> Array:
    return shared(_student3(GRID))


def _student3(p: Array) -> Array:
    upper = np.minimum(p, 1 - p)  # solve in the lower tail and mirror: precise where it matters
    # In the tail F(w) is close to 2/(3π|w|³), which starts Newton near the answer on either side.
    w = -np.cbrt(2 / (3 * np.pi * upper)) + np.cbrt(4 / (3 * np.pi))
    for _ in range(60):
        step = (np.arctan2(1.0, -w) + w / (1 + w * w) - np.pi * upper) * (1 + w * w) ** 2 / 2
        w = np.minimum(w - step, 0.0)
        if np.all(np.abs(step) <= 1e-14 * (1 + np.abs(w))):
            break
    return np.asarray(np.sqrt(3.0) * np.where(p < 0.5, w, -w))
