"""Results of the commonest operators on the meta device: empty tensors of the right shape.

PyTorch works some of them out in Python, in as much as a millisecond each, which is most of the time of a trace. Where
a call is not of the plain form known here, nothing is returned and PyTorch does it, and refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, empty_like


def plain(tensor: object) -> bool:
    """A tensor on the meta device, of no class of its own."""
    return type(tensor) in (Tensor, torch.nn.Parameter) and tensor.is_meta  # type: ignore[attr-defined]


def _like_first(first: Tensor, *rest: object, **options: object) -> Tensor:
    return empty_like(first)


def _like_second(first: Tensor, second: Tensor, *rest: object, **options: object) -> Tensor | None:
    return empty_like(second) if first.shape == second.shape else None


def _added(first: Tensor, second: object, **options: object) -> Tensor | None:
    if not plain(second) or not isinstance(second, Tensor):
        return None
    same = first.shape == second.shape and first.dtype == second.dtype
    return empty_like(first) if same and first.is_contiguous() and second.is_contiguous() else None


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
    exact = torch.float32 if source.dtype in (torch.float16, torch.bfloat16) else source.dtype
    return empty_like(source), source.new_empty(statistics, dtype=exact), source.new_empty(statistics, dtype=exact)


def _normalized_backward(
    gradient: Tensor, source: Tensor, shape: Any, mean: Any, scale: Any, weight: Any, bias: Any, wanted: Sequence[bool]
) -> tuple[Tensor | None, ...]:
    parts = (source, weight, bias)
    return tuple(
        empty_like(part) if asked and part is not None else None for part, asked in zip(parts, wanted, strict=True)
    )


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
    "aten::add.Tensor": _added,
    "aten::native_layer_norm": _normalized,
    "aten::native_layer_norm_backward": _normalized_backward,
}
