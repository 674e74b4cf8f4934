"""Layer lists against numbers that count their own multiplications and additions, forward and backward.

The layers are written out as loops over scalars that know nothing of our formulas. Every product of two scalars that is
summed is one multiplication and one addition, and leaves a trace; going back along the trace, each operand that needs
a gradient receives one more product. Gates of recurrent layers are element-wise, so they are not summed products.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod, tanh
from typing import Any

import pytest

from comptometer import layers


@dataclass
class Tally:
    operations: int = 0


@dataclass(eq=False)
class Scalar:
    """A number, what it was made of, and the sum of its gradients."""

    value: float
    tally: Tally
    needs: bool = True
    products: list[tuple[Scalar, Scalar]] = field(default_factory=list)
    elementwise: list[tuple[Scalar, float]] = field(default_factory=list)
    gradient: float = 0.0

    def add_product(self, one: Scalar, other: Scalar) -> None:
        self.value += one.value * other.value
        self.tally.operations += 2
        self.products.append((one, other))

    def back(self) -> None:
        for one, other in self.products:
            for wanted, factor in ((one, other), (other, one)):
                if wanted.needs:
                    wanted.gradient += self.gradient * factor.value
                    self.tally.operations += 2
        for source, slope in self.elementwise:
            source.gradient += self.gradient * slope


class Tape:
    """Makes scalars and arrays of them, and goes back over all of them."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.made: list[Scalar] = []

    def scalar(self, value: float = 0.0, *, needs: bool = True) -> Scalar:
        self.made.append(Scalar(value, self.tally, needs))
        return self.made[-1]

    def array(self, *shape: int, needs: bool = True) -> dict[tuple[int, ...], Scalar]:
        places = itertools.product(*map(range, shape))
        return {place: self.scalar(0.1 + 0.01 * number, needs=needs) for number, place in enumerate(places)}

    def mixed(self, *sources: Scalar) -> Scalar:
        """Something element-wise of several numbers."""
        found = self.scalar(tanh(sum(source.value for source in sources)))
        found.elementwise = [(source, 1 - found.value**2) for source in sources]
        return found

    def back(self, outputs: Sequence[Scalar]) -> int:
        before = self.tally.operations
        for output in outputs:
            output.gradient = 1.0
        for made in reversed(self.made):
            made.back()
        return self.tally.operations - before


Image = dict[tuple[int, ...], Scalar]


def convolved(tape: Tape, source: Image, weights: Image, stride: int, padding: int, groups: int) -> Image:
    """Loops over output positions; padding is made of numbers like any other."""
    channels, height, width = (max(place[axis] for place in source) + 1 for axis in range(3))
    filters, shared, tall, wide = (max(place[axis] for place in weights) + 1 for axis in range(4))
    needs = next(iter(source.values())).needs
    edge = {place: source.get(place) or tape.scalar(needs=needs) for place in itertools.product(
        range(channels), range(-padding, height + padding), range(-padding, width + padding))}  # fmt: skip
    found: Image = {}
    rows = range(0, height + 2 * padding - tall + 1, stride)
    columns = range(0, width + 2 * padding - wide + 1, stride)
    for filter_, (i, row), (j, column) in itertools.product(range(filters), enumerate(rows), enumerate(columns)):
        total = found[filter_, i, j] = tape.scalar()
        first = filter_ // (filters // groups) * shared
        for channel, y, x in itertools.product(range(shared), range(tall), range(wide)):
            total.add_product(
                weights[filter_, channel, y, x], edge[first + channel, row - padding + y, column - padding + x]
            )
    return found


