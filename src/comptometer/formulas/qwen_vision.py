"""Qwen's models that see: Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3.5.

An image of any size is cut into patches of P × P pixels, each given twice as if it were two frames of a film; M × M
patches become one position of the text, so that R × C pixels take (R/PM)·(C/PM) of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from comptometer.formulas import DATA, Config, Flow, Network, Norm, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._encoder import Encoder, Sequences, attend, residual_block
from comptometer.formulas._projector import perceptron
from comptometer.formulas._text_tower import read, text_of
from comptometer.formulas._vision_tower import Size
from comptometer.formulas.moe import qwen3_moe
from comptometer.formulas.transformer import qwen2, qwen3

DEFAULT_IMAGE = (448, 448)  # where only parameters are asked for

QWEN2_TEXT = {
    "hidden_size": 8192, "intermediate_size": 29568, "num_hidden_layers": 80, "num_attention_heads": 64,
    "num_key_value_heads": 8, "vocab_size": 152064, "max_position_embeddings": 32768, "max_window_layers": 80,
    "sliding_window": 4096,
}  # fmt: skip
QWEN3_TEXT = {
    "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 32, "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 128000,
}  # fmt: skip
formula("qwen2_vl_text", "qwen2_5_vl_text", defaults=QWEN2_TEXT)(qwen2)
formula("qwen3_vl_text", defaults=QWEN3_TEXT)(qwen3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """What the towers differ in.

    Attributes:
        encoder: its layers.
        patch: side of a patch in pixels.
        frames: of a film that a patch spans; an image is repeated.
        merged: side of the square of patches that becomes one position of the text.
        out: width of the text.
        channels: of a pixel.
        patch_bias: has the patch embedding one?
        positions: entries in a table of positions, which is interpolated.
        window: side in pixels of the windows outside which most layers see nothing; None: they see everything.
        whole: layers that see everything all the same.
        deep: layers whose features are also given to the first layers of the text.
    """

    encoder: Encoder
    patch: int
    frames: int
    merged: int
    out: int
    channels: int = 3
    patch_bias: bool = False
    positions: int = 0
    window: int | None = None
    whole: frozenset[int] = field(default_factory=frozenset)
    deep: tuple[int, ...] = ()


def encoder_of(config: Config, width: int, mlp_width: int, *, norm: Norm, gated: bool) -> Encoder:
    """The fields that the towers share."""
    heads = config.integer("num_heads")
    if width % heads:
        raise config.refuse("num_heads", f"a divisor of the width {width}")
    return Encoder(
        width=width,
        layers=config.integer("depth", most=MOST_LAYERS),
        heads=heads,
        head_width=width // heads,
        mlp_width=mlp_width,
        gated=gated,
        norm=norm,
        norm_first=True,
        rotary=True,
    )


def sides(net: Network, tower: Tower, size: Size) -> Size:
    """Rows and columns of patches: the sides are made multiples of a merged square, as preprocessing does."""
    unit = tower.patch * tower.merged
    height, width = (max(1, round(side / unit)) * unit for side in size)
    if (height, width) != size:
        net.note(f"the image is taken as resized to {height} × {width} pixels, multiples of {unit}")
    return height // tower.patch, width // tower.patch


def window_pairs(grid: Size, merged: int, window: int) -> int:
    """(query, key) pairs of one image that is cut into windows, those at the edges smaller.

    >>> window_pairs((6, 4), 2, 2), window_pairs((6, 4), 2, 1)
    (320, 96)
    """
    down, across = (_squares(side // merged, window) for side in grid)
    return down * across * merged**4


def _squares(length: int, window: int) -> int:
    whole, rest = divmod(length, window)
    return whole * window**2 + rest**2


def seen(tower: Tower, net: Network, size: Size) -> tuple[Flow, int]:
    """Images through tower and projector: what flows into the text, and its positions there."""
    grid, encoder, d = sides(net, tower, size), tower.encoder, tower.encoder.width
    at = Sequences(net.batch, grid[0] * grid[1])
    positions, wide = at.length // tower.merged**2, d * tower.merged**2
    kernel = (tower.frames, tower.patch, tower.patch)
    with net.within("vision"):
        x = net.convolution("patches", DATA, tower.channels, d, kernel, (1, *grid), bias=tower.patch_bias)
        if tower.positions:
            x = net.weights("positions", tower.positions * d) or x
        for pairs, times in Counter(_pairs(tower, grid)).items():
            x = net.repeat(times, lambda x, p=pairs: _layer(encoder, net, at, x, p), x)  # type: ignore[misc]
    with net.within("projector"):
        y = net.norm("norm", x, at.rows, d, encoder.norm)
        y = perceptron(net, y, net.batch * positions, wide, tower.out, bias=True, inner=wide)
        for number, _ in enumerate(tower.deep):
            with net.within(f"deep.{number}"):
                z = net.norm("norm", x, net.batch * positions, wide, encoder.norm)
                y = perceptron(net, z, net.batch * positions, wide, tower.out, bias=True, inner=wide) or y
    return y, positions


def _layer(encoder: Encoder, net: Network, at: Sequences, x: Flow, pairs: int) -> Flow:
    return residual_block(encoder, net, at, x, lambda x: attend(encoder, net, x, at, pairs))


def _pairs(tower: Tower, grid: Size) -> list[int]:
    everything = (grid[0] * grid[1]) ** 2
    if tower.window is None:
        return [everything] * tower.encoder.layers
    near = window_pairs(grid, tower.merged, tower.window // tower.merged // tower.patch)
    return [everything if layer in tower.whole else near for layer in range(tower.encoder.layers)]


def side_of_patch(config: Config, default: int) -> int:
    """The side of a patch; the towers have square ones."""
    return config.integer("patch_size", default)


def flat(config: Config, name: str) -> Config:
    """Text fields stand beside `vision_config` in older configurations: those then are the text's."""
    if config.get("text_config") is not None or config.get("hidden_size") is None:
        return config
    fields = {
        key: value for key, value in config.items() if key not in ("vision_config", "architectures", "model_type")
    }
    return config.replaced(text_config={**fields, "model_type": name})


