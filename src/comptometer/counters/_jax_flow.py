"""What flows through a jaxpr: forwards, what a value comes from; backwards, what becomes of it.

Both are marks of variables, found once for each program and each set of marks at its border; a loop is gone through
until what its rounds hand on is settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jax.extend.core import Literal

from comptometer.counters._jax_inner import Inner, inner
from comptometer.counters._jax_names import rematted, transposed
from comptometer.counters._jax_primitives import CONTRACTIONS, SHAPING, SUMMING

PARAMETER: Final = 1  # a parameter, of which only the shape or the type was changed
TANGENT: Final = 2  # depends on the gradient of an output
WEIGHTS: Final = 4  # comes from exponentials, as the weights of an attention do

USED: Final = 1  # an output depends on it
GRADIENT: Final = 2  # it becomes the gradient of a parameter, through nothing but shapes and sums

Marks = dict[Any, int]

_JOINED: Final = frozenset({"concatenate", "stack", "pad"})
_ONE_TO_ONE: Final = "optimization_barrier"
_LOGARITHMS: Final = frozenset({"log", "log1p"})


def mark(marks: Mapping[Any, int], variable: Any) -> int:
    """The mark of a variable; a literal has none."""
    return 0 if isinstance(variable, Literal) else marks.get(variable, 0)


def _add(marks: Marks, variables: Sequence[Any], found: Sequence[int]) -> None:
    for variable, one in zip(variables, found, strict=True):
        if one and not isinstance(variable, Literal):
            marks[variable] = marks.get(variable, 0) | one


class Forwards:
    """What values come from. `PARAMETER` goes through shapes, `WEIGHTS` up to the next product, `TANGENT` everywhere.

    Attributes:
        seeds: does `TANGENT` start at the equations that JAX marks as transposed? It does in a function that
            differentiates by itself, where no input carries it.
    """

    def __init__(self, *, seeds: bool) -> None:
        self.seeds = seeds
        self._known: dict[tuple[int, tuple[int, ...], bool], Marks] = {}
        self._kept: list[Any] = []  # identities stay taken while the answers are kept

    def __call__(self, jaxpr: Any, inputs: Sequence[int], seeded: bool) -> Marks:
        """Marks of every variable of a jaxpr whose inputs have these.

        Args:
            jaxpr: without its constants.
            inputs: marks of its inputs.
            seeded: is it part of a transposed program?
        """
        key = id(jaxpr), tuple(inputs), seeded
        if key not in self._known:
            self._kept.append(jaxpr)
            self._known[key] = self._marks(jaxpr, inputs, seeded)
        return self._known[key]

    def settled(self, program: Inner, marks: Mapping[Any, int], seeded: bool) -> list[int]:
        """Marks of the inputs of a program inside, once what its rounds hand on is in them."""
        inputs = [mark(marks, variable) for variable in program.inputs]
        while True:
            found = self(program.jaxpr, inputs, seeded)
            wider = list(inputs)
            for out, into in program.carried:
                wider[into] |= mark(found, program.jaxpr.outvars[out])
            if wider == inputs:
                return inputs
            inputs = wider

    def _marks(self, jaxpr: Any, inputs: Sequence[int], seeded: bool) -> Marks:
        marks: Marks = {}
        _add(marks, jaxpr.invars, inputs)
        for equation in jaxpr.eqns:
            seed = self.seeds and (seeded or transposed(equation)) and not rematted(equation)
            programs = inner(equation)
            for program in programs:
                found = self(program.jaxpr, self.settled(program, marks, seed), seed)
                outputs = [mark(found, variable) for variable in program.jaxpr.outvars]
                pairs = [(to, one) for to, one in zip(program.outputs, outputs, strict=True) if to is not None]
                _add(marks, [to for to, _ in pairs], [one for _, one in pairs])
            if not programs:
                _add(marks, equation.outvars, _through(equation, [mark(marks, value) for value in equation.invars]))
            if seed:
                _add(marks, equation.outvars, [TANGENT] * len(equation.outvars))
        return marks


def _through(equation: Any, inputs: Sequence[int]) -> Sequence[int]:
    """Marks of the outputs of a primitive without a program inside."""
    name = equation.primitive.name
    if name == _ONE_TO_ONE:
        return inputs
    found = 0
    for one in inputs:
        found |= one
    kept = found & TANGENT
    if name in SHAPING or (name in _JOINED and all(one & PARAMETER for one in inputs)):
        kept |= inputs[0] & PARAMETER if inputs else 0
    if name == "exp" or (found & WEIGHTS and name not in CONTRACTIONS and name not in _LOGARITHMS):
        kept |= WEIGHTS
    return [kept] * len(equation.outvars)


class Backwards:
    """What becomes of values. `USED` goes everywhere: what does not have it is dead, and no compiler would form it."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[int, ...]], Marks] = {}
        self._kept: list[Any] = []

    def __call__(self, jaxpr: Any, outputs: Sequence[int]) -> Marks:
        """Marks of every variable of a jaxpr, given without its constants, whose outputs have these."""
        key = id(jaxpr), tuple(outputs)
        if key not in self._known:
            self._kept.append(jaxpr)
            self._known[key] = self._marks(jaxpr, outputs)
        return self._known[key]

    def settled(self, program: Inner, marks: Mapping[Any, int]) -> list[int]:
        """Marks of the outputs of a program inside, once what its rounds hand on is in them."""
        outputs = [USED if variable is None else marks.get(variable, 0) for variable in program.outputs]
        while True:
            found = self(program.jaxpr, outputs)
            wider = list(outputs)
            for out, into in program.carried:
                wider[out] |= found.get(program.jaxpr.invars[into], 0)
            if wider == outputs:
                return outputs
            outputs = wider

    def _marks(self, jaxpr: Any, outputs: Sequence[int]) -> Marks:
        marks: Marks = {}
        _add(marks, jaxpr.outvars, outputs)
        for equation in reversed(jaxpr.eqns):
            used = [marks.get(variable, 0) for variable in equation.outvars]
            if not any(used) and not equation.effects:
                continue
            programs = inner(equation)
            for program in programs:
                found = self(program.jaxpr, self.settled(program, marks))
                _add(marks, program.inputs, [found.get(variable, 0) for variable in program.jaxpr.invars])
            if not programs:
                _add(marks, equation.invars, _back(equation, used))
            elif equation.primitive.name == "cond":
                _add(marks, equation.invars[:1], [USED])
        return marks


def _back(equation: Any, outputs: Sequence[int]) -> Sequence[int]:
    """Marks of the inputs of a primitive without a program inside."""
    if equation.primitive.name == _ONE_TO_ONE:
        return outputs
    found = USED
    for one in outputs:
        found |= one
    kept = found if equation.primitive.name in SUMMING else USED
    return [kept] * len(equation.invars)
