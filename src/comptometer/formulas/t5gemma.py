"""T5Gemma: Gemma 2 as an encoder-decoder, each side with a configuration of its own."""

from __future__ import annotations

from collections import Counter

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._decoder_fields import head_width, layer_count, layer_types
from comptometer.formulas._encoder import Encoder, Sequences, attend, encoder_stack, residual_block
from comptometer.formulas._encoder_decoder import built_for, cross_attend, sides

DEFAULTS = {  # of a side, whose published configuration may leave fields out
    "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
    "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 256000, "max_position_embeddings": 8192,
    "sliding_window": 4096,
}  # fmt: skip


def _side(config: Config) -> Encoder:
    heads, bias = config.integer("num_attention_heads"), config.flag("attention_bias", False)
    key_value_heads, layers = config.integer("num_key_value_heads", heads), layer_count(config)
    if heads % key_value_heads:
        raise config.refuse("num_key_value_heads", f"a divisor of {heads} heads")
    kinds = layer_types(config, layers, "full_attention", "sliding_attention")
    kinds = kinds or [("full_attention", "sliding_attention")[at % 2 == 0] for at in range(layers)]
    window = config.optional("sliding_window")
    return Encoder(
        width=config.integer("hidden_size"),
        layers=layers,
        heads=heads,
        key_value_heads=key_value_heads,
        head_width=head_width(config, config.integer("hidden_size"), heads),
        mlp_width=config.integer("intermediate_size"),
        gated=True,
        qkv_bias=bias,
        output_bias=bias,
        mlp_bias=False,
        norm="scale",
        norm_first=True,
        sandwich=True,
        final_norm=True,
        rotary=True,
        reach=[window if kind == "sliding_attention" else None for kind in kinds],
    )


@formula("t5gemma")
def t5gemma(config: Config, net: Network) -> None:
    """Norms before and after each part; every second layer slides; embeddings of their own on both sides.

    Source: Zhang et al. 2025, arXiv 2504.06225.
    """
    head = built_for(config, "Model")
    reader, writer = config.child("encoder", DEFAULTS), config.child("decoder", DEFAULTS)
    encoder, decoder = _side(reader), _side(writer)
    longest = max(side.integer("max_position_embeddings") for side in (reader, writer))
    at, vocabulary = sides(net, min(longest, 4096), longest=longest), writer.integer("vocab_size")
    with net.within("encoder"):
        x = net.look_up("embedding", reader.integer("vocab_size"), encoder.width)
        memory = encoder_stack(encoder, net, x, at.encoder)
    with net.within("decoder"):
        x = net.look_up("embedding", vocabulary, decoder.width)
        x = _decoded(decoder, net, x, at.decoder, memory, at.encoder, encoder.width)
    if head == "ForConditionalGeneration":
        owner = "decoder.embedding" if config.flag("tie_word_embeddings", True) else None
        net.linear("head", x, at.decoder.rows, decoder.width, vocabulary, weight_of=owner)


def _decoded(model: Encoder, net: Network, x: Flow, at: Sequences, memory: Flow, over: Sequences, width: int) -> Flow:
    for window, times in Counter(model.reach).items():

        def body(x: Flow, window: int | None = window) -> Flow:
            return residual_block(
                model, net, at, x,
                lambda x: attend(model, net, x, at, net.pairs(at.length, window=window)),
                lambda x: cross_attend(model, net, x, at, memory, over, memory_width=width),
            )  # fmt: skip

        x = net.repeat(times, body, x)
    return net.norm("norm", x, at.rows, model.width, model.norm)
