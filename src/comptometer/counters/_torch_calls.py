"""How a block is called and what it returns, as far as its work can depend on either, on the meta device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext
from torch.utils._pytree import TreeSpec, tree_flatten

from comptometer.counters import _torch_cache as caches
from comptometer.counters._torch_structure import PRIMITIVE

PLAIN: Final = (torch.Tensor, nn.Parameter)
CONSTANT: Final = (torch.dtype, torch.device, torch.Size, type, type(lambda: None))
OWN_FUNCTIONS: Final = frozenset({"_AttentionBackward"})


class NotUnderstoodError(Exception):
    """Something whose effect on the work is not known."""


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments: what can be compared of them, their tensors, each once, and the caches among them."""

    key: tuple[Any, ...]
    tensors: Sequence[torch.Tensor]
    caches: Sequence[Any]

    @property
    def versions(self) -> list[tuple[int, int]]:
        """How often each tensor was changed in place, and how many hooks there are on its gradient."""
        return [(tensor._version, len(tensor._backward_hooks or ())) for tensor in self.tensors]


def call_of(arguments: Any, indices: Iterable[int]) -> Call:
    """Look at the arguments of a call; `indices` says which entries of a cache are those of the block.

    Raises:
        NotUnderstoodError: an object, a tensor of an unusual class, or something that sees or changes what runs.
    """
    if torch._C._is_any_autocast_enabled() or _seen_by_others():
        raise NotUnderstoodError
    look = _Arguments()
    look.value(arguments)
    state = [caches.state(cache, index) for cache in look.caches for index in indices]
    key = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), *look.key, *state
    return Call(key, list(look.tensors.values()), look.caches)


def _seen_by_others() -> bool:
    """Is there a mode besides the trace, or a hook on what is kept for gradients? Either may do work of its own."""
    modes = _get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    return (
        torch._C._len_torch_dispatch_stack() > 1
        or any(not isinstance(mode, DeviceContext) for mode in modes)
        or torch._C._autograd._top_saved_tensors_default_hooks(True) is not None
    )


class _Arguments:
    __slots__ = ("caches", "key", "storages", "tensors")

    def __init__(self) -> None:
        self.key: list[Any] = []
        self.tensors: dict[int, torch.Tensor] = {}
        self.storages: dict[int, int] = {}
        self.caches: list[Any] = []

    def value(self, value: Any) -> None:
        kind = type(value)
        if kind in PRIMITIVE:
            self.key.append((kind, value))
        elif kind in PLAIN:
            self.tensor(value)
        elif kind in (tuple, list):
            self.key.append((kind, len(value)))
            for part in value:
                self.value(part)
        elif kind is dict:
            self.key.append((kind, tuple(value)))
            for part in value.values():
                self.value(part)
        elif caches.understood(value):
            self.key.append((kind, id(value)))
            self.caches.append(value)
        elif isinstance(value, CONSTANT):
            self.key.append(value)
        else:
            raise NotUnderstoodError

    def tensor(self, tensor: torch.Tensor) -> None:
        if tensor.layout != torch.strided:
            raise NotUnderstoodError
        if tensor.device.type != "meta":
            self.key.append((id(tensor), tensor._version))
        else:
            before = list(self.tensors).index(id(tensor)) if id(tensor) in self.tensors else None
            shared = self.storages.setdefault(storage(tensor), len(self.storages))
            self.key.append((*described(tensor), before, shared, tensor.is_leaf, tensor.storage_offset()))
            self.key.append(tuple((name, id(value)) for name, value in vars(tensor).items()))
        self.tensors[id(tensor)] = tensor


def storage(tensor: torch.Tensor) -> int:
    """Where the elements of a tensor would be."""
    return int(tensor.untyped_storage()._cdata)


