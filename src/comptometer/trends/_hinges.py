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
from comptometer.trends._sums import ROUNDING, Found, Way

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
        return self._pull(())

    def _pull(self, at: Any) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.with_y[at] - self.with_x[at] * self.vxy / self.vx)

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

    def best(self, most: int, rows: NDArray[np.intp], least: int) -> list[Found]:
        """The best ways with 0 … most (at most two) breaks.

        Args:
            most: breaks.
            rows: numbers of rows before each bound.
            least: rows that a piece must have.
        """
        straight, pulls, own = self.straight(), self.pulls(), self.products((), ())
        found = [Found(np.zeros((0, len(straight)), np.intp), straight)]
        if most >= 1:
            explained = _one(pulls, own, self._floor)
            best = np.argmax(explained, axis=0)
            found.append(Found(best[None] + 1, _left(straight, explained[best, np.arange(len(straight))])))
        if most >= MOST:
            way, most_explained = self._best_two(pulls, own, rows[1:-1], least)
            found.append(Found(way, _left(straight, most_explained)))
        return found

    @property
    def _floor(self) -> Array:
        """A product below which a hinge cannot be told from a line."""
        return ROUNDING * self.vx

    def _best_two(self, pulls: Array, own: Array, rows: NDArray[np.intp], least: int) -> tuple[Way, Array]:
        """Where two hinges explain most, and how much."""
        draws = own.shape[-1]
        best, way = np.full(draws, -np.inf), np.zeros((2, draws), dtype=np.intp)
        for at in range(len(own)):
            far = int(np.searchsorted(rows, rows[at] + least))
            if far == len(own):
                break
            mixed = self.products((at,), (slice(far, None),))
            explained = _two(pulls[at], pulls[far:], own[at], own[far:], mixed, self._floor)
            second = np.argmax(explained, axis=0)
            here = explained[second, np.arange(draws)]
            better = here > best
            best[better] = here[better]
            way[0, better], way[1, better] = at + 1, far + 1 + second[better]
        return way, best

    def _at(self, way: Way) -> list[tuple[Way, Way]]:
        """What to take of arrays of shape (knots, draws), for each break."""
        return [(knot - 1, np.arange(way.shape[1])) for knot in way]

    def residual(self, way: Way) -> Array:
        """Residual sum of squares of each draw, shape (draws,)."""
        straight, at = self.straight(), self._at(way)
        if not at:
            return straight
        pull, own = [self._pull(i) for i in at], [self.products(i, i) for i in at]
        if len(at) == 1:
            return _left(straight, _one(pull[0], own[0], self._floor))
        mixed = self.products(at[0], at[1])
        return _left(straight, _two(pull[0], pull[1], own[0], own[1], mixed, self._floor))

    def lines(self, way: Way) -> tuple[Array, Array]:
        """Slopes and levels at x = 0 of the pieces of each draw, shape (pieces, draws) each."""
        at = self._at(way)
        bends = self._bends(at)
        n, sx, sy = self.total[:3]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (self.vxy - sum(bend * self.with_x[i] for bend, i in zip(bends, at, strict=True))) / self.vx
        level = (sy - slope * sx - sum(bend * self.height[i] for bend, i in zip(bends, at, strict=True))) / n
        slopes, levels = [slope], [level]
        for bend, i in zip(bends, at, strict=True):
            slopes.append(slopes[-1] + bend)
            levels.append(levels[-1] - bend * self.knots[i])
        return np.stack(slopes), np.stack(levels)

    def _bends(self, at: list[tuple[Way, Way]]) -> Array:
        """Changes of slope at the chosen knots, shape (breaks, draws); not a number where they cannot be told."""
        if not at:
            return np.zeros((0, len(self.vx)))
        products = np.empty((len(self.vx), len(at), len(at)))
        for i, first in enumerate(at):
            for j, later in enumerate(at[i:], i):
                products[:, i, j] = products[:, j, i] = self.products(first, later)
        right = np.stack([self._pull(i) for i in at], axis=1)[..., None]
        singular = ~(np.linalg.det(products) > self._floor ** len(at))
        products[singular] = np.eye(len(at))
        found = np.linalg.solve(products, right)[..., 0]
        found[singular] = np.nan
        return np.asarray(found.T)


def _one(pull: Array, own: Array, floor: Array) -> Array:
    """What one hinge explains: its pull squared over its product with itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(own > floor, pull * pull / own, -np.inf)


def _two(p: Array, q: Array, own: Array, later: Array, mixed: Array, floor: Array) -> Array:
    """What two hinges explain: a quadratic form of their pulls in the inverse of their two by two products."""
    determinant = own * later - mixed * mixed
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = (p * p * later - 2 * p * q * mixed + q * q * own) / determinant
    return np.where(determinant > floor * floor, explained, -np.inf)


def _left(straight: Array, explained: Array) -> Array:
    """Residuals of the line less what hinges explain; endless where no hinges fit."""
    return np.where(np.isfinite(explained), np.maximum(straight - explained, 0.0), np.inf)
