"""Models that compare images with texts: CLIP, Chinese CLIP, SigLIP, SigLIP 2.

Both towers run at their own lengths, one image and one text for each example; each gives one vector, of width e. Every
image of the batch is compared with every text: 2e FLOP for each of B² pairs, so this part is not linear in the batch.
"""

from __future__ import annotations

from dataclasses import replace

from comptometer.errors import UsageError
from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._encoder import Sequences, attend, encoder_stack, residual_block
from comptometer.formulas._encoder_heads import dense, embedded, framed, plain, sequences
from comptometer.formulas._vision_tower import (
    CLIP_DEFAULTS,
    SIGLIP_DEFAULTS,
    Seen,
    Tower,
    clip_tower,
    encoder_of,
    image_of,
    patch_grid,
    pooled,
    seen,
    siglip_tower,
)

CLIP_TEXT = {
    "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8,
    "vocab_size": 49408, "max_position_embeddings": 77,
}  # fmt: skip
SIGLIP_TEXT = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "vocab_size": 32000, "max_position_embeddings": 64,
}  # fmt: skip
BERT_TEXT = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2,
}  # fmt: skip


def encoded_text(config: Config, net: Network, *, masked: bool) -> Flow:
    """Texts through a plain encoder with learned positions; one of the positions sums the text up.

    Raises:
        UsageError: a text longer than the table of positions.
    """
    encoder = encoder_of(config, config.integer("intermediate_size"))
    longest, d = config.integer("max_position_embeddings"), encoder.width
    length = net.length(longest)
    if length > longest:
        raise UsageError(f"sequence_length: this text tower has {longest} positions, not {length}; give fewer tokens")
    at = Sequences(net.batch, length)
    x = net.look_up("embedding", config.integer("vocab_size"), d)
    x = net.weights("positions", longest * d) or x
    pairs = net.pairs(length, masked=masked)
    x = net.repeat(
        encoder.layers,
        lambda x: residual_block(encoder, net, at, x, lambda x: attend(encoder, net, x, at, pairs)),
        x,
    )
    return net.norm("norm", x, at.rows, d, encoder.norm)


def bert(config: Config, net: Network, *, pooler: bool = False) -> Flow:
    """Texts through a BERT; a product on the first token, where there is one, is run and not used."""
    at = sequences(config, net)
    frame = framed(
        config, positions=config.integer("max_position_embeddings"), types=config.integer("type_vocab_size", least=0)
    )
    x = encoder_stack(plain(config), net, embedded(frame, net, at), at)
    if pooler:
        with net.unused():
            dense(frame, net, "pooler", at.number, x)
    return x


def pairs_compared(net: Network, image: Flow, text: Flow, width: int) -> None:
    """Every image with every text."""
    net.product("logits", "matmul", 2 * width * net.batch**2, image, text)
    net.elementwise("logits", 2 * net.batch**2)


def _images(tower: Tower, net: Network) -> Seen:
    return seen(tower, net, patch_grid(image_of(net, tower), tower.patch), net.batch)


def _class(config: Config, *known: str) -> str:
    head = config.head("Model")
    if head not in known:
        raise config.refuse("architectures", f"a class that ends in {' or '.join(known)}")
    return head


@formula("clip")
def clip(config: Config, net: Network) -> None:
    """A product without bias takes each vector to a common width.

    Source: Radford et al. 2021, arXiv 2103.00020, figure 3.
    """
    vision = config.child("vision_config", CLIP_DEFAULTS)
    tower = clip_tower(vision)
    if _class(config, "Model", "ForImageClassification") == "ForImageClassification":
        _classified(config, net, tower)
        return
    text, width = config.child("text_config", CLIP_TEXT), config.integer("projection_dim", 512)
    with net.within("vision"):
        image = pooled(tower, net, _images(tower, net))
    image = net.linear("vision_projection", image, net.batch, tower.encoder.width, width)
    with net.within("text"):
        words = encoded_text(text, net, masked=True)
    words = net.linear("text_projection", words, net.batch, text.integer("hidden_size"), width)
    net.weights("scale", 1)
    pairs_compared(net, image, words, width)


@formula("chinese_clip")
def chinese_clip(config: Config, net: Network) -> None:
    """As CLIP with a BERT for the text, whose first token sums it up.

    Source: Yang et al. 2022, arXiv 2211.01335, section 2.
    """
    _class(config, "Model")
    tower = clip_tower(config.child("vision_config", CLIP_DEFAULTS))
    text, width = config.child("text_config", BERT_TEXT), config.integer("projection_dim", 512)
    with net.within("vision"):
        image = pooled(tower, net, _images(tower, net))
    image = net.linear("vision_projection", image, net.batch, tower.encoder.width, width)
    with net.within("text"):
        words = bert(text, net)
    words = net.linear("text_projection", words, net.batch, text.integer("hidden_size"), width)
    net.weights("scale", 1)
    pairs_compared(net, image, words, width)


@formula("siglip")
def siglip(config: Config, net: Network) -> None:
    """A trained query sums the image up, the last position the text, through a product with bias.

    Source: Zhai et al. 2023, arXiv 2303.15343, section 3.
    """
    _siglip(config, net, siglip_tower(config.child("vision_config", SIGLIP_DEFAULTS)))


@formula(
    "siglip2",
    notes=("an image is given as patches; preprocessing resizes it and fills up to the largest number of patches",),
)
def siglip2(config: Config, net: Network) -> None:
    """As SigLIP with images of any shape, given as patches: Tschannen et al. 2025, arXiv 2502.14786, section 2.4."""
    fields = {key: value for key, value in SIGLIP_DEFAULTS.items() if key != "image_size"}
    vision = config.child("vision_config", fields)
    most, patch = vision.integer("num_patches", 256), vision.extents("patch_size")
    side = int(most**0.5)
    square = vision.replaced(image_size=[side * patch[0], side * patch[1]])
    _siglip(config, net, replace(siglip_tower(square), unfolded=True, positions=most))


def _siglip(config: Config, net: Network, tower: Tower) -> None:
    if _class(config, "Model", "ForImageClassification") == "ForImageClassification":
        _classified(config, net, tower)
        return
    text, width = config.child("text_config", SIGLIP_TEXT), tower.encoder.width
    with net.within("vision"):
        image = pooled(tower, net, _images(tower, net))
    with net.within("text"):
        words = encoded_text(text, net, masked=False)
        inward = text.integer("hidden_size")
        out = text.integer("projection_size", inward)
        words = net.linear("projection", words, net.batch, inward, out, bias=True)
    if out != width:
        raise text.refuse("projection_size", f"{width}, the width of the image tower")
    net.weights("scale", 2)
    pairs_compared(net, image, words, width)


def _classified(config: Config, net: Network, tower: Tower) -> None:
    """The image tower with a classifier on the mean of its patches."""
    with net.within("vision"):
        found = _images(tower, net)
        with net.unused():
            pooled(tower, net, found)
    if labels := config.labels():
        net.linear("head", found.x, net.batch, tower.encoder.width, labels, bias=True)
