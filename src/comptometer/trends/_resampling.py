"""Resampling by sufficient statistics: how often each row is drawn, times what the fit needs of it.

A draw of rows is a row of counts; sums over a draw are counts times a matrix of what is summed, so that ten thousand
refits are a few products of matrices. Drawing organizations, each with all its models, is the same with the sums of
each organization in place of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from comptometer.distribution import DRAWS, GRID, Array, normal_quantile
from comptometer.quantity import ROOT_SEED, strata
from comptometer.trends import Points, Resampling

CHUNK = 1000  # draws at a time: a few megabytes


def counts(points: Points, resampling: Resampling) -> Iterator[Array]:
    """How often each unit is drawn, in chunks of shape (draws, units); units are rows or organizations.

    Only raw bits of the generator are used, which NumPy keeps stable for ever (see `quantity.strata`).
    """
    units = unit_count(points, resampling)
    digest = int.from_bytes(hashlib.blake2b(f"rows|{resampling.name}".encode(), digest_size=8).digest(), "big")
    generator = np.random.PCG64DXSM(np.random.SeedSequence([ROOT_SEED, digest]))
    for start in range(0, resampling.draws, CHUNK):
        size = min(CHUNK, resampling.draws - start)
        rows = (generator.random_raw(size * units) % np.uint64(units)).astype(np.intp)
        rows += np.repeat(np.arange(size) * units, units)
        yield np.bincount(rows, minlength=size * units).reshape(size, units).astype(np.float64)


def unit_count(points: Points, resampling: Resampling) -> int:
    """How many units there are to draw."""
    return points.n if resampling.by == "model" else points.organizations


def by_unit(values: Array, points: Points, resampling: Resampling) -> Array:
    """Sums over the rows of each unit; shape (rows, …) → (units, …)."""
    if resampling.by == "model":
        return values
    summed = np.zeros((points.organizations, *values.shape[1:]))
    np.add.at(summed, points.groups, values)
    return summed


def row_counts(drawn: Array, points: Points, resampling: Resampling) -> Array:
    """How often each row is in a draw, shape (draws, rows)."""
    return drawn if resampling.by == "model" else drawn[:, points.groups]


def noise(points: Points, resampling: Resampling) -> Array | None:
    """What is added to the logarithms in each draw, shape (draws, rows) in log2; nothing where none is wanted.

    Draw i is the same possible world for a model in every trend: its errors are stratified normal draws in the order of
    its name, as those of every estimate are.
    """
    if not resampling.noise or not points.spread.any():
        return None
    normal = normal_quantile(GRID)
    worlds = np.arange(resampling.draws) % DRAWS
    return np.stack(
        [
            normal[strata(f"noise|{name}")][worlds] * spread
            for name, spread in zip(points.names, points.spread, strict=True)
        ],
        axis=1,
    )
