"""FLOP that the training loop itself counted, step by step."""

from __future__ import annotations

from comptometer.methods import method
from comptometer.quantity import Estimate


@method(
    "recorded",
    formula="{recorded_compute}",
    witness="count",
    error="model-error/operations",
    scales=False,
    asked=False,
)
def recorded(recorded_compute: Estimate) -> Estimate:
    """The model FLOP that were counted while the model was trained, without recomputation.

    It is the count of method operations, of the steps that were really made: rewinds, restarts and changes of shape are
    in it. So it comes before a count from the outside, and has the same error: what the counter does not see.

    Args:
        recorded_compute: model FLOP of all steps.

    Returns:
        training compute in FLOP.

    >>> recorded(Estimate.exact(5.6e13, "FLOP"))
    <Estimate 5.6e13 FLOP>
    """
    return recorded_compute
