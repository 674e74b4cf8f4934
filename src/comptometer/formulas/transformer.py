"""Dense decoder-only transformers: LLaMA and its many relatives, GPT-2, GPT-NeoX, OPT, BLOOM, Gemma, Phi and others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._decoder import Decoder, Layer, checked_head, decoder, head_width, layer_count, windows


def llama_like(config: Config, *, layers: list[Layer] | None = None, tied: bool = False, **features: Any) -> Decoder:
    """The fields that LLaMA and its relatives share; `features` are what one of them does otherwise."""
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    key_value_heads = config.integer("num_key_value_heads", heads)
    if heads % key_value_heads:
        raise config.refuse("num_key_value_heads", f"a divisor of {heads} heads")
    bias = config.flag("attention_bias", False)
    given: dict[str, Any] = {
        "width": width,
        "layers": layers or [Layer()] * layer_count(config),
        "heads": heads,
        "key_value_heads": key_value_heads,
        "head_width": head_width(config, width, heads),
        "mlp_width": config.integer("intermediate_size"),
        "vocabulary": config.integer("vocab_size"),
        "longest": config.optional("max_position_embeddings"),
        "head": checked_head(config),
        "tied": config.flag("tie_word_embeddings", tied),
        "qkv_bias": bias,
        "output_bias": bias,
        "mlp_bias": config.flag("mlp_bias", False),
    }
    return Decoder(**(given | features))


def sliding(config: Config, *, pattern: int | None = None, default: bool = True) -> list[Layer]:
    """Layers with their windows."""
    return [Layer(window=window) for window in windows(config, layer_count(config), pattern=pattern, default=default)]


@formula("llama", "granite", "mistral", "ministral", "phi3", "smollm3")
def llama(config: Config, net: Network) -> None:
    """Rotary positions, gated MLP, two norms in a layer; Phi-3 fuses projections, which changes no count."""
    decoder(llama_like(config, layers=sliding(config)), net)


@formula("seed_oss")
def seed_oss(config: Config, net: Network) -> None:
    """As LLaMA with a switch of its own for the bias of the output product."""
    base = llama_like(config)
    decoder(replace(base, output_bias=config.flag("attention_out_bias", False)), net)


@formula("qwen2")
def qwen2(config: Config, net: Network) -> None:
    """As LLaMA with biases on query, key and value; layers from `max_window_layers` on slide where that is on."""
    decoder(llama_like(config, layers=_qwen_layers(config), qkv_bias=True), net)


def _qwen_layers(config: Config) -> list[Layer]:
    number = layer_count(config)
    if config.get("layer_types") is not None:
        return sliding(config)
    window = config.optional("sliding_window") if config.flag("use_sliding_window", False) else None
    first = config.integer("max_window_layers", 28, least=0)
    return [Layer(window=window if at >= first else None) for at in range(number)]


@formula("qwen3")
def qwen3(config: Config, net: Network) -> None:
    """As LLaMA with a norm on each head's query and key."""
    base = llama_like(config, layers=_qwen_layers(config))
    decoder(replace(base, query_norm=base.head_width, key_norm=base.head_width), net)


@formula("gemma")
def gemma(config: Config, net: Network) -> None:
    """As LLaMA with tied embeddings and wide heads."""
    decoder(llama_like(config, tied=True), net)


@formula("gemma2")
def gemma2(config: Config, net: Network) -> None:
    """Every second layer slides; four norms in a layer."""
    layers = sliding(config, pattern=2)
    decoder(llama_like(config, layers=layers, tied=True, norms_per_layer=4), net)


@formula("gemma3_text")
def gemma3(config: Config, net: Network) -> None:
    """Five of six layers slide; four norms in a layer and one on each head's query and key."""
    layers = sliding(config, pattern=config.integer("sliding_window_pattern", 6))
    base = llama_like(config, layers=layers, tied=True, norms_per_layer=4)
    decoder(replace(base, query_norm=base.head_width, key_norm=base.head_width), net)


@formula("olmo")
def olmo(config: Config, net: Network) -> None:
    """As LLaMA with norms that have no parameters."""
    decoder(llama_like(config, norm="none"), net)


@formula("olmo2", "olmo3")
def olmo2(config: Config, net: Network) -> None:
    """As LLaMA with norms after the blocks and on the whole query and key."""
    base = llama_like(config, layers=sliding(config, pattern=4, default=False), norm_after=True)
    query, key = base.heads * base.head_width, base.key_value_heads * base.head_width
    decoder(replace(base, query_norm=query, key_norm=key), net)


@formula("stablelm")
def stablelm(config: Config, net: Network) -> None:
    """As LLaMA with layer norms that have a bias."""
    if config.flag("qk_layernorm", False):
        raise config.refuse("qk_layernorm", "false: norms on queries and keys are not known here")
    norms = 1 if config.flag("use_parallel_residual", False) else 2
    bias = config.flag("use_qkv_bias", False)
    base = llama_like(config, norm="scale and bias", norms_per_layer=norms, qkv_bias=bias)
    decoder(base, net)


