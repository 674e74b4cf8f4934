"""How a need follows from other needs, and what is taken where nothing is claimed.

Each rule looks at the evidence and returns nothing where it does not apply; the first that does is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from comptometer import exact_counts, store, text
from comptometer.distribution import LogStudentT, Mixture, Point, Truncated
from comptometer.errors import UsageError
from comptometer.evidence import CALLER, Evidence, Job, Known, Rule, median
from comptometer.quantity import Estimate
from comptometer.records import HEAVY, Assumption, Chip, Claim, Dossier, Stage, heavy_text
from comptometer.vocabulary import ABOUTS, UTILIZATIONS

LOW_PRECISION = {"fp8", "fp4"}


def _sequences(evidence: Evidence) -> Known | None:
    """Where one example is a sequence: the tokens, cut into sequences."""
    tokens, length = evidence.known("tokens"), evidence.known("sequence_length")
    if not tokens or not length:
        return None
    known = tokens / length
    return replace(known, estimate=known.estimate * Estimate.exact(1.0, "example"), text=f"({known.text})")


def _epochs(evidence: Evidence) -> Known | None:
    """As claimed; but tokens already hold them, where the examples are cut from tokens."""
    counted = evidence.best("examples") or evidence.best("updates")
    if evidence.best("tokens") and not counted:
        return replace(_one(evidence), text="1 epoch")
    claim = evidence.best("epochs")
    return evidence.stated(claim) if claim else None


def _product(*needs: str, unit: str = "") -> Rule:
    def rule(evidence: Evidence) -> Known | None:
        found = [known for need in needs if (known := evidence.known(need))]
        if len(found) < len(needs):
            return None
        known = found[0]
        for other in found[1:]:
            known = known * other
        return replace(known, estimate=known.estimate.to(unit)) if unit else known

    return rule


def _same_as(need: str) -> Rule:
    return lambda evidence: evidence.known(need)


def _default(assumption_id: str) -> Rule:
    return lambda evidence: evidence.assumed(store.assumptions()[assumption_id])


def _one(evidence: Evidence) -> Known:
    return Known(estimate=Estimate.exact(1.0), text="1", claims=[])


def _peak(evidence: Evidence) -> Known | None:
    """The chip's dense peak in the number format of the run.

    Utilization defaults are measured against 16-bit peaks, so an 8-bit run without a utilization of its own is
    taken at its 16-bit peak.
    """
    chips = evidence.chips()
    if not chips:
        return None
    precision = evidence.best("precision")
    wanted = precision.value if precision else None
    warnings = []
    measured = any(evidence.best(about) for about in UTILIZATIONS)
    if wanted:
        for chip in chips:
            _check_format(chip, wanted)
    if wanted in LOW_PRECISION and not measured:
        warnings.append(f"{wanted} without a utilization: the default is relative to the 16-bit peak, which is used")
        wanted = None
    claims = [_peak_claim(chip, name) for chip in chips for name in ([wanted] if wanted else chip.default_precision)]
    if not claims:
        return None  # nobody trains on it in any format that it has
    if wanted is None and any(len(chip.default_precision) > 1 for chip in chips):
        names = " or ".join(dict.fromkeys(name for chip in chips for name in chip.default_precision))
        warnings.append(f"precision unknown on {chips[0].name}: {names} are {_apart(claims)} apart, both are kept open")
    elif len({median(claim) for claim in claims}) > 1:
        members = ", ".join(
            f"{chip.id} {text.number(median(claim) / 1e12, 4)}" for chip, claim in zip(chips, claims, strict=False)
        )
        warnings.append(f'"{chips[0].family}" is a family whose peaks differ ({members} TFLOP/s): name one')
    beliefs = {claim.belief.value: claim.belief for claim in claims if isinstance(claim.belief, Point)}
    if len(beliefs) == 1:
        claim = claims[0]
    else:
        belief = Mixture.equal(list(beliefs.values()))
        claim = replace(
            claims[0],
            id=f"chip:{'|'.join(sorted({c.id.removeprefix('chip:') for c in claims}))}",
            belief=belief,
            value=" or ".join(f"{text.exact(value / 1e12)} TFLOP/s" for value in beliefs),
        )
    known = evidence.stated(claim)
    used = [*known.claims, *([precision] if precision else [])]
    return replace(known, claims=used, warnings=warnings, assumed=len(beliefs) > 1)


def _check_format(chip: Chip, wanted: str) -> None:
    """Refuse a format that the chip does not have.

    Raises:
        UsageError: names those that it has.
    """
    try:
        chip.peak(wanted)
    except UsageError as error:
        raise UsageError(f"precision: {error}") from None


def _apart(claims: Sequence[Claim]) -> str:
    values = [median(claim) for claim in claims]
    return f"{text.number(max(values) / min(values), 2)}×"


def _peak_claim(chip: Chip, precision: str) -> Claim:
    peak = chip.peak(precision)
    return Claim(
        id=f"chip:{chip.id}#{precision}",
        about="peak",
        value=f"{text.exact(peak.value / 1e12)} TFLOP/s",
        belief=Point(peak.value),
        kind="stated",
        source=peak.source,
        where=peak.where,
        chip=chip.id,
        verified=peak.verified,
        note=f"{precision}, dense, {peak.clock} clock",
    )


def _stated_utilization(evidence: Evidence) -> Known | None:
    """A utilization of the whole job.

    One that was assumed or worked out backwards, without an interval, gets the width of the default: naming 33%
    does not make it known.
    """
    claim = evidence.best("utilization")
    if not claim:
        return None
    known = evidence.stated(claim)
    if claim.kind == "stated" or not isinstance(claim.belief, Point) or evidence.medians:
        return known
    default = store.assumptions()["utilization/default"]
    width = evidence.assumed(default, default.spread, suffix="#spread")  # around the claimed value
    return replace(
        known * width,
        text=f"({known.text} {heavy_text(default.spread).removeprefix('1 ').removesuffix(HEAVY)})",
        assumed=True,
    )


def _from_mfu(evidence: Evidence) -> Known | None:
    claim = evidence.best("mfu")
    return evidence.stated(claim) * _goodput(evidence) if claim else None


def _from_hfu(evidence: Evidence) -> Known | None:
    claim = evidence.best("hfu")
    if not claim:
        return None
    return evidence.stated(claim) / recompute_factor(evidence) * _goodput(evidence)


def _from_ofu(evidence: Evidence) -> Known | None:
    claim = evidence.best("ofu")
    return evidence.stated(claim) * evidence.assumed(store.assumptions()["ofu-to-utilization"]) if claim else None


def _from_tensor_active(evidence: Evidence) -> Known | None:
    claim = evidence.best("tensor_active")
    if not claim:
        return None
    clock, model = (store.assumptions()[name] for name in ("tensor-active-to-ofu", "ofu-to-utilization"))
    return evidence.stated(claim) * evidence.assumed(clock) * evidence.assumed(model)


def _goodput(evidence: Evidence) -> Known:
    claim = evidence.best("goodput")
    return evidence.stated(claim) if claim else evidence.assumed(store.assumptions()["goodput"])


def recompute_factor(evidence: Evidence) -> Known:
    """Hardware FLOP over model FLOP: 4/3 with full activation recomputation, which is taken where nobody says."""
    claim = evidence.best("recompute")
    known = evidence.assumed(store.assumptions()[f"recompute/{claim.value if claim else 'full'}"])
    return replace(known, claims=[*known.claims, *([claim] if claim else [])])


def _model_compute(evidence: Evidence) -> Known | None:
    """The stated compute that counts, without recomputation."""
    claim = evidence.best("compute")
    if claim is None:
        return None
    known = evidence.stated(claim)
    return known / recompute_factor(evidence) if claim.tag == "hardware" else known


def _utilization_prior(evidence: Evidence) -> Known | None:
    """The default for the class of the run; nothing where there are no machines to be utilized.

    The narrow width of a class holds only where count, time and peak are settled; else the default's (decision 0014).
    """
    if not evidence.known("peak"):
        return None
    default = store.assumptions()["utilization/default"]
    chosen = utilization_class(evidence)
    if chosen.id == default.id or _primary(evidence):
        return evidence.assumed(chosen)
    match chosen.belief:
        case Truncated(inner=LogStudentT() as heavy) | (LogStudentT() as heavy):
            widest = max(heavy.spread_dex, default.spread.spread_dex)  # type: ignore[attr-defined]
            return evidence.assumed(chosen, LogStudentT(heavy.median, widest), suffix="#widened")
    return evidence.assumed(chosen)


def utilization_class(evidence: Evidence) -> Assumption:
    """The most specific utilization default that applies to the run."""
    chosen = most_specific("utilization", store.assumptions().values(), evidence)
    if chosen is None:
        raise LookupError("no default utilization applies to every run")
    return chosen


def most_specific(about: str, rows: Iterable[Assumption], evidence: Evidence) -> Assumption | None:
    """Of the defaults about something, the one with most conditions of those that apply to the run."""
    applying = [row for row in rows if row.about == about and _applies(row, evidence)]
    return max(applying, key=_conditions, default=None)


def _conditions(row: Assumption) -> int:
    """How many conditions a default makes."""
    asked = (row.families, row.kinds, row.domains, row.names, row.before, row.least_parameters > 0)
    return sum(map(bool, asked)) + (row.sparse is not None) + (row.most_parameters != float("inf"))


def _applies(row: Assumption, evidence: Evidence) -> bool:
    published = evidence.dossier.published
    asks_size = row.least_parameters > 0 or row.most_parameters != float("inf")
    parameters = evidence.value("active_parameters") if asks_size else None
    chips = evidence.chips() if row.families or row.kinds else ()
    return (
        (not row.families or (bool(chips) and all(chip.family in row.families for chip in chips)))
        and (not row.kinds or (bool(chips) and all(chip.kind in row.kinds for chip in chips)))
        and (not row.domains or bool(set(row.domains) & set(evidence.dossier.domain)))
        and (not row.names or any(name in evidence.dossier.developer for name in row.names))
        and (row.sparse is None or row.sparse == evidence.sparse)
        and (not asks_size or (parameters is not None and row.least_parameters <= parameters < row.most_parameters))
        and (row.before is None or (published is not None and published < row.before))
    )


def _primary(evidence: Evidence) -> bool:
    """Do the makers state the machines' time, and is the peak settled?"""
    time = evidence.best("chip_hours")
    used = [time] if time else [evidence.best("chips"), evidence.best("duration")]
    return all(_by_the_makers(claim, evidence) for claim in used) and _peak_settled(evidence)


