"""What stands in for a block that is not run: tensors of the same shapes, and a node that passes gradients on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

import torch
from torch.utils._pytree import tree_unflatten

from comptometer.counters._torch_calls import Call, Result

SHAPES_ONLY: Final = frozenset(
    {torch.Tensor.shape.__get__, torch.Tensor.dtype.__get__, torch.Tensor.device.__get__}  # type: ignore[attr-defined]
    | {torch.Tensor.size, torch.Tensor.dim, torch.Tensor.numel, torch.Tensor.ndim.__get__}  # type: ignore[attr-defined]
)


class DoubtError(Exception):
    """Something happened that a block which is not run may have done otherwise."""


class Blank(torch.Tensor):
    """A tensor that a block which was not run would have left behind: it has a shape, and may not be used."""

    doubt: Callable[[], None]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in SHAPES_ONLY:
            for value in args:
                if type(value) is Blank:
                    value.__dict__["doubt"]()
            raise DoubtError
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))


def blank(like: torch.Tensor, doubt: Callable[[], None]) -> Blank:
    """A tensor of that shape which calls `doubt` when it is used."""
    made = torch.Tensor._make_subclass(Blank, torch.empty(like.shape, dtype=like.dtype, device=like.device))
    made.__dict__["doubt"] = doubt
    return made


class Trace(Protocol):
    """What this file needs of a trace."""

    final: bool


class _StandIn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, result: Result, reached: list[int], trace: Trace, doubt: Any, *inputs: Any) -> Any:
        ctx.set_materialize_grads(False)
        ctx.reached, ctx.trace, ctx.doubt = reached, trace, doubt
        ctx.inputs = [
            (tensor.shape, tensor.stride(), tensor.dtype) for tensor in inputs[len(inputs) - len(result.onward) :]
        ]
        ctx.unfed = [None] * (4 + len(inputs) - len(ctx.inputs))
        return tuple(_made(leaf) for leaf in result.leaves if leaf[0] == "tensor" and leaf[4])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        if torch.is_grad_enabled() or not ctx.trace.final:
            ctx.doubt()
            raise DoubtError
        formed = False
        for at, gradient in enumerate(gradients):
            ctx.reached[at] += gradient is not None
            formed = formed or gradient is not None
        if not formed:
            return (*ctx.unfed, *(None for _ in ctx.inputs))
        return (
            *ctx.unfed,
            *(torch.empty_strided(shape, stride, dtype=kind, device="meta") for shape, stride, kind in ctx.inputs),
        )


def _made(leaf: Any) -> torch.Tensor:
    _, shape, stride, kind, _ = leaf
    return torch.empty_strided(shape, stride, dtype=kind, device="meta")


def stand_in(result: Result, call: Call, anchor: Any, trace: Trace, doubt: Callable[[], None]) -> tuple[Any, list[int]]:
    """Outputs like those of `result`, and a list that will say how often a gradient has come to each."""
    fed = [call.tensors[at] for at in result.onward]
    wanted = sum(leaf[0] == "tensor" and leaf[4] for leaf in result.leaves)
    reached = [0] * wanted
    inputs = [anchor, *fed] if result.trained else fed
    made: Any = iter(())
    if wanted:
        made = iter(_StandIn.apply(result, reached, trace, doubt, *inputs))  # type: ignore[no-untyped-call]
    values = [leaf[1] if leaf[0] != "tensor" else next(made) if leaf[4] else _made(leaf) for leaf in result.leaves]
    return tree_unflatten(values, result.form), reached
