"""Attention in PyTorch, one way whatever the device, the mode and the kernel that would be chosen.

While a trace is on, `scaled_dot_product_attention` is replaced by one differentiable function that reports what it
forms; without it the same call is one of half a dozen fused operators, or, on the meta device, two matrix products
that no longer know whether they are causal. The fused operators are known too, for compiled graphs and direct calls.

Forward: scores (query · key) and weighted sum. Backward: the gradient of the weights and of the value against the
value width, those of query and key against the key width: four products, of which each is formed only if asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final, Protocol

import torch
from torch.library import Library
from torch.utils._python_dispatch import _get_current_dispatch_mode

from comptometer.contraction import matmul, pairs
from comptometer.counters._torch_transformers import Kept, kept_of
from comptometer.ops import Attention

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx

KEYS: Final = ("AutogradCPU", "AutogradMeta", "AutogradCUDA", "AutogradXPU", "AutogradMPS", "AutogradHPU")
PACKED: Final = 3  # axes of sequences that are packed into one
OPERATOR: Final = torch.ops.aten.scaled_dot_product_attention.default


class NeedsValuesError(Exception):
    """Something depends on the values of a tensor, and on the meta device there are none."""


class Trace(Protocol):
    """What this file needs of a trace."""

    attention: Attention

    def attended(self, scores: int, sums: int) -> None:
        """Two forward products were formed."""
        ...

    def attention_gradients(self, flop: int, scores: int, sums: int) -> None:
        """Gradients were formed, from so large forward products."""
        ...

    def unknown_values(self, note: str) -> None:
        """Something depends on values that the meta device does not have."""
        ...

    def aside(self) -> Any:
        """A context in which nothing is counted."""
        ...


@dataclass(frozen=True, slots=True)
class Core:
    """Sizes of an attention: (query, key) pairs over all heads and examples, and the widths."""

    pairs: int
    key_width: int
    value_width: int

    @property
    def scores(self) -> int:
        """FLOP of query · key."""
        return matmul(self.pairs, self.key_width, 1)

    @property
    def sums(self) -> int:
        """FLOP of weights · value."""
        return matmul(self.pairs, self.value_width, 1)

    def gradients(self, query: bool, key: bool, value: bool, mask: bool = False) -> int:
        """FLOP of the gradients that are asked for; those of query, key and mask need that of the weights."""
        return self.sums * (value + (query or key or mask)) + self.scores * (query + key)


def kept(trace: Trace, query: Any, key: Any, mask: Any = None, causal: bool = False) -> int:
    """Pairs that count, over all heads and examples: query (…, L, E), key (…, S, E).

    Raises:
        NeedsValuesError: the mask has no values, and the trace can be repeated with values.
    """
    rows, length, width = int(prod(query.shape[:-2])), int(query.shape[-2]), int(key.shape[-2])
    square = rows * length * width
    if trace.attention == "full" or (mask is None and not causal):
        return square
    if mask is None:
        if length == width:
            return rows * pairs(length, trace.attention)
        return square if trace.attention == "half" else rows * sum(min(at + 1, width) for at in range(length))
    known = kept_of(mask)
    if known is not None:
        return rows * _of_positions(known, trace.attention, length, width)
    if mask.device.type == "meta":
        trace.unknown_values("an attention mask has no values on the meta device: it is counted as the full square")
        return square
    return _kept_by(mask, rows, length, width, trace.attention)


def _of_positions(known: Kept, attention: Attention, length: int, width: int) -> int:
    if attention == "causal":
        return known.pairs
    return pairs(length, "half") if known.causal else length * width


def _kept_by(mask: Any, rows: int, length: int, width: int, attention: Attention) -> int:
    seen = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
    seen = seen.expand(*seen.shape[:-2], length, width)
    if attention == "causal":
        return int(seen.sum()) * (rows // int(prod(seen.shape[:-2])))
    ahead = length == width and not bool(seen.triu(1).any())
    return rows * (pairs(length, "half") if ahead else length * width)


class _Attention(torch.autograd.Function):
    """The replacement: values as ever (none on the meta device), operations reported."""

    @staticmethod
    def forward(ctx: Any, trace: Trace, query: Any, key: Any, value: Any, mask: Any, rest: Mapping[str, Any]) -> Any:
        ctx.trace, ctx.rest = trace, rest
        ctx.core = Core(kept(trace, query, key, mask, rest["is_causal"]), query.shape[-1], value.shape[-1])
        ctx.save_for_backward(query, key, value, mask)
        trace.attended(ctx.core.scores, ctx.core.sums)
        if query.device.type == "meta":
            return query.new_empty((*query.shape[:-1], value.shape[-1]))
        with trace.aside():
            return OPERATOR.decompose(query, key, value, mask, **rest)

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Any) -> Any:
        return _gradients(ctx, gradients[0])


def _gradients(ctx: Any, gradient: Any) -> tuple[Any, ...]:
    wanted, saved, core = ctx.needs_input_grad[1:5], ctx.saved_tensors, ctx.core
    ctx.trace.attention_gradients(core.gradients(*wanted), core.scores, core.sums)
    if gradient.device.type == "meta":
        formed = [torch.empty_like(tensor) if needed else None for tensor, needed in zip(saved, wanted, strict=True)]
        return None, *formed, None
    with ctx.trace.aside(), torch.enable_grad():
        inputs: list[Any] = [
            None if tensor is None else tensor.detach().requires_grad_(needed)
            for tensor, needed in zip(saved, wanted, strict=True)
        ]
        out = OPERATOR.decompose(*inputs, **ctx.rest)
        asked = [tensor for tensor, needed in zip(inputs, wanted, strict=True) if needed]
        found = iter(torch.autograd.grad(out, asked, gradient))
    return None, *(next(found) if needed else None for needed in wanted), None


def _replacement(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    trace: Any = _get_current_dispatch_mode()
    rest = {"dropout_p": dropout_p, "is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
    if not hasattr(trace, "attended") or trace.idle or not all(map(_plain, (query, key, value))) or _transformed():
        return OPERATOR.decompose(query, key, value, attn_mask, **rest)
    return _Attention.apply(trace, query, key, value, attn_mask, rest)  # type: ignore[no-untyped-call]


def _plain(tensor: Any) -> bool:
    return type(tensor) in (torch.Tensor, torch.nn.Parameter)


def _transformed() -> bool:
    return torch._C._functorch.peek_interpreter_stack() is not None


@contextmanager
def one_attention() -> Iterator[None]:
    """While this is on, every attention under a trace is the replacement; other threads see no difference."""
    library = Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    try:
        for key in KEYS:
            library.impl(OPERATOR, _replacement, key)  # type: ignore[no-untyped-call]
        yield
    finally:
        library._destroy()  # type: ignore[no-untyped-call]


def fused(trace: Trace, name: str, given: Mapping[str, Any]) -> Core | None:
    """Sizes for the operators that take (batch, heads, length, width), and for those that take lengths before heads.

    cuDNN's takes the first form, or sequences that are packed into one: (lengths, heads, width). Nothing where the
    lengths of packed sequences are unknown.
    """
    causal = bool(given.get("is_causal", False) or given.get("custom_mask_type"))
    packed = name.startswith("aten::_cudnn_attention") and given["query"].dim() == PACKED
    if packed or name.startswith(("aten::_flash_attention", "aten::_efficient_attention")):
        return _lengths_first(trace, given, causal)
    query, key, value = (given[name] if name in given else given[name[0]] for name in ("query", "key", "value"))
    mask = given.get("attn_mask") if given.get("attn_mask") is not None else given.get("attn_bias")
    return Core(kept(trace, query, key, mask, causal), query.shape[-1], value.shape[-1])


def _lengths_first(trace: Trace, given: Mapping[str, Any], causal: bool) -> Core | None:
    query, key, value = given["query"], given["key"], given["value"]
    bounds = [given.get("cum_seq_q", given.get("cu_seqlens_q")), given.get("cum_seq_k", given.get("cu_seqlens_k"))]
    widths = query.shape[-1], value.shape[-1]
    if bounds[0] is None:
        return Core(kept(trace, query.transpose(-3, -2), key.transpose(-3, -2), None, causal), *widths)
    if any(bound is None or bound.device.type == "meta" for bound in bounds):
        return None
    lengths = [bound.diff().tolist() for bound in bounds]
    heads = query.shape[-2]
    total = 0
    for rows, columns in zip(*lengths, strict=True):
        one = torch.empty(heads, rows, 1, device="meta"), torch.empty(heads, columns, 1, device="meta")
        total += kept(trace, *one, None, causal)
    return Core(total, *widths)
