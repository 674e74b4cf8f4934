"""Recurrences that multiply element by element: RWKV 4, and RecurrentGemma's gated linear recurrent unit.

Their states are vectors, so that no contraction runs along the sequence: all that counts are the products with weights.

Source: Peng et al. 2023, arXiv 2305.13048; De et al. 2024, arXiv 2402.19427.
"""

from __future__ import annotations

from dataclasses import replace

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import Layer, attention, mlp, tokens_of
from comptometer.formulas._decoder_fields import LANGUAGE_HEADS, layer_count
from comptometer.formulas._llama import llama_like
from comptometer.formulas._network import Flow
from comptometer.formulas._state_space import convolved
from comptometer.formulas.hybrid import stack
from comptometer.formulas.ssm import language_head

WKV = 16  # operations on each channel of RWKV's state: two exponentials of differences, sums and their quotient


@formula("rwkv")
def rwkv(config: Config, net: Network) -> None:
    """Time mixing (k, v, r: 3·2d·a, out 2a·d) and channel mixing (2·2d·f + 2d²) in each layer."""
    width, number = config.integer("hidden_size"), layer_count(config)
    inner = config.integer("attention_hidden_size", width)
    wide = config.integer("intermediate_size", 4 * width)
    vocabulary, head = config.integer("vocab_size"), language_head(config)
    tokens = tokens_of(net, config.optional("context_length"))

    def block(x: Flow) -> Flow:
        x = time_mixed(net, net.norm("layers.*.norm1", x, tokens, width, "scale and bias"), width, inner) or x
        net.elementwise("layers.*.residual", 2 * tokens * width)
        return channel_mixed(net, net.norm("layers.*.norm2", x, tokens, width, "scale and bias"), width, wide) or x

    x = net.look_up("embedding", vocabulary, width)
    x = net.norm("embedding.norm", x, tokens, width, "scale and bias")
    x = net.repeat(number, block, x)
    x = net.norm("norm", x, tokens, width, "scale and bias")
    if head in LANGUAGE_HEADS:
        owner = "embedding" if config.flag("tie_word_embeddings", False) else None
        net.linear("head", x, tokens, width, vocabulary, weight_of=owner)


def time_mixed(net: Network, x: Flow, width: int, inner: int) -> Flow:
    """What flows is mixed with that of the token before; each channel then averages its past, ever fainter."""
    tokens, name = net.batch * net.used["sequence_length"], "layers.*.time"
    x = net.weights(f"{name}.mix", 3 * width) or x
    net.elementwise(f"{name}.mix", 3 * 3 * tokens * width)
    products = [net.linear(f"{name}.{part}", x, tokens, width, inner) for part in ("k", "v", "r")]
    decay = net.weights(f"{name}.decay", 2 * inner)
    net.elementwise(f"{name}.state", (WKV + 2) * tokens * inner)
    return net.linear(f"{name}.out", any(products) or decay, tokens, inner, width)


def channel_mixed(net: Network, x: Flow, width: int, wide: int) -> Flow:
    """An MLP with squares of rectified values, behind a gate."""
    tokens, name = net.batch * net.used["sequence_length"], "layers.*.channel"
    x = net.weights(f"{name}.mix", 2 * width) or x
    net.elementwise(f"{name}.mix", 2 * 3 * tokens * width)
    k = net.linear(f"{name}.k", x, tokens, width, wide)
    net.elementwise(f"{name}.activation", 2 * tokens * wide + 2 * tokens * width)
    r = net.linear(f"{name}.r", x, tokens, width, width)
    return net.linear(f"{name}.v", k, tokens, wide, width) or r


@formula("recurrent_gemma")
def recurrent_gemma(config: Config, net: Network) -> None:
    """Two recurrent layers, then one whose attention slides; an MLP in each."""
    number, window = layer_count(config), config.integer("attention_window_size", 2048)
    pattern = config.words("block_types") or ["recurrent", "recurrent", "attention"]
    if unknown := set(pattern) - {"recurrent", "attention"}:
        raise config.refuse("block_types", f"recurrent or attention, not {sorted(unknown)}")
    wide = config.integer("intermediate_size")
    if wide % 2:
        raise config.refuse("intermediate_size", "an even number: each half of it is an MLP's width")
    model = llama_like(config, tied=True, turned=0.5, mlp_width=wide // 2, mlp_bias=True, output_bias=True)
    model = replace(model, head_width=model.width // model.heads)
    inner, kernel = config.integer("lru_width", model.width), config.integer("conv1d_width", 4)
    if inner % model.heads:
        raise config.refuse("lru_width", f"a multiple of {model.heads} heads")
    tokens = tokens_of(net, model.longest)

    def block(kind: str, x: Flow) -> Flow:
        x = net.norm("layers.*.norm1", x, tokens, model.width)
        if kind == "attention":
            x = attention(model, Layer(window=window), net, tokens, x) or x
        else:
            x = gated_unit(net, x, model.width, inner, model.heads, kernel) or x
        x = net.norm("layers.*.norm2", x, tokens, model.width)
        net.elementwise("layers.*.residual", 2 * tokens * model.width)
        return mlp("layers.*.mlp", model, net, tokens, x, model.mlp_width, bias=True) or x

    stack(model, (pattern * (number // len(pattern) + 1))[:number], block, net)


def gated_unit(net: Network, x: Flow, width: int, inner: int, heads: int, kernel: int) -> Flow:
    """Two branches 2·2d·w, one of them convolved and run through the recurrence, whose gates take 2·2w²/H; out 2w·d."""
    tokens, name, block = net.batch * net.used["sequence_length"], "layers.*.recurrence", inner // heads
    y = net.linear(f"{name}.y", x, tokens, width, inner, bias=True)
    u = net.linear(f"{name}.x", x, tokens, width, inner, bias=True)
    u = convolved(net, name, u, inner, kernel, bias=True)
    gates = [
        net.linear(f"{name}.{part}_gate", u, tokens * heads, block, block, bias=True, copies=heads, chosen=heads)
        for part in ("input", "recurrent")
    ]
    decay = net.weights(f"{name}.decay", inner)
    net.elementwise(f"{name}.state", 9 * tokens * inner)
    return net.linear(f"{name}.out", y or u or any(gates) or decay, tokens, inner, width, bias=True)
