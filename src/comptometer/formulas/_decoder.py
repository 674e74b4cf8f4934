"""A decoder-only transformer, described by what its families differ in.

Per token, with width d, H query heads and G key-value heads of width e, MLP width f and K keys per query:
attention projections 2d(2He + 2Ge), core 4HeK, MLP 2·3df where it is gated and 2·2df where not, logits 2dV.

Source: Kaplan et al. 2020, section 2.1; Ainslie et al. 2023 for grouped queries; Shazeer 2020 for gates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from comptometer.errors import UsageError
from comptometer.formulas._decoder_fields import CLASSIFIERS, LANGUAGE_HEADS
from comptometer.formulas._indexer import Indexer, indexer
from comptometer.formulas._network import DATA, Flow, Network, Norm

LONGEST_DEFAULT = 4096  # tokens, where neither the caller nor the configuration says less


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): ranks and widths.

    `query_rank` is None where queries are not compressed.
    """

    query_rank: int | None
    key_value_rank: int
    position_width: int
    content_width: int
    value_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """A mixture of experts in place of the MLP.

    Attributes:
        number: routed experts.
        chosen: that each token uses.
        width: f of one routed expert.
        shared_width: f of what every token uses besides; 0 without.
        shared_gate: is that scaled by a gate of one number per token?
        bias: have the experts' products biases?
        shared_bias: have those of the shared one?
        router_bias: has the router?
        router_weights: parameters of the router that take part in no product.
        idle: experts without products, among which the router also chooses.
    """

    number: int
    chosen: int
    width: int
    shared_width: int = 0
    shared_gate: bool = False
    bias: bool = False
    shared_bias: bool = False
    router_bias: bool = False
    router_weights: int = 0
    idle: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: how far it sees, and whether its MLP is a mixture of experts.

    Attributes:
        window: keys that a query sees; None: as far as the mask.
        chunk: length of the blocks outside which nothing is seen.
        sparse: has it experts?
        masked: does a token see only what came before it?
        rotary: are queries and keys turned by their position?
        indexed: does an indexer choose the keys?
        key_value_heads: where the layer has another number of them.
        sinks: has each head a score that belongs to no key?
    """

    window: int | None = None
    chunk: int | None = None
    sparse: bool = False
    masked: bool = True
    rotary: bool = True
    indexed: bool = False
    key_value_heads: int | None = None
    sinks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Decoder:
    """What decoder-only transformers differ in. Widths and numbers as in the configuration.

    Attributes:
        longest: positions that the model is made for.
        value_width: of a value in one head, where it is not as wide as the key.
        head: what stands on top: a language model's logits unless it says otherwise.
        output_gate: does the query's product also make a gate for what attention puts out?
        labels: that a classifier tells apart.
        parallel: do attention and MLP read the same, side by side?
        norm_after: do attention and MLP read what flows, and not its norm?
        inner_norms: are the inputs of the output product and of the MLP's last product normalised?
        query_norm: width of what is normalised in the query: a head, or the whole; 0 without.
        query_norm_kind: how query and key are normalised.
        rotary_width: of each head's query and key that is turned by position; the whole head unless given.
        activation_weights: parameters of the activation function.
    """

    width: int
    layers: Sequence[Layer]
    heads: int
    key_value_heads: int
    head_width: int
    mlp_width: int
    vocabulary: int
    value_width: int | None = None
    longest: int | None = None
    head: str = ""
    labels: int = 2
    gated: bool = True
    tied: bool = False
    qkv_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    head_bias: bool = False
    norm: Norm = "scale"
    norms_per_layer: int = 2
    parallel: bool = False
    norm_after: bool = False
    inner_norms: bool = False
    final_norm: bool = True
    first_norm: bool = False
    query_norm: int = 0
    key_norm: int = 0
    query_norm_kind: Norm = "scale"
    rotary_width: int | None = None
    activation_weights: int = 0
    sinks: bool = False
    output_gate: bool = False
    positions: int = 0
    embedding_width: int | None = None
    latent: Latent | None = None
    indexer: Indexer | None = None
    experts: Experts | None = None


@lru_cache(maxsize=1024)
def amended(layer: Layer, **changes: Any) -> Layer:
    """The same layer, otherwise in something; most layers of a model are alike, and one answer serves them all."""
    return replace(layer, **changes)


def decoder(model: Decoder, net: Network) -> None:
    """Write down a decoder-only transformer: embedding, layers, head."""
    tokens = tokens_of(net, model.longest)
    x = embedded(model, net, tokens)
    logits(model, net, tokens, layers(model, net, tokens, x))


def layers(model: Decoder, net: Network, tokens: int, x: Flow) -> Flow:
    """All layers; equal ones are written down once."""
    for layer, times in Counter(model.layers).items():
        x = net.repeat(times, lambda x, layer=layer: block(model, layer, net, tokens, x), x)  # type: ignore[misc]
    return x


def tokens_of(net: Network, longest: int | None) -> int:
    """Tokens in the batch; figures per token are divided by them."""
    tokens = net.batch * net.length(min(longest or LONGEST_DEFAULT, LONGEST_DEFAULT), longest=longest)
    net.tokens = tokens
    return tokens


def embedded(model: Decoder, net: Network, tokens: int) -> Flow:
    """The input embedding, and what narrow ones go through."""
    inner = model.embedding_width or model.width
    x = net.look_up("embedding", model.vocabulary, inner)
    if inner != model.width:
        x = net.linear("project_in", x, tokens, inner, model.width)
    if model.positions:
        x = net.weights("positions", model.positions * model.width) or x
    if model.first_norm:
        x = net.norm("embedding.norm", x, tokens, model.width, model.norm)
    return x


def block(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    """One layer: attention and MLP, each with its norm and added to what flows."""
    norms = [f"layers.*.norm{at + 1}" for at in range(model.norms_per_layer)]
    if model.parallel:
        return side_by_side(model, layer, net, tokens, x, norms)
    if not model.norm_after:
        x = net.norm(norms.pop(0), x, tokens, model.width, model.norm)
    x = attend(model, layer, net, tokens, x) or x
    for norm in norms:
        x = net.norm(norm, x, tokens, model.width, model.norm)
    net.elementwise("layers.*.residual", 2 * tokens * model.width)
    return feed_forward(model, layer, net, tokens, x) or x


def side_by_side(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow, norms: list[str]) -> Flow:
    """A layer whose MLP does not wait for its attention; both read one norm, or each its own."""
    read = [net.norm(norm, x, tokens, model.width, model.norm) for norm in norms]
    y = attend(model, layer, net, tokens, read[0])
    net.elementwise("layers.*.residual", 2 * tokens * model.width)
    z = feed_forward(model, layer, net, tokens, read[-1])
    return x or y or z


def attend(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    """The attention of a layer, of whichever kind."""
    if layer.indexed and model.indexer is not None:
        pairs = net.pairs(net.used["sequence_length"], masked=layer.masked)
        indexer(model.indexer, net, model.width, tokens, pairs)
    return (latent_attention if model.latent else attention)(model, layer, net, tokens, x)


def feed_forward(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    """The MLP of a layer, or its experts."""
    if layer.sparse and model.experts is not None:
        return experts(model, model.experts, net, tokens, x)
    return mlp("layers.*.mlp", model, net, tokens, x, model.mlp_width, bias=model.mlp_bias)


def logits(model: Decoder, net: Network, tokens: int, x: Flow) -> Flow:
    """The last norm, and the head: logits over the vocabulary, with weights of its own or those of the embedding."""
    if model.final_norm:
        x = net.norm("norm", x, tokens, model.width, model.norm)
    inner = model.embedding_width or model.width
    if inner != model.width:
        x = net.linear("project_out", x, tokens, model.width, inner)
    if model.head in CLASSIFIERS:
        return net.linear("head", x, tokens, inner, model.labels, bias=model.head == "ForTokenClassification")
    if model.head not in LANGUAGE_HEADS:
        return x
    if model.head == "DoubleHeadsModel":
        net.linear("choice", x, net.batch, inner, 1, bias=True)
    owner = "embedding" if model.tied else None
    return net.linear("head", x, tokens, inner, model.vocabulary, bias=model.head_bias, weight_of=owner)


def attention(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    """Grouped-query attention with rotary or learned positions."""
    d, name, kind = model.width, "layers.*.attention", model.query_norm_kind
    groups, value_width = layer.key_value_heads or model.key_value_heads, model.value_width or model.head_width
    query, key = model.heads * model.head_width, groups * model.head_width
    q = net.linear(f"{name}.q", x, tokens, d, query * (1 + model.output_gate), bias=model.qkv_bias)
    k = net.linear(f"{name}.k", x, tokens, d, key, bias=model.qkv_bias)
    v = net.linear(f"{name}.v", x, tokens, d, groups * value_width, bias=model.qkv_bias)
    if model.query_norm:
        q = net.norm(f"{name}.q_norm", q, tokens * query // model.query_norm, model.query_norm, kind)
    if model.key_norm:
        k = net.norm(f"{name}.k_norm", k, tokens * key // model.key_norm, model.key_norm, kind)
    if model.sinks or layer.sinks:
        net.weights(f"{name}.sinks", model.heads)
    if layer.rotary and not model.positions:
        turned = model.head_width if model.rotary_width is None else model.rotary_width
        net.elementwise(f"{name}.rotary", 3 * tokens * turned * (model.heads + groups))
    y = net.attention(
        f"{name}.core", q, k, v,
        heads=model.heads, key_width=model.head_width, value_width=value_width, pairs=seen(layer, net),
    )  # fmt: skip
    if model.inner_norms:
        y = net.norm(f"{name}.inner_norm", y, tokens, model.heads * value_width)
    return net.linear(f"{name}.out", y, tokens, model.heads * value_width, d, bias=model.output_bias)


def seen(layer: Layer, net: Network) -> int:
    """(query, key) pairs of one sequence in that layer."""
    return net.pairs(net.used["sequence_length"], window=layer.window, chunk=layer.chunk, masked=layer.masked)


def latent_attention(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    """Queries, keys and values through a low rank; the part of a key that carries position is shared by all heads."""
    assert model.latent is not None
    latent, d, heads, name = model.latent, model.width, model.heads, "layers.*.attention"
    key = latent.content_width + latent.position_width
    q = latent_query(model, net, tokens, x)
    low = net.linear(
        f"{name}.kv_down", x, tokens, d, latent.key_value_rank + latent.position_width, bias=model.qkv_bias
    )
    kv = net.norm(f"{name}.kv_norm", low, tokens, latent.key_value_rank)
    kv = net.linear(
        f"{name}.kv_up", kv, tokens, latent.key_value_rank, heads * (latent.content_width + latent.value_width)
    )
    if layer.rotary:
        net.elementwise(f"{name}.rotary", 3 * tokens * latent.position_width * (heads + 1))
    y = net.attention(
        f"{name}.core", q, low or kv, kv,
        heads=heads, key_width=key, value_width=latent.value_width, pairs=seen(layer, net),
    )  # fmt: skip
    return net.linear(f"{name}.out", y, tokens, heads * latent.value_width, d, bias=model.qkv_bias)


def latent_query(model: Decoder, net: Network, tokens: int, x: Flow) -> Flow:
    """Queries, through a low rank where there is one."""
    assert model.latent is not None
    latent, name = model.latent, "layers.*.attention"
    width = model.heads * (latent.content_width + latent.position_width)
    if latent.query_rank is None:
        return net.linear(f"{name}.q", x, tokens, model.width, width)
    q = net.linear(f"{name}.q_down", x, tokens, model.width, latent.query_rank, bias=model.qkv_bias)
    q = net.norm(f"{name}.q_norm", q, tokens, latent.query_rank)
    return net.linear(f"{name}.q_up", q, tokens, latent.query_rank, width)


def mlp(
    name: str,
    model: Decoder,
    net: Network,
    rows: int,
    x: Flow,
    width: int,
    *,
    bias: bool = False,
    copies: int = 1,
    chosen: int = 1,
) -> Flow:
    """Up and down, with a gate where the family has one."""
    d = model.width
    gate = model.gated and net.linear(f"{name}.gate", x, rows, d, width, bias=bias, copies=copies, chosen=chosen)
    up = net.linear(f"{name}.up", x, rows, d, width, bias=bias, copies=copies, chosen=chosen)
    net.elementwise(f"{name}.activation", rows * width * (2 if model.gated else 1))
    if model.activation_weights:
        net.weights(f"{name}.activation", model.activation_weights)
    y = gate or up
    if model.inner_norms:
        y = net.norm(f"{name}.inner_norm", y, rows, width)
    return net.linear(f"{name}.down", y, rows, width, d, bias=bias, copies=copies, chosen=chosen)


def experts(model: Decoder, mixed: Experts, net: Network, tokens: int, x: Flow) -> Flow:
    """Router, the chosen experts, and what every token uses besides.

    All experts' parameters count in the total, those of the chosen ones are active.
    """
    if mixed.chosen > mixed.number:
        raise UsageError(f"{mixed.chosen} experts per token of {mixed.number}")
    rows = tokens * mixed.chosen
    routed = net.linear("layers.*.router", x, tokens, model.width, mixed.number + mixed.idle, bias=mixed.router_bias)
    if mixed.router_weights:
        net.weights("layers.*.router.balance", mixed.router_weights)
    y = mlp(
        "layers.*.experts", model, net, rows, x, mixed.width,
        bias=mixed.bias, copies=mixed.number, chosen=mixed.chosen,
    )  # fmt: skip
    net.elementwise("layers.*.experts.mix", 2 * rows * model.width)
    if mixed.shared_width:
        y = mlp("layers.*.shared_expert", model, net, tokens, x, mixed.shared_width, bias=mixed.shared_bias) or y
    if mixed.shared_gate:
        y = net.linear("layers.*.shared_gate", x, tokens, model.width, 1) or y
    return y or routed


__all__ = [
    "DATA", "Decoder", "Experts", "Indexer", "Latent", "Layer", "amended", "attend", "attention", "block", "decoder",
    "embedded", "experts", "feed_forward", "latent_attention", "latent_query", "layers", "logits", "mlp", "seen",
    "tokens_of",
]  # fmt: skip
