"""What a caller wants to have checked: a model of the catalogue, a dossier, a vintage, or all there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

from comptometer import inspection, request
from comptometer.checks import SEVERITIES, Rule, Severity
from comptometer.errors import NotFound, Problem, UsageError
from comptometer.inspection import Inspection
from comptometer.records import Dossier


def check(
    source: str | Path | Dossier | None = None,
    *,
    data: str | None = None,
    rule: str | Sequence[str] = (),
    severity: Severity = "note",
    as_of: date | str | None = None,
) -> Inspection:
    """Is the evidence plausible? Nothing is corrected.

    Args:
        source: a model of the catalogue, or a dossier or its path; the whole catalogue where none is given.
        data: look at the rows of this vintage, not at the catalogue.
        rule: ask these rules only.
        severity: keep the findings that are at least so severe.
        as_of: refuse dates of a dossier after this day.

    Raises:
        UsageError: an empty name, a vintage for a dossier, no such severity.
        NotFound: no such model, file, vintage or rule.
        DataError: a dossier with problems, all of them.

    >>> found = check("opt-175b", data="epoch-2025-06", severity="warning")
    >>> found.models, all(finding.severity != "note" for finding in found.findings)
    (1, True)
    """
    if severity not in get_args(Severity):
        raise UsageError.of([Problem("severity", f"{severity!r} is not one of {', '.join(SEVERITIES)}")])
    rules = inspection.rules_named([rule] if isinstance(rule, str) else rule)
    found = _looked_at(source, data, rules, as_of)
    worst = SEVERITIES.index(severity)
    return replace(found, findings=[one for one in found.findings if SEVERITIES.index(one.severity) <= worst])


def _looked_at(
    source: str | Path | Dossier | None, data: str | None, rules: Sequence[Rule], as_of: date | str | None
) -> Inspection:
    if source is None:
        return inspection.inspect_all(data, rules)
    if isinstance(source, Dossier | Path) or source.endswith((".toml", ".json")):
        place = source.id if isinstance(source, Dossier) else str(source)
        if data is not None:
            raise UsageError.of([Problem("data", f"{place} is a dossier, which has no vintage")])
        return inspection.inspect_dossier(request.dossier(source, as_of=as_of), place, rules)
    if not source.strip():
        raise UsageError("the name of the model is empty; leave it out to look at the whole catalogue")
    try:
        return inspection.inspect_model(source, data, rules)
    except NotFound:
        if data is not None:
            raise
        return inspection.inspect_dossier(request.dossier(source, as_of=as_of), source, rules)
