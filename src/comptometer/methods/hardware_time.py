"""Method 2 of the 2018 analysis: chips, time, peak and utilization."""

from __future__ import annotations

from comptometer.evidence import Evidence
from comptometer.methods import method
from comptometer.quantity import Estimate
from comptometer.vocabulary import UTILIZATIONS


def _error(evidence: Evidence) -> str | None:
    """A default utilization already carries the error of the whole method: it was fitted to it."""
    utilization = evidence.known("utilization")
    if utilization and utilization.assumed and not _measured(evidence):
        return None
    time = evidence.best("chip_hours") or evidence.best("duration")
    table = time is not None and evidence.grade(time) != "primary"
    return "model-error/hardware-time/table" if table else "model-error/hardware-time"


def _measured(evidence: Evidence) -> bool:
    """Is there a utilization that somebody measured, as opposed to one worked out backwards or assumed?"""
    whole = evidence.best("utilization")
    if whole:
        return whole.kind == "stated"
    return any((claim := evidence.best(about)) and claim.kind != "assumed" for about in UTILIZATIONS)


@method(
    "hardware-time",
    formula="{chip_hours} × {peak} × {utilization}",
    witness="hardware",
    error=_error,
)
def hardware_time(chip_hours: Estimate, peak: Estimate, utilization: Estimate) -> Estimate:
    """What the machines could have done in the time, times the share of it that they did.

    Utilization is model FLOP over chip-time times peak, over the whole job. What a team reports from inside the
    run (MFU) is converted with the share of the job that makes progress; a figure that includes recomputed
    activations (HFU) is first divided by the recomputation factor; what counters of the chips say of the whole job
    (tensor activity, and that times the clock, OFU) is converted with its scatter. Where nobody reports one, a
    heavy-tailed default for the class of the run is used and shown as an assumption.

    Args:
        chip_hours: chip·time of the whole job.
        peak: FLOP/s/chip, dense, in the number format of the run.
        utilization: share of the peak, whole job.

    Returns:
        training compute in FLOP, without recomputation.

    Source: Amodei and Hernandez 2018, appendix, method 2.

    >>> x = [(2 * 5.5, "chip*day"), (1.58e12, "FLOP/s/chip"), (0.333,)]
    >>> hardware_time(*(Estimate.exact(*a) for a in x)).to("pfs*day")
    <Estimate 0.00579 pfs-day>
    """
    return (chip_hours * peak * utilization).to("FLOP")
