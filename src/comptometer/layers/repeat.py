"""A block that is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from comptometer.layers import MOST_LAYERS, Flow, Layer, Named, Run, Work, follow, kind, number, together, within
from comptometer.layers._fields import Fields


@kind("repeat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Layer):
    """The same layers so many times, each time with weights of their own.

    The first rounds may differ (another width comes in, or no gradient is formed); as soon as a round puts out what
    came in, all further ones are equal to it and are multiplied, which is exact.
    """

    times: int
    layers: Sequence[Named]

    @property
    def is_block(self) -> bool:
        """It is."""
        return True

    @property
    def size(self) -> int:
        """Every round."""
        return 1 + self.times * number(self.layers)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs times and layers."""
        return cls(times=fields.integer("times", most=MOST_LAYERS), layers=fields.layers("layers"))

    def work(self, flow: Flow, run: Run) -> Work:
        """Whatever the rounds make of it."""
        rounds: list[Work] = []
        left = self.times
        while left:
            work = follow(self.layers, flow, run.inside("*"))
            equal = left if work.flow == flow else 1
            rounds.append(_times(work, equal))
            flow, left = work.flow, left - equal
        whole = together(rounds, flow)
        return replace(whole, terms=within("*", whole.terms))


def _times(work: Work, times: int) -> Work:
    return replace(
        work,
        terms=[term * times for term in work.terms],
        parameters=work.parameters * times,
        embedding=work.embedding * times,
    )
