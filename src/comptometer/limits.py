"""What a training run can run into: limits, each a cited belief with its growth. `limit_files` reads them.

A limit has one of three forms. An *amount* says how much compute one run can have in some year. A *budget* says how
much money there is, of which one run gets a share and buys compute at the price of the day. A *duration* says how long
runs take, and how long they can take at most.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

import numpy as np

from comptometer import units
from comptometer.distribution import Distribution, LogNormal, LogUniform, Point, SplitLogNormal, Uniform
from comptometer.errors import NotFound, Problem, UsageError
from comptometer.notation import parse

Kind = Literal["hard", "soft"]
SLOWEST, FASTEST = 0.01, 100.0  # factors a year


def positive(text: str, unit: str = "") -> Distribution:
    """A belief about a positive quantity, in a unit; a bare number is in that unit already.

    Raises:
        UsageError: not a number or an interval, of another unit, or not above 0.
    """
    notation = parse(text)
    scale = units.factor(units.parse(notation.unit), units.parse(unit)) if notation.unit else 1.0
    match notation.belief:
        case Point(value) if value > 0:
            return Point(value * scale)
        case LogNormal(median, sigma):
            return LogNormal(median * scale, sigma)
        case SplitLogNormal(median, below, above):
            return SplitLogNormal(median * scale, below, above)
        case Uniform(low, high) if low > 0:
            return Uniform(low * scale, high * scale)
        case LogUniform(low, high):
            return LogUniform(low * scale, high * scale)
        case _:
            raise UsageError(f"{text!r} must be above 0")


def rate(text: str) -> Distribution:
    """A belief about a factor a year.

    Raises:
        UsageError: see `positive`, or outside of what a growth can be.
    """
    belief = positive(text)
    middle = float(belief.quantile(np.array([0.5]))[0])
    if not SLOWEST <= middle <= FASTEST:
        raise UsageError(f"{text!r}: a factor a year between {SLOWEST:g} and {FASTEST:g} is wanted")
    return belief


@dataclass(frozen=True, slots=True)
class Amount:
    """Compute of one run in the year of reference, in FLOP."""

    flop: LogNormal


@dataclass(frozen=True, slots=True)
class Budget:
    """Money in the year of reference and the share of one run; the most that it can be then, and how that grows."""

    usd: Distribution
    share: Distribution
    most_usd: Distribution | None
    most_growth: Distribution


@dataclass(frozen=True, slots=True)
class Duration:
    """How long the largest runs take in the year of reference, and the longest worth taking, in months."""

    months: Distribution
    most_months: Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Something that compute cannot pass.

    Attributes:
        id: its name.
        label: for people.
        kind: hard (growth goes on to it, and stops) or soft (growth slows on the way).
        form: what is known about it.
        year: of reference.
        growth: of the amount, the budget or the duration: a factor a year.
        factor: the common factor that it loads on; empty where it stands alone.
        included: does it count towards the whole, or is it only reported?
        source, where, growth_source, growth_where, verified, note: who says so.
    """

    id: str
    label: str
    kind: Kind
    form: Amount | Budget | Duration
    year: float
    growth: Distribution
    factor: str
    included: bool
    source: str
    where: str
    growth_source: str
    growth_where: str
    verified: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars per FLOP of amortised hardware and energy in a year, and the factor by which they fall in a year."""

    usd_per_flop: Distribution
    year: float
    decline: Distribution
    source: str
    where: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A trend that somebody stated: compute in a year (FLOP), and the factor a year."""

    year: float
    level: Distribution
    growth: Distribution
    source: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits with what they need.

    Attributes:
        limits: by id, in the order of the file.
        price: of compute, for budgets.
        rho: correlation of two limits on the same factor.
        start: the trend that a preset brings.
    """

    limits: Mapping[str, Limit]
    price: Price | None = None
    rho: float = 0.0
    start: Stated | None = None

    @property
    def cited(self) -> set[str]:
        """The sources of everything here."""
        named = {limit.source for limit in self.limits.values()}
        named |= {limit.growth_source for limit in self.limits.values() if limit.growth_source}
        return named | {part.source for part in (self.price, self.start) if part}

    def chosen(
        self, *, without: Collection[str] = (), only: Collection[str] = (), extra: Collection[str] = ()
    ) -> Limits:
        """The same with some left out, with only some, or with some included that are otherwise only reported.

        Raises:
            UsageError: both `without` and `only`.
            NotFound: an unknown id, with the nearest.
        """
        if only and without:
            said = "limits to leave out and limits to keep (only) do not go together; give one of them"
            raise UsageError.of([Problem("without", said)])
        for name in (*without, *only, *extra):
            if name not in self.limits:
                raise NotFound("limit", name, get_close_matches(name, self.limits, 2, 0.4) or list(self.limits))
        kept = {
            name: replace(limit, included=limit.included or name in extra or name in only)
            for name, limit in self.limits.items()
            if name not in without and (not only or name in only)
        }
        return replace(self, limits=kept)
