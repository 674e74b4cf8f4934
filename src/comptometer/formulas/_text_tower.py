"""The text tower of a model that also sees, and how images get into it.

Text alone is counted as the text tower alone; what sees has its parameters in the total. With an image, every example
has one: the tower that sees, what projects its features, and the text tower, some of whose positions are the image's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from comptometer.errors import UsageError
from comptometer.formulas import DATA, Config, Flow, Network, nested
from comptometer.formulas._vision_tower import Size

# What the classes of text towers take for fields that a part of a configuration leaves out
TEXT_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "llama": {
        "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "vocab_size": 32000, "max_position_embeddings": 2048,
    },
    "mistral": {
        "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 32000, "max_position_embeddings": 131072, "sliding_window": 4096,
    },
    "qwen2": {
        "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "vocab_size": 151936, "max_position_embeddings": 32768,
    },
    "qwen3": {
        "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 32768,
    },
    "gemma": {
        "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28, "num_attention_heads": 16,
        "num_key_value_heads": 16, "head_dim": 256, "vocab_size": 256000, "max_position_embeddings": 8192,
    },
    "gemma2": {
        "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
        "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 256000, "max_position_embeddings": 8192,
        "sliding_window": 4096,
    },
    "gemma3_text": {
        "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
        "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208, "max_position_embeddings": 131072,
        "sliding_window": 4096,
    },
    "phi3": {
        "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32,
        "vocab_size": 32064, "max_position_embeddings": 4096,
    },
}  # fmt: skip

Seeing = Callable[[Size], tuple[Flow, int]]  # the size of an image → what flows into the text, and its positions there


def text_of(config: Config, model_type: str, *, own: dict[str, Any] | None = None) -> Config:
    """The configuration of the text tower, with what its class takes for fields that are left out.

    A field that is null is not left out: it says that there is none.

    Args:
        config: of the whole.
        model_type: of the text tower, where it does not say.
        own: what the model around it takes instead of the tower's own.
    """
    text = config.child("text_config")
    known = TEXT_DEFAULTS.get(text.word("model_type", model_type), {}) | (own or {})
    said = set(text)
    return text.with_defaults({name: value for name, value in known.items() if name not in said})


def width_of(text: Config) -> int:
    """The width of the positions that a text tower reads."""
    return text.integer("hidden_size")


def read(
    config: Config,
    net: Network,
    text: Config,
    see: Seeing,
    *,
    model_type: str,
    made_for: Size,
    sizes: bool = False,
    tied: bool = False,
    either: bool = False,
) -> None:
    """The whole model on a batch: images, where the caller gives their size, and the text that they are part of.

    Args:
        config: of the whole.
        net: what adds up.
        text: configuration of the text tower.
        see: writes down what sees and what projects.
        model_type: of the text tower, where it does not say.
        made_for: size of image that the model is made for.
        sizes: does it see images of other sizes too?
        tied: are the embeddings tied where nothing says?
        either: is it enough that one of the two configurations ties them?

    Raises:
        UsageError: images of another size than the model sees, or with more positions than the sequence has.
    """
    positions, x = 0, DATA
    if net.has_image:
        size = net.image(made_for)
        if not sizes and size != made_for:
            raise UsageError(
                f"image_size: this model sees every image at {made_for[0]} × {made_for[1]} pixels; give that size"
            )
        x, positions = see(size)
    else:
        with net.parameters_only():
            see(made_for)
        net.note("text alone is counted; give --image-size to count an image in every example")
    whole = text.replaced(
        architectures=config.words("architectures"), tie_word_embeddings=_tied(config, text, tied, either)
    )
    with net.within("text"), net.features(x):
        nested(whole, net, model_type=model_type)
    _fits(net, positions)


def _tied(config: Config, text: Config, default: bool, either: bool) -> bool:
    own = text.flag("tie_word_embeddings", default)
    return config.flag("tie_word_embeddings", own) or (either and own)


def _fits(net: Network, positions: int) -> None:
    length = net.used["sequence_length"]
    if positions > length:
        raise UsageError(
            f"sequence_length: an image takes {positions} positions, more than the {length} of the sequence; "
            f"give at least {positions}, text included"
        )
    if positions:
        net.note(f"{positions} of the {length} positions of each sequence are the image's")
