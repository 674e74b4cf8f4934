"""Residual convolution blocks, as U-Nets and the autoencoders before them are made of.

Per block with c channels in, o out, over P positions: 2·9·(c·o + o²)·P, 2·c·o·P more for a shortcut where c ≠ o, and
2·t·o once for each image from a time step's t features.

Source: He et al. 2016; Ho, Jain and Abbeel 2020 (the time step added between the convolutions).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from comptometer.errors import UsageError
from comptometer.formulas._denoiser import Heads, attend, attend_to
from comptometer.formulas._network import DATA, Flow, Network

MLP = 4  # width of a gated MLP over that of the attention before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What flows between blocks: channels over positions, and whether it needs a gradient."""

    channels: int
    positions: tuple[int, int]
    flow: Flow

    @property
    def tokens(self) -> int:
        """Positions of one image."""
        return prod(self.positions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Features of the time step that every residual block adds, or scales and shifts by. No width: there are none."""

    width: int = 0
    flow: Flow = DATA
    scaled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What an image is denoised towards: positions of a width."""

    positions: int
    width: int
    flow: Flow = DATA

    def of_width(self, width: int) -> Text:
        """The same, as blocks of another width read it."""
        return Text(positions=self.positions, width=width, flow=self.flow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """Layers over the positions of an image, in heads; `linear`: products, not convolutions, before and after.

    `crossed`: its first attention, too, reads the text and not the image.
    """

    layers: int
    heads: int
    linear: bool = False
    crossed: bool = False


def convolve(
    net: Network, name: str, x: Image, outward: int, *, kernel: int = 3, positions: tuple[int, int] | None = None
) -> Image:
    """A convolution with bias, onto as many positions unless said otherwise."""
    onto = positions or x.positions
    flow = net.convolution(name, x.flow, x.channels, outward, (kernel, kernel), onto, bias=True)
    net.elementwise(name, net.batch * outward * prod(onto))
    return Image(channels=outward, positions=onto, flow=flow)


def group_norm(net: Network, name: str, x: Image, *, activated: bool = True) -> Image:
    """A normalisation of groups of channels, and an activation."""
    flow = net.norm(name, x.flow, net.batch * x.tokens, x.channels, "scale and bias")
    if activated:
        net.elementwise(name, net.batch * x.tokens * x.channels)
    return x if flow == x.flow else Image(channels=x.channels, positions=x.positions, flow=flow)


def residual(
    net: Network, name: str, x: Image, outward: int, time: Time, *, onto: tuple[int, int] | None = None
) -> Image:
    """Two convolutions around which x is added; `onto`: shrunk or enlarged, without weights, before the first."""
    positions = onto or x.positions

    def body(_: Flow) -> Flow:
        inner = group_norm(net, f"{name}.norm1", x)
        moved = Image(channels=x.channels, positions=positions, flow=inner.flow)
        y = convolve(net, f"{name}.conv1", moved, outward)
        flow = y.flow
        if time.width:
            net.elementwise(f"{name}.time", net.batch * time.width)
            added = 2 * outward if time.scaled else outward
            flow = net.linear(f"{name}.time", time.flow, net.batch, time.width, added, bias=True) or flow
        y = group_norm(net, f"{name}.norm2", Image(channels=outward, positions=positions, flow=flow))
        y = convolve(net, f"{name}.conv2", y, outward)
        shortcut = x.flow
        if x.channels != outward:
            straight = Image(channels=x.channels, positions=positions, flow=x.flow)
            shortcut = convolve(net, f"{name}.shortcut", straight, outward, kernel=1).flow
        net.elementwise(f"{name}.residual", net.batch * outward * prod(positions))
        return y.flow or shortcut

    flow = net.alike((name, x, outward, time, positions), body, x.flow, block=True)
    return Image(channels=outward, positions=positions, flow=flow)


def self_attention(net: Network, name: str, x: Image, head_width: int, *, normed: bool = True) -> Image:
    """Attention among the positions of an image, added to it."""
    flow = group_norm(net, f"{name}.norm", x, activated=False).flow if normed else x.flow
    heads = Heads(number=x.channels // head_width, width=head_width, bias=True)
    flow = attend(net, name, flow, x.channels, x.tokens, heads) or x.flow
    return Image(channels=x.channels, positions=x.positions, flow=flow)


def spatial_transformer(net: Network, name: str, x: Image, text: Text, shape: Transformer) -> Image:
    """Layers of self-attention, cross-attention to a text and a gated MLP, between two projections; added to x."""
    flow = net.alike((name, x, text, shape), lambda _: _transformed(net, name, x, text, shape), x.flow)
    return Image(channels=x.channels, positions=x.positions, flow=flow or x.flow)


def _transformed(net: Network, name: str, x: Image, text: Text, shape: Transformer) -> Flow:
    heads = Heads(number=shape.heads, width=x.channels // shape.heads)
    width = heads.inner
    y = group_norm(net, f"{name}.norm", x, activated=False)
    flow = _projected(net, f"{name}.in", y, width, linear=shape.linear)

    def layer(flow: Flow) -> Flow:
        return transformer_layer(net, f"{name}.layers.*", flow, width, x.tokens, text, heads, crossed=shape.crossed)

    flow = net.repeat(shape.layers, layer, flow)
    y = Image(channels=width, positions=x.positions, flow=flow)
    return _projected(net, f"{name}.out", y, x.channels, linear=shape.linear)


def _projected(net: Network, name: str, x: Image, outward: int, *, linear: bool) -> Flow:
    if linear:
        return net.linear(name, x.flow, net.batch * x.tokens, x.channels, outward, bias=True)
    return convolve(net, name, x, outward, kernel=1).flow


def transformer_layer(
    net: Network, name: str, x: Flow, width: int, tokens: int, text: Text, heads: Heads, *, crossed: bool
) -> Flow:
    """Attention, cross-attention and a gated MLP, each behind a norm and added to x."""
    rows, other = net.batch * tokens, (text.positions, text.width)
    y = net.norm(f"{name}.norm1", x, rows, width, "scale and bias")
    if crossed:
        x = attend_to(net, f"{name}.attention", y, text.flow, width, tokens, other, heads) or x
    else:
        x = attend(net, f"{name}.attention", y, width, tokens, heads) or x
    y = net.norm(f"{name}.norm2", x, rows, width, "scale and bias")
    x = attend_to(net, f"{name}.cross_attention", y, text.flow, width, tokens, other, heads) or x
    y = net.norm(f"{name}.norm3", x, rows, width, "scale and bias")
    y = net.linear(f"{name}.mlp.in", y, rows, width, 2 * MLP * width, bias=True)
    net.elementwise(f"{name}.mlp.activation", 2 * rows * MLP * width)
    net.elementwise(f"{name}.residual", 3 * rows * width)
    return net.linear(f"{name}.mlp.out", y, rows, MLP * width, width, bias=True) or x


def shrunk(net: Network, name: str, x: Image, padding: int) -> Image:
    """Half as many positions each way, by a convolution of stride 2; without padding a row and a column are added."""
    more = 1 if padding == 0 else 2 * padding
    height, width = ((extent + more - 3) // 2 + 1 for extent in x.positions)
    if not height or not width:
        raise UsageError(f"image_size: {x.positions[0]} × {x.positions[1]} are too few positions to halve")
    return convolve(net, name, x, x.channels, positions=(height, width))


def enlarged(net: Network, name: str, x: Image, onto: tuple[int, int] | None = None) -> Image:
    """Each position repeated, twice as many each way unless said, and a convolution."""
    return convolve(net, name, x, x.channels, positions=onto or doubled(x))


def joined(x: Image, other: Image) -> Image:
    """The channels of both."""
    return Image(channels=x.channels + other.channels, positions=x.positions, flow=x.flow or other.flow)


def halved(x: Image) -> tuple[int, int]:
    """Extents after pooling two by two."""
    return x.positions[0] // 2, x.positions[1] // 2


def doubled(x: Image) -> tuple[int, int]:
    """Extents after each position is repeated."""
    return 2 * x.positions[0], 2 * x.positions[1]
