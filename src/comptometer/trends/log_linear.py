"""Least squares of the logarithm on the date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from comptometer.distribution import Array
from comptometer.trends import DRAWS, Points, Resampling, Segment, Trend, fit, refuse
from comptometer.trends._resampling import Sampler


@fit("log-linear")
def fit_log_linear(points: Points, resampling: Resampling, **options: Any) -> Trend:
    """Ordinary least squares of log10(value) on the day, unweighted.

    With x the days and y the logarithms, slope b = Σ(x - x̄)(y - ȳ) / Σ(x - x̄)². A resample whose rows all fall on one
    day has no slope and is left out.

    Raises:
        UsageError: an option; there are none.
        NotEnoughEvidence: organizations are resampled, and there is one.
    """
    refuse("log-linear", options)
    sampler = Sampler(points, resampling)
    # Near the middle of the points, so that sums of squares lose no digits.
    middle, centre = float(np.round(points.days.mean())), float(points.logs.mean())
    x, y = points.days - middle, points.logs - centre
    slope, level = (float(part[0]) for part in line(statistics(x, y).sum(axis=0)[None]))
    residuals = y - level - slope * x
    total = float(np.sum(y * y))
    slopes, levels = resampled_lines(sampler, x, y)
    origin = float(points.days[0])
    return Trend(
        n=points.n,
        origin=origin,
        r2=1 - float(residuals @ residuals) / total if total else 1.0,
        residuals=residuals,
        parameters=2,
        segments=[
            Segment(
                first=origin,
                last=float(points.days[-1]),
                slope=slope,
                level=level + centre + slope * (origin - middle),
                slopes=slopes,
                levels=levels + centre + slopes * (origin - middle),
            )
        ],
    )


def resampled_lines(sampler: Sampler, x: Array, y: Array) -> tuple[Array, Array]:
    """Slopes and levels at x = 0 of the resamples that have them."""
    sums = sampler.summed(statistics(x, y))
    found = []
    for resample in sampler.chunks():
        total = resample.drawn @ sums
        if resample.errors is not None:
            errors = resample.rows * resample.errors
            total[:, 2] += errors.sum(axis=1)
            total[:, 4] += errors @ x
        found.append(line(total))
    slopes, levels = (np.concatenate(part) for part in zip(*found, strict=True))
    usable = np.isfinite(slopes)
    return slopes[usable], levels[usable]


def statistics(x: Array, y: Array) -> Array:
    """What least squares needs of each row: 1, x, y, x², xy; shape (rows, 5)."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y], axis=1)


def line(sums: Array) -> tuple[Array, Array]:
    """Slope and level from the sums of each draw, shape (draws, 5); not a number where all points share one day."""
    n, sx, sy, sxx, sxy = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = sxx - sx * sx / n
        slopes = np.where(spread > 1e-12 * sxx, (sxy - sx * sy / n) / spread, np.nan)
        return slopes, (sy - slopes * sx) / n


def log_linear(days: Sequence[date], values: Sequence[float], *, name: str, draws: int = DRAWS) -> Trend:
    """Least squares of log10(value) on the day, with models resampled.

    Args:
        days: date of each point.
        values: the quantity, above 0.
        name: orders the resampling: the same name and points give the same interval everywhere.
        draws: how many resamples.

    Raises:
        UsageError, NotEnoughEvidence: see `Points.of`.

    >>> from datetime import date
    >>> line = log_linear([date(2000, 1, d) for d in (1, 2, 3, 4)], [1, 2, 4, 8], name="doubles daily")
    >>> round(line.doubling_days.estimate, 9), round(line.r2, 9)
    (1.0, 1.0)
    """
    return fit_log_linear(Points.of(days, values), Resampling(name=name, draws=draws))
