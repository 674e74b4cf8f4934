"""Evidence → methods → reconcile, for one model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from comptometer import exact_counts, hypotheses, labels, sanity, text
from comptometer.derivation import job
from comptometer.errors import NotEnoughEvidence
from comptometer.evidence import Evidence, Job, source_of, unique
from comptometer.hypotheses import Hypothesis
from comptometer.methods import Outcome, outcomes
from comptometer.notebook import Drawable
from comptometer.quantity import Estimate
from comptometer.reconcile import Part, Reconciled, reconcile
from comptometer.records import Claim, Dossier, Source
from comptometer.release import data_version
from comptometer.sanity import Finding
from comptometer.vocabulary import Basis

COUNTS = ("recorded", "operations", "parameters-tokens")  # best first
COLUMNS_APART = 2.0  # from here on a table's figure comes before the product of its columns
LEAST_SHARE = 1e-3  # of the variance, for a claim to be listed as a driver


@dataclass(frozen=True, kw_only=True)
class Entry(Drawable):
    """A model with its evidence and what follows from it.

    Behaves like the estimate of its training compute in FLOP: it can be divided, added, asked for its interval.
    """

    dossier: Dossier
    job: Job
    methods: Mapping[str, Outcome]
    missing: Mapping[str, Sequence[str]]
    compute: Reconciled

    @property
    def name(self) -> str:
        """The model's name."""
        return self.dossier.name

    @property
    def basis(self) -> Basis:
        """What the training compute holds: all of it, all with the base model's, or what was spent on top of that."""
        return self.dossier.basis

    @property
    def built_on(self) -> str:
        """In words, what the base model has to do with the training compute; empty where there is none."""
        base = self.dossier.base_model
        match self.basis if base else "total":
            case "increment":
                return f"built on {base}: this is what was spent on top of it"
            case "total-with-base":
                return f"built on {base}: this is the total, and holds what {base} took"
        return ""

    @property
    def evidence(self) -> Evidence:
        """The claims about the whole model."""
        return self.job.whole

    @property
    def value(self) -> Estimate:
        """Training compute in FLOP, all methods reconciled."""
        return self.compute.value

    @property
    def pfs_days(self) -> Estimate:
        """Training compute in petaFLOP/s-days of exactly 8.64e19 FLOP."""
        return self.value.to("pfs*day")

    @property
    def median(self) -> float:
        """Median training compute in FLOP."""
        return self.value.median

    def interval(self, probability: float = 0.9) -> tuple[float, float]:
        """Central interval of the training compute in FLOP."""
        return self.value.interval(probability)

    def probability_above(self, value: Entry | Estimate | float | str) -> float:
        """Probability that training compute exceeds a value: FLOP, or a text with its unit ("450 pfs-day")."""
        return self.value.probability_above(value.value if isinstance(value, Entry) else value)

    def to(self, unit: str) -> Estimate:
        """Training compute in another unit, e.g. "pfs-day"."""
        return self.value.to(unit)

    def sensitivity(self) -> dict[str, float]:
        """Share of the uncertainty that each claim carries, by claim id, largest first.

        What arises only from claims together is listed as "interaction".
        """
        shares: dict[str, float] = {}
        for name, share in self.value.sensitivity().items():
            claim = name.partition("|")[0]
            shares[claim] = shares.get(claim, 0.0) + share
        rest = 1.0 - sum(shares.values())
        if shares and rest > 0.02:
            shares["interaction"] = rest
        return {
            name: share for name, share in sorted(shares.items(), key=lambda item: -item[1]) if share >= LEAST_SHARE
        }

    @property
    def counted(self) -> str | None:
        """The best method that counted, if any did."""
        return next((name for name in COUNTS if name in self.methods), None)

    @property
    def ratio(self) -> float | None:
        """Hardware-time over the best count, where both could run."""
        pair = self.compute.comparison("hardware-time", self.counted) if self.counted else None
        return pair.ratio if pair else None

    @property
    def z(self) -> float | None:
        """Distance of the two in standard deviations; of the worst pair where they are not the pair."""
        pair = self.compute.comparison("hardware-time", self.counted) if self.counted else None
        if pair:
            return pair.z
        return max((c.z for c in self.compute.comparisons), default=None)

    @property
    def independent(self) -> bool:
        """Did more than one independent witness enter the value?"""
        return len(self.compute.weights) > 1

    @cached_property
    def hypotheses(self) -> list[Hypothesis]:
        """Named causes of a disagreement."""
        return hypotheses.hypotheses(self.evidence, self.methods, self.compute, self.counted)

    @cached_property
    def findings(self) -> list[Finding]:
        """What about the evidence asks for a look."""
        count = self.methods[self.counted].estimate if self.counted else None
        return sanity.findings(self.evidence, count, self.compute)

    @property
    def warnings(self) -> list[str]:
        """Everything that the methods and the evidence want a reader to know."""
        spoken = [*self.dossier.caveats, *(w for outcome in self.methods.values() for w in outcome.warnings)]
        spoken += [self.built_on] if self.built_on else []
        spoken += [f"{name} does not enter the value: {why}" for name, why in self.compute.aside.items()]
        return list(dict.fromkeys([*spoken, *(finding.text for finding in self.findings)]))

    @property
    def claims(self) -> list[Claim]:
        """Every claim that some method used."""
        return unique(claim for outcome in self.methods.values() for claim in outcome.claims)

    @property
    def beside(self) -> list[Claim]:
        """Printed costs of one example, which an exact count was taken before."""
        return unique(claim for part in self.job.parts for claim in exact_counts.beside(part))

    def source(self, claim: Claim) -> Source:
        """Who says it."""
        return source_of(claim, self.dossier)

    # The estimate's arithmetic

    def __add__(self, other: object) -> Estimate:
        return self.value + _value(other)

    __radd__ = __add__

    def __sub__(self, other: object) -> Estimate:
        return self.value - _value(other)

    def __rsub__(self, other: object) -> Estimate:
        return _value(other) - self.value

    def __pow__(self, exponent: object) -> Estimate:
        return self.value**exponent

    def __mul__(self, other: object) -> Estimate:
        return self.value * _value(other)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Estimate:
        return self.value / _value(other)

    def __rtruediv__(self, other: object) -> Estimate:
        return self.value**-1 * _value(other)

    # Ways out

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer estimate` (schema `comptometer/estimate/1`)."""
        return {
            "schema": "comptometer/estimate/1",
            "data_version": data_version(*self.dossier.vintages),
            "model": self.name,
            "basis": self.basis,
            "compute": self.value.to_dict(),
            "pfs_days": {key: self.pfs_days.to_dict()[key] for key in ("p5", "p50", "p95")},
            "methods": {name: _method_row(outcome) for name, outcome in self.methods.items()},
            "missing": {name: list(needs) for name, needs in self.missing.items()},
            "agreement": self._agreement(),
            "sensitivity": [{"claim": name, "share": share} for name, share in self.sensitivity().items()],
            "claims": [claim_row(claim) for claim in self.claims],
            "beside": [claim_row(claim) for claim in self.beside],
            "warnings": self.warnings,
            "convention": {"flop_per_multiply_add": 2, "attention": "causal", "recompute": "excluded"},
        }

    def _agreement(self) -> dict[str, Any]:
        return {
            "ratio": self.ratio,
            "z": self.z,
            "verdict": self.compute.verdict,
            "independent": self.independent,
            "weights": dict(self.compute.weights),
            "aside": dict(self.compute.aside),
            "comparisons": [
                {
                    "first": c.first,
                    "second": c.second,
                    "ratio": c.ratio,
                    "z": c.z,
                    "verdict": c.verdict,
                    "independent": c.independent,
                }
                for c in self.compute.comparisons
            ],
            "hypotheses": [
                {
                    "id": h.id,
                    "factor": h.factor,
                    "text": h.text,
                    "between": h.between,
                    "residual": h.residual,
                    "applied": h.applied,
                    "settles": h.settles,
                }
                for h in self.hypotheses
            ],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return entry, (self.dossier,)  # everything else follows from the evidence

    def __repr__(self) -> str:
        return f"<{self.name}: {self.value}>"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


def _value(other: object) -> Estimate | float:
    """What stands on the other side of an operator."""
    if isinstance(other, Entry):
        return other.value
    if isinstance(other, Estimate | int | float):
        return other
    raise TypeError(f"an estimate combines with estimates and numbers, not with {type(other).__name__}")


def _method_row(outcome: Outcome) -> dict[str, Any]:
    return {
        **outcome.estimate.to_dict(),
        "formula": outcome.formula,
        "claims": [claim.id for claim in outcome.claims],
        "warnings": list(outcome.warnings),
    }


def claim_row(claim: Claim) -> dict[str, Any]:
    """A claim as in all JSON of comptometer."""
    row: dict[str, Any] = {
        "id": claim.id,
        "about": claim.about,
        "value": claim.value,
        "kind": claim.kind,
        "source": claim.source,
        "where": claim.where,
        "verified": claim.verified,
    }
    extras = {
        "tag": claim.tag,
        "chip": claim.chip,
        "holds": claim.holds,
        "note": claim.note,
        "aside": claim.aside,
        "from": sorted(claim.rests_on),
    }
    return row | {key: value for key, value in extras.items() if value}


def entry(dossier: Dossier) -> Entry:
    """Run every method that a dossier's evidence allows, and reconcile.

    Raises:
        NotEnoughEvidence: no method could run; the message names what each one lacks.
    """
    found = attempt(dossier)
    if isinstance(found, Entry):
        return found
    wants = labels.needs(found)
    raise NotEnoughEvidence(f"{dossier.name}: not enough evidence for any method: {wants}")


def attempt(dossier: Dossier) -> Entry | Mapping[str, Sequence[str]]:
    """The entry of a dossier, or what each method lacks where none could run."""
    if dossier.ledger is not None or any(part.ledger for part in (*dossier.stages, *dossier.activities)):
        from comptometer.ledger.evidence import with_ledger  # reads Parquet: loaded where a dossier asks for it

        dossier = with_ledger(dossier)
    evidence = job(dossier)
    found, missing = outcomes(evidence)
    if not found:
        return missing
    outranked = {name for name, o in found.items() if _outranked(o, found.get("reported"), evidence.whole)}
    parts = [
        Part(
            name=o.method,
            estimate=o.estimate,
            witness=o.witness,
            roots=o.roots,
            second_hand=o.method in outranked if outranked else o.second_hand,
            aside=_off_the_figure(o, found) if o.method in outranked and o.witness == "count" else "",
        )
        for o in found.values()
    ]
    return Entry(dossier=dossier, job=evidence, methods=found, missing=missing, compute=reconcile(parts, dossier.id))


def _outranked(worked_out: Outcome, reported: Outcome | None, evidence: Evidence) -> bool:
    """Does a table's own figure come before what its columns multiply to?

    Whoever filled the table read the paper; the columns hold less of it (epochs, active experts, words or tokens). So
    where the two are far apart the figure counts, and what the columns give is shown beside it.
    """
    claim = evidence.best("compute")
    if reported is None or worked_out is reported or claim is None or evidence.grade(claim) == "primary":
        return False
    columns = [c for c in worked_out.claims if c.kind != "assumed" and not c.id.startswith("chip:")]
    apart = abs(math.log(worked_out.estimate.median / reported.estimate.median)) > math.log(COLUMNS_APART)
    return apart and bool(columns) and all(c.source == claim.source for c in columns)


def _off_the_figure(count: Outcome, found: Mapping[str, Outcome]) -> str:
    """Why a count from the columns of a table does not stand beside the table's own figure."""
    apart = count.estimate.median / found["reported"].estimate.median
    said = text.number(max(apart, 1 / apart))
    return f"it is {said} times off the table's own figure, of which the columns hold only a part"
