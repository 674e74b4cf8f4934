"""What somebody states as the result."""

from __future__ import annotations

from comptometer.distribution import Point
from comptometer.evidence import Evidence
from comptometer.methods import Witness, method
from comptometer.quantity import Estimate


def _witness(evidence: Evidence) -> Witness:
    claim = evidence.best("compute")
    match claim.tag if claim else None:
        case "model" | "hardware":
            return "count"  # its author counted, from the same architecture and data
        case "derived-from-hardware":
            return "hardware"
        case _:
            return "statement"


def _error(evidence: Evidence) -> str | None:
    """By who says it; a figure that its author gives an interval for carries its own."""
    claim = evidence.best("compute")
    if claim and not isinstance(claim.belief, Point):
        return None
    return f"model-error/reported/{evidence.grade(claim) if claim else 'tertiary'}"


def _caveats(evidence: Evidence) -> list[str]:
    claim = evidence.best("compute")
    if claim and claim.tag == "hardware":
        return ["the stated figure includes recomputed activations and was divided by the recomputation factor"]
    return []


@method(
    "reported",
    formula="{model_compute}",
    witness=_witness,
    error=_error,
    caveats=_caveats,
    scales=False,
)
def reported(model_compute: Estimate) -> Estimate:
    """The training compute that somebody states, as model FLOP.

    A figure that counts recomputed activations (hardware FLOP) is divided by the recomputation factor first, 4/3
    for full recomputation. The error depends on who says it: the makers know their run, others estimate.

    Args:
        model_compute: stated compute in FLOP.

    Returns:
        training compute in FLOP.

    >>> reported(Estimate.exact(1862, "pfs*day")).to("FLOP")
    <Estimate 1.61e23 FLOP>
    """
    return model_compute
