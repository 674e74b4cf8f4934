"""A decoder-only transformer, described by what its families differ in.

Per token, with width d, H query heads and G key-value heads of width e, MLP width f and K keys per query:
attention projections 2d(2He + 2Ge), core 4HeK, MLP 2·3df where it is gated and 2·2df where not, logits 2dV.

Source: Kaplan et al. 2020, section 2.1; Ainslie et al. 2023 for grouped queries; Shazeer 2020 for gates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from comptometer.contraction import pairs
from comptometer.formulas import MOST_LAYERS, Config, Part, Shape
from comptometer.formulas._blocks import attention_core, linear, look_up, recomputed, weights
from comptometer.ops import Convention

Norm = Literal["none", "scale", "scale and bias"]
NORM_SIZE = {"none": 0, "scale": 1, "scale and bias": 2}


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
        router_bias: has the router?
    """

    number: int
    chosen: int
    width: int
    shared_width: int = 0
    shared_gate: bool = False
    bias: bool = False
    router_bias: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: how far it sees, and whether its MLP is a mixture of experts. None: as far as the mask."""

    window: int | None = None
    chunk: int | None = None
    sparse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """What decoder-only transformers differ in. Widths and numbers as in the configuration."""

    width: int
    layers: Sequence[Layer]
    heads: int
    key_value_heads: int
    head_width: int
    mlp_width: int
    vocabulary: int
    gated: bool = True
    tied: bool = False
    qkv_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    head_bias: bool = False
    norm: Norm = "scale"
    norms_per_layer: int = 2
    final_norm: bool = True
    first_norm: bool = False
    query_norm: int = 0
    key_norm: int = 0
    sinks: bool = False
    positions: int = 0
    embedding_width: int | None = None
    latent: Latent | None = None
    experts: Experts | None = None


def decoder(model: Decoder, shape: Shape, convention: Convention) -> Part:
    """Operations and parameters of a decoder-only transformer on a batch."""
    norm = NORM_SIZE[model.norm] * model.width
    inner = model.embedding_width or model.width
    total = look_up(model.vocabulary, inner) + weights(model.positions * model.width)
    if inner != model.width:
        total = total + linear("embedding.project_in", shape.tokens, inner, model.width)
    if model.first_norm:
        total = total + weights(norm)
    for layer, times in Counter(model.layers).items():
        part = _layer(model, layer, shape, convention) + weights(norm * model.norms_per_layer)
        total = total + recomputed(part, convention.recompute) * times
    if model.final_norm:
        total = total + weights(norm)
    if inner != model.width:
        total = total + linear("embedding.project_out", shape.tokens, model.width, inner)
    head = linear("head", shape.tokens, inner, model.vocabulary, bias=model.head_bias)
    tied = model.vocabulary * inner if model.tied else 0
    return total + Part(terms=head.terms, parameters=head.parameters - tied)


def _layer(model: Decoder, layer: Layer, shape: Shape, convention: Convention) -> Part:
    attention = _latent_attention if model.latent else _attention
    mixed = layer.sparse and model.experts is not None
    return attention(model, layer, shape, convention) + (_experts(model, shape) if mixed else _mlp(model, shape))


def _pairs(layer: Layer, shape: Shape, convention: Convention) -> int:
    return pairs(shape.sequence_length, convention.attention, window=layer.window, chunk=layer.chunk)


def _attention(model: Decoder, layer: Layer, shape: Shape, convention: Convention) -> Part:
    d, tokens = model.width, shape.tokens
    query, key = model.heads * model.head_width, model.key_value_heads * model.head_width
    name = "layers.*.attention"
    return (
        linear(f"{name}.q", tokens, d, query, bias=model.qkv_bias)
        + linear(f"{name}.k", tokens, d, key, bias=model.qkv_bias)
        + linear(f"{name}.v", tokens, d, key, bias=model.qkv_bias)
        + attention_core(
            f"{name}.core",
            shape.batch,
            model.heads,
            model.head_width,
            model.head_width,
            _pairs(layer, shape, convention),
            convention.recompute,
        )
        + linear(f"{name}.out", tokens, query, d, bias=model.output_bias)
        + weights(model.query_norm + model.key_norm + (model.heads if model.sinks else 0))
    )


def _latent_attention(model: Decoder, layer: Layer, shape: Shape, convention: Convention) -> Part:
    """Queries, keys and values through a low rank; the part of a key that carries position is shared by all heads."""
    latent = model.latent
    assert latent is not None
    d, tokens, heads = model.width, shape.tokens, model.heads
    key = latent.content_width + latent.position_width
    name = "layers.*.attention"
    if latent.query_rank is None:
        query = linear(f"{name}.q", tokens, d, heads * key)
    else:
        query = (
            linear(f"{name}.q_down", tokens, d, latent.query_rank, bias=model.qkv_bias)
            + weights(latent.query_rank)
            + linear(f"{name}.q_up", tokens, latent.query_rank, heads * key)
        )
    return (
        query
        + linear(f"{name}.kv_down", tokens, d, latent.key_value_rank + latent.position_width, bias=model.qkv_bias)
        + weights(latent.key_value_rank)
        + linear(f"{name}.kv_up", tokens, latent.key_value_rank, heads * (latent.content_width + latent.value_width))
        + attention_core(
            f"{name}.core",
            shape.batch,
            heads,
            key,
            latent.value_width,
            _pairs(layer, shape, convention),
            convention.recompute,
        )
        + linear(f"{name}.out", tokens, heads * latent.value_width, d, bias=model.qkv_bias)
    )


def _mlp(model: Decoder, shape: Shape) -> Part:
    return _gated("layers.*.mlp", shape.tokens, model, model.mlp_width, bias=model.mlp_bias)


def _gated(name: str, tokens: int, model: Decoder, width: int, *, bias: bool, copies: int = 1) -> Part:
    d = model.width
    up = linear(f"{name}.up", tokens, d, width, bias=bias, copies=copies)
    down = linear(f"{name}.down", tokens, width, d, bias=bias, copies=copies)
    if not model.gated:
        return up + down
    return linear(f"{name}.gate", tokens, d, width, bias=bias, copies=copies) + up + down


def _experts(model: Decoder, shape: Shape) -> Part:
    """Router, the chosen experts, and what every token uses besides.

    All experts' parameters count in the total, those of the chosen ones are active.
    """
    experts = model.experts
    assert experts is not None
    d, tokens = model.width, shape.tokens
    one = _gated("layers.*.experts", 1, model, experts.width, bias=experts.bias)
    run = _gated("layers.*.experts", tokens * experts.chosen, model, experts.width, bias=experts.bias)
    total = linear("layers.*.router", tokens, d, experts.number, bias=experts.router_bias) + Part(
        terms=run.terms, parameters=one.parameters * experts.number, active=one.parameters * experts.chosen
    )
    if experts.shared_width:
        total = total + _gated("layers.*.shared_expert", tokens, model, experts.shared_width, bias=False)
    if experts.shared_gate:
        total = total + linear("layers.*.shared_gate", tokens, d, 1)
    return total


# Reading the fields that families share


def head_width(config: Config, width: int, heads: int) -> int:
    """The stated width of a head; never width over heads where it is stated.

    Raises:
        DataError: not stated, and the width does not divide.
    """
    stated = config.optional("head_dim")
    if stated is not None:
        return stated
    if width % heads:
        raise config.refuse("num_attention_heads", f"a divisor of the hidden size {width}, or a head_dim")
    return width // heads


def layer_count(config: Config, name: str = "num_hidden_layers") -> int:
    """The number of layers."""
    return config.integer(name, most=MOST_LAYERS)


def windows(config: Config, number: int, *, pattern: int | None = None, default: bool = False) -> list[int | None]:
    """How far each layer sees: by `layer_types` where it is given, else every layer but each `pattern`-th slides.

    Args:
        config: asked for `sliding_window` and `layer_types`.
        number: of layers.
        pattern: every so-manieth layer sees everything; None where all layers are alike.
        default: do layers slide where neither says?

    Raises:
        DataError: `layer_types` has another length or an unknown word.
    """
    window = config.optional("sliding_window")
    kinds = config.words("layer_types")
    if kinds is not None:
        if len(kinds) != number:
            raise config.refuse("layer_types", f"one word for each of {number} layers")
        if unknown := set(kinds) - {"full_attention", "sliding_attention"}:
            raise config.refuse("layer_types", f"full_attention or sliding_attention, not {sorted(unknown)}")
        return [window if kind == "sliding_attention" else None for kind in kinds]
    if window is None or not default:
        return [None] * number
    return [None if pattern and (at + 1) % pattern == 0 else window for at in range(number)]
