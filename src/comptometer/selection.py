"""Which models are meant: conditions on a row of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from difflib import get_close_matches
from typing import Any, Self

from comptometer.days import window
from comptometer.distribution import Point
from comptometer.errors import ComptometerError, NotFound, Problem, UsageError
from comptometer.population import held_by
from comptometer.store import folded
from comptometer.vocabulary import DOMAINS, read

METHODS = ("operations", "parameters-tokens", "hardware-time", "reported")
VERDICTS = ("consistent", "tension", "conflict", "single-method", "none")
NAMES: Mapping[str, tuple[str, ...]] = {"domain": DOMAINS, "method": METHODS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which models are meant; what is not given holds for all.

    Attributes:
        since, until: first and last day of publication.
        organization, country: text that the developers or their countries hold.
        domain: one of the vocabulary's.
        find: text that the name or another name of the model holds.
        notable, open_weights: as the table says.
        method: a method that the evidence allows.
        verdict: of `VERDICTS`; "none" where no method could run.
        origin: "curated", or the id of a vintage.
        at_least, at_most: bounds of the median training compute with that of the base models, in FLOP. Where only
            what was spent on top of a base model is known, that is a lower bound: enough for `at_least`, never for
            `at_most`.
    """

    since: date | None = None
    until: date | None = None
    organization: str = ""
    country: str = ""
    domain: str = ""
    find: str = ""
    notable: bool | None = None
    open_weights: bool | None = None
    method: str = ""
    verdict: str = ""
    origin: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def of(cls, **conditions: Any) -> Self:
        """From conditions as a caller writes them; dates and amounts may be text, and nothing stands for no condition.

        Raises:
            UsageError: an unknown condition, or a value that it cannot have; says all that is wrong.
            NotFound: a domain or method that there is not.
        """
        known = [field.name for field in fields(cls)]
        problems: list[Problem | str] = []
        for key in conditions.keys() - known:
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            problems.append(f"unknown condition {key!r}; {hint}")
        given = {key: value for key, value in conditions.items() if value is not None and key in known}
        given |= {key: given[key].casefold() for key in NAMES if isinstance(given.get(key), str)}
        if given.get("verdict", VERDICTS[0]) not in {"", *VERDICTS}:
            problems.append(Problem("verdict", f"{given['verdict']!r} is not one of {', '.join(VERDICTS)}"))
        given["since"], given["until"], misread = window(given.get("since"), given.get("until"))
        problems += [*misread, *_read_bounds(given)]
        lacking = [
            NotFound(key, name, get_close_matches(name, names, 2) or names)
            for key, names in NAMES.items()
            if (name := given.get(key)) and name not in names
        ]
        if problems:
            raise UsageError.of([*problems, *map(str, lacking)])
        if lacking:
            raise lacking[0]
        return cls(**given)

    def check_names(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Refuse text that no row holds: it is misspelt.

        Raises:
            NotFound: such an organization, country or origin, with the nearest.
        """
        rows = list(rows)
        if self.organization:
            held_by("organization", [self.organization], {row["developer"] for row in rows})
        if self.country:
            held_by("country", [self.country], {name for row in rows for name in row["country"].split("; ")})
        origins = {row["origin"] for row in rows}
        if self.origin and self.origin not in origins:
            raise NotFound("origin", self.origin, get_close_matches(self.origin, origins, 2) or sorted(origins))

    @property
    def computes(self) -> bool:
        """Does it ask for something that has to be computed first?"""
        return bool(self.method or self.verdict or self.at_least is not None or self.at_most is not None)

    @property
    def without_results(self) -> Self:
        """The conditions on what is on file, before anything is computed."""
        return replace(self, method="", verdict="", at_least=None, at_most=None)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Is the model with this row of the catalogue meant?"""
        published, total = row["published"], row["total_compute_flop"]
        least = row["training_compute_flop"] if total is None else total
        return (
            (self.since is None or (published is not None and published >= self.since))
            and (self.until is None or (published is not None and published <= self.until))
            and folded(self.organization) in folded(row["developer"])
            and folded(self.country) in folded(row["country"])
            and (not self.domain or self.domain in row["domain"])
            and any(folded(self.find) in folded(name) for name in row["names"])
            and (self.notable is None or self.notable == row["notable"])
            and (self.open_weights is None or self.open_weights == row["open_weights"])
            and self.origin in {"", row["origin"]}
            and (not self.method or self.method in row["methods"])
            and self.verdict in {"", row["verdict"]}
            and (self.at_least is None or (least is not None and least >= self.at_least))
            and (self.at_most is None or (total is not None and total <= self.at_most))
        )


def _read_bounds(given: dict[str, Any]) -> list[Problem]:
    """Read the bounds of training compute, in place; what is wrong with them."""
    problems = []
    for key in ("at_least", "at_most"):
        if isinstance(given.get(key), str):
            try:
                given[key] = _flop(given[key])
            except ComptometerError as error:
                problems.append(Problem(key, str(error)))
                del given[key]
    low, high = given.get("at_least"), given.get("at_most")
    if low is not None and high is not None and low > high:
        problems.append(Problem("at_least", f"{low:g} FLOP is more than {high:g}, the most (at_most)"))
    return problems


def _flop(text: str) -> float:
    belief = read("compute", text, bare=True)
    if not isinstance(belief, Point):
        raise UsageError(f"{text!r} must be one number; write e.g. 1e25, or '450 pfs-day'")
    return belief.value
