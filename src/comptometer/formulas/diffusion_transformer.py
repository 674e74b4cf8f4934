"""Diffusion transformers: DiT, PixArt, and those with a stream for image and one for text (Stable Diffusion 3, FLUX).

Per image with S tokens of width d: layers 2(4d² + 8d²)·S and core 4dS²; modulation 2·6d² once for each image and
layer; with two streams each has weights of its own, and attention runs over image and text together.

Source: Peebles and Xie 2023 (DiT); Chen et al. 2023 (PixArt-α); Esser et al. 2024 (MM-DiT); configurations and their
fields as in the library `diffusers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._denoiser import (
    LATENTS,
    SINUSOIDS,
    TEXT_LENGTH,
    Heads,
    attend,
    attend_to,
    core,
    modulation,
    number_embedding,
    perceptron,
    project,
)
from comptometer.formulas._network import DATA, Flow
from comptometer.formulas._published import understood

MLP = 4  # width of an MLP over that of the model
ONLY = {
    "activation_fn": "gelu-approximate",
    "attention_type": "default",
    "double_self_attention": False,
    "num_vector_embeds": None,
    "only_cross_attention": False,
}
UNUSED = ("norm_num_groups", "use_linear_projection")  # by images in patches


def _patches(config: Config, net: Network, size: int, patch: int) -> tuple[int, tuple[int, int]]:
    """Tokens of an image, and its extents in patches."""
    height, width = net.image((size, size))
    if height % patch or width % patch:
        raise config.refuse("patch_size", f"a divisor of the image's {height} × {width}")
    positions = height // patch, width // patch
    return positions[0] * positions[1], positions


def _mlp(net: Network, name: str, x: Flow, tokens: int, width: int) -> Flow:
    return perceptron(net, name, x, net.batch * tokens, width, MLP * width, width)


def _heads(config: Config, *, bias: bool = True) -> Heads:
    norm = config.word("qk_norm", "none")
    if norm not in ("none", "rms_norm"):
        raise config.refuse("qk_norm", "rms_norm or nothing")
    return Heads(
        number=config.integer("num_attention_heads"),
        width=config.integer("attention_head_dim"),
        bias=bias,
        norm="scale" if norm == "rms_norm" else "none",
    )


@formula("Transformer2DModel", notes=(LATENTS,))
def patched(config: Config, net: Network) -> None:
    """The class under which DiT and PixArt-α were first published: its `norm_type` says which of them it is."""
    kind = config.word("norm_type", "layer_norm")
    if kind not in ("ada_norm_zero", "ada_norm_single") or config.optional("patch_size") is None:
        raise config.refuse("norm_type", "ada_norm_zero or ada_norm_single, with a patch_size")
    (dit if kind == "ada_norm_zero" else pixart)(config, net)


@formula("DiTTransformer2DModel", notes=(LATENTS,))
def dit(config: Config, net: Network) -> None:
    """Layers that a time step and a class modulate; each layer learns its own embedding of both.

    After the last layer the first one's embedding is computed once more for the output's modulation.
    """
    heads, patch = _heads(config, bias=config.flag("attention_bias", True)), config.integer("patch_size")
    if config.word("norm_type", "ada_norm_zero") != "ada_norm_zero":
        raise config.refuse("norm_type", "ada_norm_zero")
    d, channels = heads.inner, config.integer("in_channels")
    tokens, positions = _patches(config, net, config.integer("sample_size"), patch)
    x = net.convolution("patches", DATA, channels, d, (patch, patch), positions, bias=True)
    layers, out = config.integer("num_layers", most=MOST_LAYERS), config.integer("out_channels", channels)
    classes, affine = config.integer("num_embeds_ada_norm"), config.flag("norm_elementwise_affine", False)

    understood(config, ONLY | {"cross_attention_dim": None, "caption_channels": None}, UNUSED)

    def block(x: Flow) -> Flow:
        time = number_embedding(net, "layers.*.time", SINUSOIDS, d)
        condition = net.look_up("layers.*.classes", classes + 1, d) or time
        x = modulation(net, "layers.*.modulation", condition, d, 6) or x
        x = attend(net, "layers.*.attention", x, d, tokens, heads) or x
        x = net.norm("layers.*.norm", x, net.batch * tokens, d, "scale and bias" if affine else "none")
        return _mlp(net, "layers.*.mlp", x, tokens, d) or x

    x = net.repeat(layers, block, x)
    time = net.linear("layers.*.time.in", DATA, net.batch, SINUSOIDS, d, weight_of="layers.*.time.in")
    time = net.linear("layers.*.time.out", time, net.batch, d, d, weight_of="layers.*.time.out")
    scale = modulation(net, "head.modulation", time or net.trainable.weight("layers.*.classes"), d, 2)
    net.linear("head", x or scale, net.batch * tokens, d, patch * patch * out, bias=True)


@formula("PixArtTransformer2DModel", notes=(LATENTS,))
def pixart(config: Config, net: Network) -> None:
    """One modulation for all layers, which each shifts by a table; cross-attention to a text."""
    heads, patch = _heads(config, bias=config.flag("attention_bias", True)), config.integer("patch_size", 2)
    d, channels = heads.inner, config.integer("in_channels", 4)
    if config.integer("cross_attention_dim", d) != d:
        raise config.refuse("cross_attention_dim", f"{d}, the width of the projected text")
    size = config.integer("sample_size", 128)
    tokens, positions = _patches(config, net, size, patch)
    text = net.length(config.integer("caption_length", 120))
    x = net.convolution("patches", DATA, channels, d, (patch, patch), positions, bias=True)
    time = number_embedding(net, "condition.time", SINUSOIDS, d)
    if config.flag("use_additional_conditions", size == 128):
        _sizes(net, d)
    condition = modulation(net, "condition.modulation", time, d, 6)
    words = perceptron(net, "text", DATA, net.batch * text, config.integer("caption_channels"), d, d)
    layers, out = config.integer("num_layers", most=MOST_LAYERS), config.integer("out_channels", channels)
    only = ONLY | {"norm_type": "ada_norm_single", "norm_elementwise_affine": False}
    understood(config, only, (*UNUSED, "interpolation_scale", "num_embeds_ada_norm"))

    def block(x: Flow) -> Flow:
        x = net.weights("layers.*.shifts", 6 * d) or condition or x
        x = attend(net, "layers.*.attention", x, d, tokens, heads) or x
        x = attend_to(net, "layers.*.cross_attention", x, words, d, tokens, (text, d), heads) or x
        return _mlp(net, "layers.*.mlp", x, tokens, d) or x

    x = net.repeat(layers, block, x)
    x = net.weights("head.shifts", 2 * d) or time or x
    net.linear("head", x, net.batch * tokens, d, patch * patch * out, bias=True)


def _sizes(net: Network, d: int) -> None:
    """Height and width of the image, and its ratio, as features of a third of the width each."""
    third = d // 3
    perceptron(net, "condition.resolution", DATA, 2 * net.batch, SINUSOIDS, third, third)
    perceptron(net, "condition.ratio", DATA, net.batch, SINUSOIDS, third, third)


def _joint(
    net: Network, x: Flow, text: Flow, d: int, lengths: tuple[int, int], heads: Heads, *, last: bool
) -> tuple[Flow, Flow]:
    """Attention over image and text together, each with weights of its own; the last text is not written back."""
    name, (image, words) = "layers.*.attention", lengths
    own = project(net, name, x, net.batch * image, d, heads)
    other = project(net, "layers.*.text.attention", text, net.batch * words, d, heads)
    both = [mine or theirs for mine, theirs in zip(own, other, strict=True)]
    y = core(net, name, both, heads, image + words, image + words)
    out = net.linear(f"{name}.out", y, net.batch * image, heads.inner, d, bias=True)
    back = text if last else net.linear("layers.*.text.attention.out", y, net.batch * words, heads.inner, d, bias=True)
    return out, back


@formula("SD3Transformer2DModel", notes=(LATENTS,))
def stable_diffusion_3(config: Config, net: Network) -> None:
    """Two streams with joint attention; some layers attend over the image a second time (3.5)."""
    heads, patch = _heads(config), config.integer("patch_size")
    d, channels, layers = heads.inner, config.integer("in_channels"), config.integer("num_layers", most=MOST_LAYERS)
    tokens, positions = _patches(config, net, config.integer("sample_size"), patch)
    text = net.length(TEXT_LENGTH + 77)
    if config.integer("caption_projection_dim") != d:
        raise config.refuse("caption_projection_dim", f"{d}, the width of the heads together")
    x = net.convolution("patches", DATA, channels, d, (patch, patch), positions, bias=True)
    condition = number_embedding(net, "condition.time", SINUSOIDS, d)
    pooled = config.integer("pooled_projection_dim")
    condition = perceptron(net, "condition.text", DATA, net.batch, pooled, d, d) or condition
    words = net.linear("text", DATA, net.batch * text, config.integer("joint_attention_dim"), d, bias=True)
    dual, out = set(config.integers("dual_attention_layers")), config.integer("out_channels", channels)
    understood(config, {}, ("pos_embed_max_size",))
    kinds = [(at in dual, at == layers - 1) for at in range(layers)]
    flow: Flow | None = None
    for (twice, last), times in Counter(kinds).items():

        def layer(flow: Flow, text_flow: Flow, twice: bool = twice, last: bool = last) -> Flow:
            return _two_streams(net, flow, text_flow, condition, d, (tokens, text), heads, twice=twice, last=last)

        flow = _mixed(net, times, layer, x, words) if flow is None else net.repeat(times, lambda f: layer(f, f), flow)
    scale = modulation(net, "head.modulation", condition, d, 2)
    net.linear("head", flow or scale, net.batch * tokens, d, patch * patch * out, bias=True)


def _mixed(net: Network, times: int, layer: Callable[[Flow, Flow], Flow], x: Flow, text: Flow) -> Flow:
    """Equal layers of two streams. From the first one's attention on, what one stream needs the other needs as well."""
    flow = net.repeat(min(times, 1), lambda _: layer(x, text), x or text)
    return net.repeat(times - 1, lambda flow: layer(flow, flow), flow)


