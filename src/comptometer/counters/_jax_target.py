# mypy: disallow-untyped-calls=False
"""What is counted: a function, its arguments as shapes, and which of their arrays are trained.

An argument is any tree that JAX knows. An array, or anything else with a shape and a type, stands for its shape; a
tuple of whole numbers is the shape of an array of 32-bit numbers. Everything else (numbers, texts, functions) is handed
over as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod
from typing import Any, Final

import jax
import numpy as np

from comptometer.errors import UsageError
from comptometer.ops import Parameters

_struct: Final[Callable[..., Any]] = jax.ShapeDtypeStruct


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One array among the arguments.

    Attributes:
        argument: position of the argument that it is in.
        path: its name there, its steps joined by dots; empty where it is the argument.
        shape: of the array, with its type.
    """

    argument: int
    path: str
    shape: Any

    @property
    def continuous(self) -> bool:
        """Can it be differentiated?"""
        return bool(jax.numpy.issubdtype(self.shape.dtype, jax.numpy.inexact))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A function of arrays alone, all other arguments in place.

    Attributes:
        run: the function, of the arrays in order.
        leaves: the arrays.
        trained: positions of those whose gradients are formed.
        parameters: positions of those that are parameters, trained or not.
        named: arguments that are differentiated.
    """

    run: Callable[..., Any]
    leaves: Sequence[Leaf]
    trained: Sequence[int]
    parameters: Sequence[int]
    named: frozenset[int]

    @property
    def sizes(self) -> Parameters | None:
        """Parameters, where an argument that is differentiated is a tree of them and no array of its own."""
        found = [leaf for at in self.parameters if (leaf := self.leaves[at]).path]
        total = sum(prod(leaf.shape.shape) for leaf in found)
        return Parameters(total=total, active=total) if found else None

    @property
    def extent(self) -> tuple[int, int | None]:
        """Examples, and positions in each where the first input holds token numbers: (batch, length)."""
        inputs = [leaf for leaf in self.leaves if leaf.argument not in self.named and not _is_key(leaf.shape)]
        bare = [leaf for leaf in self.leaves if not leaf.path]
        first = next((leaf.shape for leaf in inputs or bare if leaf.shape.shape), None)
        if first is None:
            return 1, None
        numbers = len(first.shape) == 2 and np.issubdtype(first.dtype, np.integer)
        return max(1, first.shape[0]), first.shape[1] if numbers else None


def target(
    model: Callable[..., Any], inputs: Any, argnums: int | Sequence[int], batch: int, frozen: Sequence[str], name: str
) -> Target:
    """Take a function and its arguments apart.

    A model that is itself a tree of parameters (equinox, `jax.tree_util.Partial`) is its own first argument.

    Raises:
        UsageError: an argument that is not there, nothing to differentiate, a name that fits no parameter.
    """
    arguments = [] if inputs is None else list(inputs) if _is_arguments(inputs) else [inputs]
    if not jax.tree_util.all_leaves([model]):
        arguments, run = [model, *arguments], _call
    else:
        run = model
    named = _positions(argnums, len(arguments), name)
    flat, tree = jax.tree_util.tree_flatten_with_path(arguments, is_leaf=_is_shape)
    places = [at for at, (_, value) in enumerate(flat) if _shape(value) is not None]
    leaves = [_leaf(*flat[at], named, batch) for at in places]
    still = {at for at, (_, value) in enumerate(flat)}.difference(places)
    kept = {at: flat[at][1] for at in still}

    def of_arrays(*arrays: Any) -> Any:
        found = dict(zip(places, arrays, strict=True)) | kept
        return run(*jax.tree_util.tree_unflatten(tree, [found[at] for at in range(len(flat))]))

    parameters = [at for at, leaf in enumerate(leaves) if leaf.argument in named and leaf.continuous]
    fixed = _frozen([leaves[at] for at in parameters], frozen, name)
    trained = [at for at in parameters if leaves[at].path not in fixed]
    return Target(run=of_arrays, leaves=leaves, trained=trained, parameters=parameters, named=named)


def _call(model: Callable[..., Any], *arguments: Any) -> Any:
    return model(*arguments)


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(type(size) is int for size in value)


def _is_arguments(inputs: Any) -> bool:
    """A plain tuple holds one value for each argument; a named one is a tree, as a mapping and a list are."""
    return type(inputs) is tuple and not _is_shape(inputs)


def _positions(argnums: int | Sequence[int], count: int, name: str) -> frozenset[int]:
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if any(isinstance(at, bool) or not isinstance(at, int) for at in wanted):
        raise UsageError(f"argnums: needs positions of arguments, whole numbers, got {argnums!r}")
    if not count and wanted == (0,):
        return frozenset()
    for at in wanted:
        if not -count <= at < count:
            raise UsageError(f"argnums: {name} is given {count} arguments, so there is no argument {at}")
    return frozenset(at % count for at in wanted)


def _shape(value: Any) -> Any:
    """The shape and type of an array, none where it is something else."""
    if _is_shape(value):
        return _struct(value, np.float32)
    if not hasattr(value, "shape") or not hasattr(value, "dtype") or isinstance(value, type):
        return None
    if isinstance(value, jax.ShapeDtypeStruct | jax.Array):
        return _struct(value.shape, value.dtype)
    dtype = np.dtype(value.dtype)
    return _struct(value.shape, jax.dtypes.canonicalize_dtype(dtype)) if dtype.kind != "O" else None


def _leaf(path: tuple[Any, ...], value: Any, named: frozenset[int], batch: int) -> Leaf:
    argument, shape = int(path[0].idx), _shape(value)
    if argument not in named and shape.shape and not _is_key(shape):
        shape = _struct((shape.shape[0] * batch, *shape.shape[1:]), shape.dtype)
    return Leaf(argument=argument, path=".".join(_step(step) for step in path[1:]), shape=shape)


def _is_key(shape: Any) -> bool:
    """Is it a random key, in either of its forms?"""
    return bool(jax.numpy.issubdtype(shape.dtype, jax.dtypes.prng_key)) or (
        shape.shape == (2,) and shape.dtype == np.uint32
    )


def _step(step: Any) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(step, attribute):
            return str(getattr(step, attribute))
    return str(step)


def _frozen(parameters: Sequence[Leaf], frozen: Sequence[str], name: str) -> set[str]:
    found: set[str] = set()
    for pattern in frozen:
        fits = {leaf.path for leaf in parameters if leaf.path and _fits(leaf.path, pattern)}
        if not fits:
            raise UsageError(f"frozen: {pattern!r} fits no parameter of {name}")
        found |= fits
    return found


def _fits(path: str, pattern: str) -> bool:
    parts = path.split(".")
    return any(fnmatchcase(".".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))
