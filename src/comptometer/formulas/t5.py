"""T5 and its relatives: norms with a scale alone, no biases, and a table of relative positions added to the scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._encoder import Encoder, Sequences, attend, both_ways, feed_forward, residual_block
from comptometer.formulas._encoder_decoder import built_for, classified, cross_attend, encoder_alone, sides
from comptometer.formulas._encoder_heads import labels

LENGTH: Final = 512  # tokens that T5 was trained on
KNOWN: Final = ("Model", "EncoderModel", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
ENCODER_ALONE: Final = ("EncoderModel", "ForTokenClassification")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One side.

    Attributes:
        model: what its layers are.
        sparse: which layers have experts in place of the MLP.
        buckets: entries of a table of relative positions.
        tables: has each layer one, or do all use the first layer's?
        experts: in a layer that has them; each token uses one.
        router_bias: has their router a bias?
    """

    model: Encoder
    sparse: Sequence[bool]
    buckets: int
    tables: bool = False
    experts: int = 0
    router_bias: bool = False


def stack(
    one: Stack, net: Network, x: Flow, at: Sequences, memory: Flow | None = None, over: Sequences | None = None
) -> Flow:
    """All layers of one side and the norm after them; with a memory it is a decoder, and causal.

    Args:
        one: what it is.
        net: what adds up.
        x: what flows in.
        at: its sequences.
        memory: what flows in from the encoder.
        over: the sequences that were read.
    """
    model, entries = one.model, one.buckets * one.model.heads
    shared = not one.tables and net.weights("position_bias", entries)
    pairs = both_ways(net, at.length) if over is None else net.pairs(at.length)

    def own(x: Flow) -> Flow:
        table = net.weights("layers.*.position_bias", entries) if one.tables else shared
        return attend(model, net, x, at, pairs, position=table)

    def cross(x: Flow) -> Flow:
        return cross_attend(model, net, x, at, bool(memory), over or at)

    def block(x: Flow, sparse: bool) -> Flow:
        mlp = (lambda x: _experts(one, net, at.rows, x)) if sparse else None
        return residual_block(model, net, at, x, own, *([] if over is None else [cross]), mlp=mlp)

    for sparse, times in Counter(one.sparse).items():
        x = net.repeat(times, lambda x, sparse=sparse: block(x, sparse), x)  # type: ignore[misc]
    return net.norm("norm", x, at.rows, model.width, model.norm)


def _experts(one: Stack, net: Network, rows: int, x: Flow) -> Flow:
    """Each token goes to one expert, whose result is scaled by how sure the router is."""
    routed = net.linear("layers.*.router", x, rows, one.model.width, one.experts, bias=one.router_bias)
    net.elementwise("layers.*.experts.mix", rows * one.model.width)
    return feed_forward(one.model, net, rows, x, name="layers.*.experts", copies=one.experts) or routed


def gated(config: Config, default: str = "relu") -> bool:
    """Has the MLP a gate?

    Raises:
        DataError: neither an activation nor `gated-` and one.
    """
    words = config.word("feed_forward_proj", default).split("-")
    if len(words) > 2 or (len(words) == 2 and words[0] != "gated"):
        raise config.refuse("feed_forward_proj", "an activation, or gated- and one")
    return words[0] == "gated"


def layers(config: Config, gate: bool) -> tuple[Encoder, Encoder]:
    """The layers of encoder and decoder, as many unless the configuration says otherwise."""
    number = config.integer("num_layers", most=MOST_LAYERS)
    numbers = number, config.integer("num_decoder_layers", number, most=MOST_LAYERS)
    both = [
        Encoder(
            width=config.integer("d_model"),
            layers=number,
            heads=config.integer("num_heads"),
            head_width=config.integer("d_kv"),
            mlp_width=config.integer("d_ff"),
            gated=gate,
            qkv_bias=False,
            output_bias=False,
            mlp_bias=False,
            norm="scale",
            norm_first=True,
            final_norm=True,
        )
        for number in numbers
    ]
    return both[0], both[1]


Reading = Callable[[Flow, Sequences], Flow]


