"""What would explain a disagreement: a factor with a name.

A hypothesis is offered when it brings two figures together; it is never applied silently: where the dossier itself says
so (a figure tagged as hardware FLOP), it is marked as applied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from comptometer import store, text
from comptometer.evidence import Evidence
from comptometer.methods import Outcome
from comptometer.quantity import Estimate
from comptometer.reconcile import TENSION, Reconciled
from comptometer.vocabulary import TEXT_DOMAINS, UTILIZATIONS

NOTICEABLE = 1.15  # a ratio of stated figures that asks for a cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two figures for the same thing whose ratio asks for a cause; `sd` of its natural logarithm."""

    between: str
    ratio: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A cause that multiplies a ratio of two figures by a factor.

    Attributes:
        applies: in which disagreements, given the evidence, can it be the cause?
        settles: which evidence would decide.
        residual: what is left of the ratio after the factor.
        applied: does the dossier say so, so that the estimate already takes it into account?
    """

    id: str
    factor: float
    text: str
    applies: Callable[[str, Evidence], bool]
    settles: str
    between: str = ""
    residual: float = 1.0
    applied: bool = False


HARDWARE, REPORTED, UTILIZATION = (
    "hardware-time / count",
    "reported / count",
    "reported utilization / implied",
)


def _chips(evidence: Evidence) -> Mapping[str, bool]:
    chips = evidence.chips()
    return {
        "several parts": any(chip.dies_per_unit > 1 or chip.devices_per_unit > 1 for chip in chips),
        "sparse": any(peak.sparse for chip in chips for peak in chip.peaks),
        "8-bit": any(peak.precision == "fp8" for chip in chips for peak in chip.peaks),
        "both formats": any(len(chip.default_precision) > 1 for chip in chips),
        "modern": any("fp32" not in chip.default_precision[:1] for chip in chips),
    }


def _language(evidence: Evidence) -> bool:
    return not evidence.dossier.domain or bool(TEXT_DOMAINS & set(evidence.dossier.domain))


def _images(evidence: Evidence) -> bool:
    return bool({"image-generation", "video"} & set(evidence.dossier.domain))


def _forward_only(evidence: Evidence) -> bool:
    """Does the dossier count networks that are run and not trained?"""
    return any(claim.about == "backward_factor" and claim.value == "1" for claim in evidence.dossier.all_claims())


def _before(evidence: Evidence, year: int) -> bool:
    return evidence.dossier.published is not None and evidence.dossier.published.year < year


HYPOTHESES: Sequence[Hypothesis] = (
    Hypothesis(
        id="recompute",
        factor=4 / 3,
        text="the figure includes recomputed activations (hardware FLOP, or HFU quoted as MFU)",
        applies=lambda between, evidence: (
            evidence.word("recompute") != "none"
            and _language(evidence)
            and (between == REPORTED or not (evidence.best("mfu") and evidence.best("hfu")))
        ),
        settles="whether activation recomputation was on, and whether the figure counts it",
    ),
    Hypothesis(
        id="parts-for-chips",
        factor=2.0,
        text="dies, cores or devices were counted as chips while the peak is that of the whole part",
        applies=lambda between, evidence: between == HARDWARE and _chips(evidence)["several parts"],
        settles="what one chip is in the source: core, die, device or board",
    ),
    Hypothesis(
        id="sparse-peak",
        factor=2.0,
        text="the peak is the rate with structured sparsity",
        applies=lambda between, evidence: between != REPORTED and _chips(evidence)["sparse"],
        settles="which peak the source used",
    ),
    Hypothesis(
        id="sparse-8-bit-peak",
        factor=4.0,
        text="the peak is the 8-bit rate with structured sparsity",
        applies=lambda between, evidence: (
            between != REPORTED and _chips(evidence)["sparse"] and _chips(evidence)["8-bit"]
        ),
        settles="which peak the source used",
    ),
    Hypothesis(
        id="fp8-peak",
        factor=0.5,
        text="the products ran in 8 bits, at twice the peak that was taken",
        applies=lambda between, evidence: between == HARDWARE and _chips(evidence)["8-bit"],
        settles="the number format of the matrix products",
    ),
    Hypothesis(
        id="fp32-for-tensor",
        factor=8.0,
        text="the run used plain fp32, not the 16-bit matrix units",
        applies=lambda between, evidence: between == HARDWARE and _chips(evidence)["both formats"],
        settles="the number format of the run",
    ),
    Hypothesis(
        id="nodes-for-chips",
        factor=1 / 8,
        text="nodes of eight were counted as chips",
        applies=lambda between, evidence: between == HARDWARE and _chips(evidence)["modern"],
        settles="the number of chips per node",
    ),
    Hypothesis(
        id="cluster-size",
        factor=1.4,
        text="the size of the cluster was given, not the mean number of chips in use",
        applies=lambda between, evidence: between == HARDWARE and evidence.best("chip_hours") is None,
        settles="a log of the chips in use over time",
    ),
    Hypothesis(
        id="goodput",
        factor=0.85 / 0.67,
        text="a smaller share of the job made progress than is assumed (restarts, evaluation, idle time in the hours)",
        applies=lambda between, evidence: (
            between == HARDWARE
            and evidence.best("utilization") is None
            and bool(evidence.best("mfu") or evidence.best("hfu"))
        ),
        settles="a log of steps over wall-clock time",
    ),
    Hypothesis(
        id="all-experts",
        factor=1 / 4.4,
        text="a mixture of experts was counted with its total parameters",
        applies=lambda between, evidence: (
            between != UTILIZATION
            and evidence.best("active_parameters") is None
            and evidence.best("architecture") is None
        ),
        settles="the number of parameters that one token uses",
    ),
    Hypothesis(
        id="words-for-tokens",
        factor=4 / 3,
        text="words were given where tokens are meant",
        applies=lambda between, evidence: between == HARDWARE and _before(evidence, 2020) and _language(evidence),
        settles="the tokenizer's tokens per word",
    ),
    Hypothesis(
        id="extra-passes",
        factor=2.0,
        text="the hours hold forward passes that are not counted (teacher, reward model, generation)",
        applies=lambda between, evidence: between == HARDWARE,
        settles="what else ran in the job",
    ),
    Hypothesis(
        id="frozen-passes",
        factor=1.5,  # Stable Diffusion v1: text tower and image encoder, forward only, are a third of all operations
        text="frozen networks ran in the job and are not counted (text tower, image encoder, teacher)",
        applies=lambda between, evidence: between == HARDWARE and _images(evidence) and not _forward_only(evidence),
        settles="which networks ran beside the one that was trained",
    ),
    Hypothesis(
        id="small-products",
        factor=4.0,  # Stable Diffusion v1, everything counted: 4.3% of the 16-bit peak, where the default is 18%
        text="the products of the image network were too small or too unfused for the matrix units",
        applies=lambda between, evidence: (
            between == HARDWARE
            and _images(evidence)
            and _chips(evidence)["modern"]
            and not any(evidence.best(about) for about in UTILIZATIONS)
        ),
        settles="a log of steps over wall-clock time, or a profile of the job",
    ),
    Hypothesis(
        id="padding",
        factor=4.0,
        text="short sequences were padded: the machines worked on more tokens than are counted",
        applies=lambda between, evidence: between == HARDWARE and _before(evidence, 2021) and _language(evidence),
        settles="the share of padding in a batch",
    ),
)


def hypotheses(
    evidence: Evidence, found: Mapping[str, Outcome], reconciled: Reconciled, counted: str | None
) -> list[Hypothesis]:
    """Causes that would bring figures together that disagree, the best first.

    Looked at are hardware-time against the count (where z is above 1), and what the authors state, taken at face
    value, against the count: their FLOP, and their utilization against the one that count and chip-hours imply.

    Args:
        evidence: of the whole model.
        found: the outcomes of the methods.
        reconciled: their comparison.
        counted: the name of the method that counted best, if any.
    """
    fits = [
        replace(hypothesis, between=case.between, residual=residual, applied=_applied(hypothesis, case, evidence))
        for case in disagreements(evidence, found, reconciled, counted)
        for hypothesis in [*HYPOTHESES, *_epochs(evidence), *_per_trillion(evidence)]
        if hypothesis.applies(case.between, evidence)
        and (residual := case.ratio / hypothesis.factor)
        and abs(math.log(residual)) < 0.5 * abs(math.log(case.ratio))
        and abs(math.log(residual)) <= case.sd
    ]
    return sorted(fits, key=lambda fit: abs(math.log(fit.residual)))


def _epochs(evidence: Evidence) -> list[Hypothesis]:
    """Epochs counted twice or not at all, where a number of epochs is claimed."""
    epochs = evidence.value("epochs") if evidence.best("epochs") else None
    if not epochs or epochs < NOTICEABLE:
        return []
    said = text.number(epochs)
    return [
        Hypothesis(
            id=name,
            factor=factor,
            text=f"the {said} epochs {words}",
            applies=lambda between, evidence: between != UTILIZATION,
            settles="whether the data are those of one epoch",
        )
        for name, factor, words in (
            ("epochs-omitted", epochs, "are not in the count"),
            ("epochs-twice", 1 / epochs, "are counted twice"),
        )
    ]


def _per_trillion(evidence: Evidence) -> list[Hypothesis]:
    """Chip-hours per trillion tokens given as those of the whole job, where there are trillions of tokens."""
    tokens = evidence.value("tokens")
    if not tokens or tokens < NOTICEABLE * 1e12:
        return []
    return [
        Hypothesis(
            id="hours-per-trillion-tokens",
            factor=1e12 / tokens,
            text=f"the chip-hours are those of one of the {text.number(tokens / 1e12)} trillion tokens",
            applies=lambda between, evidence: between == HARDWARE and evidence.best("chip_hours") is not None,
            settles="whether the hours are of the whole job",
        )
    ]


def disagreements(
    evidence: Evidence, found: Mapping[str, Outcome], reconciled: Reconciled, counted: str | None
) -> list[Disagreement]:
    """Ratios of figures for the same thing that are off by more than chance or rounding."""
    if counted is None:
        return []
    cases = []
    pair = reconciled.comparison("hardware-time", counted)
    if pair and pair.z > TENSION:
        cases.append(Disagreement(between=HARDWARE, ratio=pair.ratio, sd=abs(math.log(pair.ratio)) / pair.z))
    count = found[counted].estimate.median
    if (claim := evidence.best("compute")) and claim.tag in {"model", "hardware", None}:
        cases.append(Disagreement(between=REPORTED, ratio=evidence.stated(claim).estimate.median / count, sd=0.12))
    if expected := _utilization_at_face_value(evidence):
        implied = implied_utilization(evidence, found[counted].estimate)
        if implied:
            cases.append(Disagreement(between=UTILIZATION, ratio=expected / implied.median, sd=0.12))
    return [case for case in cases if abs(math.log(case.ratio)) > math.log(NOTICEABLE)]


def _utilization_at_face_value(evidence: Evidence) -> float | None:
    """What the reported in-run utilization would mean for the whole job, were it an MFU.

    Where a team reports both MFU and HFU nothing is left to explain by recomputation.
    """
    claims = [claim for about in ("hfu", "mfu") if (claim := evidence.best(about)) and claim.kind != "assumed"]
    if len(claims) != 1:
        return None
    return evidence.stated(claims[0]).estimate.median * _median_goodput()


def _median_goodput() -> float:
    assumption = store.assumptions()["goodput"]
    return assumption.belief.median  # type: ignore[attr-defined, no-any-return]


def _applied(hypothesis: Hypothesis, case: Disagreement, evidence: Evidence) -> bool:
    if hypothesis.id != "recompute":
        return False
    claim = evidence.best("compute")
    by_tag = case.between == REPORTED and claim is not None and claim.tag == "hardware"
    return by_tag or (case.between == UTILIZATION and evidence.best("mfu") is None)


def implied_utilization(evidence: Evidence, count: Estimate) -> Estimate | None:
    """Utilization that a count and the machines' time imply: FLOP / (chip-hours × peak)."""
    chip_hours, peak = evidence.known("chip_hours"), evidence.known("peak")
    if not chip_hours or not peak:
        return None
    return (count / (chip_hours.estimate * peak.estimate)).to("")
