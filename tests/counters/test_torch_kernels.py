"""Operators that only run on accelerators, on tensors without values: their shapes are enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch.library import Library

from comptometer.counters._torch_rules import classify
from comptometer.counters.torch import count
from comptometer.ops import Attention

ATEN: Any = torch.ops.aten
HEADS = 2 * 4  # examples × heads
LENGTH, KEY, VALUE = 8, 16, 12


def empty(*shape: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def like(*places: int) -> Callable[..., Any]:
    """Results of the shapes of some of the arguments."""

    def made(*args: Any, **kwargs: Any) -> Any:
        found = tuple(torch.empty_like(args[place]) for place in places)
        return found if len(found) > 1 else found[0]

    return made


# Results of the right shapes, where PyTorch knows none without a device.
RESULTS: dict[str, Callable[..., Any]] = {
    "_cudnn_attention_forward": lambda q, k, v, *rest, **options: (
        (*[q.new_empty((*q.shape[:-1], v.shape[-1]))] * 4, 8, 8, *[empty()] * 3)
    ),
    "_cudnn_attention_backward": like(1, 2, 3),
    "_scaled_dot_product_cudnn_attention_backward": like(1, 2, 3),
    "_triton_scaled_dot_attention": lambda q, k, v, *rest: q.new_empty((*q.shape[:-1], v.shape[-1])),
    "_triton_multi_head_attention": like(0),
    "_scaled_grouped_mm_v2": lambda one, other, *rest, **options: one.new_empty((*one.shape[:-1], other.shape[-1])),
    "miopen_depthwise_convolution": lambda x, weight, *rest: x.new_empty((2, 8, 6, 6)),
    "miopen_convolution_relu": lambda x, weight, *rest: x.new_empty((2, 8, 6, 6)),
    "miopen_convolution_add_relu": lambda x, weight, *rest: x.new_empty((2, 8, 6, 6)),
}


@pytest.fixture(autouse=True)
def _kernels_without_values() -> Iterator[None]:
    library = Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    for name, result in RESULTS.items():
        if hasattr(ATEN, name) and not torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{name}", "Meta"):
            library.impl(name, result, "Meta")  # type: ignore[no-untyped-call]
    yield
    library._destroy()  # type: ignore[no-untyped-call]


def operator(name: str) -> Any:
    if not hasattr(ATEN, name):
        pytest.skip(f"this PyTorch has no {name}")
    assert classify(getattr(ATEN, name).default) == "contraction"
    return getattr(ATEN, name)


PAIRS: dict[Attention, int] = {"full": 64, "causal": 36, "half": 32}


def heads_first() -> tuple[torch.Tensor, ...]:
    return empty(2, 4, LENGTH, KEY), empty(2, 4, LENGTH, KEY), empty(2, 4, LENGTH, VALUE)


@pytest.mark.parametrize("attention", PAIRS)
@pytest.mark.parametrize("name", ["_cudnn_attention_forward", "_scaled_dot_product_cudnn_attention"])
def test_attention_of_cudnn_counts_its_pairs(name: str, attention: Attention) -> None:
    lengths = (None, None, LENGTH, LENGTH) if name.startswith("_cudnn") else ()
    run = operator(name)
    found = count(lambda: run(*heads_first(), None, *lengths, True, 0.0, True), attention=attention, backward=False)
    assert found.forward == 2 * HEADS * PAIRS[attention] * (KEY + VALUE)
    assert found.complete


class Attending(torch.autograd.Function):
    """An attention of cuDNN with its gradients, as autograd calls them on a device."""

    @staticmethod
    def forward(ctx: Any, name: str, query: Any, key: Any, value: Any) -> Any:
        ctx.name = name
        ctx.save_for_backward(query, key, value)
        lengths = (None, None, LENGTH, LENGTH) if name.startswith("_cudnn") else ()
        return getattr(ATEN, name)(query, key, value, None, *lengths, True, 0.0, True)[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (gradient,) = gradients
        run = getattr(ATEN, f"{ctx.name.removesuffix('_forward')}_backward")
        rest = gradient, *[empty()] * 3, None, None, None, LENGTH, LENGTH, 0.0, True
        return None, *run(gradient, *ctx.saved_tensors, *rest)


@pytest.mark.parametrize("attention", PAIRS)
@pytest.mark.parametrize("name", ["_cudnn_attention_forward", "_scaled_dot_product_cudnn_attention"])
def test_gradients_of_an_attention_of_cudnn_are_four_products(name: str, attention: Attention) -> None:
    operator(name)
    inputs = [tensor.requires_grad_() for tensor in heads_first()]
    found = count(lambda: Attending.apply(name, *inputs), attention=attention, recompute="flash")  # type: ignore[no-untyped-call]
    pairs = HEADS * PAIRS[attention]
    assert (found.forward, found.backward) == (2 * pairs * (KEY + VALUE), 2 * 2 * pairs * (KEY + VALUE))
    assert found.recomputed == 2 * pairs * KEY
    assert found.complete


def test_packed_sequences_attend_each_to_itself() -> None:
    run, bounds = operator("_cudnn_attention_forward"), torch.tensor([0, 3, 8], dtype=torch.int32)
    query, value = empty(8, 4, KEY), empty(8, 4, VALUE)
    found = count(lambda: run(query, query, value, None, bounds, bounds, 5, 5, True), backward=False)
    assert found.forward == 2 * 4 * (3 * 3 + 5 * 5) * (KEY + VALUE)


def test_packed_sequences_of_unknown_lengths_are_listed() -> None:
    run, bounds = operator("_cudnn_attention_forward"), empty(3, dtype=torch.int32)
    query = empty(8, 4, KEY)
    found = count(lambda: run(query, query, query, None, bounds, bounds, 5, 5, True), backward=False)
    assert [unknown.operation for unknown in found.uncounted] == ["aten::_cudnn_attention_forward"]


def test_attention_of_triton_counts_its_pairs() -> None:
    run = operator("_triton_scaled_dot_attention")
    assert count(lambda: run(*heads_first()), strict=True).forward == 2 * HEADS * 64 * (KEY + VALUE)


def test_multi_head_attention_of_triton_has_its_projections() -> None:
    run, x = operator("_triton_multi_head_attention"), empty(2, LENGTH, 32)
    weights = empty(96, 32), empty(96), empty(32, 32), empty(32)
    found = count(lambda: run(x, x, x, 32, 4, *weights), strict=True)
    assert found.by_operation["linear"].forward == 2 * 2 * LENGTH * 32 * (96 + 32)
    assert found.by_operation["attention"].forward == 2 * HEADS * 64 * (8 + 8)


@pytest.mark.parametrize("kernel", ["_sparse_semi_structured_mm", "_sparse_semi_structured_addmm"])
def test_a_matrix_that_keeps_every_other_entry_does_half_of_the_work(kernel: str) -> None:
    run, places = operator(kernel), empty(8, 1, dtype=torch.int16)
    bias = [empty(8)] if kernel.endswith("addmm") else []
    found = count(lambda: run(*bias, empty(8, 10), places, empty(20, 6)), strict=True)
    assert found.forward == 2 * 8 * 10 * 6


def test_a_layer_that_keeps_every_other_weight_does_half_of_the_work() -> None:
    run, places = operator("_sparse_semi_structured_linear"), empty(8, 1, dtype=torch.int16)
    found = count(lambda: run(empty(5, 20), empty(8, 10), places), strict=True)
    assert found.forward == 2 * 5 * 10 * 8
    assert set(found.by_operation) == {"linear"}


@pytest.mark.parametrize("transposed", [False, True])
def test_a_compressed_matrix_does_half_of_the_work_too(transposed: bool) -> None:
    run = operator("_cslt_sparse_mm")
    packed = empty(8, 18)  # the inner axis is 32; places take up an eighth of what is kept
    found = count(lambda: run(packed, empty(32, 6), transpose_result=transposed), strict=True)
    assert found.forward == 2 * 8 * 16 * 6


@pytest.mark.parametrize(
    ("left", "right", "offsets", "expected"),
    [
        ((3, 8, 16), (3, 16, 4), None, 2 * 3 * 8 * 16 * 4),
        ((8, 16), (3, 16, 4), [2, 2, 7], 2 * 7 * 16 * 4),
        ((3, 8, 16), (16, 6), [1, 2, 6], 2 * 8 * 16 * 6),
        ((8, 16), (16, 4), [3, 5, 12], 2 * 8 * 12 * 4),
    ],
    ids=["three matrices", "rows", "columns", "the inner axis"],
)
def test_scaled_grouped_products(left: Any, right: Any, offsets: Any, expected: int) -> None:
    run, bounds = operator("_scaled_grouped_mm_v2"), None if offsets is None else torch.tensor(offsets)
    factors = empty(*left, dtype=torch.float8_e4m3fn), empty(*right, dtype=torch.float8_e4m3fn)
    found = count(lambda: run(*factors, [empty(3)], [0], [0], [empty(3)], [0], [0], bounds), strict=True)
    assert found.forward == expected


PAIRED = getattr(torch, "float4_e2m1fn_x2", None)


@pytest.mark.skipif(PAIRED is None, reason="this PyTorch has no numbers of four bits")
def test_two_numbers_in_a_byte_are_two_numbers() -> None:
    assert PAIRED is not None
    left, right = empty(128, 32, dtype=PAIRED), empty(96, 32, dtype=PAIRED).t()
    scales = empty(128 * 4, dtype=torch.float8_e4m3fn)
    one = count(lambda: torch._scaled_mm(left, right, scales, scales, out_dtype=torch.bfloat16), strict=True)
    assert one.forward == 2 * 128 * 64 * 96
    run, stacked = operator("_scaled_grouped_mm_v2"), (empty(3, 8, 16, dtype=PAIRED), empty(3, 16, 4, dtype=PAIRED))
    found = count(lambda: run(*stacked, [scales], [0], [0], [scales], [0], [0]), strict=True)
    assert found.forward == 2 * 3 * 8 * 32 * 4


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("miopen_depthwise_convolution", (None, [0, 0], [1, 1], [1, 1], 4, False, False)),
        ("miopen_convolution_relu", (None, [1, 1], [0, 0], [1, 1], 4)),
        ("miopen_convolution_add_relu", (empty(2, 8, 6, 6), None, None, [1, 1], [0, 0], [1, 1], 4)),
    ],
)
def test_convolutions_of_miopen_count_group_by_group(name: str, rest: tuple[Any, ...]) -> None:
    run = operator(name)
    found = count(lambda: run(empty(2, 4, 8, 8), empty(8, 1, 3, 3), *rest), strict=True)
    assert found.forward == 2 * 2 * 8 * 1 * 9 * 36
    assert set(found.by_operation) == {"convolution"}
