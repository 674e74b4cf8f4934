"""How fast does it grow? A question with all its definitions → points → a fit → an answer that names them.

Nothing here knows today: a question names its data, its models, its window and its way to fit, and the same question
has the same answer, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal, cast, get_args

import numpy as np

from comptometer import hardware_tables, vintages
from comptometer.collection import Models
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.library import library
from comptometer.model_row import ModelRow
from comptometer.notebook import Drawable
from comptometer.population import Candidate, Wanted, population
from comptometer.quantities import ChipQuantity, Quantity, is_of_chips, quantity
from comptometer.release import data_version
from comptometer.store import folded
from comptometer.trends import DAYS_PER_YEAR, FITS, Points, Resampling, Trend, as_date
from comptometer.trends.frontier import Corrected, Frontier, corrected, reselected

Values = Literal["reported", "estimates"]
Unit = Literal["organization", "model"]
FIRST = date(2010, 1, 1)
SPREAD_DEX = {"confident": 0.15, "likely": 0.35, "speculative": 0.6}  # of a table's figure, by its word of confidence
UNSAID_DEX = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        quantity: what grows; see `quantities`.
        wanted: which models; see `population`.
        data: the vintage.
        values: the table's reported values, or our own estimates (of training compute).
        method: how to fit: the name of a fit in `trends`.
        options: of that method.
        by: what is resampled: organizations with all their models, or models.
        draws: how many resamples.
        noise: are the values redrawn in each resample, as uncertain as they are?
    """

    quantity: str = "compute"
    wanted: Wanted = field(default_factory=lambda: Wanted(since=FIRST))
    data: str = vintages.DEFAULT
    values: Values = "reported"
    method: str = "log-linear"
    options: Mapping[str, Any] = field(default_factory=dict)
    by: Unit = "organization"
    draws: int = 10_000
    noise: bool = False

    @property
    def name(self) -> str:
        """Identity of the question; orders its resampling."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One model in a trend: its day, its value, whose it is, and how sure the value is (sd in dex)."""

    name: str
    day: date
    value: float
    organization: str
    spread: float


@dataclass(frozen=True, kw_only=True)
class Answer(Drawable):
    """What came out.

    Attributes:
        question: with every definition.
        quantity: what grows.
        observations: the points, by date.
        excluded: models left out, by reason.
        missing_by_year: share of the models asked about that have no value, by year of publication.
        trend: the fit.
        level: of the line on the last day, corrected for the winner's curse, where models were chosen by uncertain
            values and these are redrawn.
    """

    question: Question
    quantity: Quantity | ChipQuantity
    observations: Sequence[Observation]
    excluded: Mapping[str, int]
    missing_by_year: Mapping[int, float]
    trend: Trend
    level: Corrected | None = None

    @cached_property
    def without_one(self) -> Sequence[tuple[str, float]]:
        """Growth a year of the straight line without each organization (or model, where models are resampled)."""
        owners = [o.organization if self.question.by == "organization" else o.name for o in self.observations]
        days = np.array([o.day.toordinal() for o in self.observations], dtype=np.float64)
        logs = np.log10([o.value for o in self.observations])
        found = []
        for owner in dict.fromkeys(owners):
            kept = np.array([other != owner for other in owners])
            if kept.sum() >= 3 and np.ptp(days[kept]):
                slope = float(np.polyfit(days[kept] - days[0], logs[kept], 1)[0])
                found.append((owner, float(10 ** (slope * DAYS_PER_YEAR))))
        return sorted(found, key=lambda pair: pair[1])

    def to_dict(self, *, points: bool = False) -> dict[str, Any]:
        """The JSON object of `comptometer trend` (schema `comptometer/trend/1`)."""
        wanted, asked = self.question.wanted, self.question
        document: dict[str, Any] = {
            "schema": "comptometer/trend/1",
            "data_version": data_version(),
            "question": {
                "id": asked.name,
                "quantity": self.quantity.name,
                "unit": self.quantity.unit,
                "data": asked.data,
                "values": asked.values,
                "method": asked.method,
                "options": dict(asked.options),
                "by": asked.by,
                "draws": asked.draws,
                "noise": asked.noise,
                **{key: _plain(value) for key, value in asdict(wanted).items()},
            },
            "n": self.trend.n,
            "organizations": len({o.organization for o in self.observations}),
            "first": self.observations[0].day.isoformat(),
            "last": self.observations[-1].day.isoformat(),
            "growth_per_year": self.trend.growth_per_year.to_dict(),
            "doubling_months": self.trend.doubling_months().to_dict(),
            "r2": self.trend.r2,
            "residual_sd_dex": self.trend.residual_sd,
            "segments": [
                {
                    "first": as_date(segment.first).isoformat(),
                    "last": as_date(segment.last).isoformat(),
                    "growth_per_year": segment.growth_per_year.to_dict(),
                    "doubling_months": segment.doubling_months().to_dict(),
                }
                for segment in self.trend.segments
            ],
            "breaks": [found.to_dict() for found in self.trend.breaks],
            "unidentified": [found.to_dict() for found in self.trend.unidentified],
            "bic": {str(count): score for count, score in self.trend.bic.items()},
            "notes": list(self.trend.notes),
            "level": self._level(),
            "without_one": [
                {"left_out": name, "growth_per_year": growth}
                for name, growth in dict.fromkeys([*self.without_one[:1], *self.without_one[-1:]])
            ],
            "excluded": dict(self.excluded),
            "missing_by_year": {str(year): share for year, share in self.missing_by_year.items()},
        }
        if points:
            document["points"] = [asdict(o) | {"day": o.day.isoformat()} for o in self.observations]
        return document

    def _level(self) -> dict[str, Any] | None:
        if self.level is None:
            return None
        row = self.level.to_dict()
        return row | {"day": as_date(row["day"]).isoformat()}


