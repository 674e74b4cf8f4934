"""Graphs inside graphs: `If`, `Loop` and `Scan`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx

from comptometer.counters._onnx_names import module_of
from comptometer.counters._onnx_values import Shape, Value, array_value, typed

if TYPE_CHECKING:
    from comptometer.counters._onnx_walk import Frame, Walk

Rule = Callable[["Walk", onnx.NodeProto, Sequence[Value | None], "Frame"], list[Value]]

DEARER: Final = "a condition depends on values: its dearer branch is counted"
MOST_ROUNDS: Final = 10_000  # walked through one by one, where shapes or the end depend on the round
ROUNDS: Final = "the number of rounds depends on values; one is counted"


def _graph(node: onnx.NodeProto, name: str) -> onnx.GraphProto:
    return next((attribute.g for attribute in node.attribute if attribute.name == name), onnx.GraphProto())


def _inside(node: onnx.NodeProto, frame: Frame, part: str = "") -> Frame:
    named = node.name or node.metadata_props
    key = f"{node.output[0] if node.output else node.name}{part}"
    return frame.inner(key, module_of(node, frame.around) if named else frame.around)


def condition(walk: Walk, node: onnx.NodeProto, inputs: Sequence[Value | None], frame: Frame) -> list[Value]:
    """`If`: the branch that is taken where the condition is constant, else the dearer one."""
    chosen = _flag(inputs[0] if inputs else None)
    names = ["then_branch", "else_branch"] if chosen is None else ["then_branch" if chosen else "else_branch"]
    start, best, least = walk.book.mark(), names[0], -1
    for name in names if len(names) > 1 else ():
        walk.graph(_graph(node, name), _inside(node, frame, name))
        if (cost := walk.book.since(start)) > least:
            best, least = name, cost
        walk.book.back(start)
    made = walk.graph(_graph(node, best), _inside(node, frame, best))
    if chosen is None and least > 0:
        walk.book.notes[DEARER] = None
    if chosen is None:
        made = [replace(value, data=None, weight=None) for value in made]
    return _fitted(made, len(node.output))


def _fitted(made: Sequence[Value], count: int) -> list[Value]:
    return [*made[:count], *[Value(type=None)] * (count - len(made))]


def _flag(value: Value | None) -> bool | None:
    data: Any = value.data if value is not None else None
    return bool(data.reshape(-1)[0]) if data is not None and data.size == 1 else None


def loop(walk: Walk, node: onnx.NodeProto, inputs: Sequence[Value | None], frame: Frame) -> list[Value]:
    """`Loop`: all rounds where their number is constant, else one, and it is listed."""
    most = inputs[0] if inputs else None
    held: Any = most.data if most is not None else None
    rounds = int(held.reshape(-1)[0]) if held is not None and held.size == 1 else None
    first = _flag(inputs[1]) if len(inputs) > 1 and inputs[1] is not None else True
    state = [value if value is not None else Value(type=None) for value in inputs[2:]]
    if rounds == 0 or first is False:
        return _fitted(state, len(node.output))
    start = walk.book.mark()
    blind = [replace(value, data=None, scores=None) for value in state]
    again, made = _round(walk, node, blind, None, frame)
    steady = all(_alike(value, after) for value, after in zip(state, made, strict=False))
    endless = most is not None and rounds is None
    if rounds is not None and first and again and steady:
        walk.book.back(start)
        with walk.book.times(rounds):
            _, made = _round(walk, node, blind, None, frame)
        return _results(node, made, len(state), rounds)
    if first and not endless:
        walk.book.back(start)
        counted = _one_by_one(walk, node, state, rounds, frame)
        if counted is not None:
            return counted
        walk.book.back(start)
        _, made = _round(walk, node, blind, None, frame)
    if walk.book.since(start):
        walk.book.unknown("ai.onnx::Loop", ROUNDS)
    unsteady = [value if _alike(value, old) else Value(type=None) for value, old in zip(made, state, strict=False)]
    return _results(node, [*unsteady, *made[len(state) :]], len(state), None)


def _one_by_one(
    walk: Walk, node: onnx.NodeProto, state: list[Value], rounds: int | None, frame: Frame
) -> list[Value] | None:
    """Every round with the shapes and small constants that it really has; none where the end is not in sight."""
    made: list[Value] = list(state)
    for at in range(MOST_ROUNDS + 1):
        if at == rounds:
            return _results(node, made, len(state), at)
        again, made = _round(walk, node, made[: len(state)], at, frame)
        if again is None:
            return None
        if not again:
            return _results(node, made, len(state), at + 1)
    return None


def _round(
    walk: Walk, node: onnx.NodeProto, state: Sequence[Value], at: int | None, frame: Frame
) -> tuple[bool | None, list[Value]]:
    """Is there another round after this one, and what it makes."""
    body, inner = _graph(node, "body"), _inside(node, frame)
    number = Value(type=typed(onnx.TensorProto.INT64, ())) if at is None else array_value(np.array(at, np.int64))
    given = [number, array_value(np.array(True)), *state]
    inner.seen.update({info.name: value for info, value in zip(body.input, given, strict=False)})
    made = walk.graph(body, inner)
    return (_flag(made[0]) if made else None), made[1:]


def _alike(value: Value, after: Value) -> bool:
    return value.shape == after.shape


def _results(node: onnx.NodeProto, made: Sequence[Value], carried: int, rounds: int | None) -> list[Value]:
    stacked = [_stacked(value, rounds) for value in made[carried:]]
    return _fitted([*made[:carried], *stacked], len(node.output))


def _stacked(value: Value, rounds: int | None, axis: int = 0) -> Value:
    if value.type is None or value.shape is None:
        return Value(type=None)
    at = axis if axis >= 0 else len(value.shape) + 1 + axis
    shape: Shape = (*value.shape[:at], rounds, *value.shape[at:])
    return Value(type=typed(value.type.tensor_type.elem_type, shape))


def scan(walk: Walk, node: onnx.NodeProto, inputs: Sequence[Value | None], frame: Frame) -> list[Value]:
    """`Scan`: its graph once for each slice of the inputs that it runs along."""
    if frame.opsets.get("", 0) < 9:
        walk.book.unknown("ai.onnx::Scan", "the Scan of operator set 8, which has another form")
        return [Value(type=None)] * len(node.output)
    along = next((attribute.i for attribute in node.attribute if attribute.name == "num_scan_inputs"), 0)
    carried = max(0, len(inputs) - along)
    body, inner, start = _graph(node, "body"), _inside(node, frame), walk.book.mark()
    axes = _listed(node, "scan_input_axes", along)
    slices = [_slice(value, axis) for value, axis in zip(inputs[carried:], axes, strict=True)]
    rounds = next((size for _, size in slices if isinstance(size, int)), None)
    state = [Value(type=value.type if value is not None else None) for value in inputs[:carried]]
    given = [*state, *(part for part, _ in slices)]
    inner.seen.update({info.name: value for info, value in zip(body.input, given, strict=False)})
    with walk.book.times(1 if rounds is None else rounds):
        made = walk.graph(body, inner)
    if rounds is None and walk.book.since(start):
        walk.book.unknown("ai.onnx::Scan", ROUNDS)
    results = made[carried:]
    outward = _listed(node, "scan_output_axes", len(results))
    stacked = [_stacked(value, rounds, axis) for value, axis in zip(results, outward, strict=True)]
    return _fitted([*made[:carried], *stacked], len(node.output))


def _listed(node: onnx.NodeProto, name: str, count: int) -> list[int]:
    found = next((list(attribute.ints) for attribute in node.attribute if attribute.name == name), [])
    return [*found, *[0] * count][:count]


def _slice(value: Value | None, axis: int) -> tuple[Value, int | str | None]:
    shape = value.shape if value is not None else None
    if value is None or value.type is None or not shape or not -len(shape) <= axis < len(shape):
        return Value(type=None), None
    at = axis % len(shape)
    rest = (*shape[:at], *shape[at + 1 :])
    return Value(type=typed(value.type.tensor_type.elem_type, rest)), shape[at]


CONTROL: Final[Mapping[str, Rule]] = {"If": condition, "Loop": loop, "Scan": scan}
