"""Operations of the primitives of JAX that are contractions, from the shapes in an equation.

A convolution is written once for three things: itself, the gradient of its input and that of its kernel. Each costs as
much as the convolution, so the equation of a gradient is read backwards: `Axis.source_gradient` and
`Axis.kernel_gradient` give the extents of the convolution that it belongs to. Counting the equation as it stands would
add the zeros that it inserts and pads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Literal

import numpy as np

from comptometer.ops import MULTIPLY_ADD

Role = Literal["itself", "of the source", "of the kernel"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One spatial axis of a convolution.

    Attributes:
        source: extent of the input.
        kernel: taps of the kernel.
        output: extent of the output.
        stride: steps between outputs.
        spread: steps between inputs, above 1 in a transposed convolution.
        dilation: steps between taps.
        before: zeros put before the input.
    """

    source: int
    kernel: int
    output: int
    stride: int
    spread: int
    dilation: int
    before: int

    def source_gradient(self) -> Axis:
        """The axis of the convolution whose input gradient this is: input and output change places."""
        before = self.dilation * (self.kernel - 1) - self.before
        return Axis(self.output, self.kernel, self.source, self.spread, self.stride, self.dilation, before)

    def kernel_gradient(self) -> Axis:
        """The axis of the convolution whose kernel gradient this is: kernel and output change places."""
        return Axis(self.source, self.output, self.kernel, self.dilation, self.spread, self.stride, self.before)

    @property
    def aligned(self) -> int:
        """(output, tap) pairs that fall on an input or on padding, and not between two inputs."""
        taps = Counter((at * self.dilation - self.before) % self.spread for at in range(self.kernel))
        return sum(taps[-at * self.stride % self.spread] for at in range(self.output))


def taps(axes: Sequence[Axis]) -> int:
    """Products for one pair of channels: kernel × output, or kernel × input where the convolution is transposed.

    >>> plane = Axis(source=8, kernel=3, output=6, stride=1, spread=1, dilation=1, before=0)
    >>> taps([plane, plane])
    324
    """
    if all(axis.spread == 1 for axis in axes):
        return prod(axis.kernel * axis.output for axis in axes)
    if all(axis.stride == 1 for axis in axes):
        return prod(axis.kernel * axis.source for axis in axes)
    return prod(axis.aligned for axis in axes)


def _shapes(equation: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    left, right = (tuple(variable.aval.shape) for variable in equation.invars[:2])
    return left, right


def _real_products(equation: Any) -> int:
    """Real products in one product of the factors."""
    return prod(2 for variable in equation.invars[:2] if np.issubdtype(variable.aval.dtype, np.complexfloating))


def _others(shape: Sequence[int], *taken: Collection[int]) -> list[int]:
    named = {axis for axes in taken for axis in axes}
    return [extent for axis, extent in enumerate(shape) if axis not in named]


def _product(equation: Any, role: Role) -> int:
    """`dot_general`: each element of the left factor times each free one of the right.

    A product that sums nothing and spreads nothing is element-wise.
    """
    (inner_left, inner_right), (batch_left, batch_right) = equation.params["dimension_numbers"]
    left, right = _shapes(equation)
    free = _others(right, inner_right, batch_right)
    if not inner_left and not free and not _others(left, batch_left):
        return 0
    return MULTIPLY_ADD * prod(left) * prod(free)


def _ragged(equation: Any, role: Role) -> int:
    """`ragged_dot_general`: every row meets the right factor of its own group only."""
    numbers = equation.params["ragged_dot_dimension_numbers"]
    (_, inner), (_, batch) = numbers.dot_dimension_numbers
    left, right = _shapes(equation)
    return MULTIPLY_ADD * prod(left) * prod(_others(right, inner, batch, numbers.rhs_group_dimensions))


def _scaled(equation: Any, role: Role) -> int:
    """A product of blocks with scales: (batch, m, k) and (batch, n, k)."""
    left, right = _shapes(equation)
    return MULTIPLY_ADD * prod(left) * right[1]


def axes_of(equation: Any) -> list[Axis]:
    """The spatial axes of a `conv_general_dilated`."""
    given = equation.params
    numbers = given["dimension_numbers"]
    left, right = _shapes(equation)
    out = equation.outvars[0].aval.shape
    return [
        Axis(left[numbers.lhs_spec[at + 2]], right[numbers.rhs_spec[at + 2]], out[numbers.out_spec[at + 2]], *steps)
        for at, steps in enumerate(
            zip(
                given["window_strides"],
                given["lhs_dilation"],
                given["rhs_dilation"],
                (before for before, _ in given["padding"]),
                strict=True,
            )
        )
    ]


def _convolution(equation: Any, role: Role) -> int:
    """`conv_general_dilated`: each output channel sums over the input channels of its group."""
    axes = axes_of(equation)
    if role == "of the source":
        axes = [axis.source_gradient() for axis in axes]
    elif role == "of the kernel":
        axes = [axis.kernel_gradient() for axis in axes]
    numbers, out = equation.params["dimension_numbers"], equation.outvars[0].aval.shape
    _, right = _shapes(equation)
    channels = out[numbers.out_spec[0]] * out[numbers.out_spec[1]] * right[numbers.rhs_spec[1]]
    return MULTIPLY_ADD * int(channels) * taps(axes)


PRODUCTS: Final[Mapping[str, Callable[[Any, Role], int]]] = {
    "dot_general": _product,
    "ragged_dot_general": _ragged,
    "conv_general_dilated": _convolution,
    "scaled_dot": _product,
    "scaled_matmul_wrapper": _scaled,
}


def flop(equation: Any, role: Role = "itself") -> int:
    """Operations of the equation of a contraction.

    Args:
        equation: of one of `PRODUCTS`.
        role: is a convolution one, or a gradient of one? A matrix product is the same either way.
    """
    return int(PRODUCTS[equation.primitive.name](equation, role)) * _real_products(equation)
