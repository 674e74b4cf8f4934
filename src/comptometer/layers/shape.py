"""Layers that only change what the numbers are called: flatten, reshape, and a further input."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Self

from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._fields import Fields


@kind("flatten")
@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """All axes as one."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs nothing."""
        return cls()

    def work(self, flow: Flow, run: Run) -> Work:
        """Any shape to its product."""
        return Work(Flow((prod(flow.shape),), flow.trained))


@kind("reshape")
@dataclass(frozen=True, slots=True)
class Reshape(Layer):
    """The same numbers in another shape, whatever their order: an image as a sequence, for example."""

    shape: tuple[int, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs shape."""
        return cls(fields.shape("shape"))

    def work(self, flow: Flow, run: Run) -> Work:
        """Any shape to another of as many numbers."""
        if prod(self.shape) != prod(flow.shape):
            raise UsageError(f"shape: {Flow(self.shape)} is {prod(self.shape)} numbers, but {flow} comes in")
        return Work(Flow(self.shape, flow.trained))


@kind("input")
@dataclass(frozen=True, slots=True)
class Input(Layer):
    """What follows reads something else, such as the target words of a decoder.

    What came before reaches it in a way that is no layer of this list (a state), or that the layer itself states
    (the memory of an attention).
    """

    shape: tuple[int, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs shape."""
        return cls(fields.shape("shape"))

    def work(self, flow: Flow, run: Run) -> Work:
        """Whatever came before, to that shape, before which nothing is trained."""
        return Work(Flow(self.shape))
