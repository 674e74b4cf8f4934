"""Differential attention: what one half of the heads finds less what the other half finds, times a trained number.

Heads are paired: both of a pair weigh the values of both, which the class does by two calls of attention with the same
queries and keys. Per token, with H heads of width e and K keys per query: core 2·4HeK, twice that of LLaMA. A kernel
for values of twice the width would form the scores once: 6HeK.

Source: Ye et al. 2024, arXiv 2410.05258, section 2.1; the class for how it is run.
"""

from __future__ import annotations

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._decoder import Decoder, Layer, embedded, feed_forward, logits, seen, tokens_of
from comptometer.formulas._llama import llama_like

LAMBDAS = 4  # vectors of the width of a head, from which the trained number is formed


@formula("diffllama", notes=("scores of differential attention are counted twice, as its class forms them",))
def diffllama(config: Config, net: Network) -> None:
    """As LLaMA with differential attention."""
    model = llama_like(config, mlp_bias=False)
    if model.key_value_heads % 2:
        raise config.refuse("num_key_value_heads", "an even number: heads are paired")
    tokens, layer = tokens_of(net, model.longest), model.layers[0]

    def block(x: Flow) -> Flow:
        y = net.norm("layers.*.norm1", x, tokens, model.width)
        x = _attention(model, layer, net, tokens, y) or x
        x = net.norm("layers.*.norm2", x, tokens, model.width)
        net.elementwise("layers.*.residual", 2 * tokens * model.width)
        return feed_forward(model, layer, net, tokens, x) or x

    x = net.repeat(len(model.layers), block, embedded(model, net, tokens))
    logits(model, net, tokens, x)


def _attention(model: Decoder, layer: Layer, net: Network, tokens: int, x: Flow) -> Flow:
    d, e, name, bias = model.width, model.head_width, "layers.*.attention", model.qkv_bias
    query, key = model.heads * e, model.key_value_heads * e
    q = net.linear(f"{name}.q", x, tokens, d, query, bias=bias)
    k = net.linear(f"{name}.k", x, tokens, d, key, bias=bias)
    v = net.linear(f"{name}.v", x, tokens, d, key, bias=bias)
    net.elementwise(f"{name}.rotary", 3 * tokens * (query + key))
    y = net.attention(
        f"{name}.core", q, k, v,
        heads=model.heads, key_width=e, pairs=seen(layer, net), sequences=2 * net.batch,
    )  # fmt: skip
    trained = net.weights(f"{name}.lambda", LAMBDAS * e)
    net.elementwise(f"{name}.difference", 3 * tokens * query)
    y = net.norm(f"{name}.norm", y or trained, tokens * model.heads // 2, 2 * e, "root")
    return net.linear(f"{name}.out", y, tokens, query, d, bias=model.output_bias)
