"""LFM2: gated short convolutions between attention layers; dense or with experts.

Source: Liquid AI 2025, arXiv 2511.23404.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import Decoder, Experts
from comptometer.formulas._decoder_fields import layer_count, layer_types
from comptometer.formulas._llama import llama_like
from comptometer.formulas._network import Flow
from comptometer.formulas._state_space import convolved
from comptometer.formulas.hybrid import ATTENTION, STATE, hybrid, sparse_layers


@formula("lfm2")
def lfm2(config: Config, net: Network) -> None:
    """Every layer has a gated MLP, whose width is the stated one or follows from it."""
    number = layer_count(config)
    attends = set(config.integers("full_attn_idxs")) if config.get("full_attn_idxs") is not None else set(range(number))
    kinds = _kinds(config, number) or [ATTENTION if at in attends else STATE for at in range(number)]
    _lfm2(config, net, kinds, llama_like(config, tied=True, mlp_width=mlp_width(config)))


@formula("lfm2_moe")
def lfm2_moe(config: Config, net: Network) -> None:
    """The first layers have an MLP, the others experts."""
    number, count = layer_count(config), config.integer("num_experts")
    dense = config.integer("num_dense_layers", 2, least=0)
    kinds = _kinds(config, number)
    if kinds is None:
        raise config.refuse("layer_types", "the kind of each layer")
    routed = Experts(
        number=count,
        chosen=config.integer("num_experts_per_tok", most=count),
        width=config.integer("moe_intermediate_size"),
    )
    layers = sparse_layers(at >= dense for at in range(number))
    _lfm2(config, net, kinds, llama_like(config, tied=True, layers=layers, experts=routed))


def _lfm2(config: Config, net: Network, kinds: Sequence[str], model: Decoder) -> None:
    model = replace(
        model,
        tied=config.flag("tie_embedding", model.tied),
        query_norm=model.head_width,
        key_norm=model.head_width,
        qkv_bias=False,
        output_bias=False,
        mlp_bias=False,
    )
    kernel, bias = config.integer("conv_L_cache", 3), config.flag("conv_bias", False)
    hybrid(model, kinds, lambda x: gated_convolution(net, x, model.width, kernel, bias=bias), net)


def gated_convolution(net: Network, x: Flow, width: int, kernel: int, *, bias: bool) -> Flow:
    """In 2d·3d, of which one third is a gate before the convolution and one behind it; out 2d²."""
    tokens, name = net.batch * net.used["sequence_length"], "layers.*.convolution"
    x = net.linear(f"{name}.in", x, tokens, width, 3 * width, bias=bias)
    y = convolved(net, name, x, width, kernel, bias=bias)
    net.elementwise(f"{name}.gates", 2 * tokens * width)
    return net.linear(f"{name}.out", y, tokens, width, width, bias=bias)


def _kinds(config: Config, number: int) -> list[str] | None:
    listed = layer_types(config, number, "full_attention", "conv")
    return listed and [ATTENTION if kind == "full_attention" else STATE for kind in listed]


def mlp_width(config: Config) -> int:
    """Two thirds of the stated width, times a factor, rounded up to a multiple, unless that is switched off."""
    stated = config.first_integer("block_ff_dim", "intermediate_size")
    if not config.flag("block_auto_adjust_ff_dim", True):
        return stated
    unit = config.integer("block_multiple_of", 256)
    width = int(config.number("block_ffn_dim_multiplier", 1.0) * int(2 * stated / 3))
    return -(-width // unit) * unit
