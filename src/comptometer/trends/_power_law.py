"""A power law between two quantities, y = c · x^b: a straight line between their logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from comptometer.distribution import Array
from comptometer.trends import Fitted, Points, Resampling, ends, scattered
from comptometer.trends._resampling import Sampler
from comptometer.trends._sums import Stretches, line

_PARAMETERS = 2  # exponent and level


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLaw:
    """The line log10 y = level + exponent · (log10 x - middle).

    Attributes:
        middle: mean of the decimal logarithms of x.
        exponent: the power of x that y goes with.
        level: dex of y in the middle.
        r2: share of the variance of log10 y that the line explains.
        residuals: of the points, in dex, shape (n,).
    """

    middle: float
    exponent: Fitted
    level: Fitted
    r2: float
    residuals: Array

    @property
    def n(self) -> int:
        """Points."""
        return len(self.residuals)

    @property
    def residual_sd(self) -> float:
        """Scatter of the points around the line in dex, with n less two degrees of freedom."""
        return sqrt(float(self.residuals @ self.residuals) / max(self.n - _PARAMETERS, 1))

    def at(self, x: Sequence[float] | Array) -> Array:
        """Values of the line, shape (x,)."""
        return np.asarray(10 ** (self.level.estimate + self.exponent.estimate * self._away(x)))

    def band(self, x: Sequence[float] | Array, probability: float = 0.9) -> tuple[Array, Array]:
        """Interval of the line (not of single points): two arrays of values, shape (x,)."""
        return ends(self._resampled_logs_at(x), probability)

    def prediction_band(self, x: Sequence[float] | Array, probability: float = 0.9) -> tuple[Array, Array]:
        """Interval of a single new point: the line's, with the scatter of the points about it; shape (x,) twice."""
        return ends(scattered(self._resampled_logs_at(x), self.residuals, _PARAMETERS), probability)

    def _away(self, x: Sequence[float] | Array) -> Array:
        return np.asarray(np.log10(np.asarray(x, dtype=np.float64)) - self.middle)

    def _resampled_logs_at(self, x: Sequence[float] | Array) -> Array:
        return np.asarray(self.level.samples[:, None] + self.exponent.samples[:, None] * self._away(x))


def power_law(x_logs: Array, points: Points, resampling: Resampling) -> PowerLaw:
    """Least squares of log10 y on log10 x, unweighted.

    With u and v the two logarithms, exponent b = Σ(u - ū)(v - v̄) / Σ(u - ū)². A resample whose rows all have one x has
    no exponent and is left out. Errors of x are taken for none: what is uncertain in x makes the exponent too small.

    Args:
        x_logs: decimal logarithms of x, shape (n,), not all the same.
        points: the logarithms of y, in the same order.
        resampling: how the rows are drawn.

    Raises:
        NotEnoughEvidence: organizations are resampled, and there is one.
    """
    sampler = Sampler(points, resampling)
    middle, centre = float(x_logs.mean()), float(points.logs.mean())
    x, y = x_logs - middle, points.logs - centre
    rows = Stretches.whole(x, y)
    slope, level = (float(found[0]) for found in line(rows.sums()[0]))
    drawn = [line(sums[0]) for sums in rows.resampled(sampler)]
    slopes, levels = (np.concatenate(part) for part in zip(*drawn, strict=True))
    usable = np.isfinite(slopes)
    residuals = y - level - slope * x
    total = float(y @ y)
    return PowerLaw(
        middle=middle,
        exponent=Fitted(slope, slopes[usable]),
        level=Fitted(level + centre, levels[usable] + centre),
        r2=1 - float(residuals @ residuals) / total if total else 1.0,
        residuals=residuals,
    )
