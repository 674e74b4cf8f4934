"""What growth is made of: compute as chips × peak × time × utilization, and as money × FLOP per dollar.

Least squares is linear in what is fitted. So on one set of models the slopes of the logarithms of the factors add up to
the slope of the logarithm of their product, exactly; and in every resample, where all of them see the same models.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Final

from comptometer import growth, text
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.factors import COSTS, UNITS, Factors, factored, of_machines, of_money
from comptometer.growth import Answer
from comptometer.places import SHIPPED
from comptometer.population import population
from comptometer.release import data_version
from comptometer.store import source
from comptometer.trends import FITS, Fitted, Points, Resampling, Trend

SINCE: Final = date(2018, 1, 1)  # growth of the largest models has been about even since


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A factor with its own growth.

    Attributes:
        name: of the factor.
        implied: is it what remains when the others are divided out, and nothing that somebody measured?
        trend: the straight line through its logarithm.
        share: of the growth of compute, as the ratio of the slopes; nothing where the sign of that growth is unsure.
    """

    name: str
    implied: bool
    trend: Trend
    share: Fitted | None

    def to_dict(self) -> dict[str, Any]:
        """The factor, as in the JSON of `comptometer decompose`."""
        return {
            "name": self.name,
            "unit": UNITS[self.name],
            "implied": self.implied,
            "growth_per_year": self.trend.growth_per_year.to_dict(),
            "dex_per_year": self.trend.dex_per_year.to_dict(),
            "share": self.share and self.share.to_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class Split:
    """Compute and its factors on one set of models.

    Attributes:
        models: those that have every factor, by date.
        compute: the straight line through the logarithm of their training compute.
        parts: the factors; their slopes add up to that of compute, in every resample.
        excluded: models left out, by what they lack.
        notes: what a reader should know.
    """

    models: Sequence[Factors]
    compute: Trend
    parts: Sequence[Part]
    excluded: Mapping[str, int]
    notes: Sequence[str] = ()

    def part(self, name: str) -> Part:
        """The factor of this name."""
        return next(part for part in self.parts if part.name == name)

    def to_dict(self) -> dict[str, Any]:
        """The split, as in the JSON of `comptometer decompose`."""
        return {
            "n": len(self.models),
            "organizations": len({model.organization for model in self.models}),
            "first": self.models[0].day.isoformat(),
            "last": self.models[-1].day.isoformat(),
            "growth_per_year": self.compute.growth_per_year.to_dict(),
            "dex_per_year": self.compute.dex_per_year.to_dict(),
            "parts": [part.to_dict() for part in self.parts],
            "excluded": dict(self.excluded),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """What the growth of training compute is made of.

    Attributes:
        answer: growth of compute of all models asked about, those without the factors too.
        cost: which kind of cost is the money.
        seed: changes the resamples.
        machines: chips × peak × time × utilization; nothing where too few models have all of them.
        money: spending × FLOP per dollar; nothing where too few models have a cost.
        problems: why there is nothing, by name of the split.
    """

    answer: Answer
    cost: str
    seed: int
    machines: Split | None
    money: Split | None
    problems: Mapping[str, str]

    @property
    def splits(self) -> Mapping[str, Split]:
        """Those that there are, by name."""
        return {
            name: split for name, split in (("machines", self.machines), ("money", self.money)) if split is not None
        }

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer decompose` (schema `comptometer/decomposition/1`)."""
        asked, wanted = self.answer.question, self.answer.question.wanted
        return {
            "schema": "comptometer/decomposition/1",
            "data_version": data_version(),
            "data": asked.data,
            "select": wanted.select,
            "top": wanted.top,
            "since": wanted.since.isoformat() if wanted.since else None,
            "until": wanted.until.isoformat() if wanted.until else None,
            "cost": self.cost,
            "resampling": {"draws": asked.draws, "unit": asked.by, "seed": self.seed},
            "everyone": {
                "n": self.answer.trend.n,
                "growth_per_year": self.answer.trend.growth_per_year.to_dict(),
            },
            "machines": self.machines and self.machines.to_dict(),
            "money": self.money and self.money.to_dict(),
            "problems": dict(self.problems),
            "published": [
                {**row, "title": source(row["source"]).title, "url": source(row["source"]).url} for row in published()
            ],
        }


def decompose(
    *,
    select: str = "frontier",
    top: int | None = None,
    since: date | str | None = SINCE,
    until: date | str | None = None,
    data: str | None = None,
    cost: str = "cost",
    by: str = "organization",
    draws: int = 10_000,
    seed: int = 0,
) -> Decomposition:
    """Split the growth of training compute into that of its factors.

    Two splits, each on the models that have all of its factors: C = N × P × T × U with N chips of peak P (FLOP/s,
    dense, in the number format of the run) for a time T, where the utilization U is what remains; and C = M × (C / M)
    with M dollars. Models built on another are left out: their machines and their compute are of different things.

    Args:
        select: all, notable, frontier (`top` at release), records or large-scale.
        top: how many make the frontier; ten unless given.
        since, until: first and last day of the window, as dates or text.
        data: the vintage; the newest shipped one unless given.
        cost: which cost is the money: cost (amortised), cloud-cost (rented) or upfront-cost (price of the machines).
        by: what is resampled, "organization" or "model".
        draws: how many resamples.
        seed: another number gives other resamples.

    Raises:
        NotFound: no such vintage.
        UsageError: everything that is wrong with the request.
        NotEnoughEvidence: fewer than three models have what either split needs.

    >>> found = decompose(data="epoch-2025-06", draws=100)
    >>> parts = found.machines.parts
    >>> [part.name for part in parts]
    ['chips', 'peak', 'time', 'utilization']
    >>> total = sum(part.trend.dex_per_year.estimate for part in parts)
    >>> abs(total - found.machines.compute.dex_per_year.estimate) < 1e-12
    True
    """
    if cost not in COSTS:
        raise UsageError(f"cost: {cost!r} is not one of {', '.join(COSTS)}")
    answer = growth.trend(
        select=select, top=top, since=since, until=until, data=data, by=by, draws=draws, fine_tunes=False
    )
    question = answer.question
    rows = [c.row for c in population(growth.candidates(question), question.wanted).chosen if c.row.compute]
    resampling = Resampling(name=f"{question.name}|{seed}", draws=draws, by=question.by)
    found: dict[str, Split | None] = {"machines": None, "money": None}
    problems: dict[str, str] = {}
    for name, read, last in (
        ("machines", of_machines(question.data), "utilization"),
        ("money", of_money(cost), "price-performance"),
    ):
        try:
            models, lacking = factored(rows, read, last)
            split = split_of(models, resampling, implied=last)
        except NotEnoughEvidence as error:
            problems[name] = str(error)
            continue
        found[name] = replace(split, excluded=lacking, notes=_notes(split, answer))
    if not any(found.values()):
        raise NotEnoughEvidence("\n".join(f"{name}: {problem}" for name, problem in problems.items()))
    return Decomposition(
        answer=answer, cost=cost, seed=seed, machines=found["machines"], money=found["money"], problems=problems
    )


def split_of(models: Sequence[Factors], resampling: Resampling, *, implied: str = "") -> Split:
    """Fit compute and its factors to the same models.

    Args:
        models: each with the same factors, whose product is its compute.
        resampling: how; the same models are drawn for every factor.
        implied: the factor that is what remains.

    Raises:
        NotEnoughEvidence: fewer than three models, all on one day, or of one organization where these are resampled.
    """
    ordered = sorted(models, key=lambda model: (model.day, model.name))
    names = list(ordered[0].values) if ordered else []

    def fitted(values: Sequence[float]) -> Trend:
        points = Points.of(
            [model.day for model in ordered],
            values,
            organizations=[model.organization for model in ordered],
            names=[model.name for model in ordered],
        )
        return FITS["log-linear"](points, resampling)

    compute = fitted([model.compute for model in ordered])
    trends = {name: fitted([model.values[name] for model in ordered]) for name in names}
    parts = [
        Part(name=name, implied=name == implied, trend=trend, share=_share(trend, compute))
        for name, trend in trends.items()
    ]
    return Split(models=ordered, compute=compute, parts=parts, excluded={})


def _share(part: Trend, whole: Trend) -> Fitted | None:
    """The part's share of the whole slope; nothing where 90% of the resamples do not agree that the whole rises."""
    low, high = whole.dex_per_year.interval()
    if low <= 0 <= high or not whole.slope:
        return None
    return Fitted(part.slope / whole.slope, part.slopes / whole.slopes)


# Words


def _notes(found: Split, answer: Answer) -> list[str]:
    """How many of the models are here; where utilization does not stand on its own, and where it cannot be right."""
    every = answer.trend
    notes = [
        f"{len(found.models)} of {every.n} models with training compute have every factor; "
        f"the compute of all {every.n} grew {text.number(every.growth_per_year.estimate)}-fold a year"
    ]
    if "utilization" not in found.models[0].values:
        return notes
    notes.append("utilization is implied: compute over chips × peak × time, so the errors of all four are in it")
    circular = sum(model.circular for model in found.models)
    if circular:
        notes.append(
            f"for {circular} of {len(found.models)} the table worked compute out from the machines, "
            "so that their utilization is somebody's assumption"
        )
    above = [model.name for model in found.models if model.values["utilization"] > 1]
    if above:
        notes.append(f"utilization above 1, which cannot be: {', '.join(above)}")
    return notes


# Published


@cache
def published() -> tuple[Mapping[str, Any], ...]:
    """What others found, as the file has it: growth a year of one part, with the ends of an interval."""
    path = SHIPPED / "studies" / "growth-parts.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["parts"]
    return tuple({"low": None, "high": None, "interval": None, **row} for row in rows)
