"""What is known of a value in an ONNX graph: its type and shape, and, where it is small and constant, what it holds.

Exporters compute shapes inside the graph (Shape, Gather, Concat, Reshape). Such chains of small constants are
evaluated; nothing else is, and no weight is looked into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, TypeProto, helper, numpy_helper

if TYPE_CHECKING:
    from comptometer.counters._onnx_book import Entry

Shape = tuple[int | str | None, ...]


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


LARGEST_CONSTANT: Final = 1 << 20  # elements: a mask of 1,024 × 1,024
FLOATING: Final = frozenset(
    getattr(TensorProto, name) for name in TensorProto.DataType.keys() if "FLOAT" in name or name == "DOUBLE"  # noqa: SIM118
)  # fmt: skip
EVALUATED: Final = names(
    """
    Abs Add And Cast CastLike Ceil Clip Concat ConstantOfShape Cos CumSum Div Equal Expand Flatten Floor Gather
    GatherElements GatherND Greater GreaterOrEqual Identity Less LessOrEqual Max Min Mod Mul Neg NonZero Not Or Pow
    Range ReduceMax ReduceMin ReduceProd ReduceSum Reshape Round ScatterElements ScatterND Sign Slice Split Sqrt Squeeze
    Sub Tile Transpose Trilu Unsqueeze Where Xor
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What one name stands for.

    Attributes:
        type: with the shape; none where nobody says.
        data: what it holds, where it is constant and small.
        weight: the name of the stored weight that it is, unchanged but for its form.
        elements: of that weight.
        scores: the product that these numbers were made of, element by element.
        softmax: have they been through a softmax along their last axis?
    """

    type: TypeProto | None
    data: np.ndarray[Any, Any] | None = None
    weight: str | None = None
    elements: int = 0
    scores: Entry | None = None
    softmax: bool = False

    @property
    def shape(self) -> Shape | None:
        """Extents: numbers, names of axes without a size, or nothing."""
        if self.type is None or not self.type.HasField("tensor_type") or not self.type.tensor_type.HasField("shape"):
            return None
        return tuple(_extent(axis) for axis in self.type.tensor_type.shape.dim)

    @property
    def extents(self) -> tuple[int, ...] | None:
        """The shape, where every extent is a number."""
        shape = self.shape
        if shape is None:
            return None
        known = tuple(extent for extent in shape if isinstance(extent, int))
        return known if len(known) == len(shape) else None


def _extent(axis: Any) -> int | str | None:
    if axis.HasField("dim_value"):
        return int(axis.dim_value)
    return str(axis.dim_param) or None


def typed(element: int, shape: Sequence[int | str | None] | None) -> TypeProto:
    """A tensor type."""
    return helper.make_tensor_type_proto(element, shape)


def array_value(data: np.ndarray[Any, Any]) -> Value:
    """A constant that is known."""
    element = helper.np_dtype_to_tensor_dtype(data.dtype)
    return Value(type=typed(element, data.shape), data=data)


def stored(tensor: TensorProto, name: str) -> Value:
    """A weight or constant of the file; its data are looked at only where they are small and inside the file."""
    size = prod(tensor.dims)
    return Value(
        type=typed(tensor.data_type, list(tensor.dims)),
        data=_data(tensor) if size <= LARGEST_CONSTANT and tensor.data_location != TensorProto.EXTERNAL else None,
        weight=name,
        elements=size,
    )


def _data(tensor: TensorProto) -> np.ndarray[Any, Any] | None:
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, NotImplementedError):  # an initializer whose data were taken out
        return None


def evaluated(
    node: onnx.NodeProto, inputs: Sequence[Value | None], opsets: Mapping[str, int], outputs: Sequence[TypeProto | None]
) -> list[np.ndarray[Any, Any] | None]:
    """What a node makes of small constants, where it is one of the operators that exporters compute shapes with."""
    unknown: list[np.ndarray[Any, Any] | None] = [None] * len(node.output)
    if node.op_type in ("Shape", "Size"):
        return [_measured(node, inputs[0])] if inputs and inputs[0] is not None else unknown
    if node.op_type not in EVALUATED or not all(_small(kind) for kind in outputs if kind is not None):
        return unknown
    data = {name: value.data for name, value in zip(node.input, inputs, strict=True) if value is not None}
    if any(array is None for array in data.values()) or (node.op_type == "NonZero" and not data):
        return unknown
    return _by_reference(node, data, opsets) or unknown


def _measured(node: onnx.NodeProto, source: Value | None) -> np.ndarray[Any, Any] | None:
    shape = source.shape if source is not None else None
    if source is None or shape is None:
        return None
    if node.op_type == "Size":
        return None if source.extents is None else np.array(prod(source.extents), np.int64)
    cut = {attribute.name: attribute.i for attribute in node.attribute}
    part = shape[slice(cut.get("start"), cut.get("end"))]
    known = [extent for extent in part if isinstance(extent, int)]
    return np.array(known, np.int64) if len(known) == len(part) else None


def _small(kind: TypeProto) -> bool:
    extents = Value(type=kind).extents
    return extents is None or prod(extents) <= LARGEST_CONSTANT


def _by_reference(
    node: onnx.NodeProto, data: Mapping[str, Any], opsets: Mapping[str, int]
) -> list[np.ndarray[Any, Any] | None] | None:
    from onnx.reference import ReferenceEvaluator

    blank = [helper.make_value_info(name, TypeProto()) for name in data]
    made = [helper.make_value_info(name, TypeProto()) for name in node.output if name]
    imports = [helper.make_opsetid("", opsets.get("", 1))]
    model = helper.make_model(helper.make_graph([node], "constants", blank, made), opset_imports=imports)
    try:
        with np.errstate(all="ignore"):
            found = iter(ReferenceEvaluator(model).run(None, dict(data)))
    except Exception:  # whatever the reference raises for what it does not know: the value stays unknown
        return None
    return [np.asarray(next(found)) if name else None for name in node.output]
