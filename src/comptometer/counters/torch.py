"""Counts a PyTorch module or function: it is run once, on shapes where possible, with its real autograd graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from comptometer.counters import _switches as switches
from comptometer.counters import _torch_target as target
from comptometer.counters._torch_attention import NeedsValuesError
from comptometer.counters._torch_axes import ELEMENTWISE, NORMALIZATION
from comptometer.counters._torch_blocks import Blocks, watched_by_others
from comptometer.counters._torch_trace import Row, Tracer
from comptometer.counters._torch_transformers import without_values
from comptometer.errors import UsageError
from comptometer.ops import ADAMW, AXES, Attention, Convention, OpCount, Recompute, Term, Uncounted

BACKEND = "torch"
OPTIMIZER = "optimizer"
SPENT = "backward through the graph a second time"
ZERO_STATE = (
    "recurrence: the first step starts from a constant state and forms no gradient of it; fused kernels form it too"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way to run what is counted."""

    model: Callable[..., Any]
    meta: bool
    repeatable: bool = False
    blocks: Blocks | None = None


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
    include: Sequence[str] = (),
    collapse: bool = True,
) -> OpCount:
    """Count the operations of one training step of a module, or of any function of tensors.

    The forward pass is run under a dispatch mode; then the sum of the outputs is differentiated and the gradients that
    autograd really forms are counted. A module is copied to the meta device, where nothing is computed; where its code
    asks for values, it is run on those it has. A function is run as it is, and may run backward passes of its own.

    Args:
        model: a module, or a function.
        inputs: a tensor, a tuple or a mapping; a shape such as `(1, 3, 224, 224)` is enough. Gradients of inputs are
            formed only for those that require one.
        batch: how often the inputs are repeated along their first dimension.
        attention: `full`, the dense square; `causal`, the pairs that the mask keeps; `half`, S²/2 under a causal mask.
        recompute: what the backward pass is taken to compute again; work that it does compute again (checkpoints)
            is always counted, as `recomputed`.
        backward: count the gradients too?
        frozen: names or patterns (`encoder`, `layers.*.norm`) of modules and parameters that are not trained.
        strict: raise where an operator is unknown.
        include: work that is no contraction, on axes of its own: `elementwise`, `normalization`, `optimizer`.
        collapse: trace identical blocks of a module three times and multiply, where the result is provably the same.

    Raises:
        UsageError: a switch that cannot be, a model whose forward or backward pass raises, and, if `strict`, an
            operator that no formula knows.

    >>> count(nn.Linear(8, 16), (4, 8)).training
    2048
    """
    _checked(model, batch, attention, recompute, frozen)
    axes = frozenset(_axes(include))
    name = _name(model)
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps
    trace = _first_that_runs(
        _attempts(model, inputs, frozen, collapse and "elementwise" not in axes),  # sums of gradients have no block
        lambda attempt: _traced(attempt, inputs, batch, attention, recompute, backward, name, axes),
        name,
    )
    found = _result(trace, model, name, Convention(attention=attention, recompute=recompute), inputs, batch)
    if axes:
        found = replace(found, included=_included(trace, axes, model, frozen if backward else None))
    if strict:
        switches.refuse_uncounted(name, found.uncounted)
    return found


def _first_that_runs(attempts: Iterator[Attempt], traced: Callable[[Attempt], Tracer], name: str) -> Tracer:
    last: tuple[Attempt, Exception] | None = None
    for attempt in attempts:
        if last is not None and _in_vain(*last, attempt):
            continue
        try:
            return traced(attempt)
        except Exception as error:
            last = attempt, error
    assert last is not None
    tried, raised = last
    where = " on the meta device, where tensors have no values" if tried.meta else ""
    raise UsageError(f"{name} raises{where}: {type(raised).__name__}: {_first_line(raised)}") from raised


def _in_vain(before: Attempt, error: Exception, attempt: Attempt) -> bool:
    """Would an attempt without replaced blocks fail as the one with them?"""
    if before.blocks is None or not attempt.meta:
        return False
    return isinstance(error, NeedsValuesError) or not before.blocks.used


def _checked(model: object, batch: int, attention: str, recompute: str, frozen: Sequence[str]) -> None:
    if not callable(model):
        raise UsageError(f"needs a module or a function, got {type(model).__name__}")
    switches.check(batch, attention, recompute, frozen)
    if frozen and not isinstance(model, nn.Module):
        raise UsageError("frozen: needs a module; a function has no named parameters")


def _axes(include: Sequence[str]) -> Sequence[str]:
    if isinstance(include, str):
        raise UsageError(f"include: needs a list of axes, got the text {include!r}")
    for axis in include:
        if axis not in AXES:
            raise UsageError(f"include: {axis!r} is not one of {', '.join(AXES)}")
    return include


def _name(model: Any) -> str:
    if isinstance(model, nn.Module):
        return type(getattr(model, "_orig_mod", model)).__name__
    return getattr(model, "__name__", type(model).__name__)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no message"])[0]


