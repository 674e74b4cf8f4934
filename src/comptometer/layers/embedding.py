"""Tables of vectors that are looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._fields import Fields


@kind("embedding")
@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Layer):
    """A row of a table for every index: no operation, entries × width parameters.

    Counting it as a product of one-hot vectors with the table, as some do, would add 2 · positions · entries · width.
    """

    entries: int
    width: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs entries and width."""
        return cls(entries=fields.integer("entries"), width=fields.integer("width"))

    def work(self, flow: Flow, run: Run) -> Work:
        """Positions to positions × width."""
        if flow.trained:
            raise UsageError("an embedding reads indices, but a layer with parameters comes before it; write an input")
        size = self.entries * self.width
        return Work(flow=Flow((*flow.shape, self.width), True), parameters=size, embedding=size)
