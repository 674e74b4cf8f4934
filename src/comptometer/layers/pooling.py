"""Pooling: maxima or means of neighbourhoods. No contraction, so 0 operations; what matters is the shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._extents import image, slid, spread
from comptometer.layers._fields import Extents, Fields


@kind("pooling")
@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling(Layer):
    """A kernel that slides by its own size unless a stride is given; `global` leaves one number per channel.

    `rounding` says what becomes of a last, incomplete neighbourhood: `down` drops it, `up` keeps it.
    """

    kernel: Extents
    whole: bool
    stride: Extents | None
    padding: Extents
    rounding: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs kernel."""
        whole = fields.says("kernel", "global")
        if whole:
            return cls(kernel=1, whole=True, stride=None, padding=0, rounding="down")
        return cls(
            kernel=fields.extents("kernel"),
            whole=False,
            stride=fields.extents("stride") if fields.given("stride") else None,
            padding=fields.extents("padding", 0, least=0),
            rounding=fields.word("rounding", "down", ("down", "up")),
        )

    def work(self, flow: Flow, run: Run) -> Work:
        """Channels × extents to channels × fewer, or to channels."""
        channels, extents = image(flow, "pooling")
        if self.whole:
            return Work(Flow((channels,), flow.trained))
        kernel = spread("kernel", self.kernel, len(extents))
        stride = kernel if self.stride is None else spread("stride", self.stride, len(extents))
        padding = spread("padding", self.padding, len(extents))
        up = self.rounding == "up"
        output = (slid(*sizes, up=up) for sizes in zip(extents, kernel, stride, padding, strict=True))
        return Work(Flow((channels, *output), flow.trained))
