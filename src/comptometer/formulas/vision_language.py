"""Language models that see: PaliGemma, Gemma 3, InternVL, Mistral 3, Idefics 3, SmolVLM and Llama 4.

An image passes a tower (module `vision`), its features are projected to the width of the text (`projector`) and take
the place of embeddings in the text tower (`text`), whose sequence length counts them. With `--image-size` every example
has one image; without, the text tower is counted alone and the rest has its parameters in the total.
"""

from __future__ import annotations

from dataclasses import replace

from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._projector import feature_layers, perceptron, selected, shuffled
from comptometer.formulas._text_tower import read, text_of, width_of
from comptometer.formulas._vision_tower import (
    Seen,
    Size,
    Tower,
    encoder_of,
    patch_grid,
    pooled,
    seen,
    siglip_tower,
    tower_of,
)

PALIGEMMA_TOWER = {
    "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 14,
}  # fmt: skip


@formula(
    "paligemma",
    notes=("the image and the prompt see themselves whole; causal attention counts them as if they did not",),
)
def paligemma(config: Config, net: Network) -> None:
    """SigLIP's features through one product: Beyer et al. 2024, arXiv 2407.07726, section 3.1."""
    text = text_of(config, "gemma")
    vision = config.child("vision_config")
    tower = tower_of(vision, "siglip_vision_model", PALIGEMMA_TOWER)
    width = config.integer("projection_dim", vision.integer("projection_dim", 2048))

    def see(size: Size) -> tuple[Flow, int]:
        found = _whole(net, tower, size)
        with net.within("projector"):
            rows = net.batch * found.at.length
            return net.linear("linear", found.x, rows, tower.encoder.width, width, bias=True), found.at.length

    read(config, net, text, see, model_type="gemma", made_for=tower.image or (224, 224), tied=True)


def _whole(net: Network, tower: Tower, size: Size) -> Seen:
    """Features after the last norm; a pooled vector is made, too, where the tower has one, and not used."""
    with net.within("vision"):
        found = seen(tower, net, patch_grid(size, tower.patch), net.batch)
        if tower.pooled:
            with net.unused():
                pooled(tower, net, found)
    return found


@formula("gemma3", notes=("an image sees itself whole; causal attention counts it as if it did not",))
def gemma3(config: Config, net: Network) -> None:
    """SigLIP's features averaged to 256 positions, a norm, one product without bias.

    Source: Gemma team 2025, arXiv 2503.19786, section 2.1.
    """
    text = text_of(config, "gemma3_text")
    tower = tower_of(config.child("vision_config"), "siglip_vision_model")
    positions = config.integer("mm_tokens_per_image", 256)
    side = int(positions**0.5)
    grid = patch_grid(tower.image or (1, 1), tower.patch)
    if side * side != positions or side > min(grid) or grid[0] // (grid[0] // side) != side:
        raise config.refuse("mm_tokens_per_image", f"a square that fits {grid[0]} × {grid[1]} patches")

    def see(size: Size) -> tuple[Flow, int]:
        found, d = _whole(net, tower, size), tower.encoder.width
        with net.within("projector"):
            x = net.norm("norm", found.x, net.batch * positions, d)
            return net.linear("linear", x, net.batch * positions, d, width_of(text)), positions

    read(config, net, text, see, model_type="gemma3_text", made_for=tower.image or (896, 896), tied=True)


INTERN_TOWER = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 448, "patch_size": 14,
}  # fmt: skip
ONE_TILE = "images are counted as one tile; preprocessing may cut large ones into several"


@formula("internvl", notes=(ONE_TILE,))
def internvl(config: Config, net: Network) -> None:
    """Two by two patches become one position, then a norm and two products.

    Source: Chen et al. 2024, arXiv 2404.16821, section 3.1; Zhu et al. 2025, arXiv 2504.10479.
    """
    text = text_of(config, "qwen2")
    tower = intern_tower(config.child("vision_config", INTERN_TOWER))
    ratio = config.number("downsample_ratio", 0.5)
    if ratio > 1:
        raise config.refuse("downsample_ratio", "a number up to 1")
    factor = int(1 / ratio)
    layers, number = feature_layers(config, tower.encoder.layers, -1)
    if number != 1:
        raise config.refuse("vision_feature_layer", "one layer")

    def see(size: Size) -> tuple[Flow, int]:
        last = layers == tower.encoder.layers
        with net.within("vision"):
            found = seen(tower, net, patch_grid(size, tower.patch), net.batch, layers=None if last else layers)
        if selected(config, found) != found.patches:
            raise config.refuse("vision_feature_select_strategy", "default")
        positions, wide = shuffled(config, "downsample_ratio", found, factor), tower.encoder.width * factor**2
        with net.within("projector"):
            x = net.norm("norm", found.x, net.batch * positions, wide, "scale and bias")
            return perceptron(net, x, net.batch * positions, wide, width_of(text), bias=True), positions

    read(config, net, text, see, model_type="qwen2", made_for=tower.image or (448, 448))


def intern_tower(config: Config) -> Tower:
    """InternViT: a class token, scaled branches, perhaps norms on queries and keys."""
    kind = config.word("norm_type", "layer_norm")
    if kind not in ("layer_norm", "rms_norm"):
        raise config.refuse("norm_type", "layer_norm or rms_norm")
    image, patch = config.extents("image_size"), config.extents("patch_size")
    rows, columns = patch_grid(image, patch)
    encoder = encoder_of(
        config,
        config.integer("intermediate_size"),
        qkv_bias=config.flag("attention_bias", False),
        norm="scale and bias" if kind == "layer_norm" else "scale",
        layer_scale=True,
        query_norm=config.flag("use_qk_norm", False),
    )
    return Tower(
        encoder=encoder,
        image=image,
        patch=patch,
        channels=config.integer("num_channels", 3),
        positions=rows * columns + 1 if config.flag("use_absolute_position_embeddings", True) else 0,
        mask_token=config.flag("use_mask_token", False),
        final_norm="nowhere" if config.flag("use_mean_pooling", True) else "every position",
    )


