"""Multi-token prediction: modules after the last layer that each predict one token further.

A module joins the norm of what flows with the norm of the next token's embedding, projects the two back to the width,
and goes through layers of its own, mostly one. The embedding and the head are those of the model. Per token and module,
with width d and vocabulary V: its layers, 4d² for the projection, 2dV for the head. The few tokens at the end of a
sequence for which there is nothing further to predict are counted like the others.

Source: DeepSeek-V3, arXiv 2412.19437, section 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from comptometer.formulas._config import Config
from comptometer.formulas._decoder import Decoder, Layer, block, embedded, layers, logits, tokens_of
from comptometer.formulas._network import Flow, Network

NAMES: Final = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers")
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Further(Generic[Kind]):
    """Modules that predict further tokens.

    Attributes:
        number: of modules; None where a family has some and the configuration does not say how many.
        layers: the kind of each layer of one module.
    """

    number: int | None
    layers: Sequence[Kind]


def stated(config: Config) -> int | None:
    """Modules that predict further tokens, under any of the names of the field; None where it has none of them."""
    for name in NAMES:
        if config.get(name) is not None:
            return config.integer(name, least=0, most=1000)
    return None


def modules(config: Config) -> int:
    """The same for families that have none where the configuration does not say."""
    return stated(config) or 0


def at_most_one(config: Config, net: Network) -> int | None:
    """The same for families of which only a single module is published: further ones may share its weights or not.

    Raises:
        DataError: several modules are to be counted, or one with an embedding of its own.
    """
    number = stated(config)
    if "mtp" in net.include and number:
        if number > 1:
            name = next(name for name in NAMES if config.get(name) is not None)
            raise config.refuse(name, "at most 1: what several modules share is not known here")
        if config.flag("mtp_use_dedicated_embeddings", False):
            raise config.refuse("mtp_use_dedicated_embeddings", "false: an embedding of their own is not known here")
    return number


def decoder_predicting(number: int | None, model: Decoder, net: Network, *, layer: Layer | None = None) -> None:
    """Write down a decoder, and its modules that predict further tokens where they are asked for (`mtp`).

    Args:
        number: of modules; None where the configuration does not say.
        model: what the layers share.
        net: adds up.
        layer: that of a module; as the last one unless given.
    """
    tokens = tokens_of(net, model.longest)
    embedding = embedded(model, net, tokens)
    x = layers(model, net, tokens, embedding)
    logits(model, net, tokens, x)
    further = Further(number=number, layers=[layer or model.layers[-1]])
    predict(further, lambda layer, x: block(model, layer, net, tokens, x), model, net, x, embedding)


def predict(
    further: Further[Kind],
    layer: Callable[[Kind, Flow], Flow],
    model: Decoder,
    net: Network,
    x: Flow,
    embedding: Flow,
) -> None:
    """Modules that predict further tokens, where they are asked for; what is left out is said.

    Args:
        further: how many, and what their layers are.
        layer: writes a layer of some kind down.
        model: whose width, norm, embedding and head they have.
        net: adds up.
        x: what flows out of the last layer.
        embedding: what was looked up.
    """
    if further.number is None:
        net.note(
            f"the configuration does not say how many modules predict further tokens ({NAMES[0]}); none is counted"
        )
    elif "mtp" in net.include and not further.number:
        net.note("the configuration names no modules that predict further tokens")
    elif "mtp" in net.include:
        _written(further, further.number, layer, model, net, x, embedding)
    elif further.number:
        net.note(f"modules that predict further tokens ({further.number}) are left out of operations and parameters")


def _written(
    further: Further[Kind],
    number: int,
    layer: Callable[[Kind, Flow], Flow],
    model: Decoder,
    net: Network,
    x: Flow,
    embedding: Flow,
) -> None:
    tokens = net.batch * net.used["sequence_length"]

    def module(x: Flow) -> Flow:
        with net.within("mtp"):
            x = net.norm("hidden_norm", x, tokens, model.width, model.norm)
            e = net.norm("embedding_norm", embedding, tokens, model.width, model.norm)
            x = net.linear("projection", x or e, tokens, 2 * model.width, model.width)
            for kind in further.layers:
                x = layer(kind, x)
            net.norm("norm", x, tokens, model.width, model.norm)
        return x

    x = net.repeat(number, module, x)
    owner = "embedding" if model.tied else "head"
    net.linear("mtp.head", x, number * tokens, model.width, model.vocabulary, weight_of=owner)
