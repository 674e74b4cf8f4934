"""Is the evidence plausible?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from comptometer import exact_counts, text
from comptometer.evidence import Evidence, source_of
from comptometer.hypotheses import implied_utilization
from comptometer.quantity import Estimate
from comptometer.reconcile import Comparison, Reconciled

UTILIZATION_RANGE = 0.05, 0.75  # of a whole job; outside it is an error to explain
SAME = 1.10  # two ways to give chip-hours agree within this (91.5% of the published pairs do)
CLOSURE = 0.02  # by which a count and what is stated about the same network may differ without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the evidence that a reader should look at, with its figures by name."""

    id: str
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)


def _statement(comparison: Comparison, evidence: Evidence) -> bool:
    """Is one of the two a statement of which nobody says what it rests on?"""
    claim = evidence.best("compute")
    return "reported" in {comparison.first, comparison.second} and claim is not None and claim.tag is None


def findings(evidence: Evidence, count: Estimate | None, reconciled: Reconciled) -> list[Finding]:
    """Evidence that contradicts itself or what machines can do."""
    found = [
        Finding(
            id="same-evidence-conflict",
            text=f"{c.first} is {text.number(c.ratio)} times {c.second}, "
            + ("and nobody says what the statement rests on" if _statement(c, evidence) else "on the same evidence"),
            numbers={"ratio": c.ratio, "z": c.z},
        )
        for c in reconciled.comparisons
        if not c.independent and c.verdict == "conflict"
    ]
    if count is not None and (implied := implied_utilization(evidence, count)):
        low, high = UTILIZATION_RANGE
        if not low <= implied.median <= high:
            found.append(
                Finding(
                    id="implied-utilization",
                    text=f"count and chip-hours imply a utilization of {text.percent(implied.median)}; "
                    f"whole jobs lie between {text.percent(low)} and {text.percent(high)}",
                    numbers={"utilization": implied.median},
                )
            )
    found += _counted_apart(evidence)
    for about in sorted({claim.about for claim in evidence.claims if claim.belief}):
        values = [evidence.stated(claim).estimate.median for claim in evidence.rivals(about)]
        if about != "compute" and len(values) > 1 and max(values) > SAME * min(values):
            found.append(
                Finding(
                    id="claims-disagree",
                    text=f"claims about {about.replace('_', ' ')} of equal standing differ by "
                    f"{text.number(max(values) / min(values))}; the newer source counts",
                    numbers={"least": min(values), "most": max(values)},
                )
            )
    given, chips, duration = (evidence.best(about) for about in ("chip_hours", "chips", "duration"))
    if given and chips and duration:
        product = (evidence.stated(chips).estimate * evidence.stated(duration).estimate).to("chip*h").median
        ratio = evidence.stated(given).estimate.median / product
        if abs(math.log(ratio)) > math.log(SAME):
            found.append(
                Finding(
                    id="chip-hours",
                    text=f"stated chip-hours are {text.number(ratio)} times chips × duration",
                    numbers={"ratio": ratio},
                )
            )
    return found


def _counted_apart(evidence: Evidence) -> list[Finding]:
    """Where the count of an architecture differs from what is stated or printed about it, or is not complete."""
    exact = exact_counts.counted(evidence)
    if exact is None:
        return []
    found = [
        Finding(
            id="uncounted",
            text=f"the count of {exact.name} leaves out {item.operation}: {item.reason}",
            numbers={"calls": float(item.calls)},
        )
        for item in exact.count.uncounted
    ]
    stated, size = evidence.best("parameters"), exact.count.parameters
    if stated and size and _apart(ratio := size.total / evidence.stated(stated).estimate.median):
        found.append(
            Finding(
                id="parameter-closure",
                text=f"{exact.name} has {text.number(size.total, 4)} parameters, {text.number(ratio)} times those "
                f"stated ({stated.value}): is it this model?",
                numbers={"counted": float(size.total), "ratio": ratio},
            )
        )
    for claim in exact_counts.beside(evidence):
        printed = evidence.stated(claim).estimate.to("FLOP/example").median
        if _apart(ratio := exact.forward / printed):
            found.append(
                Finding(
                    id="count-and-print",
                    text=f"the count of {exact.name} is {text.number(ratio)} times the {claim.value} of "
                    f"{source_of(claim, evidence.dossier).title}, and is taken",
                    numbers={"counted": float(exact.forward), "printed": printed, "ratio": ratio},
                )
            )
    return found


def _apart(ratio: float) -> bool:
    return abs(ratio - 1) > CLOSURE
