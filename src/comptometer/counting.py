"""What somebody wants counted → an operation count: a `config.json`, a folder with one, its fields, or a layer list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from comptometer import formulas, layers
from comptometer.errors import DataError, UsageError
from comptometer.files import LARGEST_FILE, read_bytes
from comptometer.ops import Attention, Convention, OpCount, Recompute

LONGEST_SEQUENCE = 10**8
LARGEST_BATCH = 10**9


def count(
    model: Mapping[str, Any] | str | Path,
    *,
    batch: int = 1,
    sequence_length: int | None = None,
    attention: Attention = "full",
    recompute: Recompute = "none",
    family: str | None = None,
) -> OpCount:
    """Count the operations of one training step, exactly.

    Args:
        model: the path of a `config.json` or of a folder with one, or its fields; the path of a layer list
            (`.toml`), or the name of a shipped one ("alexnet").
        batch: sequences in the batch.
        sequence_length: tokens in each; what the configuration allows, at most 4,096, unless given. A layer list has
            a shape of its own.
        attention: `full` scores the dense square; `causal` exactly the pairs that the mask keeps; `half` S²/2.
        recompute: activations that the backward pass computes again; counted apart, never in `training`.
        family: count as this `model_type`, whatever the configuration says.

    Returns:
        exact integers for the whole batch: `.forward .backward .training .recomputed .parameters .by_operation
        .by_module .uncounted .convention`.

    Raises:
        NotFound: no such file, or a `model_type` that no formula knows.
        DataError: not JSON, or a field that is missing or cannot be.
        UsageError: a batch, length or switch that cannot be.

    >>> fields = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}
    >>> count(fields, sequence_length=512).training
    408481431552
    """
    _checked("batch", batch, LARGEST_BATCH)
    if sequence_length is not None:
        _checked("sequence_length", sequence_length, LONGEST_SEQUENCE)
    _word("attention", attention, get_args(Attention))
    _word("recompute", recompute, get_args(Recompute))
    if not isinstance(model, Mapping) and is_layer_list(str(model)):
        return _layers(str(model), batch, sequence_length, attention, recompute)
    fields, place = (model, "config") if isinstance(model, Mapping) else read_config(Path(model))
    return formulas.count(
        fields,
        batch=batch,
        sequence_length=sequence_length,
        convention=Convention(attention=attention, recompute=recompute),
        family=family,
        place=place,
    )


def is_layer_list(target: str) -> bool:
    """Is it the path of a layer list, or the name of a shipped one?"""
    return target.endswith(".toml") or target in layers.names()


def _layers(
    target: str, batch: int, sequence_length: int | None, attention: Attention, recompute: Recompute
) -> OpCount:
    if sequence_length is not None:
        raise UsageError("sequence_length: a layer list says its own lengths (key 'input')")
    found = layers.shipped(target) if target in layers.names() else layers.read(Path(target))
    return layers.count(found, batch=batch, attention=attention, recompute=recompute)


def _checked(name: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise UsageError(f"{name}: needs a whole number from 1 to {most:,}, got {value!r}")


def _word(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"{name}: {value!r} is not one of {', '.join(known)}")


def read_config(path: Path) -> tuple[dict[str, Any], str]:
    """The fields of a `config.json`, as data only: nothing in it is run or fetched.

    Raises:
        NotFound: no such file.
        DataError: too large, not UTF-8, not JSON, nested too deeply, not an object.
    """
    if path.is_dir():
        path = path / "config.json"
    place = str(path)
    raw = read_bytes(path)
    if len(raw) > LARGEST_FILE:
        raise DataError(place, [f"is larger than {LARGEST_FILE:,} bytes, which no configuration is"])
    try:
        fields = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(place, [f"is not UTF-8 (byte {error.start})"]) from None
    except RecursionError:
        raise DataError(place, ["is nested too deeply to be a configuration"]) from None
    except ValueError as error:
        raise DataError(place, [f"is not JSON: {error}"]) from None
    if not isinstance(fields, dict):
        raise DataError(place, [f"holds a {type(fields).__name__}, not an object with fields"])
    return fields, place
