"""The largest of their time, among values that are not known exactly.

Who belongs to a frontier depends on everybody's value. Where values are uncertain the frontier of one possible world is
not that of another, and the one that is seen lies too high: among models of nearly the same size, those whose values
happen to be overestimated are taken (the winner's curse). Both are measured by choosing it anew in each possible world.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, Problem, UsageError
from comptometer.trends import DAYS_PER_YEAR, LEAST_POINTS, Fitted, Points, Resampling, Trend
from comptometer.trends._centred import Centred, Line
from comptometer.trends._resampling import Sampler
from comptometer.trends._selections import Chosen, large_scale, record_setters, regular_scale, running_top
from comptometer.trends._sums import Stretches, line

Select = Literal["frontier", "record", "large-scale", "regular-scale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Which models are meant: chosen among all points of all dates, then those within a window.

    Attributes:
        select: frontier (`top` at release), record (larger than all before) large-scale (far above those within a
            year) or regular-scale (neither that nor far below them).
        top: how many make the frontier.
        first, last: ordinals of the window's ends.
    """

    select: Select = "frontier"
    top: int = 10
    first: float = -np.inf
    last: float = np.inf

    def __post_init__(self) -> None:
        if self.select not in (known := get_args(Select)):
            raise UsageError.of([Problem("select", f"{self.select!r} is not one of {', '.join(known)}")])
        if self.top < 1:
            raise UsageError.of([Problem("top", f"must be at least 1, got {self.top}")])

    def chosen(self, days: Array, logs: Array) -> Chosen:
        """Who belongs to it in each draw; logs of shape (draws, n) in order of the days, shape (draws, n)."""
        match self.select:
            case "frontier":
                found = running_top(days, logs, self.top)
            case "record":
                found = record_setters(days, logs)
            case "large-scale":
                found = large_scale(days, logs)
            case "regular-scale":
                found = regular_scale(days, logs)
        return np.asarray(found & (days >= self.first) & (days <= self.last))


def reselected(points: Points, resampling: Resampling, frontier: Frontier) -> Trend:
    """The log-linear trend of a frontier that is chosen anew in every resample, from values redrawn with their spread.

    Values are redrawn first, then the frontier is chosen among all points, then its members are resampled.

    Args:
        points: all candidates, not only the frontier.
        resampling: how intervals are made; the noise of the values is in unless no point has a spread.
        frontier: who belongs to it.

    Raises:
        NotEnoughEvidence: fewer than three points on the frontier, or all on one day; organizations are resampled,
            and there is one.
    """
    own = _members(points, frontier)
    centred = Centred.of(own)
    slope, level = line(Stretches.whole(centred.x, centred.y).sums()[0])
    drawn = list(_refits(points, replace(resampling, noise=True), frontier, centred, weighted=True))
    slopes, levels = (np.concatenate(part) for part in zip(*drawn, strict=True))
    usable = np.isfinite(slopes)
    return centred.trend(
        [Line(float(slope[0]), float(level[0]), slopes[usable], levels[usable])],
        parameters=2,
        notes=["the frontier is chosen anew in every resample, from values redrawn with their spread"],
    )


def _members(points: Points, frontier: Frontier) -> Points:
    """The points of the frontier as it is seen."""
    member = frontier.chosen(points.days, points.logs[None])[0]
    days = points.days[member]
    if len(days) < LEAST_POINTS or days[0] == days[-1]:
        raise NotEnoughEvidence(
            f"a trend needs at least {LEAST_POINTS} points on two days; the frontier has {len(days)} "
            f"on {len(set(days))} within the window"
        )
    return Points(days=days, logs=points.logs[member])


def _refits(
    points: Points, resampling: Resampling, frontier: Frontier, centred: Centred, *, weighted: bool
) -> Iterator[tuple[Array, Array]]:
    """Slopes and levels of the frontiers of possible worlds, in the coordinates of the one that is seen."""
    x, y = points.days - centred.middle, points.logs - centred.centre
    powers = np.stack([np.ones_like(x), x, x * x], axis=1)
    for resample in Sampler(points, resampling).chunks():
        logs = np.broadcast_to(y, resample.rows.shape) if resample.errors is None else y + resample.errors
        chosen = frontier.chosen(points.days, logs)
        weights = chosen * resample.rows if weighted else chosen.astype(np.float64)
        n, sx, sxx = (weights @ powers).T
        with_y = weights * logs
        sy, sxy = with_y.sum(axis=1), with_y @ x
        yield line(np.stack([n, sx, sy, sxx, sxy, np.zeros_like(n)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The level of a frontier on a day, and how much of it is the winner's curse.

    Attributes:
        day: ordinal.
        seen: dex of the line through the frontier as it is seen.
        level: the same less the bias, with the resamples of `reselected` less twice the bias.
        bias: dex by which the seen line lies too high.
        slope_bias: dex per year by which it rises too fast.
    """

    day: float
    seen: float
    level: Fitted
    bias: float
    slope_bias: float

    def to_dict(self) -> dict[str, Any]:
        """Everything in dex, and the levels as values."""
        low, high = self.level.interval()
        return {
            "day": self.day,
            "bias_dex": self.bias,
            "slope_bias_dex_per_year": self.slope_bias,
            "seen": 10**self.seen,
            "corrected": {"estimate": 10**self.level.estimate, "p5": 10**low, "p95": 10**high},
        }


def corrected(points: Points, resampling: Resampling, frontier: Frontier, day: float) -> Corrected:
    """The level of a frontier on a day, corrected for the winner's curse.

    What is seen is the truth with noise once; choosing again after adding the noise once more lifts the line by about
    as much again (simulation and extrapolation: Cook and Stefanski 1994). That lift is the bias, and it is taken off.

    Args:
        points: all candidates, each with its spread.
        resampling: how intervals are made.
        frontier: who belongs to it.
        day: ordinal.

    Raises:
        UsageError: no point has a spread.
        NotEnoughEvidence: as of `reselected`.
    """
    if points.spread is None:
        raise UsageError("the winner's curse comes from uncertain values, and no point has a spread")
    trend, centred = reselected(points, resampling, frontier), Centred.of(_members(points, frontier))
    noisy = replace(resampling, noise=True, by="model")
    slopes, levels = (
        np.concatenate(part) for part in zip(*_refits(points, noisy, frontier, centred, weighted=False), strict=True)
    )
    seen, x = trend.level_at(day), day - centred.middle
    bias = float(np.nanmean(levels + slopes * x)) + centred.centre - seen.estimate
    return Corrected(
        day=day,
        seen=seen.estimate,
        level=Fitted(seen.estimate - bias, seen.samples - 2 * bias),
        bias=bias,
        slope_bias=(float(np.nanmean(slopes)) - trend.slope) * DAYS_PER_YEAR,
    )
