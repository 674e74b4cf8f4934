"""A walk through the nodes of an ONNX graph in their order: types, small constants, and the products on the way."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import onnx
from onnx import TypeProto

from comptometer.counters import _onnx_types as types
from comptometer.counters import _onnx_values as values
from comptometer.counters._onnx_axes import Axes
from comptometer.counters._onnx_book import Book, Entry
from comptometer.counters._onnx_call import Call, MisfitError, NoFormulaError, UnknownShapeError
from comptometer.counters._onnx_control import CONTROL
from comptometer.counters._onnx_names import module_of
from comptometer.counters._onnx_operators import classify, plain_domain, reason
from comptometer.counters._onnx_products import FUSED, PRODUCTS, Formula
from comptometer.counters._onnx_values import Value
from comptometer.errors import DataError
from comptometer.ops import Attention

BY_HAND: Final = "attention that is written out as products and a softmax is counted as the full square"
MOST_NODES: Final = 2_000_000
DEEPEST: Final = 60  # functions and graphs within one another
FORM: Final = values.names(
    "Cast CastLike DequantizeLinear Flatten Identity QuantizeLinear Reshape Slice Split Squeeze Transpose Unsqueeze"
)
FLOWS: Final = values.names(
    """
    Add Cast CastLike Clip Div Dropout Expand Identity IsNaN Max Min Mul Reshape Softmax Squeeze Sub Tanh Unsqueeze
    Where
    """
)
FACTORS: Final[Mapping[str, tuple[int, ...]]] = {
    "QLinearMatMul": (0, 3), "QGemm": (0, 3), "QLinearConv": (0, 3), "LSTM": (1, 2), "GRU": (1, 2), "RNN": (1, 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the walk is: the names that can be seen, the versions of operators, and what is around."""

    seen: MutableMapping[str, Value]
    opsets: Mapping[str, int]
    around: str = ""
    key: str = ""
    depth: int = 0

    def inner(self, key: str, around: str) -> Frame:
        """A graph inside, which sees what is outside."""
        return replace(self, seen=ChainMap({}, self.seen), key=f"{self.key}/{key}", around=around, depth=self.depth + 1)


