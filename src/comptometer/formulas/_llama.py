"""A decoder by the fields that LLaMA and most later families share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from comptometer.formulas._config import Config
from comptometer.formulas._decoder import Decoder, Layer
from comptometer.formulas._decoder_fields import (
    checked_head,
    head_width,
    label_count,
    layer_count,
    rotary_width,
    windows,
)


def llama_like(
    config: Config, *, layers: Sequence[Layer] | None = None, tied: bool = False, turned: float = 1.0, **features: Any
) -> Decoder:
    """The fields that LLaMA and its relatives share.

    Args:
        config: asked.
        layers: all alike unless given.
        tied: does the head share the embedding, where the configuration does not say?
        turned: share of each head that is turned by position, likewise.
        features: what a family does otherwise.
    """
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    key_value_heads = features.pop("key_value_heads", None) or config.integer("num_key_value_heads", heads)
    if heads % key_value_heads:
        raise config.refuse("num_key_value_heads", f"a divisor of {heads} heads")
    bias, one = config.flag("attention_bias", False), head_width(config, width, heads)
    given: dict[str, Any] = {
        "width": width,
        "layers": layers or [Layer()] * layer_count(config),
        "heads": heads,
        "key_value_heads": key_value_heads,
        "head_width": one,
        "mlp_width": features.pop("mlp_width", None) or config.integer("intermediate_size"),
        "vocabulary": config.integer("vocab_size"),
        "longest": config.optional("max_position_embeddings"),
        "head": checked_head(config),
        "labels": label_count(config),
        "tied": config.flag("tie_word_embeddings", tied),
        "qkv_bias": bias,
        "output_bias": bias,
        "mlp_bias": config.flag("mlp_bias", False),
        "rotary_width": rotary_width(config, one, turned),
    }
    return Decoder(**(given | features))


def sliding(config: Config, *, pattern: int | None = None, default: bool = True) -> list[Layer]:
    """Layers with their windows."""
    return [Layer(window=window) for window in windows(config, layer_count(config), pattern=pattern, default=default)]


def head_norms(base: Decoder, **features: Any) -> Decoder:
    """The same with a norm on each head's query and key, one weight for all heads."""
    return replace(base, query_norm=base.head_width, key_norm=base.head_width, **features)


def whole_norms(base: Decoder, **features: Any) -> Decoder:
    """The same with norms on query and key whose weights differ between heads, over all heads or each alone."""
    query, key = base.heads * base.head_width, base.key_value_heads * base.head_width
    return replace(base, query_norm=query, key_norm=key, **features)


def without_rotation(config: Config, number: int) -> list[bool]:
    """For each layer, is it turned by position? By `no_rope_layers`, which says 1 where it is, else all but each n-th.

    Raises:
        DataError: a list of another length, or with other numbers.
    """
    stated = config.integers("no_rope_layers", most=1)
    if stated and len(stated) != number:
        raise config.refuse("no_rope_layers", f"a 0 or 1 for each of {number} layers")
    step = config.integer("no_rope_layer_interval", 4)
    return [bool(one) for one in stated] or [(at + 1) % step != 0 for at in range(number)]
