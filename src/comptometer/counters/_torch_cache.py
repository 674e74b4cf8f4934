"""The cache of keys and values that classes of `transformers` pass from layer to layer: one entry for each layer.

A layer that names only its own entry, and finds it as another layer found its own, does what the other did.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import FunctionType
from typing import Any, Final

import torch

from comptometer.counters._torch_index import Index
from comptometer.counters._torch_structure import PRIMITIVE

BY_LAYER: Final = "layer_idx"


class Visits:
    """Which entries were named by an index that is watched, and whether the cache was asked anything else."""

    __slots__ = ("asked", "entries")

    def __init__(self) -> None:
        self.entries: set[int] = set()
        self.asked = False


_now: list[Visits] = []


def understood(value: Any) -> bool:
    """Is it a cache that grows by its entries, in one place?"""
    module: Any = sys.modules.get("transformers.cache_utils")
    return module is not None and type(value) is getattr(module, "DynamicCache", None) and not value.offloading


def state(cache: Any, index: int) -> tuple[Any, ...]:
    """An entry, as far as it can be compared, and the cache without its entries."""
    rest = tuple((name, _seen(value)) for name, value in vars(cache).items() if name != "layers")
    if index >= len(cache.layers):
        return rest, None
    entry = cache.layers[index]
    return rest, type(entry), tuple((name, _seen(value)) for name, value in vars(entry).items())


def _seen(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return "tensor", value.shape, value.dtype, value.device.type
    if isinstance(value, list):
        return tuple(map(_seen, value))
    return (type(value), value) if type(value) in PRIMITIVE else (type(value), id(value))


def others(cache: Any, index: int) -> list[Any]:
    """The cache but for one entry, so that a change of it shows."""
    return [
        [(name, id(value)) for name, value in vars(cache).items()],
        *(
            [(name, id(value)) for name, value in vars(entry).items()]
            for at, entry in enumerate(cache.layers)
            if at != index
        ),
    ]


def entry_of(cache: Any, index: int) -> Any:
    """The entry of a layer, made if it is not there yet."""
    while len(cache.layers) <= index:
        cache.layers.append(cache.layer_class_to_replicate())
    return cache.layers[index]


def fill(cache: Any, index: int, like: Mapping[str, Any], twin: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Give an entry the state of another, with twins of its tensors."""
    own = vars(entry_of(cache, index))
    for name, value in like.items():
        own[name] = _twin(value, twin)


def _twin(value: Any, twin: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return twin(value)
    return [_twin(part, twin) for part in value] if isinstance(value, list) else value


@contextmanager
def visited() -> Iterator[Visits]:
    """Watch which entries are named inside."""
    _now.append(Visits())
    try:
        yield _now[-1]
    finally:
        _now.pop()


@contextmanager
def watched() -> Iterator[None]:
    """Let the methods of caches report to who watches; otherwise they do what they did."""
    module: Any = sys.modules.get("transformers.cache_utils")
    kinds = [getattr(module, name) for name in ("Cache", "DynamicCache") if hasattr(module, name)]
    before = [
        (kind, name, function)
        for kind in kinds
        for name, function in vars(kind).items()
        if isinstance(function, FunctionType) and name not in ("__init__", "__repr__")
    ]
    try:
        for kind, name, function in before:
            setattr(kind, name, _reporting(function))
        yield
    finally:
        for kind, name, function in before:
            setattr(kind, name, function)


def _reporting(function: FunctionType) -> Callable[..., Any]:
    names = list(inspect.signature(function).parameters)
    at = names.index(BY_LAYER) - 1 if BY_LAYER in names else None

    @wraps(function)
    def reporting(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _now:
            return function(self, *args, **kwargs)
        visits = _now.pop()
        try:
            index: Any = kwargs.get(BY_LAYER)
            if at is not None and at < len(args):
                index = args[at]
            if type(index) is Index:
                visits.entries.add(index.value)
                args = tuple(value.value if type(value) is Index else value for value in args)
                kwargs = {name: value.value if type(value) is Index else value for name, value in kwargs.items()}
            else:
                visits.asked = True
            return function(self, *args, **kwargs)
        finally:
            _now.append(visits)

    return reporting
