"""`Einsum`: the products that an equation asks for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from comptometer.contraction import matmul
from comptometer.counters._onnx_call import Call, MisfitError

SEVERAL: Final = "an Einsum of more than two operands is counted from left to right; another order costs otherwise"
_EQUATION: Final = re.compile(r"[A-Za-z.,]*(->[A-Za-z.]*)?")

Axes = Mapping[str, int]


def einsum(call: Call) -> int:
    """Operand by operand from left to right; a pair that shares no summed index is multiplied element by element."""
    shapes = [call.dims(at) for at in range(len(call.node.input))]
    operands, kept = parsed(str(call.attribute("equation", "")), shapes)
    if len(operands) > 2:
        call.notes[SEVERAL] = None
    return contracted(operands, kept)


def contracted(operands: Sequence[Axes], kept: frozenset[str]) -> int:
    """FLOP of the pairwise products, from the extents of each operand's indices and the indices of the output.

    >>> contracted([{"i": 4, "j": 5}, {"j": 5, "k": 6}], frozenset("ik"))
    240
    """
    total = 0
    left: Axes = operands[0]
    for at, right in enumerate(operands[1:], 2):
        needed = kept.union(*operands[at:])
        total += _pair(left, right, needed)
        left = {index: size for index, size in _joined(left, right).items() if index in needed}
    return total


def _pair(left: Axes, right: Axes, needed: frozenset[str]) -> int:
    """An index of one operand alone that nobody needs is summed away before."""
    sizes = _joined(left, right)
    inner = [size for index, size in sizes.items() if index in left and index in right and index not in needed]
    outer = [size for index, size in sizes.items() if index in needed]
    return matmul(prod(outer), prod(inner), 1) if inner else 0


def _joined(left: Axes, right: Axes) -> dict[str, int]:
    return {index: _wider(left.get(index, 1), right.get(index, 1)) for index in {**left, **right}}


def _wider(one: int, other: int) -> int:
    return other if one == 1 else one


def parsed(equation: str, shapes: Sequence[Sequence[int]]) -> tuple[list[Axes], frozenset[str]]:
    """The extents of each operand's indices, and the indices of the output; the axes of `...` are named by numbers.

    Raises:
        MisfitError: it is not an equation, or does not fit the shapes.
    """
    text = equation.replace(" ", "").replace("...", ".")
    if not _EQUATION.fullmatch(text):
        raise MisfitError(f"has the equation {equation!r}")
    ins, arrow, out = text.partition("->")
    terms = ins.split(",")
    if len(terms) != len(shapes) or any(term.count(".") > 1 for term in (*terms, out)):
        raise MisfitError(f"has the equation {equation!r} for {len(shapes)} operands")
    operands: list[Axes] = [_named(term, shape, equation) for term, shape in zip(terms, shapes, strict=True)]
    dots = frozenset(index for axes in operands for index in axes if index.isdigit())
    letters = Counter(letter for term in terms for letter in term if letter != ".")
    once = frozenset(letter for letter, times in letters.items() if times == 1)
    return operands, frozenset(out) - {"."} | (dots if "." in out else frozenset()) if arrow else once | dots


def _named(term: str, shape: Sequence[int], equation: str) -> dict[str, int]:
    before, dots, after = term.partition(".")
    rest = len(shape) - len(before) - len(after)
    if rest < 0 or (rest and not dots):
        raise MisfitError(f"has the equation {equation!r}, whose {term!r} does not fit {tuple(shape)}")
    names = [*before, *(str(rest - at) for at in range(rest)), *after]
    found: dict[str, int] = {}
    for name, size in zip(names, shape, strict=True):
        found[name] = _wider(found.get(name, 1), size)
    return found
