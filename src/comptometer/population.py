"""Which models a trend is about: from all rows of a vintage to points, with a reason for each that is left out.

The order matters and is always the same: what the question asks of a model (organization, domain, …), then the frontier
among those, then the window. A model's rank is taken over all dates, so that a window does not make records.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import groupby
from math import log10
from statistics import fmean, pstdev

from comptometer.days import window
from comptometer.errors import NotFound, Problem, UsageError
from comptometer.model_row import ModelRow
from comptometer.store import folded

FRONTIERS = ("frontier", "record", "large-scale", "regular-scale")  # that choose models by their values
SELECTIONS = ("all", "notable", *FRONTIERS)
OLD_WORDS = {"records": "record"}  # still accepted
LARGE, SMALL = 0.76, -2.0  # standard deviations from the mean of the models within a year: Sevilla et al. 2022
YEAR = timedelta(days=365)
FEW = 12  # names that are all told where one is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which models are meant.

    Attributes:
        select: all; notable; frontier (`top` at release); record (larger than all before); large-scale (far above
            the models within a year of it); regular-scale (neither that nor far below them).
        of_all: take the frontier, the records or the large ones among all models, not only the notable ones.
        top: how many make the frontier.
        since, until: first and last day of the window.
        organization, country, domain: text that these hold; alternatives are parted by "|".
        confidence: the table's words that are accepted; all of them unless given.
        open_weights: as the table says.
        fine_tunes: also models built on another?
        without: names that are left out.
    """

    select: str = "notable"
    of_all: bool = False
    top: int = 10
    since: date | None = None
    until: date | None = None
    organization: str = ""
    country: str = ""
    domain: str = ""
    confidence: Sequence[str] = ()
    open_weights: bool | None = None
    fine_tunes: bool = True
    without: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "select", OLD_WORDS.get(self.select, self.select))
        *_, problems = window(self.since, self.until)
        if self.select not in SELECTIONS:
            problems.append(Problem("select", f"{self.select!r} is not one of {', '.join(SELECTIONS)}"))
        if self.top < 1:
            problems.append(Problem("top", f"must be at least 1, got {self.top}"))
        if problems:
            raise UsageError.of(problems)

    def covers(self, day: date | None) -> bool:
        """Does a day lie in the window?"""
        return (
            day is not None and (self.since is None or day >= self.since) and (self.until is None or day <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with the value that ranks it, and nothing where that is not known."""

    row: ModelRow
    compute: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The models that are meant.

    Attributes:
        chosen: in order of their dates.
        excluded: how many were left out, by reason.
        in_question: all that the question asks about within the window, with a value or without.
        ranked: all that were ranked, of all dates.
    """

    chosen: Sequence[Candidate]
    excluded: Mapping[str, int]
    in_question: Sequence[Candidate]
    ranked: Sequence[Candidate]


def population(candidates: Iterable[Candidate], wanted: Wanted) -> Population:
    """Choose among models.

    Source: Sevilla and Roldan 2024 for the frontier (rank at release among models of the same set), Sevilla et al. 2022
    for large-scale models.
    """
    excluded: Counter[str] = Counter()
    asked: list[Candidate] = []
    for candidate in candidates:
        reason = _unfit(candidate.row, wanted)
        if reason:
            excluded[reason] += 1
        else:
            asked.append(candidate)
    asked.sort(key=lambda candidate: (candidate.row.published, candidate.row.model))
    ranked = [candidate for candidate in asked if candidate.compute]
    kept = CHOICES[wanted.select](ranked, wanted)
    names = {"frontier": f"not among the top {wanted.top} at release", "record": "no record",
             "large-scale": "not far above its time",
             "regular-scale": "far above or below its time"}  # fmt: skip
    if wanted.select in names:
        excluded[names[wanted.select]] += len(ranked) - len(kept)
        excluded["no training compute"] += len(asked) - len(ranked)
    else:
        kept = asked
    inside = [candidate for candidate in kept if wanted.covers(candidate.row.published)]
    excluded["outside the window"] += len(kept) - len(inside)
    return Population(
        chosen=inside,
        excluded={reason: count for reason, count in excluded.items() if count},
        ranked=ranked,
        in_question=[candidate for candidate in asked if wanted.covers(candidate.row.published)],
    )


def check_names(rows: Sequence[ModelRow], wanted: Wanted) -> None:
    """Refuse what no row has: a condition on a name that is misspelt would leave out everything, or nothing.

    Raises:
        NotFound: such a model, organization, country, domain or word of confidence, with the nearest.
    """
    held: Sequence[tuple[str, str, Callable[[ModelRow], Sequence[str]]]] = (
        ("organization", wanted.organization, lambda row: row.organization),
        ("country", wanted.country, lambda row: row.country),
        ("domain", wanted.domain, lambda row: row.domain),
    )
    for what, asked, names in held:
        if asked:
            held_by(what, [asked], {name for row in rows for name in names(row)})
    if wanted.without:
        held_by("model", wanted.without, {row.model for row in rows}, whole=True)
    if wanted.confidence:
        held_by("confidence", wanted.confidence, {row.confidence for row in rows if row.confidence}, whole=True)


def held_by(what: str, asked: Iterable[str], known: Iterable[str], *, whole: bool = False) -> None:
    """Refuse a text that is none of the known names, and unless whole names are wanted no part of one either.

    Args:
        what: it is that is named.
        asked: the texts; all of them must be held, or one of those that are parted by "|".
        known: the names that there are.
        whole: must a text be a whole name?

    Raises:
        NotFound: the first of them, with the nearest names, or all of them where they are few.
    """
    near = {folded(name): name for name in sorted(known)}
    for name in asked:
        texts = [folded(part) for part in name.split("|")]
        if any(text in near or (not whole and any(text in other for other in near)) for text in texts):
            continue
        text = texts[0]
        further = [other for other in near if near[other].casefold().startswith(f"{name.casefold()} ")]
        held = [other for other in near if text and text in other]
        close = list(dict.fromkeys([*further, *get_close_matches(text, near, 3), *held]))[:3]
        raise NotFound(what, name, [near[other] for other in close or (near if len(near) <= FEW else ())])


def _unfit(row: ModelRow, wanted: Wanted) -> str:
    """Why a model is not asked about; empty where it is."""
    if row.published is None:
        return "no date"
    if wanted.select != "all" and not wanted.of_all and not row.notability:
        return "not notable"
    if folded(row.model) in {folded(name) for name in wanted.without}:
        return "left out by name"
    if not wanted.fine_tunes and row.base_model:
        return "built on another model"
    for asked, found in (
        (wanted.organization, row.organization), (wanted.country, row.country), (wanted.domain, row.domain),
    ):  # fmt: skip
        if asked and not any(folded(part) in folded(text) for part in asked.split("|") for text in found):
            return "other organizations, countries or domains"
    if wanted.confidence and row.confidence.casefold() not in {word.casefold() for word in wanted.confidence}:
        return "other confidence"
    if wanted.open_weights is not None and row.open_weights != wanted.open_weights:
        return "weights open or closed otherwise"
    return ""


# Frontiers. Candidates come in order of their dates and all have a value.


def frontier(candidates: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """The models whose rank at release is at most `top`; those of one day are ranked against one another."""
    return [c for c, before in zip(candidates, _larger(candidates), strict=True) if before < wanted.top]


def records(candidates: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """The models larger than every other that was published up to their day."""
    return [c for c, before in zip(candidates, _larger(candidates), strict=True) if before == 0]


def large_scale(candidates: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """The models more than 0.76 standard deviations above the mean logarithm of those within a year of them."""
    return [c for c, above in zip(candidates, _above(candidates), strict=True) if above > LARGE]


def regular_scale(candidates: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """The models that are not large-scale, and at most 2 standard deviations below that mean."""
    return [c for c, above in zip(candidates, _above(candidates), strict=True) if SMALL <= above <= LARGE]


def _above(candidates: Sequence[Candidate]) -> list[float]:
    """How many standard deviations each lies above the mean logarithm of those within a year of it."""
    logs = [(c.row.published or date.min, log10(c.compute or 1.0)) for c in candidates]
    found = []
    for day, own in logs:
        near = [other for when, other in logs if abs(when - day) <= YEAR]
        spread = pstdev(near)
        found.append((own - fmean(near)) / spread if spread else 0.0)
    return found


def _larger(candidates: Sequence[Candidate]) -> list[int]:
    """How many models published up to the day of each are larger."""
    found: list[int] = []
    sizes: list[float] = []
    for _, models in groupby(candidates, key=lambda candidate: candidate.row.published):
        same = [candidate.compute or 0.0 for candidate in models]
        for size in same:
            insort(sizes, size)
        found += [len(sizes) - bisect_right(sizes, size) for size in same]
    return found


CHOICES: Mapping[str, Callable[[Sequence[Candidate], Wanted], list[Candidate]]] = {
    "all": lambda candidates, wanted: list(candidates),
    "notable": lambda candidates, wanted: list(candidates),
    "frontier": frontier,
    "record": records,
    "large-scale": large_scale,
    "regular-scale": regular_scale,
}
