"""Image models whose maps get coarser and wider by stages: Swin, ConvNeXt, ResNet.

A convolution costs 2·c_in/groups·c_out·k² for each position of its output; the first one reads pixels, which need no
gradient. Swin's attention is cut into windows of W × W positions, each a sequence of its own: W⁴ pairs in each,
whatever the convention, because that is how it is executed; a shift moves the windows and changes no count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, attend, residual_block
from comptometer.formulas._vision_tower import Size, patch_grid
from comptometer.formulas.vision import classifier, head_of

Norms: Final = "scale and bias"


def stages(config: Config, *names: str) -> list[tuple[int, ...]]:
    """The fields that have a number for each stage, side by side.

    Raises:
        DataError: none, or of different lengths.
    """
    lists = [config.integers(name, least=1) for name in names]
    for name, found in zip(names, lists, strict=True):
        if not found or len(found) != len(lists[0]):
            raise config.refuse(name, f"a whole number for each stage, as many as {names[0]}")
    return list(zip(*lists, strict=True))


def _up(size: Size, by: Size) -> Size:
    return -(-size[0] // by[0]), -(-size[1] // by[1])


@formula("swin")
def swin(config: Config, net: Network) -> None:
    """Attention in windows, four neighbours merged between stages; edges are padded to whole patches and windows.

    Source: Liu et al. 2021, arXiv 2103.14030, section 3.
    """
    head = head_of(config, "ForImageClassification", "ForMaskedImageModeling", "Model")
    d, patch, image = config.integer("embed_dim"), config.extents("patch_size", 4), config.extents("image_size", 224)
    channels, bias = config.integer("num_channels", 3), config.flag("qkv_bias", True)
    window, ratio = config.integer("window_size"), config.number("mlp_ratio", 4.0)
    grid = _up(net.image(image), patch)
    x = net.convolution("patches", DATA, channels, d, patch, grid, bias=True)
    x = net.norm("patches.norm", x, net.batch * grid[0] * grid[1], d, Norms)
    if head == "ForMaskedImageModeling":
        with net.unused():
            net.weights("mask_token", d)
    if config.flag("use_absolute_embeddings", False):
        made_for = patch_grid(image, patch)
        x = net.weights("positions", made_for[0] * made_for[1] * d) or x
    levels = stages(config, "depths", "num_heads")
    for number, (depth, heads) in enumerate(levels):
        if d % heads:
            raise config.refuse("num_heads", f"divisors of the widths of the stages, such as {d}")
        encoder = Encoder(
            width=d, layers=depth, heads=heads, head_width=d // heads, mlp_width=int(ratio * d), qkv_bias=bias,
            norm_first=True,
        )  # fmt: skip
        with net.within(f"stages.{number}"):
            x = net.repeat(depth, lambda x, e=encoder, g=grid: _swin_layer(e, net, g, x, window), x)  # type: ignore[misc]
            if number + 1 < len(levels):
                grid = _up(grid, (2, 2))
                x, d = _merged(net, x, net.batch * grid[0] * grid[1], d), 2 * d
    x = net.norm("norm", x, net.batch * grid[0] * grid[1], d, Norms)
    if head == "ForImageClassification":
        classifier(config, net, x, d)
    elif head == "ForMaskedImageModeling":
        edge, side = int((grid[0] * grid[1]) ** 0.5), config.integer("encoder_stride", 32)
        net.convolution("head", x, d, side * side * channels, (1, 1), (edge, edge), bias=True)


def _merged(net: Network, x: Flow, rows: int, d: int) -> Flow:
    x = net.norm("merge.norm", x, rows, 4 * d, Norms)
    return net.linear("merge", x, rows, 4 * d, 2 * d)


def _swin_layer(encoder: Encoder, net: Network, grid: Size, x: Flow, window: int) -> Flow:
    table = net.weights("layers.*.attention.relative_positions", (2 * window - 1) ** 2 * encoder.heads)
    side = min(window, *grid)
    across = _up(grid, (side, side))
    windows = Sequences(net.batch * across[0] * across[1], side * side)
    return residual_block(
        encoder,
        net,
        Sequences(net.batch, grid[0] * grid[1]),
        x,
        lambda x: attend(encoder, net, x, windows, net.pairs(windows.length, masked=False), position=table),
    )


@formula("convnext")
def convnext(config: Config, net: Network) -> None:
    """A 7 × 7 convolution of each channel on its own, then an MLP four times as wide at every position.

    Source: Liu et al. 2022, arXiv 2201.03545, section 2.
    """
    head = head_of(config, "ForImageClassification", "Model")
    levels = stages(config, "depths", "hidden_sizes")
    if config.integer("num_stages", len(levels)) != len(levels):
        raise config.refuse("num_stages", f"the number of depths, {len(levels)}")
    d, scaled = levels[0][1], config.positive("layer_scale_init_value", 1e-6)
    patch = config.extents("patch_size", 4)
    grid = patch_grid(net.image(config.extents("image_size", 224)), patch)
    x = net.convolution("patches", DATA, config.integer("num_channels", 3), d, patch, grid, bias=True)
    x = net.norm("patches.norm", x, net.batch * grid[0] * grid[1], d, Norms)
    for number, (depth, width) in enumerate(levels):
        with net.within(f"stages.{number}"):
            if number:
                x = net.norm("merge.norm", x, net.batch * grid[0] * grid[1], d, Norms)
                grid = patch_grid(grid, (2, 2))
                x = net.convolution("merge", x, d, width, (2, 2), grid, bias=True)
            d = width
            x = net.repeat(depth, lambda x, g=grid, d=d: _convnext_layer(net, g, d, x, scaled), x)  # type: ignore[misc]
    x = net.norm("norm", x, net.batch, d, Norms)
    if head == "ForImageClassification":
        classifier(config, net, x, d)


def _convnext_layer(net: Network, grid: Size, d: int, x: Flow, scaled: bool) -> Flow:
    rows = net.batch * grid[0] * grid[1]
    y = net.convolution("layers.*.depthwise", x, d, d, (7, 7), grid, groups=d, bias=True)
    y = net.norm("layers.*.norm", y, rows, d, Norms)
    y = net.linear("layers.*.mlp.up", y, rows, d, 4 * d, bias=True)
    net.elementwise("layers.*.mlp.activation", 4 * rows * d)
    y = net.linear("layers.*.mlp.down", y, rows, 4 * d, d, bias=True)
    if scaled:
        y = net.weights("layers.*.scale", d) or y
        net.elementwise("layers.*.scale", rows * d)
    net.elementwise("layers.*.residual", rows * d)
    return x or y


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """One residual block of a ResNet."""

    inward: int
    outward: int
    stride: int
    narrow: bool
    early: bool


@formula("resnet")
def resnet(config: Config, net: Network) -> None:
    """Residual blocks of two 3 × 3 convolutions, or of 1 × 1, 3 × 3 and 1 × 1 through a quarter of the width.

    Source: He et al. 2015, arXiv 1512.03385, section 3.3 and table 1.
    """
    head = head_of(config, "ForImageClassification", "Model")
    kind = config.word("layer_type", "bottleneck")
    if kind not in ("basic", "bottleneck"):
        raise config.refuse("layer_type", "basic or bottleneck")
    width, early = config.integer("embedding_size"), config.flag("downsample_in_bottleneck", False)
    grid = _half(net.image((224, 224)))
    x = _layer(net, "stem", DATA, config.integer("num_channels", 3), width, 7, grid)
    grid = _half(grid)
    for number, (depth, outward) in enumerate(stages(config, "depths", "hidden_sizes")):
        stride = 2 if number or config.flag("downsample_in_first_stage", False) else 1
        first = _Block(inward=width, outward=outward, stride=stride, narrow=kind == "bottleneck", early=early)
        later = _Block(inward=outward, outward=outward, stride=1, narrow=kind == "bottleneck", early=early)
        with net.within(f"stages.{number}"):
            x = net.repeat(1, lambda x, b=first, g=grid: _block(net, b, "first", g, x), x)  # type: ignore[misc]
            grid = _half(grid) if stride == 2 else grid
            x = net.repeat(depth - 1, lambda x, b=later, g=grid: _block(net, b, "layers.*", g, x), x)  # type: ignore[misc]
        width = outward
    if head == "ForImageClassification":
        classifier(config, net, x, width)


def _half(size: Size) -> Size:
    return _up(size, (2, 2))


def _block(net: Network, block: _Block, name: str, grid: Size, x: Flow) -> Flow:
    out = _half(grid) if block.stride == 2 else grid
    short = x
    if block.inward != block.outward or block.stride != 1:
        short = _layer(net, f"{name}.shortcut", x, block.inward, block.outward, 1, out)
    if block.narrow:
        inner = block.outward // 4
        y = _layer(net, f"{name}.reduce", x, block.inward, inner, 1, out if block.early else grid)
        y = _layer(net, f"{name}.middle", y, inner, inner, 3, out)
        y = _layer(net, f"{name}.expand", y, inner, block.outward, 1, out)
    else:
        y = _layer(net, f"{name}.first", x, block.inward, block.outward, 3, out)
        y = _layer(net, f"{name}.second", y, block.outward, block.outward, 3, out)
    net.elementwise(f"{name}.residual", net.batch * block.outward * out[0] * out[1])
    return short or y


def _layer(net: Network, name: str, x: Flow, inward: int, outward: int, kernel: int, grid: Size) -> Flow:
    x = net.convolution(name, x, inward, outward, (kernel, kernel), grid)
    net.elementwise(f"{name}.activation", net.batch * outward * grid[0] * grid[1])
    return net.norm(f"{name}.norm", x, net.batch * grid[0] * grid[1], outward, Norms)
