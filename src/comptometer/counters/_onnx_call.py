"""One node of an ONNX graph with what is known of its inputs and outputs: what the formulas see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from comptometer.counters._onnx_values import Value
from comptometer.ops import Attention


class UnknownShapeError(Exception):
    """A formula needs a shape that is not known."""

    def __init__(self, name: str, value: Value | None) -> None:
        self.name = name
        self.shape = value.shape if value is not None else None
        super().__init__(name)


class MisfitError(Exception):
    """Shapes or attributes that cannot belong to such a node."""


class NoFormulaError(Exception):
    """A form of the operator that no formula knows: it is listed with this reason."""


@dataclass(frozen=True, slots=True)
class Call:
    """A node, its inputs and its outputs, in their order; an input that is left out is None."""

    node: onnx.NodeProto
    inputs: Sequence[Value | None]
    outputs: Sequence[Value | None]
    attention: Attention
    notes: dict[str, None]

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default where it is left out; texts as text."""
        found = next((entry for entry in self.node.attribute if entry.name == name), None)
        if found is None:
            return default
        value = helper.get_attribute_value(found)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def given(self, at: int) -> Value | None:
        """An input, where it is given."""
        return self.inputs[at] if at < len(self.inputs) and self.node.input[at] else None

    def dims(self, at: int, rank: int | None = None) -> tuple[int, ...]:
        """The extents of an input.

        Raises:
            UnknownShapeError: they are not known.
            MisfitError: there is no such input, or it has another rank.
        """
        if at >= len(self.node.input) or not self.node.input[at]:
            raise MisfitError(f"has no input {at + 1}, which {self.node.op_type} needs")
        return self._ranked(self.node.input[at], self.inputs[at], rank)

    def out(self, at: int = 0, rank: int | None = None) -> tuple[int, ...]:
        """The extents of an output; raises as `dims` does."""
        return self._ranked(self.node.output[at], self.outputs[at], rank)

    def _ranked(self, name: str, value: Value | None, rank: int | None) -> tuple[int, ...]:
        extents = value.extents if value is not None else None
        if extents is None:
            raise UnknownShapeError(name, value)
        if rank is not None and len(extents) != rank:
            raise MisfitError(f"needs {rank} axes of {name!r}, which has {len(extents)}: {extents}")
        return extents
