"""What somebody wants counted → an operation count: a `config.json`, a layer list, or a live model."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any, Final, get_args

from comptometer import formulas
from comptometer.errors import DataError, UsageError
from comptometer.files import LARGEST_FILE, read_bytes, shipped_architecture
from comptometer.ops import AXES, Attention, Convention, OpCount, Recompute
from comptometer.trainable import Trainable

LIVE_TARGET: Final = re.compile(r"(?P<kind>torch|jax):(?P<module>[\w.]+):(?P<factory>\w+)")
LONGEST_SEQUENCE: Final = 10**8
LARGEST_BATCH: Final = 10**9
LARGEST_IMAGE: Final = 10**5
INCLUDABLE: Final = (*AXES, "mtp")


def count(
    model: object,
    inputs: object = None,
    *,
    batch: int = 1,
    sequence_length: int | None = None,
    decoder_length: int | None = None,
    image_size: int | tuple[int, int] | None = None,
    attention: Attention = "full",
    recompute: Recompute = "none",
    include: Sequence[str] = (),
    frozen: Sequence[str] = (),
    trainable: Trainable | None = None,
    argnums: int | Sequence[int] = 0,
    family: str | None = None,
    parameters: float | None = None,
    strict: bool = False,
    collapse: bool = True,
) -> OpCount:
    """Count the operations of one training step, exactly.

    Args:
        model: the path of a `config.json` or of a folder with one, or its fields; the path of a layer list
            (`.toml`), or the name of a shipped one ("alexnet"); a live PyTorch module or function of tensors; a JAX
            function; an ONNX model or the path of one; the text `torch:package.module:factory` (or `jax:…`), whose
            factory is called and gives a model, or a model and its inputs.
        inputs: of a live model: a tensor, a tuple, a mapping, or a shape such as `(1, 3, 224, 224)`.
        batch: examples in the batch.
        sequence_length: tokens in each; what the configuration allows, at most 4,096, unless given. The encoder's side
            of an encoder-decoder (mel frames for speech). A layer list has a shape of its own.
        decoder_length: tokens that the decoder of an encoder-decoder writes.
        image_size: pixels of an image, for both sides or (height, width); without it a model that reads text and
            images is counted on text alone.
        attention: `full` scores the dense square; `causal` exactly the pairs that the mask keeps; `half` S²/2.
        recompute: activations that the backward pass computes again; counted apart, never in `training`.
        include: what is counted besides: `mtp` (modules that predict further tokens), and on axes of their own
            `elementwise`, `normalization` and `optimizer`.
        frozen: names or patterns of modules that are not trained.
        trainable: the same with more to say (low-rank additions); not for live models, which know it themselves.
        argnums: the arguments of a JAX function that are trained.
        family: count as this `model_type`, whatever the configuration says.
        parameters: of the whole model as its makers state them: where the count has over 2% more or less, it says so.
        strict: refuse a live model with an operator that no formula knows, instead of listing it as uncounted.
        collapse: trace equal blocks of a PyTorch model once, where that is provably the same.

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
    for name, value in (("sequence_length", sequence_length), ("decoder_length", decoder_length)):
        if value is not None:
            _checked(name, value, LONGEST_SEQUENCE)
    convention = Convention(
        attention=_word("attention", attention, get_args(Attention)),
        recompute=_word("recompute", recompute, get_args(Recompute)),
    )
    for word in include:
        _word("include", word, INCLUDABLE)
    trained = trainable or Trainable(frozen=_patterns(frozen))
    sizes = {
        "sequence_length": sequence_length, "decoder_length": decoder_length, "image_size": _extents(image_size),
    }  # fmt: skip
    live = partial(
        _live,
        batch=batch,
        convention=convention,
        trained=trained,
        strict=strict,
        sizes=sizes,
        special={"include": tuple(include), "argnums": argnums, "collapse": collapse},
    )
    if not isinstance(model, Mapping | str | os.PathLike):
        return live(model, inputs)
    if isinstance(model, str) and (found := LIVE_TARGET.fullmatch(model)):
        made = _made(model, found["module"], found["factory"])
        made, given = made if isinstance(made, tuple) and len(made) == 2 else (made, inputs)
        return replace(live(made, given, kind=found["kind"]), target=model)
    path = None if isinstance(model, Mapping) else _path(os.fspath(model))
    if path is not None and path.endswith(".onnx"):
        return live(path, inputs, kind="onnx")
    if path is not None and path.endswith(".toml"):
        return replace(_layers(path, batch, convention, trained, sizes), target=os.fspath(model))  # type: ignore[arg-type]
    fields, place = (model, "config") if isinstance(model, Mapping) else read_config(path or "")
    counted = formulas.count(
        fields,
        batch=batch,
        convention=convention,
        include=frozenset(include),
        trainable=trained,
        family=family,
        stated=parameters,
        place=place,
        **sizes,  # type: ignore[arg-type]
    )
    return counted if isinstance(model, Mapping) else replace(counted, target=os.fspath(model))


