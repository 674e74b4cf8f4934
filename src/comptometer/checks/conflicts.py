"""Claims of a dossier that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer.checks import Case, Sign, rule


def _signs(case: Case, name: str) -> Iterator[Sign]:
    for finding in case.entry.findings if case.entry else ():
        if finding.id == name:
            yield Sign(text=finding.text, numbers=finding.numbers)


@rule(
    "same-evidence-conflict",
    severity="warning",
    looks_at="two methods that rest on the same evidence and are far apart",
    settles="what the stated result was worked out from",
)
def same_evidence_conflict(case: Case) -> Iterator[Sign]:
    """One of them is wrong, since both look at the same thing."""
    return _signs(case, "same-evidence-conflict")


@rule(
    "claims-disagree",
    severity="note",
    looks_at="claims of equal standing about one thing that differ by more than a tenth",
    settles="which of the sources is nearer to the run",
)
def claims_disagree(case: Case) -> Iterator[Sign]:
    """The newer source counts until somebody decides."""
    return _signs(case, "claims-disagree")


@rule(
    "count-and-print",
    severity="note",
    looks_at="operations of one example as printed, against the count of the architecture",
    settles="what the printed figure counts",
)
def count_and_print(case: Case) -> Iterator[Sign]:
    """Printed multiply-adds are rounded, or of another size of image."""
    return _signs(case, "count-and-print")


@rule(
    "uncounted",
    severity="note",
    looks_at="operations that the count of the architecture leaves out",
    settles="a rule for that operation",
)
def uncounted(case: Case) -> Iterator[Sign]:
    """The count is a lower bound."""
    return _signs(case, "uncounted")
