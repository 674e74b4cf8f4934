"""What a PyTorch module is made of, as something that can be compared: are two modules the same but for a number?

Equal are modules of the same classes with the same attributes, the same shapes of parameters and buffers, and the same
parts in the same places. Whole numbers that are attributes are kept apart, because an index is one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Final

import torch
from torch import nn

PRIMITIVE: Final = frozenset({type(None), bool, int, float, complex, str, bytes})
CONSTANT: Final = (type, FunctionType, torch.dtype, torch.device, torch.layout, torch.Size, type(len))
HELD: Final = (list, dict, set, tuple, frozenset)
OWN: Final = frozenset(nn.Module().__dict__) | {"forward"}
HOOKS: Final = tuple(name for name in OWN if name.endswith(("_hooks", "_hooks_always_called", "_hooks_with_kwargs")))


class Replacement:
    """What a trace puts in the place of the `forward` of one module."""

    __slots__ = ()


class UnlikeAnyError(Exception):
    """A module that is compared with no other: it has hooks, or tensors of unusual classes."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A whole number among the attributes of a module, and where it is kept."""

    place: dict[str, Any]
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Structure:
    """A module but for its whole numbers, these, and what it refers to without owning it: objects and functions."""

    key: tuple[Any, ...]
    slots: Sequence[Slot]
    watched: Sequence[Any]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The whole numbers."""
        return tuple(slot.value for slot in self.slots)


def parts_of(module: nn.Module) -> list[nn.Module]:
    """A module and all within it, each once."""
    found = {id(module): module}
    ahead = [module]
    while ahead:
        for child in ahead.pop()._modules.values():
            if child is not None and id(child) not in found:
                found[id(child)] = child
                ahead.append(child)
    return list(found.values())


def structure_of(module: nn.Module) -> Structure:
    """Look at a module and all its parts.

    Raises:
        UnlikeAnyError: it cannot be compared.
    """
    look = _Look(module)
    for part in look.parts:
        look.part(part)
    return Structure(tuple(look.key), look.slots, list(look.watched.values()))


class _Look:
    __slots__ = ("key", "parts", "places", "slots", "watched")

    def __init__(self, module: nn.Module) -> None:
        self.parts = parts_of(module)
        self.places = {id(part): at for at, part in enumerate(self.parts)}
        self.key: list[Any] = []
        self.slots: list[Slot] = []
        self.watched: dict[int, Any] = {}

    def part(self, module: nn.Module) -> None:
        own, add = module.__dict__, self.key.append
        replaced = "forward" in own and not isinstance(own["forward"], Replacement)
        if replaced or isinstance(module, torch.jit.ScriptModule) or any(map(own.__getitem__, HOOKS)):
            raise UnlikeAnyError
        add(type(module))
        for name, tensor in own["_parameters"].items():
            add((name, None if tensor is None else _shape(tensor)))
        for name, tensor in own["_buffers"].items():
            add((name, None if tensor is None else _shape(tensor)))
        for name, child in own["_modules"].items():
            add((name, self.places.get(id(child))))
        for name, value in own.items():
            if name not in OWN:
                self.attribute(own, name, value)
        add(own["training"])

    def attribute(self, own: dict[str, Any], name: str, value: Any) -> None:
        if type(value) is int:
            self.slots.append(Slot(own, name, value))
            self.key.append(name)
        else:
            self.key.append((name, self.value(value)))

    def value(self, value: Any) -> Any:
        kind = type(value)
        if kind in PRIMITIVE:
            return kind, value
        if isinstance(value, torch.Tensor):
            return _shape(value)
        if id(value) in self.places:
            return "part", self.places[id(value)]
        if kind in HELD:
            return kind, self._held(value)
        if kind is MethodType:
            return MethodType, self.value(value.__func__), self.value(value.__self__)
        if kind is partial:
            return partial, self.value(value.func), self._held(value.args), self._held(value.keywords)
        if not isinstance(value, CONSTANT) or isinstance(value, FunctionType):
            self.watched[id(value)] = value
        return kind, id(value)

    def _held(self, values: Any) -> tuple[Any, ...]:
        if isinstance(values, Mapping):
            return tuple((self.value(key), self.value(value)) for key, value in values.items())
        return tuple(map(self.value, values))


def _shape(tensor: torch.Tensor) -> tuple[Any, ...]:
    hooks = tensor._backward_hooks or tensor._post_accumulate_grad_hooks
    if type(tensor) not in (torch.Tensor, nn.Parameter, nn.Buffer) or hooks or tensor.grad_fn is not None:
        raise UnlikeAnyError
    return type(tensor), tensor.shape, tensor.dtype, tensor.requires_grad, tensor.device.type
