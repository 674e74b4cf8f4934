"""All claims about one model, turned into what the methods need.

A need is met, in this order, by a claim about it, by a rule that works it out from other needs, or by a
default. Defaults are claims like all others: they carry a source and are listed with the result.

Which of several claims counts is a rule, not an order of lines: what a caller states, then stated over derived
over assumed, then the grade of the source, then one that was read at the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from comptometer import store, units
from comptometer.distribution import Distribution, Mixture, Point
from comptometer.notation import parse
from comptometer.quantity import Estimate
from comptometer.records import HEAVY, Assumption, Chip, Claim, Dossier, Source
from comptometer.units import Unit
from comptometer.vocabulary import ABOUTS, ASSUMED, KINDS

CALLER = "caller"  # the source of what somebody gives as a flag or an argument
GRADES = ("primary", "secondary", "tertiary")
TAGS = ("model", None, "hardware", "derived-from-hardware")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A need that is met.

    Attributes:
        estimate: the value.
        text: the value as it is filled into a formula.
        claims: what it comes from.
        warnings: what the reader should know about it.
        assumed: is it (in part) a default that carries its own width?
    """

    estimate: Estimate
    text: str
    claims: Sequence[Claim]
    warnings: Sequence[str] = ()
    assumed: bool = False

    def __mul__(self, other: Known) -> Known:
        """The product, with both histories."""
        return self._joined(other, self.estimate * other.estimate, "×")

    def __truediv__(self, other: Known) -> Known:
        """The quotient, with both histories."""
        return self._joined(other, self.estimate / other.estimate, "/")

    def _joined(self, other: Known, estimate: Estimate, sign: str) -> Known:
        return Known(
            estimate=estimate,
            text=f"{self.text} {sign} {other.text}",
            claims=unique([*self.claims, *other.claims]),
            warnings=[*self.warnings, *other.warnings],
            assumed=self.assumed or other.assumed,
        )


def unique(claims: Iterable[Claim]) -> list[Claim]:
    """Each claim once, in order of appearance."""
    return list({claim.id: claim for claim in claims}.values())


