"""The number of rounds of a `while` loop, where the program says it: a counter, its step and its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jax.extend.core import Literal

from comptometer.counters._jax_inner import opened

Known = Mapping[Any, int]

_KEEPS: Final = frozenset({"convert_element_type", "broadcast_in_dim", "reshape", "copy", "squeeze"})
_TURNED: Final = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_STEPS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
}


def value(known: Known, variable: Any) -> int | None:
    """The whole number that a variable or literal is, if the program says so."""
    if isinstance(variable, Literal):
        number = variable.val
        kind: Any = variable.aval
        whole = getattr(number, "shape", ()) == () and kind.dtype.kind in "iu"
        return int(number) if whole else None
    return known.get(variable)


def learn(known: dict[Any, int], equation: Any) -> None:
    """Add what an equation of whole numbers says."""
    if len(equation.outvars) != 1 or getattr(equation.outvars[0].aval, "shape", None) != ():
        return
    if equation.outvars[0].aval.dtype.kind not in "iu":
        return
    numbers = [value(known, variable) for variable in equation.invars]
    name = equation.primitive.name
    if name in _KEEPS and len(numbers) == 1 and numbers[0] is not None:
        known[equation.outvars[0]] = numbers[0]
    elif name in _STEPS and len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
        known[equation.outvars[0]] = _STEPS[name](numbers[0], numbers[1])


def rounds(equation: Any, known: Known) -> int | None:
    """How often the body of a `while` runs, or nothing where that depends on values."""
    body, predicate = opened(equation.params["body_jaxpr"]), opened(equation.params["cond_jaxpr"])
    first, second = equation.params["cond_nconsts"], equation.params["body_nconsts"]
    state = equation.invars[first + second :]
    if len(predicate.eqns) != 1 or predicate.eqns[0].primitive.name not in _TURNED:
        return None
    test = predicate.eqns[0]
    if predicate.outvars[0] is not test.outvars[0]:
        return None

    def at(variable: Any) -> int:
        return predicate.invars.index(variable) - first if not isinstance(variable, Literal) else -1

    def limit(variable: Any) -> int | None:
        if isinstance(variable, Literal):
            return value(known, variable)
        place = at(variable)
        if place < 0:
            return value(known, equation.invars[place + first])
        return value(known, state[place]) if body.outvars[place] is body.invars[second + place] else None

    for name, counter, other in (
        (test.primitive.name, test.invars[0], test.invars[1]),
        (_TURNED[test.primitive.name], test.invars[1], test.invars[0]),
    ):
        place, end = at(counter), limit(other)
        if place < 0 or end is None:
            continue
        start, step = value(known, state[place]), _step(body, second + place, place)
        if start is not None and step:
            return _count(name, start, step, end)
    return None


def _step(body: Any, into: int, out: int) -> int | None:
    """What one round adds to a counter."""
    for equation in body.eqns:
        if equation.outvars[0] is body.outvars[out] and equation.primitive.name in ("add", "sub"):
            left, right = equation.invars
            sign = 1 if equation.primitive.name == "add" else -1
            if left is body.invars[into] and isinstance(right, Literal) and (by := value({}, right)) is not None:
                return sign * by
            if sign == 1 and right is body.invars[into] and isinstance(left, Literal):
                return value({}, left)
    return None


def _count(name: str, start: int, step: int, end: int) -> int | None:
    """Rounds while `counter name end`.

    >>> _count("lt", 0, 1, 10), _count("le", 0, 3, 9), _count("gt", 5, -2, 0), _count("gt", 0, 1, 5)
    (10, 4, 3, 0)
    """
    if name in ("gt", "ge"):
        start, step, end = -start, -step, -end
    if name in ("le", "ge"):
        end += 1
    if start >= end:
        return 0
    return -((start - end) // step) if step > 0 else None
