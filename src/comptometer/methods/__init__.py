"""Claims → training compute. Every other file in this folder is one method.

The parameter names of a method are its needs; `evidence` meets them. What runs a method (here) multiplies by a
stated scale-up, adds up stages, and puts the method's own error on the result, so that a point value never
gives a point answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from comptometer import store
from comptometer.evidence import CALLER, Evidence, Job, Known, unique
from comptometer.quantity import Estimate
from comptometer.records import Claim
from comptometer.registry import Registry
from comptometer.vocabulary import ABOUTS

Witness = Literal["count", "hardware", "statement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way from claims to training compute.

    Attributes:
        name: as in the output, e.g. `hardware-time`.
        function: takes the needs, returns an amount that converts to FLOP.
        formula: how it reads with numbers; names of needs in braces.
        witness: what the method looks at; two methods that look at the same thing are not two witnesses.
        error: the assumption that holds the method's own error for given evidence; none if its inputs carry it.
        caveats: what the reader should know where the method does not quite hold.
        scales: does a stated scale-up of the whole job apply to the result?
        asked: is it said what it lacks where it cannot run? Not of what comes from a log and is stated nowhere else.
    """

    name: str
    function: Callable[..., Estimate]
    formula: str
    witness: Callable[[Evidence], Witness]
    error: Callable[[Evidence], str | None]
    caveats: Callable[[Evidence], Sequence[str]] = lambda evidence: ()
    scales: bool = True
    asked: bool = True

    @property
    def needs(self) -> tuple[str, ...]:
        """The parameters of the function."""
        return _parameters(self.function)


