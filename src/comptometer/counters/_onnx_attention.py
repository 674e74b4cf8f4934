"""Attention in ONNX: the operator of the standard, and those that ONNX Runtime's optimiser writes.

Forward: scores (query · key) and weighted sum, over the (query, key) pairs that the switch counts. Keys and values
that groups of query heads share are used once for each query head.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np

from comptometer.contraction import matmul, pairs
from comptometer.counters._onnx_call import Call, MisfitError, NoFormulaError
from comptometer.counters._onnx_values import Value

MASKED: Final = "an attention mask that is not constant is counted as the full square"
PADDED: Final = "attention over a cache of which only a part is valid is counted over the whole cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Sizes of one attention: examples, query heads, lengths of query and key, widths of key and value."""

    batch: int
    heads: int
    queries: int
    keys: int
    key_width: int
    value_width: int

    def flop(self, kept: int) -> int:
        """FLOP of both products over so many (query, key) pairs of all heads and examples."""
        return matmul(kept, self.key_width, 1) + matmul(kept, self.value_width, 1)

    @property
    def rows(self) -> int:
        """Heads of all examples."""
        return self.batch * self.heads


def kept(
    core: Core, call: Call, *, causal: bool, past: int = 0, window: int | None = None, mask: Value | None = None
) -> int:
    """Pairs that count; a query sees the `past` keys before its own, and those of its own up to itself."""
    square = core.rows * core.queries * core.keys
    if call.attention == "full" or not (causal or mask is not None):
        return square
    if mask is not None:
        return _kept_by(core, call, mask, causal, past)
    if past == 0 and core.queries == core.keys:
        return core.rows * pairs(core.queries, call.attention, window=window)
    if call.attention == "half":
        return square
    return core.rows * sum(min(max(at + past + 1, 0), core.keys, window or core.keys) for at in range(core.queries))


def _kept_by(core: Core, call: Call, mask: Value, causal: bool, past: int) -> int:
    square = core.rows * core.queries * core.keys
    data = mask.data
    if data is None:
        call.notes[MASKED] = None
        return square
    seen = data if data.dtype == np.bool_ else data > float(np.finfo(np.float16).min) / 2
    seen = seen[..., : core.keys]
    if seen.shape[-1] < core.keys and seen.shape[-1] != 1:
        short = core.keys - seen.shape[-1]
        seen = np.concatenate([seen, np.zeros((*seen.shape[:-1], short), np.bool_)], -1)
    try:
        whole = np.broadcast_to(seen, (*seen.shape[:-2], core.queries, core.keys))
    except ValueError:
        raise MisfitError(f"has a mask of shape {data.shape} for {core.queries} queries of {core.keys} keys") from None
    if causal:
        whole = whole & np.tri(core.queries, core.keys, past, dtype=np.bool_)
    if call.attention == "half":
        ahead = core.queries == core.keys and not bool(np.triu(whole, 1).any())
        return core.rows * pairs(core.queries, "half") if ahead else square
    return int(whole.sum()) * core.rows // prod(whole.shape[:-2])


def standard(call: Call) -> int:
    """`Attention` of the standard: heads apart in four axes, or packed in three."""
    core, past = _separate(call), 0
    if call.given(4) is not None:
        past = call.dims(4, 4)[2]
    core = _with_keys(core, core.keys + past)
    causal = bool(call.attribute("is_causal", 0))
    if call.given(6) is not None and call.attention != "full":
        call.notes[PADDED] = None
        return core.flop(core.rows * core.queries * core.keys)
    return core.flop(kept(core, call, causal=causal, past=past, mask=call.given(3)))


def flexible(call: Call) -> int:
    """`FlexAttention`: what its graphs do to scores and weights is element-wise; a mask in them is not looked for."""
    core = _separate(call)
    return core.flop(core.rows * core.queries * core.keys)


def _separate(call: Call) -> Core:
    query, key, value = call.dims(0), call.dims(1), call.dims(2)
    if len(query) == len(key) == len(value) == 4:
        return Core(batch=query[0], heads=query[1], queries=query[2], keys=key[2], key_width=query[3],
                    value_width=value[3])  # fmt: skip
    if not len(query) == len(key) == len(value) == 3:
        raise MisfitError(f"needs 3 or 4 axes of query, key and value, which are {query}, {key}, {value}")
    heads, stored = int(call.attribute("q_num_heads", 0)), int(call.attribute("kv_num_heads", 0))
    if heads < 1 or stored < 1:
        raise MisfitError("needs q_num_heads and kv_num_heads where query, key and value have 3 axes")
    return Core(
        batch=query[0],
        heads=heads,
        queries=query[1],
        keys=key[1],
        key_width=query[2] // heads,
        value_width=value[2] // stored,
    )


