"""Least squares of log2 on the date."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np

from comptometer.distribution import Array
from comptometer.quantity import ROOT_SEED
from comptometer.trends import Trend, checked, fit

DRAWS = 10_000


@fit("log-linear")
def log_linear(days: Sequence[date], values: Sequence[float], *, name: str, draws: int = DRAWS) -> Trend:
    """Ordinary least squares of log2(value) on the day, unweighted, with rows resampled for the interval.

    A resample whose rows all fall on one day has no slope and is left out.

    Args:
        days: date of each point.
        values: the quantity, above 0.
        name: orders the resampling: the same name and points give the same interval everywhere.
        draws: how many resamples.

    Raises:
        UsageError, NotEnoughEvidence: see `checked`.

    >>> from datetime import date
    >>> line = log_linear([date(2000, 1, d) for d in (1, 2, 3, 4)], [1, 2, 4, 8], name="doubles daily")
    >>> round(line.doubling_days.estimate, 9), round(line.r2, 9)
    (1.0, 1.0)
    """
    x, y = checked(days, values)
    origin = int(x.min())
    x = x - origin
    slope, level = (float(part[0]) for part in _least_squares(x[None], y[None]))
    residuals = y - level - slope * x
    total = float(np.sum((y - y.mean()) ** 2))
    rows = _resampled(name, len(x), draws)
    slopes, levels = _least_squares(x[rows], y[rows])
    usable = np.isfinite(slopes)
    return Trend(
        n=len(x),
        slope=slope,
        level=level,
        origin=origin,
        r2=1 - float(residuals @ residuals) / total if total else 1.0,
        residual_sd=float(np.sqrt(residuals @ residuals / (len(x) - 2))),
        slopes=slopes[usable],
        levels=levels[usable],
    )


def _least_squares(x: Array, y: Array) -> tuple[Array, Array]:
    """Slope and level of each row of (fits, points); not a number where all points share one day."""
    dx = x - x.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.sum(dx * y, axis=1) / np.sum(dx * dx, axis=1)
    return slopes, y.mean(axis=1) - slopes * x.mean(axis=1)


def _resampled(name: str, n: int, draws: int) -> np.ndarray:
    """Row numbers, shape (draws, n), from raw bits only (see `quantity.strata`)."""
    digest = int.from_bytes(hashlib.blake2b(f"rows|{name}".encode(), digest_size=8).digest(), "big")
    bits = np.random.PCG64DXSM(np.random.SeedSequence([ROOT_SEED, digest])).random_raw(draws * n)
    return (bits % np.uint64(n)).astype(np.intp).reshape(draws, n)
