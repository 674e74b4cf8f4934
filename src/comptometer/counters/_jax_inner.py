"""The programs inside the equations of a jaxpr.

An equation with a program inside (`jit`, `scan`, `cond`, …) is described by `Inner`, in one form for all of them, so
that whoever walks a jaxpr needs no rule per primitive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from jax.extend.core import ClosedJaxpr, Jaxpr, jaxprs_in_params

from comptometer.counters._jax_primitives import classify


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A program inside an equation.

    Attributes:
        jaxpr: the program.
        inputs: the value outside of each of its inputs.
        outputs: the variable outside that each of its outputs becomes; none for a predicate.
        carried: (output, input): what one round hands to the next.
        times: how often it runs; nothing where that is not known before.
        of_many: is it one of several, of which one runs?
        name: of the function, where there is one.
    """

    jaxpr: Any
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    carried: Sequence[tuple[int, int]] = ()
    times: int | None = 1
    of_many: bool = False
    name: str = ""


def opened(jaxpr: Any) -> Any:
    """The jaxpr itself, whether or not it is kept together with its constants."""
    return jaxpr.jaxpr if isinstance(jaxpr, ClosedJaxpr) else jaxpr


def _called(equation: Any, key: str, times: int = 1) -> list[Inner]:
    jaxpr = opened(equation.params[key])
    if len(jaxpr.invars) != len(equation.invars) or len(jaxpr.outvars) != len(equation.outvars):
        return []
    name = str(equation.params.get("name", ""))
    return [Inner(jaxpr=jaxpr, inputs=equation.invars, outputs=equation.outvars, times=times, name=name)]


def _scan(equation: Any) -> list[Inner]:
    jaxpr, constants = opened(equation.params["jaxpr"]), equation.params["num_consts"]
    carried = [(at, constants + at) for at in range(equation.params["num_carry"])]
    times = int(equation.params["length"])
    return [Inner(jaxpr=jaxpr, inputs=equation.invars, outputs=equation.outvars, carried=carried, times=times)]


def _while(equation: Any) -> list[Inner]:
    first, second = equation.params["cond_nconsts"], equation.params["body_nconsts"]
    asked, shared = equation.invars[:first], equation.invars[first : first + second]
    state = equation.invars[first + second :]
    carried = [(at, second + at) for at in range(len(state))]
    body, predicate = opened(equation.params["body_jaxpr"]), opened(equation.params["cond_jaxpr"])
    return [
        Inner(jaxpr=predicate, inputs=[*asked, *state], outputs=[None], times=None),
        Inner(jaxpr=body, inputs=[*shared, *state], outputs=equation.outvars, carried=carried, times=None),
    ]


def _cond(equation: Any) -> list[Inner]:
    return [
        Inner(jaxpr=opened(branch), inputs=equation.invars[1:], outputs=equation.outvars, of_many=True)
        for branch in equation.params["branches"]
    ]


def _sharded(equation: Any) -> list[Inner]:
    mesh, axes = equation.params["mesh"], equation.params.get("manual_axes")
    sizes = dict(mesh.shape)
    return _called(equation, "jaxpr", prod(size for name, size in sizes.items() if axes is None or name in axes))


_FORMS: Final[Mapping[str, Callable[[Any], list[Inner]]]] = {
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    "shard_map": _sharded,
}
_CALLS: Final[Mapping[str, str]] = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "remat2": "jaxpr",
    "remat": "jaxpr",
    "checkpoint": "jaxpr",
    "call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "closed_call": "call_jaxpr",
    "core_closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
    "custom_vmap_call": "call",
    "custom_partitioning": "call",
    "composite": "jaxpr",
    "eval_jaxpr": "jaxpr",
    "remat_opt": "fwd_jaxpr",
    "linear_call": "callee",
}


def inner(equation: Any) -> list[Inner]:
    """The programs inside an equation; none where it has none, or where they cannot be read."""
    name = equation.primitive.name
    if name in _FORMS:
        return _FORMS[name](equation)
    key = _CALLS.get(name)
    if key is None or not isinstance(equation.params.get(key), (ClosedJaxpr, Jaxpr)):
        return []
    return _called(equation, key)


def harmless(equation: Any) -> bool:
    """Has a primitive that nobody knows a program inside, such as a kernel, in which nothing would be counted?"""
    programs = list(jaxprs_in_params(equation.params))
    return bool(programs) and all(_harmless(inside) for program in programs for inside in program.eqns)


def _harmless(equation: Any) -> bool:
    programs = list(jaxprs_in_params(equation.params))
    if programs:
        return all(_harmless(inside) for program in programs for inside in program.eqns)
    return classify(equation.primitive.name) in ("elementwise", "free")