def _with_keys(core: Core, keys: int) -> Core:
    return Core(
        batch=core.batch,
        heads=core.heads,
        queries=core.queries,
        keys=keys,
        key_width=core.key_width,
        value_width=core.value_width,
    )


def multi_head(call: Call) -> int:
    """`MultiHeadAttention`: query, key and value apart, or packed together, heads last but one."""
    query, heads = call.dims(0), _heads(call)
    past = call.dims(6, 4)[2] if call.given(6) is not None else 0
    if len(query) == 5:  # batch, length, heads, query key and value, width
        core = Core(batch=query[0], heads=heads, queries=query[1], keys=query[1], key_width=query[4],
                    value_width=query[4])  # fmt: skip
    elif len(query) == 3 and call.given(1) is not None:
        core = _unpacked(call, query, call.dims(1), heads)
    else:
        raise NoFormulaError("a layout of query, key and value that no formula knows")
    core = _with_keys(core, core.keys + past)
    mask = next((at for at in (4, 5) if call.given(at) is not None), None)
    if mask is not None and call.attention != "full":
        call.notes[MASKED] = None
        return core.flop(core.rows * core.queries * core.keys)
    return core.flop(kept(core, call, causal=bool(call.attribute("unidirectional", 0)), past=past))


def _unpacked(call: Call, query: tuple[int, ...], key: tuple[int, ...], heads: int) -> Core:
    width = query[2] // heads
    if len(key) == 5:  # batch, length, heads, key and value, width
        return Core(batch=query[0], heads=heads, queries=query[1], keys=key[1], key_width=width, value_width=key[4])
    value = call.dims(2)
    keys = key[2] if len(key) == 4 else key[1]
    value_width = value[3] if len(value) == 4 else value[2] // heads
    return Core(batch=query[0], heads=heads, queries=query[1], keys=keys, key_width=width, value_width=value_width)


def group_query(call: Call) -> int:
    """`GroupQueryAttention`: causal, over the cache and the new keys, cut to a window where it has one."""
    (batch, queries, width), heads = call.dims(0, 3), _heads(call)
    stored = int(call.attribute("kv_num_heads", heads))
    packed = call.given(1) is None
    size = width // (heads + 2 * stored if packed else heads)
    held = call.dims(3, 4)[2] if call.given(3) is not None else 0
    total = _number(call.given(6))
    keys = total if total is not None else held + queries
    if total is None and held:
        call.notes[PADDED] = None
    window = int(call.attribute("local_window_size", -1))
    core = Core(batch=batch, heads=heads, queries=queries, keys=keys, key_width=size, value_width=size)
    return core.flop(kept(core, call, causal=True, past=keys - queries, window=window if window > 0 else None))


def projection(call: Call) -> int:
    """`Attention` and `QAttention` of ONNX Runtime: query, key and value from one product with their weights."""
    rows, weights = call.dims(0, 3), call.dims(1, 2)
    return matmul(rows[0] * rows[1], weights[0], weights[1])


def projected(call: Call) -> int:
    """The attention after that product."""
    (batch, length, _), (_, columns), heads = call.dims(0, 3), call.dims(1, 2), _heads(call)
    sizes = call.attribute("qkv_hidden_sizes") or [columns // 3] * 3
    quantized = call.node.op_type == "QAttention"
    at = 8 if quantized else 4
    past = call.dims(at, 5)[3] if call.given(at) is not None else 0
    core = Core(
        batch=batch,
        heads=heads,
        queries=length,
        keys=length + past,
        key_width=sizes[0] // heads,
        value_width=sizes[2] // heads,
    )
    mask = 5 if quantized else 3
    if call.given(mask) is not None and call.attention != "full":
        call.notes[MASKED] = None
        return core.flop(core.rows * core.queries * core.keys)
    return core.flop(kept(core, call, causal=bool(call.attribute("unidirectional", 0)), past=past))


def _heads(call: Call) -> int:
    heads = int(call.attribute("num_heads", 0))
    if heads < 1:
        raise MisfitError("needs num_heads")
    return heads


def _number(value: Value | None) -> int | None:
    data: Any = value.data if value is not None else None
    return int(data.reshape(-1)[0]) if data is not None and data.size == 1 else None
