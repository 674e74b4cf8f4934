"""Hybrids of state-space layers and attention: Jamba, Bamba, Granite 4, Falcon H1, Nemotron-H.

Source: Lieber et al. 2024 (Jamba); the configurations' classes for what each of the others mixes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._decoder import (
    Decoder,
    Experts,
    Layer,
    attention,
    embedded,
    feed_forward,
    logits,
    mlp,
    tokens_of,
)
from comptometer.formulas._decoder_fields import layer_count, layer_types
from comptometer.formulas._llama import llama_like
from comptometer.formulas._multi_token import Further, at_most_one, predict
from comptometer.formulas._network import Flow
from comptometer.formulas._state_space import Delta, Mamba, Mamba2, delta, mamba, mamba2
from comptometer.formulas.ssm import step_rank

ATTENTION, STATE = "attention", "state"
WORDS = {
    "full_attention": ATTENTION,
    "attention": ATTENTION,
    "hybrid": ATTENTION,
    "linear_attention": STATE,
    "mamba": STATE,
    "mamba2": STATE,
}
Mixer = Mamba | Mamba2 | Delta | Callable[[Flow], Flow]
Kind = TypeVar("Kind")


def mixed(net: Network, name: str, x: Flow, mixer: Mixer) -> Flow:
    """A layer with a state, of whichever kind."""
    if isinstance(mixer, Mamba):
        return mamba(net, name, x, mixer)
    if isinstance(mixer, Mamba2):
        return mamba2(net, name, x, mixer)
    return delta(net, name, x, mixer) if isinstance(mixer, Delta) else mixer(x)


def stack(
    model: Decoder,
    kinds: Iterable[Kind],
    block: Callable[[Kind, Flow], Flow],
    net: Network,
    further: Further[Kind] | None = None,
) -> None:
    """Embedding, layers of several kinds, head; layers of one kind are written down once.

    Args:
        model: what the layers share.
        kinds: of the layers, in any order.
        block: writes a layer of some kind down.
        net: adds up.
        further: modules that predict further tokens, in families that have them.
    """
    tokens = tokens_of(net, model.longest)
    x = embedding = embedded(model, net, tokens)
    for kind, times in Counter(kinds).items():
        x = net.repeat(times, lambda x, kind=kind: block(kind, x), x)  # type: ignore[misc]
    logits(model, net, tokens, x)
    if further is not None:
        predict(further, block, model, net, x, embedding)


def sparse_layers(sparse: Iterable[bool], *, rotary: bool = True) -> list[Layer]:
    """For each layer whether it has experts; layers of one kind are one object, which is compared sooner."""
    one, other = Layer(rotary=rotary), Layer(rotary=rotary, sparse=True)
    return [other if here else one for here in sparse]


def hybrid(
    model: Decoder,
    kinds: Sequence[str],
    mixer: Mixer,
    net: Network,
    further: Further[tuple[str, Layer]] | None = None,
) -> None:
    """Layers of an attention or a state, each followed by an MLP or experts.

    Args:
        model: what attention and MLPs share; its layers say which have experts.
        kinds: `attention` or `state` for each layer.
        mixer: the layer with a state.
        net: adds up.
        further: modules that predict further tokens, in families that have them.
    """
    tokens = tokens_of(net, model.longest)

    def block(kind: tuple[str, Layer], x: Flow) -> Flow:
        word, layer = kind
        x = net.norm("layers.*.norm1", x, tokens, model.width)
        if word == ATTENTION:
            x = attention(model, layer, net, tokens, x) or x
        else:
            x = mixed(net, "layers.*.mixer", x, mixer) or x
        x = net.norm("layers.*.norm2", x, tokens, model.width)
        net.elementwise("layers.*.residual", 2 * tokens * model.width)
        return feed_forward(model, layer, net, tokens, x) or x

    stack(model, zip(kinds, model.layers, strict=True), block, net, further)


def mamba2_of(config: Config, width: int, *, out_bias: str = "mamba_proj_bias", norm: bool = True) -> Mamba2:
    """The fields of the second kind as most hybrids name them."""
    heads = config.integer("mamba_n_heads")
    inner = config.optional("mamba_d_ssm") or round(config.number("mamba_expand", 2) * width)
    head = config.get("mamba_d_head", "auto")
    if head != "auto" and config.integer("mamba_d_head") * heads != inner:
        raise config.refuse("mamba_d_head", f"{inner} over {heads} heads")
    return Mamba2(
        width=width,
        inner=inner,
        state=config.integer("mamba_d_state"),
        heads=heads,
        groups=config.integer("mamba_n_groups"),
        kernel=config.integer("mamba_d_conv", 4),
        bias=config.flag("mamba_proj_bias", False),
        out_bias=config.flag(out_bias, False),
        conv_bias=config.flag("mamba_conv_bias", True),
        norm=norm,
    )


def periodic(number: int, period: int, offset: int) -> list[bool]:
    """Which of so many layers are the `offset`-th of a period."""
    return [at % period == offset for at in range(number)]


@formula("jamba")
def jamba(config: Config, net: Network) -> None:
    """Attention in every eighth layer, Mamba with norms elsewhere; experts in every second."""
    number, width = layer_count(config), config.integer("hidden_size")
    attends = periodic(number, config.integer("attn_layer_period", 8), config.integer("attn_layer_offset", 4, least=0))
    count = config.integer("num_experts", 16)
    sparse = periodic(
        number, config.integer("expert_layer_period", 2), config.integer("expert_layer_offset", 1, least=0)
    )
    routed = Experts(
        number=count,
        chosen=config.integer("num_experts_per_tok", most=count),
        width=config.integer("intermediate_size"),
    )
    model = llama_like(
        config, layers=sparse_layers([here and count > 1 for here in sparse], rotary=False), experts=routed
    )
    mixer = Mamba(
        width=width,
        inner=config.integer("mamba_expand", 2) * width,
        state=config.integer("mamba_d_state", 16),
        rank=step_rank(config, "mamba_dt_rank", width),
        kernel=config.integer("mamba_d_conv", 4),
        bias=config.flag("mamba_proj_bias", False),
        conv_bias=config.flag("mamba_conv_bias", True),
        norms=True,
    )
    hybrid(model, [ATTENTION if here else STATE for here in attends], mixer, net)


@formula("bamba")
def bamba(config: Config, net: Network) -> None:
    """Mamba 2 but for the listed layers, which attend."""
    attends = set(config.integers("attn_layer_indices"))
    base = llama_like(config)
    model = replace(base, rotary_width=base.head_width // 2)  # whatever the configuration says
    kinds = [ATTENTION if at in attends else STATE for at in range(len(model.layers))]
    hybrid(model, kinds, mamba2_of(config, model.width), net)


@formula("granitemoehybrid")
def granite(config: Config, net: Network) -> None:
    """Mamba 2 and attention by `layer_types`; experts, if any, beside an MLP that all tokens share."""
    number = layer_count(config)
    named = kinds_of(config, number)
    shared, count = config.integer("shared_intermediate_size"), config.integer("num_local_experts", 0, least=0)
    rotary = config.word("position_embedding_type", "") == "rope"
    layers = [Layer(sparse=count > 0, rotary=rotary)] * number
    routed = None
    if count:
        routed = Experts(
            number=count,
            chosen=config.integer("num_experts_per_tok", most=count),
            width=config.integer("intermediate_size"),
            shared_width=shared,
        )
    model = replace(llama_like(config, layers=layers, experts=routed), mlp_width=shared, mlp_bias=False)
    hybrid(model, named, mamba2_of(config, model.width), net)


def kinds_of(config: Config, number: int) -> list[str]:
    """The kind of each layer, under either name of the field."""
    name = "layer_types" if config.get("layer_types") is not None else "layers_block_type"
    kinds = layer_types(config, number, *WORDS, name=name)
    if kinds is None:
        raise config.refuse("layer_types", "the kind of each layer")
    return [WORDS[kind] for kind in kinds]


@formula("falcon_h1")
def falcon_h1(config: Config, net: Network) -> None:
    """Attention and Mamba 2 side by side in every layer, under one norm."""
    model = llama_like(config)
    norm = config.flag("mamba_rms_norm", False)
    mixer = mamba2_of(config, model.width, out_bias="projectors_bias", norm=norm)
    tokens = tokens_of(net, model.longest)

    def block(layer: Layer, x: Flow) -> Flow:
        x = net.norm("layers.*.norm1", x, tokens, model.width)
        both = [mamba2(net, "layers.*.mixer", x, mixer), attention(model, layer, net, tokens, x)]
        x = net.norm("layers.*.norm2", any(both) or x, tokens, model.width)
        net.elementwise("layers.*.residual", 3 * tokens * model.width)
        return feed_forward(model, layer, net, tokens, x) or x

    stack(model, model.layers, block, net)


PATTERN = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}


@formula("nemotron_h")
def nemotron_h(config: Config, net: Network) -> None:
    """A norm and one of Mamba 2, attention, MLP or experts in each layer, as the pattern says; no gates.

    A module that predicts a further token has layers as its own pattern says, an attention and experts unless given.
    """
    kinds = _pattern(config)
    if config.flag("tie_word_embeddings", False):
        raise config.refuse("tie_word_embeddings", "false: this family's head has weights of its own")
    model = replace(llama_like(config, layers=[Layer()]), gated=False)
    mixer = Mamba2(
        width=model.width,
        inner=config.integer("mamba_num_heads") * config.integer("mamba_head_dim"),
        state=config.integer("ssm_state_size"),
        heads=config.integer("mamba_num_heads"),
        groups=config.integer("n_groups"),
        kernel=config.integer("conv_kernel", 4),
        bias=config.flag("use_bias", False),
        out_bias=config.flag("use_bias", False),
        conv_bias=config.flag("use_conv_bias", True),
    )
    model = replace(model, qkv_bias=False, output_bias=False)  # what `attention_bias` says is not looked at
    tokens = tokens_of(net, model.longest)

    def block(kind: str, x: Flow) -> Flow:
        x = net.norm("layers.*.norm", x, tokens, model.width)
        net.elementwise("layers.*.residual", tokens * model.width)
        if kind == "mamba":
            return mamba2(net, "layers.*.mixer", x, mixer) or x
        if kind == "attention":
            return attention(model, Layer(rotary=False), net, tokens, x) or x
        if kind == "moe":
            return _latent_experts(config, model, net, tokens, x) or x
        return mlp("layers.*.mlp", model, net, tokens, x, model.mlp_width, bias=model.mlp_bias) or x

    number = at_most_one(config, net) or 0
    stack(model, kinds, block, net, Further(number=number, layers=_further_pattern(config) if number else []))


def _pattern(config: Config) -> list[str]:
    """The kind of each layer, from a list or from one letter for each."""
    name = "layers_block_type" if config.get("layers_block_type") else "layer_types"
    listed = _listed(config, name)
    if listed is not None:
        return listed
    letters = _letters(config, "hybrid_override_pattern", "")
    if config.integer("num_hidden_layers", len(letters)) != len(letters):
        raise config.refuse("num_hidden_layers", f"{len(letters)}, the length of hybrid_override_pattern")
    return letters


def _further_pattern(config: Config) -> list[str]:
    """The kind of each layer of a module that predicts a further token, likewise."""
    return _listed(config, "mtp_layers_block_type") or _letters(config, "mtp_hybrid_override_pattern", "*E")


def _listed(config: Config, name: str) -> list[str] | None:
    listed, names = config.words(name), {**WORDS, "mlp": "mlp", "moe": "moe"}
    if listed is None:
        return None
    if unknown := [kind for kind in listed if kind not in names]:
        raise config.refuse(name, f"{', '.join(names)}, not {sorted(set(unknown))}")
    return ["mamba" if names[kind] == STATE else names[kind] for kind in listed]


def _letters(config: Config, name: str, default: str) -> list[str]:
    letters = config.word(name, default)
    if not letters or len(letters) > MOST_LAYERS or set(letters) - set(PATTERN):
        raise config.refuse(name, f"one of {' '.join(PATTERN)} for each layer")
    return [PATTERN[letter] for letter in letters]


def _latent_experts(config: Config, model: Decoder, net: Network, tokens: int, x: Flow) -> Flow:
    """Experts, of a latent width where there is one, and one that all tokens share."""
    number = config.integer("n_routed_experts")
    chosen, bias = config.integer("num_experts_per_tok", most=number), model.mlp_bias
    latent, width = config.optional("moe_latent_size"), config.integer("moe_intermediate_size")
    routed = net.linear("layers.*.router", x, tokens, model.width, number)
    y = x
    if latent is not None:
        y = net.linear("layers.*.experts.latent_in", y, tokens, model.width, latent, bias=bias)
    inner = replace(model, width=latent or model.width)
    y = mlp("layers.*.experts", inner, net, tokens * chosen, y, width, copies=number, chosen=chosen)
    if latent is not None:
        y = net.linear("layers.*.experts.latent_out", y, tokens, latent, model.width, bias=bias)
    shared = config.integer("moe_shared_expert_intermediate_size")
    return mlp("layers.*.shared_expert", model, net, tokens, x, shared, bias=bias) or y or routed
