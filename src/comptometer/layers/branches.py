"""Branches that read the same input: residual ones are added, others concatenated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Named, Run, Work, follow, kind, number, together, within
from comptometer.layers._fields import Fields


@kind("residual")
@dataclass(frozen=True, slots=True, kw_only=True)
class Residual(Layer):
    """Layers whose output is added to their input, or to what a shortcut makes of it. The addition counts 0."""

    layers: Sequence[Named]
    shortcut: Sequence[Named]

    @property
    def is_block(self) -> bool:
        """It is."""
        return True

    @property
    def size(self) -> int:
        """Both branches."""
        return 1 + number(self.layers) + number(self.shortcut)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs layers."""
        return cls(layers=fields.layers("layers"), shortcut=fields.layers("shortcut", empty=True))

    def work(self, flow: Flow, run: Run) -> Work:
        """Both branches must put out the same shape."""
        work = follow(self.layers, flow, run)
        other = follow(self.shortcut, flow, run.inside("shortcut"))
        if work.flow.shape != other.flow.shape:
            raise UsageError(f"{work.flow} comes out of the layers, but {other.flow} out of the shortcut")
        joined = Flow(work.flow.shape, work.flow.trained or other.flow.trained)
        return together([work, replace(other, terms=within("shortcut", other.terms))], joined)


@kind("concatenate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenate(Layer):
    """Branches whose outputs are put behind one another along an axis (0, the channels of an image, unless given).

    An empty branch passes its input on.
    """

    branches: Sequence[Sequence[Named]]
    axis: int

    @property
    def is_block(self) -> bool:
        """It is."""
        return True

    @property
    def size(self) -> int:
        """All branches."""
        return 1 + sum(map(number, self.branches))

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs branches."""
        return cls(branches=fields.chains("branches"), axis=fields.integer("axis", 0, least=0, most=7))

    def work(self, flow: Flow, run: Run) -> Work:
        """All branches must put out the same extents, but along the axis."""
        works = [follow(branch, flow, run.inside(str(at))) for at, branch in enumerate(self.branches, 1)]
        shapes = [work.flow.shape for work in works]
        if any(self.axis >= len(shape) for shape in shapes):
            raise UsageError(
                f"axis: {self.axis}, but a branch puts out {len(min(shapes, key=len))} axes (0 is the first)"
            )
        rest = {(*shape[: self.axis], 0, *shape[self.axis + 1 :]) for shape in shapes}
        if len(rest) > 1:
            found = ", ".join(str(Flow(shape)) for shape in shapes)
            raise UsageError(f"branches: shapes that differ in more than axis {self.axis}: {found}")
        length = sum(shape[self.axis] for shape in shapes)
        shape = (*shapes[0][: self.axis], length, *shapes[0][self.axis + 1 :])
        named = [replace(work, terms=within(str(number), work.terms)) for number, work in enumerate(works, 1)]
        return together(named, Flow(shape, any(work.flow.trained for work in works)))
