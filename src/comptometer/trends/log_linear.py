"""Least squares of the logarithm on the date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from comptometer.trends import DRAWS, Points, Resampling, Trend, fit, refuse
from comptometer.trends._centred import Centred, Line
from comptometer.trends._resampling import Sampler
from comptometer.trends._sums import Stretches, line


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
    sampler, centred = Sampler(points, resampling), Centred.of(points)
    rows = Stretches.whole(centred.x, centred.y)
    slope, level = line(rows.sums()[0])
    found = [line(sums[0]) for sums in rows.resampled(sampler)]
    slopes, levels = (np.concatenate(part) for part in zip(*found, strict=True))
    usable = np.isfinite(slopes)
    return centred.trend([Line(float(slope[0]), float(level[0]), slopes[usable], levels[usable])], parameters=2)


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
