"""What somebody wants counted → an operation count: a `config.json`, a layer list, or a live model."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from comptometer import formulas, layers
from comptometer.errors import DataError, UsageError
from comptometer.files import LARGEST_FILE, read_bytes
from comptometer.ops import Attention, Convention, OpCount, Recompute

LIVE_TARGET = re.compile(r"torch:(?P<module>[\w.]+):(?P<factory>\w+)")
LONGEST_SEQUENCE = 10**8
LARGEST_BATCH = 10**9


def count(
    model: object,
    inputs: object = None,
    *,
    batch: int = 1,
    sequence_length: int | None = None,
    attention: Attention = "full",
    recompute: Recompute = "none",
    family: str | None = None,
    frozen: Sequence[str] = (),
    strict: bool = False,
) -> OpCount:
    """Count the operations of one training step, exactly.

    Args:
        model: the path of a `config.json` or of a folder with one, or its fields; the path of a layer list
            (`.toml`), or the name of a shipped one ("alexnet"); a live PyTorch module or function of tensors; the text
            `torch:package.module:factory`, whose factory is called and gives a module, or a module and its inputs.
        inputs: of a live model: a tensor, a tuple, a mapping, or a shape such as `(1, 3, 224, 224)`.
        batch: sequences in the batch.
        sequence_length: tokens in each; what the configuration allows, at most 4,096, unless given. A layer list has
            a shape of its own.
        attention: `full` scores the dense square; `causal` exactly the pairs that the mask keeps; `half` S²/2.
        recompute: activations that the backward pass computes again; counted apart, never in `training`.
        frozen: names or patterns of modules and parameters of a live model that are not trained.
        strict: refuse a live model with an operator that no formula knows, instead of listing it as uncounted.
        family: count as this `model_type`, whatever the configuration says.

    Returns:
        exact integers for the whole batch: `.forward .backward .training .recomputed .parameters .by_operation
        .by_module .uncounted .convention`.

    Raises:
        NotFound: no such file, or a `model_type` that no formula knows.
        DataError: not JSON, or a field that is missing or cannot be.
        UsageError: a batch, length or switch that cannot be, or a live model that cannot be run.

    >>> fields = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}
    >>> count(fields, sequence_length=512).training
    408481431552
    """
    _checked("batch", batch, LARGEST_BATCH)
    if sequence_length is not None:
        _checked("sequence_length", sequence_length, LONGEST_SEQUENCE)
    _word("attention", attention, get_args(Attention))
    _word("recompute", recompute, get_args(Recompute))
    if not isinstance(model, Mapping | str | Path):
        return _live(model, inputs, batch, attention, recompute, frozen, strict)
    if isinstance(model, str) and (found := LIVE_TARGET.fullmatch(model)):
        made = _made(found["module"], found["factory"])
        live, given = made if isinstance(made, tuple) and len(made) == 2 else (made, inputs)
        return replace(_live(live, given, batch, attention, recompute, frozen, strict), target=model)
    if isinstance(model, str | Path) and str(model).endswith(".onnx"):
        from comptometer import counters

        return counters.COUNTERS["onnx"](
            model, inputs, batch=batch, attention=attention, recompute=recompute, frozen=frozen, strict=strict
        )
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


def _live(
    model: object,
    inputs: object,
    batch: int,
    attention: Attention,
    recompute: Recompute,
    frozen: Sequence[str],
    strict: bool,
) -> OpCount:
    from comptometer import counters

    kind = counters.kind_of(model, *(inputs if isinstance(inputs, tuple) else (inputs,)))
    if kind is None:
        raise UsageError(
            f"{type(model).__name__} cannot be counted: give a config.json, a layer list, "
            "or a PyTorch module with inputs"
        )
    counter = counters.COUNTERS[kind]
    return counter(model, inputs, batch=batch, attention=attention, recompute=recompute, frozen=frozen, strict=strict)


def _made(module: str, factory: str) -> object:
    """What the caller's own code makes: it is imported and called."""
    sys.path.insert(0, "")  # as `python -m` does: modules of the working directory
    try:
        made: object = getattr(import_module(module), factory)()
    except Exception as error:  # whatever the caller's code raises
        raise UsageError(f"torch:{module}:{factory}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove("")
    return made


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
