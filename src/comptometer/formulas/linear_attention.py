"""Linear attention without a delta rule: MiniMax's lightning attention between softmax layers, and xLSTM.

What a head remembers is a matrix e_k × e_v. Per token and head, plain linear attention multiplies 4·e_k·e_v: it adds
the outer product of key and value and reads out with the query. An mLSTM reads out a normaliser too, 2·e_k.

Source: Katharopoulos et al. 2020, arXiv 2006.16236; MiniMax 2025, arXiv 2501.08313; Beck et al. 2025, arXiv 2503.13427.
"""

from __future__ import annotations

from dataclasses import replace

from comptometer.contraction import matmul
from comptometer.formulas import Config, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._decoder import Decoder, Experts, Layer, feed_forward, tokens_of
from comptometer.formulas._decoder_fields import layer_count
from comptometer.formulas._llama import llama_like
from comptometer.formulas._network import Flow
from comptometer.formulas.hybrid import ATTENTION, STATE, hybrid, kinds_of, stack
from comptometer.formulas.ssm import language_head


@formula("minimax")
def minimax(config: Config, net: Network) -> None:
    """Lightning attention, whose decay is fixed, and softmax attention in turn; experts in every layer."""
    number, count = layer_count(config), config.integer("num_local_experts")
    if config.get("layer_types") is None:
        kinds = [STATE if at % 2 else ATTENTION for at in range(number)]
    else:
        kinds = kinds_of(config, number)
    routed = Experts(
        number=count,
        chosen=config.integer("num_experts_per_tok", most=count),
        width=config.integer("intermediate_size"),
    )
    window = config.optional("sliding_window")
    model = llama_like(config, layers=[Layer(window=window, sparse=True)] * number, experts=routed)
    model = replace(model, qkv_bias=False, output_bias=False, mlp_bias=False)
    heads, width = model.heads, model.head_width

    def mixer(x: Flow) -> Flow:
        return lightning(net, "layers.*.mixer", x, model.width, heads, width)

    hybrid(model, kinds, mixer, net)


def lightning(net: Network, name: str, x: Flow, width: int, heads: int, head_width: int) -> Flow:
    """Linear attention with a fixed decay for each head: in 3·2d·He, state 4·H·e², gate 2d·He, out 2He·d."""
    tokens, inner = net.batch * net.used["sequence_length"], heads * head_width
    u = net.linear(f"{name}.in", x, tokens, width, 3 * inner)
    y = net.product(f"{name}.state", "state", 2 * matmul(tokens * heads, head_width, head_width), u, u)
    net.elementwise(f"{name}.state", tokens * inner * head_width)
    y = net.norm(f"{name}.norm", y, tokens, inner)
    gate = net.linear(f"{name}.gate", x, tokens, width, inner)
    net.elementwise(f"{name}.gate", 5 * tokens * inner)
    return net.linear(f"{name}.out", y or gate, tokens, inner, width)


@formula("xlstm")
def xlstm(config: Config, net: Network) -> None:
    """An mLSTM and a gated MLP in each layer."""
    width = config.first_integer("hidden_size", "embedding_dim")
    number = config.first_integer("num_hidden_layers", "num_blocks", most=MOST_LAYERS)
    bias, unit = config.flag("use_bias", False), config.integer("ffn_round_up_to_multiple_of", 64)
    if config.flag("tie_word_embeddings", False):
        raise config.refuse("tie_word_embeddings", "false: this family's head has weights of its own")
    model = Decoder(
        width=width,
        layers=[Layer()] * number,
        heads=config.integer("num_heads"),
        key_value_heads=config.integer("num_heads"),
        head_width=1,
        mlp_width=int((width * config.number("ffn_proj_factor", 2.667) + unit - 1) // unit * unit),
        vocabulary=config.integer("vocab_size"),
        head=language_head(config),
        mlp_bias=bias,
    )
    keys = int(width * config.number("qk_dim_factor", 0.5))
    values = int(width * config.number("v_dim_factor", 1.0))
    if keys % model.heads or values % model.heads:
        raise config.refuse("num_heads", f"a divisor of {keys} and {values}, the widths of all keys and values")
    tokens = tokens_of(net, model.longest)

    def block(layer: Layer, x: Flow) -> Flow:
        x = net.norm("layers.*.norm1", x, tokens, width, "scale and bias" if bias else "scale")
        x = mlstm(net, "layers.*.mixer", x, width, model.heads, keys, values, bias=bias) or x
        x = net.norm("layers.*.norm2", x, tokens, width, "scale and bias" if bias else "scale")
        net.elementwise("layers.*.residual", 2 * tokens * width)
        return feed_forward(model, layer, net, tokens, x) or x

    stack(model, model.layers, block, net)


def mlstm(net: Network, name: str, x: Flow, width: int, heads: int, keys: int, values: int, *, bias: bool) -> Flow:
    """q, k 2·2d·K, v and output gate 2·2d·V, two gates 2·2d·H, state 4·K·V/H + 2K, out 2V·d."""
    tokens = net.batch * net.used["sequence_length"]
    u = net.linear(f"{name}.in", x, tokens, width, 2 * keys + values, bias=bias)
    gates = net.linear(f"{name}.gates", x, tokens, width, 2 * heads, bias=True)
    out_gate = net.linear(f"{name}.out_gate", x, tokens, width, values, bias=bias)
    each = matmul(tokens, keys, values // heads)
    y = net.product(f"{name}.state", "state", each, u, u)
    y = net.product(f"{name}.state", "state", each + matmul(tokens, keys, 1), y or gates, u)
    net.elementwise(f"{name}.state", 2 * tokens * keys * values // heads)
    y = net.norm(f"{name}.norm", y, tokens * heads, values // heads, "none")
    scale = net.weights(f"{name}.norm", values * (2 if bias else 1))
    net.elementwise(f"{name}.out_gate", 2 * tokens * values)
    return net.linear(f"{name}.out", y or scale or out_gate, tokens, values, width, bias=bias)
