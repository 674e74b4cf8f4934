"""Convolutions in one to three directions, with strides, padding, dilation and groups."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Self

from comptometer.contraction import convolution, transposed_convolution
from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._extents import image, slid, spread
from comptometer.layers._fields import Extents, Fields


def _divided(channels: int, filters: int, groups: int) -> None:
    for what, number in (("input channels", channels), ("filters", filters)):
        if number % groups:
            raise UsageError(f"groups: {groups} does not divide the {number} {what}")


@kind("convolution")
@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution(Layer):
    """Every output position sums over the kernel and the channels of its group: 2 · c_out · (c_in/g) · Πk · Πout.

    Taps that fall on padding are counted, as dense kernels execute them; counting valid taps only gives up to a third
    less on small images. `same` padding keeps n/s positions, rounded up.
    """

    filters: int
    kernel: Extents
    stride: Extents
    padding: Extents
    same: bool
    dilation: Extents
    groups: int
    bias: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs filters and kernel."""
        same = fields.says("padding", "same")
        return cls(
            filters=fields.integer("filters"),
            kernel=fields.extents("kernel"),
            stride=fields.extents("stride", 1),
            padding=0 if same else fields.extents("padding", 0, least=0),
            same=same,
            dilation=fields.extents("dilation", 1),
            groups=fields.integer("groups", 1),
            bias=fields.flag("bias", True),
        )

    def work(self, flow: Flow, run: Run) -> Work:
        """Channels × extents to filters × positions."""
        channels, extents = image(flow, "a convolution")
        _divided(channels, self.filters, self.groups)
        directions = len(extents)
        kernel = spread("kernel", self.kernel, directions)
        output = self._positions(extents, kernel)
        forward = convolution(run.batch, channels, self.filters, kernel, output, self.groups)
        weights = self.filters * (channels // self.groups) * prod(kernel)
        return Work(
            flow=Flow((self.filters, *output), True),
            terms=[run.weighted("", "convolution", forward, trained=flow.trained)],
            parameters=weights + (self.filters if self.bias else 0),
        )

    def _positions(self, extents: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
        stride = spread("stride", self.stride, len(extents))
        if self.same:
            return tuple(-(-extent // step) for extent, step in zip(extents, stride, strict=True))
        padding = spread("padding", self.padding, len(extents))
        dilation = spread("dilation", self.dilation, len(extents))
        return tuple(map(slid, extents, kernel, stride, padding, dilation))


@kind("transposed-convolution")
@dataclass(frozen=True, slots=True, kw_only=True)
class TransposedConvolution(Layer):
    """Every input position is spread over the kernel and the filters of its group: 2 · c_in · (c_out/g) · Πk · Πin.

    The output has (n − 1)s − 2p + d(k − 1) + 1 positions, and `output_padding` more. What padding crops away is
    computed and counted.
    """

    filters: int
    kernel: Extents
    stride: Extents
    padding: Extents
    output_padding: Extents
    dilation: Extents
    groups: int
    bias: bool

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs filters and kernel."""
        return cls(
            filters=fields.integer("filters"),
            kernel=fields.extents("kernel"),
            stride=fields.extents("stride", 1),
            padding=fields.extents("padding", 0, least=0),
            output_padding=fields.extents("output_padding", 0, least=0),
            dilation=fields.extents("dilation", 1),
            groups=fields.integer("groups", 1),
            bias=fields.flag("bias", True),
        )

    def work(self, flow: Flow, run: Run) -> Work:
        """Channels × extents to filters × larger extents."""
        channels, extents = image(flow, "a transposed convolution")
        _divided(channels, self.filters, self.groups)
        kernel = spread("kernel", self.kernel, len(extents))
        output = self._positions(extents, kernel)
        forward = transposed_convolution(run.batch, channels, self.filters, kernel, extents, self.groups)
        weights = channels * (self.filters // self.groups) * prod(kernel)
        return Work(
            flow=Flow((self.filters, *output), True),
            terms=[run.weighted("", "transposed convolution", forward, trained=flow.trained)],
            parameters=weights + (self.filters if self.bias else 0),
        )

    def _positions(self, extents: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
        directions = len(extents)
        output = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1 + more
            for n, k, s, p, d, more in zip(
                extents,
                kernel,
                spread("stride", self.stride, directions),
                spread("padding", self.padding, directions),
                spread("dilation", self.dilation, directions),
                spread("output_padding", self.output_padding, directions),
                strict=True,
            )
        )
        if min(output) < 1:
            raise UsageError(f"padding: nothing is left of {Flow(extents)}")
        return output