def ask(question: Question) -> Answer:
    """Answer a question.

    Raises:
        NotFound: no such quantity, vintage or method.
        UsageError: definitions that do not go together.
        NotEnoughEvidence: fewer than three points, or all on one day.
    """
    what = quantity(question.quantity)
    if question.values == "estimates" and what.name != "compute":
        raise UsageError(f"values: only training compute is estimated by us, not {what.name!r}")
    found = _of_chips(question, what) if isinstance(what, ChipQuantity) else _of_models(question, what)
    return answered(question, what, found.observations, found.excluded, found.missing_by_year, found.rivals)


def answered(
    question: Question,
    what: Quantity | ChipQuantity,
    observations: Sequence[Observation],
    excluded: Mapping[str, int],
    missing_by_year: Mapping[int, float],
    rivals: Sequence[Observation] = (),
) -> Answer:
    """Fit what was found.

    Where the values are redrawn and models were chosen by them, they are chosen anew in every resample from `rivals`,
    all that were ranked, and the level of the line is corrected for the winner's curse.

    Raises:
        NotFound: no such method.
        UsageError: an option that the method does not have.
        NotEnoughEvidence: fewer than three points, or all on one day.
    """
    if len(observations) < 3:
        left_out = ", ".join(f"{count} {reason}" for reason, count in Counter(excluded).most_common())
        raise NotEnoughEvidence(
            f"a trend needs at least 3 points, got {len(observations)} (left out: {left_out or 'none'})"
        )
    points = _points(observations)
    resampling = Resampling(name=question.name, draws=question.draws, by=question.by, noise=question.noise)
    level = None
    if question.noise and rivals and question.method == "log-linear":
        frontier, everyone = _frontier(question.wanted), _points(rivals)
        trend = reselected(everyone, resampling, frontier)
        level = corrected(everyone, resampling, frontier, float(observations[-1].day.toordinal()))
    else:
        trend = FITS[question.method](points, resampling, **question.options)
    return Answer(
        question=question,
        quantity=what,
        observations=observations,
        excluded=excluded,
        missing_by_year=missing_by_year,
        trend=trend,
        level=level,
    )


def _points(observations: Sequence[Observation]) -> Points:
    return Points.of(
        [o.day for o in observations],
        [o.value for o in observations],
        organizations=[o.organization for o in observations],
        spread_dex=[o.spread for o in observations],
        names=[o.name for o in observations],
    )


