"""Dense decoders after GPT-2 and GPT-3: layer norms with bias, an MLP without gate, mostly biases.

GPT-2, GPT-J, GPT-Neo, GPT-NeoX, BigCode, CodeGen, OPT, BLOOM, MPT, Falcon, Phi, Persimmon, Nemotron and others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._decoder import Decoder, Layer, decoder
from comptometer.formulas._decoder_fields import checked_head, label_count, layer_count
from comptometer.formulas._llama import head_norms, llama_like, sliding


def gpt_like(config: Config, width: int, heads: int, *, tied: bool = True, **features: Any) -> Decoder:
    """What the family shares: every head has its own key and value, the MLP is four times as wide and has no gate.

    Args:
        config: asked.
        width: of the model.
        heads: of the attention.
        tied: does the head share the embedding, where the configuration does not say?
        features: what one of them does otherwise.
    """
    if width % heads:
        raise config.refuse("num_attention_heads", f"a divisor of the width {width}, not {heads}")
    given: dict[str, Any] = {
        "width": width,
        "heads": heads,
        "key_value_heads": heads,
        "head_width": width // heads,
        "mlp_width": 4 * width,
        "vocabulary": config.integer("vocab_size"),
        "head": checked_head(config),
        "labels": label_count(config),
        "tied": config.flag("tie_word_embeddings", tied),
        "gated": False,
        "qkv_bias": True,
        "output_bias": True,
        "mlp_bias": True,
        "norm": "scale and bias",
    }
    return Decoder(**(given | features))


def _no_cross_attention(config: Config) -> None:
    if config.flag("add_cross_attention", False):
        raise config.refuse("add_cross_attention", "false: a decoder that reads an encoder is not known here")


def gpt2_like(config: Config, *, tied: bool, **features: Any) -> Decoder:
    """The fields that GPT-2, GPT-J and their relatives share."""
    _no_cross_attention(config)
    width, heads = config.integer("n_embd"), config.integer("n_head")
    if width % heads:
        raise config.refuse("n_head", f"a divisor of the width {width}")
    given: dict[str, Any] = {
        "layers": [Layer()] * layer_count(config, "n_layer"),
        "mlp_width": config.integer("n_inner", 4 * width),
        "longest": config.optional("n_positions"),
    }
    return gpt_like(config, width, heads, tied=tied, **(given | features))


@formula("gpt2")
def gpt2(config: Config, net: Network) -> None:
    """Learned positions, biases throughout, an MLP without gate, tied embeddings."""
    decoder(gpt2_like(config, tied=True, positions=config.integer("n_positions", 1024)), net)


@formula("gpt_bigcode")
def gpt_bigcode(config: Config, net: Network) -> None:
    """As GPT-2 with one key and value for all heads, unless it says otherwise."""
    base = gpt2_like(config, tied=True, positions=config.integer("n_positions", 1024))
    single = config.flag("multi_query", True)
    decoder(replace(base, key_value_heads=1 if single else base.heads), net)


@formula("gptj", "codegen")
def gptj(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm; biases on the MLP and on the head."""
    base = gpt2_like(config, tied=False, head_bias=True, parallel=True, norms_per_layer=1)
    turned = config.integer("rotary_dim", min(64, base.head_width), least=0)
    decoder(replace(base, qkv_bias=False, output_bias=False, rotary_width=turned), net)


@formula("gpt_neo")
def gpt_neo(config: Config, net: Network) -> None:
    """Learned positions; every second layer slides; biases but for query, key and value."""
    width, number = config.integer("hidden_size"), layer_count(config, "num_layers")
    heads, window = config.first_integer("num_heads", "num_attention_heads"), config.integer("window_size", 256)
    longest = config.integer("max_position_embeddings", 2048)
    model = gpt_like(
        config, width, heads, layers=[Layer(window=window if local else None) for local in _local(config, number)],
        mlp_width=config.integer("intermediate_size", 4 * width), longest=longest, positions=longest, qkv_bias=False,
    )  # fmt: skip
    decoder(model, net)


