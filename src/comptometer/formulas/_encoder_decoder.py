"""Two stacks: an encoder reads one sequence, a decoder writes another and looks at what the encoder made of the first.

With S positions on the encoder's side and T on the decoder's, a decoder layer costs its own causal attention over T, a
cross-attention whose query and output products run over T, those of key and value over S, and whose core has T·S
pairs for each head (never halved), and its MLP over T.

Source: Vaswani et al. 2017, arXiv 1706.03762, section 3; Raffel et al. 2019, arXiv 1910.10683, section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comptometer.formulas._config import MOST_LAYERS, Config
from comptometer.formulas._encoder import Encoder, Sequences, attend, residual_block
from comptometer.formulas._network import Flow, Network

GENERATION: Final = ("ForConditionalGeneration", "LMHeadModel", "MTModel")


@dataclass(frozen=True, slots=True)
class Sides:
    """The sequences that are read and those that are written."""

    encoder: Sequences
    decoder: Sequences


def sides(net: Network, default: int, *, longest: int | None = None) -> Sides:
    """The batch; figures per token are divided by the positions of both sides.

    Args:
        net: asked for the lengths.
        default: positions of the encoder's side where the caller does not say; the decoder's are as many as it has,
            at most `longest`.
        longest: positions that either side is made for.
    """
    read = net.length(default, longest=longest)
    written = net.decoder_length(min(read, longest or read), longest=longest)
    found = Sides(Sequences(net.batch, read), Sequences(net.batch, written))
    net.tokens = found.encoder.rows + found.decoder.rows
    return found


def encoder_alone(net: Network, default: int, *, longest: int | None = None) -> Sequences:
    """The batch of an encoder without its decoder."""
    at = Sequences(net.batch, net.length(default, longest=longest))
    net.tokens = at.rows
    return at


def decoder_stack(model: Encoder, net: Network, x: Flow, at: Sequences, memory: Flow, over: Sequences) -> Flow:
    """All layers of a decoder, and the norm after them.

    Args:
        model: what its layers are.
        net: what adds up.
        x: what flows in.
        at: the sequences that are written.
        memory: what flows in from the encoder.
        over: the sequences that were read.
    """

    def body(x: Flow) -> Flow:
        return residual_block(
            model, net, at, x,
            lambda x: attend(model, net, x, at, net.pairs(at.length)),
            lambda x: cross_attend(model, net, x, at, memory, over),
        )  # fmt: skip

    x = net.repeat(model.layers, body, x)
    return net.norm("norm", x, at.rows, model.width, model.norm) if model.final_norm else x


def cross_attend(
    model: Encoder,
    net: Network,
    x: Flow,
    at: Sequences,
    memory: Flow,
    over: Sequences,
    *,
    memory_width: int | None = None,
) -> Flow:
    """Attention of what is written to what was read."""
    return attend(
        model, net, x, at, at.length * over.length,
        name="layers.*.cross_attention", memory=memory, over=over, memory_width=memory_width,
    )  # fmt: skip


def side(config: Config, name: str, *, norm_first: bool, final_norm: bool, key_bias: bool = True) -> Encoder:
    """The layers of one side.

    Args:
        config: asked for the fields that begin with `name`.
        name: `encoder` or `decoder`.
        norm_first: are the norms before attention and MLP?
        final_norm: is there one after the last layer?
        key_bias: has the key's product a bias?

    Raises:
        DataError: heads that do not divide the width.
    """
    width, heads = config.integer("d_model"), config.integer(f"{name}_attention_heads")
    if width % heads:
        raise config.refuse(f"{name}_attention_heads", f"a divisor of d_model {width}")
    return Encoder(
        width=width,
        layers=config.integer(f"{name}_layers", most=MOST_LAYERS),
        heads=heads,
        head_width=width // heads,
        mlp_width=config.integer(f"{name}_ffn_dim"),
        key_bias=key_bias,
        norm_first=norm_first,
        final_norm=final_norm,
    )


def built_for(config: Config, *known: str) -> str:
    """What the class of the configuration is built for; generation where it names none.

    Args:
        config: asked for `architectures`.
        known: what the family has besides generation.

    Raises:
        DataError: a class that is not known here.
    """
    named = config.words("architectures") or [""]
    for end in ("EncoderModel", "Encoder"):
        if named[0].endswith(end) and "EncoderModel" in known:
            return "EncoderModel"
    head = "MTModel" if named[0].endswith("MTModel") else config.head(GENERATION[0])
    if head in GENERATION:
        return GENERATION[0]
    if head not in known:
        raise config.refuse("architectures", f"a class that ends in {', '.join((GENERATION[0], *known))}")
    return head


def classified(net: Network, x: Flow, rows: int, width: int, labels: int) -> Flow:
    """Labels of so many rows, after a product of their own."""
    x = net.linear("head.dense", x, rows, width, width, bias=True)
    net.elementwise("head.dense", rows * width)
    return net.linear("head", x, rows, width, labels, bias=True)
