"""Laws that hold whatever the sizes: they share no formula with what is counted."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

from comptometer.counters.torch import count

SIZE = st.integers(1, 9)
WIDTHS = st.lists(SIZE, min_size=2, max_size=5)
LAW = settings(max_examples=25)


def perceptron(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inward, outward in pairwise(widths):
        layers += [nn.Linear(inward, outward), nn.Tanh()]
    return nn.Sequential(*layers)


def plane(channels: list[int], kernel: int, groups: int) -> nn.Sequential:
    counts = [groups * channel for channel in channels]
    return nn.Sequential(
        *[
            nn.Conv2d(inward, outward, kernel, padding=kernel // 2, groups=groups)
            for inward, outward in pairwise(counts)
        ]
    )


class Stack(nn.Module):
    """Blocks of attention and a feed-forward layer, without embedding or head."""

    def __init__(self, layers: int, heads: int, width: int) -> None:
        super().__init__()
        self.heads, size = heads, heads * width
        self.inward = nn.ModuleList(nn.Linear(size, 3 * size) for _ in range(layers))
        self.outward = nn.ModuleList(nn.Linear(size, size) for _ in range(layers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for inward, outward in zip(self.inward, self.outward, strict=True):
            q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in inward(x).chunk(3, -1))
            x = x + outward(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2))
        return x


class Adapted(nn.Module):
    """A frozen linear layer with a trained addition of low rank."""

    def __init__(self, inward: int, outward: int, rank: int) -> None:
        super().__init__()
        self.trunk = nn.Linear(inward, outward, bias=False).requires_grad_(False)
        self.down, self.up = nn.Linear(inward, rank, bias=False), nn.Linear(rank, outward, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low: torch.Tensor = self.up(self.down(x))
        whole: torch.Tensor = self.trunk(x)
        return whole + low


@LAW
@given(WIDTHS, SIZE)
def test_backward_is_twice_forward_without_the_first_input(widths: list[int], batch: int) -> None:
    found, first = count(perceptron(widths), (batch, widths[0])), count(perceptron(widths[:2]), (batch, widths[0]))
    assert found.backward == 2 * found.forward - first.forward
    asked = count(perceptron(widths), torch.zeros(batch, widths[0], requires_grad=True))
    assert asked.backward == 2 * asked.forward == 2 * found.forward


@LAW
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.sampled_from([1, 3, 5]), st.integers(1, 3))
def test_so_it_is_with_convolutions(channels: list[int], kernel: int, groups: int) -> None:
    shape = (2, groups * channels[0], 7, 6)
    found, first = count(plane(channels, kernel, groups), shape), count(plane(channels[:2], kernel, groups), shape)
    assert found.backward == 2 * found.forward - first.forward


@LAW
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4), SIZE, st.integers(1, 3))
def test_twice_the_layers_are_twice_the_work(layers: int, heads: int, width: int, length: int, batch: int) -> None:
    x = torch.zeros(batch, length, heads * width, requires_grad=True)
    one, two = count(Stack(layers, heads, width), x), count(Stack(2 * layers, heads, width), x)
    assert (two.forward, two.backward) == (2 * one.forward, 2 * one.backward)
    assert [term.calls for term in two.terms] == [2 * term.calls for term in one.terms]


@LAW
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), SIZE, st.integers(2, 7))
def test_a_batch_is_so_many_examples(layers: int, heads: int, width: int, length: int, batch: int) -> None:
    model, shape = Stack(layers, heads, width), (1, length, heads * width)
    one, many, whole = count(model, shape), count(model, shape, batch=batch), count(model, (batch, *shape[1:]))
    assert (many.forward, many.backward) == (batch * one.forward, batch * one.backward)
    assert (whole.forward, whole.backward) == (many.forward, many.backward)


@LAW
@given(SIZE, st.integers(1, 3), st.integers(1, 4), st.integers(1, 5))
def test_attention_grows_with_the_square_of_the_length(length: int, heads: int, width: int, times: int) -> None:
    def core(size: int) -> int:
        term = count(Stack(1, heads, width), (1, size, heads * width)).by_operation["attention"]
        return term.forward + term.backward

    assert core(times * length) == times**2 * core(length)


@LAW
@given(WIDTHS, SIZE, st.data())
def test_a_frozen_weight_that_passes_gradients_costs_two_and_not_three(
    widths: list[int], batch: int, data: st.DataObject
) -> None:
    """A layer costs 3 if it is trained and passes gradients, 2 if it does one of the two, 1 if none."""
    layers = len(widths) - 1
    trained = data.draw(st.lists(st.booleans(), min_size=layers, max_size=layers))
    asked = data.draw(st.booleans())
    model = perceptron(widths)
    for at, kept in enumerate(trained):
        model[2 * at].requires_grad_(kept)
    needed = asked
    expected = 0
    for at, kept in enumerate(trained):
        expected += 2 * batch * widths[at] * widths[at + 1] * (1 + kept + needed)
        needed = needed or kept
    assert count(model, torch.zeros(batch, widths[0], requires_grad=asked)).training == expected


@LAW
@given(SIZE, SIZE, st.integers(1, 4), SIZE)
def test_a_low_rank_addition_trains_four_of_six_parts(inward: int, outward: int, rank: int, batch: int) -> None:
    found = count(Adapted(inward, outward, rank), torch.zeros(batch, inward, requires_grad=True))
    trunk, low = batch * inward * outward, batch * rank * (inward + outward)
    assert (found.forward, found.backward) == (2 * trunk + 2 * low, 2 * trunk + 4 * low)
