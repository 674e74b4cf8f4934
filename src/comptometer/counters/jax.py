"""Counts a JAX function: it is traced on shapes, differentiated, and the products of both programs are counted.

Three programs are made, and nothing is computed:

- the function itself (its jaxpr): the forward pass;
- the function as it runs when it is to be differentiated. It is the same but for rules of its own
  (`jax.custom_vjp`): what these do besides is work for the gradients;
- the transposed program, from gradients of the outputs to those of the parameters: the backward pass. What in it does
  not depend on the gradients of the outputs is activations formed again (`jax.checkpoint`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import jaxpr_as_fun

from comptometer.counters import _jax_flow as flow
from comptometer.counters import _switches as switches
from comptometer.counters._jax_attention import marked
from comptometer.counters._jax_tally import Tally
from comptometer.counters._jax_target import Target, target
from comptometer.counters._jax_walk import Walk
from comptometer.errors import UsageError
from comptometer.ops import Attention, Convention, OpCount, Recompute

BACKEND = "jax"
FORWARD_ONLY = "; give argnums=() for the forward pass alone"


def count(
    model: Callable[..., Any],
    inputs: Any = None,
    *,
    batch: int = 1,
    attention: Attention = "full",
    recompute: Recompute = "none",
    backward: bool = True,
    frozen: Sequence[str] = (),
    strict: bool = False,
    argnums: int | Sequence[int] = 0,
) -> OpCount:
    """Count the operations of one training step of a function of JAX arrays.

    Args:
        model: the function, jitted or not; or a callable tree of parameters, which is then its own first argument.
        inputs: a tuple of positional arguments, or the only one: arrays, `jax.ShapeDtypeStruct` or trees of them; a
            tuple of whole numbers is the shape of an array. Only shapes matter. A mapping is one argument, a tree.
        batch: how often the arguments that are not differentiated are repeated along their first dimension.
        attention: `full`, the dense square; `causal`, the pairs that the mask keeps; `half`, S²/2 under a causal mask.
        recompute: what the backward pass is taken to compute again; work that it does compute again
            (`jax.checkpoint`) is always counted, as `recomputed`.
        backward: count the gradients too?
        frozen: names or patterns (`embedding`, `layers.*.norm`) of parameters that are not trained: the steps of the
            tree joined by dots.
        strict: raise where a primitive is unknown.
        argnums: positions of the arguments that the sum of the outputs is differentiated with respect to, the
            parameters; `()` for the forward pass alone.

    Raises:
        UsageError: a switch that cannot be, a function that cannot be traced or differentiated, and, if `strict`, a
            primitive that no formula knows.

    >>> count(lambda weight, x: x @ weight, ((8, 16), (4, 8))).training
    2048
    """
    _checked(model, batch, attention, recompute, frozen)
    name = _name(model)
    found = target(model, inputs, argnums, batch, frozen, name)
    if backward and found.named and not found.parameters:
        raise UsageError(
            f"argnums: argument {min(found.named)} of {name} holds no floating-point array to differentiate; "
            f"name the argument with the parameters{FORWARD_ONLY}"
        )
    tally = _counted(found, Walk(name, attention, recompute), name, backward)
    if strict:
        switches.refuse_uncounted(name, tally.uncounted())
    examples, length = found.extent
    return OpCount(
        terms=tally.terms(recompute),
        convention=Convention(attention=attention, recompute=recompute),
        parameters=found.sizes,
        uncounted=tally.uncounted(),
        backend=BACKEND,
        target=name,
        batch=examples,
        sequence_length=length,
        tokens=examples * length if length else None,
        notes=list(tally.notes),
    )


def _checked(model: object, batch: int, attention: str, recompute: str, frozen: Sequence[str]) -> None:
    if not callable(model):
        raise UsageError(
            f"needs a function, got {type(model).__name__}; of a module with parameters of its own, give the function "
            "that applies it (module.apply)"
        )
    switches.check(batch, attention, recompute, frozen)


def _name(model: Any) -> str:
    inside = model
    while not hasattr(inside, "__name__") and hasattr(inside, "func"):
        inside = inside.func
    return str(getattr(inside, "__name__", type(model).__name__))


def _counted(found: Target, walk: Walk, name: str, backward: bool) -> Tally:
    shapes = [leaf.shape for leaf in found.leaves]
    try:
        with marked():
            plain = jax.make_jaxpr(found.run)(*shapes)
    except Exception as error:
        raise UsageError(f"{name} raises: {type(error).__name__}: {_first_line(error)}") from error
    inputs = [flow.PARAMETER * (at in set(found.parameters)) for at in range(len(shapes))]
    tally = walk(plain.jaxpr, inputs, [flow.USED] * len(plain.jaxpr.outvars), gradient=False)
    if backward and found.trained:
        _differentiate(tally, plain, shapes, inputs, found.trained, walk, name)
    return tally


def _differentiate(
    tally: Tally,
    plain: Any,
    shapes: Sequence[Any],
    inputs: Sequence[int],
    trained: Sequence[int],
    walk: Walk,
    name: str,
) -> None:
    """Add the work of the gradients of a program."""
    outputs = [at for at, aval in enumerate(plain.out_avals) if jax.numpy.issubdtype(aval.dtype, jax.numpy.inexact)]
    if not outputs:
        return

    def prepared(*arrays: Any) -> Any:
        def of_trained(*some: Any) -> Any:
            given = list(arrays)
            for at, value in zip(trained, some, strict=True):
                given[at] = value
            made = jaxpr_as_fun(plain)(*given)
            return [made[at] for at in outputs]

        return jax.vjp(of_trained, *(arrays[at] for at in trained))

    try:
        forward, (made, transposed) = jax.make_jaxpr(prepared, return_shape=True)(*shapes)
        gradients = jax.make_jaxpr(lambda function, cotangents: function(cotangents))(transposed, made)
    except Exception as error:
        raise UsageError(
            f"{name} cannot be differentiated: {type(error).__name__}: {_first_line(error)}{FORWARD_ONLY}"
        ) from error
    _besides(tally, walk(forward.jaxpr, inputs, [flow.USED] * len(forward.jaxpr.outvars), gradient=False))
    residuals = walk.marks_out(forward.jaxpr, inputs)[len(outputs) :]
    marks = [*residuals, *[flow.TANGENT] * len(outputs)]
    wanted = [flow.USED | flow.GRADIENT] * len(gradients.jaxpr.outvars)
    tally.add(walk(gradients.jaxpr, marks, wanted, gradient=True))


def _besides(tally: Tally, prepared: Tally) -> None:
    """Add what a function does only where it is to be differentiated: work for its gradients."""
    for (module, operation), row in prepared.rows.items():
        before = tally.rows.get((module, operation))
        more = row.total - (before.total if before else 0)
        if more > 0:
            tally.book(module, operation, "backward", more)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no message"])[0].rstrip(".")