def _frontier(wanted: Wanted) -> Frontier:
    return Frontier(
        select=wanted.select,  # type: ignore[arg-type]
        top=wanted.top,
        first=float(wanted.since.toordinal()) if wanted.since else float("-inf"),
        last=float(wanted.until.toordinal()) if wanted.until else float("inf"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    observations: Sequence[Observation]
    excluded: Mapping[str, int]
    missing_by_year: Mapping[int, float]
    rivals: Sequence[Observation] = ()


def _of_models(question: Question, what: Quantity) -> _Found:
    people = population(candidates(question), question.wanted)
    excluded = Counter(people.excluded)
    observations = []
    for candidate in people.chosen:
        value = _value(candidate, what)
        if not what.counts(candidate.row):
            excluded[f"has no {what.name} of this kind"] += 1
        elif value is None or value <= 0:
            excluded[f"no {what.name}"] += 1
        else:
            observations.append(_observation(candidate.row, value))
    asked = [(candidate.row.published, _value(candidate, what)) for candidate in people.in_question]
    chosen = question.wanted.select not in {"all", "notable"} and what.name == "compute"
    rivals = [_observation(c.row, c.compute) for c in people.ranked if c.compute] if chosen else []
    return _Found(observations=observations, excluded=_some(excluded), missing_by_year=_missing(asked), rivals=rivals)


def _of_chips(question: Question, what: ChipQuantity) -> _Found:
    """Graphics processors, or with the selection "notable" the parts for machine learning."""
    wanted = question.wanted
    if wanted.select not in {"all", "notable"}:
        raise UsageError(
            f"select: of chips there are 'all' (GPUs) and 'notable' (those of machine learning), not {wanted.select!r}"
        )
    excluded: Counter[str] = Counter()
    observations, asked = [], []
    for row in hardware_tables.rows(question.data):
        value = what.value(row)
        if row.released is None:
            excluded["no date"] += 1
        elif not (row.learning if wanted.select == "notable" else row.kind == "GPU"):
            excluded["other kinds of parts"] += 1
        elif wanted.organization and folded(wanted.organization) not in folded(row.maker):
            excluded["other makers"] += 1
        elif not wanted.covers(row.released):
            excluded["outside the window"] += 1
        else:
            asked.append((row.released, value))
            if value is None:
                excluded[f"no {what.name}"] += 1
            else:
                observations.append(
                    Observation(name=row.name, day=row.released, value=value, organization=row.maker, spread=0.0)
                )
    observations.sort(key=lambda o: (o.day, o.name))
    return _Found(observations=observations, excluded=_some(excluded), missing_by_year=_missing(asked))


def _some(counts: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in counts.items() if count}


def _missing(asked: Sequence[tuple[date | None, float | None]]) -> dict[int, float]:
    """Share of those asked about that have no value, by year."""
    total = Counter(day.year for day, _ in asked if day)
    without = Counter(day.year for day, value in asked if day and value is None)
    return {year: without[year] / total[year] for year in sorted(total)}


def trend(
    *,
    quantity: str = "compute",
    select: str = "notable",
    top: int = 10,
    since: date | str | None = FIRST,
    until: date | str | None = None,
    data: str | None = None,
    values: str = "reported",
    method: str = "log-linear",
    options: Mapping[str, Any] | None = None,
    by: str = "organization",
    draws: int = 10_000,
    noise: bool = False,
    **models: Any,
) -> Answer:
    """How fast does a quantity grow?

    Args:
        quantity: of models: compute, parameters, data, time, chips, power, cost, cloud-cost or upfront-cost; of chips:
            chip-fp32, chip-matrix16, chip-memory, chip-bandwidth, fp32-per-watt, fp32-per-dollar, …
        select: all, notable, frontier (`top` at release), records or large-scale.
        top: how many make the frontier.
        since, until: first and last day of the window, as dates or text; from 2010 unless given.
        data: the vintage, or the table of chips; the newest shipped one unless given.
        values: "reported" (by the table) or "estimates" (ours, of training compute).
        method: how to fit, with its `options`.
        by: what is resampled, "organization" or "model".
        draws: how many resamples.
        noise: redraw the values in each resample, as uncertain as they are.
        models: further conditions, see `population.Wanted`: of_all, organization, country, domain, confidence,
            open_weights, fine_tunes, without.

    Raises:
        NotFound, UsageError, NotEnoughEvidence: see `ask`; all unknown or impossible conditions are said at once.

    >>> answer = trend(select="notable", data="epoch-2025-06", draws=100)
    >>> answer.trend.n, round(answer.trend.growth_per_year.estimate, 2)
    (428, 4.68)
    """
    problems = []
    known = [name for name in Wanted.__dataclass_fields__ if name not in {"select", "top", "since", "until"}]
    for name in models.keys() - set(known):
        near = get_close_matches(name, known, 1)
        problems.append(
            f"unknown condition {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}")
        )
    days: dict[str, Any] = {}
    for name, day in (("since", since), ("until", until)):
        try:
            days[name] = date.fromisoformat(day) if isinstance(day, str) else day
        except ValueError:
            problems.append(f"{name}: {day!r} is not a date; write year-month-day")
    for name, value, choices in (("values", values, get_args(Values)), ("by", by, get_args(Unit))):
        if value not in choices:
            problems.append(f"{name}: {value!r} is not one of {', '.join(choices)}")
    if draws < 1:
        problems.append(f"draws: must be at least 1, got {draws}")
    if problems:
        raise UsageError("\n".join(problems))
    wanted = Wanted(select=select, top=top, **days, **{k: v for k, v in models.items() if v is not None})
    return ask(
        Question(
            quantity=quantity,
            wanted=wanted,
            data=data or (hardware_tables.DEFAULT if is_of_chips(quantity) else vintages.DEFAULT),
            values=cast(Values, values),
            method=method,
            options=options or {},
            by=cast(Unit, by),
            draws=draws,
            noise=noise,
        )
    )


def candidates(question: Question) -> list[Candidate]:
    """Every model of the vintage with the training compute that ranks it: as the table has it, or as we estimate it."""
    if question.values == "reported":
        return [Candidate(row, row.compute) for row in vintages.vintage(question.data).rows]
    computed = {row["id"]: row["training_compute_flop"] for row in Models(question.data).computed()}
    items = library(question.data).items.values()
    return [Candidate(item.row, computed[item.id]) for item in items if item.row]


def _value(candidate: Candidate, what: Quantity) -> float | None:
    return candidate.compute if what.name == "compute" else what.value(candidate.row)


def _observation(row: ModelRow, value: float) -> Observation:
    assert row.published is not None
    return Observation(
        name=row.model,
        day=row.published,
        value=value,
        organization=row.organization[0] if row.organization else row.model,
        spread=SPREAD_DEX.get(row.confidence.casefold(), UNSAID_DEX),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
