"""How does one quantity of models go with another? A question with its definitions → models with both → a power law.

Models are chosen as for growth (`growth.candidates`, `population`), and nothing here knows today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from comptometer.answers import FIRST, Question
from comptometer.errors import NotEnoughEvidence, Problem, UsageError
from comptometer.growth import candidates, question_of, value_of
from comptometer.notebook import Drawable
from comptometer.population import Candidate, check_names, population
from comptometer.quantities import ChipQuantity, Quantity, quantity
from comptometer.release import data_version
from comptometer.trends import LEAST_POINTS, Points, Resampling, numbered
from comptometer.trends._power_law import PowerLaw, power_law


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One model: its day, both its values, and whose it is."""

    name: str
    day: date
    x: float
    y: float
    organization: str


@dataclass(frozen=True, kw_only=True, eq=False)  # it holds arrays, and is kept by identity
class Relation(Drawable):
    """What came out.

    Attributes:
        question: with every definition; its quantity is y.
        y, x: the two quantities.
        pairs: models that have both, by date.
        excluded: models left out, by reason.
        asked: how many models are asked about within the window, and are of a kind that has both.
        law: the fit.
    """

    question: Question
    y: Quantity
    x: Quantity
    pairs: Sequence[Pair]
    excluded: Mapping[str, int]
    asked: int
    law: PowerLaw

    @property
    def organizations(self) -> int:
        """How many organizations the models are of."""
        return len({pair.organization for pair in self.pairs})

    def to_dict(self, *, points: bool = False) -> dict[str, Any]:
        """The JSON object of `comptometer relation` (schema `comptometer/relation/1`)."""
        law = self.law
        level = {key: 10**value if value is not None else None for key, value in law.level.to_dict().items()}
        document: dict[str, Any] = {
            "schema": "comptometer/relation/1",
            "data_version": data_version(self.question.data),
            "y": {"quantity": self.y.name, "unit": self.y.unit},
            "x": {"quantity": self.x.name, "unit": self.x.unit},
            "question": self.question.to_dict(self.y.unit),
            "n": law.n,
            "organizations": self.organizations,
            "first": self.pairs[0].day.isoformat(),
            "last": self.pairs[-1].day.isoformat(),
            "exponent": law.exponent.to_dict(),
            "middle": {"x": 10**law.middle, "y": level},
            "r2": law.r2,
            "residual_sd_dex": law.residual_sd,
            "asked": self.asked,
            "excluded": dict(self.excluded),
        }
        if points:
            document["points"] = [asdict(pair) | {"day": pair.day.isoformat()} for pair in self.pairs]
        return document


def relate(
    y: str = "compute",
    x: str = "parameters",
    *,
    select: str = "notable",
    top: int | None = None,
    since: date | str | None = FIRST,
    until: date | str | None = None,
    data: str | None = None,
    values: str = "reported",
    by: str = "organization",
    draws: int = 10_000,
    **models: Any,
) -> Relation:
    """With what power of one quantity does another go, over the models that have both?

    The fit is least squares of log10 y on log10 x: it says what y to expect at a given x, and not the other way round.

    Args:
        y, x: of models: compute, parameters, data, time, chips, power, cost, cloud-cost or upfront-cost.
        select: all, notable, frontier (`top` at release), record or large-scale; the latter three by training compute.
        top: how many make the frontier; ten unless given.
        since, until: first and last day of the window, as of `growth.trend`.
        data: the vintage; the newest shipped one unless given.
        values: "reported" (by the table) or "estimated" (by us, of training compute).
        by: what is resampled, "organization" or "model".
        draws: how many resamples, from 100 to 100,000.
        models: further conditions, see `population.Wanted`.

    Raises:
        NotFound: no such quantity, vintage, model, organization, country, domain or word of confidence.
        UsageError: definitions that do not go together, all of them.
        NotEnoughEvidence: fewer than three models with both, or all with one x.

    >>> found = relate("compute", "parameters", data="epoch-2025-06", draws=100)
    >>> found.law.n, round(found.law.exponent.estimate, 2)
    (368, 1.37)
    """
    one, other = quantity(y), quantity(x)
    _check(one, other, values)
    question = question_of(
        quantity=one.name, select=select, top=top, since=since, until=until, data=data, values=values, method="log-log",
        by=by, draws=draws, models=models,
    )  # fmt: skip
    assert isinstance(one, Quantity)
    assert isinstance(other, Quantity)
    return _related(question, one, other)


def _check(y: Quantity | ChipQuantity, x: Quantity | ChipQuantity, values: str) -> None:
    """Refuse what cannot be related.

    Raises:
        UsageError: says of which, and why.
    """
    problems = [
        Problem(name, f"{what.name!r} is of chips, and models are related")
        for name, what in (("y", y), ("x", x))
        if isinstance(what, ChipQuantity)
    ]
    if y.name == x.name:
        problems.append(Problem("x", f"{x.name!r} is y as well; another quantity is wanted"))
    if values == "estimated" and "compute" not in {y.name, x.name}:
        problems.append(Problem("values", "only training compute is estimated by us, and it is neither y nor x"))
    if problems:
        raise UsageError.of(problems)


def _related(question: Question, y: Quantity, x: Quantity) -> Relation:
    everyone = candidates(question)
    check_names([candidate.row for candidate in everyone], question.wanted)
    people = population(everyone, question.wanted)
    excluded = Counter(people.excluded)
    pairs: list[Pair] = []
    for candidate in people.chosen:
        found = _pair(candidate, y, x)
        if isinstance(found, Pair):
            pairs.append(found)
        else:
            excluded[found] += 1
    return Relation(
        question=question,
        y=y,
        x=x,
        pairs=pairs,
        excluded=dict(excluded),
        asked=sum(y.counts(candidate.row) and x.counts(candidate.row) for candidate in people.in_question),
        law=_fitted(question, x, pairs, excluded),
    )


def _pair(candidate: Candidate, y: Quantity, x: Quantity) -> Pair | str:
    """Both values of a model, or why it has not both."""
    row = candidate.row
    if kindless := [what.name for what in (y, x) if not what.counts(row)]:
        return f"has no {kindless[0]} of this kind"
    upwards, across = value_of(candidate, y) or 0.0, value_of(candidate, x) or 0.0
    if lacking := [what.name for what, value in ((y, upwards), (x, across)) if value <= 0]:
        return f"no {' and no '.join(lacking)}"
    assert row.published is not None
    organization = row.organization[0] if row.organization else row.model
    return Pair(name=row.model, day=row.published, x=across, y=upwards, organization=organization)


def _fitted(question: Question, x: Quantity, pairs: Sequence[Pair], excluded: Mapping[str, int]) -> PowerLaw:
    if len(pairs) < LEAST_POINTS:
        left_out = ", ".join(f"{count} {reason}" for reason, count in Counter(excluded).most_common())
        raise NotEnoughEvidence(
            f"a relation needs at least {LEAST_POINTS} models with both quantities, got {len(pairs)} "
            f"(left out: {left_out or 'none'})"
        )
    if len({pair.x for pair in pairs}) == 1:
        raise NotEnoughEvidence(f"all {len(pairs)} models have the same {x.name}: nothing goes with that")
    points = Points(
        days=np.array([pair.day.toordinal() for pair in pairs], dtype=np.float64),
        logs=np.log10([pair.y for pair in pairs]),
        groups=numbered([pair.organization for pair in pairs]),
    )
    resampling = Resampling(name=f"{question.name}|{x.name}", draws=question.draws, by=question.by)
    return power_law(np.log10([pair.x for pair in pairs]), points, resampling)