def _two_streams(
    net: Network,
    flow: Flow,
    text_flow: Flow,
    condition: Flow,
    d: int,
    lengths: tuple[int, int],
    heads: Heads,
    *,
    twice: bool,
    last: bool,
) -> Flow:
    """A layer of both streams, each with its modulation, its weights of the joint attention and its MLP."""
    image, text = lengths
    x = modulation(net, "layers.*.modulation", condition, d, 9 if twice else 6) or flow
    words = modulation(net, "layers.*.text.modulation", condition, d, 2 if last else 6) or text_flow
    y, words = _joint(net, x, words, d, lengths, heads, last=last)
    if twice:
        y = attend(net, "layers.*.attention2", x, d, image, heads) or y
    x = _mlp(net, "layers.*.mlp", x or y, image, d) or x or y
    if not last:
        words = _mlp(net, "layers.*.text.mlp", words, text, d) or words
    return x or words


@formula("FluxTransformer2DModel", notes=(LATENTS,))
def flux(config: Config, net: Network) -> None:
    """Layers of two streams, then layers of one over image and text, whose attention and MLP run side by side.

    Latents enter in patches of two by two, with their channels as they stand in `in_channels`.
    """
    heads = Heads(
        number=config.integer("num_attention_heads"),
        width=config.integer("attention_head_dim"),
        bias=True,
        norm="scale",
    )
    d, channels, patch = heads.inner, config.integer("in_channels"), config.integer("patch_size", 1)
    tokens, _ = _patches(config, net, 128, 2)
    text = net.length(512)
    whole = tokens + text
    x = net.linear("patches", DATA, net.batch * tokens, channels, d, bias=True)
    words = net.linear("text", DATA, net.batch * text, config.integer("joint_attention_dim"), d, bias=True)
    condition = number_embedding(net, "condition.time", SINUSOIDS, d)
    if config.flag("guidance_embeds", False):
        condition = number_embedding(net, "condition.guidance", SINUSOIDS, d) or condition
    pooled = config.integer("pooled_projection_dim")
    condition = perceptron(net, "condition.text", DATA, net.batch, pooled, d, d) or condition

    def double(flow: Flow, text_flow: Flow) -> Flow:
        return _two_streams(net, flow, text_flow, condition, d, (tokens, text), heads, twice=False, last=False)

    def single(flow: Flow) -> Flow:
        flow = modulation(net, "single.*.modulation", condition, d, 3) or flow
        up = net.linear("single.*.mlp.in", flow, net.batch * whole, d, MLP * d, bias=True)
        y = core(
            net, "single.*.attention", project(net, "single.*.attention", flow, net.batch * whole, d, heads),
            heads, whole, whole,
        )  # fmt: skip
        return net.linear("single.*.out", y or up, net.batch * whole, d + MLP * d, d, bias=True)

    layers = config.integer("num_layers", least=0, most=MOST_LAYERS)
    singles = config.integer("num_single_layers", least=0, most=MOST_LAYERS)
    out = config.integer("out_channels", channels)
    understood(config, {}, ("axes_dims_rope",))
    flow = _mixed(net, layers, double, x, words)
    flow = net.repeat(singles, single, flow)
    scale = modulation(net, "head.modulation", condition, d, 2)
    net.linear("head", flow or scale, net.batch * tokens, d, patch * patch * out, bias=True)
