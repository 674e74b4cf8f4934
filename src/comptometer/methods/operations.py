"""Method 1 of the 2018 analysis: count the operations."""

from __future__ import annotations

from comptometer.methods import method
from comptometer.quantity import Estimate


@method(
    "operations",
    formula="{flop_per_example} × {backward_factor} × {examples} × {epochs}",
    witness="count",
    error="model-error/operations",
)
def operations(flop_per_example: Estimate, backward_factor: Estimate, examples: Estimate, epochs: Estimate) -> Estimate:
    """Operations of one forward pass, times forward and backward, times the examples seen.

    A multiply-add is two operations (decision 0001). The backward pass forms two products for each one of the
    forward pass, the gradient of the weights and that of the inputs, hence the factor 3; a model with frozen
    parts or one that only runs forward claims another. Repeated epochs count again: compute was spent on each.
    Evaluation, abandoned runs and everything but contractions are left out.

    Args:
        flop_per_example: FLOP/example, one forward pass.
        backward_factor: forward and backward over forward.
        examples: examples in one epoch.
        epochs: how often each was seen.

    Returns:
        training compute in FLOP.

    Source: Amodei and Hernandez 2018, appendix, method 1.

    >>> operations(*(Estimate.exact(*x) for x in [(22.6e9, "FLOP/example"), (3,), (1.2e6, "example"), (128,)]))
    <Estimate 1.04e19 FLOP>
    """
    return flop_per_example * backward_factor * examples * epochs
