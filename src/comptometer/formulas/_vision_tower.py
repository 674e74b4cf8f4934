"""A Vision Transformer: an image cut into patches, each a position of a plain encoder.

With an image of R × R pixels and C channels, patches of P × P, width d and T tokens besides (class token, registers):
N = (R/P)² patches, S = N + T positions, patch embedding 2·CP²·d FLOP per patch, then per position as in any encoder
(8d² + 4dS + 4df without gate). Pixels need no gradient, so the backward pass of the patch embedding is that of its
weight alone. A picture is never masked: its pairs are the full square under every convention.

Source: Dosovitskiy et al. 2020, arXiv 2010.11929, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from comptometer.errors import UsageError
from comptometer.formulas._config import MOST_LAYERS, Config
from comptometer.formulas._encoder import Encoder, Sequences, attend, encoder_stack, feed_forward
from comptometer.formulas._network import DATA, Flow, Network

Size = tuple[int, int]  # height and width


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """What plain Vision Transformers differ in.

    Attributes:
        encoder: its layers.
        image: height and width in pixels that it is made for; None where any size will do.
        patch: height and width of a patch.
        channels: of a pixel.
        tokens: trained positions that are no patch: class token, registers.
        positions: entries in the table of positions.
        patch_bias: has the patch embedding one?
        unfolded: is the patch embedding a product with the pixels of a patch, and not a convolution?
        mask_token: is there a parameter that stands for hidden patches?
        first_norm: is there a norm before the first layer?
        final_norm: is there one after the last layer: on every position, on the pooled one, or nowhere?
        pooled: is the image summed up by a trained query that attends to all positions?
    """

    encoder: Encoder
    image: Size | None
    patch: Size
    channels: int = 3
    tokens: int = 1
    positions: int = 0
    patch_bias: bool = True
    unfolded: bool = False
    mask_token: bool = False
    first_norm: bool = False
    final_norm: str = "every position"
    pooled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a tower makes of images.

    Attributes:
        x: does it need a gradient?
        at: the positions of all images, the tokens besides included.
        grid: rows and columns of patches.
    """

    x: Flow
    at: Sequences
    grid: Size

    @property
    def patches(self) -> int:
        """Patches in one image."""
        return self.grid[0] * self.grid[1]


def encoder_of(config: Config, mlp_width: int, **features: object) -> Encoder:
    """The fields that Vision Transformers share."""
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    if width % heads:
        raise config.refuse("num_attention_heads", f"a divisor of the hidden size {width}")
    given = {
        "width": width,
        "layers": config.integer("num_hidden_layers", most=MOST_LAYERS),
        "heads": heads,
        "head_width": width // heads,
        "mlp_width": mlp_width,
        "norm_first": True,
    }
    return Encoder(**(given | features))  # type: ignore[arg-type]


def patch_grid(image: Size, patch: Size) -> Size:
    """Rows and columns of whole patches in an image; what is left at the edges is not seen.

    Raises:
        UsageError: not even one.
    """
    rows, columns = image[0] // patch[0], image[1] // patch[1]
    if not rows or not columns:
        raise UsageError(
            f"image_size: {image[0]} × {image[1]} pixels hold no patch of {patch[0]} × {patch[1]}; give a larger one"
        )
    return rows, columns


def embedded_patches(tower: Tower, net: Network, grid: Size, images: int) -> Seen:
    """Patches as positions, with the tokens besides, their places, and the norm before the first layer."""
    d = tower.encoder.width
    x = _patches(tower, net, grid, images)
    if tower.tokens:
        x = net.weights("tokens", tower.tokens * d) or x
    if tower.mask_token:
        with net.unused():
            net.weights("mask_token", d)
    at = Sequences(images, grid[0] * grid[1] + tower.tokens)
    if tower.positions:
        x = net.weights("positions", tower.positions * d) or x
        net.elementwise("positions", at.rows * d)
    if tower.first_norm:
        x = net.norm("first_norm", x, at.rows, d, tower.encoder.norm)
    return Seen(x=x, at=at, grid=grid)


def _patches(tower: Tower, net: Network, grid: Size, images: int) -> Flow:
    channels, d, bias = tower.channels, tower.encoder.width, tower.patch_bias
    if not tower.unfolded:
        return net.convolution("patches", DATA, channels, d, tower.patch, grid, bias=bias, examples=images)
    pixels = channels * tower.patch[0] * tower.patch[1]
    return net.linear("patches", DATA, images * grid[0] * grid[1], pixels, d, bias=bias)


def seen(tower: Tower, net: Network, grid: Size, images: int, *, layers: int | None = None) -> Seen:
    """Images through the tower.

    Args:
        tower: what it is.
        net: what adds up.
        grid: rows and columns of patches.
        images: how many.
        layers: whose result is taken, where it is not that of the whole tower: what comes after is run all the same,
            and gets no gradient.
    """
    start = embedded_patches(tower, net, grid, images)
    if layers is None:
        return finished(tower, net, replace(start, x=encoder_stack(tower.encoder, net, start.x, start.at)))
    x = encoder_stack(replace(tower.encoder, layers=layers), net, start.x, start.at) if layers else start.x
    taken = replace(start, x=x)
    with net.unused():
        rest = replace(tower.encoder, layers=tower.encoder.layers - layers)
        after = encoder_stack(rest, net, x, start.at) if rest.layers else x
        pooled(tower, net, finished(tower, net, replace(start, x=after)))
    return taken


