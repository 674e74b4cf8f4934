"""The fields that configurations of decoders share: sizes, the kinds of layers, what stands on top."""

from __future__ import annotations

from collections.abc import Mapping

from comptometer.formulas._config import MOST_LAYERS, Config

LANGUAGE_HEADS = ("", "ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "DoubleHeadsModel")
CLASSIFIERS = ("ForSequenceClassification", "ForTokenClassification")


def head_width(config: Config, width: int, heads: int) -> int:
    """The stated width of a head; never width over heads where it is stated.

    Raises:
        DataError: not stated, and the width does not divide.
    """
    stated = config.optional("head_dim")
    if stated is not None:
        return stated
    if width % heads:
        raise config.refuse("num_attention_heads", f"a divisor of the hidden size {width}, or a head_dim")
    return width // heads


def layer_count(config: Config, name: str = "num_hidden_layers") -> int:
    """The number of layers."""
    return config.integer(name, most=MOST_LAYERS)


def windows(config: Config, number: int, *, pattern: int | None = None, default: bool = False) -> list[int | None]:
    """How far each layer sees: by `layer_types` where it is given, else every layer but each `pattern`-th slides.

    Args:
        config: asked for `sliding_window` and `layer_types`.
        number: of layers.
        pattern: every so-manieth layer sees everything; None where all layers are alike.
        default: do layers slide where neither says?

    Raises:
        DataError: `layer_types` has another length or an unknown word.
    """
    window = config.optional("sliding_window")
    kinds = layer_types(config, number, "full_attention", "sliding_attention")
    if kinds is not None:
        return [window if kind == "sliding_attention" else None for kind in kinds]
    if window is None or not default:
        return [None] * number
    return [None if pattern and (at + 1) % pattern == 0 else window for at in range(number)]


def layer_types(config: Config, number: int, *known: str, name: str = "layer_types") -> list[str] | None:
    """The kind of each layer, where the configuration lists them.

    Raises:
        DataError: another length, or a word that the family does not know.
    """
    kinds = config.words(name)
    if kinds is None:
        return None
    if len(kinds) != number:
        raise config.refuse(name, f"one word for each of {number} layers")
    if unknown := set(kinds) - set(known):
        raise config.refuse(name, f"{' or '.join(known)}, not {sorted(unknown)}")
    return kinds


def checked_head(config: Config) -> str:
    """What stands on top of a decoder: logits, a classifier, or nothing.

    Raises:
        DataError: a class on top of it that is not known here.
    """
    head = config.head("")
    if head not in (*LANGUAGE_HEADS, *CLASSIFIERS, "Model"):
        raise config.refuse("architectures", "a language model, a classifier or a model without head")
    return head


def label_count(config: Config) -> int:
    """Labels that a classifier tells apart: as stated, else those that have a name, else two."""
    named = config.get("id2label")
    return config.integer("num_labels", len(named) if isinstance(named, Mapping) and named else 2)


def rotary_width(config: Config, head_width: int, share: float = 1.0) -> int:
    """How much of each head is turned by position.

    Args:
        config: asked for `partial_rotary_factor`, also within `rope_parameters`.
        head_width: of a head.
        share: where neither says.
    """
    stated = config.child("rope_parameters").number("partial_rotary_factor", share)
    return int(head_width * config.number("partial_rotary_factor", stated))