def spread(tape: Tape, source: Image, weights: Image, stride: int, groups: int) -> Image:
    """Loops over input positions, each added to the neighbourhood that it is spread over."""
    channels = max(place[0] for place in source) + 1
    shared = max(place[1] for place in weights) + 1
    found: Image = {}
    for (channel, row, column), value in source.items():
        for (origin, filter_, y, x), weight in weights.items():
            if origin == channel:
                place = (channel // (channels // groups) * shared + filter_, row * stride + y, column * stride + x)
                if place not in found:
                    found[place] = tape.scalar()
                found[place].add_product(value, weight)
    return found


def stepped(
    tape: Tape, source: Image, gates: int, units: int, length: int, width: int, constant: bool, backwards: bool
) -> list[Scalar]:
    """Steps of a recurrent layer: gates from products with input and state, then something element-wise."""
    reads, recalls = tape.array(gates * units, width), tape.array(gates * units, units)
    state = [tape.scalar(0.0, needs=not constant) for _ in range(units)]
    outputs: list[Scalar] = []
    for step in reversed(range(length)) if backwards else range(length):
        rows = []
        for row in range(gates * units):
            total = tape.scalar()
            for column in range(width):
                total.add_product(reads[row, column], source[step, column])
            for column in range(units):
                total.add_product(recalls[row, column], state[column])
            rows.append(total)
        state = [tape.mixed(*rows[unit::units]) for unit in range(units)]
        outputs += state
    return outputs


def counted(shape: Sequence[int], *chain: str) -> tuple[int, int]:
    found = layers.count(layers.read(f"input = {list(shape)}\nlayers = [{', '.join(chain)}]".encode()))
    return found.forward, found.backward


NORM = '{kind = "norm"}'


@pytest.mark.parametrize("trained", [False, True], ids=["first", "inner"])
@pytest.mark.parametrize(
    ("channels", "filters", "kernel", "extent", "stride", "padding", "groups"),
    [
        (2, 3, (3, 3), (5, 4), 1, 1, 1),
        (4, 6, (2, 3), (6, 5), 2, 1, 2),
        (3, 3, (3, 3), (4, 4), 1, 0, 3),  # depthwise
        (2, 4, (1, 2), (3, 7), 3, 2, 2),
    ],
)
def test_a_convolution_agrees_with_its_loops(
    channels: int, filters: int, kernel: Any, extent: Any, stride: int, padding: int, groups: int, trained: bool
) -> None:
    tape = Tape()
    source = tape.array(channels, *extent, needs=trained)
    weights = tape.array(filters, channels // groups, *kernel)
    output = convolved(tape, source, weights, stride, padding, groups)
    forward = tape.tally.operations
    text = f'{{kind = "convolution", filters = {filters}, kernel = {list(kernel)}, stride = {stride}, '
    text += f"padding = {padding}, groups = {groups}}}"
    wanted = counted((channels, *extent), *[NORM][: int(trained)], text)
    assert wanted == (forward, tape.back(list(output.values())))
    assert prod((channels // groups, *kernel)) * len(output) * 2 == forward


@pytest.mark.parametrize("trained", [False, True], ids=["first", "inner"])
@pytest.mark.parametrize(("channels", "filters", "groups", "stride"), [(2, 3, 1, 2), (4, 2, 2, 1), (3, 6, 3, 3)])
def test_a_transposed_convolution_agrees_with_its_loops(
    channels: int, filters: int, groups: int, stride: int, trained: bool
) -> None:
    tape = Tape()
    source = tape.array(channels, 3, 4, needs=trained)
    weights = tape.array(channels, filters // groups, 3, 2)
    output = spread(tape, source, weights, stride, groups)
    forward = tape.tally.operations
    text = f'{{kind = "transposed-convolution", filters = {filters}, kernel = [3, 2], stride = {stride}, '
    text += f"groups = {groups}}}"
    wanted = counted((channels, 3, 4), *[NORM][: int(trained)], text)
    assert wanted == (forward, tape.back(list(output.values())))
    shape = (
        layers.read(f"input = [{channels}, 3, 4]\nlayers = [{text}]".encode())
        .layers[0]
        .layer.work(layers.Flow((channels, 3, 4)), layers.Run())
    )
    assert shape.flow.shape == tuple(max(place[axis] for place in output) + 1 for axis in range(3))


@pytest.mark.parametrize("trained", [False, True], ids=["first", "inner"])
@pytest.mark.parametrize("both", [False, True], ids=["one direction", "both directions"])
@pytest.mark.parametrize(("word", "gates"), [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_a_recurrent_layer_agrees_with_its_steps(word: str, gates: int, both: bool, trained: bool) -> None:
    """With a first state that is a constant, the steps leave out one product per direction, as the note says."""
    length, width, units = 4, 3, 2
    text = f'{{kind = "{word}", units = {units}, bidirectional = {str(both).lower()}}}'
    forward, backward = counted((length, width), *[NORM][: int(trained)], text)
    directions = [False, True] if both else [False]
    for constant in (False, True):
        tape = Tape()
        source = tape.array(length, width, needs=trained)
        outputs = [
            output for way in directions for output in stepped(tape, source, gates, units, length, width, constant, way)
        ]
        assert tape.tally.operations == forward
        left_out = 2 * units * gates * units * len(directions) if constant else 0
        assert tape.back(outputs) == backward - left_out


def test_two_layers_agree_and_the_gradients_are_real() -> None:
    """The trace is a true backward pass: its gradient is the slope of the output."""

    def run(nudge: float) -> tuple[Tape, Scalar, Scalar]:
        tape = Tape()
        source, one, two = tape.array(2, 4, 4, needs=False), tape.array(2, 2, 2, 2), tape.array(1, 2, 3, 3)
        one[1, 0, 1, 1].value += nudge
        (output,) = convolved(tape, convolved(tape, source, one, 1, 0, 1), two, 1, 0, 1).values()
        return tape, one[1, 0, 1, 1], output

    tape, weight, output = run(0)
    forward = tape.tally.operations
    chain = [f'{{kind = "convolution", filters = {filters}, kernel = {size}}}' for filters, size in ((2, 2), (1, 3))]
    assert counted((2, 4, 4), *chain) == (forward, tape.back([output]))
    assert (run(1e-3)[2].value - run(-1e-3)[2].value) / 2e-3 == pytest.approx(weight.gradient)
