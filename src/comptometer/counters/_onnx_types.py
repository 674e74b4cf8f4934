"""Types and shapes of what a node makes: by the inference of ONNX, and for operators of ONNX Runtime by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import onnx
from onnx import TensorProto, TypeProto, numpy_helper

from comptometer.counters._onnx_operators import MICROSOFT, plain_domain
from comptometer.counters._onnx_values import Shape, Value, names, typed

# Operators of ONNX Runtime whose first result has the type and shape of their first input.
ALIKE: Final = names(
    """
    BiasAdd BiasDropout BiasGelu BiasSoftmax BitmaskBiasDropout BitmaskDropout FastGelu Gelu GroupNorm QLinearLeakyRelu
    QLinearSigmoid QLinearSoftmax QuickGelu RotaryEmbedding SkipGroupNorm SkipLayerNormalization
    SkipSimplifiedLayerNormalization SimplifiedLayerNormalization
    """
)
DEQUANTIZING: Final = frozenset({"MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QAttention", "QGemm"})
# Operators of ONNX Runtime that are one of the standard with something fused to it.
STANDARD: Final[Mapping[str, tuple[str, int, frozenset[str]]]] = {
    "FusedGemm": ("Gemm", 3, frozenset({"alpha", "beta", "transA", "transB"})),
    "FusedConv": ("Conv", 3, frozenset({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"})),
}
REFUSALS: Final = (
    onnx.shape_inference.InferenceError,
    onnx.checker.ValidationError,
    onnx.defs.SchemaError,
    ValueError,
    RuntimeError,
    IndexError,
)


class InferenceError(Exception):
    """The shapes do not fit the node."""


def outputs(
    node: onnx.NodeProto, inputs: Sequence[Value | None], opsets: Mapping[str, int], ir_version: int
) -> list[TypeProto | None]:
    """The types of what a node makes, None where nobody says.

    Raises:
        InferenceError: its inputs cannot be.
    """
    domain = plain_domain(node.domain)
    nothing: list[TypeProto | None] = [None] * len(node.output)
    if any(name and (value is None or value.type is None) for name, value in zip(node.input, inputs, strict=True)):
        return nothing
    if domain == MICROSOFT or node.op_type == "SimplifiedLayerNormalization":
        return _of_runtime(node, inputs, opsets, ir_version) or nothing
    try:
        schema = onnx.defs.get_schema(node.op_type, opsets.get(domain, 0), domain)
    except (onnx.defs.SchemaError, TypeError):  # the second for a name that is not UTF-8
        return nothing
    return _inferred(schema, node, inputs, opsets, ir_version)


def _inferred(
    schema: onnx.defs.OpSchema,
    node: onnx.NodeProto,
    inputs: Sequence[Value | None],
    opsets: Mapping[str, int],
    ir_version: int,
) -> list[TypeProto | None]:
    given = {name: value for name, value in zip(node.input, inputs, strict=True) if name and value is not None}
    data = {
        name: numpy_helper.from_array(value.data, name)
        for name, value in given.items()
        if value.data is not None and value.data.dtype != object
    }
    try:
        found = onnx.shape_inference.infer_node_outputs(
            schema,
            node,
            {name: value.type for name, value in given.items() if value.type is not None},
            data,
            opset_imports=[onnx.helper.make_opsetid(domain, version) for domain, version in opsets.items()],
            ir_version=ir_version,
        )
    except REFUSALS as error:
        raise InferenceError((str(error).splitlines() or ["its inputs do not fit"])[0]) from None
    return [found.get(name) if name else None for name in node.output]


def _of_runtime(
    node: onnx.NodeProto, inputs: Sequence[Value | None], opsets: Mapping[str, int], ir_version: int
) -> list[TypeProto | None] | None:
    rest: list[TypeProto | None] = [None] * (len(node.output) - 1)
    first = inputs[0] if inputs else None
    if node.op_type in ALIKE:
        return [first.type if first is not None else None, *rest]
    if node.op_type in STANDARD:
        operator, most, known = STANDARD[node.op_type]
        plain = onnx.helper.make_node(operator, node.input[:most], node.output[:1])
        plain.attribute.extend(attribute for attribute in node.attribute if attribute.name in known)
        schema = onnx.defs.get_schema(operator, opsets.get("", 0) or onnx.defs.onnx_opset_version())
        return [*_inferred(schema, plain, inputs[: len(plain.input)], opsets, ir_version), *rest]
    rule = RULES.get(node.op_type)
    shape = rule(node, inputs) if rule is not None and len(inputs) > 1 else None
    if shape is None or first is None or first.type is None:
        return None
    element = TensorProto.FLOAT if node.op_type in DEQUANTIZING else first.type.tensor_type.elem_type
    return [typed(element, shape), *rest]


Rule = Callable[[onnx.NodeProto, Sequence[Value | None]], Shape | None]


def _attribute(node: onnx.NodeProto, name: str, default: int = 0) -> int:
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == name), default)


def _multiplied(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Shape | None:
    left, right = (value.shape if value is not None else None for value in inputs[:2])
    if left is None or right is None or len(left) < 2 or len(right) < 2:
        return None
    if _attribute(node, "transBatchA") or _attribute(node, "transBatchB"):
        return None
    rows = left[-1 if _attribute(node, "transA") else -2]
    columns = right[-2 if _attribute(node, "transB") else -1]
    longer, shorter = (left[:-2], right[:-2]) if len(left) >= len(right) else (right[:-2], left[:-2])
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    return (*(b if a == 1 else a for a, b in zip(longer, padded, strict=True)), rows, columns)


def _packed(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Shape | None:
    source = inputs[0].shape if inputs[0] is not None else None
    return None if source is None else (*source[:-1], _attribute(node, "N"))


def _quantized(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Shape | None:
    return _multiplied(node, [inputs[0], inputs[3]]) if len(inputs) > 3 else None


def _attended(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Shape | None:
    query = inputs[0].shape if inputs[0] is not None else None
    value = inputs[2].shape if len(inputs) > 2 and inputs[2] is not None else None
    if query is None:
        return None
    if node.op_type == "GroupQueryAttention" and value is None:
        heads, stored, width = _attribute(node, "num_heads"), _attribute(node, "kv_num_heads"), query[-1]
        if not isinstance(width, int) or heads < 1:
            return None
        return (*query[:2], width // (heads + 2 * stored) * heads)
    if len(query) == 5 and isinstance(query[2], int) and isinstance(query[4], int):
        return (*query[:2], query[2] * query[4])
    if node.op_type == "MultiHeadAttention" and value is not None and len(value) == 3:
        return (*query[:2], value[2])
    return query if len(query) == 3 else None


def _projected(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Shape | None:
    source, weights = (value.shape if value is not None else None for value in inputs[:2])
    if source is None or weights is None:
        return None
    sizes = next((list(entry.ints) for entry in node.attribute if entry.name == "qkv_hidden_sizes"), None)
    columns = weights[-1]
    return (*source[:-1], sizes[-1] if sizes else columns // 3 if isinstance(columns, int) else None)


RULES: Final[Mapping[str, Rule]] = {
    "FusedMatMul": _multiplied,
    "TransposeMatMul": _multiplied,
    "FusedMatMulActivation": _multiplied,
    "MatMulIntegerToFloat": _multiplied,
    "DynamicQuantizeMatMul": _multiplied,
    "QGemm": _quantized,
    "MatMulNBits": _packed,
    "MatMulBnb4": _packed,
    "MultiHeadAttention": _attended,
    "GroupQueryAttention": _attended,
    "Attention": _projected,
    "QAttention": _projected,
}
