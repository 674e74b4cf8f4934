"""Is the evidence plausible? Every other file in this folder has one rule, or a few about one thing.

A rule looks at one case (a row of a table, or a dossier) and yields a sign for whatever asks for a look: what is
odd, in which figures, by which factor, and what would settle it. It corrects nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from comptometer.account import Account
from comptometer.catalogue import Entry
from comptometer.editions import Edition
from comptometer.evidence import Evidence
from comptometer.library import Library
from comptometer.model_row import ModelRow
from comptometer.registry import Registry

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")  # worst first


@dataclass(frozen=True, kw_only=True)
class Case:
    """One model as a rule sees it.

    Attributes:
        id: of the model.
        account: what is said of its training, in plain numbers.
        evidence: its claims, as an estimate uses them.
        row: the row that this is about; none for a dossier.
        entry: the estimate of a dossier, where some method could run; none for a row.
        history: what older vintages said of a row, newest first.
        editions: what the tables say of a model with a dossier, beside the estimate.
        company: the models around it, where it is one of a catalogue.
    """

    id: str
    account: Account
    evidence: Evidence
    row: ModelRow | None = None
    entry: Entry | None = None
    history: Sequence[tuple[str, ModelRow]] = ()
    editions: Sequence[Edition] = ()
    company: Library | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What a rule found in a case.

    Attributes:
        text: what is odd, in one sentence with its figures.
        numbers: the same figures, by name; the units are in the names or plain.
        about: the figures of the account that it concerns, the most suspect first.
        factor: what the suspect figure would have to be multiplied by, if the suspicion is right.
        severity: where it is not that of the rule.
        settles: which evidence would decide, where it is not what the rule says.
        where: the place, where it is not that of the figures.
    """

    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    about: Sequence[str] = ()
    factor: float | None = None
    severity: Severity | None = None
    settles: str = ""
    where: str = ""


Look = Callable[[Case], Iterator[Sign]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of plausibility.

    Attributes:
        id: as it is printed and asked for.
        severity: error for what cannot be, warning for what is probably wrong, note for what is worth knowing.
        looks_at: what it compares, in a sentence.
        settles: which evidence would decide whether the suspicion is right.
        look: the function.
    """

    id: str
    severity: Severity
    looks_at: str
    settles: str
    look: Look


RULES: Registry[Rule] = Registry("rule", "comptometer.checks")


def rule(name: str, *, severity: Severity, looks_at: str, settles: str) -> Callable[[Look], Look]:
    """Register a function as a rule; see `Rule` for the arguments."""

    def register(look: Look) -> Look:
        RULES.add(name, Rule(id=name, severity=severity, looks_at=looks_at, settles=settles, look=look))
        return look

    return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a model that asks for a look; `factor` is what the suspect figure would be multiplied by."""

    id: str
    severity: Severity
    model: str
    name: str
    where: str
    text: str
    numbers: Mapping[str, float]
    factor: float | None
    suggestion: str

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of `comptometer check`."""
        return {
            "id": self.id,
            "severity": self.severity,
            "model": self.model,
            "name": self.name,
            "where": self.where,
            "text": self.text,
            "numbers": dict(self.numbers),
            "factor": self.factor,
            "suggestion": self.suggestion,
        }


def findings(case: Case, rules: Sequence[Rule] | None = None) -> list[Finding]:
    """What the rules find in a case, worst first.

    Args:
        case: a row or a dossier.
        rules: those to ask; all of them unless given.
    """
    found = [
        Finding(
            id=rule.id,
            severity=sign.severity or rule.severity,
            model=case.id,
            name=case.account.name,
            where=sign.where or case.account.where(*sign.about),
            text=sign.text,
            numbers=sign.numbers,
            factor=sign.factor,
            suggestion=sign.settles or rule.settles,
        )
        for rule in (RULES.values() if rules is None else rules)
        for sign in rule.look(case)
    ]
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.id))
