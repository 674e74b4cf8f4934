"""Several straight lines at once: least squares of pieces, for every draw and every place of a break."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array

TINY = 1e-12


def sums(x: Array, y: Array) -> Array:
    """What least squares of a line and its residuals needs of each row: 1, x, y, x², xy, y²; shape (rows, 6)."""
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def line(total: Array) -> tuple[Array, Array, Array]:
    """Slope, level and residual sum of squares from sums of shape (…, 6).

    Where all rows share one day the line is flat; where there are none, everything is zero.
    """
    n, sx, sy, sxx, sxy, syy = np.moveaxis(total, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.maximum(n, TINY)
        vx, vxy, vy = sxx - sx * sx / count, sxy - sx * sy / count, syy - sy * sy / count
        slope = np.where(vx > 1e-9 * np.maximum(sxx, TINY), vxy / np.where(vx > 0, vx, 1.0), 0.0)
        level = (sy - slope * sx) / count
        rss = np.maximum(vy - slope * vxy, 0.0)
    empty = n < 0.5
    return np.where(empty, 0.0, slope), np.where(empty, 0.0, level), np.where(empty, 0.0, rss)


def hinged(x: Array, y: Array, knot: float, weights: Array | None = None) -> tuple[Array, Array, Array]:
    """Two lines that meet at a knot: y = a + b x + c (x - knot)+; early slope, change, level; weights (draws, rows).

    Returns:
        arrays of shape (draws,): a, b, c.
    """
    scale = float(np.ptp(x)) or 1.0  # so that all columns are of the size of one
    basis = np.stack([np.ones_like(x), x / scale, np.maximum(x - knot, 0.0) / scale], axis=1)
    weights = np.ones((1, len(x))) if weights is None else weights
    products = (basis[:, :, None] * basis[:, None, :]).reshape(len(x), 9)
    left = (weights @ products).reshape(-1, 3, 3) + 1e-12 * np.eye(3)
    right = weights @ (basis * y[:, None])
    a, b, c = np.linalg.solve(left, right[..., None])[..., 0].T
    return a, b / scale, c / scale


def residuals(total: Array) -> Array:
    """Residual sum of squares alone, as `line` has it."""
    n, sx, sy, sxx, sxy, syy = np.moveaxis(total, -1, 0)
    count = np.maximum(n, 1.0)
    vx, vxy, vy = sxx - sx * sx / count, sxy - sx * sy / count, syy - sy * sy / count
    sloped = vx > 1e-9 * np.maximum(sxx, TINY)
    return np.asarray(np.maximum(vy - np.where(sloped, vxy * vxy / np.where(sloped, vx, 1.0), 0.0), 0.0))


def bic(rss: Array | float, n: int, parameters: int) -> Array:
    """Bayesian information criterion of a least-squares fit: n ln(RSS/n) + n (1 + ln 2π) + k ln n; smaller is better.

    Source: Sevilla and Roldan 2024 use this form in decimal logarithms.
    """
    safe = np.maximum(np.asarray(rss, dtype=np.float64), TINY)
    return np.asarray(n * np.log(safe / n) + n * (1 + math.log(2 * math.pi)) + parameters * math.log(n))


def edges(x: Array, most: int, least: int) -> NDArray[np.intp]:
    """Where a break may lie: between rows of different days, at most `most` places, with `least` rows on either side.

    Returns:
        numbers of rows before the break, rising.
    """
    places = np.flatnonzero(np.diff(x) > 0) + 1
    places = places[(places >= least) & (places <= len(x) - least)]
    if len(places) > most:
        places = places[np.unique(np.linspace(0, len(places) - 1, most).round().astype(int))]
    return places