def _attempts(model: Any, inputs: Any, frozen: Sequence[str], collapse: bool) -> Iterator[Attempt]:
    if not isinstance(model, nn.Module):
        yield Attempt(model=model, meta=False)
        return
    target.frozen_parameters(model, frozen)
    tensors = list(target.tensors_of(model))
    if tensors and all(tensor.device.type == "meta" for tensor in tensors):
        yield from _with_and_without(
            lambda: target.copied(model, meta=True, frozen=frozen) if frozen else model, collapse, False
        )
        return
    values = target.has_values(inputs)
    try:
        yield from _with_and_without(lambda: target.copied(model, meta=True, frozen=frozen), collapse, values)
        if not values:
            return
        copy = target.copied(model, meta=False, frozen=frozen)
    except Exception:  # a module that cannot be copied is run itself, and put back as it was
        if frozen:
            raise UsageError(
                f"frozen: {type(model).__name__} cannot be copied; freeze its parameters yourself"
            ) from None
        copy = model
    yield Attempt(model=copy, meta=False)


def _with_and_without(made: Callable[[], nn.Module], collapse: bool, repeatable: bool) -> Iterator[Attempt]:
    """First with identical blocks replaced, where there are any and nothing else watches; then as it is."""
    model = made()
    if collapse and not watched_by_others() and (blocks := Blocks(model)).blocks:
        yield Attempt(model=model, meta=True, repeatable=repeatable, blocks=blocks)
        model = made()
    yield Attempt(model=model, meta=True, repeatable=repeatable)


def _traced(
    attempt: Attempt,
    inputs: Any,
    batch: int,
    attention: Attention,
    recompute: Recompute,
    backward: bool,
    name: str,
    axes: frozenset[str],
) -> Tracer:
    model = attempt.model
    module = model if isinstance(model, nn.Module) else None
    paths = {id(part): _starred(path) or name for path, part in module.named_modules()} if module else {}
    if attempt.blocks is not None:
        attempt.blocks.mark(paths)
    trace = Tracer(paths, name, attention, recompute, attempt.repeatable, axes & {ELEMENTWISE, NORMALIZATION})
    args, kwargs = target.arguments(inputs, batch, attempt.meta)
    with ExitStack() as stack:
        if module is not None:
            stack.enter_context(target.as_it_was(module))
            stack.enter_context(without_values(trace) if attempt.meta else torch.random.fork_rng(devices=[]))
        if attempt.blocks is not None:
            stack.enter_context(attempt.blocks.running(trace))
        stack.enter_context(torch.set_grad_enabled(backward))
        result = _run(trace, model, args, kwargs)
        if backward:
            _differentiate(trace, target.outputs(result), kept=module is not None)
    if attempt.blocks is not None:
        trace.settle(attempt.blocks.times(trace, trace.work_by_block()))
    else:
        trace.settle({})
    return trace


def _run(trace: Tracer, model: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with trace.running():
        return model(*args, **kwargs)


def _differentiate(trace: Tracer, found: list[torch.Tensor], *, kept: bool) -> None:
    if not found:
        return
    seeds = [torch.ones_like(tensor) for tensor in found]
    with nullcontext() if kept else _gradients_put_back(found), trace.running(), trace.own_backward():
        try:
            torch.autograd.backward(found, seeds)
        except RuntimeError as error:
            if not trace.differentiated or SPENT not in str(error):
                raise  # else the function has differentiated what it returns: its gradients are counted


@contextmanager
def _gradients_put_back(found: list[torch.Tensor]) -> Iterator[None]:
    before = [(leaf, leaf.grad) for leaf in target.leaves(found)]
    for leaf, _ in before:
        leaf.grad = None
    try:
        yield
    finally:
        for leaf, gradient in before:
            leaf.grad = gradient


def _starred(path: str) -> str:
    return ".".join("*" if part.isdigit() else part for part in path.split("."))


def _result(trace: Tracer, model: Any, name: str, convention: Convention, inputs: Any, batch: int) -> OpCount:
    terms = [_term(row, convention.recompute) for row in trace.rows.values()]
    notes = list(trace.notes)
    if any(term.operation == "recurrence" and term.backward for term in terms):
        notes.append(ZERO_STATE)
    examples, length = target.extent(inputs)
    return OpCount(
        terms=terms,
        convention=convention,
        parameters=target.sizes(model) if isinstance(model, nn.Module) else None,
        uncounted=[
            Uncounted(operation=operator, calls=calls, reason=why)
            for operator, (calls, why) in trace.uncounted_by_name().items()
        ],
        backend=BACKEND,
        target=name,
        batch=examples * batch,
        sequence_length=length,
        tokens=examples * batch * length if length else None,
        notes=notes,
    )


def _included(
    trace: Tracer, axes: frozenset[str], model: Any, frozen: Sequence[str] | None
) -> dict[str, Sequence[Term]]:
    found: dict[str, Sequence[Term]] = {
        axis: [_term(row, "none") for row in trace.besides.values() if row.operation == axis]
        for axis in AXES
        if axis in axes
    }
    if OPTIMIZER in found and isinstance(model, nn.Module) and frozen is not None:
        steps = ADAMW * target.trained(model, frozen)
        found[OPTIMIZER] = [Term(module=OPTIMIZER, operation=OPTIMIZER, calls=1, forward=0, backward=steps)]
    return found


def _term(row: Row, recompute: Recompute) -> Term:
    again = row.forward if recompute == "full" and row.backward else 0
    return Term(
        module=row.module,
        operation=row.operation,
        calls=row.calls,
        forward=row.forward,
        backward=row.backward,
        recomputed=row.recomputed + again,
    )
