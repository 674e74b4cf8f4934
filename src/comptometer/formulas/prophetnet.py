"""ProphetNet: an encoder-decoder that predicts n tokens at once, from as many streams beside the main one.

All 1 + n streams of T positions pass the same products of every decoder layer. Each predicting stream sees the main one
and, in itself, its own position: n·2T² pairs, of which the mask keeps, for the i-th stream from 0, max(t + 1 − i, 1)
main positions and one of its own. What is added to the scores is itself a product with every position, 2d·bH for b
buckets. Logits stand on the predicting streams alone.

Source: Qi et al. 2020, arXiv 2001.04063, section 3.
"""

from __future__ import annotations

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._encoder import Encoder, Sequences, encoder_stack, residual_block
from comptometer.formulas._encoder_decoder import GENERATION, built_for, cross_attend, sides

MOST_STREAMS = 1000


@formula("prophetnet")
def prophetnet(config: Config, net: Network) -> None:
    """Norms after the sums and on both embeddings, learned positions on each side, a shared embedding of words."""
    head = built_for(config, "Model")
    if not config.flag("add_cross_attention", True):
        raise config.refuse("add_cross_attention", "true: a decoder that reads nothing is not known here")
    longest, streams = config.integer("max_position_embeddings", 512), config.integer("ngram", 2, most=MOST_STREAMS)
    encoder, decoder = _side(config, "encoder"), _side(config, "decoder")
    both, d, vocabulary = sides(net, longest, longest=longest), encoder.width, config.integer("vocab_size")
    word = net.look_up("embedding", vocabulary, d)
    with net.within("encoder"):
        x = net.weights("positions", longest * d) or word
        x = net.norm("embedding.norm", x, both.encoder.rows, d, encoder.norm)
        memory = encoder_stack(encoder, net, x, both.encoder)
    predicted = Sequences(net.batch, both.decoder.length * streams)
    every = Sequences(net.batch, both.decoder.length + predicted.length)
    buckets = config.integer("num_buckets", 32)
    with net.within("decoder"):
        x = net.weights("positions", longest * d) or word
        x = net.weights("streams", streams * d) or x
        x = net.norm("embedding.norm", x, every.rows, d, decoder.norm)

        def block(x: Flow) -> Flow:
            return residual_block(
                decoder, net, every, x,
                lambda x: _attend(decoder, net, x, both.decoder.length, streams, buckets),
                lambda x: cross_attend(decoder, net, x, every, memory, both.encoder),
            )  # fmt: skip

        x = net.repeat(decoder.layers, block, x)
    if head == GENERATION[0]:
        owner = "embedding" if config.flag("tie_word_embeddings", True) else None
        net.linear("head", x, predicted.rows, d, vocabulary, weight_of=owner)


def _side(config: Config, name: str) -> Encoder:
    width, heads = config.integer("hidden_size"), config.integer(f"num_{name}_attention_heads")
    if width % heads:
        raise config.refuse(f"num_{name}_attention_heads", f"a divisor of the hidden size {width}")
    return Encoder(
        width=width,
        layers=config.integer(f"num_{name}_layers", most=MOST_LAYERS),
        heads=heads,
        head_width=width // heads,
        mlp_width=config.integer(f"{name}_ffn_dim"),
    )


def _attend(model: Encoder, net: Network, x: Flow, length: int, streams: int, buckets: int) -> Flow:
    """The main stream sees itself, the others see it and their own positions."""
    d, name, rows = model.width, "layers.*.attention", net.batch * length * (1 + streams)
    q, k, v = (net.linear(f"{name}.{part}", x, rows, d, d, bias=True) for part in "qkv")
    position = net.linear(f"{name}.position", x, rows, d, buckets * model.heads, bias=True)
    y = net.attention(
        f"{name}.core", q, k, v, position,
        heads=model.heads, key_width=model.head_width, pairs=net.pairs(length) + _predicting(net, length, streams),
    )  # fmt: skip
    return net.linear(f"{name}.out", y, rows, d, d, bias=True)


def _predicting(net: Network, length: int, streams: int) -> int:
    """(query, key) pairs of the predicting streams."""
    if net.convention.attention != "causal":
        return 2 * streams * net.pairs(length)
    main = sum(net.pairs(max(length - late, 0)) + min(late, length) for late in range(streams))
    return main + streams * length