def described(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Shape, strides, data type, and whether it is differentiated."""
    return tensor.shape, tensor.stride(), tensor.dtype, tensor.requires_grad


@dataclass(frozen=True, slots=True)
class Result:
    """What a block returned: its form, and where gradients go from it.

    Attributes:
        form: how tensors and other values are held.
        leaves: each is a description of a tensor, or a value.
        onward: the arguments, by position, that every gradient of an output reaches.
        trained: does it reach parameters of the block?
    """

    form: TreeSpec
    leaves: tuple[Any, ...]
    onward: tuple[int, ...]
    trained: bool


def result_of(returned: Any, call: Call, module: nn.Module, start: int) -> tuple[Result, list[torch.Tensor]]:
    """Look at what a block returned; `start` is the number of the first autograd node that it could make.

    Raises:
        NotUnderstoodError: an object, a tensor that shares memory with another, a gradient to somewhere else.
    """
    values, form = tree_flatten(returned)
    outputs = [value for value in values if isinstance(value, torch.Tensor)]
    _all_apart(outputs, call, module)
    leaves = tuple(_leaf(value, call) for value in values)
    paths = {_onward(output, call, module, start) for output in outputs if output.requires_grad}
    if len(paths) > 1:
        raise NotUnderstoodError
    reached = next(iter(paths), frozenset())
    return Result(form, leaves, tuple(sorted(reached - {-1})), -1 in reached), outputs


def _leaf(value: Any, call: Call) -> Any:
    if isinstance(value, torch.Tensor):
        return "tensor", *described(value)
    if type(value) in PRIMITIVE or any(value is cache for cache in call.caches):
        return "value", value
    raise NotUnderstoodError


def _all_apart(outputs: Sequence[torch.Tensor], call: Call, module: nn.Module) -> None:
    if any(type(output) not in PLAIN or output.device.type != "meta" for output in outputs):
        raise NotUnderstoodError
    places = {storage(tensor) for tensor in (*call.tensors, *module.parameters(), *module.buffers())}
    for output in outputs:
        if storage(output) in places or vars(output) or (output.requires_grad and output.is_leaf):
            raise NotUnderstoodError
        places.add(storage(output))


def _onward(output: torch.Tensor, call: Call, module: nn.Module, start: int) -> frozenset[int]:
    """The arguments that the gradient of an output reaches; -1 for parameters of the block."""
    leaves = {id(parameter): -1 for parameter in module.parameters()}
    edges: dict[tuple[Any, int], int] = {}
    at: int | None
    for at, tensor in enumerate(call.tensors):
        if tensor.grad_fn is None:
            leaves[id(tensor)] = at
        else:
            edges[tensor.grad_fn, tensor.output_nr] = at
    found: set[int] = set()
    ahead, seen = [(output.grad_fn, output.output_nr)], set()
    while ahead:
        edge = ahead.pop()
        node: Any = edge[0]
        if edge in seen or node is None:
            continue
        seen.add(edge)
        if (at := edges.get(edge)) is None and hasattr(node, "variable"):
            at = leaves.get(id(node.variable))
        if at is not None:
            found.add(at)
        elif hasattr(node, "variable") or node._sequence_nr() < start or not _known(node):
            raise NotUnderstoodError
        else:
            ahead += node.next_functions
    return frozenset(found)


def _known(node: Any) -> bool:
    """Does the node form every gradient that it can? PyTorch's own do, those of other functions may not."""
    return not isinstance(node, torch.autograd.function.BackwardCFunction) or type(node).__name__ in OWN_FUNCTIONS


class Witness:
    """Sees whether what runs reads any tensor that it did not make and was not given.

    Constants that are written as `torch.tensor(…)` are made unseen; single numbers and empty tensors have no shape
    that work could depend on, and no value unless somebody changed it.
    """

    __slots__ = ("alive", "outside", "places")

    def __init__(self, call: Call, module: nn.Module, kept: Iterable[torch.Tensor]) -> None:
        given = (*call.tensors, *module.parameters(), *module.buffers(), *kept)
        self.places = {storage(tensor) for tensor in given}
        self.alive: list[torch.Tensor] = []  # or what is made unseen could be taken for what was given up
        self.outside = False

    def reads(self, func: Any, args: Any, kwargs: Any) -> None:
        """An operator is about to run."""
        if func._schema.name in ("aten::lift_fresh", "aten::lift"):
            return
        for tensor in _tensors((args, kwargs)):
            still = not tensor.numel() or not (tensor.dim() or tensor._version)
            if not still and storage(tensor) not in self.places:
                self.outside = True

    def makes(self, out: Any) -> None:
        """An operator has run."""
        made = list(_tensors(out))
        self.alive += made
        self.places.update(map(storage, made))


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from _tensors(value)
    elif isinstance(values, Mapping):
        yield from _tensors(tuple(values.values()))
