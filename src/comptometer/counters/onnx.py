"""Counts an ONNX model, forward only: its graph is read as data, nothing is run and no weight is looked into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import onnx

from comptometer.counters import _onnx_axes as axes
from comptometer.counters import _onnx_file as file
from comptometer.counters import _switches as switches
from comptometer.counters._onnx_operators import plain_domain
from comptometer.counters._onnx_values import Value
from comptometer.counters._onnx_walk import Frame, Walk
from comptometer.errors import DataError, UsageError
from comptometer.ops import Attention, Convention, OpCount, Parameters, Recompute

BACKEND: Final = "onnx"


def count(
    model: onnx.ModelProto | str | Path,
    inputs: Any = None,
    *,
    batch: int = 1,
    attention: Attention = "full",
    recompute: Recompute = "none",
    backward: bool = True,
    frozen: Sequence[str] = (),
    strict: bool = False,
) -> OpCount:
    """Count the operations of one forward pass of an ONNX model.

    A graph has no backward pass: `backward` and `training` of the result are None, whatever is asked for.

    Args:
        model: the path of a `.onnx` file, or a model; weights kept as external data are not looked for.
        inputs: sizes for axes that have none: shapes by the names of the inputs, sizes by the names of the axes, or
            both in one mapping; or shapes in the order of the inputs.
        batch: multiplies the first axis of the inputs where the model leaves its size open (1 unless given), else it
            says how often all is done.
        attention: `full`, the dense square; `causal`, the pairs that the mask keeps; `half`, S²/2 under a causal mask.
        recompute: needs a backward pass, so only `none`.
        backward: is not counted.
        frozen: needs a backward pass, so none.
        strict: raise where an operator is unknown.

    Raises:
        NotFound: no such file.
        DataError: not an ONNX model, a graph that cannot be, or an axis without a size that a product needs.
        UsageError: a switch or shape that cannot be, and, if `strict`, an operator that no formula knows.

    >>> node = onnx.helper.make_node("MatMul", ["x", "y"], ["z"])
    >>> ends = [onnx.helper.make_tensor_value_info(name, 1, [4, 4]) for name in "xyz"]
    >>> found = count(onnx.helper.make_model(onnx.helper.make_graph([node], "product", ends[:2], ends[2:])))
    >>> found.forward, found.training
    (128, None)
    """
    _checked(batch, attention, recompute, frozen)
    place = str(model) if isinstance(model, (str, Path)) else model.graph.name or "ONNX model"
    read = file.read(Path(model)) if isinstance(model, (str, Path)) else file.checked(model, place)
    walk = _walked(read, place, inputs, batch, attention)
    missing = walk.book.uncounted()
    if strict:
        switches.refuse_uncounted(place, missing)
    total = sum(walk.weights.values())
    examples, length = walk.axes.extent()
    return OpCount(
        terms=walk.book.terms(),
        convention=Convention(attention=attention),
        parameters=Parameters(total=total, active=total, embedding=sum(walk.tables.values())),
        uncounted=missing,
        backend=BACKEND,
        target=place,
        batch=examples,
        sequence_length=length,
        tokens=examples * length if length else None,
        notes=[*walk.axes.notes, *walk.book.notes],
        differentiated=False,
    )


def _checked(batch: int, attention: str, recompute: str, frozen: Sequence[str]) -> None:
    switches.check(batch, attention, recompute, frozen)
    if recompute != "none":
        raise UsageError(f"recompute: {recompute!r} needs a backward pass, which an ONNX model does not have")
    if frozen:
        raise UsageError("frozen: needs a backward pass, which an ONNX model does not have")


def _walked(model: onnx.ModelProto, place: str, inputs: Any, batch: int, attention: Attention) -> Walk:
    graph = model.graph
    for info in graph.input:
        if any(axis.dim_value < 0 for axis in info.type.tensor_type.shape.dim):
            raise DataError(place, [f"input {info.name!r} has a negative extent"])
    found = axes.sized(graph, inputs, batch)
    walk = Walk(
        place=place,
        axes=found,
        attention=attention,
        ir_version=model.ir_version or onnx.IR_VERSION,
        functions={(plain_domain(one.domain), one.name, one.overload): one for one in model.functions},
    )
    seen = {name: Value(type=kind) for name, kind in found.types.items()}
    frame = Frame(seen=seen, opsets={plain_domain(one.domain): one.version for one in model.opset_import})
    with walk.book.times(found.repeat):
        walk.graph(graph, frame)
    return walk