def _by_the_makers(claim: Claim | None, evidence: Evidence) -> bool:
    return claim is not None and claim.kind == "stated" and evidence.grade(claim) == "primary"


def _peak_settled(evidence: Evidence) -> bool:
    """Is there one peak to which utilization is relative?

    The makers state it or the number format; or it is the one at which all chips that the name may mean are trained.
    """
    if _by_the_makers(evidence.best("peak") or evidence.best("precision"), evidence):
        return True
    usual = {chip.peak(name).value for chip in evidence.chips() for name in chip.default_precision}
    return evidence.best("peak") is None and usual == {evidence.value("peak")}


# These are looked up by rule even where a claim exists, because the claim alone does not settle them.
BY_RULE = frozenset({"utilization", "scale_up", "epochs", "flop_per_example"})

RULES: Mapping[str, Sequence[Rule]] = {
    "flop_per_example": (exact_counts.forward,),
    "backward_factor": (exact_counts.backward_factor, _default("backward-factor")),
    "examples": (_product("updates", "batch_size"), _sequences),
    "epochs": (_epochs, _default("epochs")),
    "parameters": (exact_counts.parameters,),
    "active_parameters": (exact_counts.active_parameters, _same_as("parameters")),
    "sequence_length": (exact_counts.sequence_length,),
    "chip_hours": (_product("chips", "duration", unit="chip*h"),),
    "peak": (_peak,),
    "utilization": (
        _stated_utilization,
        _from_mfu,
        _from_hfu,
        _from_ofu,
        _from_tensor_active,
        _utilization_prior,
    ),
    "model_compute": (_model_compute,),
    "scale_up": (lambda evidence: evidence.stated(c) if (c := evidence.best("scale_up")) else _one(evidence),),
}


