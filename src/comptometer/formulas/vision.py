"""Vision Transformers: ViT, DeiT, MAE, BEiT, DINOv2 and v3, and the image towers of CLIP and SigLIP on their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, attend, encoder_stack, residual_block
from comptometer.formulas._vision_tower import (
    Seen,
    Tower,
    clip_tower,
    embedded_patches,
    encoder_of,
    finished,
    image_of,
    patch_grid,
    pooled,
    seen,
    siglip_tower,
)

Head = Callable[[str, Seen], None]


def looked_at(tower: Tower, net: Network) -> Seen:
    """The batch of images through the tower, up to the norm after the last layer."""
    return seen(tower, net, patch_grid(image_of(net, tower), tower.patch), net.batch)


def classifier(config: Config, net: Network, x: Flow, width: int, module: str = "head") -> None:
    """Logits over the labels, from one vector for each image; without labels there is none."""
    if labels := config.labels():
        net.linear(module, x, net.batch, width, labels, bias=True)


def head_of(config: Config, *known: str) -> str:
    """What stands on top: a classifier where the configuration names labels, unless its class says otherwise.

    Raises:
        DataError: a class that is not known here.
    """
    labelled = config.get("id2label") is not None or config.get("num_labels") is not None
    head = config.head("ForImageClassification" if labelled else "Model")
    if head not in known:
        raise config.refuse("architectures", f"a class that ends in {' or '.join(known)}")
    return head


def reconstruction(config: Config, net: Network, found: Seen, width: int) -> None:
    """Every patch gives the pixels of a square: SimMIM, arXiv 2111.09886."""
    side = config.integer("encoder_stride", 16)
    pixels = side * side * config.integer("num_channels", 3)
    edge = int(found.patches**0.5)
    net.convolution("head", found.x, width, pixels, (1, 1), (edge, edge), bias=True)


def vit_tower(config: Config, *, tokens: int, mask_token: bool) -> Tower:
    """The fields of ViT and DeiT."""
    image, patch = config.extents("image_size"), config.extents("patch_size")
    rows, columns = patch_grid(image, patch)
    return Tower(
        encoder=encoder_of(config, config.integer("intermediate_size"), qkv_bias=config.flag("qkv_bias", True)),
        image=image,
        patch=patch,
        channels=config.integer("num_channels", 3),
        tokens=tokens,
        positions=rows * columns + tokens,
        mask_token=mask_token,
    )


@formula("vit")
def vit(config: Config, net: Network) -> None:
    """A class token; a classifier on it, pixels for every patch, or a pooler."""
    head = head_of(config, "ForImageClassification", "ForMaskedImageModeling", "Model")
    tower = vit_tower(config, tokens=1, mask_token=head == "ForMaskedImageModeling")
    _vit(config, net, tower, head)


@formula("deit")
def deit(config: Config, net: Network) -> None:
    """As ViT with a second token, for what a teacher says, and perhaps a classifier on it.

    Source: Touvron et al. 2020, arXiv 2012.12877, section 4.
    """
    teacher = "ForImageClassificationWithTeacher"
    head = head_of(config, "ForImageClassification", teacher, "ForMaskedImageModeling", "Model")
    tower = vit_tower(config, tokens=2, mask_token=head == "ForMaskedImageModeling")
    found = _vit(config, net, tower, head.removesuffix("WithTeacher"))
    if head == teacher:
        classifier(config, net, found.x, tower.encoder.width, "distillation_head")


def _vit(config: Config, net: Network, tower: Tower, head: str) -> Seen:
    found, d = looked_at(tower, net), tower.encoder.width
    if head == "ForImageClassification":
        classifier(config, net, found.x, d)
    elif head == "ForMaskedImageModeling":
        reconstruction(config, net, found, d)
    else:
        net.linear("pooler", found.x, net.batch, d, config.integer("pooler_output_size", d), bias=True)
    return found


@formula("vit_mae", notes=("the encoder sees only the patches that are kept; their number is rounded down",))
def vit_mae(config: Config, net: Network) -> None:
    """The encoder runs on the patches that are kept, a smaller decoder on all; positions are not trained.

    Source: He et al. 2021, arXiv 2111.06377, section 3.
    """
    head = config.head("ForPreTraining")
    if head not in ("ForPreTraining", "Model"):
        raise config.refuse("architectures", "a class that ends in ForPreTraining or Model")
    tower = replace(vit_tower(config, tokens=1, mask_token=False), positions=0)
    d, made_for = tower.encoder.width, patch_grid(tower.image or (1, 1), tower.patch)
    start = embedded_patches(tower, net, patch_grid(image_of(net, tower), tower.patch), net.batch)
    _fixed_positions(net, "positions", made_for, d)
    ratio = config.number("mask_ratio", 0.75)
    if ratio >= 1:
        raise config.refuse("mask_ratio", "a number below 1")
    kept = Sequences(net.batch, int(start.patches * (1 - ratio)) + 1)
    x = encoder_stack(tower.encoder, net, start.x, kept)
    x = net.norm("norm", x, kept.rows, d, tower.encoder.norm)
    if head == "ForPreTraining":
        _mae_decoder(config, net, tower, x, kept, start, made_for)


def _mae_decoder(
    config: Config, net: Network, tower: Tower, x: Flow, kept: Sequences, start: Seen, made_for: tuple[int, int]
) -> None:
    width, heads = config.integer("decoder_hidden_size"), config.integer("decoder_num_attention_heads")
    if width % heads:
        raise config.refuse("decoder_num_attention_heads", f"a divisor of {width}")
    encoder = replace(
        tower.encoder,
        width=width,
        heads=heads,
        head_width=width // heads,
        layers=config.integer("decoder_num_hidden_layers"),
        mlp_width=config.integer("decoder_intermediate_size"),
    )
    pixels = config.integer("patch_size") ** 2 * tower.channels
    with net.within("decoder"):
        x = net.linear("embedding", x, kept.rows, tower.encoder.width, width, bias=True)
        x = net.weights("mask_token", width) or x
        _fixed_positions(net, "positions", made_for, width)
        x = encoder_stack(encoder, net, x, start.at)
        x = net.norm("norm", x, start.at.rows, width, encoder.norm)
        net.linear("head", x, start.at.rows, width, pixels, bias=True)


def _fixed_positions(net: Network, module: str, grid: tuple[int, int], width: int) -> None:
    with net.unused():
        net.weights(module, (grid[0] * grid[1] + 1) * width)


@formula("beit")
def beit(config: Config, net: Network) -> None:
    """No bias on the key, scaled branches, tables of relative positions in every layer or one for all.

    Source: Bao et al. 2021, arXiv 2106.08254, section 2.
    """
    head = head_of(config, "ForImageClassification", "ForMaskedImageModeling", "Model")
    mean = config.flag("use_mean_pooling", True)
    tower = _beit_tower(config, final_norm="nowhere" if mean else "every position")
    encoder, d = tower.encoder, tower.encoder.width
    rows, columns = patch_grid(tower.image or (1, 1), tower.patch)
    table = ((2 * rows - 1) * (2 * columns - 1) + 3) * encoder.heads
    start = embedded_patches(tower, net, patch_grid(image_of(net, tower), tower.patch), net.batch)
    shared = config.flag("use_shared_relative_position_bias", False) and net.weights("relative_positions", table)
    own = table if config.flag("use_relative_position_bias", False) else 0
    x = net.repeat(encoder.layers, lambda x: _beit_layer(encoder, net, start.at, x, own, shared), start.x)
    found = finished(tower, net, replace(start, x=x))
    if head == "ForMaskedImageModeling":
        y = net.norm("head.norm", found.x, found.at.rows, d, encoder.norm)
        net.linear("head", y, net.batch * found.patches, d, config.integer("vocab_size", 8192), bias=True)
        return
    y = net.norm("pooler.norm", found.x, net.batch, d, encoder.norm) if mean else found.x
    if head == "ForImageClassification":
        classifier(config, net, y, d)


def _beit_tower(config: Config, final_norm: str) -> Tower:
    image, patch = config.extents("image_size"), config.extents("patch_size")
    rows, columns = patch_grid(image, patch)
    scaled = config.positive("layer_scale_init_value", 0.1)
    return Tower(
        encoder=encoder_of(config, config.integer("intermediate_size"), key_bias=False, layer_scale=scaled),
        image=image,
        patch=patch,
        channels=config.integer("num_channels", 3),
        positions=rows * columns + 1 if config.flag("use_absolute_position_embeddings", False) else 0,
        mask_token=config.flag("use_mask_token", False),
        final_norm=final_norm,
    )


def _beit_layer(encoder: Encoder, net: Network, at: Sequences, x: Flow, table: int, shared: Flow) -> Flow:
    near = net.weights("layers.*.attention.relative_positions", table) if table else DATA
    pairs = net.pairs(at.length, masked=False)
    return residual_block(encoder, net, at, x, lambda x: attend(encoder, net, x, at, pairs, position=near or shared))


@formula("dinov2")
def dinov2(config: Config, net: Network) -> None:
    """As ViT with scaled branches; the classifier reads the class token beside the mean of the patches.

    Source: Oquab et al. 2023, arXiv 2304.07193.
    """
    _dino(config, net, registers=0, mask_token=config.flag("use_mask_token", True))


@formula("dinov2_with_registers")
def dinov2_with_registers(config: Config, net: Network) -> None:
    """As DINOv2 with tokens that belong to no patch and get no position: Darcet et al. 2023, arXiv 2309.16588."""
    _dino(config, net, registers=config.integer("num_register_tokens", 4, least=0), mask_token=True)


def _dino(config: Config, net: Network, *, registers: int, mask_token: bool) -> None:
    head = head_of(config, "ForImageClassification", "Model")
    image, patch = config.extents("image_size"), config.extents("patch_size")
    rows, columns = patch_grid(image, patch)
    gated = config.flag("use_swiglu_ffn", False)
    width = int(config.integer("hidden_size") * config.number("mlp_ratio", 4))
    encoder = encoder_of(
        config,
        (int(width * 2 / 3) + 7) // 8 * 8 if gated else width,
        gated=gated,
        qkv_bias=config.flag("qkv_bias", True),
        layer_scale=True,
    )
    tower = Tower(
        encoder=encoder,
        image=image,
        patch=patch,
        channels=config.integer("num_channels", 3),
        tokens=1 + registers,
        positions=rows * columns + 1,
        mask_token=mask_token,
    )
    found = looked_at(tower, net)
    if head == "ForImageClassification":
        classifier(config, net, found.x, 2 * encoder.width)


@formula("dinov3_vit")
def dinov3_vit(config: Config, net: Network) -> None:
    """Rotary positions, registers, scaled branches: Siméoni et al. 2025, arXiv 2508.10104."""
    head_of(config, "Model")
    query, value = config.flag("query_bias", True), config.flag("value_bias", True)
    key = config.flag("key_bias", False)
    if query != value or (key and not query):
        raise config.refuse("value_bias", "the same as query_bias, and both where there is a key_bias")
    encoder = encoder_of(
        config,
        config.integer("intermediate_size"),
        gated=config.flag("use_gated_mlp", False),
        qkv_bias=query,
        key_bias=key,
        output_bias=config.flag("proj_bias", True),
        mlp_bias=config.flag("mlp_bias", True),
        layer_scale=True,
        rotary=True,
    )
    tower = Tower(
        encoder=encoder,
        image=config.extents("image_size", 224),
        patch=config.extents("patch_size"),
        channels=config.integer("num_channels", 3),
        tokens=1 + config.integer("num_register_tokens", 0, least=0),
        mask_token=True,
    )
    looked_at(tower, net)


@formula("clip_vision_model")
def clip_vision(config: Config, net: Network) -> None:
    """The image tower of CLIP, perhaps with the product into the space that it shares with text."""
    tower = clip_tower(config)
    x = pooled(tower, net, looked_at(tower, net))
    if any(name.endswith("WithProjection") for name in config.words("architectures") or ()):
        net.linear("projection", x, net.batch, tower.encoder.width, config.integer("projection_dim", 512))


@formula("siglip_vision_model")
def siglip_vision(config: Config, net: Network) -> None:
    """The image tower of SigLIP."""
    tower = siglip_tower(config)
    pooled(tower, net, looked_at(tower, net))
