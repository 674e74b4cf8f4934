"""Quantile regression: the line above which a given share of the points lies, whatever the date."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import Problem, UsageError
from comptometer.trends import Points, Resampling, Trend, fit, refuse
from comptometer.trends._centred import Centred, Line
from comptometer.trends._resampling import Sampler

DRAWS = 500  # at most: each draw is a linear programme
TURNS = 200  # at most: of the line around points; about ten are usual


@fit("quantile")
def quantile(points: Points, resampling: Resampling, *, quantile: float = 0.5, **options: Any) -> Trend:
    """The line that makes Σ ρ(y - a - b x) least, with ρ(r) = τ r above the line and (τ - 1) r below it.

    It is the exact solution of the linear programme: some best line goes through two of the points, and the line is
    turned around one point after another, each time to where the loss is least, until no turn lowers it. `r2` is the
    share of the loss around the best constant that the line takes away. At most 500 resamples are made.

    Args:
        points: what is fitted.
        resampling: how intervals are made.
        quantile: τ, the share of points below the line, between 0 and 1.
        options: none.

    Raises:
        UsageError: a quantile that is none, or another option.
        NotEnoughEvidence: organizations are resampled, and there is one.

    Source: Koenker and Bassett 1978; the turns, Wesolowsky 1981; the share, Koenker and Machado 1999.
    """
    refuse("quantile", options, ["quantile"])
    if isinstance(quantile, bool) or not isinstance(quantile, int | float) or not 0 < quantile < 1:
        raise UsageError.of([Problem("quantile", f"must lie between 0 and 1, got {quantile!r}")])
    sampler, centred = Sampler(points, resampling).at_most(DRAWS), Centred.of(points)
    x, y = centred.x, centred.y
    slope, level = lines(x, y[None], np.ones((1, points.n)), quantile)
    found = []
    for resample in sampler.chunks():
        logs = np.broadcast_to(y, resample.rows.shape) if resample.errors is None else y + resample.errors
        found.append(lines(x, logs, resample.rows, quantile))
    slopes, levels = (np.concatenate(part) for part in zip(*found, strict=True))
    usable = np.isfinite(slopes)
    constant = float(np.quantile(y, quantile, method="inverted_cdf"))
    loss, plain = _loss(y - level[0] - slope[0] * x, quantile), _loss(y - constant, quantile)
    fewer = f", {sampler.resampling.draws} at most" if sampler.resampling.draws < resampling.draws else ""
    return centred.trend(
        [Line(float(slope[0]), float(level[0]), slopes[usable], levels[usable])],
        parameters=2,
        r2=1 - loss / plain if plain else 1.0,
        notes=[
            f"line of the {quantile:g} quantile; R² is the share of its loss that the line takes away",
            f"{sampler.resampling.draws} resamples{fewer}",
        ],
    )


def _loss(residuals: Array, quantile: float) -> float:
    return float(np.sum(residuals * (quantile - (residuals < 0))))


def lines(x: Array, y: Array, weights: Array, quantile: float) -> tuple[Array, Array]:
    """Slopes and levels at x = 0 of the quantile lines of many draws.

    Args:
        x: shape (rows,), centred.
        y: shape (draws, rows).
        weights: how often each row is drawn, shape (draws, rows).
        quantile: τ.

    Returns:
        arrays of shape (draws,); not a number where all rows of a draw share one day.
    """
    slopes, levels, pivots = _start(x, y, weights, quantile)
    losses = np.full(len(y), np.inf)
    active = np.flatnonzero(np.isfinite(slopes))
    stuck = np.zeros(len(y), dtype=np.intp)
    for _ in range(TURNS):
        if not len(active):
            break
        slope, at = _turned(x, y[active], weights[active], pivots[active], quantile)
        level = y[active, pivots[active]] - slope * x[pivots[active]]
        residuals = y[active] - level[:, None] - slope[:, None] * x
        loss = np.sum(weights[active] * residuals * (quantile - (residuals < 0)), axis=1)
        lower = loss < losses[active] * (1 - 1e-12)
        losses[active] = np.minimum(loss, losses[active])
        slopes[active[lower]], levels[active[lower]] = slope[lower], level[lower]
        pivots[active] = at
        stuck[active] = np.where(lower, 0, stuck[active] + 1)
        active = active[stuck[active] < 2]  # a turn around either of the two points lowers nothing
    return slopes, levels


def _start(x: Array, y: Array, weights: Array, quantile: float) -> tuple[Array, Array, NDArray[np.intp]]:
    """Least squares, and the drawn point nearest to where that line has its quantile."""
    n = weights.sum(axis=1)
    mx, my = weights @ x / n, np.sum(weights * y, axis=1) / n
    vx, vxy = weights @ (x * x) / n - mx * mx, np.sum(weights * y * x, axis=1) / n - mx * my
    several = vx > 1e-12 * np.maximum(mx * mx, 1.0)  # days
    slopes = np.where(several, vxy / np.where(several, vx, 1.0), np.nan)
    residuals = np.where(weights > 0, y - np.nan_to_num(slopes)[:, None] * x, np.nan)
    level = np.nanquantile(residuals, quantile, axis=1)
    pivots = np.nanargmin(np.abs(residuals - level[:, None]), axis=1)
    return slopes, level, pivots


def _turned(
    x: Array, y: Array, weights: Array, pivots: NDArray[np.intp], quantile: float
) -> tuple[Array, NDArray[np.intp]]:
    """The best line through one point of each draw: its slope, and the other point that it goes through.

    Through (x_i, y_i) the loss is a sum over slopes s_j = (y_j - y_i) / (x_j - x_i) with weights |x_j - x_i|, falling
    at first: the best slope is where the weights of the lower ones reach τ times those of later points and 1 - τ times
    those of earlier ones.
    """
    draws = np.arange(len(y))
    apart = x - x[pivots][:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.where((apart != 0) & (weights > 0), (y - y[draws, pivots][:, None]) / apart, np.inf)
    heavy = np.where(np.isfinite(slopes), weights * np.abs(apart), 0.0)
    target = np.sum(heavy * np.where(apart > 0, quantile, 1 - quantile), axis=1)
    order = np.argsort(slopes, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(heavy, order, axis=1), axis=1)
    rank = np.argmax(reached >= target[:, None] * (1 - 1e-14), axis=1)
    at = order[draws, rank]
    return slopes[draws, at], at