@formula("qwen2_vl")
def qwen2_vl(config: Config, net: Network) -> None:
    """An MLP four times as wide without gate, layer norms: Wang et al. 2024, arXiv 2409.12191, section 2.1."""
    vision = config.child("vision_config")
    width = vision.integer("embed_dim", 1280)
    tower = Tower(
        encoder=encoder_of(
            vision.with_defaults({"depth": 32, "num_heads": 16}),
            width,
            int(width * vision.number("mlp_ratio", 4)),
            norm="scale and bias",
            gated=False,
        ),
        patch=side_of_patch(vision, 14),
        frames=vision.integer("temporal_patch_size", 2),
        merged=vision.integer("spatial_merge_size", 2),
        out=vision.integer("hidden_size", 3584),
        channels=vision.integer("in_channels", 3),
    )
    _read(flat(config, "qwen2_vl_text"), net, tower, "qwen2_vl_text")


@formula("qwen2_5_vl")
def qwen2_5_vl(config: Config, net: Network) -> None:
    """Most layers see windows only, gated MLP, RMS norms: Bai et al. 2025, arXiv 2502.13923, section 2.1.

    A window is cut out before attention runs, so its pairs are what is executed, whatever the convention.
    """
    vision = config.child("vision_config")
    whole = vision.integers("fullatt_block_indexes") or [7, 15, 23, 31]
    patch, merged = side_of_patch(vision, 14), vision.integer("spatial_merge_size", 2)
    window = vision.integer("window_size", 112)
    if window < patch * merged:
        raise vision.refuse("window_size", f"at least {patch * merged} pixels, one position of the text")
    tower = Tower(
        encoder=encoder_of(
            vision.with_defaults({"depth": 32, "num_heads": 16}),
            vision.integer("hidden_size", 3584),
            vision.integer("intermediate_size", 3420),
            norm="scale",
            gated=True,
        ),
        patch=patch,
        frames=vision.integer("temporal_patch_size", 2),
        merged=merged,
        out=vision.integer("out_hidden_size", 3584),
        channels=vision.integer("in_channels", 3),
        window=window,
        whole=frozenset(whole),
    )
    _read(flat(config, "qwen2_5_vl_text"), net, tower, "qwen2_5_vl_text")


@formula("qwen3_vl")
def qwen3_vl(config: Config, net: Network) -> None:
    """Features of several layers go to the first layers of the text, each through a projector of its own.

    Source: Bai et al. 2025, arXiv 2511.21631; the idea is DeepStack, Meng et al. 2024, arXiv 2406.04334.
    """
    _read(config, net, _deep(config, _qwen3_tower(config)), "qwen3_vl_text", either=False)


def _deep(config: Config, tower: Tower) -> Tower:
    """The same tower, some of whose layers also go to the text."""
    vision = config.child("vision_config")
    stated = vision.integers("deepstack_visual_indexes")
    given = vision.get("deepstack_visual_indexes") is not None
    return replace(tower, deep=tuple(stated) if given else (8, 16, 24))


def _qwen3_tower(config: Config) -> Tower:
    vision = config.child("vision_config", {"depth": 27, "num_heads": 16})
    return Tower(
        encoder=encoder_of(
            vision,
            vision.integer("hidden_size", 1152),
            vision.integer("intermediate_size", 4304),
            norm="scale and bias",
            gated=False,
        ),
        patch=side_of_patch(vision, 16),
        frames=vision.integer("temporal_patch_size", 2),
        merged=vision.integer("spatial_merge_size", 2),
        out=vision.integer("out_hidden_size", 3584),
        channels=vision.integer("in_channels", 3),
        patch_bias=True,
        positions=vision.integer("num_position_embeddings", 2304),
    )


@formula("qwen3_vl_moe_text")
def qwen3_experts(config: Config, net: Network) -> None:
    """As Qwen3 with experts, whose number has two names."""
    qwen3_moe(config.replaced(num_experts=config.first_integer("num_experts", "num_local_experts")), net)


@formula("qwen3_vl_moe")
def qwen3_vl_moe(config: Config, net: Network) -> None:
    """The same with experts in the text tower."""
    _read(config, net, _deep(config, _qwen3_tower(config)), "qwen3_vl_moe_text", either=False)


@formula("qwen3_5")
def qwen3_5(config: Config, net: Network) -> None:
    """As Qwen3-VL, whose tower gives its last features only, over a text tower with the delta rule.

    Source: the released configurations of Qwen3.5 and the class that reads them.
    """
    _read(config, net, _qwen3_tower(config), "qwen3_5_text", either=False)


@formula("qwen3_5_moe")
def qwen3_5_moe(config: Config, net: Network) -> None:
    """The same with experts in the text tower."""
    _read(config, net, _qwen3_tower(config), "qwen3_5_moe_text", either=False)


def _read(config: Config, net: Network, tower: Tower, model_type: str, *, either: bool = True) -> None:
    text = text_of(config, model_type)
    width = text.integer("hidden_size", tower.out)
    if width != tower.out:
        raise config.refuse("text_config", f"hidden_size {tower.out}, the width that the image is projected to")
    read(
        config,
        net,
        text,
        lambda size: seen(tower, net, size),
        model_type=model_type,
        made_for=DEFAULT_IMAGE,
        sizes=True,
        either=either,
    )
