"""What the code of a module could look at that is not its own: the state of its surroundings, for comparison.

From the classes of a module and the objects that it refers to, all Python functions are followed that they could call,
and of these the variables around them, their defaults, and whatever these hold. PyTorch, NumPy, the standard library,
and those files of other known libraries that the classes do not come from are taken to keep nothing there that work
could depend on. What cannot be read (an iterator, a generator of random numbers, an object of another language) makes
a module unlike any other, and so does too much of it.
"""

from __future__ import annotations

import gc
import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial, partialmethod
from pathlib import PurePath
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType, SimpleNamespace
from typing import Any, Final
from weakref import ReferenceType

import torch
from torch import nn

from comptometer.counters._torch_structure import PRIMITIVE, Structure, UnlikeAnyError

MOST: Final = 20_000  # values that are read
OPAQUE: Final = frozenset({"numpy", "builtins", *sys.stdlib_module_names})  # objects that keep more than attributes
TRUSTED: Final = OPAQUE | {"torch"}
LIBRARIES: Final = TRUSTED | {"transformers", "diffusers", "packaging"}
WRAPPED: Final = {  # what holds functions in a class, and where
    property: ("fget", "fset", "fdel"),
    cached_property: ("func",),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    partialmethod: ("func", "args", "keywords"),
    partial: ("func", "args", "keywords"),
    MethodType: ("__func__", "__self__"),
}
COLLECTIONS: Final = (list, tuple, set, frozenset, deque)
WITH_ATTRIBUTES: Final = (nn.Module, SimpleNamespace, threading.local)
CACHES: Final = ("_lru_cache_wrapper", "_lru_list_elem")
STILL: Final = (  # whose state, if they have any, no work depends on
    *(ModuleType, Enum, PurePath, re.Pattern, logging.Logger, range, slice, property, staticmethod, classmethod),
    *(type(Ellipsis), type(NotImplemented), type(len), type(str.join), type(object.__init__), type(int.real)),
    *(MemberDescriptorType, torch.dtype, torch.device, torch.layout, torch.memory_format, torch.finfo, torch.iinfo),
)
STILL_MODULES: Final = frozenset({"typing", "abc", "operator", "inspect", "types", "functools", "_thread", "_abc"})

Place = tuple[dict[str, Any], str]


@dataclass(slots=True)
class Reach:
    """Where the code of a module could look: variables, cells of closures, functions and classes."""

    places: dict[tuple[int, str], Place] = field(default_factory=dict)
    cells: dict[int, Any] = field(default_factory=dict)
    functions: list[FunctionType] = field(default_factory=list)
    classes: list[type] = field(default_factory=list)

    def values(self) -> Iterator[Any]:
        """What is there now."""
        for place, name in self.places.values():
            yield place.get(name)
        for cell in self.cells.values():
            yield _content(cell)
        for function in self.functions:
            yield from (function.__defaults__, function.__kwdefaults__, function.__dict__)
        for kind in self.classes:
            yield from [value for name, value in vars(kind).items() if not name.startswith("__")]


def reach_of(structure: Structure) -> Reach:
    """Follow the code of a module.

    Raises:
        UnlikeAnyError: it leads to something that cannot be read.
    """
    classes = [part for part in structure.key if isinstance(part, type)]
    files = {base.__module__ for kind in classes for base in kind.__mro__ if _root(base) not in TRUSTED}
    look = _Reading(follow=True, files=frozenset(files))
    for value in (*structure.watched, *classes):
        look.value(value)
    while look.ahead:
        look.code(look.ahead.pop())
    return look.reach


def surroundings(structure: Structure, reach: Reach) -> tuple[Any, ...]:
    """The state of everything around a module that it could look at.

    Raises:
        UnlikeAnyError: something cannot be read.
    """
    look = _Reading(follow=False)
    for value in structure.watched:
        look.value(value)
    for value in reach.values():
        look.value(value)
    return tuple(look.found)


