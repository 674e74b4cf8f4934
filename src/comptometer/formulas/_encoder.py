"""A plain transformer encoder: every position sees every other one, and nothing is halved.

Per position, with width d, H query heads and G key-value heads of width e, MLP width f and S positions in a sequence:
projections 2d(2He + 2Ge), core 4HeS, MLP 2·2df, or 2·3df where it is gated. The same attention between two sequences
(cross-attention) has its query and output products on the one, those of key and value on the other.

Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from comptometer.formulas._network import DATA, Flow, Network, Norm


@dataclass(frozen=True, slots=True)
class Sequences:
    """So many sequences of equal length: the rows that a product runs over."""

    number: int
    length: int

    @property
    def rows(self) -> int:
        """Positions in all of them."""
        return self.number * self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """What plain encoders differ in.

    Attributes:
        width: d.
        layers: how many.
        heads: query heads.
        head_width: of one head.
        mlp_width: f.
        key_value_heads: as many as query heads unless given.
        gated: has the MLP a gate?
        qkv_bias: have query, key and value products biases?
        key_bias: has that of the key, where the others do?
        output_bias: has the product after the core?
        mlp_bias: have those of the MLP?
        norm: kind of the norms.
        norm_first: is the norm before attention and MLP (pre-norm), or after the sum (post-norm)?
        final_norm: is there one after the last layer?
        layer_scale: is what attention and MLP give scaled by a weight for each channel?
        rotary: do positions turn query and key?
        reach: how far each layer sees to either side; None: everything. Empty: every layer sees everything.
    """

    width: int
    layers: int
    heads: int
    head_width: int
    mlp_width: int
    key_value_heads: int | None = None
    gated: bool = False
    qkv_bias: bool = True
    key_bias: bool = True
    output_bias: bool = True
    mlp_bias: bool = True
    norm: Norm = "scale and bias"
    norm_first: bool = False
    final_norm: bool = False
    layer_scale: bool = False
    rotary: bool = False
    reach: Sequence[int | None] = ()


def encoder_stack(model: Encoder, net: Network, x: Flow, at: Sequences, *, position: Flow = DATA) -> Flow:
    """All layers, and the norm after them.

    Args:
        model: what it is.
        net: what adds up.
        x: what flows in.
        at: the sequences that are encoded.
        position: is a trained term of position added to the scores?
    """
    for reach, times in Counter(model.reach or [None] * model.layers).items():

        def body(x: Flow, reach: int | None = reach) -> Flow:
            pairs = both_ways(net, at.length, reach)
            return residual_block(model, net, at, x, lambda x: attend(model, net, x, at, pairs, position=position))

        x = net.repeat(times, body, x)
    return net.norm("norm", x, at.rows, model.width, model.norm) if model.final_norm else x


def residual_block(
    model: Encoder,
    net: Network,
    at: Sequences,
    x: Flow,
    *attentions: Callable[[Flow], Flow],
    mlp: Callable[[Flow], Flow] | None = None,
) -> Flow:
    """Attention, perhaps a second one over other sequences, and MLP, each with its norm and added to what flows.

    Args:
        model: what it is.
        net: what adds up.
        at: the sequences.
        x: what flows in.
        attentions: in their order.
        mlp: what stands for the plain one.
    """
    parts = [*attentions, mlp or (lambda x: feed_forward(model, net, at.rows, x))]
    for number, part in enumerate(parts, 1):
        x = _added(model, net, at.rows, f"layers.*.norm{number}", x, part)
        if model.layer_scale:
            x = net.weights(f"layers.*.scale{number}", model.width) or x
            net.elementwise(f"layers.*.scale{number}", at.rows * model.width)
    net.elementwise("layers.*.residual", len(parts) * at.rows * model.width)
    return x


def _added(model: Encoder, net: Network, rows: int, norm: str, x: Flow, part: Callable[[Flow], Flow]) -> Flow:
    if model.norm_first:
        return part(net.norm(norm, x, rows, model.width, model.norm)) or x
    return net.norm(norm, part(x) or x, rows, model.width, model.norm)


def attend(
    model: Encoder,
    net: Network,
    x: Flow,
    at: Sequences,
    pairs: int,
    *,
    name: str = "layers.*.attention",
    memory: Flow | None = None,
    over: Sequences | None = None,
    memory_width: int | None = None,
    position: Flow = DATA,
) -> Flow:
    """Attention of sequences to themselves, or to others.

    Args:
        model: what it is.
        net: what adds up.
        x: what flows in.
        at: the sequences.
        pairs: (query, key) pairs of one of them.
        name: of the module.
        memory: what flows in from the others; x itself unless given.
        over: the others.
        memory_width: their width; that of the model unless given.
        position: is a trained term of position added to the scores?
    """
    others, rows = x if memory is None else memory, (over or at).rows
    query, key = model.heads * model.head_width, (model.key_value_heads or model.heads) * model.head_width
    inward = memory_width or model.width
    q = net.linear(f"{name}.q", x, at.rows, model.width, query, bias=model.qkv_bias)
    k = net.linear(f"{name}.k", others, rows, inward, key, bias=model.qkv_bias and model.key_bias)
    v = net.linear(f"{name}.v", others, rows, inward, key, bias=model.qkv_bias)
    if model.rotary:
        net.elementwise(f"{name}.rotary", 3 * (at.rows * query + rows * key))
    y = net.attention(
        f"{name}.core", q, k, v, position,
        heads=model.heads, key_width=model.head_width, pairs=pairs, sequences=at.number,
    )  # fmt: skip
    return net.linear(f"{name}.out", y, at.rows, query, model.width, bias=model.output_bias)


def feed_forward(
    model: Encoder, net: Network, rows: int, x: Flow, *, name: str = "layers.*.mlp", copies: int = 1, chosen: int = 1
) -> Flow:
    """Up and down, with a gate where the model has one; copies are experts."""
    d, width = model.width, model.mlp_width
    gate = model.gated and net.linear(
        f"{name}.gate", x, rows, d, width, bias=model.mlp_bias, copies=copies, chosen=chosen
    )
    up = net.linear(f"{name}.up", x, rows, d, width, bias=model.mlp_bias, copies=copies, chosen=chosen)
    net.elementwise(f"{name}.activation", rows * width * (2 if model.gated else 1))
    return net.linear(f"{name}.down", gate or up, rows, width, d, bias=model.mlp_bias, copies=copies, chosen=chosen)


def both_ways(net: Network, length: int, reach: int | None = None) -> int:
    """(query, key) pairs of a sequence in which a position sees so many others to either side.

    Windows are honoured where attention is counted by its mask (`causal`); nothing is ever halved.
    """
    if reach is None or net.convention.attention != "causal" or reach >= length - 1:
        return net.pairs(length, masked=False)
    return length * (2 * reach + 1) - reach * (reach + 1)
