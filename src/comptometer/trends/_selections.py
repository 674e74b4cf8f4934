"""Who belongs to a frontier, in many possible worlds at once.

Points come in order of their days; logarithms have shape (draws, n), and so has what is returned.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array

Chosen = NDArray[np.bool_]

LARGE = 0.76  # standard deviations above the mean of those within a year: Sevilla et al. 2022
SMALL = -2.0  # the same, below which they are left out: Sevilla et al. 2022
NEAR_DAYS = 365.0


def running_top(days: Array, logs: Array, top: int) -> Chosen:
    """Those whose rank among all dated on or before their own day is at most `top`; ties share the rank.

    Source: Sevilla and Roldan 2024.
    """
    draws, n = logs.shape
    values = np.ascontiguousarray(logs.T)
    largest = np.full((top, draws), -np.inf)  # so far, from the largest down
    chosen = np.empty((n, draws), dtype=np.bool_)
    for start, end in _same_day(days):
        for value in values[start:end]:
            _insert(largest, value)
        chosen[start:end] = values[start:end] >= largest[-1]
    return chosen.T


def _same_day(days: Array) -> list[tuple[int, int]]:
    """First row and end of each day."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(days)) + 1, [len(days)]])
    return [(int(a), int(b)) for a, b in pairwise(starts)]


def _insert(largest: Array, value: Array) -> None:
    """Put a value of each draw in its place, in place; the least falls out."""
    if not (value > largest[-1]).any():
        return
    for rank in largest:
        value, rank[:] = np.minimum(rank, value), np.maximum(rank, value)


def record_setters(days: Array, logs: Array) -> Chosen:
    """Those that no other exceeds up to their own day."""
    return running_top(days, logs, 1)


def large_scale(days: Array, logs: Array, above: float = LARGE, within_days: float = NEAR_DAYS) -> Chosen:
    """Those far above the mean logarithm of all within a year of them, in units of the standard deviation of these.

    Source: Sevilla et al. 2022.
    """
    middle, spread, centred = _near(days, logs, within_days)
    return np.asarray((centred - middle > above * spread) & (spread > 1e-9))


def regular_scale(
    days: Array, logs: Array, above: float = LARGE, below: float = SMALL, within_days: float = NEAR_DAYS
) -> Chosen:
    """Those that are not large-scale, and not far below that mean either.

    Source: Sevilla et al. 2022.
    """
    middle, spread, centred = _near(days, logs, within_days)
    return np.asarray((centred - middle <= above * spread + 1e-9) & (centred - middle >= below * spread - 1e-9))


def _near(days: Array, logs: Array, within_days: float) -> tuple[Array, Array, Array]:
    """Mean and standard deviation of those near each, and what is compared with them; each of the shape of `logs`."""
    first, end = np.searchsorted(days, days - within_days), np.searchsorted(days, days + within_days, "right")
    count = end - first
    centred = logs - logs.mean(axis=1, keepdims=True)

    def mean(values: Array) -> Array:
        before = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        return np.asarray((before[:, end] - before[:, first]) / count)

    middle = mean(centred)
    return middle, np.sqrt(np.maximum(mean(centred**2) - middle**2, 0.0)), centred
