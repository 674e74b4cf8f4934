"""Results of the commonest operators on the meta device: empty tensors of the right shape.

PyTorch works some of them out in Python, in as much as a millisecond each, which is most of the time of a trace. Where
a call is not of the plain form known here, nothing is returned and PyTorch does it, and refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, empty_like

IMAGES: Final = 4  # axes of a tensor whose channels may come last in memory
FUNCTIONS: Final = ("relu", "sigmoid", "tanh", "hardtanh", "hardswish", "hardsigmoid", "leaky_relu")


def plain(tensor: object) -> bool:
    """A tensor on the meta device, of no class of its own."""
    return type(tensor) in (Tensor, torch.nn.Parameter) and tensor.is_meta  # type: ignore[attr-defined]


def _like_first(first: Tensor, *rest: object, **options: object) -> Tensor:
    return empty_like(first)


def _like_second(first: Tensor, second: Tensor, *rest: object, **options: object) -> Tensor | None:
    return empty_like(second) if first.shape == second.shape else None


def _mapped(first: Tensor, *rest: object, **options: object) -> Tensor | None:
    """A function of each number, in a new tensor."""
    return empty_like(first) if first.is_floating_point() and _dense(first) else None


def _mapped_in_place(first: Tensor, *rest: object, **options: object) -> Tensor | None:
    return first if first.is_floating_point() and _dense(first) else None


def _paired(first: Tensor, second: Tensor, *rest: object, **options: object) -> Tensor | None:
    """A function of two numbers in the same place, such as the gradient of a function of each number."""
    return empty_like(first) if plain(second) and _alike(first, second) and _dense(first) else None


def _alike(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and first.stride() == second.stride() and first.dtype == second.dtype


def _dense(tensor: Tensor) -> bool:
    """Is a new tensor like it laid out as it is?"""
    if tensor.numel() == 0:
        return False
    last = tensor.dim() == IMAGES and tensor.is_contiguous(memory_format=torch.channels_last)
    return last or tensor.is_contiguous()


def combined(first: Tensor, second: object, **options: object) -> Tensor | None:
    """A sum or product of numbers in the same place."""
    fits = plain(second) and isinstance(second, Tensor) and _alike(first, second) and _dense(first)
    return empty_like(first) if fits else None


def _normalized(
    source: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, epsilon: float
) -> tuple[Tensor, Tensor, Tensor] | None:
    kept = source.dim() - len(shape)
    wanted = source.shape[kept:]
    if (
        kept < 0
        or list(wanted) != list(shape)
        or any(part is not None and part.shape != wanted for part in (weight, bias))
    ):
        return None
    statistics = (*source.shape[:kept], *[1] * len(shape))
    exact = _accumulated(source)
    return empty_like(source), source.new_empty(statistics, dtype=exact), source.new_empty(statistics, dtype=exact)


def _normalized_backward(
    gradient: Tensor, source: Tensor, shape: Any, mean: Any, scale: Any, weight: Any, bias: Any, wanted: Sequence[bool]
) -> tuple[Tensor | None, ...]:
    parts = (source, weight, bias)
    return tuple(
        empty_like(part) if asked and part is not None else None for part, asked in zip(parts, wanted, strict=True)
    )


def _batch_normalized(
    source: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    training: bool,
    momentum: float,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor] | None:
    parts = [part for part in (weight, bias, mean, variance) if part is not None]
    if source.dim() < 2 or not source.is_floating_point() or not _dense(source):
        return None
    if (source.numel() <= source.shape[1]) if training else (mean is None or variance is None):
        return None  # one value has no variance, and without training there must be one
    channels = source.shape[1:2]
    if any(part.shape != channels or not plain(part) for part in parts):
        return None
    exact = _accumulated(source)
    return empty_like(source), source.new_empty(channels, dtype=exact), source.new_empty(channels, dtype=exact)


def _batch_normalized_backward(
    gradient: Tensor,
    source: Tensor,
    weight: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    saved_mean: Tensor | None,
    saved_scale: Tensor | None,
    training: bool,
    epsilon: float,
    wanted: Sequence[bool],
) -> tuple[Tensor | None, ...] | None:
    if not plain(source) or not _alike(gradient, source) or not _dense(source) or source.dim() < 2:
        return None
    channels, kind = source.shape[1:2], source.dtype if weight is None else weight.dtype
    return empty_like(source), *(source.new_empty(channels, dtype=kind) if asked else None for asked in wanted[1:])


def _accumulated(tensor: Tensor) -> torch.dtype:
    """The data type in which sums over a tensor are formed."""
    return torch.float32 if tensor.dtype in (torch.float16, torch.bfloat16) else tensor.dtype


def affine(bias: Tensor, left: Tensor, right: Tensor) -> Tensor | None:
    """The result of `addmm` with a bias for each column."""
    if not (plain(bias) and plain(left) and plain(right)) or left.dim() != 2 or right.dim() != 2:
        return None
    fits = left.shape[1] == right.shape[0] and bias.shape == right.shape[1:]
    return left.new_empty((left.shape[0], right.shape[1])) if fits and left.dtype == right.dtype == bias.dtype else None


SHAPES: Final[Mapping[str, Callable[..., Any]]] = {
    "aten::gelu": _like_first,
    "aten::silu": _like_first,
    "aten::gelu_backward": _like_second,
    "aten::silu_backward": _like_second,
    "aten::add.Tensor": combined,
    "aten::native_layer_norm": _normalized,
    "aten::native_layer_norm_backward": _normalized_backward,
    "aten::native_batch_norm": _batch_normalized,
    "aten::native_batch_norm_backward": _batch_normalized_backward,
    **{f"aten::{name}": _mapped for name in FUNCTIONS},
    **{f"aten::{name}_": _mapped_in_place for name in FUNCTIONS},
    **{f"aten::{name}_backward": _paired for name in (*FUNCTIONS, "threshold")},
}
