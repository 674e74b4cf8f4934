"""Dense decoders after LLaMA: no biases or few, norms without mean, mostly gated MLPs.

LLaMA, Mistral, Qwen, Gemma, OLMo, GLM, Command R, EXAONE and others. PaLM, which they follow, has no class and no
published `config.json`: it is written here with LLaMA's fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import Decoder, Layer, amended, decoder
from comptometer.formulas._decoder_fields import checked_head, label_count, layer_count, layer_types
from comptometer.formulas._llama import head_norms, llama_like, sliding, whole_norms, without_rotation
from comptometer.formulas._multi_token import decoder_predicting, modules


@formula("llama", "granite")
def llama(config: Config, net: Network) -> None:
    """Rotary positions, gated MLP, two norms in a layer."""
    decoder(llama_like(config, layers=sliding(config)), net)


@formula("mistral", "ministral", "ministral3", "phi3")
def mistral(config: Config, net: Network) -> None:
    """As LLaMA; all layers slide where a window is given. Phi-3 fuses projections, which changes no count."""
    decoder(llama_like(config, layers=sliding(config), qkv_bias=False, output_bias=False, mlp_bias=False), net)


@formula("smollm3")
def smollm3(config: Config, net: Network) -> None:
    """As LLaMA, tied; every fourth layer knows no positions, and slides where sliding is switched on."""
    number = layer_count(config)
    rotary = without_rotation(config, number)
    window = config.optional("sliding_window") if config.flag("use_sliding_window", False) else None
    kinds = layer_types(config, number, "full_attention", "sliding_attention")
    slides = [kind == "sliding_attention" for kind in kinds] if kinds else [not turned for turned in rotary]
    layers = [Layer(window=window if slide else None, rotary=r) for slide, r in zip(slides, rotary, strict=True)]
    decoder(llama_like(config, layers=layers, tied=True), net)


@formula("cwm")
def cwm(config: Config, net: Network) -> None:
    """As LLaMA; all layers but the first of every four slide."""
    number, window = layer_count(config), config.optional("sliding_window")
    kinds = layer_types(config, number, "full_attention", "sliding_attention")
    slides = [kind == "sliding_attention" for kind in kinds] if kinds else [at % 4 > 0 for at in range(number)]
    layers = [Layer(window=window if slide else None) for slide in slides]
    decoder(llama_like(config, layers=layers, qkv_bias=False, output_bias=False), net)


@formula("seed_oss")
def seed_oss(config: Config, net: Network) -> None:
    """As LLaMA with a switch of its own for the bias of the output product."""
    base = llama_like(config)
    decoder(replace(base, output_bias=config.flag("attention_out_bias", False)), net)


@formula("qwen2")
def qwen2(config: Config, net: Network) -> None:
    """As LLaMA with biases on query, key and value; layers from `max_window_layers` on slide where that is on."""
    decoder(llama_like(config, layers=qwen_layers(config), qkv_bias=True, output_bias=False), net)


@formula("mimo")
def mimo(config: Config, net: Network) -> None:
    """As Qwen2, with modules that predict further tokens."""
    model = llama_like(config, layers=qwen_layers(config), qkv_bias=True, output_bias=False)
    decoder_predicting(modules(config), model, net)


def qwen_layers(config: Config) -> list[Layer]:
    """Layers of Qwen: by `layer_types`, else those from `max_window_layers` on slide where that is on."""
    number = layer_count(config)
    if config.get("layer_types") is not None:
        return sliding(config)
    window = config.optional("sliding_window") if config.flag("use_sliding_window", False) else None
    first = config.integer("max_window_layers", 28, least=0)
    return [Layer(window=window if at >= first else None) for at in range(number)]


@formula("qwen3")
def qwen3(config: Config, net: Network) -> None:
    """As LLaMA with a norm on each head's query and key."""
    decoder(head_norms(llama_like(config, layers=qwen_layers(config))), net)


@formula("gemma")
def gemma(config: Config, net: Network) -> None:
    """As LLaMA with tied embeddings and wide heads."""
    decoder(llama_like(config, layers=_both_ways(config, [Layer()] * layer_count(config)), tied=True), net)


@formula("gemma2")
def gemma2(config: Config, net: Network) -> None:
    """Every second layer slides; four norms in a layer."""
    layers = _both_ways(config, sliding(config, pattern=2))
    decoder(llama_like(config, layers=layers, tied=True, norms_per_layer=4), net)


