"""A question about growth with all its definitions, the points that it is about, and its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

import numpy as np

from comptometer import vintages
from comptometer.effective_growth import EffectiveGrowth, effective_growth
from comptometer.errors import Problem, UsageError
from comptometer.notebook import Drawable
from comptometer.population import Wanted
from comptometer.prediction import Prediction, predicted
from comptometer.quantities import ChipQuantity, Quantity
from comptometer.release import data_version
from comptometer.trends import DAYS_PER_MONTH, DAYS_PER_YEAR, Points, Resampling, Trend, as_date
from comptometer.trends.frontier import Corrected, Frontier, corrected

Values = Literal["reported", "estimated"]
Unit = Literal["organization", "model"]
FIRST = date(2010, 1, 1)
CURSE_DRAWS = 2000  # of which the bias is a mean: known to 0.003 dex


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

    def to_dict(self, unit: str) -> dict[str, Any]:
        """Every definition, with the unit of the quantity."""
        return {
            "id": self.name,
            "quantity": self.quantity,
            "unit": unit,
            "data": self.data,
            "values": self.values,
            "method": self.method,
            "options": dict(self.options),
            "by": self.by,
            "draws": self.draws,
            "noise": self.noise,
            **{key: _plain(value) for key, value in asdict(self.wanted).items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One model in a trend: its day, its value, whose it is, and how sure the value is (sd in dex)."""

    name: str
    day: date
    value: float
    organization: str
    spread: float


@dataclass(frozen=True, kw_only=True, eq=False)  # an answer is itself: it holds arrays, and is kept by identity
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
        rivals: all that were ranked, where models were chosen by their values.
        prediction: of the line on a day that was asked for.
        effective: growth of effective compute, where it was asked for.
    """

    question: Question
    quantity: Quantity | ChipQuantity
    observations: Sequence[Observation]
    excluded: Mapping[str, int]
    missing_by_year: Mapping[int, float]
    trend: Trend
    level: Corrected | None = None
    rivals: Sequence[Observation] = ()
    prediction: Prediction | None = None
    effective: EffectiveGrowth | None = None

    def predicting(self, day: date | str, *, far: bool = False) -> Answer:
        """The same answer with what the fit says of another day.

        Args:
            day: a date, or text; of a month or a year its first day.
            far: allow more than seven years from the data.

        Raises:
            UsageError: no such day, or one that lies too far away.
        """
        ends = self.observations[0].day, self.observations[-1].day
        return replace(self, prediction=predicted(self.trend, ends, day, unit=self.quantity.unit, far=far))

    def with_effective(self, *, rate: str | None = None, halving: str | None = None) -> Answer:
        """The same answer with the growth of effective compute beside that of physical FLOP.

        Args:
            rate: a published rate of algorithmic progress; by the domain asked for unless given.
            halving: a rate of one's own: months until half the compute will do.

        Raises:
            UsageError: the trend is not of FLOP, or both a rate and a halving time.
            NotFound: no such rate.
        """
        if self.quantity.unit != "FLOP":
            said = f"is of training compute in FLOP, and the trend is of {self.quantity.name}"
            raise UsageError.of([Problem("effective", said)])
        ends, wanted = (self.observations[0].day, self.observations[-1].day), self.question.wanted
        found = effective_growth(
            self.trend, ends, domain=wanted.domain, select=wanted.select, rate=rate, halving=halving
        )
        return replace(self, effective=found)

    def winners_curse(self, day: date) -> Corrected | None:
        """The level of a frontier on a day, corrected for having been chosen from uncertain values.

        Nothing where models were not chosen by their values, or these are known exactly.
        """
        if not self.rivals or not any(one.spread for one in self.rivals):
            return None
        resampling = resampling_of(self.question)
        fewer = replace(resampling, draws=min(resampling.draws, CURSE_DRAWS))
        return corrected(points_of(self.rivals), fewer, frontier_of(self.question.wanted), float(day.toordinal()))

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
            "data_version": data_version(asked.data),
            "data": asked.data,
            "quantity": self.quantity.key or self.quantity.name,
            "select": wanted.select,
            "since": _plain(wanted.since),
            "until": _plain(wanted.until),
            "method": asked.method,
            "values": asked.values,
            "month_days": DAYS_PER_MONTH,
            "resampling": {"draws": asked.draws, "unit": asked.by},
            "question": asked.to_dict(self.quantity.unit) | {"quantity": self.quantity.name},
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
            "prediction": self.prediction.to_dict() if self.prediction else None,
            "effective": self.effective.to_dict() if self.effective else None,
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


def resampling_of(question: Question) -> Resampling:
    """How the points of a question are resampled."""
    return Resampling(name=question.name, draws=question.draws, by=question.by, noise=question.noise)


def points_of(observations: Sequence[Observation]) -> Points:
    """Observations as a fit takes them."""
    return Points.of(
        [o.day for o in observations],
        [o.value for o in observations],
        organizations=[o.organization for o in observations],
        spread_dex=[o.spread for o in observations],
        names=[o.name for o in observations],
    )


def frontier_of(wanted: Wanted) -> Frontier:
    """Who is meant, where models are chosen by their values."""
    return Frontier(
        select=wanted.select,  # type: ignore[arg-type]
        top=wanted.top,
        first=float(wanted.since.toordinal()) if wanted.since else float("-inf"),
        last=float(wanted.until.toordinal()) if wanted.until else float("inf"),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
