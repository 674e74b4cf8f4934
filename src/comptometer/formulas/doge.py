"""Doge: attention whose values decide which keys are seen, and experts of one hidden unit each.

A narrow product with the values gives each key a number for each of the G key-value heads, which is added to the
scores; each query sees the `keep_window_size` keys with the largest. Per token, with key-value heads of width e: 2Ge·G
more than LLaMA; a causal count has min(t, k) pairs for the t-th query.

The router scores √E rows and √E columns of a grid of E experts, 2d·2√E. An expert is one row in and one row out, so
that k of them take 4dk beside the MLP that all tokens share.

Source: the class; Shi et al. 2024, arXiv 2412.11834, for the attention and the experts.
"""

from __future__ import annotations

from math import isqrt

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._decoder import Decoder, Experts, Layer, embedded, logits, mlp, seen, tokens_of
from comptometer.formulas._decoder_fields import layer_count
from comptometer.formulas._llama import head_norms, llama_like


@formula("doge")
def doge(config: Config, net: Network) -> None:
    """As LLaMA with a norm on each head, and residuals that are scaled by a weight for each channel."""
    kept = config.integer("keep_window_size", 2048)
    near = config.optional("sliding_window")
    layer = Layer(window=kept if near is None else min(kept, near))
    model = head_norms(llama_like(config, layers=[layer] * layer_count(config)))
    routed = _experts(config) if config.flag("is_moe", False) else None
    tokens = tokens_of(net, model.longest)

    def block(x: Flow) -> Flow:
        net.elementwise("layers.*.residual", 4 * tokens * model.width)
        y = _attention(model, layer, net, tokens, net.norm("layers.*.norm1", x, tokens, model.width))
        x = net.weights("layers.*.residual1", model.width) or x or y
        y = net.norm("layers.*.norm2", x, tokens, model.width)
        z = mlp("layers.*.mlp", model, net, tokens, y, model.mlp_width, bias=model.mlp_bias)
        if routed is not None:
            z = _retrieved(model, routed, net, tokens, y) or z
        return net.weights("layers.*.residual2", model.width) or x or z

    x = net.repeat(len(model.layers), block, embedded(model, net, tokens))
    logits(model, net, tokens, x)


def _attention(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    d, e, groups, name, bias = (
        model.width,
        model.head_width,
        model.key_value_heads,
        "layers.*.attention",
        model.qkv_bias,
    )
    q = net.linear(f"{name}.q", x, tokens, d, model.heads * e, bias=bias)
    k = net.linear(f"{name}.k", x, tokens, d, groups * e, bias=bias)
    v = net.linear(f"{name}.v", x, tokens, d, groups * e, bias=bias)
    q = net.norm(f"{name}.q_norm", q, tokens * model.heads, e)
    k = net.norm(f"{name}.k_norm", k, tokens * groups, e)
    net.elementwise(f"{name}.rotary", 3 * tokens * e * (model.heads + groups))
    worth = net.linear(f"{name}.worth", v, tokens, groups * e, groups, bias=bias)
    worth = net.weights(f"{name}.decay", groups) or worth
    net.elementwise(f"{name}.worth", 3 * tokens * groups)
    y = net.attention(f"{name}.core", q, k, v, worth, heads=model.heads, key_width=e, pairs=seen(layer, net))
    return net.linear(f"{name}.out", y, tokens, model.heads * e, d, bias=bias)


def _experts(config: Config) -> Experts:
    """Experts of one hidden unit; those that fill no square grid are never chosen."""
    number = config.integer("num_experts", 16384)
    side = isqrt(number)
    return Experts(number=number, chosen=config.integer("num_experts_per_tok", 64, most=side * side), width=1)


def _retrieved(model: Decoder, mixed: Experts, net: Network, tokens: int, x: Flow) -> Flow:
    number, rows, d = mixed.number, tokens * mixed.chosen, model.width
    routed = net.linear("layers.*.router", x, tokens, d, 2 * isqrt(number))
    y = net.linear("layers.*.experts.in", x, rows, d, 1, copies=number, chosen=mixed.chosen, operation="matmul")
    net.elementwise("layers.*.experts.activation", 2 * rows)
    return net.linear(
        "layers.*.experts.out", y or routed, rows, 1, d, copies=number, chosen=mixed.chosen, operation="matmul"
    )
