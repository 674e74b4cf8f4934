"""Products with a weight at every position."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Self

from comptometer.contraction import matmul
from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._fields import Fields


@kind("linear")
@dataclass(frozen=True, slots=True, kw_only=True)
class Linear(Layer):
    """The last axis times a matrix, for every position of the axes before it: 2 · positions · inputs · outputs.

    After an image the last axis is rarely what is meant, so there `inputs` must be stated, or the image flattened.
    """

    outputs: int
    inputs: int | None
    bias: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs outputs."""
        return cls(outputs=fields.integer("outputs"), inputs=fields.optional("inputs"), bias=fields.flag("bias", True))

    def work(self, flow: Flow, run: Run) -> Work:
        """Positions × inputs to positions × outputs."""
        *positions, inputs = flow.shape
        if self.inputs is not None and self.inputs != inputs:
            raise UsageError(f"inputs: {self.inputs} stated, but {flow} comes in, whose last axis has {inputs}")
        if self.inputs is None and len(positions) > 1:
            raise UsageError(
                f"{flow} comes in; flatten it before, or state inputs = {inputs} if the last axis is meant"
            )
        forward = matmul(run.batch * prod(positions), inputs, self.outputs)
        return Work(
            flow=Flow((*positions, self.outputs), True),
            terms=[run.weighted("", "linear", forward, trained=flow.trained)],
            parameters=inputs * self.outputs + (self.outputs if self.bias else 0),
        )
