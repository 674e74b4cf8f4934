"""U-Nets that denoise: DDPM's, and those of Stable Diffusion 1, 2 and XL, which attend to a text.

Source: Ho, Jain and Abbeel 2020 (DDPM); Rombach et al. 2022 (latent diffusion); Podell et al. 2023 (SDXL);
configurations and their fields as in the library `diffusers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._denoiser import LATENTS, TEXT_LENGTH, number_embedding, perceptron
from comptometer.formulas._network import DATA, Flow
from comptometer.formulas._published import (
    MOST_BLOCKS,
    absent,
    channels_per_level,
    depths,
    flags_per_level,
    kinds_per_level,
    per_level,
    understood,
)
from comptometer.formulas._resnet_blocks import Text, Time
from comptometer.formulas._unet import Level, UNet, denoise

DOWN = ("DownBlock2D", "ResnetDownsampleBlock2D", "AttnDownBlock2D", "CrossAttnDownBlock2D")
UP = ("UpBlock2D", "ResnetUpsampleBlock2D", "AttnUpBlock2D", "CrossAttnUpBlock2D")


def _size(config: Config, net: Network, levels: int, *, any_size: bool) -> tuple[int, int]:
    """Extents of the image. Each level but the last halves them, which only convolutions undo where they are odd."""
    stated = None if net.has_image and config.get("sample_size") is None else config.extents("sample_size")
    height, width = net.image(stated or (1, 1))
    divisor = 2 ** (levels - 1)
    if not any_size and (height % divisor or width % divisor):
        raise config.refuse("sample_size", f"multiples of {divisor}, as an image of {height} × {width} is not")
    return height, width


def _scaled(config: Config) -> bool:
    """Does the time step scale features, or only shift them?"""
    word = config.word("resnet_time_scale_shift", "default")
    if word not in ("default", "scale_shift"):
        raise config.refuse("resnet_time_scale_shift", "default or scale_shift")
    return word == "scale_shift"


def _classes(config: Config, net: Network, inward: int, width: int, known: Sequence[str]) -> Flow | None:
    """Features of a class, or of what else is given for each image; None where nothing is."""
    kind = config.word("class_embed_type", "")
    number = config.optional("num_class_embeds")
    if kind not in known and kind:
        raise config.refuse("class_embed_type", f"{', '.join(known)}, or nothing")
    if kind == "timestep":
        return number_embedding(net, "classes", inward, width)
    if kind == "projection":
        given = config.integer("projection_class_embeddings_input_dim")
        return perceptron(net, "classes", DATA, net.batch, given, width, width)
    if kind == "simple_projection":
        given = config.integer("projection_class_embeddings_input_dim")
        return net.linear("classes", DATA, net.batch, given, width, bias=True)
    if kind == "identity":
        return DATA
    return net.look_up("classes", number, width) if number else None


# DDPM


@formula("UNet2DModel")
def unet(config: Config, net: Network) -> None:
    """A U-Net without text, whose attention is among positions only."""
    channels = channels_per_level(config)
    number, layers = len(channels), config.integer("layers_per_block", 2, most=MOST_BLOCKS)
    down = kinds_per_level(config, "down_block_types", number, DOWN[:3])
    up = kinds_per_level(config, "up_block_types", number, UP[:3])
    head = 0 if absent(config, "attention_head_dim") else config.integer("attention_head_dim", 8)
    if not absent(config, "mid_block_type") and config.word("mid_block_type", "UNetMidBlock2D") != "UNetMidBlock2D":
        raise config.refuse("mid_block_type", "UNetMidBlock2D, or null")
    scaled, size = _scaled(config), _size(config, net, number, any_size=False)
    resamplers = [_resampler(config, "downsample_type"), _resampler(config, "upsample_type")]
    time = _time_of_ddpm(config, net, channels[0], scaled=scaled)
    attends = config.flag("add_attention", True)
    middle = _plain("Attn" if attends else "", channels[-1], head, 1)
    own_norm = config.optional("attn_norm_num_groups") is not None
    model = UNet(
        down=[_plain(kind, width, head, layers, resamplers[0]) for kind, width in zip(down, channels, strict=True)],
        up=[_plain(kind, wide, head, layers + 1, resamplers[1]) for kind, wide in zip(up, channels[::-1], strict=True)],
        middle=None if absent(config, "mid_block_type") else middle,
        inward=config.integer("in_channels", 3),
        outward=config.integer("out_channels", 3),
        padding=config.integer("downsample_padding", 1, least=0, most=1),
        middle_norm=own_norm or not scaled,
    )
    understood(config, {}, ("num_train_timesteps",))
    denoise(model, net, size, time, Text(positions=0, width=0))


def _plain(kind: str, channels: int, head: int, layers: int, attention_resampler: str = "convolution") -> Level:
    """A level without text; heads are of the stated width, or one is as wide as all channels."""
    by_residual = kind.startswith("Resnet") or (kind.startswith("Attn") and attention_resampler == "residual")
    return Level(
        kind=kind,
        channels=channels,
        depths=[0] * layers,
        heads=0,
        head_width=head or channels,
        resampler="residual" if by_residual else "convolution",
    )


def _resampler(config: Config, name: str) -> str:
    """What shrinks or enlarges the image at a level with attention."""
    word = config.word(name, "conv")
    if word not in ("conv", "resnet"):
        raise config.refuse(name, "conv or resnet")
    return "residual" if word == "resnet" else "convolution"


def _time_of_ddpm(config: Config, net: Network, inward: int, *, scaled: bool) -> Time:
    width = config.integer("time_embedding_dim", 4 * inward)
    kind = config.word("time_embedding_type", "positional")
    if kind not in ("positional", "learned"):
        raise config.refuse("time_embedding_type", "positional or learned")
    step = net.look_up("steps", config.integer("num_train_timesteps"), inward) if kind == "learned" else DATA
    flow = perceptron(net, "time", step, net.batch, inward, width, width)
    classes = _classes(config, net, inward, width, ("timestep", "identity"))
    if kind == "learned" and config.get("class_embed_type") == "timestep":
        raise config.refuse("class_embed_type", "identity or nothing where time steps are learned")
    return Time(width=width, flow=flow or bool(classes), scaled=scaled)


# Stable Diffusion


@formula("UNet2DConditionModel", notes=(LATENTS,))
def conditional_unet(config: Config, net: Network) -> None:
    """A U-Net that attends to a text. `attention_head_dim` is the number of heads, whatever it is called."""
    channels = channels_per_level(config)
    number = len(channels)
    down = kinds_per_level(config, "down_block_types", number, DOWN)
    up = kinds_per_level(config, "up_block_types", number, UP)
    kind = _middle_kind(config)
    any_size = {*down, *up} <= {DOWN[0], DOWN[3], UP[0], UP[3]}
    size = _size(config, net, number, any_size=any_size)
    scaled, layers = _scaled(config), per_level(config, "layers_per_block", number, 2, most=MOST_BLOCKS)
    widths, text = _text(
        config, net, number, any(name.startswith(("Cross", "UNetMidBlock2DC")) for name in (*down, *up, kind))
    )
    heads, crossed = (
        per_level(config, "attention_head_dim", number, 8),
        flags_per_level(config, "only_cross_attention", number),
    )
    deep = depths(config, "transformer_layers_per_block", layers)
    upward = _depths_upward(config, layers)
    levels = [_conditioned(config, *each) for each in zip(down, channels, deep, heads, widths, crossed, strict=True)]
    back = [
        _conditioned(config, *each)
        for each in zip(up, channels[::-1], upward, heads[::-1], widths[::-1], crossed[::-1], strict=True)
    ]
    deepest = depths(config, "transformer_layers_per_block", [1] * number)[-1]
    middle = _conditioned(
        config, "CrossAttn" if kind.endswith("CrossAttn") else "", channels[-1], deepest, heads[-1], widths[-1], False
    )
    model = UNet(
        down=levels,
        up=back,
        middle=middle if kind else None,
        middle_blocks=2 if kind.endswith("CrossAttn") else 1,
        inward=config.integer("in_channels", 4),
        outward=config.integer("out_channels", 4),
        padding=config.integer("downsample_padding", 1, least=0, most=1),
        linear=config.flag("use_linear_projection", False),
        first_kernel=_odd(config, "conv_in_kernel"),
        last_kernel=_odd(config, "conv_out_kernel"),
    )
    time = _time_of_condition(config, net, channels[0], scaled=scaled)
    understood(config, ONLY, UNUSED)
    denoise(model, net, size, time, text)


ONLY = {
    "dual_cross_attention": False,
    "num_attention_heads": None,
    "time_embedding_type": "positional",
    "time_cond_proj_dim": None,
    "attention_type": "default",
    "cross_attention_norm": None,
    "mid_block_only_cross_attention": False,
}
UNUSED = (  # by the kinds of blocks and embeddings that are known here
    "addition_embed_type_num_heads", "addition_time_embed_dim", "encoder_hid_dim",
    "projection_class_embeddings_input_dim", "time_embedding_act_fn", "timestep_post_act",
)  # fmt: skip


def _middle_kind(config: Config) -> str:
    known = ("UNetMidBlock2DCrossAttn", "UNetMidBlock2D")
    if absent(config, "mid_block_type"):
        return ""
    kind = config.word("mid_block_type", known[0])
    if kind not in known:
        raise config.refuse("mid_block_type", f"{' or '.join(known)}, or null")
    return kind


def _odd(config: Config, name: str) -> int:
    """The extent of a convolution's kernel that leaves the image as large as it is."""
    kernel = config.integer(name, 3, most=99)
    if kernel % 2 == 0:
        raise config.refuse(name, "an odd number")
    return kernel


