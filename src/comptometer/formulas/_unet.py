"""A U-Net by what U-Nets differ in: levels of residual blocks going down, a middle, and levels going up.

Going down, each level's blocks run over a quarter of the positions of the one before; going up, each reads what the
same level left on the way down as well.

Source: Ronneberger, Fischer and Brox 2015; Ho, Jain and Abbeel 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comptometer.formulas._network import DATA, Network
from comptometer.formulas._resnet_blocks import (
    Image,
    Text,
    Time,
    Transformer,
    convolve,
    doubled,
    enlarged,
    group_norm,
    halved,
    joined,
    residual,
    self_attention,
    shrunk,
    spatial_transformer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Residual blocks at one resolution.

    Attributes:
        kind: the class of blocks.
        channels: after each of them.
        depths: a transformer's layers after each of them, where the kind attends to a text.
        heads: of these.
        head_width: of attention without text.
        text_width: of the text that it reads.
        crossed: does the first attention of a layer read the text, too?
        resampler: what shrinks or enlarges the image at the end: `convolution` or `residual`.
    """

    kind: str
    channels: int
    depths: Sequence[int]
    heads: int
    head_width: int
    text_width: int = 0
    crossed: bool = False
    resampler: str = "convolution"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UNet:
    """What U-Nets differ in; `up` from the smallest level on, and None as `middle` where there is none."""

    down: Sequence[Level]
    up: Sequence[Level]
    middle: Level | None
    inward: int
    outward: int
    padding: int
    linear: bool = False
    first_kernel: int = 3
    last_kernel: int = 3
    middle_blocks: int = 2
    middle_norm: bool = True


def denoise(model: UNet, net: Network, size: tuple[int, int], time: Time, text: Text) -> None:
    """Write down a U-Net: down, middle, up, with what each block on the way down leaves read on the way up."""
    image = Image(channels=model.inward, positions=size, flow=DATA)
    x = convolve(net, "in", image, model.down[0].channels, kernel=model.first_kernel)
    left = [x]
    for at, level in enumerate(model.down):
        name = f"down.{at}"
        for depth in level.depths:
            x = _block(model, net, name, x, level, depth, time, text)
            left.append(x)
        if at < len(model.down) - 1:
            x = _shrunk(model, net, name, x, level, time)
            left.append(x)
    x = _middle(model, net, x, time, text)
    for at, level in enumerate(model.up):
        name = f"up.{at}"
        for depth in level.depths:
            other = left.pop()
            x = joined(x, other)
            x = _block(model, net, name, x, level, depth, time, text)
        if left:
            x = _enlarged(net, name, x, level, time, left[-1].positions)
    convolve(net, "out", group_norm(net, "norm", x), model.outward, kernel=model.last_kernel)


def _block(model: UNet, net: Network, name: str, x: Image, level: Level, depth: int, time: Time, text: Text) -> Image:
    x = residual(net, f"{name}.residual", x, level.channels, time)
    if level.kind.startswith("Cross"):
        shape = Transformer(layers=depth, heads=level.heads, linear=model.linear, crossed=level.crossed)
        return spatial_transformer(net, f"{name}.transformer", x, text.of_width(level.text_width), shape)
    return self_attention(net, f"{name}.attention", x, level.head_width) if level.kind.startswith("Attn") else x


def _shrunk(model: UNet, net: Network, name: str, x: Image, level: Level, time: Time) -> Image:
    if level.resampler == "residual":
        return residual(net, f"{name}.shrink", x, x.channels, time, onto=halved(x))
    return shrunk(net, f"{name}.shrink", x, model.padding)


def _enlarged(net: Network, name: str, x: Image, level: Level, time: Time, onto: tuple[int, int]) -> Image:
    if level.resampler == "residual":
        return residual(net, f"{name}.enlarge", x, x.channels, time, onto=doubled(x))
    return enlarged(net, f"{name}.enlarge", x, onto)


def _middle(model: UNet, net: Network, x: Image, time: Time, text: Text) -> Image:
    if model.middle is None:
        return x
    x = residual(net, "middle.residual", x, x.channels, time)
    if model.middle.kind.startswith("Cross"):
        shape = Transformer(layers=model.middle.depths[0], heads=model.middle.heads, linear=model.linear)
        x = spatial_transformer(net, "middle.transformer", x, text.of_width(model.middle.text_width), shape)
    elif model.middle.kind.startswith("Attn"):
        x = self_attention(net, "middle.attention", x, model.middle.head_width, normed=model.middle_norm)
    return residual(net, "middle.residual", x, x.channels, time) if model.middle_blocks > 1 else x