def _local(config: Config, number: int) -> list[bool]:
    """For each layer, does it slide? By `attention_layers`, else by `attention_types`: words and how often they repeat.

    Raises:
        DataError: another number of layers, or another word.
    """
    name = "attention_layers" if config.get("attention_layers") is not None else "attention_types"
    words: list[Any] = []
    try:
        if name == "attention_layers":
            words = list(config.words(name) or ())
        else:
            for kinds, times in config.get(name, [[["global", "local"], number // 2]]):
                words += list(kinds) * min(times, number)
    except (TypeError, ValueError):
        words = []
    if len(words) != number or not set(words) <= {"global", "local"}:
        raise config.refuse(name, f"'global' or 'local' for each of {number} layers, as [[[word, …], times], …]")
    return [word == "local" for word in words]


@formula("gpt_neox")
def gpt_neox(config: Config, net: Network) -> None:
    """Rotary positions on a quarter of each head; attention and MLP side by side, each under its norm."""
    bias = config.flag("attention_bias", True)
    base = llama_like(config, turned=config.number("rotary_pct", 0.25), gated=False, norm="scale and bias")
    parallel = config.flag("use_parallel_residual", True)
    decoder(replace(base, qkv_bias=bias, output_bias=bias, mlp_bias=True, parallel=parallel), net)


@formula("bloom")
def bloom(config: Config, net: Network) -> None:
    """No position embedding (ALiBi), a norm on the embedding, biases, an MLP four times as wide without gate."""
    number = config.first_integer("n_layer", "num_hidden_layers", most=MOST_LAYERS)
    model = gpt_like(
        config, config.first_integer("hidden_size", "n_embed"), config.first_integer("n_head", "num_attention_heads"),
        layers=[Layer()] * number, rotary_width=0, first_norm=True,
    )  # fmt: skip
    decoder(model, net)


@formula("mpt")
def mpt(config: Config, net: Network) -> None:
    """No position embedding (ALiBi), no biases, layer norms with a scale only, an MLP four times as wide."""
    inner = config.child("attn_config")
    if inner.word("attn_type", "multihead_attention") != "multihead_attention":
        raise inner.refuse("attn_type", "multihead_attention")
    for where, name, wanted in ((inner, "alibi", True), (inner, "qk_ln", False), (inner, "prefix_lm", False)):
        if where.flag(name, wanted) is not wanted:
            raise where.refuse(name, f"{str(wanted).lower()}: the other is not known here")
    if not config.flag("no_bias", True):
        raise config.refuse("no_bias", "true: biases are not known here")
    if config.integer("expansion_ratio", 4) != 4:
        raise config.refuse("expansion_ratio", "4: the MLP of this family is four times as wide")
    model = gpt_like(
        config, config.integer("d_model"), config.integer("n_heads"),
        layers=[Layer()] * layer_count(config, "n_layers"), longest=config.optional("max_seq_len"),
        qkv_bias=False, output_bias=False, mlp_bias=False, norm="mean and scale", rotary_width=0,
    )  # fmt: skip
    decoder(model, net)


@formula("falcon")
def falcon(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm or two; one key and value for all heads, or for groups of them.

    The fields have older names (`n_layer`, `n_head`, `n_head_kv`) in the first releases.
    """
    width = config.first_integer("n_embed", "hidden_size")
    heads = config.first_integer("num_attention_heads", "n_head")
    grouped, parallel = config.flag("new_decoder_architecture", False), config.flag("parallel_attn", True)
    groups = config.first_integer("num_kv_heads", "n_head_kv", default=heads)
    if grouped and heads % groups:
        raise config.refuse("num_kv_heads", f"a divisor of {heads} heads")
    single = config.flag("multi_query", True) and not grouped
    norms = config.integer("num_ln_in_parallel_attn", 2 if grouped else 1, most=2) if parallel else 2
    bias = config.flag("bias", False)
    model = gpt_like(
        config, width, heads,
        layers=[Layer()] * config.first_integer("num_hidden_layers", "n_layer", most=MOST_LAYERS),
        key_value_heads=1 if single else groups if grouped else heads,
        mlp_width=config.integer("ffn_hidden_size", 4 * width),
        longest=config.optional("max_position_embeddings"),
        qkv_bias=bias, output_bias=bias, mlp_bias=bias, parallel=parallel, norms_per_layer=norms,
        rotary_width=0 if config.flag("alibi", False) else None,
    )  # fmt: skip
    decoder(model, net)


@formula("opt")
def opt(config: Config, net: Network) -> None:
    """Learned positions (two more than stated), biases, an MLP without gate.

    Small models project a narrow embedding.
    """
    width, bias = config.integer("hidden_size"), config.flag("enable_bias", True)
    before = config.flag("do_layer_norm_before", True)
    model = gpt_like(
        config, width, config.integer("num_attention_heads"),
        layers=[Layer()] * layer_count(config),
        mlp_width=config.integer("ffn_dim"),
        longest=config.optional("max_position_embeddings"),
        positions=config.integer("max_position_embeddings", 2048) + 2,
        embedding_width=config.integer("word_embed_proj_dim", width),
        qkv_bias=bias, output_bias=bias, mlp_bias=bias,
        norm="scale and bias" if config.flag("layer_norm_elementwise_affine", True) else "none",
        norm_after=not before, final_norm=before and not config.flag("_remove_final_layer_norm", False),
    )  # fmt: skip
    decoder(model, net)


@formula("xglm")
def xglm(config: Config, net: Network) -> None:
    """As OPT with positions that are not trained."""
    _no_cross_attention(config)
    model = gpt_like(
        config, config.integer("d_model"), config.integer("attention_heads"),
        layers=[Layer()] * layer_count(config, "num_layers"), mlp_width=config.integer("ffn_dim"),
        longest=config.optional("max_position_embeddings"), rotary_width=0,
    )  # fmt: skip
    decoder(model, net)


@formula("biogpt")
def biogpt(config: Config, net: Network) -> None:
    """As OPT with an embedding as wide as the model."""
    longest = config.integer("max_position_embeddings", 1024)
    model = gpt_like(
        config, config.integer("hidden_size"), config.integer("num_attention_heads"),
        layers=[Layer()] * layer_count(config), mlp_width=config.integer("intermediate_size"), longest=longest,
        positions=longest + 2,
    )  # fmt: skip
    decoder(model, net)


@formula("phi")
def phi(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm, biases throughout, also on the head."""
    base = llama_like(
        config, turned=0.5, gated=False, norm="scale and bias", parallel=True, norms_per_layer=1, head_bias=True,
        query_norm_kind="scale and bias",
    )  # fmt: skip
    base = replace(base, qkv_bias=True, output_bias=True, mlp_bias=True)
    decoder(head_norms(base) if config.flag("qk_layernorm", False) else base, net)


@formula("persimmon")
def persimmon(config: Config, net: Network) -> None:
    """Rotary positions on half of each head, biases throughout, a norm on each head's query and key."""
    base = llama_like(config, turned=0.5, gated=False, norm="scale and bias", query_norm_kind="scale and bias")
    if base.key_value_heads != base.heads or base.heads * base.head_width != base.width:
        raise config.refuse("num_attention_heads", "heads that share the width and have keys of their own")
    base = replace(base, qkv_bias=True, output_bias=True, mlp_bias=True)
    decoder(head_norms(base) if config.flag("qk_layernorm", True) else base, net)


@formula("nemotron")
def nemotron(config: Config, net: Network) -> None:
    """Rotary positions on half of each head, grouped queries, layer norms with bias, an MLP without gate."""
    decoder(llama_like(config, turned=0.5, gated=False, norm="scale and bias"), net)


@formula("jais2")
def jais2(config: Config, net: Network) -> None:
    """Rotary positions, grouped queries, layer norms with bias, biases throughout, an MLP without gate."""
    attention, mlp = config.flag("attention_bias", True), config.flag("mlp_bias", True)
    base = llama_like(config, gated=False, norm="scale and bias", mlp_bias=mlp)
    decoder(replace(base, qkv_bias=attention, output_bias=attention), net)


@formula("starcoder2")
def starcoder2(config: Config, net: Network) -> None:
    """Rotary positions, grouped queries, perhaps a window, biases throughout, tied embeddings."""
    bias = config.flag("use_bias", True)
    base = llama_like(config, layers=sliding(config), tied=True, gated=False, norm="scale and bias")
    decoder(replace(base, qkv_bias=bias, output_bias=bias, mlp_bias=bias), net)
