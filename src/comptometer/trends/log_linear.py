"""Least squares of the logarithm on the date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.trends import DRAWS, Points, Resampling, Segment, Trend, fit
from comptometer.trends._resampling import by_unit, counts, noise, row_counts, unit_count


@fit("log-linear")
def fit_log_linear(points: Points, resampling: Resampling, **options: Any) -> Trend:
    """Ordinary least squares of log2(value) on the day, unweighted, with rows or organizations resampled.

    With x the days and y the logarithms, slope b = Σ(x - x̄)(y - ȳ) / Σ(x - x̄)². A resample is a count of each row, so
    its sums are counts times (1, x, y, x², xy); one whose rows all fall on one day has no slope and is left out. Dates
    that are off by a quarter of a year cost the slope 1% to 2% (attenuation by 1 - sd²/var(x)); that is not corrected.

    Raises:
        UsageError: an option; there are none.
        NotEnoughEvidence: a single organization, of which nothing can be resampled.
    """
    if options:
        raise UsageError(f"log-linear has no option {', '.join(sorted(options))}")
    if unit_count(points, resampling) < 2:
        raise NotEnoughEvidence("all models are of one organization: resample by model")
    origin = int(points.days.min())
    x, middle = points.days - origin, float(points.logs.mean())
    y = points.logs - middle
    slope, level = (float(part[0]) for part in _solved(_statistics(x, y).sum(axis=0)[None]))
    residuals = y - level - slope * x
    total = float(np.sum((y - y.mean()) ** 2))
    slopes, levels = _resampled(points, resampling, x, y)
    usable = np.isfinite(slopes)
    return Trend(
        n=points.n,
        origin=origin,
        r2=1 - float(residuals @ residuals) / total if total else 1.0,
        residual_sd=float(np.sqrt(residuals @ residuals / (points.n - 2))),
        segments=[
            Segment(
                first=float(points.days[0]),
                last=float(points.days[-1]),
                slope=slope,
                level=level + middle,
                slopes=slopes[usable],
                levels=levels[usable] + middle,
            )
        ],
    )


def _resampled(points: Points, resampling: Resampling, x: Array, y: Array) -> tuple[Array, Array]:
    """Slopes and levels of the resamples."""
    sums = by_unit(_statistics(x, y), points, resampling)
    errors = noise(points, resampling)
    found, start = [], 0
    for drawn in counts(points, resampling):
        total = drawn @ sums
        if errors is not None:
            here = row_counts(drawn, points, resampling) * errors[start : start + len(drawn)]
            total[:, 2] += here.sum(axis=1)
            total[:, 4] += here @ x
            start += len(drawn)
        found.append(_solved(total))
    slopes, levels = zip(*found, strict=True)
    return np.concatenate(slopes), np.concatenate(levels)


def _statistics(x: Array, y: Array) -> Array:
    """What least squares needs of each row: 1, x, y, x², xy."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y], axis=1)


def _solved(sums: Array) -> tuple[Array, Array]:
    """Slope and level from the sums of each draw, shape (draws, 5); not a number where all points share one day."""
    n, sx, sy, sxx, sxy = sums.T
    spread = n * sxx - sx * sx
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = spread > 1e-9 * np.maximum(n * sxx, 1e-300)
        slopes = np.where(usable, (n * sxy - sx * sy) / spread, np.nan)
        return slopes, (sy - slopes * sx) / n


def log_linear(days: Sequence[date], values: Sequence[float], *, name: str, draws: int = DRAWS) -> Trend:
    """Least squares of log2(value) on the day, with rows resampled.

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
