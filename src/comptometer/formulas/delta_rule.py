"""Hybrids of softmax attention and the delta rule: Qwen3-Next and Qwen3.5, OLMo Hybrid, Kimi Linear.

What a layer remembers is a matrix e_k × e_v for each head. The delta rule predicts, from the key, the value that it is
about to write, and writes the difference: per token and head 6·e_k·e_v for prediction, update and read-out, whatever
the length of the sequence. Attention keeps 4·e·S for each query head.

Source: Yang et al. 2024, arXiv 2412.06464; Kimi Team 2025, arXiv 2510.26692; the classes of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from comptometer.contraction import matmul
from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import (
    Decoder,
    Experts,
    Latent,
    Layer,
    attention,
    feed_forward,
    latent_attention,
    tokens_of,
)
from comptometer.formulas._decoder_fields import layer_count, layer_types
from comptometer.formulas._llama import llama_like
from comptometer.formulas._multi_token import Further, at_most_one
from comptometer.formulas._network import Flow
from comptometer.formulas._state_space import Delta, convolved, delta
from comptometer.formulas.hybrid import ATTENTION, STATE, hybrid, kinds_of, sparse_layers, stack
from comptometer.formulas.ssm import language_head


def every(config: Config, number: int, interval: int) -> list[str]:
    """The kind of each layer: as listed, else a state but for every so-manieth layer."""
    if config.get("layer_types") is not None or config.get("layers_block_type") is not None:
        return kinds_of(config, number)
    return [STATE if (at + 1) % interval else ATTENTION for at in range(number)]


def delta_of(config: Config, width: int) -> Delta:
    """The fields of the delta rule."""
    keys, values = config.integer("linear_num_key_heads"), config.integer("linear_num_value_heads")
    if values % keys:
        raise config.refuse("linear_num_value_heads", f"a multiple of {keys} key heads")
    return Delta(
        width=width,
        key_heads=keys,
        value_heads=values,
        key_width=config.integer("linear_key_head_dim"),
        value_width=config.integer("linear_value_head_dim"),
        kernel=config.integer("linear_conv_kernel_dim", 4),
    )


def shared_experts(config: Config, count: int) -> Experts:
    """Routed experts, and one that all tokens share behind a gate."""
    return Experts(
        number=count,
        chosen=config.integer("num_experts_per_tok", most=count),
        width=config.integer("moe_intermediate_size"),
        shared_width=config.integer("shared_expert_intermediate_size"),
        shared_gate=True,
    )


def _qwen(config: Config, net: Network, sparse: Sequence[bool], **features: Any) -> None:
    """Three of four layers with the delta rule; attention with norms on each head and a gate on its output.

    A module that predicts a further token has a layer that attends, with experts where the model has some.
    """
    if not config.flag("attn_output_gate", True):
        raise config.refuse("attn_output_gate", "true: attention of this family has a gate on its output")
    kinds = every(config, len(sparse), config.integer("full_attention_interval", 4))
    base = llama_like(config, layers=sparse_layers(sparse), turned=0.25, **features)
    model = replace(base, output_gate=True, query_norm=base.head_width, key_norm=base.head_width)
    layer = ATTENTION, Layer(sparse=model.experts is not None)
    hybrid(model, kinds, delta_of(config, model.width), net, Further(number=at_most_one(config, net), layers=[layer]))


@formula("qwen3_next")
def qwen3_next(config: Config, net: Network) -> None:
    """Experts in every `decoder_sparse_step`-th layer but for those listed as MLP only."""
    number, count = layer_count(config), config.integer("num_experts", 0, least=0)
    step, dense = config.integer("decoder_sparse_step", 1), set(config.integers("mlp_only_layers"))
    sparse = [count > 0 and at not in dense and (at + 1) % step == 0 for at in range(number)]
    _qwen(config, net, sparse, experts=shared_experts(config, count) if count else None)


QWEN_DEFAULTS: Final = {
    "vocab_size": 248320,
    "max_position_embeddings": 32768,
    "head_dim": 256,
    "num_attention_heads": 16,
    "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
}


@formula(
    "qwen3_5_text",
    defaults=QWEN_DEFAULTS
    | {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 32, "num_key_value_heads": 4},
)
def qwen3_5(config: Config, net: Network) -> None:
    """As Qwen3-Next with an MLP in every layer."""
    _qwen(config, net, [False] * layer_count(config))


@formula(
    "qwen3_5_moe_text",
    defaults=QWEN_DEFAULTS
    | {
        "hidden_size": 2048,
        "num_hidden_layers": 40,
        "num_key_value_heads": 2,
        "moe_intermediate_size": 512,
        "shared_expert_intermediate_size": 512,
        "num_experts": 256,
        "num_experts_per_tok": 8,
    },
)
def qwen3_5_moe(config: Config, net: Network) -> None:
    """As Qwen3-Next with experts in every layer."""
    routed = shared_experts(config, config.integer("num_experts"))
    _qwen(
        config.with_defaults({"intermediate_size": routed.width}),  # no layer has an MLP
        net,
        [True] * layer_count(config),
        experts=routed,
    )


@formula("olmo_hybrid")
def olmo_hybrid(config: Config, net: Network) -> None:
    """Delta rule after a norm; attention and MLP of the other layers before one, as in OLMo 2."""
    number, heads = layer_count(config), config.integer("num_attention_heads")
    kinds = every(config, number, 4)
    if ATTENTION not in kinds:
        kinds[-1] = ATTENTION
    base = llama_like(config)
    query, key = base.heads * base.head_width, base.key_value_heads * base.head_width
    model = replace(base, query_norm=query, key_norm=key)
    key_width = config.integer("linear_key_head_dim", 3 * model.width // (4 * heads))
    stated = {
        "linear_num_key_heads": heads,
        "linear_num_value_heads": heads,
        "linear_key_head_dim": key_width,
        "linear_value_head_dim": 2 * key_width,
    }
    mixer = delta_of(config.with_defaults(stated), model.width)
    tokens = tokens_of(net, model.longest)

    def block(kind: str, x: Flow) -> Flow:
        net.elementwise("layers.*.residual", 2 * tokens * model.width)
        if kind == STATE:
            x = net.norm("layers.*.norm1", x, tokens, model.width)
            x = delta(net, "layers.*.mixer", x, mixer) or x
            x = net.norm("layers.*.norm2", x, tokens, model.width)
            return feed_forward(model, Layer(), net, tokens, x) or x
        x = net.norm("layers.*.norm1", attention(model, Layer(), net, tokens, x) or x, tokens, model.width)
        return net.norm("layers.*.norm2", feed_forward(model, Layer(), net, tokens, x) or x, tokens, model.width)

    stack(model, kinds, block, net)


# Kimi's delta rule, whose decay is a vector


@formula("kimi_linear")
def kimi_linear(config: Config, net: Network) -> None:
    """Three of four layers with Kimi Delta Attention, the others with latent attention without positions."""
    model, kinds = _kimi(config)
    tokens = tokens_of(net, model.longest)
    linear = config.child("linear_attn_config")
    heads = linear.integer("num_heads", config.integer("linear_num_heads", 32))
    width = linear.integer("head_dim", config.integer("linear_head_dim", 128))
    kernel = linear.integer("short_conv_kernel_size", config.integer("linear_conv_kernel_dim", 4))

    def block(kind: tuple[str, Layer], x: Flow) -> Flow:
        word, layer = kind
        x = net.norm("layers.*.norm1", x, tokens, model.width)
        if word == ATTENTION:
            x = latent_attention(model, layer, net, tokens, x) or x
        else:
            x = vector_delta(net, "layers.*.mixer", x, model.width, heads, width, kernel) or x
        x = net.norm("layers.*.norm2", x, tokens, model.width)
        net.elementwise("layers.*.residual", 2 * tokens * model.width)
        return feed_forward(model, layer, net, tokens, x) or x

    stack(model, zip(kinds, model.layers, strict=True), block, net)


def vector_delta(net: Network, name: str, x: Flow, width: int, heads: int, head_width: int, kernel: int) -> Flow:
    """Kimi Delta Attention: every channel of a key decays at a rate of its own, which a narrow product decides.

    With K = H·e: q, k, v 3·2dK, convolution over 3K channels, decay and output gate 2(2d·e + 2e·K), write strength
    2d·H, state 6·K·e, out 2K·d.
    """
    tokens, inner = net.batch * net.used["sequence_length"], heads * head_width
    u = net.linear(f"{name}.in", x, tokens, width, 3 * inner)
    u = convolved(net, name, u, 3 * inner, kernel, bias=False)
    f = net.linear(f"{name}.decay_down", x, tokens, width, head_width)
    f = net.linear(f"{name}.decay_up", f, tokens, head_width, inner)
    decay = net.weights(f"{name}.decay", inner + heads)
    strength = net.linear(f"{name}.strength", x, tokens, width, heads)
    each = matmul(tokens * heads, head_width, head_width)
    y = net.product(f"{name}.state", "state", 3 * each, u or f or decay or strength, u)
    net.elementwise(f"{name}.state", tokens * inner * head_width)
    gate = net.linear(f"{name}.gate_down", x, tokens, width, head_width)
    gate = net.linear(f"{name}.gate_up", gate, tokens, head_width, inner)
    net.elementwise(f"{name}.gate", 2 * tokens * inner)
    y = net.norm(f"{name}.norm", y, tokens * heads, head_width)
    return net.linear(f"{name}.out", y or gate, tokens, inner, width)


def _kimi(config: Config) -> tuple[Decoder, list[str]]:
    """What Kimi Linear's layers share, and the kind of each."""
    number, heads = layer_count(config), config.integer("num_attention_heads")
    if config.integer("moe_layer_freq", 1) != 1:
        raise config.refuse("moe_layer_freq", "1")
    if config.flag("tie_word_embeddings", False):
        raise config.refuse("tie_word_embeddings", "false: this family's head has weights of its own")
    count = config.first_integer("num_experts", "num_local_experts")
    chosen = config.first_integer("num_experts_per_token", "num_experts_per_tok", most=count)
    each = config.integer("moe_intermediate_size")
    model = Decoder(
        width=config.integer("hidden_size"),
        layers=_kimi_layers(config, number),
        heads=heads,
        key_value_heads=heads,
        head_width=config.integer("v_head_dim", 128),
        mlp_width=config.integer("intermediate_size"),
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("model_max_length") or config.optional("max_position_embeddings"),
        head=language_head(config),
        qkv_bias=config.flag("attention_bias", False),
        latent=Latent(
            query_rank=config.optional("q_lora_rank"),
            key_value_rank=config.integer("kv_lora_rank"),
            position_width=config.integer("qk_rope_head_dim"),
            content_width=config.integer("qk_nope_head_dim"),
            value_width=config.integer("v_head_dim", 128),
        ),
        experts=Experts(
            number=count,
            chosen=chosen,
            width=each,
            shared_width=each * config.first_integer("num_shared_experts", "n_shared_experts", default=1, least=0),
        ),
    )
    return model, _kimi_kinds(config, number)


def _kimi_layers(config: Config, number: int) -> list[Layer]:
    """Which layers have experts: as listed, else all but the first few."""
    listed = layer_types(config, number, "dense", "sparse", name="mlp_layer_types")
    first = config.integer("first_k_dense_replace", 1, least=0)
    kinds = listed or ["dense" if at < first else "sparse" for at in range(number)]
    return sparse_layers([kind == "sparse" for kind in kinds], rotary=False)


def _kimi_kinds(config: Config, number: int) -> list[str]:
    """As listed by name, or by number counted from 1, else attention in every fourth layer but the first."""
    if config.get("layer_types") is not None:
        return kinds_of(config, number)
    linear = config.child("linear_attn_config")
    full, state = linear.integers("full_attn_layers", least=1), linear.integers("kda_layers", least=1)
    if not full and not state:
        return [ATTENTION if at and at % 4 == 0 else STATE for at in range(number)]
    if sorted([*full, *state]) != list(range(1, number + 1)):
        raise linear.refuse("kda_layers", f"with full_attn_layers each layer from 1 to {number} once")
    attends = set(full)
    return [ATTENTION if at + 1 in attends else STATE for at in range(number)]