@dataclass(slots=True)
class Walk:
    """All that is found on the way; `weights` are the elements of what is stored, by place and name."""

    place: str
    axes: Axes
    attention: Attention
    ir_version: int
    functions: Mapping[tuple[str, str, str], onnx.FunctionProto]
    book: Book = field(default_factory=Book)
    weights: dict[str, int] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    left: int = MOST_NODES

    def graph(self, graph: onnx.GraphProto, frame: Frame) -> list[Value]:
        """Walk through a graph whose inputs are already seen, and give its outputs."""
        for tensor in graph.initializer:
            self._store(tensor, frame)
        for sparse in graph.sparse_initializer:
            key = f"{frame.key}/{sparse.values.name}"
            kind = values.typed(sparse.values.data_type, list(sparse.dims))
            size = int(np.prod(sparse.values.dims, dtype=object))
            frame.seen[sparse.values.name] = Value(type=kind, weight=key, elements=size)
            self.weights[key] = size
        infos = {info.name: info.type for info in (*graph.value_info, *graph.output)}
        self.nodes(graph.node, frame, infos)
        return [self.read(info.name, frame, "the graph gives") for info in graph.output]

    def _store(self, tensor: onnx.TensorProto, frame: Frame) -> None:
        key = f"{frame.key}/{tensor.name}"
        if any(extent < 0 for extent in tensor.dims):
            raise DataError(self.place, [f"initializer {tensor.name!r} has a negative extent: {list(tensor.dims)}"])
        value = values.stored(tensor, key)
        frame.seen[tensor.name] = value
        if tensor.data_type in values.FLOATING:
            self.weights[key] = value.elements

    def read(self, name: str, frame: Frame, who: str) -> Value:
        """What a name stands for.

        Raises:
            DataError: nothing makes it.
        """
        try:
            return frame.seen[name]
        except KeyError:
            raise DataError(self.place, [f"{who} {name!r}, which nothing before it makes"]) from None

    def nodes(self, nodes: Iterable[onnx.NodeProto], frame: Frame, infos: Mapping[str, TypeProto]) -> None:
        """Walk through nodes in their order."""
        if frame.depth > DEEPEST:
            raise DataError(self.place, [f"graphs and functions are nested more than {DEEPEST} deep"])
        for node in nodes:
            self.left -= 1
            if self.left < 0:
                raise DataError(self.place, [f"more than {MOST_NODES:,} nodes are walked through"])
            inputs = [self.read(name, frame, f"{_who(node)} reads") if name else None for name in node.input]
            try:
                made = self._node(node, inputs, frame)
            except (types.InferenceError, MisfitError) as error:
                raise DataError(self.place, [f"{_who(node)}: {error}"]) from None
            for name, value in zip(node.output, made, strict=False):
                if name:
                    frame.seen[name] = self._declared(value, infos.get(name))

    def _declared(self, value: Value, info: TypeProto | None) -> Value:
        """Extents that nobody could work out are those that the file states."""
        if info is None or value.extents is not None or not info.HasField("tensor_type"):
            return value
        stated = Value(type=info).shape
        if stated is None or (value.shape is not None and len(value.shape) != len(stated)):
            return value
        own = value.shape or (None,) * len(stated)
        sizes = self.axes.sizes
        extents = [
            mine if isinstance(mine, int) else sizes.get(theirs, theirs) if isinstance(theirs, str) else theirs
            for mine, theirs in zip(own, stated, strict=True)
        ]
        return replace(value, type=values.typed(info.tensor_type.elem_type, extents))

    def _node(self, node: onnx.NodeProto, inputs: Sequence[Value | None], frame: Frame) -> list[Value]:
        domain = plain_domain(node.domain)
        own = self.functions.get((domain, node.op_type, node.overload))
        if own is not None:
            return self._function(own, node, inputs, frame)
        if domain == "" and node.op_type in CONTROL:
            return CONTROL[node.op_type](self, node, inputs, frame)
        if domain == "" and node.op_type == "Constant" and node.output:
            return [self._constant(node, frame)]
        kinds = types.outputs(node, inputs, frame.opsets, self.ir_version)
        data = values.evaluated(node, inputs, frame.opsets, kinds) if domain == "" else [None] * len(kinds)
        made = [Value(type=kind, data=array) for kind, array in zip(kinds, data, strict=True)]
        kind = classify(domain, node.op_type)
        if kind == "contraction":
            return self._product(node, inputs, made, frame)
        if kind == "unknown":
            self.book.unknown(f"{domain or 'ai.onnx'}::{node.op_type}", reason(domain, node.op_type))
        return self._passed(node, inputs, made) if domain in ("", "com.microsoft") else made

    def _constant(self, node: onnx.NodeProto, frame: Frame) -> Value:
        attribute = node.attribute[0] if node.attribute else onnx.AttributeProto()
        if attribute.name == "value":
            return values.stored(attribute.t, f"{frame.key}/{node.output[0]}")
        held = onnx.helper.get_attribute_value(attribute) if attribute.name.startswith("value_") else None
        if attribute.name.startswith(("value_float", "value_int")):
            return values.array_value(np.array(held, np.float32 if "float" in attribute.name else np.int64))
        return Value(type=None)

    def _product(
        self, node: onnx.NodeProto, inputs: Sequence[Value | None], made: list[Value], frame: Frame
    ) -> list[Value]:
        domain = plain_domain(node.domain)
        call = Call(node, inputs, made, self.attention, self.book.notes)
        name = (domain, node.op_type)
        parts = FUSED[name] if name in FUSED else (PRODUCTS[name],)
        factors = self._factors(node, inputs)
        entry = None
        for operation, formula in parts:
            flop = self._flop(call, formula, frame)
            if flop is None:
                return made
            label = "linear" if operation == "matmul" and any(value.weight for value in factors) else operation
            entry = self.book.add(module_of(node, frame.around), label, flop)
        for value in factors:
            if value.weight:
                packed = self._attribute(node, "K") * self._attribute(node, "N")
                self.weights[value.weight] = packed or value.elements
        return self._attending(entry, inputs, made) if entry is not None and entry.operation == "matmul" else made

    def _factors(self, node: onnx.NodeProto, inputs: Sequence[Value | None]) -> list[Value]:
        places = range(len(inputs)) if node.op_type == "Einsum" else FACTORS.get(node.op_type, (0, 1))
        return [value for at in places if at < len(inputs) and (value := inputs[at]) is not None]

    def _attribute(self, node: onnx.NodeProto, name: str) -> int:
        return next((int(entry.i) for entry in node.attribute if entry.name == name), 0)

    def _flop(self, call: Call, formula: Formula, frame: Frame) -> int | None:
        node = call.node
        name = f"{plain_domain(node.domain) or 'ai.onnx'}::{node.op_type}"
        try:
            return formula(call)
        except NoFormulaError as error:
            self.book.unknown(name, str(error))
        except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError) as error:
            raise MisfitError(f"has an attribute or input that cannot be: {error}") from None
        except UnknownShapeError as error:
            if self.axes.free:
                raise DataError(self.place, [_ask(node, error, self.axes)]) from None
            self.book.unknown(name, "a shape that it needs depends on values, or on an operator that is unknown")
        return None

    def _attending(self, entry: Entry, inputs: Sequence[Value | None], made: list[Value]) -> list[Value]:
        """A product of activations may be the scores of an attention; one with a softmax of such is its sum."""
        first = inputs[0]
        if first is not None and first.scores is not None and first.softmax:
            entry.operation = first.scores.operation = "attention"
            if self.attention != "full":
                self.book.notes[BY_HAND] = None
            return made
        return [replace(value, scores=entry) for value in made]

    def _passed(self, node: onnx.NodeProto, inputs: Sequence[Value | None], made: list[Value]) -> list[Value]:
        first = inputs[0] if inputs else None
        if first is not None and first.weight and node.op_type in FORM:
            return [replace(value, weight=first.weight, elements=first.elements) for value in made]
        if first is not None and first.weight and node.op_type == "Gather":
            return self._looked_up(first, inputs, made)
        if node.op_type not in FLOWS:
            return made
        sources = [value for value in inputs if value is not None and value.scores is not None]
        entries = {id(value.scores) for value in sources}
        if len(entries) != 1 or (node.op_type == "Softmax" and not self._last(node, sources[0])):
            return made
        soft = node.op_type == "Softmax" or any(value.softmax for value in sources)
        return [replace(value, scores=sources[0].scores, softmax=soft) for value in made]

    def _looked_up(self, table: Value, inputs: Sequence[Value | None], made: list[Value]) -> list[Value]:
        index = inputs[1]
        if index is not None and index.data is not None:
            return [replace(value, weight=table.weight, elements=table.elements) for value in made]
        if table.weight and table.shape is not None and len(table.shape) == 2:
            self.tables[table.weight] = self.weights[table.weight] = table.elements
        return made

    def _last(self, node: onnx.NodeProto, source: Value) -> bool:
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), -1)
        return axis == -1 or (source.shape is not None and axis == len(source.shape) - 1)

    def _function(
        self, function: onnx.FunctionProto, node: onnx.NodeProto, inputs: Sequence[Value | None], frame: Frame
    ) -> list[Value]:
        seen: dict[str, Value] = {name: value for name, value in zip(function.input, inputs, strict=False) if value}
        given = {attribute.name: attribute for attribute in (*function.attribute_proto, *node.attribute)}
        inner = Frame(
            seen=seen,
            opsets={plain_domain(entry.domain): entry.version for entry in function.opset_import} or frame.opsets,
            around=module_of(node, frame.around) if node.name or node.metadata_props else frame.around or node.op_type,
            key=f"{function.domain}:{function.name}:{function.overload}",
            depth=frame.depth + 1,
        )
        self.nodes((bound(part, given) for part in function.node), inner, {})
        names = function.output[: len(node.output)]
        made = [self.read(name, inner, f"function {function.name!r} gives") for name in names]
        return made + [Value(type=None)] * (len(node.output) - len(made))


