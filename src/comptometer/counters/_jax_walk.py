"""The walk of a jaxpr: every product that is used is booked, with its place, and as often as its loops run.

Three programs are walked (see `jax`): the function, the function as it is run when it is to be differentiated, and the
transposed program that takes gradients of outputs to gradients of parameters. In the last, a product that depends on
the gradient of an output is a gradient; one that does not is an activation, formed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from comptometer.counters import _jax_flow as flow
from comptometer.counters._jax_attention import BY_HAND, VALUES, Kept
from comptometer.counters._jax_inner import Inner, harmless, inner
from comptometer.counters._jax_loops import learn, rounds, value
from comptometer.counters._jax_names import Place, is_own, within
from comptometer.counters._jax_primitives import classify, reason
from comptometer.counters._jax_products import Role, flop
from comptometer.counters._jax_tally import Column, Tally
from comptometer.ops import Attention, Recompute

BRANCHES: Final = "cond: which branch runs depends on values; the dearest is counted"
DEVICES: Final = "shard_map: the work of one device is counted once for each device of its mesh"
ROUNDS: Final = "the number of rounds depends on values; one is counted"


class Walk:
    """Walks the programs of one function.

    Attributes:
        functions: names of jitted functions that are not of the library; they are steps of a module's path.
    """

    def __init__(self, name: str, attention: Attention, recompute: Recompute) -> None:
        self.name, self.attention = name, attention
        self.dense = attention == "full" and recompute not in ("flash", "selective")
        self.functions: set[str] = set()
        self.backwards = flow.Backwards()
        self.forwards = {gradient: flow.Forwards(seeds=not gradient) for gradient in (False, True)}

    def __call__(self, jaxpr: Any, inputs: Sequence[int], outputs: Sequence[int], *, gradient: bool) -> Tally:
        """Count a program.

        Args:
            jaxpr: without its constants.
            inputs: marks of its inputs, of `_jax_flow.Forwards`.
            outputs: marks of its outputs, of `_jax_flow.Backwards`.
            gradient: is it the program that forms the gradients?
        """
        return _Program(self, jaxpr, inputs, outputs, Place(), gradient, {}).tally

    def marks_out(self, jaxpr: Any, inputs: Sequence[int]) -> list[int]:
        """Marks of the outputs of a program whose inputs have these."""
        marks = self.forwards[False](jaxpr, inputs, False)
        return [flow.mark(marks, variable) for variable in jaxpr.outvars]

    def module(self, place: Place) -> str:
        """The name of a place: that of the function where nothing else is said."""
        path = place.path[1:] if place.path[:1] == (self.name,) else place.path
        return ".".join(path) or self.name


class _Program:
    """One program at one place: what is known of its variables, and what was counted."""

    def __init__(
        self,
        walk: Walk,
        jaxpr: Any,
        inputs: Sequence[int],
        outputs: Sequence[int],
        place: Place,
        gradient: bool,
        known: dict[Any, int],
    ) -> None:
        self.walk, self.place, self.gradient, self.known = walk, place, gradient, known
        self.tally = Tally()
        self._from = walk.forwards[gradient](jaxpr, inputs, place.transposed and not place.rematted)
        self._to = walk.backwards(jaxpr, outputs)
        for equation in jaxpr.eqns:
            if equation.effects or any(self._to.get(variable, 0) for variable in equation.outvars):
                self._count(equation)

    def _count(self, equation: Any) -> None:
        programs = inner(equation)
        if programs:
            self._enter(equation, programs)
            return
        kind = classify(equation.primitive.name)
        if kind == "contraction":
            self._book(equation)
        elif kind == "unknown":
            if not harmless(equation):
                self.tally.miss(_label(equation), reason(equation.primitive.name))
        else:
            learn(self.known, equation)

    # -- products

    def _book(self, equation: Any) -> None:
        place = within(self.place, equation)
        marks = [flow.mark(self._from, variable) for variable in equation.invars[:2]]
        work = flop(equation, _role(marks))
        if not work:
            return
        operation = self._operation(equation, marks)
        if place.attention:
            kept = Kept.read(place.attention)
            work, operation = kept.scaled(work, self.walk.attention), "attention"
            if kept.values and self.walk.attention != "full":
                self.tally.notes[VALUES] = None
        elif operation == "matmul" and any(mark & flow.WEIGHTS for mark in marks) and not self.walk.dense:
            self.tally.notes[BY_HAND] = None
        self.tally.book(self.walk.module(place), operation, self._column(place, marks), work)

    def _column(self, place: Place, marks: Sequence[int]) -> Column:
        if self.gradient:
            return "backward" if any(mark & flow.TANGENT for mark in marks) else "recomputed"
        if not place.transposed:
            return "forward"
        return "recomputed" if place.rematted else "backward"

    def _operation(self, equation: Any, marks: Sequence[int]) -> str:
        if equation.primitive.name == "conv_general_dilated":
            return "convolution"
        trained = any(mark & flow.PARAMETER for mark in marks)
        formed = self._to.get(equation.outvars[0], 0) & flow.GRADIENT
        return "linear" if trained or formed else "matmul"

    # -- programs inside

    def _enter(self, equation: Any, programs: Sequence[Inner]) -> None:
        name = equation.primitive.name
        found = [self._inside(equation, program) for program in programs]
        if name == "while":
            self._loop(equation, found)
        elif len(found) == 1:
            times = programs[0].times
            self.tally.add(found[0], 1 if times is None else times)
            if name == "shard_map" and times != 1 and found[0].total:
                self.tally.notes[DEVICES] = None
        else:
            dearest = max(found, key=lambda tally: tally.total)
            self.tally.add(dearest)
            if any(tally.total != dearest.total for tally in found):
                self.tally.notes[BRANCHES] = None
            for tally in found:
                for missed, (calls, why) in tally.unknown.items():
                    if missed not in dearest.unknown:
                        self.tally.miss(missed, why, calls)

    def _loop(self, equation: Any, found: Sequence[Tally]) -> None:
        times = rounds(equation, self.known)
        predicate, body = found
        if times is None and (predicate.total or body.total):
            self.tally.miss("while", ROUNDS)
        self.tally.add(predicate, 1 if times is None else times + 1)
        self.tally.add(body, 1 if times is None else times)

    def _inside(self, equation: Any, program: Inner) -> Tally:
        place = within(self.place, equation)
        if program.name and program.name != "<lambda>":
            self._named(program)
            if program.name in self.walk.functions:
                place = Place((*place.path, program.name), place.attention, place.transposed, place.rematted)
        changing = {into for _, into in program.carried}
        known = {
            variable: number
            for at, (variable, outside) in enumerate(zip(program.jaxpr.invars, program.inputs, strict=True))
            if at not in changing and (number := value(self.known, outside)) is not None
        }
        return _Program(
            self.walk,
            program.jaxpr,
            self.walk.forwards[self.gradient].settled(program, self._from, place.transposed and not place.rematted),
            self.walk.backwards.settled(program, self._to),
            place,
            self.gradient,
            known,
        ).tally

    def _named(self, program: Inner) -> None:
        """Learn names of functions from the function itself: its transposed program does not say whose they are."""
        if not self.gradient and not is_own(program.jaxpr):
            self.walk.functions.add(program.name)


def _role(marks: Sequence[int]) -> Role:
    if marks[0] & flow.TANGENT:
        return "of the source"
    return "of the kernel" if marks[1] & flow.TANGENT else "itself"


def _label(equation: Any) -> str:
    """The name of a primitive, and of what it calls."""
    given = equation.params
    target = given.get("target_name") or given.get("call_target_name") or given.get("name") or ""
    if not target and "jaxpr" in given:
        target = str(given["jaxpr"].debug_info.func_src_info or "").partition(" ")[0]
    if not target and "callback" in given:
        inside = getattr(given["callback"], "callback_func", given["callback"])
        target = getattr(inside, "__name__", "")
    return f"{equation.primitive.name} {target}".strip()