def finished(tower: Tower, net: Network, found: Seen) -> Seen:
    """The norm after the last layer, where every position has one."""
    if tower.final_norm != "every position":
        return found
    return replace(found, x=net.norm("norm", found.x, found.at.rows, tower.encoder.width, tower.encoder.norm))


def pooled(tower: Tower, net: Network, found: Seen) -> Flow:
    """One vector for each image: the class token, or what a trained query finds in all positions."""
    encoder, images, x = tower.encoder, found.at.number, found.x
    if tower.final_norm == "pooled":
        x = net.norm("norm", x, images, encoder.width, encoder.norm)
    if not tower.pooled:
        return x
    probe = net.weights("pool.probe", encoder.width)
    one = Sequences(images, 1)
    y = attend(encoder, net, probe, one, found.at.length, name="pool.attention", memory=x, over=found.at)
    y = net.norm("pool.norm", y, images, encoder.width, encoder.norm) or y
    net.elementwise("pool.residual", images * encoder.width)
    return feed_forward(encoder, net, images, y, name="pool.mlp") or y


def image_of(net: Network, tower: Tower, *, default: Size | None = None) -> Size:
    """The size of the images that are counted: as the caller says, else what the tower is made for."""
    made_for = tower.image or default or (224, 224)
    size = net.image(made_for)
    if tower.positions and size != made_for:
        net.note(f"positions are taken as interpolated from images of {made_for[0]} × {made_for[1]} pixels")
    return size


# The towers that models which also read text have inside


def clip_tower(config: Config) -> Tower:
    """CLIP's: a class token, a norm before the first layer, no bias on the patches.

    Source: Radford et al. 2021, arXiv 2103.00020, section 2.4.
    """
    image, patch = config.extents("image_size"), config.extents("patch_size")
    return Tower(
        encoder=encoder_of(config, config.integer("intermediate_size")),
        image=image,
        patch=patch,
        channels=config.integer("num_channels", 3),
        positions=_table(image, patch) + 1,
        patch_bias=False,
        first_norm=True,
        final_norm="pooled",
    )


def siglip_tower(config: Config) -> Tower:
    """SigLIP's: no class token; a trained query sums the image up.

    Source: Zhai et al. 2023, arXiv 2303.15343; Zhai et al. 2022, arXiv 2106.04560, section 3.
    """
    image, patch = config.extents("image_size"), config.extents("patch_size")
    return Tower(
        encoder=encoder_of(config, config.integer("intermediate_size")),
        image=image,
        patch=patch,
        channels=config.integer("num_channels", 3),
        tokens=0,
        positions=_table(image, patch),
        pooled=config.flag("vision_use_head", True),
    )


def pixtral_tower(config: Config) -> Tower:
    """Pixtral's: any size of image, rotary positions, gated MLP, no biases.

    Source: Agrawal et al. 2024, arXiv 2410.07073, section 2.
    """
    encoder = encoder_of(
        config,
        config.integer("intermediate_size"),
        gated=True,
        qkv_bias=False,
        output_bias=False,
        mlp_bias=False,
        norm="scale",
        rotary=True,
        head_width=config.integer("head_dim", config.integer("hidden_size") // config.integer("num_attention_heads")),
    )
    return Tower(
        encoder=encoder,
        image=None,
        patch=config.extents("patch_size"),
        channels=config.integer("num_channels", 3),
        tokens=0,
        patch_bias=False,
        first_norm=True,
        final_norm="nowhere",
    )


def _table(image: Size, patch: Size) -> int:
    rows, columns = patch_grid(image, patch)
    return rows * columns


CLIP_DEFAULTS = {
    "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "image_size": 224, "patch_size": 32,
}  # fmt: skip
SIGLIP_DEFAULTS = CLIP_DEFAULTS | {"patch_size": 16}
PIXTRAL_DEFAULTS = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "patch_size": 16, "image_size": 1024,
}  # fmt: skip

TOWERS: dict[str, tuple[Callable[[Config], Tower], dict[str, Any]]] = {
    "clip_vision_model": (clip_tower, CLIP_DEFAULTS),
    "siglip_vision_model": (siglip_tower, SIGLIP_DEFAULTS),
    "pixtral": (pixtral_tower, PIXTRAL_DEFAULTS),
}


def tower_of(config: Config, model_type: str, defaults: dict[str, Any] | None = None) -> Tower:
    """The tower that a configuration describes; class defaults stand for what it leaves out.

    Args:
        config: of the tower.
        model_type: where it does not say.
        defaults: what the model around it takes instead of the tower's own.

    Raises:
        DataError: a kind of tower that is not known here.
    """
    known = TOWERS.get(config.word("model_type", model_type))
    if known is None:
        raise config.refuse("model_type", f"one of {', '.join(TOWERS)}")
    read, own = known
    return read(config.with_defaults(own | (defaults or {})))
