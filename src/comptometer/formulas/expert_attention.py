"""A mixture of experts also in the attention: JetMoE.

An expert of the attention is a query product and the output product that belongs to it; all share keys and values. A
token that uses k of E experts has k times as many query heads as there are key-value heads G. Per token, with head
width e: router 2dE, queries and outputs k·4dGe, keys and values 4dGe, core 4kGeK; the MLP is a mixture likewise.

Source: JetMoE, arXiv 2404.07413, section 2.
"""

from __future__ import annotations

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._decoder import Decoder, Experts, Layer, embedded, experts, logits, seen, tokens_of
from comptometer.formulas._decoder_fields import checked_head, label_count, layer_count


@formula("jetmoe")
def jetmoe(config: Config, net: Network) -> None:
    """As Mixtral with experts in the attention; each mixture adds a bias to what comes out of it."""
    number, width = config.integer("num_local_experts"), config.integer("hidden_size")
    chosen, groups = config.integer("num_experts_per_tok", most=number), config.integer("num_key_value_heads")
    mixed = Experts(number=number, chosen=chosen, width=config.integer("intermediate_size"), router_weights=width)
    model = Decoder(
        width=width,
        layers=[Layer(sparse=True)] * layer_count(config),
        heads=groups * chosen,
        key_value_heads=groups,
        head_width=config.first_integer("kv_channels", "head_dim", default=128),
        mlp_width=mixed.width,
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("max_position_embeddings"),
        head=checked_head(config),
        labels=label_count(config),
        tied=config.flag("tie_word_embeddings", True),
        experts=mixed,
    )
    tokens = tokens_of(net, model.longest)
    x = embedded(model, net, tokens)
    x = net.repeat(len(model.layers), lambda x: _layer(model, mixed, net, tokens, x), x)
    logits(model, net, tokens, x)


def _layer(model: Decoder, mixed: Experts, net: Network, tokens: int, x: Flow) -> Flow:
    h = net.norm("layers.*.norm1", x, tokens, model.width)
    x = mixed_attention(model, mixed, net, tokens, h) or x
    h = net.norm("layers.*.norm2", x, tokens, model.width)
    net.elementwise("layers.*.residual", 2 * tokens * model.width)
    return experts(model, mixed, net, tokens, h) or x


def mixed_attention(model: Decoder, mixed: Experts, net: Network, tokens: int, x: Flow) -> Flow:
    """Attention whose query and output products are experts."""
    d, key, name = model.width, model.key_value_heads * model.head_width, "layers.*.attention"
    rows, number, chosen = tokens * mixed.chosen, mixed.number, mixed.chosen
    routed = net.linear(f"{name}.router", x, tokens, d, number)
    q = net.linear(f"{name}.q", x, rows, d, key, copies=number, chosen=chosen)
    k = net.linear(f"{name}.k", x, tokens, d, key)
    v = net.linear(f"{name}.v", x, tokens, d, key)
    net.elementwise(f"{name}.rotary", 3 * tokens * model.head_width * (model.heads + model.key_value_heads))
    y = net.attention(
        f"{name}.core", q, k, v, heads=model.heads, key_width=model.head_width, pairs=seen(model.layers[0], net)
    )
    y = net.linear(f"{name}.out", y, rows, key, d, copies=number, chosen=chosen)
    net.elementwise(f"{name}.mix", 2 * rows * d)
    return net.weights(f"{name}.bias", d) or y or routed
