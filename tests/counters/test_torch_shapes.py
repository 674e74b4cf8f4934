"""Shapes that are worked out here, against those that PyTorch works out on the same tensors without values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

from comptometer.counters._torch_shapes import FUNCTIONS, SHAPES, combined

SIZES = ((4, 6, 5, 5), (1, 6, 1, 1), (4, 1, 5, 5), (4, 6), (4, 6, 5), (2, 6, 5, 5, 5), (0, 6, 5, 5), (6,))
KINDS = torch.float32, torch.float64, torch.bfloat16, torch.int64
Layout = Callable[[torch.Tensor], torch.Tensor]
LAYOUTS: dict[str, Layout] = {
    "rows last": lambda tensor: tensor,
    "channels last": lambda tensor: tensor.to(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor,
    "turned": lambda tensor: tensor.transpose(0, -1).contiguous().transpose(0, -1),
    "every other": lambda tensor: torch.cat([tensor, tensor], -1)[..., ::2],
    "repeated": lambda tensor: tensor[:1].expand(tensor.shape),
}


def tensors() -> Iterator[torch.Tensor]:
    for size, kind, layout in product(SIZES, KINDS, LAYOUTS.values()):
        yield layout(torch.empty(size, dtype=kind, device="meta"))


def operator(name: str) -> Any:
    stem, _, overload = name.removeprefix("aten::").partition(".")
    return getattr(getattr(torch.ops.aten, stem), overload or "default")


def described(values: Any) -> Any:
    if isinstance(values, torch.Tensor):
        return values.shape, values.dtype, values.stride()
    return [value if value is None else described(value) for value in values]


def known(name: str, *args: Any) -> bool:
    """Is the result worked out? Then it is the right one."""
    found = SHAPES[name](*args)
    if found is not None:
        assert described(found) == described(operator(name)(*args)), described([a for a in args if hasattr(a, "shape")])
    return found is not None


def often(found: Sequence[bool]) -> bool:
    """A law that is never applied says nothing."""
    return sum(found) >= len(found) // 16


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_each_number(name: str) -> None:
    assert often([known(f"aten::{name}", tensor) for tensor in tensors()])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_each_number_in_place(name: str) -> None:
    assert often([known(f"aten::{name}_", tensor) for tensor in tensors()])
    assert SHAPES[f"aten::{name}_"](same := torch.empty(2, device="meta")) is same


REST = {"hardtanh": (-1, 1), "leaky_relu": (0.1, False), "threshold": (0,)}


@pytest.mark.parametrize("name", [*FUNCTIONS[1:], "threshold"])
def test_the_gradient_of_a_function_of_each_number(name: str) -> None:
    found = []
    for one in tensors():
        for layout in LAYOUTS.values() if one.is_floating_point() else ():
            other = layout(torch.empty(one.shape, dtype=one.dtype, device="meta"))
            found.append(known(f"aten::{name}_backward", one, other, *REST.get(name, ())))
    assert often(found)


def test_a_sum_or_product_of_numbers_in_the_same_place() -> None:
    found = []
    for one, layout in product(tensors(), LAYOUTS.values()):
        for kind in {one.dtype, torch.float32}:
            other = layout(torch.empty(one.shape, dtype=kind, device="meta"))
            result = combined(one, other)
            found.append(result is not None)
            if result is not None:
                assert described(result) == described(one * other) == described(one + other)
    assert often(found)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("scaled", [True, False])
def test_a_norm_over_the_batch_and_its_gradient(training: bool, statistics: bool, scaled: bool) -> None:
    forward, backward = [], []
    for source in tensors():
        if source.dim() < 2 or not source.is_floating_point():
            continue
        kind = torch.float32 if source.dtype == torch.bfloat16 else source.dtype
        weight, bias, mean, variance = (torch.empty(source.shape[1], dtype=kind, device="meta") for _ in range(4))
        parts = [weight, bias] if scaled else [None, None]
        seen = [mean, variance] if statistics else [None, None]
        forward.append(known("aten::native_batch_norm", source, *parts, *seen, training, 0.1, 1e-5))
        if not (training or statistics):
            continue
        for wanted in ([True, True, True], [True, False, False], [False, True, True]):
            rest = [parts[0], *seen, mean, variance, training, 1e-5, wanted]
            backward.append(known("aten::native_batch_norm_backward", source, source, *rest))
            turned = torch.empty(source.shape, dtype=source.dtype, device="meta")
            backward.append(known("aten::native_batch_norm_backward", turned, source, *rest))
    assert often(forward) == (training or statistics)
    assert often(backward)


def test_a_norm_over_other_channels_is_left_to_pytorch() -> None:
    parts = [torch.empty(5, device="meta") for _ in range(4)]
    assert not known("aten::native_batch_norm", torch.empty(2, 6, 3, device="meta"), *parts, True, 0.1, 1e-5)
