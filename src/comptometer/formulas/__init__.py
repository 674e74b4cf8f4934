"""Counts from a description: a Hugging Face `config.json`, read as data only.

Every other file in this folder knows some families of models (those whose names start with an underscore hold what
families share). A family writes a model down as its forward pass; operations and parameters add up as exact integers.
No framework and no numerical library is imported: a count takes well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from comptometer.errors import NotEnoughEvidence, NotFound
from comptometer.formulas._config import Config
from comptometer.formulas._network import DATA, Flow, Network, Norm
from comptometer.ops import Convention, OpCount, Parameters
from comptometer.registry import Registry
from comptometer.trainable import EVERYTHING, Trainable

__all__ = ["DATA", "FORMULAS", "Config", "Family", "Flow", "Network", "Norm", "count", "formula", "nested"]

CLOSURE: Final = 0.02  # by which counted and stated parameters may differ without a word
NOISE: Final = frozenset(  # fields that say nothing about size
    (
        "architectures", "auto_map", "bos_token_id", "dtype", "eos_token_id", "id2label", "initializer_range",
        "label2id", "model_type", "name_or_path", "pad_token_id", "rms_norm_eps", "rope_scaling", "rope_theta",
        "torch_dtype", "transformers_version", "use_cache", "_name_or_path", "_class_name", "_diffusers_version",
    )
)  # fmt: skip

Formula = Callable[[Config, Network], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A way to count models of one `model_type`.

    Attributes:
        name: of the file that knows it.
        formula: writes the model down.
        notes: what a reader should know about the count.
        defaults: what the class of that type takes for fields that are left out, where the configuration is a part of
            another (a whole configuration says what it needs).
    """

    name: str
    formula: Formula
    notes: Sequence[str] = field(default_factory=tuple)
    defaults: Mapping[str, Any] = field(default_factory=dict)


FORMULAS: Registry[Family] = Registry("model_type", "comptometer.formulas")


def formula(
    *model_types: str, notes: Sequence[str] = (), defaults: Mapping[str, Any] | None = None
) -> Callable[[Formula], Formula]:
    """Register a function for some values of `model_type` (or `_class_name`, as diffusion models have it)."""

    def register(function: Formula) -> Formula:
        name = function.__module__.rpartition(".")[2]
        for model_type in model_types:
            FORMULAS.add(model_type, Family(name=name, formula=function, notes=notes, defaults=defaults or {}))
        return function

    return register


def nested(config: Config, net: Network, *, model_type: str) -> None:
    """Write down a part that has a configuration of its own, such as the text tower of a model that also sees.

    Args:
        config: of the part.
        net: of the whole.
        model_type: where the part does not say.
    """
    family = _family(config, config.word("model_type", model_type))
    family.formula(config.with_defaults(family.defaults), net)


def count(
    config: Mapping[str, Any],
    *,
    batch: int = 1,
    sequence_length: int | None = None,
    decoder_length: int | None = None,
    image_size: tuple[int, int] | None = None,
    convention: Convention | None = None,
    include: frozenset[str] = frozenset(),
    trainable: Trainable = EVERYTHING,
    family: str | None = None,
    stated: float | None = None,
    place: str = "config",
) -> OpCount:
    """Count the operations of a model from its configuration.

    Args:
        config: the fields of a `config.json`.
        batch: examples in the batch.
        sequence_length: tokens in each; what the configuration allows, at most 4,096, unless given.
        decoder_length: tokens that the decoder of an encoder-decoder writes.
        image_size: height and width of an image in pixels.
        convention: what is counted.
        include: what is counted besides: `mtp`, `elementwise`, `normalization`, `optimizer`.
        trainable: what is trained.
        family: count as this `model_type`, whatever the configuration says.
        stated: parameters as somebody else states them, to be compared.
        place: what to call the configuration in messages.

    Raises:
        NotFound: a `model_type` that no family knows; names fields, and near names.
        DataError: a field that is missing or cannot be.
        UsageError: a length or size that the model does not have.
    """
    fields = Config(config, place)
    known = _family(fields, family or fields.word("model_type", fields.word("_class_name", "")))
    net = Network(
        convention or Convention(),
        batch=batch,
        sequence_length=sequence_length,
        decoder_length=decoder_length,
        image_size=image_size,
        include=include,
        trainable=trainable,
    )
    known.formula(fields, net)
    net.finish()
    tally = net.tally
    return OpCount(
        terms=tally.terms,
        parameters=Parameters(total=tally.parameters, active=tally.active, embedding=tally.embedding),
        convention=net.convention,
        backend=f"formula:{known.name}",
        target=place,
        batch=batch,
        sequence_length=net.used.get("sequence_length"),
        decoder_length=net.used.get("decoder_length"),
        image_size=net.used.get("image_size"),
        tokens=net.tokens,
        notes=[*_unread(fields, family), *known.notes, *net.notes],
        warnings=_closure(tally.parameters, stated),
        included=tally.extras,
    )


def _closure(counted: int, stated: float | None) -> list[str]:
    if stated is None or abs(counted - stated) <= CLOSURE * stated:
        return []
    from comptometer.text import percent

    apart = percent(abs(counted / stated - 1))
    return [
        f"the configuration gives {counted:,} parameters, {apart} off the {stated:,.0f} that are stated: "
        "something in the model is not in this count"
    ]


def _unread(config: Config, assumed: str | None) -> list[str]:
    """Where a family is only assumed, the fields that it does not look at are said."""
    if not assumed or assumed == config.get("model_type"):
        return []
    unread = sorted({*config} - config.asked - NOISE)
    return [f"counted as {assumed}; fields not read: {', '.join(unread)}"] if unread else []


def _family(config: Config, model_type: str) -> Family:
    if not model_type:
        raise NotEnoughEvidence(
            f"{config.place}: no model_type; say which family it is with --assume-family ({', '.join(FORMULAS)})"
        )
    if model_type in FORMULAS:
        return FORMULAS[model_type]
    from difflib import get_close_matches

    fields = ", ".join(sorted(name for name in config if name not in NOISE)[:40]) or "none"
    raise NotFound(
        f"formula for model_type in {config.place} (fields not understood: {fields}; --assume-family overrides):",
        model_type,
        get_close_matches(model_type, FORMULAS, 3, 0.5),
    )
