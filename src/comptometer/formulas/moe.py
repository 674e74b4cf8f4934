"""Mixtures of experts: Mixtral, Qwen, OLMoE, gpt-oss, and those with latent attention, DeepSeek-V2 and V3."""

from __future__ import annotations

from dataclasses import replace

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import Decoder, Experts, Latent, Layer, checked_head, decoder, layer_count
from comptometer.formulas.transformer import llama_like, sliding


def _chosen(config: Config, number: int) -> int:
    return config.integer("num_experts_per_tok", most=number)


@formula("mixtral")
def mixtral(config: Config, net: Network) -> None:
    """As Mistral with experts in every layer."""
    number = config.integer("num_local_experts")
    experts = Experts(number=number, chosen=_chosen(config, number), width=config.integer("intermediate_size"))
    layers = [replace(layer, sparse=True) for layer in sliding(config)]
    decoder(llama_like(config, layers=layers, experts=experts), net)


def _sparse_layers(config: Config) -> list[Layer]:
    """Every `decoder_sparse_step`-th layer has experts, but for those listed as MLP only."""
    step, dense = config.integer("decoder_sparse_step", 1), set(config.integers("mlp_only_layers"))
    return [Layer(sparse=at not in dense and (at + 1) % step == 0) for at in range(layer_count(config))]


@formula("qwen2_moe")
def qwen2_moe(config: Config, net: Network) -> None:
    """As Qwen2 with experts, and one that all tokens share behind a gate."""
    if config.flag("use_sliding_window", False):
        raise config.refuse("use_sliding_window", "false: sliding layers of this family are not known here")
    number = config.integer("num_experts")
    experts = Experts(
        number=number,
        chosen=_chosen(config, number),
        width=config.integer("moe_intermediate_size"),
        shared_width=config.integer("shared_expert_intermediate_size"),
        shared_gate=True,
    )
    base = llama_like(config, layers=_sparse_layers(config), experts=experts, qkv_bias=True)
    decoder(base, net)


@formula("qwen3_moe")
def qwen3_moe(config: Config, net: Network) -> None:
    """As Qwen3 with experts."""
    if config.flag("use_sliding_window", False):
        raise config.refuse("use_sliding_window", "false: sliding layers of this family are not known here")
    number = config.integer("num_experts")
    experts = Experts(number=number, chosen=_chosen(config, number), width=config.integer("moe_intermediate_size"))
    base = llama_like(config, layers=_sparse_layers(config), experts=experts)
    decoder(replace(base, query_norm=base.head_width, key_norm=base.head_width), net)


@formula("olmoe")
def olmoe(config: Config, net: Network) -> None:
    """As LLaMA with experts in every layer and norms on the whole query and key."""
    number = config.integer("num_experts")
    experts = Experts(number=number, chosen=_chosen(config, number), width=config.integer("intermediate_size"))
    base = llama_like(config, layers=[Layer(sparse=True)] * layer_count(config), experts=experts)
    query, key = base.heads * base.head_width, base.key_value_heads * base.head_width
    decoder(replace(base, query_norm=query, key_norm=key), net)


@formula("gpt_oss")
def gpt_oss(config: Config, net: Network) -> None:
    """Every second layer slides; biases throughout, also in router and experts; a sink for each head."""
    number = config.integer("num_local_experts")
    experts = Experts(
        number=number,
        chosen=_chosen(config, number),
        width=config.integer("intermediate_size"),
        bias=True,
        router_bias=True,
    )
    layers = [replace(layer, sparse=True) for layer in sliding(config, pattern=2)]
    bias = config.flag("attention_bias", True)
    base = llama_like(config, layers=layers, experts=experts, sinks=True)
    decoder(replace(base, qkv_bias=bias, output_bias=bias), net)


@formula(
    "deepseek_v2",
    "deepseek_v3",
    notes=("multi-token prediction is left out of operations and parameters",),
)
def deepseek(config: Config, net: Network) -> None:
    """Latent attention; the first layers dense, the others with routed and shared experts.

    Source: DeepSeek-V2, arXiv 2405.04434, section 2; DeepSeek-V3, arXiv 2412.19437, section 2.1.
    """
    number, heads = config.integer("n_routed_experts"), config.integer("num_attention_heads")
    width = config.integer("moe_intermediate_size")
    first, step = config.integer("first_k_dense_replace", 0, least=0), config.integer("moe_layer_freq", 1)
    model = Decoder(
        width=config.integer("hidden_size"),
        layers=[Layer(sparse=at >= first and at % step == 0) for at in range(layer_count(config))],
        heads=heads,
        key_value_heads=heads,
        head_width=config.integer("v_head_dim"),
        mlp_width=config.integer("intermediate_size"),
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("max_position_embeddings"),
        head=checked_head(config),
        tied=config.flag("tie_word_embeddings", False),
        qkv_bias=config.flag("attention_bias", False),
        latent=Latent(
            query_rank=config.optional("q_lora_rank"),
            key_value_rank=config.integer("kv_lora_rank"),
            position_width=config.integer("qk_rope_head_dim"),
            content_width=config.integer("qk_nope_head_dim"),
            value_width=config.integer("v_head_dim"),
        ),
        experts=Experts(
            number=number,
            chosen=_chosen(config, number),
            width=width,
            shared_width=width * config.integer("n_shared_experts", 0, least=0),
        ),
    )
    decoder(model, net)
