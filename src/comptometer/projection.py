"""The trend forward, with what it runs into: the question and its answer. How it is worked out: `simulation`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from comptometer import limit_files
from comptometer.days import day
from comptometer.distribution import DRAWS, Array, Distribution
from comptometer.errors import NotationError, NotFound, Problem, UsageError
from comptometer.growth import Answer
from comptometer.limit_paths import Line, limit_path, price_line
from comptometer.limit_paths import Path as LimitPath
from comptometer.limits import Duration, Limits, positive, rate
from comptometer.notebook import Showable
from comptometer.prediction import FARTHEST, FIRST_YEAR, LAST_YEAR
from comptometer.quantity import HAZEN
from comptometer.release import data_version
from comptometer.simulation import Bound, Simulation, simulate
from comptometer.starting_point import LEVELS, Start, choose, decimal_year
from comptometer.worlds import Worlds

LEAST_DRAWS, MOST_DRAWS = 100, 100_000
LARGEST = 1e100  # FLOP; a trend that leads above it means nothing
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
THRESHOLDS = tuple(float(f"1e{power}") for power in range(25, 32))
THETA = "uniform 1 to 2"
PATHS = ("trend", "hard", "soft")


@dataclass(frozen=True, kw_only=True)
class Projection(Showable):
    """A projection with everything that made it.

    Attributes:
        asked: the definitions, as they were asked for.
        start: level and growth.
        limits: those that count, and those that are only reported.
        paths: of each limit, by id.
        price: of compute, where the limits have one.
        simulation: what comes out in every world.
        thresholds: amounts of compute, in FLOP, that are looked for.
    """

    asked: Mapping[str, Any]
    start: Start
    limits: Limits
    paths: Mapping[str, LimitPath]
    price: Line | None
    simulation: Simulation
    thresholds: Sequence[float]

    @property
    def years(self) -> list[float]:
        """Of the rows; the first is that of the start."""
        return [float(year) for year in self.simulation.years]

    @cached_property
    def quantiles(self) -> Mapping[str, Array]:
        """FLOP at `PROBABILITIES` for trend, hard and soft, each of shape (years, 5)."""
        run = self.simulation
        return {name: np.exp(_quantiles(getattr(run, name))) for name in PATHS}

    @cached_property
    def spending(self) -> Mapping[str, Array] | None:
        """Dollars of the run in each year at the price of that year, like `quantiles`; nothing without a price."""
        if self.price is None:
            return None
        prices = np.array([self.price.at(year) for year in self.years])
        run = self.simulation
        return {name: np.exp(_quantiles(getattr(run, name) + prices)) for name in PATHS}

    @cached_property
    def binds(self) -> Mapping[str, list[float]]:
        """Probability that each limit is the one that holds the trend down, in each year; "none" where nothing does."""
        binding = self.simulation.binding
        names = {"none": -1, **{name: at for at, name in enumerate(self.paths)}}
        counted = [name for name in names if name == "none" or self.limits.limits[name].included]
        return {name: [float(np.mean(row == names[name])) for row in binding] for name in counted}

    def crossing(self, limit_id: str) -> dict[str, float | None]:
        """When the trend first meets a limit: quantiles in years, nothing where that is after the last year."""
        years = self.simulation.crossed[list(self.paths).index(limit_id)]
        found = np.quantile(years, PROBABILITIES, method="inverted_cdf")
        row = {
            _label(p): float(year) if np.isfinite(year) else None for p, year in zip(PROBABILITIES, found, strict=True)
        }
        return {**row, "probability": float(np.mean(np.isfinite(years)))}

    @cached_property
    def limit_quantiles(self) -> Mapping[str, Array]:
        """FLOP that each limit allows at `PROBABILITIES`, each of shape (years, 5)."""
        return {
            name: np.exp(np.array([_quantiles(path.at(year)) for year in self.years]))
            for name, path in self.paths.items()
        }

    def probability(self, flop: float) -> Mapping[str, list[float]]:
        """Probability that compute is at least so much, in each year, for trend, hard and soft."""
        run = self.simulation
        edge = math.log(flop) * (1 - 1e-12)
        return {name: [float(np.mean(row >= edge)) for row in getattr(run, name)] for name in PATHS}

    def reached(self, flop: float, path: str = "soft") -> float | None:
        """The year in which the median reaches an amount, between the rows by a line; nothing if it does not."""
        middle = np.log(self.quantiles[path][:, 2])
        wanted = math.log(flop)
        above = np.flatnonzero(middle >= wanted - 1e-12)
        if not len(above):
            return None
        at = int(above[0])
        if at == 0:
            return self.years[0]
        share = (wanted - middle[at - 1]) / (middle[at] - middle[at - 1])
        return float(self.years[at - 1] + share * (self.years[at] - self.years[at - 1]))

    @cached_property
    def growth_split(self) -> Mapping[str, dict[str, float]]:
        """Factors a year that make up the growth: cheaper compute, longer runs, and the rest, which is more money."""
        parts: dict[str, Array] = {"growth": self.start.log_growth}
        rest = self.start.log_growth
        if self.price is not None:
            parts["price"] = -self.price.log_growth
            rest = rest - parts["price"]
        for limit in self.limits.limits.values():
            if isinstance(limit.form, Duration):
                worlds = Worlds(len(rest))
                parts["duration"] = worlds.log(f"{limit.id}|growth", limit.growth)
                rest = rest - parts["duration"]
        if len(parts) > 1:
            parts["spending"] = rest
        return {name: _named(np.exp(_quantiles(values))) for name, values in parts.items()}

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer project` (schema `comptometer/projection/1`); all that a chart needs."""
        return {
            "schema": "comptometer/projection/1",
            "data_version": data_version(self.start.data),
            "question": dict(self.asked),
            "start": {
                "year": self.start.year,
                "last": self.start.last.isoformat(),
                "level": {**_named(self.quantiles["trend"][0]), "unit": "FLOP", "from": self.start.said["level"]},
                "growth_per_year": {**self.growth_split["growth"], "from": self.start.said["growth"]},
                "split": {name: row for name, row in self.growth_split.items() if name != "growth"},
            },
            "years": [self._row(at) for at in range(len(self.years))],
            "limits": [self._limit(name) for name in self.paths],
            "thresholds": [self._threshold(flop) for flop in self.thresholds],
        }

    def _row(self, at: int) -> dict[str, Any]:
        spending = self.spending
        return {
            "year": self.years[at],
            **{name: _named(self.quantiles[name][at]) for name in PATHS},
            "spending_usd": spending and {name: _named(spending[name][at]) for name in PATHS},
            "binds": {name: shares[at] for name, shares in self.binds.items()},
        }

    def _limit(self, name: str) -> dict[str, Any]:
        limit = self.limits.limits[name]
        told = ("id", "label", "kind", "included", "factor", "source", "where",
                "growth_source", "growth_where", "verified", "note")  # fmt: skip
        return {
            **{key: getattr(limit, key) for key in told},
            "crossed": self.crossing(name),
            "allows": [
                {"year": year, **_named(row)} for year, row in zip(self.years, self.limit_quantiles[name], strict=True)
            ],
        }

    def _threshold(self, flop: float) -> dict[str, Any]:
        shares = self.probability(flop)
        return {
            "flop": flop,
            "probability": [
                {"year": year, **{name: shares[name][at] for name in PATHS}} for at, year in enumerate(self.years)
            ],
            "median_year": {name: self.reached(flop, name) for name in PATHS},
        }


