"""The autoencoder before a latent diffusion model: an image is shrunk to latents and drawn from them again.

Source: Rombach et al. 2022; Kingma and Welling 2014; configuration and its fields as in the library `diffusers`.
"""

from __future__ import annotations

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._network import DATA
from comptometer.formulas._published import MOST_BLOCKS, channels_per_level, kinds_per_level, understood
from comptometer.formulas._resnet_blocks import (
    Image,
    Time,
    convolve,
    enlarged,
    group_norm,
    residual,
    self_attention,
    shrunk,
)

BOTH = "encoding and decoding; a diffusion model in training only encodes: the modules encoder and quant, forward"
DOWN = ("DownEncoderBlock2D", "AttnDownEncoderBlock2D")
UP = ("UpDecoderBlock2D", "AttnUpDecoderBlock2D")
TIMELESS = Time()


@formula("AutoencoderKL", notes=(BOTH,))
def autoencoder(config: Config, net: Network) -> None:
    """Encoder and decoder with one head of attention in their middles. The mean of the latents is decoded."""
    channels = channels_per_level(config)
    down = kinds_per_level(config, "down_block_types", len(channels), DOWN)
    up = kinds_per_level(config, "up_block_types", len(channels), UP)
    layers, latent = config.integer("layers_per_block", 1, most=MOST_BLOCKS), config.integer("latent_channels", 4)
    attends = config.flag("mid_block_add_attention", True)
    inward, outward = config.integer("in_channels", 3), config.integer("out_channels", 3)
    quant, post_quant = config.flag("use_quant_conv", True), config.flag("use_post_quant_conv", True)
    image = Image(channels=inward, positions=net.image(config.extents("sample_size", 32)), flow=DATA)
    understood(config, {})
    with net.within("encoder"):
        x = _encoded(net, image, list(zip(down, channels, strict=True)), layers, latent, attends=attends)
    if quant:
        x = convolve(net, "quant", x, 2 * latent, kernel=1)
    x = Image(channels=latent, positions=x.positions, flow=x.flow)
    if post_quant:
        x = convolve(net, "post_quant", x, latent, kernel=1)
    with net.within("decoder"):
        _decoded(net, x, list(zip(up, channels[::-1], strict=True)), layers + 1, outward, attends=attends)


def _encoded(
    net: Network, x: Image, levels: list[tuple[str, int]], layers: int, latent: int, *, attends: bool
) -> Image:
    """Mean and variance of the latents."""
    x = convolve(net, "in", x, levels[0][1])
    for at, (kind, channels) in enumerate(levels):
        x = _level(net, f"down.{at}", x, kind, channels, layers)
        if at < len(levels) - 1:
            x = shrunk(net, f"down.{at}.shrink", x, padding=0)
    x = _middle(net, x, attends=attends)
    return convolve(net, "out", group_norm(net, "norm", x), 2 * latent)


def _decoded(
    net: Network, x: Image, levels: list[tuple[str, int]], layers: int, outward: int, *, attends: bool
) -> None:
    x = convolve(net, "in", x, levels[0][1])
    x = _middle(net, x, attends=attends)
    for at, (kind, channels) in enumerate(levels):
        x = _level(net, f"up.{at}", x, kind, channels, layers)
        if at < len(levels) - 1:
            x = enlarged(net, f"up.{at}.enlarge", x)
    convolve(net, "out", group_norm(net, "norm", x), outward)


def _level(net: Network, name: str, x: Image, kind: str, channels: int, layers: int) -> Image:
    for _ in range(layers):
        x = residual(net, f"{name}.residual", x, channels, TIMELESS)
        if kind.startswith("Attn"):
            x = self_attention(net, f"{name}.attention", x, channels)
    return x


def _middle(net: Network, x: Image, *, attends: bool) -> Image:
    x = residual(net, "middle.residual", x, x.channels, TIMELESS)
    if attends:
        x = self_attention(net, "middle.attention", x, x.channels)
    return residual(net, "middle.residual", x, x.channels, TIMELESS)
