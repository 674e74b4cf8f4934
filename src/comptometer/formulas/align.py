"""ALIGN: an EfficientNet beside a BERT, compared as CLIP compares.

A block with c channels in, o out, expanded e times to w = ce, over P positions, of which a stride leaves P':
2cwP to expand (not where e is 1), 2k²wP' for a k × k convolution of each channel on its own, 2·2ws for squeezing an
image to s = c/4 numbers and back, 2woP' to project.

Source: Jia et al. 2021, arXiv 2102.05918, section 4; Tan and Le 2019, arXiv 1905.11946, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from comptometer.errors import UsageError
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
    for stage, (first, others) in enumerate(_stages(config)):
        if first.inward != channels:
            raise config.refuse("in_channels", f"{channels} channels in stage {stage}, those of the one before")
        with net.within(f"stages.{stage}.first"):
            x = _bottleneck(first, net, x, size)
        channels, size = first.outward, first.places(size)
        if not min(size):
            raise UsageError(
                "image_size: nothing of the image is left behind the strides of the tower; give a larger one"
            )
        other = replace(first, inward=channels, squeezed=_squeezed(config, channels), stride=1, added=True)
        with net.within(f"stages.{stage}.others"):
            x = net.repeat(others, lambda x, o=other, at=size: _bottleneck(o, net, x, at), x)  # type: ignore[misc]
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


def _stages(config: Config) -> Iterator[tuple[Block, int]]:
    """The first block of each stage, which has its stride, and how many follow, added to what flows in."""
    names = ("in_channels", "out_channels", "kernel_sizes", "strides", "num_block_repeats", "expand_ratios")
    stages = [config.integers(name, least=1, most=MOST_LAYERS) for name in names]
    for name, stage in zip(names, stages, strict=True):
        if len(stage) != len(stages[0]):
            raise config.refuse(name, f"one number for each of {len(stages[0])} stages")
    if set(stages[3]) - {1, 2}:
        raise config.refuse("strides", "1 or 2 for each stage")
    around, depth, number = set(config.integers("depthwise_padding")), config.number("depth_coefficient", 3.1), 0
    for inward, outward, kernel, stride, times, expansion in zip(*stages, strict=True):
        wide = _scaled(config, inward)
        first = Block(
            inward=wide,
            outward=_scaled(config, outward),
            expansion=expansion,
            squeezed=_squeezed(config, wide),
            kernel=kernel,
            stride=stride,
            around=number in around,
            added=False,
        )
        yield first, ceil(depth * times) - 1
        number += ceil(depth * times)


def _squeezed(config: Config, channels: int) -> int:
    return max(1, int(channels * config.number("squeeze_expansion_ratio", 0.25)))


def _scaled(config: Config, channels: int) -> int:
    """Channels times the width, rounded to a multiple of the divisor, and never down by more than a tenth."""
    unit, wanted = config.integer("depth_divisor", 8), channels * config.number("width_coefficient", 2.0)
    near = max(unit, int(wanted + unit / 2) // unit * unit)
    return near + unit if near < 0.9 * wanted else near