@formula("starcoder2")
def starcoder2(config: Config, net: Network) -> None:
    """As LLaMA with biases throughout and an MLP without gate."""
    bias = config.flag("use_bias", True)
    base = llama_like(config, layers=sliding(config), tied=True, gated=False, norm="scale and bias")
    decoder(replace(base, qkv_bias=bias, output_bias=bias, mlp_bias=bias), net)


def gpt2_like(config: Config, *, tied: bool, **features: Any) -> Decoder:
    """The fields that GPT-2 and GPT-J share: every head has its own key and value, the MLP has no gate."""
    width, heads = config.integer("n_embd"), config.integer("n_head")
    if width % heads:
        raise config.refuse("n_head", f"a divisor of the width {width}")
    given: dict[str, Any] = {
        "width": width,
        "layers": [Layer()] * layer_count(config, "n_layer"),
        "heads": heads,
        "key_value_heads": heads,
        "head_width": width // heads,
        "mlp_width": config.integer("n_inner", 4 * width),
        "vocabulary": config.integer("vocab_size"),
        "longest": config.optional("n_positions"),
        "head": checked_head(config),
        "tied": config.flag("tie_word_embeddings", tied),
        "gated": False,
        "mlp_bias": True,
        "norm": "scale and bias",
    }
    return Decoder(**(given | features))


@formula("gpt2")
def gpt2(config: Config, net: Network) -> None:
    """Learned positions, biases throughout, an MLP without gate, tied embeddings."""
    positions = config.integer("n_positions", 1024)
    model = gpt2_like(config, tied=True, positions=positions, qkv_bias=True, output_bias=True)
    decoder(model, net)


@formula("gpt_neox")
def gpt_neox(config: Config, net: Network) -> None:
    """Rotary positions, biases, an MLP without gate, layer norms with bias."""
    bias = config.flag("attention_bias", True)
    base = llama_like(config, gated=False, norm="scale and bias", mlp_bias=True)
    decoder(replace(base, qkv_bias=bias, output_bias=bias), net)


@formula("bloom")
def bloom(config: Config, net: Network) -> None:
    """No position embedding (ALiBi), a norm on the embedding, biases, an MLP four times as wide without gate."""
    width = config.first_integer("hidden_size", "n_embed")
    heads = config.first_integer("n_head", "num_attention_heads")
    if width % heads:
        raise config.refuse("n_head", f"a divisor of the width {width}")
    number = config.first_integer("n_layer", "num_hidden_layers", most=MOST_LAYERS)
    model = Decoder(
        width=width,
        layers=[Layer()] * number,
        heads=heads,
        key_value_heads=heads,
        head_width=width // heads,
        mlp_width=4 * width,
        vocabulary=config.integer("vocab_size"),
        head=checked_head(config),
        tied=config.flag("tie_word_embeddings", True),
        gated=False,
        qkv_bias=True,
        output_bias=True,
        mlp_bias=True,
        norm="scale and bias",
        first_norm=True,
    )
    decoder(model, net)


@formula("opt")
def opt(config: Config, net: Network) -> None:
    """Learned positions (two more than stated), biases, an MLP without gate.

    Small models project a narrow embedding.
    """
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    if width % heads:
        raise config.refuse("num_attention_heads", f"a divisor of the hidden size {width}")
    bias = config.flag("enable_bias", True)
    before = config.flag("do_layer_norm_before", True)
    model = Decoder(
        width=width,
        layers=[Layer()] * layer_count(config),
        heads=heads,
        key_value_heads=heads,
        head_width=width // heads,
        mlp_width=config.integer("ffn_dim"),
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("max_position_embeddings"),
        head=checked_head(config),
        positions=config.integer("max_position_embeddings", 2048) + 2,
        embedding_width=config.integer("word_embed_proj_dim", width),
        tied=config.flag("tie_word_embeddings", True),
        gated=False,
        qkv_bias=bias,
        output_bias=bias,
        mlp_bias=bias,
        norm="scale and bias" if config.flag("layer_norm_elementwise_affine", True) else "none",
        final_norm=before and not config.flag("_remove_final_layer_norm", False),
    )
    decoder(model, net)


@formula("gptj")
def gptj(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm; biases on the MLP and on the head."""
    decoder(gpt2_like(config, tied=False, head_bias=True, norms_per_layer=1), net)


@formula("phi")
def phi(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm, biases throughout, also on the head."""
    if config.flag("qk_layernorm", False):
        raise config.refuse("qk_layernorm", "false: norms on queries and keys are not known here")
    base = llama_like(config, gated=False, norm="scale and bias", norms_per_layer=1, head_bias=True)
    decoder(replace(base, qkv_bias=True, output_bias=True, mlp_bias=True), net)


@formula("cohere", "cohere2")
def cohere(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm; tied embeddings; three of four layers slide in the second."""
    if config.flag("use_qk_norm", False):
        raise config.refuse("use_qk_norm", "false: norms on queries and keys are not known here")
    layers = sliding(config, pattern=config.integer("sliding_window_pattern", 4))
    decoder(llama_like(config, layers=layers, tied=True, norms_per_layer=1), net)
