"""Llama 3.2 Vision: the text looks at the image through layers of its own, and no position of it is the image's.

With T tiles of N + 1 positions each and a text of S tokens: the tower runs on sequences of T·⌈(N + 1)/8⌉·8 positions,
all tiles together; every cross-attention layer has its query and output products on S rows, those of key and value on
T(N + 1), and S·T(N + 1) pairs. Text alone passes over these layers.

Source: Llama team 2024, arXiv 2407.21783, section 7.
"""

from __future__ import annotations

from dataclasses import replace

from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._decoder import Decoder, Layer, block, logits, mlp, tokens_of
from comptometer.formulas._encoder import Encoder, Sequences, encoder_stack
from comptometer.formulas._vision_tower import patch_grid
from comptometer.formulas.transformer import llama_like

VISION = {
    "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_global_layers": 8,
    "attention_heads": 16, "image_size": 448, "patch_size": 14, "max_num_tiles": 4,
}  # fmt: skip
TEXT = {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 40, "num_attention_heads": 32,
    "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072,
}  # fmt: skip
EXTRA_ENTRIES = 8  # of the embedding, for tokens that are never predicted
RATIOS = 8  # shapes of tilings, where the configuration does not list them


@formula("mllama", notes=("every image fills all tiles: preprocessing pads what it does not need",))
def mllama(config: Config, net: Network) -> None:
    """Tower and text."""
    vision = config.child("vision_config", VISION)
    text = config.child("text_config", TEXT)
    if net.has_image:
        net.image(vision.extents("image_size"))
        memory, seen = _tower(vision, text, net)
    else:
        with net.parameters_only():
            _tower(vision, text, net)
        memory, seen = DATA, 0
        net.note("text alone is counted; give --image-size to count an image in every example")
    with net.within("text"):
        _text(text.replaced(architectures=config.words("architectures")), net, memory, seen)


def _tower(config: Config, text: Config, net: Network) -> tuple[Flow, int]:
    """What the text looks at, and its positions for each example."""
    d, heads, tiles = config.integer("hidden_size"), config.integer("attention_heads"), config.integer("max_num_tiles")
    if d % heads:
        raise config.refuse("attention_heads", f"a divisor of the hidden size {d}")
    encoder = Encoder(
        width=d, layers=config.integer("num_hidden_layers", most=MOST_LAYERS), heads=heads, head_width=d // heads,
        mlp_width=config.integer("intermediate_size"), qkv_bias=False, output_bias=False, norm_first=True,
    )  # fmt: skip
    grid = patch_grid(config.extents("image_size"), config.extents("patch_size"))
    positions = grid[0] * grid[1] + 1
    shapes = config.get("supported_aspect_ratios")
    entries = (len(shapes) if isinstance(shapes, list | tuple) else RATIOS) + 1
    whole = Sequences(net.batch, tiles * -(-positions // 8) * 8)
    with net.within("vision"):
        x = net.convolution(
            "patches", DATA, config.integer("num_channels", 3), d, config.extents("patch_size"), grid,
            examples=net.batch * tiles,
        )  # fmt: skip
        for module, size in (
            ("tile_positions", entries * tiles * d + 1),
            ("tokens", d),
            ("positions", positions * d + 1),
            ("tile_patch_positions", entries * tiles * positions * d),
        ):
            x = net.weights(module, size) or x
        x = net.norm("first_norm", x, net.batch * tiles * positions, d, encoder.norm)
        x = encoder_stack(encoder, net, x, whole)
        below = x
        x = net.norm("norm", x, whole.rows, d, encoder.norm)
        x = net.weights("late_tile_positions", entries * tiles * d + 1) or x
        x = _gated(replace(encoder, layers=config.integer("num_global_layers", most=MOST_LAYERS)), net, x, whole)
    return _projected(config, text, net, x or below, tiles * positions), tiles * positions


def _gated(encoder: Encoder, net: Network, x: Flow, at: Sequences) -> Flow:
    with net.within("whole"):
        x = encoder_stack(encoder, net, x, at)
        return net.weights("layers.*.gates", 2 * encoder.layers) or x


def _projected(config: Config, text: Config, net: Network, x: Flow, positions: int) -> Flow:
    """The last features beside those of some layers below, through one product."""
    d, listed = config.integer("hidden_size"), config.get("intermediate_layers_indices")
    number = 5 if listed is None else len(config.integers("intermediate_layers_indices"))
    wide = d * (number + 1)
    if config.integer("vision_output_dim", wide) != wide:
        raise config.refuse("vision_output_dim", f"{wide}, the width of {number + 1} layers' features")
    with net.within("projector"):
        return net.linear("linear", x, net.batch * positions, wide, text.integer("hidden_size"), bias=True)


def _text(config: Config, net: Network, memory: Flow, seen: int) -> None:
    model = llama_like(config)
    listed = config.integers("cross_attention_layers", most=len(model.layers) - 1)
    crossed = sorted(set(listed if config.get("cross_attention_layers") is not None else range(3, 40, 5)))
    if crossed and crossed[-1] >= len(model.layers):
        raise config.refuse("cross_attention_layers", f"layers below {len(model.layers)}")
    tokens, first = tokens_of(net, model.longest), crossed[0] if crossed else len(model.layers)
    x = net.look_up("embedding", model.vocabulary + EXTRA_ENTRIES, model.width)
    x = net.repeat(first, lambda x: block(model, Layer(), net, tokens, x), x)
    if seen:
        x = net.repeat(len(crossed), lambda x: _crossed(model, net, tokens, x, memory, seen), x)
    else:
        with net.parameters_only():
            net.repeat(len(crossed), lambda x: _crossed(model, net, tokens, x, memory, seen), x)
    x = net.repeat(len(model.layers) - first - len(crossed), lambda x: block(model, Layer(), net, tokens, x), x)
    logits(replace(model, tied=False), net, tokens, x)


def _crossed(model: Decoder, net: Network, tokens: int, x: Flow, memory: Flow, seen: int) -> Flow:
    """A layer that attends to the image, its gates at first closed."""
    d, e, name = model.width, model.head_width, "layers.*.cross_attention"
    query, key, rows = model.heads * e, model.key_value_heads * e, net.batch * seen
    y = net.norm(f"{name}.norm", x, tokens, d)
    q = net.norm(f"{name}.q_norm", net.linear(f"{name}.q", y, tokens, d, query), tokens * model.heads, e)
    k = net.norm(f"{name}.k_norm", net.linear(f"{name}.k", memory, rows, d, key), rows * model.key_value_heads, e)
    v = net.linear(f"{name}.v", memory, rows, d, key)
    y = net.attention(f"{name}.core", q, k, v, heads=model.heads, key_width=e, pairs=tokens // net.batch * seen)
    y = net.linear(f"{name}.out", y, tokens, query, d)
    x = net.weights(f"{name}.gates", 2) or x or y
    y = net.norm("layers.*.cross_mlp.norm", x, tokens, d)
    net.elementwise("layers.*.cross_residual", 4 * tokens * d)
    return mlp("layers.*.cross_mlp", model, net, tokens, y, model.mlp_width) or x
