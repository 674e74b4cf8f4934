"""Closed forms beside a trace of the class itself: parameters, and forward and backward work by kind of operation.

The two share nothing but the arithmetic of one product: the trace runs the class on the meta device, operator by
operator, and takes the backward pass from the autograd graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import Any

from comptometer.counters.torch import count as trace
from comptometer.formulas import count
from comptometer.ops import OpCount, Term

# A trace does not know what a product of two values is for, where attention is written out.
MERGED = {"matmul": "product", "state": "product", "attention": "product", "indexer": "product"}


def work(found: OpCount, apart: Collection[str] = ()) -> dict[str, tuple[int, int]]:
    """Forward and backward FLOP by kind of operation."""
    sums: dict[str, tuple[int, int]] = {}
    for term in found.terms:
        kind = MERGED.get(term.operation, term.operation)
        if not {kind, term.operation} & {*apart}:
            forward, backward = sums.get(kind, (0, 0))
            sums[kind] = forward + term.forward, backward + term.backward
    return {kind: both for kind, both in sums.items() if any(both)}


def parameters(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def disagreements(
    fields: Mapping[str, Any],
    model: Any,
    inputs: Any,
    *,
    apart: Collection[str] = (),
    executed: tuple[int, int] | None = None,
    frozen: tuple[str, ...] = (),
    frozen_in_model: tuple[str, ...] = (),
    **given: Any,
) -> dict[str, Any]:
    """What the closed form and the trace say differently: nothing where they agree.

    Args:
        fields: the configuration.
        model: the class built from it.
        inputs: of the model; shapes are enough.
        apart: kinds of operation that are not compared (say why).
        executed: what the class does forward and backward in place of the operations `state`, which are their
            recurrent form, where it works in chunks.
        frozen: what is not trained, as the closed form names its modules.
        frozen_in_model: the same, as the class names them.
        given: batch, lengths, image size.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library that is measured
        traced = trace(model, inputs, frozen=frozen_in_model)
    from comptometer.trainable import Trainable

    found = count(fields, trainable=Trainable(frozen=frozen), **given)
    assert found.parameters is not None
    said: dict[str, Any] = {"parameters": (found.parameters.total, parameters(model))}
    ours, theirs = work(found, (*apart, *(["state"] if executed else []))), work(traced, apart)
    if executed:
        forward, backward = ours.get("product", (0, 0))
        ours["product"] = forward + executed[0], backward + executed[1]
    said |= {kind: (ours.get(kind), theirs.get(kind)) for kind in {*ours, *theirs}}
    return {kind: both for kind, both in said.items() if both[0] != both[1]}


def modules(found: OpCount) -> list[Term]:
    """For looking at where a disagreement comes from."""
    return list(found.by_module.values())
