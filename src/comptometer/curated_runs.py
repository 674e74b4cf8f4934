"""The curated runs as trials: what the machines' time says against what was counted.

A family of models is what one developer calls by one name: the first word of letters in it, whatever the number or the
size (Llama 2 70B and Llama 3.1 8B are both Meta's Llama).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from comptometer import dossiers, exact_counts
from comptometer.coverage import Trial, position
from comptometer.derivation import job
from comptometer.distribution import Point
from comptometer.evidence import CALLER, Evidence, Job, caller_claim
from comptometer.methods import Outcome, outcomes
from comptometer.quantity import Estimate
from comptometer.reconcile import Part, independent
from comptometer.records import Claim, Dossier, Stage
from comptometer.refitting import Utilized

REPORTED = ("utilization", "mfu", "hfu")  # what says how well the machines were used
UTILIZATION_CLAIMS = frozenset({*REPORTED, "goodput"})
RULE_OF_THUMB = 0.33  # utilization; Amodei and Hernandez 2018, appendix, method 2
LARGE = 0.9e9  # active parameters from which a language model is called large
CHIP_CLASSES: Mapping[str, tuple[str, ...]] = {
    "A100 class": ("A100", "A800"),
    "H100 class": ("H100", "H800", "H200", "H20", "GH200"),
    "Blackwell": ("B200", "B300", "GB200", "GB300"),
    "V100": ("V100", "V100 DGXS", "V100 SXM3", "V100S"),
    "TPU": ("TPU v2", "TPU v3", "TPU v4", "TPU v5e", "TPU v5p", "TPU v6e", "TPU v7"),
}


def family(dossier: Dossier) -> str:
    """What a developer calls its models of one kind.

    >>> family(dossiers.dossier("meta/llama-3.1-8b")), family(dossiers.dossier("microsoft/phi-2"))
    ('meta llama', 'microsoft phi')
    """
    words = re.findall(r"[^\W\d_]+", dossier.name)
    return f"{dossier.developer} {words[0] if words else dossier.name}".strip().casefold()


def chip_class(evidence: Job) -> str:
    """The generation of the chips that a job names."""
    parts = [evidence.whole, *evidence.stages.values()]
    names = {chip.family for part in parts for chip in part.chips()}
    found = {next((known for known, members in CHIP_CLASSES.items() if name in members), "other") for name in names}
    return found.pop() if len(found) == 1 else "several" if found else "other"


# Dossiers that say less


def without(dossier: Dossier, abouts: frozenset[str]) -> Dossier:
    """A dossier without the claims about some things."""

    def kept(claims: Sequence[Claim]) -> list[Claim]:
        return [claim for claim in claims if claim.about not in abouts]

    stages = [replace(stage, claims=kept(stage.claims)) for stage in dossier.stages]
    return replace(dossier, claims=kept(dossier.claims), stages=stages)


def utilized_at(dossier: Dossier, share: float) -> Dossier:
    """A dossier whose machines are used to a given share of their peak, instead of what is reported or assumed."""
    bare = without(dossier, UTILIZATION_CLAIMS)

    def with_share(claims: Sequence[Claim], subject: str) -> list[Claim]:
        return [*claims, caller_claim("utilization", str(share), Point(share), "", subject)]

    stages: list[Stage] = [
        replace(stage, claims=with_share(stage.claims, f"{bare.id}:{stage.name}")) for stage in bare.stages
    ]
    return replace(bare, claims=with_share(bare.claims, bare.id), stages=stages)


def by_hardware(dossier: Dossier) -> Outcome | None:
    """Hardware-time, where it can run."""
    return outcomes(job(dossier))[0].get("hardware-time")


def at_peak(dossier: Dossier) -> float | None:
    """FLOP that the chips could have done in the time."""
    found = by_hardware(utilized_at(dossier, 1.0))
    return found.estimate.median if found else None


# Trials


def trial(
    dossier: Dossier, estimate: Estimate, truth: float, groups: Mapping[str, str], *, circular: bool = False
) -> Trial:
    """An estimate of a model against a truth, both in FLOP."""
    return Trial(
        id=dossier.id,
        name=dossier.name,
        family=family(dossier),
        groups=groups,
        truth=truth,
        ratio=estimate.median / truth,
        position=position(estimate, truth),
        circular=circular,
    )


def at_a_third(counted: Trial, most: float) -> Trial:
    """The same trial for the rule of thumb: 0.33 of what the chips could have done, as if it were exact."""
    value = Estimate.exact(RULE_OF_THUMB * most, "FLOP")
    return replace(counted, ratio=value.median / counted.truth, position=position(value, counted.truth))


@dataclass(frozen=True, slots=True, kw_only=True)
class CuratedRun:
    """A curated model with a count and with machines.

    Attributes:
        prior: hardware-time without any claim about utilization, against the count.
        reported: hardware-time with the reported utilization, where one is stated.
    """

    prior: Utilized
    reported: Trial | None


@cache
def curated_runs() -> tuple[CuratedRun, ...]:
    """Every curated model whose operations are counted and whose chip-hours are known."""
    found = (_run(dossiers.dossier(name)) for name in dossiers.dossier_ids())
    return tuple(run for run in found if run)


def _run(dossier: Dossier) -> CuratedRun | None:
    if not any(claim.about in {"chip_hours", "duration"} for claim in dossier.all_claims()):
        return None
    bare = without(dossier, UTILIZATION_CLAIMS)
    evidence = job(bare)
    methods, _ = outcomes(evidence)
    hardware, count, most = methods.get("hardware-time"), methods.get("operations"), at_peak(dossier)
    if hardware is None or count is None or most is None:
        return None
    default = next(claim.id for claim in hardware.claims if claim.about == "utilization")
    truth = count.estimate.median
    name, _, widened = default.removeprefix("assumption:").partition("#")
    groups = _groups(dossier, evidence, hardware) | {"default": name}
    prior = Utilized(
        trial=trial(dossier, hardware.estimate, truth, groups, circular=not _apart(hardware, count)),
        default=name,
        widened=bool(widened),
        at_peak=most,
        estimate=hardware.estimate,
    )
    return CuratedRun(prior=prior, reported=_reported(dossier, count, groups))


def _groups(dossier: Dossier, evidence: Job, hardware: Outcome) -> dict[str, str]:
    """What a run counts for."""
    whole = evidence.whole
    large = "language" in dossier.domain and (whole.value("active_parameters") or 0) >= LARGE
    times = [claim for claim in hardware.claims if claim.about in {"chip_hours", "duration"}]
    grades = {f"{whole.grade(claim)}, {claim.kind}" for claim in times if claim.source != CALLER}
    groups = {
        "chip": chip_class(evidence),
        "year": _years(dossier),
        "time": grades.pop() if len(grades) == 1 else "several",
        "count": "counted" if any(map(exact_counts.counted, _parts(evidence))) else "printed cost of one example",
    }
    return groups | ({"large": "yes"} if large else {})


def _parts(evidence: Job) -> list[Evidence]:
    return [evidence.whole, *evidence.stages.values()]


def _years(dossier: Dossier) -> str:
    year = dossier.published.year if dossier.published else 0
    return "to 2019" if year < 2020 else "2020 to 2022" if year < 2023 else "2023" if year == 2023 else "from 2024"


def _apart(hardware: Outcome, count: Outcome) -> bool:
    """Do the two rest on different evidence?"""
    first, second = (
        Part(name=o.method, estimate=o.estimate, witness=o.witness, roots=o.roots) for o in (hardware, count)
    )
    return independent(first, second)


def _is_reported(claim: Claim) -> bool:
    """Did somebody measure it: for the whole job, or inside the run (also as FLOP/s, divided by the peak)?"""
    return claim.kind == "stated" or (claim.kind == "derived" and claim.about != "utilization")


def _reported(dossier: Dossier, count: Outcome, groups: Mapping[str, str]) -> Trial | None:
    """Hardware-time with what its makers say of the utilization, if they do."""
    found = by_hardware(dossier)
    if found is None:
        return None
    said = {claim.about for claim in found.claims if claim.about in REPORTED and _is_reported(claim)}
    if not said:
        return None
    told = dict(groups) | {"reported": " and ".join(sorted(said))}
    return trial(dossier, found.estimate, count.estimate.median, told, circular=not _apart(found, count))
