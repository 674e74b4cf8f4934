"""BLIP-2: a Q-Former between an image tower and a language model.

N trained queries of width q pass layers of self-attention, every second one with cross-attention to the S positions of
the image, of width d (8q²N + 4qN² and 4q²N + 4dqS + 4qNS), and an MLP; they are projected to the width t of the text,
2qt each, and take the place of N of its embeddings.

Source: Li et al. 2023, arXiv 2301.12597, section 3.
"""

from __future__ import annotations

from collections import Counter

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, attend, both_ways, feed_forward, residual_block
from comptometer.formulas._encoder_decoder import cross_attend
from comptometer.formulas._encoder_heads import plain
from comptometer.formulas._text_tower import read, text_of
from comptometer.formulas._vision_tower import Seen, Size, Tower, encoder_of, patch_grid, seen

VISION = {
    "hidden_size": 1408, "intermediate_size": 6144, "num_hidden_layers": 39, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 14,
}  # fmt: skip
QUERIES = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
}  # fmt: skip
OPT = {
    "vocab_size": 50272, "hidden_size": 768, "num_hidden_layers": 12, "ffn_dim": 3072, "num_attention_heads": 12,
    "max_position_embeddings": 2048,
}  # fmt: skip
T5 = {"vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_heads": 8}
TEXTS = {"opt": (OPT, "hidden_size"), "t5": (T5, "d_model")}


@formula("blip-2")
def blip(config: Config, net: Network) -> None:
    """The image at one size; the text tower is OPT, or T5, whose encoder reads the queries."""
    if config.head("ForConditionalGeneration") != "ForConditionalGeneration":
        raise config.refuse("architectures", "a class that ends in ForConditionalGeneration")
    kind = config.child("text_config").word("model_type", "opt")
    if kind not in TEXTS:
        raise config.refuse("text_config", f"a model_type of {' or '.join(TEXTS)}")
    own, width = TEXTS[kind]
    text = text_of(config, kind, own=own)
    tower, queries = _tower(config.child("vision_config", VISION)), config.integer("num_query_tokens", 32)
    asked = config.child("qformer_config", QUERIES)

    def see(size: Size) -> tuple[Flow, int]:
        with net.within("vision"):
            found = seen(tower, net, patch_grid(size, tower.patch), net.batch)
        with net.within("queries"):
            x, inward = _asked(asked, net, found, tower.encoder.width, queries)
        with net.within("projector"):
            return net.linear("linear", x, net.batch * queries, inward, text.integer(width), bias=True), queries

    untied = config.replaced(tie_word_embeddings=None)  # only what the text tower says is looked at
    read(untied, net, text, see, model_type=kind, made_for=tower.image or (224, 224), tied=True)


def _tower(config: Config) -> Tower:
    """A class token and learned positions; a norm on every position after the last layer."""
    image, patch = config.extents("image_size"), config.extents("patch_size")
    rows, columns = patch_grid(image, patch)
    return Tower(
        encoder=encoder_of(config, config.integer("intermediate_size"), qkv_bias=config.flag("qkv_bias", True)),
        image=image,
        patch=patch,
        positions=rows * columns + 1,
    )


def _asked(config: Config, net: Network, found: Seen, memory_width: int, number: int) -> tuple[Flow, int]:
    """What the queries find in images, and its width."""
    model, at = plain(config), Sequences(net.batch, number)
    x = net.weights("tokens", number * model.width)
    x = net.norm("embedding.norm", x, at.rows, model.width, model.norm)
    every, words = config.integer("cross_attention_frequency", 2), config.flag("use_qformer_text_input", False)
    crosses = [layer % every == 0 for layer in range(model.layers)]
    for crossed, times in Counter(crosses).items():
        x = net.repeat(times, lambda x, c=crossed: _layer(model, net, x, at, found, memory_width, c, words), x)  # type: ignore[misc]
    return x, model.width


def _layer(
    model: Encoder, net: Network, x: Flow, at: Sequences, found: Seen, memory_width: int, crossed: bool, words: bool
) -> Flow:
    """Attention among the queries, perhaps to the image, and an MLP; one for words beside it, which sees none."""

    def own(x: Flow) -> Flow:
        return attend(model, net, x, at, both_ways(net, at.length))

    def cross(x: Flow) -> Flow:
        return cross_attend(model, net, x, at, found.x, found.at, memory_width=memory_width)

    if words:
        with net.parameters_only(), net.within("words"):
            net.norm("layers.*.norm", feed_forward(model, net, 0, x), 0, model.width, model.norm)
    return residual_block(model, net, at, x, own, *([cross] if crossed else []))