def _depths_upward(config: Config, layers: Sequence[int]) -> list[list[int]]:
    """Layers of the transformers on the way up: stated, or as on the way down."""
    blocks = [number + 1 for number in reversed(layers)]
    if config.get("reverse_transformer_layers_per_block") is not None:
        return depths(config, "reverse_transformer_layers_per_block", blocks)
    config.asked.add("reverse_transformer_layers_per_block")
    stated = config.get("transformer_layers_per_block")
    if isinstance(stated, list | tuple) and any(isinstance(level, list | tuple) for level in stated):
        raise config.refuse("reverse_transformer_layers_per_block", "to be stated where levels differ within")
    return depths(config, "transformer_layers_per_block", blocks[::-1])[::-1]


def _conditioned(
    config: Config, kind: str, channels: int, deep: Sequence[int], heads: int, text_width: int, crossed: bool
) -> Level:
    """A level whose heads are given by number, but by width where there is no text."""
    if kind.startswith(("Cross", "Attn")):
        wanted = channels // heads
        if not wanted:
            raise config.refuse("attention_head_dim", f"at most {channels} heads at a level of as many channels")
    return Level(
        kind=kind,
        channels=channels,
        depths=deep,
        heads=heads,
        head_width=heads,
        text_width=text_width,
        crossed=crossed,
        resampler="residual" if kind.startswith("Resnet") else "convolution",
    )