def bound(node: onnx.NodeProto, given: Mapping[str, onnx.AttributeProto]) -> onnx.NodeProto:
    """A node of a function, its attributes and those of the graphs in it replaced by what the call gives."""
    made = onnx.NodeProto()
    made.CopyFrom(node)
    del made.attribute[:]
    for attribute in node.attribute:
        value = given.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        if value is None:
            continue
        own = made.attribute.add()
        own.CopyFrom(value)
        own.name = attribute.name
        if own.HasField("g"):
            for at, inner in enumerate(attribute.g.node):
                own.g.node[at].CopyFrom(bound(inner, given))
    return made


def _who(node: onnx.NodeProto) -> str:
    return f"node {node.name!r} ({node.op_type})" if node.name else f"a node {node.op_type}"


def _ask(node: onnx.NodeProto, error: UnknownShapeError, axes: Axes) -> str:
    shape = "unknown" if error.shape is None else f"({', '.join('?' if x is None else str(x) for x in error.shape)})"
    symbols = dict.fromkeys(axis.symbol for axis in axes.free if axis.symbol)
    first = axes.free[0]
    example = (
        f"{{{', '.join(f'{symbol!r}: 128' for symbol in symbols)}}}" if symbols else f"{{{first.input!r}: (1, …)}}"
    )
    return (
        f"{_who(node)}: the shape of {error.name!r} is {shape}, and these axes have no size: "
        f"{'; '.join(map(str, axes.free))}. Give them: inputs={example}, or whole shapes by the names of the inputs"
    )
