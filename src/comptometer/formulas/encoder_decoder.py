"""BART and its relatives: encoder-decoders with plain layers, which differ in where norms and positions are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._encoder import Sequences, encoder_stack
from comptometer.formulas._encoder_decoder import built_for, classified, decoder_stack, side, sides
from comptometer.formulas._encoder_heads import labels

CLASSIFIERS = ("Model", "ForSequenceClassification", "ForQuestionAnswering")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the relatives differ in.

    Attributes:
        norm_first: are the norms before attention and MLP, and after the last layer?
        embedding_norm: are embeddings normed?
        positions: `learned` ones, a `fixed` table among the parameters, or `computed` without one.
        offset: rows of the table of positions that no token uses.
    """

    norm_first: bool
    embedding_norm: bool
    positions: Literal["learned", "fixed", "computed"]
    offset: int = 0


def positioned(style: Style, config: Config, net: Network, width: int, at: Sequences, x: Flow) -> Flow:
    """Positions added to what was looked up, and the norm of the sum."""
    size = (config.integer("max_position_embeddings") + style.offset) * width
    if style.positions == "learned":
        x = net.weights("positions", size) or x
    elif style.positions == "fixed":
        net.fixed("positions", size)
    return net.norm("embedding.norm", x, at.rows, width, "scale and bias") if style.embedding_norm else x


def written(style: Style, config: Config, net: Network) -> None:
    """Embedding, both stacks, and the head."""
    if not config.flag("tie_word_embeddings", True):
        raise config.refuse("tie_word_embeddings", "true: apart, the class has weights that nothing uses")
    head = built_for(config, *CLASSIFIERS)
    longest = config.integer("max_position_embeddings")
    at = sides(net, min(longest, 4096), longest=longest)
    models = [
        side(config, name, norm_first=style.norm_first, final_norm=style.norm_first) for name in ("encoder", "decoder")
    ]
    width, vocabulary = models[0].width, config.integer("vocab_size")
    word, other, owner = _embeddings(config, net, vocabulary, width)
    with net.within("encoder"):
        memory = encoder_stack(models[0], net, positioned(style, config, net, width, at.encoder, word), at.encoder)
    with net.within("decoder"):
        x = positioned(style, config, net, width, at.decoder, other)
        x = decoder_stack(models[1], net, x, at.decoder, memory, at.encoder)
    _headed(head, config, net, at.decoder, x, width, owner)


def _embeddings(config: Config, net: Network, vocabulary: int, width: int) -> tuple[Flow, Flow, str]:
    """Embeddings of both sides, one unless the configuration parts them, and the one that the logits share."""
    word = net.look_up("embedding", vocabulary, width)
    if config.flag("share_encoder_decoder_embeddings", True):
        if config.integer("decoder_vocab_size", vocabulary) != vocabulary:
            raise config.refuse("decoder_vocab_size", f"{vocabulary}, where embeddings are shared")
        return word, word, "embedding"
    other = net.look_up("decoder.embedding", config.integer("decoder_vocab_size", vocabulary), width)
    return word, other, "decoder.embedding"


def _headed(head: str, config: Config, net: Network, at: Sequences, x: Flow, width: int, owner: str) -> None:
    if head == "ForConditionalGeneration":
        name = "vocab_size" if owner == "embedding" else "decoder_vocab_size"
        net.linear("head", x, at.rows, width, config.integer(name, config.integer("vocab_size")), weight_of=owner)
    elif head == "ForSequenceClassification":
        classified(net, x, at.number, width, labels(config))
    elif head == "ForQuestionAnswering":
        net.linear("head", x, at.rows, width, labels(config), bias=True)


@formula("bart")
def bart(config: Config, net: Network) -> None:
    """Norms after the sums; two rows of positions are not used. Source: Lewis et al. 2019, arXiv 1910.13461."""
    written(Style(norm_first=False, embedding_norm=True, positions="learned", offset=2), config, net)


@formula("mbart")
def mbart(config: Config, net: Network) -> None:
    """As BART with the norms before. Source: Liu et al. 2020, arXiv 2001.08210."""
    written(Style(norm_first=True, embedding_norm=True, positions="learned", offset=2), config, net)


@formula("blenderbot")
def blenderbot(config: Config, net: Network) -> None:
    """Norms before, none on embeddings. Source: Roller et al. 2020, arXiv 2004.13637."""
    written(Style(norm_first=True, embedding_norm=False, positions="learned"), config, net)


@formula("blenderbot-small")
def blenderbot_small(config: Config, net: Network) -> None:
    """As BART without rows that are not used. Source: Roller et al. 2020, arXiv 2004.13637."""
    written(Style(norm_first=False, embedding_norm=True, positions="learned"), config, net)


@formula("pegasus")
def pegasus(config: Config, net: Network) -> None:
    """Norms before, a fixed table of positions. Source: Zhang et al. 2019, arXiv 1912.08777."""
    written(Style(norm_first=True, embedding_norm=False, positions="fixed"), config, net)


@formula("marian")
def marian(config: Config, net: Network) -> None:
    """Norms after the sums, a fixed table of positions; perhaps an embedding for each side.

    Source: Junczys-Dowmunt et al. 2018, arXiv 1804.00344.
    """
    written(Style(norm_first=False, embedding_norm=False, positions="fixed"), config, net)


@formula("m2m_100")
def m2m_100(config: Config, net: Network) -> None:
    """Norms before, positions computed; also NLLB. Source: Fan et al. 2020, arXiv 2010.11125."""
    written(Style(norm_first=True, embedding_norm=False, positions="computed"), config, net)
