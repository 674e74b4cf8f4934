"""Possible worlds: draws of everything unknown, in orders that belong to names.

Draw *i* is world *i* in every quantity (decision 0002). Here there can be any number of worlds, and quantities can move
together: those that load on a common factor are drawn in an order mixed from the factor's and their own.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import DRAWS, Array, Distribution, LogNormal, normal_quantile, shared
from comptometer.quantity import ROOT_SEED, strata


class Worlds:
    """So many possible worlds.

    Args:
        draws: how many.
        rho: correlation, in the normal scores, of two quantities that load on the same factor.
    """

    def __init__(self, draws: int = DRAWS, rho: float = 0.0) -> None:
        self.draws = draws
        self.rho = rho

    def draw(self, name: str, belief: Distribution, factor: str = "") -> Array:
        """Values of a quantity, shape (draws,): the midpoints of equally probable strata, each once.

        Args:
            name: of what is unknown.
            belief: about it.
            factor: the common factor that it loads on, or nothing.
        """
        return _rising(belief, self.draws)[self._order(name, factor)]

    def log(self, name: str, belief: Distribution, factor: str = "") -> Array:
        """Natural logarithm of the values of a positive quantity, shape (draws,)."""
        return np.log(self.draw(name, belief, factor))

    def _order(self, name: str, factor: str) -> NDArray[np.intp]:
        own = order(name, self.draws)
        if not factor or not self.rho:
            return own
        scores = _scores(self.draws)
        mixed = math.sqrt(self.rho) * scores[order(factor, self.draws)] + math.sqrt(1 - self.rho) * scores[own]
        ranks = np.empty(self.draws, dtype=np.intp)
        ranks[np.argsort(mixed, kind="stable")] = np.arange(self.draws)
        return ranks


@lru_cache(maxsize=64)
def order(name: str, draws: int) -> NDArray[np.intp]:
    """The order in which a name visits so many strata; for the usual number that of every estimate."""
    if draws == DRAWS:
        return strata(name).astype(np.intp)
    digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
    return np.argsort(np.random.PCG64DXSM(np.random.SeedSequence([ROOT_SEED, digest])).random_raw(draws))


@lru_cache(maxsize=4)
def midpoints(draws: int) -> Array:
    """Midpoints of equally probable strata, shape (draws,)."""
    return shared((np.arange(draws) + 0.5) / draws)


@lru_cache(maxsize=4)
def _scores(draws: int) -> Array:
    return shared(normal_quantile(midpoints(draws)))


def _rising(belief: Distribution, draws: int) -> Array:
    if isinstance(belief, LogNormal):  # most are, and the normal scores are at hand
        return np.asarray(belief.median * np.exp(belief.sigma * _scores(draws)))
    return np.asarray(belief.quantile(midpoints(draws)))
