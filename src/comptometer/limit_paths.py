"""Limits over the years in every possible world: in the logarithm, the lowest of some straight lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comptometer.distribution import Array
from comptometer.limits import Amount, Budget, Duration, Limit, Price
from comptometer.starting_point import Start
from comptometer.worlds import Worlds


@dataclass(frozen=True, slots=True)
class Line:
    """Something that grows evenly.

    Attributes:
        year: of reference, as a decimal.
        log_level: natural logarithm of the amount in that year, shape (draws,).
        log_growth: of the factor a year, shape (draws,).
    """

    year: float
    log_level: Array
    log_growth: Array

    def at(self, year: float) -> Array:
        """Logarithm of the amount in a year, shape (draws,)."""
        return self.log_level + self.log_growth * (year - self.year)

    def over(self, price: Line) -> Line:
        """This amount of money in units of what a price buys."""
        return Line(self.year, self.log_level - price.at(self.year), self.log_growth - price.log_growth)

    def part(self, worlds: slice) -> Line:
        """The same in some of the worlds."""
        return Line(self.year, self.log_level[worlds], self.log_growth[worlds])


@dataclass(frozen=True, slots=True)
class Path:
    """The lowest of some lines."""

    lines: tuple[Line, ...]

    def at(self, year: float) -> Array:
        """Logarithm of what is allowed in a year, shape (draws,)."""
        lowest = self.lines[0].at(year)
        for line in self.lines[1:]:
            lowest = np.minimum(lowest, line.at(year))
        return lowest

    def part(self, worlds: slice) -> Path:
        """The same in some of the worlds."""
        return Path(tuple(line.part(worlds) for line in self.lines))


def limit_path(limit: Limit, worlds: Worlds, start: Start, price: Line | None) -> Path:
    """What a limit allows one run, in FLOP; see `limits` for the three forms."""
    growth = worlds.log(f"{limit.id}|growth", limit.growth)
    match limit.form:
        case Amount(flop):
            return Path((Line(limit.year, worlds.log(limit.id, flop, limit.factor), growth),))
        case Budget(usd, share, most_usd, most_growth):
            assert price is not None
            part = worlds.log(f"{limit.id}|share", share)
            money = [Line(limit.year, worlds.log(limit.id, usd, limit.factor) + part, growth)]
            if most_usd:
                rate = worlds.log(f"{limit.id}|most growth", most_growth)
                money.append(Line(limit.year, worlds.log(f"{limit.id}|most", most_usd) + part, rate))
            return Path(tuple(line.over(price) for line in money))
        case Duration(months, most_months):
            # Once runs are as long as they can be, growth goes on without the part that longer runs gave.
            left = worlds.log(f"{limit.id}|most", most_months) - worlds.log(limit.id, months, limit.factor)
            left = left - growth * (start.year - limit.year)
            return Path((Line(start.year, start.log_level + left, start.log_growth - growth),))


def price_line(price: Price, worlds: Worlds) -> Line:
    """Dollars per FLOP."""
    level, decline = worlds.log("price", price.usd_per_flop), worlds.log("price|decline", price.decline)
    return Line(price.year, level, -decline)