def written(
    config: Config,
    net: Network,
    encoder: Reading,
    decoder: Stack,
    *,
    known: Sequence[str] = KNOWN,
    tied: bool | None = None,
) -> None:
    """Embedding, both sides, and the head.

    Args:
        config: asked.
        net: adds up.
        encoder: writes down the side that reads.
        decoder: the side that writes.
        known: what a class may be built for besides generation.
        tied: do the logits share the embedding, whatever the configuration says?
    """
    head = built_for(config, *known)
    width, vocabulary = decoder.model.width, config.integer("vocab_size")
    default = config.integer("n_positions", LENGTH)
    word = net.look_up("embedding", vocabulary, width)
    if head in ENCODER_ALONE:
        at = encoder_alone(net, default)
        with net.within("encoder"):
            x = encoder(word, at)
        if head == "ForTokenClassification":
            net.linear("head", x, at.rows, width, labels(config), bias=True)
        return
    both = sides(net, default)
    with net.within("encoder"):
        memory = encoder(word, both.encoder)
    again = net.again("embedding")
    with net.within("decoder"):
        x = stack(decoder, net, again, both.decoder, memory, both.encoder)
    if head == "ForSequenceClassification":
        classified(net, x, net.batch, width, labels(config))
    elif head == "ForQuestionAnswering":
        net.linear("head", x, both.decoder.rows, width, labels(config), bias=True)
    elif head == "ForConditionalGeneration":
        shared = config.flag("tie_word_embeddings", True) if tied is None else tied
        owner = "embedding" if shared else None
        net.linear("head", x, both.decoder.rows, width, vocabulary, weight_of=owner)


def reading(encoder: Stack, net: Network) -> Reading:
    """An encoder that is a plain stack."""
    return lambda x, at: stack(encoder, net, x, at)


def _plain(config: Config, net: Network, *, default: str, tables: bool) -> None:
    buckets = config.integer("relative_attention_num_buckets", 32)
    encoder, decoder = (
        Stack(model=model, sparse=[False] * model.layers, buckets=buckets, tables=tables)
        for model in layers(config, gated(config, default))
    )
    written(config, net, reading(encoder, net), decoder)


@formula("t5")
def t5(config: Config, net: Network) -> None:
    """The first layer's table serves all; from release 1.1 on, the MLP has a gate and the logits weights of their own.

    Source: Raffel et al. 2019, arXiv 1910.10683; Shazeer 2020, arXiv 2002.05202.
    """
    _plain(config, net, default="relu", tables=False)


@formula("mt5")
def mt5(config: Config, net: Network) -> None:
    """As T5 1.1. Source: Xue et al. 2020, arXiv 2010.11934."""
    _plain(config, net, default="gated-gelu", tables=False)


@formula("umt5")
def umt5(config: Config, net: Network) -> None:
    """As mT5 with a table in every layer. Source: Chung et al. 2023, arXiv 2304.09151."""
    _plain(config, net, default="gated-gelu", tables=True)


@formula(
    "switch_transformers",
    notes=("every token is counted at an expert; those beyond an expert's capacity are passed on without work",),
)
def switch(config: Config, net: Network) -> None:
    """As T5; in some layers each token goes to one of many MLPs. Source: Fedus et al. 2021, arXiv 2101.03961."""
    buckets = config.integer("relative_attention_num_buckets", 32)
    encoder, decoder = (
        Stack(
            model=model,
            sparse=_sparse(config.integer(f"num_sparse_{name}_layers", 3, least=0), model.layers),
            buckets=buckets,
            experts=config.integer("num_experts", 8),
            router_bias=config.flag("router_bias", False),
        )
        for name, model in zip(("encoder", "decoder"), layers(config, False), strict=True)
    )
    written(config, net, reading(encoder, net), decoder)


def _sparse(number: int, layers: int) -> list[bool]:
    """Which layers have experts: every so-manieth from the second on; all where the step is one."""
    step = layers // number if number else layers
    return [step > 0 and (step == 1 or at % step == 1) for at in range(layers)]
