"""Between an image tower and a text: which features are taken, how patches are joined, and the products they pass."""

from __future__ import annotations

from comptometer.formulas._config import Config
from comptometer.formulas._network import Flow, Network
from comptometer.formulas._vision_tower import Seen


def perceptron(
    net: Network, x: Flow, rows: int, inward: int, width: int, *, bias: bool, inner: int | None = None
) -> Flow:
    """Two products with an activation between them, the usual projector."""
    hidden = inner or width
    x = net.linear("up", x, rows, inward, hidden, bias=bias)
    net.elementwise("activation", rows * hidden)
    return net.linear("down", x, rows, hidden, width, bias=bias)


def feature_layers(config: Config, layers: int, default: int) -> tuple[int, int]:
    """How far up features are taken, and from how many layers; negative numbers count from the top.

    Raises:
        DataError: a layer that the tower does not have.
    """
    stated = config.get("vision_feature_layer")
    chosen = [default] if stated is None else list(stated) if isinstance(stated, list | tuple) else [stated]
    if not chosen or any(isinstance(layer, bool) or not isinstance(layer, int) for layer in chosen):
        raise config.refuse("vision_feature_layer", "a whole number, or a list of them")
    if not all(-layers - 1 <= layer <= layers for layer in chosen):
        raise config.refuse("vision_feature_layer", f"layers of the {layers} of the tower")
    return max(layer % (layers + 1) for layer in chosen), len(chosen)


def selected(config: Config, found: Seen) -> int:
    """Positions of one image that are taken: with `default` the first is left out, with `full` it is not.

    Raises:
        DataError: another word.
    """
    strategy = config.word("vision_feature_select_strategy", "default")
    if strategy not in ("default", "full"):
        raise config.refuse("vision_feature_select_strategy", "default or full")
    return found.at.length - (strategy == "default")


def shuffled(config: Config, name: str, found: Seen, factor: int) -> int:
    """Positions of one image when so many by so many patches become one.

    Raises:
        DataError: the rows and columns do not divide.
    """
    if found.grid[0] % factor or found.grid[1] % factor:
        raise config.refuse(name, f"a factor that divides {found.grid[0]} × {found.grid[1]} patches")
    return found.patches // factor**2
