"""State-space models: Mamba, Falcon Mamba, Mamba 2. Every layer is a norm and a mixer, without MLP."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import tokens_of
from comptometer.formulas._decoder_fields import CLASSIFIERS, checked_head, layer_count
from comptometer.formulas._network import Flow
from comptometer.formulas._state_space import Mamba, Mamba2, mamba, mamba2

Mixer = Callable[[Flow], Flow]


def step_rank(config: Config, name: str, width: int) -> int:
    """The rank of the step size: as stated, or a sixteenth of the width where it says `auto`."""
    return ceil(width / 16) if config.get(name, "auto") == "auto" else config.integer(name)


def language_head(config: Config) -> str:
    """What stands on top: logits, or nothing; these families have no classifiers.

    Raises:
        DataError: a classifier, or a class that is not known.
    """
    head = checked_head(config)
    if head in CLASSIFIERS:
        raise config.refuse("architectures", "a language model or a model without head")
    return head


def stacked(config: Config, net: Network, width: int, mixer: Mixer, *, tied: bool = True) -> None:
    """Embedding, layers of a norm and a mixer, norm, head; `tied` where the configuration does not say."""
    head = language_head(config)
    tokens = tokens_of(net, None)
    vocabulary = config.integer("vocab_size")
    x = net.look_up("embedding", vocabulary, width)

    def block(x: Flow) -> Flow:
        net.elementwise("layers.*.residual", tokens * width)
        return mixer(net.norm("layers.*.norm", x, tokens, width)) or x

    x = net.repeat(layer_count(config), block, x)
    x = net.norm("norm", x, tokens, width)
    if head != "Model":
        owner = "embedding" if config.flag("tie_word_embeddings", tied) else None
        net.linear("head", x, tokens, width, vocabulary, weight_of=owner)


@formula("mamba", "falcon_mamba")
def selective(config: Config, net: Network) -> None:
    """Mamba 1; Falcon's normalises step size, B and C without weights, which changes no count."""
    width = config.integer("hidden_size")
    layer = Mamba(
        width=width,
        inner=config.integer("intermediate_size", config.integer("expand", 2) * width),
        state=config.integer("state_size"),
        rank=step_rank(config, "time_step_rank", width),
        kernel=config.integer("conv_kernel", 4),
        bias=config.flag("use_bias", False),
        conv_bias=config.flag("use_conv_bias", True),
    )
    stacked(config, net, width, lambda x: mamba(net, "layers.*.mixer", x, layer))


@formula("mamba2")
def second(config: Config, net: Network) -> None:
    """Mamba 2."""
    width = config.integer("hidden_size")
    layer = Mamba2(
        width=width,
        inner=config.integer("expand", 2) * width,
        state=config.integer("state_size"),
        heads=config.integer("num_heads"),
        groups=config.integer("n_groups"),
        kernel=config.integer("conv_kernel", 4),
        bias=config.flag("use_bias", False),
        out_bias=config.flag("use_bias", False),
        conv_bias=config.flag("use_conv_bias", True),
    )
    if layer.heads * config.integer("head_dim") != layer.inner:
        raise config.refuse("head_dim", f"{layer.inner} over {layer.heads} heads")
    stacked(config, net, width, lambda x: mamba2(net, "layers.*.mixer", x, layer), tied=False)
