"""Lines that stand apart: the best places of breaks between them, from sums of stretches. Draws are the last axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.trends._sums import Found, Way, line, residuals


@dataclass(frozen=True, slots=True)
class Pieces:
    """Separate lines through the rows between bounds.

    Attributes:
        before: sums of all rows before each bound, shape (bounds, 6, draws).
    """

    before: Array

    @classmethod
    def of(cls, before: Array, knots: Array) -> Pieces:
        """From running sums; where between two rows a break lies makes no difference."""
        return cls(before)

    def best(self, most: int, rows: NDArray[np.intp], least: int) -> list[Found]:
        """The best ways with 0 … most breaks, by dynamic programming.

        The least residuals up to bound b with m breaks are the least, over the last break a, of those up to a with
        m - 1 breaks plus those of the piece from a to b (Bellman 1961; Bai and Perron 2003).

        Args:
            most: breaks.
            rows: numbers of rows before each bound.
            least: rows that a piece must have.
        """
        bounds, draws = len(self.before), self.before.shape[-1]
        pieces = self._residuals(rows, least)
        reached, found = pieces[0], [Found(np.zeros((0, draws), np.intp), pieces[0, -1])]
        came: list[Way] = []
        for breaks in range(1, most + 1):
            last, at = _least(reached[1:-1] + pieces[1:-1, -1])
            found.append(Found(_traced(came, at), last))
            if breaks < most:
                ends = [_least(reached[1:end] + pieces[1:end, end]) for end in range(2, bounds)]
                reached = np.concatenate([np.full((2, draws), np.inf), [best for best, _ in ends]])
                came.append(np.concatenate([np.zeros((2, draws), np.intp), [at for _, at in ends]]))
        return found

    def _residuals(self, rows: NDArray[np.intp], least: int) -> Array:
        """Of the piece from one bound to another, shape (bounds, bounds, draws); endless where it is too short."""
        bounds, draws = len(self.before), self.before.shape[-1]
        pieces = np.full((bounds, bounds, draws), np.inf)
        for start in range(bounds - 1):
            far = start + int(np.searchsorted(rows[start:], rows[start] + least))
            if far < bounds:
                pieces[start, far:] = residuals(self.before[far:] - self.before[start])
        return pieces

    def _between(self, way: Way) -> Array:
        """Sums of the pieces of each draw, shape (pieces, 6, draws)."""
        draws = self.before.shape[-1]
        ends = np.concatenate([np.zeros((1, draws), np.intp), way, np.full((1, draws), len(self.before) - 1)])
        at = self.before[ends, :, np.arange(draws)]  # (ends, draws, 6)
        return np.moveaxis(at[1:] - at[:-1], 2, 1)

    def residual(self, way: Way) -> Array:
        """Residual sum of squares of each draw, shape (draws,)."""
        return np.asarray(residuals(self._between(way)).sum(axis=0))

    def lines(self, way: Way) -> tuple[Array, Array]:
        """Slopes and levels at x = 0 of the pieces of each draw, shape (pieces, draws) each."""
        return line(self._between(way))


def _least(candidates: Array) -> tuple[Array, Way]:
    """The least of the residuals for each last break, from bound 1 on, and that bound."""
    at = np.argmin(candidates, axis=0)
    return candidates[at, np.arange(candidates.shape[1])], at + 1


def _traced(came: list[Way], last: Way) -> Way:
    """The breaks of each draw: the last one, and from it back to the first."""
    found = [last]
    for origin in reversed(came):
        found.append(origin[found[-1], np.arange(len(last))])
    return np.stack(found[::-1])