MISTRAL_TOWER = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "patch_size": 14, "image_size": 1540,
}  # fmt: skip
MISTRAL_TEXT = {
    "hidden_size": 5120, "intermediate_size": 32768, "num_hidden_layers": 40, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 131072, "max_position_embeddings": 131072,
    "sliding_window": None,
}  # fmt: skip


@formula("mistral3", notes=("no position ends a row of the image; preprocessing adds one to each",))
def mistral3(config: Config, net: Network) -> None:
    """Pixtral's features, a norm, two by two merged by a product, then two products.

    Source: Agrawal et al. 2024, arXiv 2410.07073; the released configuration of Mistral Small 3.1.
    """
    text = text_of(config, "mistral", own=MISTRAL_TEXT)
    vision = config.child("vision_config")
    tower = tower_of(vision, "pixtral", MISTRAL_TOWER)
    layers, number = feature_layers(config, tower.encoder.layers, -1)
    merged, bias = config.integer("spatial_merge_size", 2), config.flag("multimodal_projector_bias", False)

    def see(size: Size) -> tuple[Flow, int]:
        if number != 1:
            raise config.refuse("vision_feature_layer", "one layer")
        d = tower.encoder.width
        with net.within("vision"):
            found = seen(tower, net, patch_grid(size, tower.patch), net.batch, layers=layers)
        rows, columns = patch_grid(found.grid, (merged, merged))
        with net.within("projector"):
            x = net.norm("norm", found.x, found.at.rows, d)
            x = net.linear("merge", x, net.batch * rows * columns, d * merged**2, d)
            return perceptron(net, x, net.batch * rows * columns, d, width_of(text), bias=bias), rows * columns

    read(config, net, text, see, model_type="mistral", made_for=_any_size(vision, MISTRAL_TOWER), sizes=True)


def _any_size(vision: Config, own: dict[str, int]) -> Size:
    return vision.extents("image_size", own["image_size"])


IDEFICS_TOWER = {
    "hidden_size": 1152, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 32, "vision_use_head": False,
}  # fmt: skip


@formula("idefics3", "smolvlm", notes=(ONE_TILE,))
def idefics3(config: Config, net: Network) -> None:
    """Squares of patches become one position, then one product without bias.

    Source: Laurençon et al. 2024, arXiv 2408.12637, section 3; Marafioti et al. 2025, arXiv 2504.05299.
    """
    text = text_of(config, "llama")
    tower = replace(siglip_tower(config.child("vision_config", IDEFICS_TOWER)), pooled=False)
    factor = config.integer("scale_factor", 2)

    def see(size: Size) -> tuple[Flow, int]:
        found = _whole(net, tower, size)
        positions, wide = shuffled(config, "scale_factor", found, factor), tower.encoder.width * factor**2
        with net.within("projector"):
            return net.linear("linear", found.x, net.batch * positions, wide, width_of(text)), positions

    read(config, net, text, see, model_type="llama", made_for=tower.image or (224, 224))


LLAMA_TOWER = {
    "hidden_size": 768, "intermediate_size": 5632, "num_hidden_layers": 34, "num_attention_heads": 16,
    "image_size": 448, "patch_size": 14,
}  # fmt: skip


@formula("llama4", notes=(ONE_TILE,))
def llama4(config: Config, net: Network) -> None:
    """Rotary tower with a class token; two by two patches become one position, two products, one more to the text.

    Source: the released configurations of Llama 4 and the class that reads them.
    """
    text = text_of(config, "llama4_text", own={"hidden_size": 5120})
    vision = config.child("vision_config", LLAMA_TOWER)
    image, patch = vision.extents("image_size"), vision.extents("patch_size")
    rows, columns = patch_grid(image, patch)
    tower = Tower(
        encoder=encoder_of(vision, vision.integer("intermediate_size"), rotary=True),
        image=image,
        patch=patch,
        channels=vision.integer("num_channels", 3),
        positions=rows * columns + 1,
        patch_bias=False,
        unfolded=True,
        first_norm=True,
    )
    factor = int(1 / min(vision.number("pixel_shuffle_ratio", 0.5), 1))
    wide = tower.encoder.width * factor**2
    if wide != tower.encoder.mlp_width:
        raise vision.refuse("intermediate_size", f"{wide}, the width of {factor} × {factor} patches")
    inner, out = vision.integer("projector_input_dim", 4096), vision.integer("projector_output_dim", 4096)
    if inner != out or vision.integer("vision_output_dim", out) != out:
        raise vision.refuse("projector_output_dim", "the same as projector_input_dim and vision_output_dim")

    def see(size: Size) -> tuple[Flow, int]:
        found = _whole(net, tower, size)
        positions = shuffled(vision, "pixel_shuffle_ratio", found, factor)
        with net.within("vision.adapter"):
            x = perceptron(net, found.x, net.batch * positions, wide, out, bias=False)
        with net.within("projector"):
            return net.linear("linear", x, net.batch * positions, out, width_of(text)), positions

    read(config, net, text, see, model_type="llama4_text", made_for=image)
