"""ALIGN: an EfficientNet beside a BERT, compared as CLIP compares.

A block with c channels in, o out, expanded e times to w = ce, over P positions, of which a stride leaves P':
2cwP to expand (not where e is 1), 2k²wP' for a k × k convolution of each channel on its own, 2·2ws for squeezing an
image to s = c/4 numbers and back, 2woP' to project.

Source: Jia et al. 2021, arXiv 2102.05918, section 4; Tan and Le 2019, arXiv 1905.11946, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._vision_tower import Size
from comptometer.formulas.contrastive import BERT_TEXT, bert, pairs_compared

STAGES = {
    "kernel_sizes": [3, 3, 5, 3, 5, 5, 3], "in_channels": [32, 16, 24, 40, 80, 112, 192],
    "out_channels": [16, 24, 40, 80, 112, 192, 320], "strides": [1, 2, 2, 2, 1, 2, 1],
    "num_block_repeats": [1, 2, 2, 3, 3, 4, 1], "expand_ratios": [1, 6, 6, 6, 6, 6, 6],
}  # fmt: skip
STEM = 32  # channels after the first convolution, before they are scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An inverted bottleneck.

    Attributes:
        inward: channels that flow in.
        outward: channels that flow out.
        expansion: how many times as many are inside.
        squeezed: numbers that an image is squeezed to.
        kernel: side of the convolution of each channel.
        stride: 1 or 2.
        around: is the image padded on all sides, and not on two, before a stride of 2?
        added: is what flows in added to what flows out?
    """

    inward: int
    outward: int
    expansion: int
    squeezed: int
    kernel: int
    stride: int
    around: bool
    added: bool

    def places(self, size: Size) -> Size:
        """Height and width behind the stride."""
        if self.stride == 1:
            return size
        room = self.kernel // 2 * 2 - (0 if self.around else 1) - self.kernel
        return (size[0] + room) // 2 + 1, (size[1] + room) // 2 + 1


@formula("align")
def align(config: Config, net: Network) -> None:
    """The image's channels are averaged, the text's first token is projected to as many."""
    vision, text = config.child("vision_config", STAGES), config.child("text_config", BERT_TEXT)
    if config.head("Model") != "Model":
        raise config.refuse("architectures", "a class that ends in Model")
    size = net.image(vision.extents("image_size", 600))
    with net.within("vision"):
        image, width = _seen(vision, net, size)
    if config.integer("projection_dim", 640) != width:
        raise config.refuse("projection_dim", f"{width}, the channels of the image tower")
    with net.within("text"):
        words = bert(text, net, pooler=True)
    words = net.linear("text_projection", words, net.batch, text.integer("hidden_size"), width, bias=True)
    net.weights("scale", 1)
    pairs_compared(net, image, words, width)


def _seen(config: Config, net: Network, size: Size) -> tuple[Flow, int]:
    """Images through the tower, and the channels that they come out with."""
    channels, size = _scaled(config, STEM), (size[0] // 2, size[1] // 2)
    x = net.convolution("stem", DATA, config.integer("num_channels", 3), channels, (3, 3), size)
    x = _normed(net, "stem.norm", x, channels, size)
    for number, block in enumerate(_blocks(config)):
        if block.inward != channels:
            raise config.refuse("in_channels", f"{channels} channels in block {number}, those of the one before")
        with net.within(f"blocks.{number}"):
            x = _bottleneck(block, net, x, size)
        channels, size = block.outward, block.places(size)
    return x, channels


def _bottleneck(block: Block, net: Network, x: Flow, size: Size) -> Flow:
    inner, y, behind = block.inward * block.expansion, x, block.places(size)
    if block.expansion != 1:
        y = net.convolution("expand", y, block.inward, inner, (1, 1), size)
        y = _normed(net, "expand.norm", y, inner, size)
    y = net.convolution("each", y, inner, inner, (block.kernel, block.kernel), behind, groups=inner)
    y = _normed(net, "each.norm", y, inner, behind)
    one = net.convolution("squeeze", y, inner, block.squeezed, (1, 1), (1, 1), bias=True)
    one = net.convolution("excite", one, block.squeezed, inner, (1, 1), (1, 1), bias=True)
    net.elementwise("excite", net.batch * (block.squeezed + inner + inner * behind[0] * behind[1]))
    y = net.convolution("project", y or one, inner, block.outward, (1, 1), behind)
    y = _normed(net, "project.norm", y, block.outward, behind, activated=False)
    if not block.added:
        return y
    net.elementwise("residual", net.batch * block.outward * behind[0] * behind[1])
    return x or y


def _normed(net: Network, name: str, x: Flow, channels: int, size: Size, *, activated: bool = True) -> Flow:
    rows = net.batch * size[0] * size[1]
    if activated:
        net.elementwise(name, rows * channels)
    return net.norm(name, x, rows, channels, "scale and bias")


def _blocks(config: Config) -> Iterator[Block]:
    """Blocks stage by stage: the first of a stage has its stride, the others are added to what flows in."""
    names = ("in_channels", "out_channels", "kernel_sizes", "strides", "num_block_repeats", "expand_ratios")
    stages = [config.integers(name, least=1, most=MOST_LAYERS) for name in names]
    for name, stage in zip(names, stages, strict=True):
        if len(stage) != len(stages[0]):
            raise config.refuse(name, f"one number for each of {len(stages[0])} stages")
    if set(stages[3]) - {1, 2}:
        raise config.refuse("strides", "1 or 2 for each stage")
    around, ratio = set(config.integers("depthwise_padding")), config.number("squeeze_expansion_ratio", 0.25)
    depth, number = config.number("depth_coefficient", 3.1), 0
    for inward, outward, kernel, stride, times, expansion in zip(*stages, strict=True):
        wide = _scaled(config, inward), _scaled(config, outward)
        for at in range(ceil(depth * times)):
            into = wide[1] if at else wide[0]
            yield Block(
                inward=into,
                outward=wide[1],
                expansion=expansion,
                squeezed=max(1, int(into * ratio)),
                kernel=kernel,
                stride=1 if at else stride,
                around=number in around,
                added=at > 0,
            )
            number += 1


def _scaled(config: Config, channels: int) -> int:
    """Channels times the width, rounded to a multiple of the divisor, and never down by more than a tenth."""
    unit, wanted = config.integer("depth_divisor", 8), channels * config.number("width_coefficient", 2.0)
    near = max(unit, int(wanted + unit / 2) // unit * unit)
    return near + unit if near < 0.9 * wanted else near