def _quantiles(values: Array) -> Array:
    """Along the last axis; shape (…, 5)."""
    return np.moveaxis(np.quantile(values, PROBABILITIES, axis=-1, method=HAZEN), 0, -1)


def _label(p: float) -> str:
    return f"p{round(100 * p)}"


def _named(row: Array) -> dict[str, float]:
    return {_label(p): float(value) for p, value in zip(PROBABILITIES, row, strict=True)}


# The request


def project(
    to: int,
    *,
    start: date | str | None = None,
    growth: str | None = None,
    level: str = "frontier",
    bias_dex: float | None = None,
    correction: bool = True,
    answer: Answer | None = None,
    data: str | None = None,
    preset: str = limit_files.DEFAULT,
    limits: str | Path | None = None,
    without: Collection[str] = (),
    only: Collection[str] = (),
    extra: Collection[str] = (),
    rho: float | None = None,
    theta: str = THETA,
    draws: int = DRAWS,
    thresholds: Sequence[float] = THRESHOLDS,
    far: bool = False,
) -> Projection:
    """Project training compute of the largest runs to the first of January of a year.

    Args:
        to: that year.
        start: the day from which it is projected (of a month or a year the first); the date of the vintage unless
            given.
        growth: a factor a year such as "4" or "3.9 to 5.6"; that of the running top ten since 2018 unless given.
        level: compute at the start, such as "3e26 to 1e27"; "frontier" for the line through the running top ten,
            "largest" for the largest model of the table, grown since its day.
        bias_dex: how far that line lies above the truth, in decimal logarithms; unless given it is lowered by the
            winner's curse, as the frontier is chosen from uncertain values (see `trends.frontier.corrected`).
        correction: take the winner's curse off, where no bias is given?
        answer: another question's answer to take growth and level from.
        data: the vintage.
        preset: a shipped set of limits.
        limits: a file of one's own, on top of it.
        without, only, extra: ids of limits to leave out, to keep alone, to count although they are only reported.
        rho: correlation of limits with a common factor; that of the file unless given.
        theta: how late growth slows before a soft limit.
        draws: how many worlds.
        thresholds: amounts to look for, in FLOP.
        far: allow more than seven years past the data.

    Raises:
        UsageError: everything that is wrong with the request.
        NotFound, DataError: no such vintage, preset, limit or file, or a bad one.

    >>> outlook = project(2023, preset="openai-2018")
    >>> round(outlook.crossing("hardware-budget")["p50"] or outlook.years[-1], 1)
    2023.0
    """
    problems, beliefs = _checked(growth=growth, level=level, theta=theta)
    if bias_dex is not None and not correction:
        problems.append(Problem("bias_dex", "is a correction, and none was asked for"))
    begin = _day(start, problems)
    problems += _numbers(draws, rho, bias_dex, thresholds)
    found = limit_files.limits(preset, limits)
    try:
        found = found.chosen(without=without, only=only, extra=extra)
    except UsageError as error:
        problems += error.problems
    except NotFound as error:
        if not problems:
            raise
        problems.append(str(error))
    if problems:
        raise UsageError.of(problems)
    worlds = Worlds(draws, found.rho if rho is None else rho)
    begun = choose(
        worlds,
        beliefs,
        stated=found.start,
        day=begin,
        level=level,
        bias_dex=bias_dex,
        correction=correction,
        answer=answer,
        data=data,
    )
    _far_enough(begun, to, far)
    price = price_line(found.price, worlds) if found.price else None
    paths = {name: limit_path(limit, worlds, begun, price) for name, limit in found.limits.items()}
    bounds = [Bound(paths[name], limit.kind == "soft", limit.included) for name, limit in found.limits.items()]
    lateness = worlds.draw("theta", beliefs["theta"])
    return Projection(
        asked={
            "to": to,
            "preset": preset,
            "limits_file": str(limits) if limits else None,
            "without": list(without),
            "only": list(only),
            "with": list(extra),
            "rho": worlds.rho,
            "theta": theta,
            "draws": draws,
            "bias_dex": begun.bias_dex,
            "correction": correction and bias_dex is None,
        },
        start=begun,
        limits=found,
        paths=paths,
        price=price,
        simulation=simulate(begun, bounds, to, lateness),
        thresholds=sorted(thresholds),
    )


