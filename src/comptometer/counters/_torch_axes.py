"""Work that is no contraction, on axes of its own: one operation for each element that an operator makes.

A sum, or whatever else makes fewer elements than it reads, counts those that it reads. A normalisation that is one
operator counts as it is defined for every backend (decision 0010); one that is written out is element-wise work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Final

import torch

from comptometer.counters._torch_operators import plain
from comptometer.counters._torch_rules import OUTER, Rule, classify
from comptometer.ops import LAYER_NORM, RMS_NORM

if TYPE_CHECKING:
    from comptometer.counters._torch_trace import Tracer

ELEMENTWISE: Final = "elementwise"
NORMALIZATION: Final = "normalization"
BACKWARD: Final = 2  # passes, for one forward

NORM: Final = re.compile(
    r"(native_|cudnn_|miopen_|fused_)?(batch|layer|group|rms)_norm(_with_update|_no_update)?|native_norm"
)
IN_PARTS: Final = re.compile(r"batch_norm_(elemt|stats|gather_stats|reduce|update_stats|gather_stats_with_counts)")
REDUCTION: Final = re.compile(
    r"(nan)?(sum|mean|median)|prod|var|std|var_mean|std_mean|norm|dist|linalg_vector_norm|linalg__powsum|amax|amin|aminmax"
    r"|max|min|kthvalue|mode|argmax|argmin|all|any|count_nonzero|logsumexp|trace|bincount|histc|is_all_true|is_any_true"
    r"|(mse|huber|smooth_l1|soft_margin)_loss|binary_cross_entropy(_with_logits)?|multi(label)?_margin_loss|segment_reduce"
)
SPREAD: Final[Mapping[str, int]] = {  # sums at indices: where what is added stands among the arguments
    "embedding_dense": 0,
    "index_add": 3,
    "index_reduce": 3,
    "scatter_add": 3,
    "scatter_reduce": 3,
    "index_put": 2,
    "nll_loss": 1,
    "nll_loss2d": 1,
}

Amount = Callable[[Sequence[Any], Any], int]


def measured(func: Any, rule: Rule | None, axes: frozenset[str]) -> Rule | None:
    """The rule for an operator, which books its work on the axis that it belongs to, if that is asked for."""
    found = axis_of(func)
    if found is None or found[0] not in axes:
        return rule
    wrapped: Rule = partial(_measured, *found, rule)
    return wrapped


def _measured(
    axis: str,
    amount: Amount,
    rule: Rule | None,
    trace: Tracer,
    func: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    out = func(*args, **kwargs) if rule is None else rule(trace, func, args, kwargs)
    node: Any = torch._C._current_autograd_node()
    if node is None or node.name() not in OUTER:  # outer products are contractions
        trace.measure(axis, amount(args, out))
    return out


def axis_of(func: Any) -> tuple[str, Amount] | None:
    """The axis of an operator, and how to tell its work from arguments and result; none for other operators."""
    if not isinstance(func, torch._ops.OpOverload) or classify(func) != ELEMENTWISE:
        return None
    name = func._schema.name
    stem = plain(name)
    if NORM.fullmatch(stem) or IN_PARTS.fullmatch(stem):
        each = (RMS_NORM if "rms" in stem else LAYER_NORM) * (BACKWARD if "backward" in name else 1)
        whole = NORM.fullmatch(stem) or stem == "batch_norm_elemt"
        return NORMALIZATION, partial(_read, 0, each if whole else 0)
    if "backward" in name and stem != "embedding_dense":
        return ELEMENTWISE, _all_made
    if stem in SPREAD:
        return ELEMENTWISE, partial(_read, SPREAD[stem], 1)
    if stem.startswith("embedding_bag"):
        return ELEMENTWISE, _bagged
    return ELEMENTWISE, partial(_read, 0, 1) if REDUCTION.fullmatch(stem) else _made


def _read(at: int, each: int, args: Sequence[Any], out: Any) -> int:
    """So many for each element of one argument."""
    return each * _elements(args[at])


def _made(args: Sequence[Any], out: Any) -> int:
    """One for each element of the result, of which masks and indices are no part; in place, of what is changed."""
    return _elements(args[0] if out is None else out[0] if isinstance(out, tuple) else out)


def _all_made(args: Sequence[Any], out: Any) -> int:
    """One for each element of all gradients."""
    return _elements(out)


def _bagged(args: Sequence[Any], out: Any) -> int:
    return _elements(args[1]) * int(prod(args[0].shape[1:]))


def _elements(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return int(value.numel())
    return sum(map(_elements, value)) if isinstance(value, (list, tuple)) else 0