def _text(config: Config, net: Network, number: int, reads: bool) -> tuple[list[int], Text]:
    """Width of the text at each level, and the text, projected where its encoder's width is another."""
    widths = per_level(config, "cross_attention_dim", number, 1280)
    positions = net.length(TEXT_LENGTH) if reads else 0
    kind, inward = config.word("encoder_hid_dim_type", "text_proj"), config.optional("encoder_hid_dim")
    if kind != "text_proj" or (inward is None and config.get("encoder_hid_dim_type") is not None):
        raise config.refuse("encoder_hid_dim_type", "text_proj with an encoder_hid_dim, or nothing")
    if inward is None:
        return widths, Text(positions=positions, width=0)
    if not reads:
        raise config.refuse("encoder_hid_dim", "nothing where no block reads the text")
    if isinstance(config.get("cross_attention_dim"), list | tuple):
        raise config.refuse("cross_attention_dim", "one whole number, onto which the text is projected")
    flow = net.linear("text", DATA, net.batch * positions, inward, widths[0], bias=True)
    return widths, Text(positions=positions, width=0, flow=flow)


def _time_of_condition(config: Config, net: Network, inward: int, *, scaled: bool) -> Time:
    """The time step, to which a class, or a pooled text with sizes (SDXL), is added or appended."""
    width = config.integer("time_embedding_dim", 4 * inward)
    flow = number_embedding(net, "time", inward, width)
    classes = _classes(config, net, inward, width, ("timestep", "identity", "projection", "simple_projection"))
    appended = config.flag("class_embeddings_concat", False)
    if appended and classes is None:
        raise config.refuse("class_embeddings_concat", "false where there are no classes")
    kind = config.word("addition_embed_type", "")
    if kind not in ("", "text_time") or (kind and appended):
        raise config.refuse("addition_embed_type", "text_time without class_embeddings_concat, or nothing")
    flow = flow or bool(classes)
    if kind:
        given = config.integer("projection_class_embeddings_input_dim")
        flow = perceptron(net, "addition", DATA, net.batch, given, width, width) or flow
    return Time(width=2 * width if appended else width, flow=flow, scaled=scaled)
