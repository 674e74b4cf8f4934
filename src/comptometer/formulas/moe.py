"""Mixtures of experts in place of the MLP: Mixtral, Qwen, Llama 4, GLM-4.5, gpt-oss, DBRX and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import Decoder, Experts, Layer, amended, decoder
from comptometer.formulas._decoder_fields import checked_head, label_count, layer_count, layer_types
from comptometer.formulas._llama import head_norms, llama_like, sliding, whole_norms, without_rotation
from comptometer.formulas._multi_token import decoder_predicting, modules, stated


def experts_of(
    config: Config,
    number: str,
    *,
    chosen: str = "num_experts_per_tok",
    width: str = "intermediate_size",
    **features: Any,
) -> Experts:
    """Routed experts.

    Args:
        config: asked.
        number: the field that says how many there are.
        chosen: the field that says how many of them a token uses.
        width: the field with the width of one.
        features: what a family does otherwise.
    """
    count = config.integer(number)
    return Experts(
        number=count, chosen=config.integer(chosen, most=count), width=config.integer(width), **features
    )  # fmt: skip


def with_experts(layers: Sequence[Layer]) -> list[Layer]:
    """The same layers, all with experts."""
    return [amended(layer, sparse=True) for layer in layers]


def after_dense(config: Config, layers: Sequence[Layer]) -> list[Layer]:
    """The same layers, with experts but for the first `first_k_dense_replace`."""
    first = config.integer("first_k_dense_replace", 0, least=0)
    return [amended(layer, sparse=at >= first) for at, layer in enumerate(layers)]


@formula("mixtral")
def mixtral(config: Config, net: Network) -> None:
    """As Mistral with experts in every layer."""
    experts = experts_of(config, "num_local_experts")
    layers = with_experts(sliding(config))
    decoder(llama_like(config, layers=layers, experts=experts, qkv_bias=False, output_bias=False), net)


@formula("phimoe")
def phimoe(config: Config, net: Network) -> None:
    """As Mixtral with layer norms, and a bias on the head; its router always chooses two."""
    experts = experts_of(config, "num_local_experts")
    if experts.chosen != 2:
        raise config.refuse("num_experts_per_tok", "2: the router of this family chooses two")
    base = llama_like(config, layers=with_experts(sliding(config)), experts=experts, norm="scale and bias")
    decoder(replace(base, head_bias=config.flag("lm_head_bias", False)), net)


def _sparse_layers(config: Config, layers: Sequence[Layer]) -> list[Layer]:
    """Every `decoder_sparse_step`-th layer has experts, but for those listed as MLP only."""
    step, dense = config.integer("decoder_sparse_step", 1), set(config.integers("mlp_only_layers"))
    return [
        amended(layer, sparse=at not in dense and (at + 1) % step == 0) for at, layer in enumerate(layers)
    ]  # fmt: skip


@formula("qwen2_moe")
def qwen2_moe(config: Config, net: Network) -> None:
    """As Qwen2 with experts, and one that all tokens share behind a gate.

    Where sliding is switched on, every second layer below `max_window_layers` slides.
    """
    experts = experts_of(
        config, "num_experts", width="moe_intermediate_size", shared_gate=True,
        shared_width=config.integer("shared_expert_intermediate_size"),
    )  # fmt: skip
    number, most = layer_count(config), config.integer("max_window_layers", 28, least=0)
    window = config.optional("sliding_window") if config.flag("use_sliding_window", False) else None
    kinds = layer_types(config, number, "full_attention", "sliding_attention")
    slides = (
        [kind == "sliding_attention" for kind in kinds]
        if kinds
        else [at % 2 == 0 and at < most for at in range(number)]
    )
    layers = _sparse_layers(config, [Layer(window=window if slide else None) for slide in slides])
    bias = config.flag("qkv_bias", True)
    decoder(llama_like(config, layers=layers, experts=experts, qkv_bias=bias, output_bias=False, mlp_bias=False), net)


@formula("qwen3_moe")
def qwen3_moe(config: Config, net: Network) -> None:
    """As Qwen3 with experts; all layers slide where sliding is switched on."""
    experts = experts_of(config, "num_experts", width="moe_intermediate_size")
    window = config.optional("sliding_window") if config.flag("use_sliding_window", False) else None
    layers = _sparse_layers(config, [Layer(window=window)] * layer_count(config))
    decoder(head_norms(llama_like(config, layers=layers, experts=experts, mlp_bias=False)), net)


@formula("olmoe")
def olmoe(config: Config, net: Network) -> None:
    """As LLaMA with experts in every layer and norms on the whole query and key."""
    experts = experts_of(config, "num_experts")
    layers = [Layer(sparse=True)] * layer_count(config)
    decoder(whole_norms(llama_like(config, layers=layers, experts=experts)), net)


@formula("flex_olmo")
def flex_olmo(config: Config, net: Network) -> None:
    """As OLMoE with norms after the blocks."""
    layers = [Layer(sparse=True)] * layer_count(config)
    base = llama_like(config, layers=layers, experts=experts_of(config, "num_experts"), norm_after=True)
    decoder(whole_norms(base), net)


@formula("gpt_oss")
def gpt_oss(config: Config, net: Network) -> None:
    """Every second layer slides; biases throughout, also in router and experts; a sink for each head."""
    experts = experts_of(config, "num_local_experts", bias=True, router_bias=True)
    bias = config.flag("attention_bias", True)
    base = llama_like(config, layers=with_experts(sliding(config, pattern=2)), experts=experts, sinks=True)
    decoder(replace(base, qkv_bias=bias, output_bias=bias), net)


LLAMA_4 = {
    "attention_chunk_size": 8192, "head_dim": 128, "hidden_size": 5120, "interleave_moe_layer_step": 1,
    "intermediate_size": 8192, "intermediate_size_mlp": 16384, "max_position_embeddings": 131072,
    "num_attention_heads": 40, "num_experts_per_tok": 1, "num_hidden_layers": 48, "num_key_value_heads": 8,
    "num_local_experts": 16, "vocab_size": 202048,
}  # fmt: skip


@formula("llama4_text", defaults=LLAMA_4)
def llama4(config: Config, net: Network) -> None:
    """Three of four layers see chunks of the sequence, the fourth all of it without positions; some have experts.

    One expert is shared by all tokens and as wide as a routed one; layers without experts have an MLP of another width.
    Norms on query and key have no parameters.
    """
    number, width = layer_count(config), config.integer("intermediate_size")
    experts = experts_of(config, "num_local_experts", shared_width=width)
    rotary, chunk = without_rotation(config, number), config.optional("attention_chunk_size")
    kinds = layer_types(config, number, "full_attention", "chunked_attention")
    chunked = [kind == "chunked_attention" for kind in kinds] if kinds else rotary
    sparse = _interleaved(config, number)
    layers = [
        Layer(chunk=chunk if short else None, rotary=turned, sparse=at in sparse)
        for at, (short, turned) in enumerate(zip(chunked, rotary, strict=True))
    ]
    decoder(llama_like(config, layers=layers, experts=experts, mlp_width=config.integer("intermediate_size_mlp")), net)


def _interleaved(config: Config, number: int) -> set[int]:
    """Layers with experts: those listed in `moe_layers`, else every `interleave_moe_layer_step`-th."""
    if config.get("moe_layers") is not None:
        return set(config.integers("moe_layers", most=number - 1))
    step = config.integer("interleave_moe_layer_step", 1)
    return set(range(step - 1, number, step))


@formula("glm4_moe")
def glm4_moe(config: Config, net: Network) -> None:
    """First layers dense, the others with routed and shared experts; predicts further tokens."""
    base = llama_like(
        config, turned=0.5, layers=after_dense(config, [Layer()] * layer_count(config)), output_bias=False,
        experts=_routed_and_shared(config), mlp_bias=False,
    )  # fmt: skip
    model = head_norms(base) if config.flag("use_qk_norm", False) else base
    decoder_predicting(modules(config), model, net)


def _routed_and_shared(config: Config) -> Experts:
    width = config.integer("moe_intermediate_size")
    shared = width * config.integer("n_shared_experts", 0, least=0)
    return experts_of(config, "n_routed_experts", width="moe_intermediate_size", shared_width=shared)


@formula("solar_open")
def solar_open(config: Config, net: Network) -> None:
    """As GLM-4.5 with experts in every layer and no norms on queries and keys."""
    mixed = _routed_and_shared(config)
    layers = [Layer(sparse=True)] * layer_count(config)
    base = llama_like(config, layers=layers, experts=mixed, mlp_width=mixed.width, output_bias=False, mlp_bias=False)
    decoder(base, net)


@formula("dots1")
def dots1(config: Config, net: Network) -> None:
    """First layers dense, the others with routed and shared experts; layers from `max_window_layers` on slide."""
    number, window = layer_count(config), config.optional("sliding_window")
    first = config.integer("max_window_layers", 62, least=0)
    kinds = layer_types(config, number, "full_attention", "sliding_attention")
    slides = [kind == "sliding_attention" for kind in kinds] if kinds else [at >= first for at in range(number)]
    layers = after_dense(config, [Layer(window=window if slide else None) for slide in slides])
    decoder(head_norms(llama_like(config, layers=layers, experts=_routed_and_shared(config), mlp_bias=False)), net)


@formula("minimax_m2")
def minimax_m2(config: Config, net: Network) -> None:
    """Experts in every layer, norms on the whole query and key.

    How modules that predict further tokens are built is not published, nor are their weights: they are only named.
    """
    experts = experts_of(config, "num_local_experts")
    layers = [Layer(sparse=True)] * layer_count(config)
    base = llama_like(
        config,
        layers=layers,
        experts=experts,
        turned=_turned(config),
        qkv_bias=False,
        output_bias=False,
        mlp_bias=False,
    )
    if config.integer("shared_intermediate_size", 0, least=0):
        raise config.refuse("shared_intermediate_size", "0: an expert that all tokens share is not known here")
    further = config.optional("num_mtp_modules", least=0)
    if config.flag("use_mtp", bool(further)) and further != 0:
        number = "" if further is None else f" ({further})"
        net.note(f"modules that predict further tokens{number} are never counted: how they are built is not published")
    decoder(whole_norms(base), net)


def _turned(config: Config) -> float:
    """The share of each head that is turned, by the width that is."""
    turned, width = config.optional("rotary_dim"), config.optional("head_dim")
    return 1.0 if turned is None or width is None else min(1.0, turned / width)


@formula("mimo_v2_flash")
def mimo_v2_flash(config: Config, net: Network) -> None:
    """Five of six layers slide, with other key-value heads and a sink for each head; the first MLP is dense.

    A module that predicts a further token has a layer that slides, with a dense MLP (arXiv 2601.02780).
    """
    number, groups = layer_count(config), config.integer("num_key_value_heads")
    before = config.optional("sliding_window_size")
    window = config.integer("sliding_window", 129) if before is None else before + 1
    near = config.integer("swa_num_key_value_heads", 2 * groups)
    for name, same in (("swa_head_dim", "head_dim"), ("swa_v_head_dim", "v_head_dim")):
        if config.get(name) is not None and config.integer(name) != config.integer(same):
            raise config.refuse(name, f"the {same}: layers that slide with heads of another width are not known here")
    slides = _slides(config, number)
    sparse = _listed(config, "mlp_layer_types", "moe_layer_freq", number, "dense", "sparse")
    sinks = config.flag("add_swa_attention_sink_bias", True), config.flag("add_full_attention_sink_bias", False)
    layers = [
        Layer(
            window=window if slide else None, sinks=sinks[0] if slide else sinks[1],
            key_value_heads=near if slide else groups, sparse=at > 0 if sparse is None else sparse[at],
        )
        for at, slide in enumerate(slides)
    ]  # fmt: skip
    base = llama_like(
        config, layers=layers, experts=experts_of(config, "n_routed_experts", width="moe_intermediate_size"),
        value_width=config.integer("v_head_dim"), turned=0.334, output_bias=False, mlp_bias=False,
    )  # fmt: skip
    if base.heads % near:
        raise config.refuse("swa_num_key_value_heads", f"a divisor of {base.heads} heads, not {near}")
    light = Layer(window=window, sinks=sinks[0], key_value_heads=near)
    decoder_predicting(stated(config), base, net, layer=light)


def _slides(config: Config, number: int) -> list[bool]:
    listed = _listed(config, "layer_types", "hybrid_layer_pattern", number, "full_attention", "sliding_attention")
    return [at > 0 and (at + 1) % 6 != 0 for at in range(number)] if listed is None else listed


def _listed(config: Config, words: str, numbers: str, length: int, no: str, yes: str) -> list[bool] | None:
    """A choice for each layer, as a list of words, else as one of 0 and 1; nothing where neither is there."""
    kinds = layer_types(config, length, no, yes, name=words)
    if kinds is not None:
        return [kind == yes for kind in kinds]
    found = config.integers(numbers, most=1)
    if found and len(found) != length:
        raise config.refuse(numbers, f"a 0 or 1 for each of {length} layers")
    return [bool(one) for one in found] or None


@formula("ernie4_5_moe")
def ernie4_5_moe(config: Config, net: Network) -> None:
    """Layers from `moe_layer_start_index` to `moe_layer_end_index` have routed and shared experts; the head is tied.

    The router has a parameter for each expert that only balances the load.
    """
    number, bias, width = layer_count(config), config.flag("use_bias", False), config.integer("moe_intermediate_size")
    shared = config.integer("moe_num_shared_experts", 0, least=0)
    experts = experts_of(
        config, "moe_num_experts", chosen="moe_k", width="moe_intermediate_size", shared_width=width * shared,
        shared_bias=bias, router_weights=config.integer("moe_num_experts"),
    )  # fmt: skip
    first, step = config.integer("moe_layer_start_index", 0, least=0), config.integer("moe_layer_interval", 1)
    last = number - 1 if config.get("moe_layer_end_index") in (None, -1) else config.integer("moe_layer_end_index")
    layers = [Layer(sparse=first <= at <= last and (at + 1) % step == 0) for at in range(number)]
    base = llama_like(
        config,
        layers=layers,
        experts=experts,
        tied=True,
        qkv_bias=bias,
        output_bias=bias,
        mlp_bias=bias,
        head_bias=bias,
    )
    decoder_predicting(modules(config), base, net)


@formula("hunyuan_v1_moe")
def hunyuan_moe(config: Config, net: Network) -> None:
    """Experts in every layer and one that all tokens share, all as wide; norms on each head's query and key.

    What may be said for each layer has to be the same in all.
    """
    if config.flag("use_cla", False):
        raise config.refuse("use_cla", "false: keys and values shared between layers are not known here")
    width, number = config.integer("intermediate_size"), layer_count(config)
    if _same(config, "moe_intermediate_size", number, width) != width:
        raise config.refuse("moe_intermediate_size", f"the intermediate_size {width}")
    if _same(config, "num_shared_expert", number, 1) != 1:
        raise config.refuse("num_shared_expert", "1")
    count = _same(config, "num_experts", number, 1)
    experts = Experts(number=count, chosen=_same(config, "moe_topk", number, 1), width=width, shared_width=width)
    layers = [Layer(sparse=True)] * number
    decoder(head_norms(llama_like(config, layers=layers, experts=experts, mlp_bias=False)), net)


def _same(config: Config, name: str, number: int, default: int) -> int:
    """A whole number, perhaps written once for each layer."""
    if not isinstance(config.get(name), list | tuple):
        return config.integer(name, default)
    found = config.integers(name, least=1)
    if len(found) != number or len(set(found)) != 1:
        raise config.refuse(name, f"one whole number, the same for all {number} layers")
    return found[0]


@formula("granitemoe", "granitemoeshared")
def granite_moe(config: Config, net: Network) -> None:
    """As Granite with experts in every layer, and perhaps one that all tokens share."""
    shared = config.integer("shared_intermediate_size", 0, least=0)
    experts = experts_of(config, "num_local_experts", shared_width=shared)
    layers = [Layer(sparse=True)] * layer_count(config)
    decoder(llama_like(config, layers=layers, experts=experts), net)


@formula("dbrx")
def dbrx(config: Config, net: Network) -> None:
    """Experts in every layer, grouped queries, norms with a scale only; the fields are those of MPT."""
    inner, mixed = config.child("attn_config"), config.child("ffn_config")
    width, heads = config.integer("d_model"), config.integer("n_heads")
    groups = inner.integer("kv_n_heads", 1)
    if width % heads or heads % groups:
        raise config.refuse("n_heads", f"a divisor of the width {width}, and a multiple of {groups} key-value heads")
    experts = experts_of(mixed, "moe_num_experts", chosen="moe_top_k", width="ffn_hidden_size")
    model = Decoder(
        width=width,
        layers=[Layer(sparse=True)] * layer_count(config, "n_layers"),
        heads=heads,
        key_value_heads=groups,
        head_width=width // heads,
        mlp_width=experts.width,
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("max_seq_len"),
        head=checked_head(config),
        labels=label_count(config),
        tied=config.flag("tie_word_embeddings", False),
        norm="mean and scale",
        experts=experts,
    )
    decoder(model, net)