def job(
    dossier: Dossier, *, prefer: Sequence[str] = (), only: frozenset[str] | None = None, medians: bool = False
) -> Job:
    """Gather the claims of a dossier.

    A stage inherits what the model claims, except what adds up over stages (examples, tokens, time, cost). Where stages
    have machines of their own, those are the segments of the job.
    """
    evidence = partial(
        Evidence, dossier=dossier, prefer=prefer, only=only, medians=medians, rules=RULES, by_rule=BY_RULE
    )
    stages, segments = (
        {part.name: evidence(claims=[*part.claims, *inherited(dossier, part.claims)]) for part in parts}
        for parts in (dossier.stages, dossier.segments or _machines(dossier.stages))
    )
    return Job(whole=evidence(claims=dossier.claims), stages=stages, segments=segments)


def _machines(stages: Sequence[Stage]) -> list[Stage]:
    """The segments of all stages, each with what its stage claims; a stage without any is one itself."""
    if not any(stage.segments for stage in stages):
        return []
    return [
        replace(part, name=f"{stage.name}: {part.name}", claims=[*part.claims, *_inherited(stage.claims, part.claims)])
        if part is not stage
        else part
        for stage in stages
        for part in (stage.segments or [stage])
    ]


def inherited(dossier: Dossier, own: Sequence[Claim]) -> list[Claim]:
    """What a part of a job with these claims has from the whole: what does not add up, and is not said of the part."""
    return _inherited(dossier.claims, own)


def _inherited(claims: Sequence[Claim], own: Sequence[Claim]) -> list[Claim]:
    said = {claim.about for claim in own}
    return [
        claim
        for claim in claims
        if not ABOUTS[claim.about].extensive and (claim.about not in said or claim.source == CALLER)
    ]
