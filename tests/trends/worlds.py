"""Simulated worlds whose growth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comptometer.distribution import Array
from comptometer.trends import DAYS_PER_YEAR, Points

START = 733_773.0  # 2010-01-01
YEARS = 14
SLOPE = 0.6  # dex a year
LATE_SLOPE = 0.3  # of a bent world, from year BEND on
BEND = 8
STAY = 4  # years in which an organization publishes


def straight(x: Array) -> Array:
    """Of years since the start."""
    return SLOPE * x


def bent(x: Array) -> Array:
    """Fast, then slow."""
    return 1.0 * x - (1.0 - LATE_SLOPE) * np.maximum(x - BEND, 0)


def world(
    seed: int,
    n: int = 150,
    *,
    truth: Callable[[Array], Array] = straight,
    scatter: float = 0.8,
    organizations: int = 0,
    shared: float = 0.0,
    spread: float = 0.0,
) -> Points:
    """Points around a truth, over fourteen years.

    Args:
        seed: of the world.
        n: points.
        truth: dex by years since the start.
        scatter: sd of the points in dex.
        organizations: how many have the points among them, each for four years; every point has its own where 0.
        shared: sd in dex of what the points of one organization have in common.
        spread: sd in dex of the error with which each value is known.
    """
    generator = np.random.default_rng(seed)
    years = generator.uniform(0, YEARS, n)
    groups = np.argsort(np.argsort(years))  # of every point its own, in order of the days
    if organizations:
        groups = np.concatenate([np.arange(organizations), generator.integers(0, organizations, n - organizations)])
        years = generator.uniform(0, YEARS - STAY, organizations)[groups] + generator.uniform(0, STAY, n)
    order = np.argsort(years)
    days, groups = np.round(START + years[order] * DAYS_PER_YEAR), groups[order]
    logs = truth((days - START) / DAYS_PER_YEAR) + generator.normal(0, scatter, n)
    if organizations:
        logs += generator.normal(0, shared, organizations)[groups]
    if spread:
        logs += generator.normal(0, spread, n)
    return Points(
        days=days,
        logs=logs,
        groups=groups.astype(np.intp),
        spread=np.full(n, spread) if spread else None,
        names=[f"model {at}" for at in range(n)],
    )
