"""Latent attention and experts: DeepSeek-V2 and V3, Kimi K2, and those in which an indexer chooses the keys.

Keys and values of all heads are formed from one narrow row per token. Where an indexer chooses k keys for each query
(DeepSeek-V3.2, GLM-5), a causal count has min(t, k) pairs for the t-th query, and the indexer's own over all pairs; a
full count has the dense square for both, which is what a masked kernel executes.

Source: DeepSeek-V2, arXiv 2405.04434, section 2; DeepSeek-V3, arXiv 2412.19437, section 2.1; DeepSeek-V3.2,
arXiv 2512.02556, section 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._decoder import (
    Decoder,
    Experts,
    Indexer,
    Latent,
    Layer,
    amended,
    attend,
    embedded,
    experts,
    logits,
    mlp,
    tokens_of,
)
from comptometer.formulas._decoder_fields import checked_head, label_count, layer_count, layer_types
from comptometer.formulas._multi_token import decoder_predicting, modules


def latent_decoder(config: Config, layers: Sequence[Layer], mixed: Experts, mlp_width: int) -> Decoder:
    """The fields that these families share."""
    heads = config.integer("num_attention_heads")
    return Decoder(
        width=config.integer("hidden_size"),
        layers=layers,
        heads=heads,
        key_value_heads=heads,
        head_width=config.integer("v_head_dim"),
        mlp_width=mlp_width,
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("max_position_embeddings"),
        head=checked_head(config),
        labels=label_count(config),
        tied=config.flag("tie_word_embeddings", False),
        qkv_bias=config.flag("attention_bias", False),
        latent=Latent(
            query_rank=config.optional("q_lora_rank"),
            key_value_rank=config.integer("kv_lora_rank"),
            position_width=config.integer("qk_rope_head_dim"),
            content_width=config.integer("qk_nope_head_dim"),
            value_width=config.integer("v_head_dim"),
        ),
        experts=mixed,
    )


def _mixed(config: Config) -> Experts:
    number, width = config.integer("n_routed_experts"), config.integer("moe_intermediate_size")
    return Experts(
        number=number,
        chosen=config.integer("num_experts_per_tok", most=number),
        width=width,
        shared_width=width * config.integer("n_shared_experts", 0, least=0),
    )


def _layers(config: Config, dense: int = 0) -> list[Layer]:
    """Dense first, then with experts: as `mlp_layer_types` lists them, else from `first_k_dense_replace` on.

    Args:
        config: asked.
        dense: layers without experts, where it says neither.
    """
    number = layer_count(config)
    kinds = layer_types(config, number, "dense", "sparse", name="mlp_layer_types")
    if kinds is not None:
        return [Layer(sparse=kind == "sparse") for kind in kinds]
    first, step = config.integer("first_k_dense_replace", dense, least=0), config.integer("moe_layer_freq", 1)
    return [Layer(sparse=at >= first and at % step == 0) for at in range(number)]


@formula("deepseek_v2", "deepseek_v3", "kimi_k2")
def deepseek(config: Config, net: Network) -> None:
    """Latent attention; the first layers dense, the others with routed and shared experts."""
    bias = config.flag("mlp_bias", False)
    model = latent_decoder(
        config, _layers(config), replace(_mixed(config), shared_bias=bias), config.integer("intermediate_size")
    )
    decoder_predicting(modules(config), replace(model, mlp_bias=bias), net)


@formula("glm4_moe_lite")
def glm4_moe_lite(config: Config, net: Network) -> None:
    """As DeepSeek-V3; the first layer is dense."""
    model = latent_decoder(config, _layers(config, dense=1), _mixed(config), config.integer("intermediate_size"))
    decoder_predicting(modules(config), model, net)


@formula("deepseek_v32")
def deepseek_v32(config: Config, net: Network) -> None:
    """As DeepSeek-V3; in every layer an indexer chooses the keys."""
    _chosen_keys(config, net, [True] * layer_count(config))


@formula("glm_moe_dsa")
def glm_moe_dsa(config: Config, net: Network) -> None:
    """As DeepSeek-V3.2; some layers take over the keys that the one before has chosen."""
    number = layer_count(config)
    kinds = layer_types(config, number, "full", "shared", name="indexer_types")
    if kinds is None and (pattern := config.get("index_topk_pattern")) is not None:
        if not isinstance(pattern, str) or len(pattern) != number or not set(pattern) <= {"F", "S"}:
            raise config.refuse("index_topk_pattern", f"a letter F or S for each of {number} layers")
        kinds = ["full" if letter == "F" else "shared" for letter in pattern]
    if kinds is None:
        step, offset = config.integer("index_topk_freq", 1), config.integer("index_skip_topk_offset", 2, least=0)
        kinds = ["full" if max(at - offset + 1, 0) % step == 0 else "shared" for at in range(number)]
    _chosen_keys(config, net, [kind == "full" for kind in kinds])


def _chosen_keys(config: Config, net: Network, indexed: Sequence[bool]) -> None:
    """A decoder whose queries see a number of keys each; `indexed` layers choose them."""
    layer_types(config, len(indexed), "indexed_attention")
    kept, rank = config.integer("index_topk"), config.integer("q_lora_rank")
    layers = [
        amended(layer, window=kept, indexed=own) for layer, own in zip(_layers(config, dense=3), indexed, strict=True)
    ]  # fmt: skip
    model = latent_decoder(config, layers, _mixed(config), config.integer("intermediate_size"))
    sizes = Indexer(heads=config.integer("index_n_heads"), head_width=config.integer("index_head_dim"), query_rank=rank)
    decoder_predicting(modules(config), replace(model, indexer=sizes), net)


@formula("longcat_flash")
def longcat(config: Config, net: Network) -> None:
    """Two attentions and two MLPs in a layer, and experts beside the second half of it.

    The router also chooses among experts that do nothing. How many real ones a token uses depends on the data: counted
    is what an even choice gives, k times real over all experts.

    Source: LongCat-Flash, arXiv 2509.01322, section 2.
    """
    number = config.integer("n_routed_experts")
    idle = config.integer("zero_expert_num", 0, least=0)
    chosen = config.integer("moe_topk", most=number + idle)
    even, rest = divmod(chosen * number, number + idle)
    if rest:
        raise config.refuse(
            "zero_expert_num", f"experts of which an even choice of {chosen} has a whole number of real ones"
        )
    if idle:
        net.note(
            f"{chosen} of {number} experts and {idle} that do nothing: an even choice, {even} real ones, is counted"
        )
    mixed = Experts(
        number=number, chosen=even, width=config.integer("expert_ffn_hidden_size"), idle=idle,
        router_bias=config.flag("router_bias", False),
    )  # fmt: skip
    layers = [Layer()] * layer_count(config, "num_layers")
    model = latent_decoder(config, layers, mixed, config.integer("ffn_hidden_size"))
    tokens = tokens_of(net, model.longest)
    x = embedded(model, net, tokens)
    x = net.repeat(len(layers), lambda x: _double(model, mixed, net, tokens, x), x)
    logits(model, net, tokens, x)


def _double(model: Decoder, mixed: Experts, net: Network, tokens: int, x: Flow) -> Flow:
    """One layer: attention, MLP, attention, MLP; the experts read what the first MLP reads."""
    layer, beside = model.layers[0], False
    for half in (1, 2):
        with net.within(f"half{half}"):
            h = net.norm("layers.*.norm1", x, tokens, model.width)
            x = attend(model, layer, net, tokens, h) or x
            h = net.norm("layers.*.norm2", x, tokens, model.width)
        if half == 1:
            beside = experts(model, mixed, net, tokens, h)
        with net.within(f"half{half}"):
            x = mlp("layers.*.mlp", model, net, tokens, h, model.mlp_width) or x
            net.elementwise("layers.*.residual", 2 * tokens * model.width)
    net.elementwise("layers.*.experts.residual", tokens * model.width)
    return x or beside
