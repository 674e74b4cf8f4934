"""Counts from a live model: it is run once on shapes, and what it does is counted, operator by operator.

Every other file in this folder counts one kind of target and is named after the framework that the target comes from;
files whose names start with an underscore are parts of one. A file is imported only when a target of its kind is
counted, so importing this package imports no framework. Another package adds a kind by an entry point in the group
`comptometer.counters`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from comptometer.errors import NotFound, UsageError
from comptometer.ops import Attention, OpCount, Recompute

GROUP = "comptometer.counters"
KIN = {"jaxlib": "jax", "flax": "jax", "equinox": "jax"}  # packages whose values the counter of another one counts


class Counter(Protocol):
    """Counts the operations of one training step of a live model."""

    def __call__(
        self,
        model: Any,
        inputs: Any = None,
        *,
        batch: int = 1,
        attention: Attention = "full",
        recompute: Recompute = "none",
        backward: bool = True,
        frozen: Sequence[str] = (),
        strict: bool = False,
    ) -> OpCount:
        """Run the model on the inputs, differentiate the sum of its outputs, and count both.

        Args:
            model: what is run.
            inputs: one tensor, a tuple of positional or a mapping of keyword arguments; only shapes matter.
            batch: how often the inputs are repeated along their first dimension.
            attention: `full`, `causal` or `half`; see `ops.Convention`.
            recompute: activations that the backward pass computes again.
            backward: count the gradients too?
            frozen: names or patterns of modules and parameters that are not trained.
            strict: raise where an operator is unknown, instead of listing it.
        """
        ...


class Counters(Mapping[str, Counter]):
    """The counters by kind of target; each is imported when it is asked for, and not before."""

    @cached_property
    def _files(self) -> frozenset[str]:
        found = pkgutil.iter_modules(import_module(__name__).__path__)
        return frozenset(module.name for module in found if not module.name.startswith("_"))

    @cached_property
    def _added(self) -> Mapping[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}

    def __getitem__(self, kind: str) -> Counter:
        """The counter of that kind.

        Raises:
            NotFound: there is none.
            UsageError: its framework is not installed.
        """
        if kind in self._files:
            try:
                return cast(Counter, import_module(f"{__name__}.{kind}").count)
            except ModuleNotFoundError as error:
                if error.name != kind:
                    raise
                raise UsageError(
                    f"counting a {kind} model needs {kind}; install it with pip install 'comptometer[{kind}]'"
                ) from None
        if kind in self._added:
            return cast(Counter, self._added[kind].load())
        raise NotFound("counter", kind, get_close_matches(kind, list(self), 2, 0.5) or list(self))

    def __contains__(self, kind: object) -> bool:
        return kind in self._files or kind in self._added

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._files, *self._added}))

    def __len__(self) -> int:
        return len({*self._files, *self._added})


COUNTERS = Counters()


def kind_of(*targets: object) -> str | None:
    """The kind of the first target whose class, or a base of it, comes from a framework with a counter.

    Nothing is imported: the classes say where they come from.

    >>> kind_of("config.json", {"a": 1}) is None
    True
    """
    for target in targets:
        for base in type(target).__mro__:
            root = base.__module__.partition(".")[0]
            kind = KIN.get(root, root)
            if kind in COUNTERS:
                return kind
        if isinstance(target, Mapping):
            target = tuple(target.values())
        if isinstance(target, (tuple, list)) and (found := kind_of(*target)) is not None:
            return found
    return None