Rule = Callable[["Evidence"], "Known | None"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The claims about one model or one stage of it, and what follows from them.

    Attributes:
        dossier: whose evidence it is.
        claims: those that count here.
        prefer: sources that outrank all others, best first: to compute with one document's numbers.
        only: if given, no other source's claims count.
        medians: take every belief at its median, as somebody who multiplies printed numbers does.
        rules: how needs follow from other needs (`derivation`), tried in order.
        by_rule: needs that a claim alone does not settle, so that the rules come first.
    """

    dossier: Dossier
    claims: Sequence[Claim]
    prefer: Sequence[str] = ()
    only: frozenset[str] | None = None
    medians: bool = False
    rules: Mapping[str, Sequence[Rule]]
    by_rule: frozenset[str] = frozenset()
    _memo: dict[str, Known | None] = field(default_factory=dict)

    @cached_property
    def _about(self) -> Mapping[str, list[Claim]]:
        """The claims by what they are about."""
        found: dict[str, list[Claim]] = {}
        for claim in self.claims:
            found.setdefault(claim.about, []).append(claim)
        return found

    @property
    def subject(self) -> str:
        """The id of the model."""
        return self.dossier.id

    # Choosing among claims

    def best(self, about: str, tag: str | None = "any") -> Claim | None:
        """The claim that counts, of all about the same thing."""
        found = self._about.get(about)
        if not found:
            return None
        if tag != "any" or self.only is not None:
            found = [c for c in found if tag in {"any", c.tag} and (self.only is None or c.source in self.only)]
        return min(found, key=self._rank) if len(found) > 1 else found[0] if found else None

    def rivals(self, about: str) -> list[Claim]:
        """The claims that the rule of precedence puts level at the top."""
        found = self._about.get(about, [])
        best = min(map(self.precedence, found), default=None)
        return [claim for claim in found if self.precedence(claim) == best]

    def _rank(self, claim: Claim) -> tuple[object, ...]:
        """The rule of precedence; among equals the newer source, then the name, so that no order of lines decides."""
        newest_first = tuple(-ord(character) for character in source_of(claim, self.dossier).published)
        return (self.precedence(claim), newest_first, claim.id)

    def precedence(self, claim: Claim) -> tuple[int, ...]:
        """What makes a claim count before others about the same thing: smaller comes first."""
        preferred = self.prefer.index(claim.source) if claim.source in self.prefer else len(self.prefer)
        return (
            preferred,
            claim.source != CALLER,
            KINDS.index(claim.kind),
            GRADES.index(self.grade(claim)),
            not claim.verified,
            TAGS.index(claim.tag),
        )

    def grade(self, claim: Claim) -> str:
        """How close the source of a claim is to the makers of the model."""
        return source_of(claim, self.dossier).grade

    def word(self, about: str) -> str | None:
        """The value of a claim that is a word."""
        claim = self.best(about)
        return claim.value if claim else None

    # Meeting needs

    def known(self, need: str) -> Known | None:
        """What is known about a need; nothing if neither a claim nor a rule provides it."""
        if need not in self._memo:
            self._memo[need] = self._found(need)
        return self._memo[need]

    def _found(self, need: str) -> Known | None:
        if need not in self.by_rule and (claim := self.best(need)):
            return self.stated(claim)
        return next((known for rule in self.rules.get(need, ()) if (known := rule(self))), None)

    def stated(self, claim: Claim, *, assumed: bool = False) -> Known:
        """A claim as it stands."""
        belief = claim.belief or Point(1.0)
        return Known(
            estimate=self._drawn(claim.draws_as or claim.id, belief, units.parse(unit_of(claim.about))),
            text=spelled(claim),
            claims=[claim],
            assumed=assumed,
        )

    def _drawn(self, name: str, belief: Distribution, unit: Unit) -> Estimate:
        return Estimate.draw(name, Point(median_of(belief)) if self.medians else belief, unit)

    def assumed(self, assumption: Assumption, belief: Distribution | None = None, suffix: str = "") -> Known:
        """A default, as a claim about this model."""
        return self.stated(assumption.claim(self.subject, belief=belief, suffix=suffix), assumed=True)

    # What the model and the machines are

    def value(self, need: str) -> float | None:
        """Median of a need, in the unit of the vocabulary, where it is known."""
        known = self.known(need)
        return known.estimate.median if known else None

    @property
    def sparse(self) -> bool:
        """Is it a mixture of experts, as far as the claims tell?"""
        if (self.value("experts") or 1) > 1 or self.word("mixture_of_experts") == "yes":
            return True
        total, active = self.value("parameters"), self.value("active_parameters")
        return bool(total and active and active < 0.9 * total)

    def chips(self) -> tuple[Chip, ...]:
        """The chips that the claims name: one, or the members of a family, or none."""
        for about in ("chip_hours", "chips", "peak", "duration", "precision", "compute"):
            claim = self.best(about)
            if claim and claim.chip:
                return store.chips_named(claim.chip)
        return ()


def median_of(belief: Distribution) -> float:
    """The value that lies in the middle of a belief."""
    return float(belief.quantile(np.array([0.5]))[0])


def median(claim: Claim) -> float:
    """Median of a claim, in the unit of the vocabulary."""
    return Estimate.draw(claim.id, claim.belief or Point(1.0), units.parse("")).median


def source_of(claim: Claim, dossier: Dossier) -> Source:
    """Who says it."""
    return source_named(claim.source, dossier)


def source_named(name: str, dossier: Dossier) -> Source:
    """A source in the dossier, on file, at an address, or the caller."""
    if name in dossier.sources:
        return dossier.sources[name]
    if name == CALLER:
        return Source(id=CALLER, title="given by the caller")
    if name.startswith(("http://", "https://")):
        return Source(id=name, title=name, url=name)
    return store.source(name)


def unit_of(about: str) -> str:
    """The unit of claims about something; what only assumptions speak of has a unit of its own, or none."""
    return ABOUTS[about].unit if about in ABOUTS else ASSUMED.get(about, "")


def spelled(claim: Claim) -> str:
    """The value of a claim as it was written, with its unit, ready to stand in a product."""
    return _spelled(claim.value.strip(), claim.about, bool(claim.belief and not isinstance(claim.belief, Mixture)))


@lru_cache(maxsize=4096)
def _spelled(value: str, about: str, is_number: bool) -> str:
    if value.endswith(HEAVY):
        return f"({value.removesuffix(HEAVY)})"
    if about == "epochs":
        return f"{value} epoch{'' if value == '1' else 's'}"
    unit = _PLAIN_UNITS.get(about) or units.name(units.parse(unit_of(about)))
    if is_number and f" {unit}" not in value and not parse(value).unit:
        value = f"{value} {unit}".strip()
    return f"({value})" if _COMPOUND.search(value) else value


_COMPOUND = re.compile(r"[+*^<≤]|uniform | to |\.\.|±|x/÷|×/÷|[至到–—]|\d ?/ ?\d| or ")
_PLAIN_UNITS = {"macs_per_example": "MAC", "flop_per_example": "FLOP", "peak": "FLOP/s"}


# Parts of a job


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The evidence about a whole model, and about each of its stages and segments where it has them."""

    whole: Evidence
    stages: Mapping[str, Evidence]
    segments: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def parts(self) -> list[Evidence]:
        """The whole and every part of it."""
        return [self.whole, *self.stages.values(), *self.segments.values()]


def caller_claim(
    about: str, value: str, belief: Distribution | None, where: str, subject: str, chip: str | None = None
) -> Claim:
    """Something that the caller states."""
    return Claim(
        id=f"{subject}:{about}@{CALLER}",
        about=about,
        value=value,
        belief=belief,
        kind="stated",
        source=CALLER,
        where=where,
        chip=chip,
    )