class _Reading:
    """Reads values to their ends, and follows functions if that is wanted."""

    __slots__ = ("ahead", "files", "follow", "found", "kept", "reach", "seen")

    def __init__(self, follow: bool, files: frozenset[str] = frozenset()) -> None:
        self.follow, self.files = follow, files
        self.found: list[Any] = []
        self.seen: set[int] = set()
        self.kept: list[Any] = []  # or the identity of what is made here could be that of something else
        self.reach = Reach()
        self.ahead: list[Any] = []

    def value(self, value: Any) -> None:
        kind = type(value)
        if kind in PRIMITIVE:
            self.found.append(value)
            return
        self.found.append(id(value))
        if id(value) in self.seen:
            return
        self.seen.add(id(value))
        if len(self.seen) > MOST:
            raise UnlikeAnyError
        if kind is FunctionType or isinstance(value, type):
            if self.follow:
                self.ahead.append(value)
        elif isinstance(value, torch.Tensor):
            self.found.append(value.shape)
        elif kind in WRAPPED:
            self.all([getattr(value, name, None) for name in WRAPPED[kind]])
        else:
            self.inside(value, kind)

    def all(self, values: Any) -> None:
        for value in values:
            self.value(value)

    def inside(self, value: Any, kind: type) -> None:
        if isinstance(value, (*COLLECTIONS, Mapping)):
            self.held(value)
            if _root(kind) not in OPAQUE:
                self.attributes(value, kind)
        elif isinstance(value, ContextVar):
            self.value(value.get(None))
        elif kind is ReferenceType:
            self.value(value())
        elif kind.__name__ in CACHES and kind.__module__ == "functools":
            self.kept.append(gc.get_referents(value))
            self.all(part for part in self.kept[-1] if part is not kind)
        elif kind.__module__ == "numpy":
            self.array(value)
        elif isinstance(value, WITH_ATTRIBUTES) or not _still(value, kind):
            self.attributes(value, kind)

    def held(self, values: Any) -> None:
        self.found.append(len(values))
        if isinstance(values, Mapping):
            self.all(values.keys())
            values = values.values()
        self.all(values)

    def array(self, value: Any) -> None:
        if hasattr(value, "tobytes"):
            if value.size > MOST or value.dtype.hasobject:
                raise UnlikeAnyError
            self.found.append(value.tobytes())

    def attributes(self, value: Any, kind: type) -> None:
        if _root(kind) in OPAQUE and not isinstance(value, WITH_ATTRIBUTES):
            raise UnlikeAnyError
        slots = [name for base in kind.__mro__ for name in _slots(base)]
        own = getattr(value, "__dict__", None)
        if own is None and not slots:
            raise UnlikeAnyError
        self.held(own or {})
        self.all([getattr(value, name, None) for name in slots])
        if self.follow:
            self.value(kind)

    def known(self, file: str) -> bool:
        """Is a file one of a library that is known, and none where the classes of the module come from?"""
        return file.partition(".")[0] in LIBRARIES and file not in self.files

    def code(self, value: Any) -> None:
        """Follow a function or a class to what it could look at."""
        if isinstance(value, type):
            for base in value.__mro__:
                if not self.known(base.__module__):
                    self.reach.classes.append(base)
                    self.all([part for name, part in vars(base).items() if name != "__dict__" and _is_code(part)])
                    self.all([part for name, part in vars(base).items() if not name.startswith("__")])
            return
        for cell in value.__closure__ or ():
            self.reach.cells[id(cell)] = cell
            self.value(_content(cell))
        if self.known(value.__globals__.get("__name__", "")):
            return
        self.reach.functions.append(value)
        self.all((value.__defaults__, value.__kwdefaults__, value.__dict__))
        names = list(_named(value.__code__))
        self.variables(value.__globals__, [name for name in names if name in value.__globals__], names)

    def variables(self, place: dict[str, Any], here: Sequence[str], names: Sequence[str]) -> None:
        for name in here:
            if (id(place), name) in self.reach.places:
                continue
            self.reach.places[id(place), name] = place, name
            found = place.get(name)
            self.value(found)
            if isinstance(found, ModuleType) and not self.known(found.__name__):
                self.variables(vars(found), names, names)


def _still(value: Any, kind: type) -> bool:
    return isinstance(value, STILL) or kind is object or kind.__module__ in STILL_MODULES


def _is_code(value: Any) -> bool:
    return isinstance(value, FunctionType) or type(value) in WRAPPED


def _root(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _slots(kind: type) -> Sequence[str]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _named(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _named(constant)
