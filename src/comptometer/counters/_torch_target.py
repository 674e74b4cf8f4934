"""What is run: a copy of a PyTorch model and of its inputs, on the meta device where only shapes exist.

A copy shares no state with the model: its gradients, running statistics and random numbers are its own.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, Final

import torch
from torch import nn
from torch.utils._pytree import tree_flatten, tree_map

from comptometer.counters._torch_structure import parts_of
from comptometer.errors import UsageError
from comptometer.ops import Parameters

ORDINARY: Final = (torch.Tensor, nn.Parameter, nn.Buffer)


class NotOrdinaryError(Exception):
    """A tensor of a kind that cannot be copied by its shape."""


def tensors_of(module: nn.Module) -> Iterator[torch.Tensor]:
    """Parameters, buffers, and tensors that are kept as plain attributes."""
    for part in parts_of(module):
        own = vars(part)
        yield from (value for value in own["_parameters"].values() if value is not None)
        yield from (value for value in own["_buffers"].values() if value is not None)
        yield from (value for value in own.values() if isinstance(value, torch.Tensor))


def frozen_parameters(module: nn.Module, frozen: Sequence[str]) -> set[int]:
    """The identities of the parameters that are named, or lie in a module that is.

    Raises:
        UsageError: a name or pattern fits nothing.
    """
    found: set[int] = set()
    named = list(module.named_parameters(remove_duplicate=False))  # a shared weight has several names
    for pattern in frozen:
        fits = {id(parameter) for name, parameter in named if _fits(name, pattern)}
        if not fits:
            raise UsageError(f"frozen: {pattern!r} fits no module and no parameter of {type(module).__name__}")
        found |= fits
    return found


def _fits(name: str, pattern: str) -> bool:
    parts = name.split(".")
    return any(fnmatchcase(".".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))


def copied(module: nn.Module, *, meta: bool, frozen: Sequence[str] = ()) -> nn.Module:
    """The module with tensors of its own: shapes on the meta device, or the values, shared for the parameters.

    Raises:
        NotOrdinaryError: a tensor of an unusual class.
    """
    still = frozen_parameters(module, frozen)
    memo: dict[int, Any] = {}
    for tensor in tensors_of(module):
        if id(tensor) in memo:
            continue
        if type(tensor) not in ORDINARY or tensor.layout != torch.strided:
            raise NotOrdinaryError(type(tensor).__name__)
        trained = tensor.requires_grad and id(tensor) not in still
        memo[id(tensor)] = _twin(tensor, meta, trained)
    return copy.deepcopy(module, memo)


def _twin(tensor: torch.Tensor, meta: bool, trained: bool) -> torch.Tensor:
    if isinstance(tensor, nn.Parameter):
        data = torch.empty_like(tensor, device="meta") if meta else tensor.detach()
        return nn.Parameter(data, requires_grad=trained)
    data = torch.empty_like(tensor, device="meta", requires_grad=False) if meta else tensor.detach().clone()
    return data.requires_grad_(trained)


def arguments(inputs: Any, batch: int, meta: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments, repeated along the first dimension, with gradients of their own.

    >>> arguments((2, 8), 3, True)[0][0].shape
    torch.Size([6, 8])
    """
    if inputs is None:
        return (), {}
    if isinstance(inputs, (tuple, list)) and inputs and all(type(size) is int for size in inputs):
        inputs = (torch.empty(tuple(inputs), device="meta" if meta else "cpu").zero_(),)
    made = tree_map(lambda value: _repeated(value, batch, meta), inputs)
    if isinstance(made, Mapping):
        return (), dict(made)
    return (tuple(made), {}) if isinstance(made, (tuple, list)) else ((made,), {})


def _repeated(value: Any, batch: int, meta: bool) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    if meta:
        shape = (value.shape[0] * batch, *value.shape[1:]) if value.dim() and batch > 1 else value.shape
        return torch.empty(shape, dtype=value.dtype, device="meta", requires_grad=value.requires_grad)
    twin = value.detach()
    if value.dim() and batch > 1:
        twin = twin.repeat(batch, *[1] * (value.dim() - 1))
    return twin.requires_grad_(value.requires_grad)


def has_values(inputs: Any) -> bool:
    """Are all tensors on a device that computes?"""
    return all(value.device.type != "meta" for value in tree_flatten(inputs)[0] if isinstance(value, torch.Tensor))


def extent(inputs: Any) -> tuple[int, int | None]:
    """Examples, and positions in each where the first input holds token numbers: (batch, length)."""
    if isinstance(inputs, (tuple, list)) and inputs and all(type(size) is int for size in inputs):
        return inputs[0], None
    tensors = [value for value in tree_flatten(inputs)[0] if isinstance(value, torch.Tensor) and value.dim()]
    if not tensors:
        return 1, None
    first = tensors[0]
    numbers = first.dim() == 2 and not first.is_floating_point() and not first.is_complex()
    return max(1, first.shape[0]), first.shape[1] if numbers else None


def outputs(result: Any) -> list[torch.Tensor]:
    """The tensors of a result that can be differentiated, whatever holds them."""
    flat, _ = tree_flatten(result)
    found = [*_inside(flat)]
    seen: dict[int, torch.Tensor] = {id(tensor): tensor for tensor in found if tensor.requires_grad}
    return list(seen.values())


def _inside(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif hasattr(value, "__dataclass_fields__"):
            yield from _inside(getattr(value, name) for name in value.__dataclass_fields__)


def trained(module: nn.Module, frozen: Sequence[str]) -> int:
    """Parameters that are trained, each once."""
    still = frozen_parameters(module, frozen)
    return sum(part.numel() for part in module.parameters() if part.requires_grad and id(part) not in still)


def sizes(module: nn.Module) -> Parameters:
    """Parameters, each once however often it is used; a token is taken to use them all."""
    parts = parts_of(module)
    held = [parameter for part in parts for parameter in part._parameters.values() if parameter is not None]
    unique = {id(parameter): parameter.numel() for parameter in held}
    tables = {id(part.weight): part.weight.numel() for part in parts if isinstance(part, nn.Embedding)}
    total = sum(unique.values())
    return Parameters(total=total, active=total, embedding=sum(tables.values()))


@contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Gradients, buffers and the random state are put back afterwards, for a module that could not be copied."""
    gradients = [(parameter, parameter.grad) for parameter in module.parameters()]
    kept = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        for parameter, _ in gradients:
            parameter.grad = None
        yield
    finally:
        for parameter, gradient in gradients:
            parameter.grad = gradient
        with torch.no_grad():
            for buffer, value in kept:
                if value.device.type != "meta":
                    buffer.copy_(value)


def leaves(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors at the ends of an autograd graph, whose `grad` a backward pass sets."""
    found: dict[int, torch.Tensor] = {}
    ahead: list[Any] = [tensor.grad_fn for tensor in tensors]
    seen: set[Any] = set()
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found[id(node.variable)] = node.variable
        ahead.extend(after for after, _ in node.next_functions)
    return list(found.values())
