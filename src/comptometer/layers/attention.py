"""Multi-head attention with its four projections: to itself, or to another sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from comptometer.contraction import matmul, pairs
from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._fields import Fields
from comptometer.ops import MULTIPLY_ADD, Term


@kind("attention")
@dataclass(frozen=True, slots=True, kw_only=True)
class Attention(Layer):
    """Projections of H query and G key-value heads of width e, and the core: 4 · H · e for each (query, key) pair.

    The core's two products form four gradients, twice the forward pass: queries, keys and values come from weights.
    `memory` is the shape, length × width, of another sequence that is attended to; its gradient is counted, because
    a trained encoder makes it.

    Source: Vaswani et al. 2017; Ainslie et al. 2023 for fewer key-value heads.
    """

    heads: int
    key_value_heads: int | None
    head_width: int | None
    outputs: int | None
    causal: bool
    window: int | None
    memory: tuple[int, ...] | None
    bias: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs heads."""
        memory = _memory(fields)
        causal, window = fields.flag("causal", False), fields.optional("window")
        if window is not None and not causal:
            fields.refuse("window: needs causal = true")
        if memory is not None and causal:
            fields.refuse("causal: attention to a memory is never masked")
        return cls(
            heads=fields.integer("heads"),
            key_value_heads=fields.optional("key_value_heads"),
            head_width=fields.optional("head_width"),
            outputs=fields.optional("outputs"),
            causal=causal,
            window=window,
            memory=memory,
            bias=fields.flag("bias", True),
        )

    def work(self, flow: Flow, run: Run) -> Work:
        """Length × width to length × outputs."""
        if len(flow.shape) != 2:
            raise UsageError(f"attention reads length × width, but {flow} comes in; write a reshape before it")
        length, width = flow.shape
        inner, shared = self._widths(width)
        key_length, key_width = self.memory or flow.shape
        outputs = self.outputs or width
        trained = flow.trained or self.memory is not None
        keys = matmul(run.batch * key_length, key_width, shared)
        sizes = {"q": (width, inner), "k": (key_width, shared), "v": (key_width, shared), "out": (inner, outputs)}
        return Work(
            flow=Flow((length, outputs), True),
            terms=[
                run.weighted("q", "linear", matmul(run.batch * length, width, inner), trained=flow.trained),
                run.weighted("k", "linear", keys, trained=trained),
                run.weighted("v", "linear", keys, trained=trained),
                self._core(length, inner, run),
                run.weighted("out", "linear", matmul(run.batch * length, inner, outputs), trained=True),
            ],
            parameters=sum(rows * columns + (columns if self.bias else 0) for rows, columns in sizes.values()),
        )

    def _widths(self, width: int) -> tuple[int, int]:
        """Of all query heads together, and of all key heads together."""
        groups = self.key_value_heads or self.heads
        if self.heads % groups:
            raise UsageError(f"key_value_heads: {groups} does not divide the {self.heads} heads")
        if self.head_width is None and width % self.heads:
            raise UsageError(f"heads: {self.heads} does not divide the width {width}; state head_width")
        each = self.head_width or width // self.heads
        return self.heads * each, groups * each

    def _core(self, length: int, inner: int, run: Run) -> Term:
        seen = pairs(length, run.convention.attention, window=self.window, masked=self.causal)
        if self.memory is not None:
            seen = length * self.memory[0]
        scores = MULTIPLY_ADD * run.batch * inner * seen
        again = {"none": 0, "flash": scores}.get(run.convention.recompute, 2 * scores)
        return Term(
            module="core", operation="attention", calls=1, forward=2 * scores, backward=4 * scores, recomputed=again
        )


def _memory(fields: Fields) -> tuple[int, ...] | None:
    if not fields.given("memory"):
        return None
    shape = fields.shape("memory")
    if len(shape) != 2 and fields.sound("memory"):
        fields.refuse(f"memory: needs [length, width], got {len(shape)} numbers")
        return None
    return shape
