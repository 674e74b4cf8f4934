"""Least squares from sums: (1, x, y, x², xy, y²) over stretches of days, for many draws at once.

A stretch is a run of rows between two bounds. The sums of a stretch in a draw are counts times the table of its rows;
those of any run of stretches follow by subtraction, which is how breaks are searched for. Draws are the last axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.trends._resampling import Resample, Sampler

KINDS = 6  # 1, x, y, x², xy, y²
ROUNDING = 1e-12  # of a sum of squares: what is less is nothing

Way = NDArray[np.intp]  # where the breaks of each draw lie, as numbers of bounds, shape (breaks, draws)


@dataclass(frozen=True, slots=True)
class Found:
    """The best way with so many breaks in each draw, and its residual sum of squares, shape (draws,)."""

    way: Way
    residual: Array


@dataclass(frozen=True, slots=True)
class Stretches:
    """Rows in order of their days, cut at bounds.

    Attributes:
        x, y: centred days and logarithms, shape (rows,).
        bounds: numbers of rows before each cut, from 0 to all, rising.
    """

    x: Array
    y: Array
    bounds: NDArray[np.intp]

    @classmethod
    def whole(cls, x: Array, y: Array, cuts: Sequence[int] = ()) -> Stretches:
        """All rows, cut at some of them."""
        return cls(x, y, np.array([0, *cuts, len(x)], dtype=np.intp))

    @property
    def _table(self) -> Array:
        x, y = self.x, self.y
        return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y])

    def sums(self) -> Array:
        """Of the points themselves, as one draw, shape (stretches, 6, 1)."""
        return np.add.reduceat(self._table, self.bounds[:-1], axis=1).T[:, :, None]

    def resampled(self, sampler: Sampler) -> Iterator[Array]:
        """Of the draws, some at a time, shape (stretches, 6, draws)."""
        table, units = self._table, self._by_unit(sampler)
        for resample in sampler.chunks():
            if units is None:
                cuts = list(zip(self.bounds, self.bounds[1:], strict=False))
                found = np.stack([table[:, a:b] @ resample.drawn[:, a:b].T for a, b in cuts])
            else:
                found = (units @ resample.drawn.T).reshape(len(self.bounds) - 1, KINDS, -1)
            if resample.errors is not None:
                found += self._noise(resample, resample.errors)
            yield found

    def _by_unit(self, sampler: Sampler) -> Array | None:
        """The table summed for each unit, shape (stretches × 6, units); none where every row is a unit."""
        if sampler.groups is None:
            return None
        stretches, units = len(self.bounds) - 1, sampler.units
        place = np.repeat(np.arange(stretches), np.diff(self.bounds)) * units + sampler.groups
        found: list[Array] = [
            np.bincount(place, weights=row, minlength=stretches * units).astype(np.float64) for row in self._table
        ]
        return np.stack(found).reshape(KINDS, stretches, units).swapaxes(0, 1).reshape(-1, units)

    def _noise(self, resample: Resample, errors: Array) -> Array:
        """What errors e of the logarithms add: w e to Σy, w x e to Σxy, w (2 y e + e²) to Σy²."""
        weighted = resample.rows * errors
        found = np.zeros((len(self.bounds) - 1, KINDS, len(errors)))
        for kind, added in ((2, weighted), (4, weighted * self.x), (5, weighted * (2 * self.y + errors))):
            found[:, kind] = np.add.reduceat(added, self.bounds[:-1], axis=1).T
        return found


def running(sums: Array) -> Array:
    """Sums of all rows before each bound, from sums of stretches; shape (stretches, 6, draws) → (bounds, 6, draws)."""
    return np.concatenate([np.zeros_like(sums[:1]), np.cumsum(sums, axis=0)])


def line(sums: Array) -> tuple[Array, Array]:
    """Slope and level at x = 0, from sums with the six kinds on axis -2.

    Not a number where all rows share one day or there are none.
    """
    n, sx, sy, sxx, sxy, _ = np.moveaxis(sums, -2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        vx = sxx - sx * sx / n
        slope = np.where(vx > ROUNDING * sxx, (sxy - sx * sy / n) / vx, np.nan)
        return slope, (sy - slope * sx) / n


def residuals(sums: Array) -> Array:
    """Residual sum of squares of that line; endless where there is none."""
    n, sx, sy, sxx, sxy, syy = np.moveaxis(sums, -2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mx, my = sx / n, sy / n
        vx, vxy = sxx - sx * mx, sxy - sx * my
        left = np.maximum(syy - sy * my - vxy * vxy / vx, 0.0)
    left[~(vx > ROUNDING * sxx)] = np.inf
    return np.asarray(left)


def bic(residual: Array, n: Array, parameters: int) -> Array:
    """Bayesian information criterion of least squares: n ln(RSS / n) + n (1 + ln 2π) + k ln n; smaller is better.

    Source: Schwarz 1978; in this form, in dex and with breaks and scatter among the k parameters, Sevilla and Roldan
    2024.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(n * np.log(residual / n) + n * (1 + math.log(2 * math.pi)) + parameters * np.log(n))
