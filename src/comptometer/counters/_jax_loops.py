"""The number of rounds of a `while` loop, where the program says it: a counter, its step and its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        number: Any = variable.val
        return int(number) if _is_whole(variable) else None
    return known.get(variable)


def _is_whole(variable: Any) -> bool:
    kind = getattr(getattr(variable.aval, "dtype", None), "kind", "")
    return getattr(variable.aval, "shape", None) == () and kind in ("i", "u")


def learn(known: dict[Any, int], equation: Any) -> None:
    """Add what an equation of whole numbers says."""
    if len(equation.outvars) != 1 or not _is_whole(equation.outvars[0]):
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
    shared, second = equation.params["cond_nconsts"], equation.params["body_nconsts"]
    state = equation.invars[shared + second :]
    kept = [body.outvars[at] is body.invars[second + at] for at in range(len(state))]
    fixed = _fixed(predicate, [*equation.invars[:shared], *state], [*[True] * shared, *kept], known)
    test = next((made for made in predicate.eqns if made.outvars[0] is predicate.outvars[0]), None)
    if test is None or test.primitive.name not in _TURNED:
        return None
    left, right = test.invars
    name = test.primitive.name
    for compared, counter, limit in ((name, left, right), (_TURNED[name], right, left)):
        end, counter = value(fixed, limit), _origin(predicate, counter)
        if end is None or counter not in predicate.invars[shared:]:
            continue
        at = predicate.invars.index(counter) - shared
        start, step = value(known, state[at]), _step(body, second + at, at)
        return None if start is None or not step else _count(compared, start, step, end)
    return None


def _fixed(predicate: Any, outside: Sequence[Any], kept: Sequence[bool], known: Known) -> Known:
    """The whole numbers in a predicate that are the same in every round."""
    found = {
        variable: number
        for variable, given, same in zip(predicate.invars, outside, kept, strict=True)
        if same and (number := value(known, given)) is not None
    }
    for equation in predicate.eqns:
        learn(found, equation)
    return found


def _origin(jaxpr: Any, variable: Any) -> Any:
    """What a variable is but for its type and shape."""
    made = {equation.outvars[0]: equation for equation in jaxpr.eqns if equation.primitive.name in _KEEPS}
    while not isinstance(variable, Literal) and variable in made:
        variable = made[variable].invars[0]
    return variable


def _step(body: Any, into: int, out: int) -> int | None:
    """What one round adds to a counter."""
    result = _origin(body, body.outvars[out])
    made = next((equation for equation in body.eqns if equation.outvars[0] is result), None)
    if made is None or made.primitive.name not in ("add", "sub"):
        return None
    left, right = (_origin(body, variable) for variable in made.invars)
    if left is body.invars[into] and (by := value({}, right)) is not None:
        return by if made.primitive.name == "add" else -by
    return value({}, left) if made.primitive.name == "add" and right is body.invars[into] else None


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
