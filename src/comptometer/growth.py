"""How fast does it grow? A question with all its definitions → points → a fit → an answer that names them.

Nothing here knows today: a question names its data, its models, its window and its way to fit, and the same question
has the same answer, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, cast, get_args

from comptometer import hardware_tables, vintages
from comptometer.answers import FIRST, Unit, Values, frontier_of, points_of, resampling_of
from comptometer.answers import Answer as Answer
from comptometer.answers import Observation as Observation
from comptometer.answers import Question as Question
from comptometer.collection import Models
from comptometer.days import day, window
from comptometer.errors import NotationError, NotEnoughEvidence, Problem, UsageError
from comptometer.library import library
from comptometer.model_row import ModelRow
from comptometer.population import FRONTIERS, Candidate, Wanted, check_names, population
from comptometer.quantities import ChipQuantity, Quantity, canonical, is_of_chips, quantity
from comptometer.store import folded
from comptometer.trends import FITS
from comptometer.trends.frontier import corrected, reselected

SPREAD_DEX = {"confident": 0.15, "likely": 0.35, "speculative": 0.6}  # of a table's figure, by its word of confidence
UNSAID_DEX = 0.35
LEAST_DRAWS, MOST_DRAWS = 100, 100_000  # fewer have no 5% quantile worth the name, more take minutes
TOP = 10
OPTIONS = ("breaks", "knot", "join", "quantile")  # of fits
OLD_WORDS = {"estimates": "estimated"}  # still accepted
# Conditions on models that mean nothing of chips, with the value that stands for no condition.
OF_MODELS: Mapping[str, Any] = {
    "of_all": False, "country": "", "domain": "", "confidence": (), "open_weights": None, "fine_tunes": True,
    "without": (),
}  # fmt: skip


def ask(question: Question) -> Answer:
    """Answer a question.

    Raises:
        NotFound: no such quantity, vintage or method.
        UsageError: definitions that do not go together.
        NotEnoughEvidence: fewer than three points, or all on one day.
    """
    what = quantity(question.quantity)
    if question.values == "estimated" and what.name != "compute":
        raise UsageError.of([Problem("values", f"only training compute is estimated by us, not {what.name!r}")])
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
    points = points_of(observations)
    resampling = resampling_of(question)
    level = None
    if question.noise and rivals and question.method == "log-linear":
        frontier, everyone = frontier_of(question.wanted), points_of(rivals)
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
        rivals=rivals,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    observations: Sequence[Observation]
    excluded: Mapping[str, int]
    missing_by_year: Mapping[int, float]
    rivals: Sequence[Observation] = ()


def _of_models(question: Question, what: Quantity) -> _Found:
    everyone = candidates(question)
    check_names([candidate.row for candidate in everyone], question.wanted)
    people = population(everyone, question.wanted)
    excluded = Counter(people.excluded)
    observations = []
    for candidate in people.chosen:
        value = value_of(candidate, what)
        if not what.counts(candidate.row):
            excluded[f"has no {what.name} of this kind"] += 1
        elif value is None or value <= 0:
            excluded[f"no {what.name}"] += 1
        else:
            observations.append(_observation(candidate.row, value))
    asked = [(candidate.row.published, value_of(candidate, what)) for candidate in people.in_question]
    chosen = question.wanted.select in FRONTIERS and what.name == "compute"
    rivals = [_observation(c.row, c.compute) for c in people.ranked if c.compute] if chosen else []
    return _Found(observations=observations, excluded=_some(excluded), missing_by_year=_missing(asked), rivals=rivals)


def _of_chips(question: Question, what: ChipQuantity) -> _Found:
    """Graphics processors, or with the selection "notable" the parts for machine learning."""
    wanted = question.wanted
    problems = [
        Problem(name, f"is of models, and means nothing of {what.label.lower()}")
        for name, none in OF_MODELS.items()
        if getattr(wanted, name) != none
    ]
    if wanted.select in FRONTIERS:
        said = f"of chips there are 'all' (GPUs) and 'notable' (those of machine learning), not {wanted.select!r}"
        problems.append(Problem("select", said))
    if problems:
        raise UsageError.of(problems)
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
    top: int | None = None,
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
    """How fast does a quantity of a pinned table grow?

    Args:
        quantity: of models: compute, parameters, data, time, chips, power, cost, cloud-cost or upfront-cost; of chips:
            chip-fp32, chip-matrix16, chip-memory, chip-bandwidth, fp32-per-watt, fp32-per-dollar, …
        select: all, notable, frontier (`top` at release), record, large-scale or regular-scale.
        top: how many make the frontier; ten unless given.
        since, until: first and last day of the window, as dates or text; from 2010 unless given. A month or a year
            begins the window with its first day and ends it with its last.
        data: the vintage, or the table of chips; the newest shipped one unless given.
        values: "reported" (by the table) or "estimated" (by us, of training compute).
        method: how to fit; its `options` may also be given by name: breaks, knot, join, quantile.
        by: what is resampled, "organization" or "model".
        draws: how many resamples, from 100 to 100,000.
        noise: redraw the values in each resample, as uncertain as they are.
        models: further conditions, see `population.Wanted`: of_all, organization, country, domain, confidence,
            open_weights, fine_tunes, without.

    Raises:
        NotFound, UsageError, NotEnoughEvidence: see `ask`; all unknown or impossible conditions are said at once. A
            model, organization, country, domain or word of confidence that the table does not have is not found.

    >>> answer = trend(select="notable", data="epoch-2025-06", draws=100)
    >>> answer.trend.n, round(answer.trend.growth_per_year.estimate, 2)
    (428, 4.68)
    """
    options = fit_options(models, options)
    return ask(
        question_of(
            quantity=quantity, select=select, top=top, since=since, until=until, data=data, values=values,
            method=method, options=options, by=by, draws=draws, noise=noise, models=models,
        )
    )  # fmt: skip


def question_of(
    *,
    quantity: str,
    select: str,
    top: int | None,
    since: date | str | None,
    until: date | str | None,
    data: str | None,
    values: str,
    by: str,
    draws: int,
    models: Mapping[str, Any],
    method: str = "log-linear",
    options: Mapping[str, Any] | None = None,
    noise: bool = False,
) -> Question:
    """What is asked, from arguments as of `trend`; conditions of `population.Wanted` are in `models`.

    Raises:
        UsageError: unknown or impossible conditions, all of them.
    """
    values = OLD_WORDS.get(values, values)
    first, last, misread = window(since, until)
    problems = [*_unknown(models), *misread, *wrong_draws(draws)]
    for name, value, choices in (("values", values, get_args(Values)), ("by", by, get_args(Unit))):
        if value not in choices:
            problems.append(Problem(name, f"{value!r} is not one of {', '.join(choices)}"))
    if top is not None and select != "frontier":
        problems.append(Problem("top", f"belongs to the selection frontier, and {select} was asked for"))
    if models.get("of_all") and select not in FRONTIERS:
        problems.append(Problem("of_all", f"belongs to the selections {', '.join(FRONTIERS)}, not to {select}"))
    if problems:
        raise UsageError.of(problems)
    return Question(
        quantity=canonical(quantity),
        wanted=Wanted(
            select=select,
            top=TOP if top is None else top,
            since=first,
            until=last,
            **{k: v for k, v in models.items() if v is not None},
        ),
        data=data or (hardware_tables.DEFAULT if is_of_chips(quantity) else vintages.DEFAULT),
        values=cast(Values, values),
        method=method,
        options=options or {},
        by=cast(Unit, by),
        draws=draws,
        noise=noise,
    )


def wrong_draws(draws: int) -> list[Problem]:
    """What is wrong with a number of resamples."""
    if LEAST_DRAWS <= draws <= MOST_DRAWS:
        return []
    return [Problem("draws", f"between {LEAST_DRAWS} and {MOST_DRAWS:,} are wanted, got {draws}")]


def fit_options(given: dict[str, Any], options: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options of a fit, also those among other arguments, from which they are taken."""
    named = {name: given.pop(name) for name in OPTIONS if name in given}
    found = {**(options or {}), **{name: value for name, value in named.items() if value is not None}}
    if isinstance(breaks := found.get("breaks"), str) and breaks.isdecimal():
        found["breaks"] = int(breaks)
    if (knot := found.get("knot")) is not None:
        with suppress(NotationError):  # the fit says what is wrong
            found["knot"] = day(knot).isoformat()
    return found


def _unknown(models: Mapping[str, Any]) -> list[Problem | str]:
    """Conditions that there are not, each with the nearest that there is."""
    known = [name for name in Wanted.__dataclass_fields__ if name not in {"select", "top", "since", "until"}]
    found: list[Problem | str] = []
    for name in models.keys() - set(known):
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        found.append(f"unknown condition {name!r}; {hint}")
    return found


def candidates(question: Question) -> list[Candidate]:
    """Every model of the vintage with the training compute that ranks it: as the table has it, or as we estimate it."""
    if question.values == "reported":
        return [Candidate(row, row.compute) for row in vintages.vintage(question.data).rows]
    computed = {row["id"]: row["training_compute_flop"] for row in Models(question.data).computed()}
    items = library(question.data).items.values()
    return [Candidate(item.row, computed[item.id]) for item in items if item.row]


def value_of(candidate: Candidate, what: Quantity) -> float | None:
    """What is known of a quantity of a model; of its training compute the value that ranks it."""
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