@formula("gemma3_text")
def gemma3(config: Config, net: Network) -> None:
    """Five of six layers slide; four norms in a layer and one on each head's query and key."""
    layers = _both_ways(config, sliding(config, pattern=config.integer("sliding_window_pattern", 6)))
    decoder(head_norms(llama_like(config, layers=layers, tied=True, norms_per_layer=4)), net)


def _both_ways(config: Config, layers: Sequence[Layer]) -> list[Layer]:
    """Layers that see the whole sequence where the mask is lifted, as in models that embed texts."""
    masked = not config.flag("use_bidirectional_attention", False)
    return [amended(layer, masked=masked) for layer in layers]


@formula("vaultgemma")
def vaultgemma(config: Config, net: Network) -> None:
    """As Gemma 2 with the two norms before attention and MLP only."""
    decoder(llama_like(config, layers=sliding(config, pattern=2), tied=True), net)


@formula("olmo")
def olmo(config: Config, net: Network) -> None:
    """As LLaMA with norms that have no parameters."""
    decoder(llama_like(config, norm="none"), net)


@formula("nanochat")
def nanochat(config: Config, net: Network) -> None:
    """As LLaMA without gates; all norms, also on the embedding and on each head, have no parameters."""
    base = llama_like(config, gated=False, norm="root", first_norm=True, mlp_bias=False, query_norm_kind="root")
    decoder(head_norms(base), net)


@formula("olmo2")
def olmo2(config: Config, net: Network) -> None:
    """As LLaMA with norms after the blocks and on the whole query and key."""
    decoder(whole_norms(llama_like(config, norm_after=True)), net)


@formula("olmo3")
def olmo3(config: Config, net: Network) -> None:
    """As OLMo 2; three of four layers slide."""
    decoder(whole_norms(llama_like(config, layers=sliding(config, pattern=4), norm_after=True)), net)


@formula("exaone4")
def exaone4(config: Config, net: Network) -> None:
    """As LLaMA with norms after the blocks and on each head; where some layers slide, the others know no positions."""
    pattern = None if config.get("layer_types") is not None else config.integer("sliding_window_pattern", 4)
    layers = sliding(config, pattern=pattern)
    if config.get("sliding_window") is not None:
        layers = [amended(layer, rotary=layer.window is not None) for layer in layers]
    base = llama_like(config, layers=layers, norm_after=True, qkv_bias=False, output_bias=False, mlp_bias=False)
    decoder(head_norms(base), net)


@formula("stablelm")
def stablelm(config: Config, net: Network) -> None:
    """As LLaMA with layer norms that have a bias, and perhaps one without for each head's query and key."""
    parallel, bias = config.flag("use_parallel_residual", False), config.flag("use_qkv_bias", False)
    base = llama_like(
        config, turned=0.25, norm="scale and bias", parallel=parallel, norms_per_layer=1 if parallel else 2,
        qkv_bias=bias, output_bias=False, mlp_bias=False, query_norm_kind="mean and scale",
    )  # fmt: skip
    decoder(whole_norms(base) if config.flag("qk_layernorm", False) else base, net)


@formula("cohere")
def cohere(config: Config, net: Network) -> None:
    """Attention and MLP side by side under one norm; tied embeddings; perhaps a norm for each head's query and key."""
    base = _command(config, [Layer()] * layer_count(config))
    decoder(whole_norms(base) if config.flag("use_qk_norm", False) else base, net)


@formula("cohere2")
def cohere2(config: Config, net: Network) -> None:
    """As Cohere; three of four layers slide, and the fourth knows no positions."""
    layers = sliding(config, pattern=config.integer("sliding_window_pattern", 4))
    decoder(_command(config, [amended(layer, rotary=layer.window is not None) for layer in layers]), net)


def _command(config: Config, layers: Sequence[Layer]) -> Decoder:
    return llama_like(
        config, layers=layers, tied=True, parallel=True, norms_per_layer=1, norm="mean and scale",
        query_norm_kind="mean and scale",
    )  # fmt: skip


@formula("arcee")
def arcee(config: Config, net: Network) -> None:
    """As LLaMA with an MLP without gate."""
    decoder(llama_like(config, gated=False), net)


@formula("apertus")
def apertus(config: Config, net: Network) -> None:
    """As LLaMA with an MLP without gate, a norm on each head, and an activation with two parameters."""
    trained = config.word("hidden_act", "xielu") == "xielu"
    base = llama_like(config, gated=False, mlp_bias=False, activation_weights=2 if trained else 0)
    decoder(head_norms(base), net)


