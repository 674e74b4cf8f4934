"""How fast algorithms get by with less compute: published rates, and which of them suits a model."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np

from comptometer.distribution import Array, Distribution, Point, normal_quantile
from comptometer.errors import NotFound
from comptometer.places import SHIPPED


@dataclass(frozen=True, slots=True)
class TwoSided:
    """Log-normal below its median and above it, with a width of its own on each side (in natural logarithms)."""

    median: float
    below: float
    above: float

    def quantile(self, p: Array) -> Array:
        """Values below which the probability is `p`."""
        scores = normal_quantile(p)
        return np.asarray(self.median * np.exp(np.where(scores < 0, self.below, self.above) * scores))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A published rate.

    Attributes:
        id: its name.
        halving: belief about the months in which the compute for the same performance halves.
        has_interval: did its source give one?
        domains: of the models that it is taken for; none where it is taken only by name.
        least_share, below_share: of the compute of the largest model up to their day; bounds of what it is taken for.
        first, last: years of the data that it was fitted to.
        task: what "the same performance" is.
        source, where, verified, note: who says so.
    """

    id: str
    halving: Distribution
    has_interval: bool
    domains: Collection[str]
    least_share: float
    below_share: float
    first: int
    last: int
    task: str
    source: str
    where: str
    verified: bool
    note: str


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads((SHIPPED / "algorithmic-progress.toml").read_text(encoding="utf-8"))


def reference() -> date:
    """The day whose algorithms are the measure, where nobody names another."""
    day: date = _file()["reference"]
    return day


@cache
def rates() -> Mapping[str, Rate]:
    """The rates on file, by id."""
    return {row["id"]: _rate(row) for row in _file()["rates"]}


def rate(name: str) -> Rate:
    """The rate of this name.

    Raises:
        NotFound: with those that there are.
    """
    if name not in rates():
        raise NotFound("rate", name, get_close_matches(name, rates(), 2) or list(rates()))
    return rates()[name]


def suited(domains: Collection[str], share: float) -> Rate | None:
    """The rate for a model of these domains and this share of the largest up to its day; nothing where there is none.

    >>> suited(["language"], 0.5).id, suited(["language"], 0.0001).id, suited(["games"], 1.0)
    ('language', 'language-any-scale', None)
    """
    fitting = (
        found
        for found in rates().values()
        if set(found.domains) & set(domains) and found.least_share <= share < found.below_share
    )
    return next(fitting, None)


def _rate(row: Mapping[str, Any]) -> Rate:
    told = ("id", "first", "last", "task", "source", "where", "verified")
    return Rate(
        **{key: row[key] for key in told},
        halving=_belief(row),
        has_interval="low" in row,
        domains=row.get("domains", ()),
        least_share=row.get("least_share", 0.0),
        below_share=row.get("below_share", float("inf")),
        note=row.get("note", ""),
    )


def _belief(row: Mapping[str, Any]) -> Distribution:
    """With the published median and the published ends, which need not lie evenly about it."""
    middle = row["halving_months"]
    if "low" not in row:
        return Point(middle)
    score = float(normal_quantile(np.array([(1 + row["interval"]) / 2]))[0])
    return TwoSided(middle, float(np.log(middle / row["low"])) / score, float(np.log(row["high"] / middle)) / score)