@cache
def _parameters(function: Callable[..., Estimate]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


METHODS: Registry[Method] = Registry("method", "comptometer.methods")


def method(
    name: str,
    *,
    formula: str,
    witness: Witness | Callable[[Evidence], Witness],
    error: str | Callable[[Evidence], str | None],
    caveats: Callable[[Evidence], Sequence[str]] = lambda evidence: (),
    scales: bool = True,
    asked: bool = True,
) -> Callable[[Callable[..., Estimate]], Callable[..., Estimate]]:
    """Register a function as a method; see `Method` for the arguments."""

    def register(function: Callable[..., Estimate]) -> Callable[..., Estimate]:
        METHODS.add(
            name,
            Method(
                name=name,
                function=function,
                formula=formula,
                witness=witness if callable(witness) else lambda evidence: witness,
                error=error if callable(error) else lambda evidence: error,
                caveats=caveats,
                scales=scales,
                asked=asked,
            ),
        )
        return function

    return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one method gives for one model.

    Attributes:
        estimate: training compute in FLOP.
        formula: the formula filled in.
        claims: what it rests on.
        roots: what the claims are about, and what those were worked out from: shared roots are shared evidence.
    """

    method: str
    witness: Witness
    estimate: Estimate
    formula: str
    claims: Sequence[Claim]
    warnings: Sequence[str] = ()
    roots: frozenset[str] = field(default_factory=frozenset)

    @property
    def second_hand(self) -> bool:
        """Is it a stated result whose author names what it was worked out from?"""
        return self.method == "reported" and any(claim.rests_on for claim in self.claims)


def outcomes(job: Job) -> tuple[dict[str, Outcome], dict[str, list[str]]]:
    """Run every method that the evidence allows.

    Returns:
        the outcomes by method, and for the methods that could not run what is missing.
    """
    found: dict[str, Outcome] = {}
    missing: dict[str, list[str]] = {}
    for name, rule in METHODS.items():
        result = _over_stages(rule, job)
        if isinstance(result, Outcome):
            found[name] = result
        elif rule.asked:
            missing[name] = result
    return found, missing


def _over_stages(rule: Method, job: Job) -> Outcome | list[str]:
    whole = outcome(rule, job.whole)
    if isinstance(whole, Outcome) and _overruled(whole):
        return whole
    segments = [outcome(rule, evidence) for evidence in job.segments.values()]
    run = [part for part in segments if isinstance(part, Outcome)]
    if run and len(run) == len(segments):
        return _summed(rule, run)
    if not job.stages:
        return whole
    parts = {name: outcome(rule, evidence) for name, evidence in job.stages.items()}
    run = [part for part in parts.values() if isinstance(part, Outcome)]
    if len(run) == len(parts):
        return _summed(rule, run)
    if isinstance(whole, Outcome) or not run:
        return whole
    return [
        f"{need} (stage {name!r})" for name, part in parts.items() if not isinstance(part, Outcome) for need in part
    ]


def _overruled(whole: Outcome) -> bool:
    """Does the caller state an amount for the whole job? Then that counts, not the stages."""
    return any(claim.source == CALLER and ABOUTS[claim.about].extensive for claim in whole.claims)


def _summed(rule: Method, parts: Sequence[Outcome]) -> Outcome:
    total = parts[0].estimate
    for part in parts[1:]:
        total = total + part.estimate
    return Outcome(
        method=rule.name,
        witness=parts[0].witness,
        estimate=total,
        formula=" + ".join(f"({part.formula})" for part in parts) if len(parts) > 1 else parts[0].formula,
        claims=unique(claim for part in parts for claim in part.claims),
        warnings=list(dict.fromkeys(warning for part in parts for warning in part.warnings)),
        roots=frozenset().union(*(part.roots for part in parts)),
    )


def outcome(rule: Method, evidence: Evidence) -> Outcome | list[str]:
    """Run one method on one part of a job; the names of the missing needs where it cannot."""
    known = {need: evidence.known(need) for need in rule.needs}
    lacking = [need for need, value in known.items() if value is None]
    if lacking:
        return [name for need in lacking for name in _leaves(need, evidence)]
    met: dict[str, Known] = {need: value for need, value in known.items() if value is not None}
    estimate = rule.function(**{need: value.estimate for need, value in met.items()}).to("FLOP")
    formula = rule.formula.format(**{need: value.text for need, value in met.items()})
    used = list(met.values())
    scale = evidence.known("scale_up")
    if rule.scales and scale and scale.claims:
        estimate, formula = estimate * scale.estimate, f"{scale.text} × {formula}"
        used.append(scale)
    if not evidence.medians and (error := rule.error(evidence)):
        width = evidence.assumed(store.assumptions()[error])
        estimate = estimate * width.estimate
        used.append(width)
    claims = unique(claim for value in used for claim in value.claims)
    return Outcome(
        method=rule.name,
        witness=rule.witness(evidence),
        estimate=estimate.to("FLOP"),
        formula=formula,
        claims=claims,
        warnings=[*(w for value in used for w in value.warnings), *rule.caveats(evidence)],
        roots=_roots(claims, evidence),
    )


def _leaves(need: str, evidence: Evidence) -> list[str]:
    """What somebody would have to supply so that a need is met."""
    match need:
        case "flop_per_example":
            return ["macs_per_example"]
        case "examples" if evidence.best("updates"):
            return ["batch_size"]
        case "examples" if evidence.best("batch_size"):
            return ["updates"]
        case "chip_hours" if evidence.best("chips"):
            return ["duration"]
        case "chip_hours" if evidence.best("duration"):
            return ["chips"]
        case "active_parameters":
            return ["parameters"]
        case "peak" if evidence.chips():
            return ["peak"]  # of a chip on which nobody trains
        case "peak":
            return ["chip"]
        case "utilization":
            return []  # known as soon as the machines are
        case "model_compute":
            return ["flop"]
    return [need]


def _roots(claims: Sequence[Claim], evidence: Evidence) -> frozenset[str]:
    """What claims are about, followed back through what their authors worked them out from."""
    roots = {claim.about for claim in claims if claim.kind != "assumed" or claim.rests_on}
    waiting = [name for claim in claims for name in claim.rests_on]
    while waiting:
        name = waiting.pop()
        if name not in roots:
            roots.add(name)
            claim = evidence.best(name)
            waiting += claim.rests_on if claim else ()
    return frozenset(roots)
