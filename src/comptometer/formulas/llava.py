"""LLaVA and LLaVA-NeXT: a tower's features through two products, of one image or of its tiles."""

from __future__ import annotations

from typing import Any

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._projector import feature_layers, perceptron, selected
from comptometer.formulas._text_tower import read, text_of, width_of
from comptometer.formulas._vision_tower import Size, Tower, patch_grid, seen, tower_of

LLAVA_TOWER = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 336, "patch_size": 14,
}  # fmt: skip


@formula("llava")
def llava(config: Config, net: Network) -> None:
    """Features of the last layer but one, without the class token, through two products.

    Source: Liu et al. 2023, arXiv 2304.08485 and 2310.03744.
    """
    text = text_of(config, "llama")
    tower = tower_of(config.child("vision_config"), "clip_vision_model", LLAVA_TOWER)

    def see(size: Size) -> tuple[Flow, int]:
        taken, x = _llava_features(config, net, tower, size, net.batch)
        with net.within("projector"):
            return _llava_projector(config, net, tower, text, x, net.batch * taken), taken

    made_for = tower.image or (1024, 1024)
    read(config, net, text, see, model_type="llama", made_for=made_for, sizes=tower.image is None, either=True)


def _llava_features(config: Config, net: Network, tower: Tower, size: Size, images: int) -> tuple[int, Flow]:
    layers, _ = feature_layers(config, tower.encoder.layers, -2)
    with net.within("vision"):
        found = seen(tower, net, patch_grid(size, tower.patch), images, layers=layers)
    return selected(config, found), found.x


def _llava_projector(config: Config, net: Network, tower: Tower, text: Config, x: Flow, rows: int) -> Flow:
    _, number = feature_layers(config, tower.encoder.layers, -2)
    bias = config.flag("multimodal_projector_bias", True)
    return perceptron(net, x, rows, number * tower.encoder.width, width_of(text), bias=bias)


PINPOINTS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]


@formula("llava_next")
def llava_next(config: Config, net: Network) -> None:
    """As LLaVA on tiles: the image fitted into the grid that suits it best, and the whole of it besides.

    What pads the fitted image is seen but not read; a trained token ends each of its rows.

    Source: Liu et al. 2024, LLaVA-NeXT (llava-vl.github.io/blog/2024-01-30-llava-next).
    """
    text = text_of(config, "llama")
    tower = tower_of(config.child("vision_config"), "clip_vision_model", LLAVA_TOWER)
    side = tower.image or (336, 336)

    def see(size: Size) -> tuple[Flow, int]:
        tiles, rows, columns = _tiling(config, size, side, patch_grid(side, tower.patch))
        images = net.batch * (tiles + 1)
        taken, x = _llava_features(config, net, tower, side, images)
        with net.within("projector"):
            x = _llava_projector(config, net, tower, text, x, images * taken)
            x = net.weights("newline", width_of(text)) or x
        return x, taken + rows * (columns + 1)

    read(config, net, text, see, model_type="llama", made_for=side, sizes=True)


def _tiling(config: Config, size: Size, side: Size, grid: Size) -> tuple[int, int, int]:
    """Tiles of an image, and the rows and columns of patches in them that are no padding."""
    height, width = _best(config, size)
    down, across = height // side[0], width // side[1]
    if not down or not across:
        raise config.refuse("image_grid_pinpoints", f"sizes of at least {side[0]} × {side[1]}")
    rows, columns = down * grid[0], across * grid[1]
    if size[1] / size[0] > columns / rows:
        kept = int(round(size[0] * (columns / size[1]), 7))
        return down * across, rows - 2 * ((rows - kept) // 2), columns
    kept = int(round(size[1] * (rows / size[0]), 7))
    return down * across, rows, columns - 2 * ((columns - kept) // 2)


def _best(config: Config, size: Size) -> Size:
    """The size that keeps most of the image, and of those the one that wastes least."""
    points = config.get("image_grid_pinpoints") or PINPOINTS
    if not isinstance(points, list | tuple) or not all(_is_size(point) for point in points):
        raise config.refuse("image_grid_pinpoints", "a list of heights and widths")

    def worth(point: Size) -> tuple[int, int]:
        scale = min(point[1] / size[1], point[0] / size[0])
        kept = min(int(size[1] * scale) * int(size[0] * scale), size[0] * size[1])
        return kept, kept - point[0] * point[1]

    best = max((tuple(point) for point in points), key=worth)
    return best[0], best[1]


def _is_size(point: Any) -> bool:
    return (
        isinstance(point, list | tuple)
        and len(point) == 2
        and all(isinstance(side, int) and not isinstance(side, bool) and 0 < side <= 10**6 for side in point)
    )