def _checked(*, growth: str | None, level: str, theta: str) -> tuple[list[Problem | str], dict[str, Distribution]]:
    """What the texts say, and what is wrong with them."""
    problems: list[Problem | str] = []
    beliefs: dict[str, Distribution] = {}

    def read(name: str, text: str, reader: Callable[[str], Distribution], hint: str = "") -> None:
        try:
            beliefs[name] = reader(text)
        except UsageError as error:
            problems.append(Problem(name, f"{error}{hint}"))

    if growth is not None:
        read("growth", growth, rate)
    if level not in LEVELS:
        read("level", level, lambda text: positive(text, "FLOP"), f"; or one of {', '.join(LEVELS)}")
    read("theta", theta, rate)
    return problems, beliefs


def _day(start: date | str | None, problems: list[Problem | str]) -> date | None:
    try:
        return None if start is None else day(start)
    except NotationError as error:
        problems.append(Problem("from", str(error)))
        return None


def _numbers(draws: int, rho: float | None, bias_dex: float | None, thresholds: Sequence[float]) -> list[Problem]:
    problems = []
    if not LEAST_DRAWS <= draws <= MOST_DRAWS:
        problems.append(Problem("draws", f"between {LEAST_DRAWS} and {MOST_DRAWS:,} are wanted, got {draws}"))
    if rho is not None and not 0 <= rho <= 1:
        problems.append(Problem("rho", f"a correlation between 0 and 1 is wanted, got {rho:g}"))
    if bias_dex is not None and not abs(bias_dex) <= 2:
        problems.append(Problem("bias_dex", f"between -2 and 2 decimal logarithms are wanted, got {bias_dex:g}"))
    problems += [
        Problem("threshold", f"a finite number of FLOP above 0 is wanted, got {flop:g}")
        for flop in thresholds
        if not (math.isfinite(flop) and flop > 0)
    ]
    return problems


def _far_enough(start: Start, to: int, far: bool) -> None:
    """Refuse what is no future, or no future that the data speak of."""
    if not FIRST_YEAR <= start.year <= to <= LAST_YEAR or to == start.year:
        said = f"{to} is not after the start, {start.year:.1f}, between {FIRST_YEAR} and {LAST_YEAR}"
        raise UsageError.of([Problem("to", f"{said}; give a later year, or an earlier start")])
    gap = to - decimal_year(start.last)
    if gap > FARTHEST and not far:
        said = f"{to} is {gap:.1f} years past the last point of the data ({start.last})"
        hint = f"more than {FARTHEST:g} is a guess: say --far (far=True) if that is what is wanted"
        raise UsageError.of([Problem("to", f"{said}; {hint}")])
    if float(np.max(start.at(to))) > math.log(LARGEST):
        said = f"growth leads above {LARGEST:g} FLOP by {to}; give less growth, or an earlier year"
        raise UsageError.of([Problem("to", said)])
