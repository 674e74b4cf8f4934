"""Where a projection starts, and how fast it goes on, in each possible world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np

from comptometer import vintages
from comptometer.distribution import Array, Distribution, LogNormal
from comptometer.errors import Problem, UsageError
from comptometer.growth import Answer, trend
from comptometer.limits import Stated
from comptometer.trends import DAYS_PER_YEAR, Trend
from comptometer.trends.frontier import Corrected
from comptometer.worlds import Worlds, order

SINCE = date(2018, 1, 1)  # growth has been about even since; before it was faster
LN10 = math.log(10)
LEVELS = ("frontier", "largest")


def decimal_year(day: date) -> float:
    """A day as a year: the first of January is a whole number."""
    return day.year + (day.timetuple().tm_yday - 1) / (366 if _leap(day.year) else 365)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where the trend starts and how it goes on, in each world.

    Attributes:
        year: as a decimal.
        log_level: logarithm of compute (FLOP) in that year, shape (draws,).
        log_growth: logarithm of the factor a year, shape (draws,).
        last: the last day of the data, after which everything is extrapolated.
        bias_dex: by how much the line through the data was lowered, in decimal logarithms.
        said: where level and growth come from, for people.
        data: the vintage that a line went through; empty where no table was asked.
    """

    year: float
    log_level: Array
    log_growth: Array
    last: date
    said: Mapping[str, str]
    bias_dex: float = 0.0
    data: str = ""

    def at(self, year: float) -> Array:
        """Logarithm of the trend in a year."""
        return self.log_level + self.log_growth * (year - self.year)


def start_from_trend(fitted: Trend, day: date, worlds: Worlds, *, last: date, bias_dex: float = 0.0) -> Start:
    """Level and growth of one resampled line in each world: the two stay together.

    Args:
        fitted: a line with its resamples.
        day: where the projection starts.
        worlds: how many lines are drawn; evenly along their slopes.
        last: the last day of the data.
        bias_dex: how far the line lies above the truth, as it selects the largest of noisy values.
    """
    rising = np.argsort(fitted.slopes, kind="stable")
    at = (np.arange(worlds.draws) + 0.5) / worlds.draws * len(rising)
    drawn = rising[at.astype(np.intp)][order("trend", worlds.draws)]
    slopes = fitted.slopes[drawn]
    level = fitted.levels[drawn] + slopes * (day.toordinal() - fitted.origin) - bias_dex
    return Start(
        year=decimal_year(day),
        log_level=level * LN10,
        log_growth=slopes * DAYS_PER_YEAR * LN10,
        last=last,
        said={},
        bias_dex=bias_dex,
    )


def choose(
    worlds: Worlds,
    beliefs: Mapping[str, Distribution],
    *,
    stated: Stated | None,
    day: date | None,
    level: str,
    bias_dex: float | None,
    correction: bool,
    answer: Answer | None,
    data: str | None,
) -> Start:
    """Level and growth: what was asked for, or else a preset's own, or else the data's.

    Args:
        worlds: how many are drawn.
        beliefs: about "level" and "growth", where they were given.
        stated: what the preset brings.
        day: of the start.
        level: one of `LEVELS`, where no level was given.
        bias_dex: see `start_from_trend`; the winner's curse of the data unless given.
        correction: is the winner's curse taken off, where no bias is given?
        answer: whose trend to take; otherwise the running top ten since 2018 is asked for.
        data: the vintage.

    Raises:
        UsageError: a day for a preset that has its own; a bias where no line is lowered.
    """
    with_line = not ("level" in beliefs or level == "largest")
    if bias_dex is not None and not with_line:
        said = "lowers the line through the frontier, and another level was asked for"
        raise UsageError.of([Problem("bias_dex", said)])
    if stated and answer is None and data is None and level == "frontier":
        if day is not None:
            said = "this preset brings its own start; name the data to start from another day"
            raise UsageError.of([Problem("from", said)])
        if bias_dex is not None:
            said = "lowers the line through the frontier, and this preset brings its own start"
            raise UsageError.of([Problem("bias_dex", said)])
        return _as_stated(stated, worlds, beliefs)
    if "growth" in beliefs and "level" in beliefs:
        begun = day or vintages.sidecar(data or vintages.DEFAULT).date
        return Start(
            year=decimal_year(begun),
            log_level=worlds.log("start|level", beliefs["level"]),
            log_growth=worlds.log("start|growth", beliefs["growth"]),
            last=begun,
            said={"level": "as given", "growth": "as given"},
        )
    asked = answer or frontier(data or vintages.DEFAULT)
    begun = day or vintages.sidecar(asked.question.data).date
    which = f"running top {asked.question.wanted.top} since {asked.question.wanted.since}, {asked.question.data}"
    last = asked.observations[-1].day
    bias, why = _bias(asked, begun, bias_dex, correction=correction and with_line)
    fitted = start_from_trend(asked.trend, begun, worlds, last=last, bias_dex=bias)
    fitted = replace(
        fitted, said={"level": f"line through the {which}{why}", "growth": which}, data=asked.question.data
    )
    return _overridden(fitted, begun, worlds, beliefs, asked, level)


@lru_cache(maxsize=4)  # every projection from a vintage begins with it
def frontier(data: str) -> Answer:
    """The trend of a vintage's running top ten, from which projections start.

    Raises:
        NotFound: no such vintage.
    """
    return trend(select="frontier", since=SINCE, data=data)


@lru_cache(maxsize=8)
def _curse(asked: Answer, day: date) -> Corrected | None:
    return asked.winners_curse(day)


def _bias(asked: Answer, day: date, given: float | None, *, correction: bool) -> tuple[float, str]:
    """By how much the resampled lines lie too high on a day, in dex, and how that is told.

    Where the values were redrawn in the resamples, these lie above the truth twice (see `trends.frontier`).
    """
    if given is not None:
        return given, f", lowered by {given:g} dex as given" if given else ""
    curse = _curse(asked, day) if correction else None
    if curse is None:
        return 0.0, ""
    times = 2 if asked.question.noise else 1
    return times * curse.bias, f", lowered by {curse.bias:.2f} dex for the winner's curse"


def _as_stated(stated: Stated, worlds: Worlds, beliefs: Mapping[str, Distribution]) -> Start:
    return Start(
        year=stated.year,
        log_level=worlds.log("start|level", stated.level),
        log_growth=worlds.log("start|growth", beliefs.get("growth", stated.growth)),
        last=date(int(stated.year), 1, 1),
        said={
            "level": f"{stated.source}, {stated.where}",
            "growth": "as given" if "growth" in beliefs else f"{stated.source}, {stated.where}",
        },
    )


def _overridden(
    fitted: Start, day: date, worlds: Worlds, beliefs: Mapping[str, Distribution], asked: Answer, level: str
) -> Start:
    """The data's line with the growth or the level that was given instead."""
    growth, log_level, said = fitted.log_growth, fitted.log_level, dict(fitted.said)
    if "growth" in beliefs:
        growth, said["growth"] = worlds.log("start|growth", beliefs["growth"]), "as given"
    if "level" in beliefs:
        log_level, said["level"] = worlds.log("start|level", beliefs["level"]), "as given"
    elif level == "largest":
        largest = max(asked.observations, key=lambda o: o.value)
        belief = LogNormal(largest.value, largest.spread * LN10)
        since = decimal_year(day) - decimal_year(largest.day)
        log_level = worlds.log(f"start|{largest.name}", belief) + growth * since
        said["level"] = f"{largest.name}, {largest.day}, grown since"
    return replace(fitted, log_level=log_level, log_growth=growth, said=said)
