"""The best places of breaks: separate lines, found piece by piece, from sums of stretches.

Arrays have the draws last. A *way* is where the breaks of a draw lie, as numbers of bounds, shape (breaks, draws).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.trends._sums import line, residuals

Way = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Found:
    """The best way with so many breaks in each draw, and its residual sum of squares, shape (draws,)."""

    way: Way
    residual: Array


def running(sums: Array) -> Array:
    """Sums of all rows before each bound, from sums of stretches; shape (stretches, 6, draws) → (bounds, 6, draws)."""
    return np.concatenate([np.zeros_like(sums[:1]), np.cumsum(sums, axis=0)])


def separate(before: Array, most: int, rows: NDArray[np.intp], least: int) -> list[Found]:
    """The best ways with 0 … most breaks between separate lines, by dynamic programming.

    The least residuals up to bound b with m breaks are the least, over the last break a, of those up to a with m - 1
    breaks plus those of the piece from a to b (Bellman 1961; Bai and Perron 2003).

    Args:
        before: running sums, shape (bounds, 6, draws).
        most: breaks.
        rows: numbers of rows before each bound.
        least: rows that a piece must have.
    """
    bounds, draws = len(before), before.shape[-1]
    pieces = _pieces(before, rows, least)
    reached, found = pieces[0], [Found(np.zeros((0, draws), np.intp), pieces[0, -1])]
    came: list[Way] = []
    for breaks in range(1, most + 1):
        last, at = _least(reached[1:-1] + pieces[1:-1, -1])
        found.append(Found(_way(came, at), last))
        if breaks < most:
            ends = [_least(reached[1:end] + pieces[1:end, end]) for end in range(2, bounds)]
            unreached = np.full((2, draws), np.inf)
            reached = np.concatenate([unreached, [best for best, _ in ends]])
            came.append(np.concatenate([np.zeros((2, draws), np.intp), [at for _, at in ends]]))
    return found


def _pieces(before: Array, rows: NDArray[np.intp], least: int) -> Array:
    """Residuals of the piece from one bound to another, shape (bounds, bounds, draws); endless where too short."""
    bounds, draws = len(before), before.shape[-1]
    pieces = np.full((bounds, bounds, draws), np.inf)
    for start in range(bounds - 1):
        far = start + int(np.searchsorted(rows[start:], rows[start] + least))
        if far < bounds:
            pieces[start, far:] = residuals(before[far:] - before[start])
    return pieces


def _least(candidates: Array) -> tuple[Array, Way]:
    """The least of the residuals for each last break, from bound 1 on, and that bound."""
    at = np.argmin(candidates, axis=0)
    return candidates[at, np.arange(candidates.shape[1])], at + 1


def _way(came: list[Way], last: Way) -> Way:
    """The breaks of each draw: the last one, and from it back to the first."""
    found = [last]
    for origin in reversed(came):
        found.append(origin[found[-1], np.arange(len(last))])
    return np.stack(found[::-1])


def separate_lines(before: Array, way: Way) -> tuple[Array, Array]:
    """Slopes and levels at x = 0 of the pieces of each draw, shape (pieces, draws) each."""
    bounds, draws = len(before), before.shape[-1]
    ends = np.concatenate([np.zeros((1, draws), np.intp), way, np.full((1, draws), bounds - 1)])
    at = before[ends, :, np.arange(draws)]  # (ends, draws, 6)
    return line(np.moveaxis(at[1:] - at[:-1], 2, 1))
