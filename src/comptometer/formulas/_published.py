"""Fields of configurations of the library `diffusers`: lists with an entry for each level; what is not understood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from comptometer.formulas._config import LARGEST, MOST_LAYERS, Config

MOST_BLOCKS = 1000  # residual blocks of a level
MOST_LEVELS = 30

NO_SIZE = frozenset(  # fields that say nothing about size, beside those of every configuration
    (
        "act_fn", "center_input_sample", "decay", "dropout", "flip_sin_to_cos", "force_upcast", "freq_shift",
        "inv_gamma", "latents_mean", "latents_std", "mid_block_scale_factor", "min_decay", "norm_eps",
        "optimization_step", "power", "resnet_out_scale_factor", "resnet_skip_time_act", "scaling_factor",
        "shift_factor", "update_after_step", "upcast_attention", "use_ema_warmup",
    )
)  # fmt: skip


def understood(config: Config, only: Mapping[str, Any], also: Collection[str] = ()) -> None:
    """See that every field was asked for, or says nothing about size.

    Args:
        config: after everything was asked.
        only: fields of which one value is known.
        also: names that the class takes and that change nothing here.

    Raises:
        DataError: another value of these, or a field that is not known.
    """
    from comptometer.formulas import NOISE

    for name, wanted in only.items():
        if config.get(name) is not None and config[name] != wanted:
            raise config.refuse(name, f"{wanted!r}, or nothing" if wanted is not None else "nothing")
    read = config.asked | NOISE | NO_SIZE
    for name in config:
        known = name in read or name in also or name.startswith("_")
        if not known and config.get(name) is not None:
            raise config.refuse(name, "to be left out: the field is not known here")


def absent(config: Config, name: str) -> bool:
    """Is the field there, and null?"""
    config.asked.add(name)
    return name in tuple(config) and config.get(name) is None


def per_level(config: Config, name: str, levels: int, default: int | None = None, *, most: int = LARGEST) -> list[int]:
    """One whole number for all levels, or one for each.

    Raises:
        DataError: another number of them.
    """
    if not isinstance(config.get(name), list | tuple):
        return [config.integer(name, default, most=most)] * levels
    found = config.integers(name, least=1, most=most)
    if len(found) != levels:
        raise config.refuse(name, f"one whole number for each of {levels} levels")
    return found


def flags_per_level(config: Config, name: str, levels: int) -> list[bool]:
    """True or false for all levels, or one for each; false where the field is missing.

    Raises:
        DataError: something else, or another number of them.
    """
    found = config.get(name)
    if not isinstance(found, list | tuple):
        return [config.flag(name, False)] * levels
    config.asked.add(name)
    if len(found) != levels or not all(isinstance(flag, bool) for flag in found):
        raise config.refuse(name, f"true or false for each of {levels} levels")
    return list(found)


def depths(config: Config, name: str, blocks: list[int]) -> list[list[int]]:
    """Layers of each transformer of each level: one number for all, for each level, or for each block of a level.

    Args:
        config: asked for it.
        name: of the field.
        blocks: how many each level has.

    Raises:
        DataError: another number of them, or something else.
    """
    given = config.get(name)
    config.asked.add(name)
    levels = given if isinstance(given, list | tuple) else [1 if given is None else given] * len(blocks)
    if len(levels) != len(blocks):
        raise config.refuse(name, f"one entry for each of {len(blocks)} levels")
    found = []
    for level, number in zip(levels, blocks, strict=True):
        each = list(level) if isinstance(level, list | tuple) else [level] * number
        if len(each) < number or not all(type(one) is int and 0 <= one <= MOST_LAYERS for one in each):
            raise config.refuse(name, f"whole numbers, {number} in a list for that level")
        found.append(each[:number])
    return found


def kinds_per_level(config: Config, name: str, levels: int, known: Collection[str]) -> list[str]:
    """The kind of block at each level.

    Raises:
        DataError: missing, another number of them, or one that is not known.
    """
    found = config.words(name)
    if found is None or len(found) != levels:
        raise config.refuse(name, f"one kind of block for each of {levels} levels")
    if not set(found) <= set(known):
        raise config.refuse(name, f"{' or '.join(known)} at each level")
    return found


def channels_per_level(config: Config) -> list[int]:
    """The channels of each level, which the groups of the normalisations must divide.

    Raises:
        DataError: missing, or groups that do not divide them.
    """
    channels = config.integers("block_out_channels", least=1)
    if not 1 <= len(channels) <= MOST_LEVELS:
        raise config.refuse("block_out_channels", f"1 to {MOST_LEVELS} whole numbers")
    groups = config.integer("norm_num_groups", 32)
    if any(width % groups for width in channels):
        raise config.refuse("norm_num_groups", f"a divisor of {', '.join(map(str, channels))} channels")
    return channels
