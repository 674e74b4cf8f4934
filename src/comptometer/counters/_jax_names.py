"""Where an equation stands: the name scopes and functions around it, and what JAX has made of it.

JAX writes the scopes of `jax.named_scope` and its own transformations into one stack: `transpose(jvp(layers_0))`.
Inside a program the stack starts anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import jax

REMATTED: Final = "rematted_computation"
MARK: Final = "comptometer attention "  # a scope that is put around each attention; see `_jax_attention`

_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])")
_FORMULA: Final = re.compile("->|,")  # the scope of an einsum
_ITS_OWN: Final = frozenset({REMATTED, "checkpoint", "remat"})
_LIBRARY: Final = os.path.dirname(jax.__file__) + os.sep


@dataclass(frozen=True, slots=True)
class Place:
    """Where an equation stands.

    Attributes:
        path: the scopes and functions around it.
        attention: what the mark of the attention around it says, if there is one.
        transposed: is it part of a gradient that the function forms by itself?
        rematted: does it form an activation again?
    """

    path: tuple[str, ...] = ()
    attention: str = ""
    transposed: bool = False
    rematted: bool = False


def _elements(equation: Any) -> Iterator[tuple[bool, str]]:
    """(is it a transformation, its name), outermost first."""
    for element in equation.source_info.name_stack.stack:
        yield type(element).__name__ == "Transform", element.name


def transposed(equation: Any) -> bool:
    """Is it made by differentiating backwards?"""
    return any(made and name == "transpose" for made, name in _elements(equation))


def rematted(equation: Any) -> bool:
    """Is it made to form an activation again?"""
    return any(not made and name == REMATTED for made, name in _elements(equation))


def within(place: Place, equation: Any) -> Place:
    """The place of an equation of a program that stands at a place."""
    path: list[str] = []
    attention = place.attention
    for made, name in _elements(equation):
        if made:
            continue
        if name.startswith(MARK):
            attention = name.removeprefix(MARK)
        elif name not in _ITS_OWN and not _FORMULA.search(name):
            path += map(_starred, name.split("/"))
    if equation.params.get("differentiated"):
        path = _once(path)
    return replace(
        place,
        path=(*place.path, *path),
        attention=attention,
        transposed=place.transposed or transposed(equation),
        rematted=place.rematted or rematted(equation),
    )


def _once(path: list[str]) -> list[str]:
    """The scopes around a checkpoint, which says them twice where it is differentiated.

    >>> _once(["layers", "mlp", "layers", "mlp"])
    ['layers', 'mlp']
    """
    half = len(path) // 2
    return path[:half] if path[:half] == path[half:] else path


@cache
def _starred(name: str) -> str:
    """A name with `*` for its numbers.

    >>> _starred("layers_11"), _starred("conv2d"), _starred("3")
    ('layers_*', 'conv2d', '*')
    """
    return _NUMBER.sub("*", name)


def is_own(jaxpr: Any) -> bool:
    """Is it a function of the library itself, such as `relu`?"""
    source = str(getattr(jaxpr.debug_info, "func_src_info", "") or "")
    return _LIBRARY in source or not source
