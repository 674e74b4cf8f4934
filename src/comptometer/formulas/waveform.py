"""Encoders of raw sound: wav2vec 2.0, HuBERT and WavLM. The sequence length is samples.

Strided convolutions turn samples into frames (320 samples each in all published models); a grouped convolution gives
frames their position; a plain encoder follows. The first convolution forms no gradient of its input, which is data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from comptometer.errors import UsageError
from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, attend, both_ways, feed_forward, residual_block
from comptometer.formulas._encoder_heads import labels, plain

TEN_SECONDS: Final = 160_000  # samples at 16 kHz
HEADS: Final = ("ForCTC", "ForSequenceClassification", "ForAudioFrameClassification", "Model")
LAYER_DROP: Final = ("layers that are dropped at random in training are counted",)

Attend = Callable[[Flow], Flow]


def framed(config: Config, net: Network) -> tuple[Sequences, Flow, int]:
    """Frames of the batch, what flows in them, and their width.

    Raises:
        DataError: lists of different lengths, an unknown norm.
        UsageError: too few samples for one frame.
    """
    widths, kernels, strides = (config.integers(f"conv_{name}", least=1) for name in ("dim", "kernel", "stride"))
    if not widths or len({len(widths), len(kernels), len(strides)}) != 1:
        raise config.refuse("conv_dim", "as many numbers as conv_kernel and conv_stride")
    kind = config.word("feat_extract_norm", "group")
    if kind not in ("group", "layer"):
        raise config.refuse("feat_extract_norm", "group or layer")
    bias = config.flag("conv_bias", False)
    length, inward, x = net.length(TEN_SECONDS), 1, DATA
    for number, (width, kernel, stride) in enumerate(zip(widths, kernels, strides, strict=True)):
        if length < kernel:
            raise UsageError("sequence_length: too few samples for one frame")
        length, name = (length - kernel) // stride + 1, f"features.{number}"
        x = net.convolution(name, x, inward, width, (kernel,), (length,), bias=bias)
        net.elementwise(name, net.batch * length * width)
        if kind == "layer" or number == 0:
            x = net.norm(f"{name}.norm", x, net.batch * length, width, "scale and bias")
        inward = width
    net.tokens = net.batch * length
    return Sequences(net.batch, length), x, inward


def encoded(config: Config, net: Network, at: Sequences, x: Flow, *, attention: str = "plain") -> Flow:
    """From features to what the last layer gives.

    Args:
        config: of the model.
        net: what adds up.
        at: its frames.
        x: what flows in, after the projection.
        attention: `plain`, or `gated` with WavLM's positions.
    """
    stable = config.flag("do_stable_layer_norm", False)
    model = plain(config, norm_first=stable, final_norm=stable)
    x = _positioned(config, net, at, x, model)
    if not stable:
        x = net.norm("norm", x, at.rows, model.width, "scale and bias")
    pairs = both_ways(net, at.length)
    core: Attend = lambda x: attend(model, net, x, at, pairs)  # noqa: E731
    if attention == "gated":
        core = _gated(config, net, at, model, pairs)
    adapter = config.optional("adapter_attn_dim") if stable else None

    def body(x: Flow) -> Flow:
        if adapter is None:
            return residual_block(model, net, at, x, core)
        feed: Attend = lambda x: feed_forward(model, net, at.rows, x)  # noqa: E731
        return residual_block(model, net, at, x, core, feed, mlp=lambda x: _adapted(net, at, x, model.width, adapter))

    x = net.repeat(model.layers, body, x)
    return net.norm("norm", x, at.rows, model.width, "scale and bias") if stable else x


def _positioned(config: Config, net: Network, at: Sequences, x: Flow, model: Encoder) -> Flow:
    """A grouped convolution added to what flows; with an even kernel its last output is dropped."""
    kernel, groups = config.integer("num_conv_pos_embeddings", 128), config.integer("num_conv_pos_embedding_groups", 16)
    if model.width % groups:
        raise config.refuse("num_conv_pos_embedding_groups", f"a divisor of the hidden size {model.width}")
    out = (at.length + 2 * (kernel // 2) - kernel + 1,)
    y = net.convolution("positions", x, model.width, model.width, (kernel,), out, groups=groups, bias=True)
    if config.flag("conv_pos_batch_norm", False):
        y = net.norm("positions.norm", x, at.rows, model.width, "scale and bias") or y
    else:
        y = net.weights("positions.gain", kernel) or y  # the weight is a direction and a length
    net.elementwise("positions", 2 * at.rows * model.width)
    return x or y


def _adapted(net: Network, at: Sequences, x: Flow, width: int, inner: int) -> Flow:
    x = net.linear("layers.*.adapter.down", x, at.rows, width, inner, bias=True)
    net.elementwise("layers.*.adapter", at.rows * inner)
    return net.linear("layers.*.adapter.up", x, at.rows, inner, width, bias=True)


def _gated(config: Config, net: Network, at: Sequences, model: Encoder, pairs: int) -> Attend:
    """A table of relative positions, which a small product of what flows scales in every head and layer."""
    table = net.weights("position_bias", config.integer("num_buckets", 320) * model.heads)

    def core(x: Flow) -> Flow:
        name = "layers.*.attention"
        gate = net.linear(f"{name}.gate", x, at.rows * model.heads, model.head_width, 8, bias=True)
        gate = net.weights(f"{name}.gate_scale", model.heads) or gate
        net.elementwise(f"{name}.gate", at.number * model.heads * pairs)
        return attend(model, net, x, at, pairs, position=table or gate)

    return core


def written(config: Config, net: Network, *, projection_norm: bool, attention: str = "plain", quantizer: bool) -> None:
    """Features, encoder and head."""
    if config.flag("add_adapter", False):
        raise config.refuse("add_adapter", "false: what shortens the output is not known here")
    head = config.head("Model")
    if head not in HEADS and not (quantizer and head == "ForPreTraining"):
        raise config.refuse("architectures", f"a class that ends in {', '.join(HEADS)}")
    if not config.words("architectures"):
        net.note("no architectures: counted without a head")
    at, features, inner = framed(config, net)
    width = config.integer("hidden_size")
    if projection_norm:
        features = net.norm("projection.norm", features, at.rows, inner, "scale and bias")
    x = net.linear("projection", features, at.rows, inner, width, bias=True)
    if _masks(config):
        x = net.weights("mask", width) or x
    x = encoded(config, net, at, x, attention=attention)
    _headed(head, config, net, at, x, features, inner)


def _masks(config: Config) -> bool:
    """Has the model a vector that stands for what is masked?"""
    shares = [config.get(name, default) for name, default in (("mask_time_prob", 0.05), ("mask_feature_prob", 0.0))]
    for name, share in zip(("mask_time_prob", "mask_feature_prob"), shares, strict=True):
        if isinstance(share, bool) or not isinstance(share, int | float):
            raise config.refuse(name, "a share from 0 to 1")
    return any(share > 0 for share in shares)


def _headed(head: str, config: Config, net: Network, at: Sequences, x: Flow, features: Flow, inner: int) -> None:
    width = config.integer("hidden_size")
    if head == "ForCTC":
        net.linear("head", x, at.rows, width, config.integer("vocab_size"), bias=True)
    elif head == "ForPreTraining":
        _quantized(config, net, at, x, features, inner)
    elif head != "Model":
        if config.flag("use_weighted_layer_sum", False):
            layers = config.integer("num_hidden_layers") + 1
            x = net.weights("layer_weights", layers) or x
            net.elementwise("layer_weights", 2 * layers * at.rows * width)
        rows = at.rows
        if head == "ForSequenceClassification":
            inward, width, rows = width, config.integer("classifier_proj_size", 256), at.number
            x = net.linear("projector", x, at.rows, inward, width, bias=True)
        net.linear("head", x, rows, width, labels(config), bias=True)


def _quantized(config: Config, net: Network, at: Sequences, x: Flow, features: Flow, inner: int) -> None:
    """What wav2vec 2.0 compares: projected frames with projected code vectors, which are chosen by a product.

    Mixing code vectors and comparing frames with them (cosine similarity) is element-wise in the class.
    """
    groups, entries = config.integer("num_codevector_groups", 2), config.integer("num_codevectors_per_group", 320)
    codes, width = config.integer("codevector_dim", 256), config.integer("proj_codevector_dim", 256)
    if codes % groups:
        raise config.refuse("codevector_dim", f"a multiple of {groups} groups")
    chosen = net.linear("quantizer", features, at.rows, inner, groups * entries, bias=True)
    chosen = net.weights("quantizer.codes", entries * codes) or chosen
    net.elementwise("quantizer", 2 * at.rows * entries * codes)
    net.linear("head.frames", x, at.rows, config.integer("hidden_size"), width, bias=True)
    net.linear("head.codes", chosen, at.rows, codes, width, bias=True)


@formula("wav2vec2", notes=LAYER_DROP)
def wav2vec2(config: Config, net: Network) -> None:
    """Source: Baevski et al. 2020, arXiv 2006.11477; adapters in every layer: Pratap et al. 2023, arXiv 2305.13516."""
    written(config, net, projection_norm=True, quantizer=True)


@formula("hubert", notes=LAYER_DROP)
def hubert(config: Config, net: Network) -> None:
    """Source: Hsu et al. 2021, arXiv 2106.07447."""
    written(config, net, projection_norm=config.flag("feat_proj_layer_norm", True), quantizer=False)


@formula("wavlm", notes=LAYER_DROP)
def wavlm(config: Config, net: Network) -> None:
    """Relative positions whose share in the scores depends on what is heard.

    Source: Chen et al. 2021, arXiv 2110.13900.
    """
    if config.optional("adapter_attn_dim") is not None:
        raise config.refuse("adapter_attn_dim", "nothing: this family has no adapters in its layers")
    written(config, net, projection_norm=True, attention="gated", quantizer=False)
