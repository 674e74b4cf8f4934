"""Resampling by sufficient statistics: how often each unit is drawn, times what the fit needs of it.

A draw of rows is a row of counts; sums over a draw are counts times a matrix of what is summed, so that ten thousand
refits are a few products of matrices. Drawing organizations, each with all its models, is the same with the sums of
each organization in place of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import DRAWS, GRID, Array, normal_quantile
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.quantity import ROOT_SEED, strata
from comptometer.trends import Points, Resampling

CHUNK = 1000  # draws at a time
CELLS = 1_500_000  # draws times points at a time: 12 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Resample:
    """Some draws at once.

    Attributes:
        drawn: how often each unit is drawn, shape (draws, units).
        groups: which unit each row belongs to, shape (rows,); none where every row is a unit.
        errors: what each draw adds to the logarithms, in dex, shape (draws, rows); none without noise.
    """

    drawn: Array
    groups: NDArray[np.intp] | None
    errors: Array | None

    @property
    def rows(self) -> Array:
        """How often each row is drawn, shape (draws, rows)."""
        return self.drawn if self.groups is None else self.drawn[:, self.groups]


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws of points.

    Args:
        points: what is drawn from.
        resampling: how.

    Raises:
        UsageError: organizations are to be drawn, and nobody says whose the points are.
        NotEnoughEvidence: there is a single organization.
    """

    points: Points
    resampling: Resampling

    def __post_init__(self) -> None:
        if self.resampling.by == "organization":
            if self.points.groups is None:
                raise UsageError("organizations are to be resampled, but the points have none: resample by model")
            if self.units < 2:
                raise NotEnoughEvidence(
                    "all points are of one organization, so nothing can be resampled: resample by model"
                )

    @property
    def groups(self) -> NDArray[np.intp] | None:
        """Which unit each row belongs to; none where every row is a unit."""
        return self.points.groups if self.resampling.by == "organization" else None

    @property
    def units(self) -> int:
        """How many units there are to draw."""
        return self.points.n if self.groups is None else int(self.groups.max()) + 1

    def at_most(self, draws: int) -> Sampler:
        """The same with fewer draws, where there were more."""
        if self.resampling.draws <= draws:
            return self
        return Sampler(self.points, replace(self.resampling, draws=draws))

    def chunks(self) -> Iterator[Resample]:
        """All draws, some at a time.

        Only raw bits of the generator are used, which NumPy keeps stable for ever (see `quantity.strata`); how many
        come at a time does not change them.
        """
        units, draws = self.units, self.resampling.draws
        size = max(1, min(CHUNK, CELLS // self.points.n))
        digest = hashlib.blake2b(f"rows|{self.resampling.name}".encode(), digest_size=8).digest()
        seed = np.random.SeedSequence([ROOT_SEED, int.from_bytes(digest, "big")])
        generator = np.random.PCG64DXSM(seed)
        worlds = self._worlds()
        for start in range(0, draws, size):
            count = min(size, draws - start)
            chosen = (generator.random_raw(count * units) % np.uint64(units)).astype(np.intp)
            chosen += np.repeat(np.arange(count) * units, units)
            drawn = np.bincount(chosen, minlength=count * units).reshape(count, units).astype(np.float64)
            yield Resample(drawn=drawn, groups=self.groups, errors=self._errors(worlds, start, count))

    def _worlds(self) -> NDArray[np.uint16] | None:
        """Which stratum each model's error is in, in each possible world, shape (DRAWS, rows); none without noise.

        A world is the same for a model in every trend: its strata follow its name, as the draws of every estimate do.
        """
        points = self.points
        if not self.resampling.noise or points.spread is None:
            return None
        names = points.names if points.names is not None else [str(at) for at in range(points.n)]
        return np.stack([strata(f"noise|{name}") for name in names], axis=1)

    def _errors(self, worlds: NDArray[np.uint16] | None, start: int, count: int) -> Array | None:
        """Normal errors of the logarithms in some draws, in dex, shape (draws, rows)."""
        if worlds is None or self.points.spread is None:
            return None
        here = worlds[np.arange(start, start + count) % DRAWS]
        return np.asarray(normal_quantile(GRID)[here] * self.points.spread)
