"""How a call of a PyTorch operator is counted: one rule for each kind, chosen once for each operator.

A rule runs the operator and books its work with the trace; where there is nothing to count there is no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch
from torch._C import DispatchKey

from comptometer.counters._torch_attention import Core, NeedsValuesError, fused
from comptometer.counters._torch_operators import Kind, listed, reason
from comptometer.counters._torch_products import PRODUCTS, Formula, named, product
from comptometer.counters._torch_shapes import SHAPES, affine, combined, plain

if TYPE_CHECKING:
    from comptometer.counters._torch_trace import Tracer

Rule = Callable[["Tracer", Any, Sequence[Any], Mapping[str, Any]], Any]

# The gradient of a matrix or vector in a product with a vector is an outer product, which autograd writes as `mul`.
OUTER: Final = frozenset({"MvBackward0", "AddmvBackward0", "DotBackward0", "VdotBackward0"})
BY_HAND: Final = (
    "a softmax outside scaled_dot_product_attention: where attention is written out, its products count as any others, "
    "the full square"
)


def _counted(operation: str, formula: Formula, trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    out = func(*args, **kwargs)
    trace.add(trace.label(operation, args), formula(named(func._schema, args, kwargs), out))
    return out


def _matrices(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """`mm`, `bmm`, `addmm`, …: the commonest, with both factors in last place."""
    out = func(*args, **kwargs)
    left, right = args[-2], args[-1]
    trace.add(trace.label("matmul", (left, right)), product(left, right))
    return out


def _affine(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """`addmm`: a linear layer with its bias."""
    bias, left, right = args
    out = affine(bias, left, right)
    if out is None:
        out = func(*args, **kwargs)
    trace.add(trace.label("matmul", (left, right)), product(left, right))
    return out


def _shaped(make: Callable[..., Any], trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """Element-wise work that is common and slow without values."""
    out = make(*args, **kwargs) if plain(args[0]) else None
    return func(*args, **kwargs) if out is None else out


def _grouped(formula: Formula, trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """Grouped products: the meta implementation takes one data type only, so the result is made here."""
    given = named(func._schema, args, kwargs)
    left, right = given["self"], given["mat2"]
    if left.device.type != "meta":
        out = func(*args, **kwargs)
    else:
        groups = [given["offs"].shape[0]] if left.dim() == right.dim() == 2 else list(left.shape[:-2])
        out = left.new_empty([*groups, left.shape[-2], right.shape[-1]] if left.dim() != 3 or right.dim() == 3 else
                             [left.shape[-2], right.shape[-1]], dtype=given["out_dtype"] or _made(left))  # fmt: skip
    trace.add(trace.label("matmul", (left, right)), formula(given, out))
    return out


def _made(left: torch.Tensor) -> torch.dtype:
    """The data type of a grouped product, unless another is asked for."""
    return left.dtype if left.dtype.itemsize > 1 else torch.bfloat16


def _multiplied(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    out = combined(*args) if func is torch.ops.aten.mul.Tensor and plain(args[0]) else None
    if out is None:
        out = func(*args, **kwargs)
    node: Any = torch._C._current_autograd_node()
    if node is not None and node.name() in OUTER and not trace.idle:
        trace.add("matmul", 2 * out.numel() * (4 if out.dtype.is_complex else 1))
    return out


def _softmax(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    if trace.attention != "full" and args[0].dim() >= 3 and torch._C._current_graph_task_id() == -1:
        trace.notes[BY_HAND] = None
    return func(*args, **kwargs)


def _fused(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """A fused attention kernel in a compiled graph or called by its name."""
    name = func._schema.name
    given = named(func._schema, args, kwargs)
    core: Core | None = fused(trace, name, given)
    out = func(*args, **kwargs)
    if core is None:
        trace.unknown(name, "lengths of packed sequences are unknown on the meta device")
    elif "backward" in name:
        wanted = given.get("grad_input_mask") or (True, True, True)
        trace.attention_gradients(core.gradients(*wanted), core.scores, core.sums)
    else:
        trace.attended(core.scores, core.sums)
    return out


def _attention_call(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """`scaled_dot_product_attention` itself, as inference mode shows it."""
    core = fused(trace, func._schema.name, named(func._schema, args, kwargs))
    assert core is not None
    out = func(*args, **kwargs)
    trace.attended(core.scores, core.sums)
    return out


def _fused_layer(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """Multi-head attention or a whole encoder layer as one operator: projections, core, feed-forward."""
    given = named(func._schema, args, kwargs)
    out = func(*args, **kwargs)
    query: Any = given.get("query", given.get("src"))
    key: Any = given.get("key", query)
    width, heads = given["embed_dim"], given.get("num_head", given.get("num_heads"))
    tokens = query.shape[:-1].numel()
    weights = [given[name] for name in ("qkv_weight", "proj_weight", "ffn_weight_1", "ffn_weight_2") if name in given]
    trace.add("linear", sum(2 * tokens * weight.numel() for weight in weights))
    pairs = query.shape[0] * heads * query.shape[1] * key.shape[1]
    core = Core(pairs, width // heads, width // heads)
    trace.attended(core.scores, core.sums)
    return out


def _decomposed(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    with trace:
        return func.decompose(*args, **kwargs)


def _unknown(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """A custom operator is looked into, if its body is written in Python; else the operator is listed."""
    name = func._schema.name
    body = _body(func)
    if body is not None:
        inside = trace.apart()
        try:
            with inside:
                out = body(*args, **kwargs)
        except NeedsValuesError:
            raise
        except Exception:  # a body for another device, or one that looks at values
            trace.notes[f"{name}: its body does not run on the device of the count"] = None
        else:
            trace.take(inside)
            return out
    trace.unknown(name, reason(name))
    return func(*args, **kwargs)


def _body(func: Any) -> Callable[..., Any] | None:
    from torch._library.custom_ops import _maybe_get_opdef

    known = _maybe_get_opdef(func)
    return None if known is None else known._init_fn


def _higher_order(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """`scan`, `map`, `cond`, `while_loop`, …: their plain implementation runs under the trace, so every step counts."""
    dense = func.py_kernels.get(DispatchKey.CompositeExplicitAutograd)
    if dense is None:
        trace.unknown(str(func), "a higher-order operator without a plain implementation")
        return func(*args, **kwargs)
    args = [_under(trace, arg) if callable(arg) else arg for arg in args]
    return dense(*args, **kwargs)


def _under(trace: Tracer, function: Callable[..., Any]) -> Callable[..., Any]:
    def traced(*args: Any, **kwargs: Any) -> Any:
        with trace:
            return function(*args, **kwargs)

    return traced


def _on_meta(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.device.type == "meta"


def _cond(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    predicate, *branches, operands = args
    if not _on_meta(predicate):
        return _higher_order(trace, func, args, kwargs)
    trace.unknown_values("a condition has no value on the meta device: its dearer branch is counted")
    tried = []
    for branch in branches:
        one = trace.apart()
        with one:
            out = branch(*operands)
        tried.append((sum(row.forward + row.backward for row in one.rows.values()), one, out))
    _, dearest, out = max(tried, key=lambda item: item[0])
    trace.take(dearest)
    return out


def _while_loop(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    condition, body, carried, *more = args
    rest = more[0] if more else ()
    with torch.no_grad(), trace.aside():
        unknown = _on_meta(condition(*carried, *rest))
    if not unknown:
        return _higher_order(trace, func, args, kwargs)
    trace.unknown_values("a loop has no trip count on the meta device: one round is counted")
    trace.unknown("while_loop", "the number of rounds is unknown on the meta device; one is counted")
    with trace:
        return tuple(body(*carried, *rest))


def _flex(trace: Tracer, func: Any, args: Any, kwargs: Any) -> Any:
    """`flex_attention`: the pairs are those that its mask function keeps."""
    query, key, value = args[:3]
    backward = "backward" in str(func)
    found = kwargs.get("block_mask") or next(
        (arg for arg in args[3:] if isinstance(arg, tuple) and arg and callable(arg[-1])), None
    )
    rows, length, width = query.shape[0] * query.shape[1], query.shape[-2], key.shape[-2]
    pairs = _flex_pairs(trace, query, length, width, found)
    core = Core(rows * length * width if pairs is None else pairs, query.shape[-1], value.shape[-1])
    if backward:
        trace.attention_gradients(core.gradients(True, True, True), core.scores, core.sums)
    else:
        trace.attended(core.scores, core.sums)
    if not _on_meta(query):
        return func(*args, **kwargs)
    if backward:
        return (*map(torch.empty_like, (query, key, value)), ())
    rows_of = query.shape[:-1]
    return query.new_empty((*rows_of, value.shape[-1])), *(query.new_empty(rows_of, dtype=torch.float32) for _ in "12")


def _flex_pairs(trace: Tracer, query: Any, length: int, width: int, block_mask: Any) -> int | None:
    if trace.attention == "full" or block_mask is None:
        return None
    from torch.nn.attention.flex_attention import create_mask

    examples, heads = query.shape[:2]
    try:
        mask = create_mask(block_mask[-1], examples, heads, length, width, device="cpu")
    except RuntimeError:
        trace.notes["a flex_attention mask could not be evaluated: it is counted as the full square"] = None
        return None
    if trace.attention == "causal":
        return int(mask.sum())
    half = length == width and bool(mask.any()) and not bool(mask.triu(1).any())
    return examples * heads * (length * length // 2) if half else None


_FUSED: Final = (
    "_scaled_dot_product_",
    "_flash_attention_",
    "_efficient_attention_",
    "_cudnn_attention_",
    "_triton_scaled_dot_",
)
_PLAIN: Final = frozenset({"mm", "bmm", "_int_mm", "addmm", "baddbmm", "addbmm", "mv", "addmv", "dot", "vdot"})
_HIGHER: Final[Mapping[str, Rule]] = {
    "cond": _cond,
    "while_loop": _while_loop,
    "flex_attention": _flex,
    "flex_attention_backward": _flex,
}


def classify(func: Any) -> Kind:
    """What an operator is: a contraction, element-wise, free, or unknown."""
    schema = getattr(func, "_schema", None)
    if schema is None:
        return "unknown"
    name = schema.name
    if _stem(name) in PRODUCTS or name in _LAYERS or _is_fused(name):
        return "contraction"
    kind = listed(name)
    if kind != "unknown":
        return kind
    if torch.Tag.pointwise in func.tags:
        return "elementwise"
    viewed = any(out.alias_info is not None and not out.alias_info.is_write for out in schema.returns)
    return "free" if viewed else "unknown"


_LAYERS: Final = frozenset(
    {
        "aten::_native_multi_head_attention",
        "aten::_triton_multi_head_attention",
        "aten::_transformer_encoder_layer_fwd",
    }
)


def _stem(name: str) -> str:
    return name.removesuffix("_") if name not in PRODUCTS else name


def _is_fused(name: str) -> bool:
    return (name.startswith("aten::") and name[6:].startswith(_FUSED)) or name == "aten::scaled_dot_product_attention"


def rule_of(func: Any) -> Rule | None:
    """The rule for an operator; none where there is nothing to count."""
    if isinstance(func, torch._ops.HigherOrderOperator):
        higher: Rule = _HIGHER.get(str(func), _higher_order)
        return higher
    name = _stem(func._schema.name)
    if name == "aten::mul":
        return _multiplied
    if name == "aten::_softmax":
        return _softmax
    if name == "aten::scaled_dot_product_attention":
        return _attention_call
    shaped = SHAPES.get(func.name())
    if shaped is not None:
        quick: Rule = partial(_shaped, shaped)
        return quick
    kind = classify(func)
    if kind in ("elementwise", "free"):
        return None
    if kind == "unknown":
        return _decomposed if func._can_decompose() else _unknown
    if name in _LAYERS:
        return _fused_layer
    if _is_fused(name):
        return _decomposed if func._can_decompose() else _fused
    operation, formula = PRODUCTS[name]
    if func.name() == "aten::addmm":
        return _affine
    if name.removeprefix("aten::") in _PLAIN and func._overloadname in ("default", "out"):
        return _matrices
    rule: Rule = partial(_grouped, formula) if "grouped" in name else partial(_counted, operation, formula)
    return rule
