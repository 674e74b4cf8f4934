"""Multi-token prediction: modules after the last layer that each predict one token further.

A module joins the norm of what flows with the norm of the next token's embedding, projects the two back to the width,
and goes through one layer. The embedding and the head are those of the model. Per token and module, with width d and
vocabulary V: one layer, 4d² for the projection, 2dV for the head. The few tokens at the end of a sequence for which
there is nothing further to predict are counted like the others.

Source: DeepSeek-V3, arXiv 2412.19437, section 2.2.
"""

from __future__ import annotations

from comptometer.formulas._config import Config
from comptometer.formulas._decoder import Decoder, block, embedded, layers, logits, tokens_of
from comptometer.formulas._network import Flow, Network


def modules(config: Config) -> int:
    """Modules that predict further tokens."""
    return config.first_integer("num_nextn_predict_layers", "num_mtp_layers", default=0, least=0, most=1000)


def decoder_predicting(further: int, model: Decoder, net: Network) -> None:
    """Write down a decoder, and its modules that predict further tokens where they are asked for (`mtp`)."""
    tokens = tokens_of(net, model.longest)
    embedding = embedded(model, net, tokens)
    x = layers(model, net, tokens, embedding)
    logits(model, net, tokens, x)
    if not further:
        if "mtp" in net.include:
            net.note("the configuration names no modules that predict further tokens")
    elif "mtp" in net.include:
        _predict(further, model, net, tokens, x, embedding)
    else:
        net.note(f"modules that predict further tokens ({further}) are left out of operations and parameters")


def _predict(further: int, model: Decoder, net: Network, tokens: int, x: Flow, embedding: Flow) -> None:
    def module(x: Flow) -> Flow:
        with net.within("mtp"):
            x = net.norm("hidden_norm", x, tokens, model.width, model.norm)
            e = net.norm("embedding_norm", embedding, tokens, model.width, model.norm)
            x = net.linear("projection", x or e, tokens, 2 * model.width, model.width)
            x = block(model, model.layers[-1], net, tokens, x)
            net.norm("norm", x, tokens, model.width, model.norm)
        return x

    x = net.repeat(further, module, x)
    owner = "embedding" if model.tied else "head"
    net.linear("mtp.head", x, further * tokens, model.width, model.vocabulary, weight_of=owner)
