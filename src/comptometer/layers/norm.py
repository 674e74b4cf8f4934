"""Normalisation: 0 operations, but parameters, and something to train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._fields import Fields


@kind("norm")
@dataclass(frozen=True, slots=True, kw_only=True)
class Norm(Layer):
    """A scale for every channel of an image or every number of the last axis of a sequence, and as many shifts.

    Channels are the first axis where there are three or more, and the last one otherwise; `axis` says it where that is
    not meant (0 is the first). It is element-wise, so it counts 0 operations.
    """

    axis: int | None
    shift: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs nothing."""
        axis = fields.integer("axis", least=0, most=7) if fields.given("axis") else None
        return cls(axis=axis, shift=fields.flag("shift", True))

    def work(self, flow: Flow, run: Run) -> Work:
        """Any shape to the same."""
        axis = self.axis if self.axis is not None else (0 if len(flow.shape) > 2 else -1)
        width = flow.shape[min(axis, len(flow.shape) - 1)]
        return Work(Flow(flow.shape, True), parameters=width * (2 if self.shift else 1))
