"""Small ONNX models, written by hand: one operator, or a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("onnx", reason="ONNX is not installed")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from comptometer.counters.onnx import count
from comptometer.ops import OpCount

Shape = Sequence[int | str | None]
FLOAT, INT64, BOOL, UINT8, INT8 = (
    TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT8, TensorProto.INT8,
)  # fmt: skip


def info(name: str, shape: Shape | None, element: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def weight(name: str, *shape: int, dtype: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.zeros(shape, dtype), name)


def constant(name: str, values: Any, dtype: Any = np.int64) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype), name)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[str],
    weights: Sequence[onnx.TensorProto] = (),
    *,
    opset: int = 23,
    functions: Sequence[onnx.FunctionProto] = (),
    infos: Sequence[onnx.ValueInfoProto] = (),
) -> onnx.ModelProto:
    ends = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "written", inputs, ends, initializer=weights, value_info=infos)
    domains = {node.domain for node in nodes if node.domain} | {function.domain for function in functions}
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in sorted(domains))]
    return helper.make_model(graph, opset_imports=opsets, functions=functions)


def one(
    operator: str,
    shapes: Sequence[Shape],
    weights: Sequence[onnx.TensorProto] = (),
    *,
    elements: Sequence[int] = (),
    outputs: int = 1,
    domain: str = "",
    opset: int = 23,
    **attributes: Any,
) -> onnx.ModelProto:
    """One operator: inputs `a`, `b`, …, then the weights in their order."""
    names = [chr(ord("a") + at) for at in range(len(shapes))]
    given = [info(name, shape, element) for name, shape, element in
             zip(names, shapes, [*elements, *[FLOAT] * len(shapes)], strict=False)]  # fmt: skip
    node = helper.make_node(
        operator,
        [*names, *(tensor.name for tensor in weights)],
        [f"out{at}" for at in range(outputs)],
        domain=domain,
        **attributes,
    )
    return model([node], given, ["out0"], weights, opset=opset)


def counted(operator: str, shapes: Sequence[Shape], weights: Sequence[onnx.TensorProto] = (), **rest: Any) -> OpCount:
    return count(one(operator, shapes, weights, **rest))


def work(found: OpCount) -> dict[str, int]:
    """FLOP by kind of operation."""
    assert not found.uncounted
    return {name: term.forward for name, term in found.by_operation.items()}
