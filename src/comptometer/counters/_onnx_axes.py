"""Sizes for the axes of an ONNX model that have none of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import onnx
from onnx import TensorProto, TypeProto

from comptometer.counters._onnx_values import Shape, Value, typed
from comptometer.errors import UsageError

INTEGERS: Final = frozenset({TensorProto.INT64, TensorProto.INT32, TensorProto.INT16, TensorProto.INT8})
ONE: Final = "axis 0 of input {!r} has no size and none was given: it is taken as {:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis without a size."""

    symbol: str
    input: str
    at: int

    def __str__(self) -> str:
        return f"{f'{self.symbol!r}, ' if self.symbol else ''}axis {self.at} of input {self.input!r}"


@dataclass(slots=True)
class Axes:
    """What the inputs of a model are.

    Attributes:
        types: of each input, with the sizes that are known.
        sizes: of the axes that have a name.
        free: axes that still have no size.
        repeat: how often all is done, where no axis holds the batch.
        notes: what was assumed.
    """

    types: dict[str, TypeProto] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    free: list[Axis] = field(default_factory=list)
    repeat: int = 1
    notes: list[str] = field(default_factory=list)

    def extent(self) -> tuple[int, int | None]:
        """Examples, and positions in each where the first input holds token numbers: (batch, length)."""
        first = next(iter(self.types.values()), None)
        extents = Value(type=first).extents
        if first is None or not extents:
            return self.repeat, None
        numbers = len(extents) == 2 and first.tensor_type.elem_type in INTEGERS
        return max(1, extents[0]) * self.repeat, extents[1] if numbers else None


def sized(graph: onnx.GraphProto, inputs: Any, batch: int) -> Axes:
    """The inputs of a graph with their sizes: its own, and those that are given.

    Raises:
        UsageError: a size or shape that does not fit.
    """
    held = {tensor.name for tensor in graph.initializer}
    shapes = {info.name: Value(type=info.type) for info in graph.input if info.name not in held}
    found = Axes(sizes={})
    whole, by_name = _given(shapes, inputs)
    for name, shape in whole.items():
        _bind(name, shapes[name].shape, shape, found.sizes)
    for symbol, size in by_name.items():
        _agree(symbol, size, found.sizes, "inputs")
    leading = _leading(shapes)
    for symbol in {_symbol(shapes[name].shape) for name in leading} - {""}:
        found.sizes[symbol] = found.sizes.get(symbol, 1) * batch
    found.repeat = 1 if leading else batch
    for name, value in shapes.items():
        own = whole.get(name, value.shape)
        extents = None if own is None else [
            _size(found, name, at, extent, value.shape, batch, name in leading) for at, extent in enumerate(own)
        ]  # fmt: skip
        found.types[name] = _typed(value, extents)
        if own is None:
            found.free.append(Axis(symbol="", input=name, at=0))
        if name in leading and name not in whole and _symbol(value.shape) not in by_name:
            found.notes.append(ONE.format(name, batch))
    return found


def _size(
    found: Axes, name: str, at: int, extent: int | str | None, declared: Shape | None, batch: int, leads: bool
) -> int | str | None:
    symbol = declared[at] if declared is not None else None
    if isinstance(symbol, str) and symbol in found.sizes:
        return found.sizes[symbol]
    if leads and at == 0:
        return (extent if isinstance(extent, int) else 1) * batch
    if not isinstance(extent, int):
        found.free.append(Axis(symbol=extent or "", input=name, at=at))
    return extent


def _typed(value: Value, extents: Sequence[int | str | None] | None) -> TypeProto:
    kind = value.type or TypeProto()
    return typed(kind.tensor_type.elem_type, extents) if kind.HasField("tensor_type") else kind


def _symbol(shape: Shape | None) -> str:
    return shape[0] if shape and isinstance(shape[0], str) else ""


def _leading(shapes: Mapping[str, Value]) -> list[str]:
    """The inputs whose first axis is the batch: it has no size, and is no other axis of another input."""
    inner = {extent for value in shapes.values() for extent in (value.shape or ())[1:]}
    return [
        name
        for at, (name, value) in enumerate(shapes.items())
        if value.shape and not isinstance(value.shape[0], int) and (at == 0 or value.shape[0] not in inner or
                                                                   value.shape[0] is None)
    ]  # fmt: skip


def _bind(name: str, declared: Shape | None, shape: Sequence[int], sizes: dict[str, int]) -> None:
    if declared is None:
        return
    if len(declared) != len(shape):
        raise UsageError(f"inputs: {name!r} has {len(declared)} axes, {_written(declared)}, got {tuple(shape)}")
    for own, size in zip(declared, shape, strict=True):
        if isinstance(own, int) and own != size:
            raise UsageError(f"inputs: {name!r} is {_written(declared)} in the model, got {tuple(shape)}")
        if isinstance(own, str):
            _agree(own, size, sizes, repr(name))


def _agree(symbol: str, size: int, sizes: dict[str, int], where: str) -> None:
    if sizes.setdefault(symbol, size) != size:
        raise UsageError(f"inputs: the axis {symbol!r} is {sizes[symbol]:,} elsewhere, but {size:,} in {where}")


def _written(shape: Shape) -> str:
    return f"({', '.join('?' if extent is None else str(extent) for extent in shape)})"


def _given(shapes: Mapping[str, Value], inputs: Any) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
    """Shapes by input, and sizes by the name of an axis."""
    if inputs is None:
        return {}, {}
    if isinstance(inputs, Mapping):
        symbols = {extent for value in shapes.values() for extent in value.shape or () if isinstance(extent, str)}
        whole = {name: _shape(name, value) for name, value in inputs.items() if name in shapes and not _whole(value)}
        rest = {name: value for name, value in inputs.items() if name not in whole}
        for name, value in rest.items():
            if name not in symbols:
                raise UsageError(
                    f"inputs: the model has no input and no axis {name!r}; its inputs are "
                    f"{', '.join(map(repr, shapes))}; axes: {', '.join(sorted(map(repr, symbols))) or 'none'}"
                )
            if not _whole(value) or not value > 0:
                raise UsageError(f"inputs: the axis {name!r} needs a whole number from 1, got {value!r}")
        return whole, {name: int(value) for name, value in rest.items()}
    one = hasattr(inputs, "shape") or (isinstance(inputs, (tuple, list)) and bool(inputs) and all(map(_whole, inputs)))
    listed = [inputs] if one else inputs
    if not isinstance(listed, (tuple, list)):
        raise UsageError(f"inputs: needs shapes, got {type(inputs).__name__}; write {{'name': (1, 3, 224, 224)}}")
    if len(listed) > len(shapes):
        raise UsageError(f"inputs: {len(listed)} are given, the model has {len(shapes)}: {', '.join(shapes)}")
    return {name: _shape(name, value) for name, value in zip(shapes, listed, strict=False)}, {}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shape(name: str, value: Any) -> tuple[int, ...]:
    extents = (
        tuple(getattr(value, "shape", value)) if hasattr(value, "shape") or isinstance(value, (tuple, list)) else None
    )
    if extents is None or not all(_whole(extent) and extent >= 0 for extent in extents):
        raise UsageError(f"inputs: {name!r} needs a shape such as (1, 3, 224, 224), got {value!r}")
    return extents