def _path(target: str) -> str:
    """The file that is meant: one at that path, else a shipped layer list or configuration of that name."""
    return target if os.path.exists(target) else shipped_architecture(target) or target


def _live(
    model: object,
    inputs: object,
    *,
    batch: int,
    convention: Convention,
    trained: Trainable,
    strict: bool,
    sizes: Mapping[str, object],
    special: Mapping[str, Any],
    kind: str | None = None,
) -> OpCount:
    from comptometer import counters

    kind = kind or counters.kind_of(model, *(inputs if isinstance(inputs, tuple) else (inputs,)))
    if kind is None:
        raise UsageError(
            f"{type(model).__name__} cannot be counted: give a config.json, a layer list, an ONNX model, "
            "or a PyTorch module or JAX function with inputs"
        )
    for name, value in sizes.items():
        if value is not None:
            raise UsageError(f"{name}: a live model has the sizes of its inputs; give those")
    if trained.only:
        raise UsageError("modules: parts are chosen in configurations and layer lists; of a live model, give the part")
    if trained.rank is not None:
        raise UsageError("trainable: a live model has its low-rank additions itself, or has none")
    counter = counters.COUNTERS[kind]
    asked = {name: value for name, value in special.items() if value != LIVE_DEFAULTS[name]}
    for name in asked:
        if name not in signature(counter).parameters:
            raise UsageError(f"{name}: not for {kind} models")
    return counter(
        model,
        inputs,
        batch=batch,
        attention=convention.attention,
        recompute=convention.recompute,
        frozen=trained.frozen,
        strict=strict,
        **asked,
    )


LIVE_DEFAULTS: Final[Mapping[str, Any]] = {"include": (), "argnums": 0, "collapse": True}


def _made(target: str, module: str, factory: str) -> object:
    """What the caller's own code makes: it is imported and called."""
    from importlib import import_module

    sys.path.insert(0, "")  # as `python -m` does: modules of the working directory
    try:
        made: object = getattr(import_module(module), factory)()
    except Exception as error:  # whatever the caller's code raises
        raise UsageError(f"{target}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove("")
    return made


def _layers(
    target: str, batch: int, convention: Convention, trained: Trainable, inputs: Mapping[str, object]
) -> OpCount:
    for name, value in inputs.items():
        if value is not None:
            raise UsageError(f"{name}: a layer list says its own lengths and sizes (key 'input')")
    from comptometer import layers

    found = layers.read(target)
    return layers.count(
        found, batch=batch, attention=convention.attention, recompute=convention.recompute, trainable=trained
    )


def _checked(name: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise UsageError(f"{name}: needs a whole number from 1 to {most:,}, got {value!r}")


def _extents(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2:
        raise UsageError(f"image_size: needs one whole number, or height and width, got {size!r}")
    for side in sides:
        _checked("image_size", side, LARGEST_IMAGE)
    return sides[0], sides[1]


def _patterns(frozen: Sequence[str]) -> tuple[str, ...]:
    if isinstance(frozen, str):
        raise UsageError(f"frozen: needs a list of names, got the text {frozen!r}")
    return tuple(frozen)


def _word(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise UsageError(f"{name}: {value!r} is not one of {', '.join(known)}")
    return value


def read_config(path: str | os.PathLike[str]) -> tuple[dict[str, Any], str]:
    """The fields of a `config.json`, as data only: nothing in it is run or fetched.

    Raises:
        NotFound: no such file.
        DataError: too large, not UTF-8, not JSON, nested too deeply, not an object.
    """
    if os.path.isdir(path):
        path = os.path.join(path, "config.json")
    place = os.fspath(path)
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
