"""What the checks find in one model, one dossier, the rows of a vintage, or the whole catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from comptometer import account, editions, vintages
from comptometer.catalogue import Entry, attempt
from comptometer.checks import RULES, SEVERITIES, Case, Finding, Rule, Severity, findings
from comptometer.derivation import job
from comptometer.errors import NotFound
from comptometer.library import Item, Library, library
from comptometer.records import Dossier
from comptometer.release import data_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was looked at, and what was found, worst first.

    Attributes:
        of: the model, file or vintage that was asked for; "catalogue" for all.
        data: the vintage that the rows are from; empty for a file.
        models: how many were looked at.
        rules: those that were asked.
        findings: what they found.
    """

    of: str
    data: str
    models: int
    rules: Sequence[Rule]
    findings: Sequence[Finding]

    def counts(self) -> Mapping[str, int]:
        """Findings of each rule that found some, most first."""
        return dict(Counter(finding.id for finding in self.findings).most_common())

    def holds(self, severity: Severity) -> bool:
        """Is something found that is at least so severe?"""
        worst = SEVERITIES.index(severity)
        return any(SEVERITIES.index(finding.severity) <= worst for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer check` (schema `comptometer/check/1`)."""
        severities = Counter(finding.severity for finding in self.findings)
        return {
            "schema": "comptometer/check/1",
            "data_version": data_version(self.data),
            "of": self.of,
            "data": self.data,
            "models": self.models,
            "counts": {severity: severities[severity] for severity in SEVERITIES},
            "by_rule": dict(self.counts()),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def rules_named(names: Iterable[str]) -> list[Rule]:
    """The rules of these names; all of them where none is given.

    Raises:
        NotFound: no such rule, with the nearest names.
    """
    wanted = list(dict.fromkeys(names)) or list(RULES)
    for name in wanted:
        if name not in RULES:
            raise NotFound("rule", name, get_close_matches(name, RULES, 3, 0.4) or list(RULES)[:6])
    return [RULES[name] for name in wanted]


def of_dossier(dossier: Dossier, company: Library | None = None) -> Case:
    """A dossier as the rules see it.

    Raises:
        UsageError, DataError: an architecture that cannot be counted.
    """
    parts = job(dossier)
    found = attempt(dossier)
    entry = found if isinstance(found, Entry) else None
    told = account.of_dossier(dossier, parts, entry)
    return Case(id=dossier.id, account=told, evidence=parts.whole, entry=entry, company=company)


def of_item(item: Item, company: Library | None = None) -> Case:
    """A model on file: its dossier, or the row that stands for it."""
    if item.curated or item.row is None:
        case = of_dossier(item.dossier(aside=False), company)
        return replace(case, editions=editions.of(item, case.entry))
    return Case(
        id=item.id,
        account=account.of_row(item.row, item.vintage),
        evidence=job(item.dossier()).whole,
        row=item.row,
        history=item.history,
        company=company,
    )


def inspect_dossier(dossier: Dossier, place: str, rules: Sequence[Rule]) -> Inspection:
    """Look at one dossier that is not of the catalogue."""
    found = findings(of_dossier(dossier), rules)
    return Inspection(of=place, data="", models=1, rules=rules, findings=found)


def inspect_model(name: str, data: str | None, rules: Sequence[Rule]) -> Inspection:
    """Look at one model: its dossier, or with a vintage the row of that vintage.

    Raises:
        NotFound: no such model or vintage.
    """
    company = library(data or vintages.DEFAULT, curated=data is None)
    item = company.item(name)
    found = findings(of_item(item, company), rules)
    return Inspection(of=item.id, data=company.vintage, models=1, rules=rules, findings=found)


def inspect_all(data: str | None, rules: Sequence[Rule]) -> Inspection:
    """Look at the whole catalogue, or with a vintage at the rows of that vintage.

    Raises:
        NotFound: no such vintage.
    """
    company = library(data or vintages.DEFAULT, curated=data is None)
    items = [item for item in company.items.values() if data is None or item.vintage == data]
    found = [finding for item in items for finding in findings(of_item(item, company), rules)]
    found.sort(key=lambda finding: (SEVERITIES.index(finding.severity), finding.id))
    return Inspection(of=data or "catalogue", data=company.vintage, models=len(items), rules=rules, findings=found)
