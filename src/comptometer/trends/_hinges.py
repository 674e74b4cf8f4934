"""The best places of breaks: lines that meet, found from sums of stretches.

The trend is y = a + b x + Σ c_j (x - t_j)+, with (u)+ = max(u, 0) a hinge at knot t. With a and b taken out (Frisch and
Waugh 1933; Lovell 1963), what one or two hinges explain follows from their products with one another and with y, and
those from the sums of the rows behind each knot. Draws are the last axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.trends._pieces import Found, Way
from comptometer.trends._sums import ROUNDING

MOST = 2  # hinges that are searched for


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinges:
    """A hinge at each knot, in every draw.

    Attributes:
        total: sums of all rows, shape (6, draws).
        behind: sums of the rows behind each knot, shape (6, knots, draws).
        knots: x, shape (knots, draws).
        height: sum of each hinge, shape (knots, draws).
        with_x, with_y: products with x and y less their means, shape (knots, draws).
        vx, vxy, vy: products of x and y less their means, shape (draws,).
    """

    total: Array
    behind: Array
    knots: Array
    height: Array
    with_x: Array
    with_y: Array
    vx: Array
    vxy: Array
    vy: Array

    @classmethod
    def of(cls, before: Array, knots: Array) -> Hinges:
        """From running sums, shape (bounds, 6, draws), and the x of each inner bound."""
        total, behind = before[-1], np.moveaxis(before[-1] - before[1:-1], 1, 0)
        n, sx, sy, sxx, sxy, syy = total
        t = np.broadcast_to(knots[:, None], behind.shape[1:])
        height = behind[1] - t * behind[0]
        return cls(
            total=total,
            behind=behind,
            knots=t,
            height=height,
            with_x=behind[3] - t * behind[1] - height * sx / n,
            with_y=behind[4] - t * behind[2] - height * sy / n,
            vx=sxx - sx * sx / n,
            vxy=sxy - sx * sy / n,
            vy=syy - sy * sy / n,
        )

    def straight(self) -> Array:
        """Residuals of the line without hinges, shape (draws,); endless where it has no slope."""
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.maximum(self.vy - self.vxy**2 / self.vx, 0.0)
        return np.where(self.vx > ROUNDING * self.total[3], left, np.inf)

    def pulls(self) -> Array:
        """Products with y, the line taken out, shape (knots, draws)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.with_y - self.with_x * self.vxy / self.vx)

    def products(self, first: Any, later: Any) -> Array:
        """Products of hinges with hinges at the same knots or later ones, the line taken out.

        Args:
            first, later: which to take of arrays of shape (knots, draws).
        """
        t, u = self.knots[first], self.knots[later]
        n, sx, _, sxx, _, _ = (kind[later] for kind in self.behind)
        raw = sxx - (t + u) * sx + t * u * n
        with np.errstate(divide="ignore", invalid="ignore"):
            means = self.height[first] * self.height[later] / self.total[0]
            return np.asarray(raw - means - self.with_x[first] * self.with_x[later] / self.vx)


def meeting(before: Array, knots: Array, most: int, rows: NDArray[np.intp], least: int) -> list[Found]:
    """The best ways with 0 … most (at most two) breaks between lines that meet.

    Args:
        before: running sums, shape (bounds, 6, draws).
        knots: x of each inner bound.
        most: breaks.
        rows: numbers of rows before each bound.
        least: rows that a piece must have.
    """
    hinges, draws = Hinges.of(before, knots), before.shape[-1]
    straight, pulls = hinges.straight(), hinges.pulls()
    own = hinges.products((), ())
    floor = ROUNDING * hinges.vx
    found = [Found(np.zeros((0, draws), np.intp), straight)]
    if most >= 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            explained = np.where(own > floor, pulls**2 / own, -np.inf)
        best = np.argmax(explained, axis=0)
        found.append(Found(best[None] + 1, _left(straight, explained[best, np.arange(draws)])))
    if most >= MOST:
        way, explained = _two(hinges, pulls, own, floor, rows[1:-1], least)
        found.append(Found(way, _left(straight, explained)))
    return found


def _two(
    hinges: Hinges, pulls: Array, own: Array, floor: Array, rows: NDArray[np.intp], least: int
) -> tuple[Way, Array]:
    """Where two hinges explain most, and how much: a quadratic form of two by two products."""
    draws = own.shape[-1]
    best, way = np.full(draws, -np.inf), np.zeros((2, draws), dtype=np.intp)
    for at in range(len(own)):
        far = int(np.searchsorted(rows, rows[at] + least))
        if far == len(own):
            break
        p, q, mixed = pulls[at], pulls[far:], hinges.products((at,), (slice(far, None),))
        determinant = own[at] * own[far:] - mixed * mixed
        with np.errstate(divide="ignore", invalid="ignore"):
            explained = (p * p * own[far:] - 2 * p * q * mixed + q * q * own[at]) / determinant
        explained = np.where(determinant > floor * floor, explained, -np.inf)
        second = np.argmax(explained, axis=0)
        here = explained[second, np.arange(draws)]
        better = here > best
        best[better] = here[better]
        way[0, better], way[1, better] = at + 1, far + 1 + second[better]
    return way, best


def _left(straight: Array, explained: Array) -> Array:
    """Residuals of the line less what hinges explain; endless where no hinges fit."""
    return np.where(np.isfinite(explained), np.maximum(straight - explained, 0.0), np.inf)


def meeting_lines(before: Array, knots: Array, way: Way) -> tuple[Array, Array]:
    """Slopes and levels at x = 0 of the pieces of each draw, shape (pieces, draws) each, for a way that was found."""
    hinges, each = Hinges.of(before, knots), np.arange(before.shape[-1])
    at = [(knot - 1, each) for knot in way]
    bends = _bends(hinges, at)
    n, sx, sy = hinges.total[:3]
    slope = (hinges.vxy - sum(bend * hinges.with_x[i] for bend, i in zip(bends, at, strict=True))) / hinges.vx
    level = (sy - slope * sx - sum(bend * hinges.height[i] for bend, i in zip(bends, at, strict=True))) / n
    slopes, levels = [slope], [level]
    for bend, i in zip(bends, at, strict=True):
        slopes.append(slopes[-1] + bend)
        levels.append(levels[-1] - bend * hinges.knots[i])
    return np.stack(slopes), np.stack(levels)


def _bends(hinges: Hinges, at: list[tuple[Way, Way]]) -> Array:
    """Changes of slope at the chosen knots, shape (breaks, draws)."""
    draws = len(hinges.vx)
    if not at:
        return np.zeros((0, draws))
    products = np.empty((draws, len(at), len(at)))
    for i, first in enumerate(at):
        for j, later in enumerate(at[i:], i):
            products[:, i, j] = products[:, j, i] = hinges.products(first, later)
    pulls = hinges.pulls()
    right = np.stack([pulls[i] for i in at], axis=1)[..., None]
    singular = ~(np.abs(np.linalg.det(products)) > 0)
    products[singular] = np.eye(len(at))
    found = np.linalg.solve(products, right)[..., 0]
    found[singular] = np.nan
    return np.asarray(found.T)
