"""Theil–Sen: the median of the slopes between all pairs of points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import UsageError
from comptometer.trends import Points, Resampling, Trend, fit, refuse
from comptometer.trends._centred import Centred, Line
from comptometer.trends._resampling import Resample, Sampler

MOST = 5000  # points: twelve million pairs
DRAWS = 1000  # at most, and with noise
NOISY_DRAWS = 200  # where every draw has slopes of its own
NEAR = 0.05  # share of the pairs on either side of the median that are looked at first


@fit("theil-sen")
def theil_sen(points: Points, resampling: Resampling, **options: Any) -> Trend:
    """The median slope of all pairs of points on different days; a quarter of wild points does not move it far.

    The level is that of the median day and the median logarithm. A resample weighs each pair by how often both of its
    points are drawn: the exact weighted median, of at most 1,000 resamples (200 with noise).

    Raises:
        UsageError: an option; there are none; or more than 5,000 points, whose pairs do not fit in memory.
        NotEnoughEvidence: organizations are resampled, and there is one.

    Source: Theil 1950; Sen 1968.
    """
    refuse("theil-sen", options)
    if points.n > MOST:
        raise UsageError(f"theil-sen compares all pairs, of at most {MOST:,} points; there are {points.n:,}")
    noisy = resampling.noise and points.spread is not None
    sampler = Sampler(points, resampling).at_most(NOISY_DRAWS if noisy else DRAWS)
    centred = Centred.of(points)
    pairs = _Pairs(centred.x, centred.y)
    slope = float(np.median(pairs.slopes))
    level = float(np.median(centred.y) - slope * np.median(centred.x))
    found = [_resampled(centred, pairs, resample) for resample in sampler.chunks()]
    slopes, levels = (np.concatenate(part) for part in zip(*found, strict=True))
    usable = np.isfinite(slopes)
    return centred.trend(
        [Line(slope, level, slopes[usable], levels[usable])],
        parameters=2,
        notes=[f"{sampler.resampling.draws:,} resamples"],
    )


class _Pairs:
    """Pairs of points on different days, in order of their slopes."""

    def __init__(self, x: Array, y: Array) -> None:
        first, second = np.triu_indices(len(x), 1)
        apart = x[second] != x[first]
        first, second = first[apart], second[apart]
        slopes = (y[second] - y[first]) / (x[second] - x[first])
        order = np.argsort(slopes, kind="stable")
        self.slopes, self.first, self.second = slopes[order], first[order], second[order]

    def medians(self, rows: Array) -> Array:
        """Weighted median slope of each draw, shape (draws,); not a number where no pair is drawn.

        Most medians are near that of the points: the weight of all pairs below that neighbourhood is a quadratic form
        of the counts, and only the pairs within are weighed one by one. Where the median is elsewhere, all are.
        """
        pairs, n = len(self.slopes), rows.shape[1]
        low, high = round(pairs * (0.5 - NEAR)), round(pairs * (0.5 + NEAR))
        below, every = self._matrix(n, low), self._matrix(n, pairs)
        under = np.einsum("dn,dn->d", rows @ below, rows)
        total = np.einsum("dn,dn->d", rows @ every, rows)
        found = np.full(len(rows), np.nan)
        for at in np.flatnonzero(total > 0):
            median = self._median(rows[at], low, high, under[at], total[at])
            found[at] = median if median is not None else self._median(rows[at], 0, pairs, 0.0, total[at])
        return found

    def _matrix(self, n: int, pairs: int) -> Array:
        """Which pairs are among the first so many, shape (n, n)."""
        found = np.zeros((n, n))
        found[self.first[:pairs], self.second[:pairs]] = 1
        return found

    def _median(self, counts: Array, low: int, high: int, under: float, total: float) -> float | None:
        """The middle of the weights, if it lies between two ranks, the weight below the first of which is `under`."""
        weights = counts[self.first[low:high]] * counts[self.second[low:high]]
        reached = under + np.cumsum(weights)
        if under >= total / 2 or not len(reached) or reached[-1] <= total / 2:
            return None
        left, right = np.searchsorted(reached, total / 2, "left"), np.searchsorted(reached, total / 2, "right")
        return float(self.slopes[low + left] + self.slopes[low + right]) / 2


def _resampled(centred: Centred, pairs: _Pairs, resample: Resample) -> tuple[Array, Array]:
    """Slopes and levels of some draws."""
    x, rows = centred.x, resample.rows
    if resample.errors is None:
        slopes = pairs.medians(rows)
        middle = _medians(np.broadcast_to(centred.y, rows.shape), rows)
    else:
        logs = centred.y + resample.errors
        slopes = np.array([_direct(x, y, counts) for y, counts in zip(logs, rows, strict=True)])
        middle = _medians(logs, rows)
    return slopes, middle - slopes * _medians(np.broadcast_to(x, rows.shape), rows)


def _direct(x: Array, y: Array, counts: Array) -> float:
    """The median slope of one draw, from all of its pairs."""
    drawn: NDArray[np.intp] = np.repeat(np.arange(len(x)), counts.astype(np.intp))
    days, logs = x[drawn], y[drawn]
    first, second = np.triu_indices(len(drawn), 1)
    apart = days[second] != days[first]
    if not apart.any():
        return float("nan")
    first, second = first[apart], second[apart]
    return float(np.median((logs[second] - logs[first]) / (days[second] - days[first])))


def _medians(values: Array, weights: Array) -> Array:
    """Weighted median of each row, shape (draws, rows) twice → (draws,)."""
    order = np.argsort(values, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    half = reached[:, -1:] / 2
    ranked, draws = np.take_along_axis(values, order, axis=1), np.arange(len(values))
    left, right = np.argmax(reached >= half, axis=1), np.argmax(reached > half, axis=1)
    return np.asarray((ranked[draws, left] + ranked[draws, right]) / 2)