@formula("glm")
def glm(config: Config, net: Network) -> None:
    """As LLaMA with biases on query, key and value, and half of each head turned by position."""
    bias = config.flag("attention_bias", True)
    decoder(llama_like(config, turned=0.5, qkv_bias=bias, output_bias=False, mlp_bias=False), net)


@formula("glm4")
def glm4(config: Config, net: Network) -> None:
    """As GLM with four norms in a layer."""
    bias = config.flag("attention_bias", True)
    base = llama_like(config, turned=0.5, qkv_bias=bias, output_bias=False, mlp_bias=False)
    decoder(replace(base, norms_per_layer=4), net)


@formula("chatglm")
def chatglm(config: Config, net: Network) -> None:
    """ChatGLM 2 and 3: as GLM, under the field names of its own code; half of each head is turned by position."""
    heads, width = config.integer("num_attention_heads"), config.integer("hidden_size")
    grouped, biased = config.flag("multi_query_attention", False), config.flag("add_bias_linear", False)
    if config.flag("apply_residual_connection_post_layernorm", False):
        raise config.refuse("apply_residual_connection_post_layernorm", "false: the other order is not known here")
    model = Decoder(
        width=width,
        layers=[Layer()] * layer_count(config, "num_layers"),
        heads=heads,
        key_value_heads=config.integer("multi_query_group_num", 1) if grouped else heads,
        head_width=config.integer("kv_channels", 128),
        mlp_width=config.integer("ffn_hidden_size"),
        vocabulary=config.integer("padded_vocab_size"),
        longest=config.optional("seq_length"),
        head="" if config.get("architectures") == ["ChatGLMModel"] else checked_head(config),
        labels=label_count(config),
        tied=config.flag("tie_word_embeddings", False),
        qkv_bias=biased or config.flag("add_qkv_bias", False),
        output_bias=biased,
        mlp_bias=biased,
        norm="scale" if config.flag("rmsnorm", True) else "scale and bias",
        final_norm=config.flag("post_layer_norm", True),
        rotary_width=config.integer("kv_channels", 128) // 2,
    )
    decoder(model, net)


@formula("glm130b")
def glm130b(config: Config, net: Network) -> None:
    """GLM-130B: as LLaMA with biases, a gated MLP and layer norms after the blocks; the head shares the embedding.

    There is no published `config.json`: the fields are LLaMA's. Source: arXiv 2210.02414, section 2.1.
    """
    base = llama_like(config, tied=True, norm="scale and bias", norm_after=True, final_norm=False)
    decoder(replace(base, qkv_bias=True, output_bias=True, mlp_bias=True), net)


@formula("palm")
def palm(config: Config, net: Network) -> None:
    """PaLM: attention and MLP side by side under one norm, one key and value for all heads, tied embeddings.

    There is no published `config.json`: the fields are LLaMA's. Source: arXiv 2204.02311, section 2.
    """
    groups = config.integer("num_key_value_heads", 1)
    base = llama_like(config, tied=True, parallel=True, norms_per_layer=1, key_value_heads=groups)
    decoder(replace(base, norm="mean and scale"), net)


@formula("ernie4_5")
def ernie4_5(config: Config, net: Network) -> None:
    """As LLaMA, tied, with one switch for all biases."""
    bias = config.flag("use_bias", False)
    decoder(llama_like(config, tied=True, qkv_bias=bias, output_bias=bias, mlp_bias=bias), net)


@formula("hunyuan_v1_dense")
def hunyuan(config: Config, net: Network) -> None:
    """As LLaMA with a norm on each head's query and key."""
    decoder(head_norms(llama_like(config, mlp_bias=False)), net)


@formula("helium")
def helium(config: Config, net: Network) -> None:
    """As LLaMA without a bias on the output product, whose input is as wide as the model."""
    base = llama_like(config, output_bias=False)
    if base.heads * base.head_width != base.width:
        raise config.refuse("head_dim", f"the width {base.width} over {base.heads} heads")
    decoder(base, net)


@formula("bitnet")
def bitnet(config: Config, net: Network) -> None:
    """As LLaMA with norms on what enters the output product and the MLP's last product; weights of 1.58 bit."""
    decoder(llama_like(config, mlp_bias=False, inner_norms=True), net)
