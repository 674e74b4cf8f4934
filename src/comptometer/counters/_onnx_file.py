"""Reads an ONNX file as data: its graph and the shapes of its weights; weights kept beside it are not looked for."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Final

import onnx

from comptometer.errors import DataError, NotFound

LARGEST_MODEL: Final = 600_000_000  # bytes
NO_VERSION: Final = 1 << 31


def read(path: Path) -> onnx.ModelProto:
    """The model in a file.

    Raises:
        NotFound: no such file.
        DataError: a folder, unreadable, too large, or not an ONNX model.
    """
    place = str(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise DataError(place, ["is a folder; name a file"])
        if size > LARGEST_MODEL:
            raise DataError(
                place,
                [
                    f"has {size:,} bytes, more than {LARGEST_MODEL:,}: save it with its weights as external data, "
                    "which are not read"
                ],
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NotFound("file", place, get_close_matches(path.name, _siblings(path), 2)) from None
    except (OSError, ValueError) as error:
        raise DataError(place, [f"cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
    return checked(_parsed(raw, place), place)


def _siblings(path: Path) -> list[str]:
    try:
        return [other.name for other in path.parent.iterdir() if other.name != path.name]
    except OSError:
        return []


def _parsed(raw: bytes, place: str) -> onnx.ModelProto:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    model = onnx.ModelProto()
    try:
        model.ParseFromString(raw)
        return model
    except DecodeError:
        raise DataError(place, ["is not an ONNX model: it cannot be decoded; it may be cut off"]) from None


def checked(model: onnx.ModelProto, place: str) -> onnx.ModelProto:
    """The model, if it is one.

    Raises:
        DataError: it has no graph, or no operator set.
    """
    if not model.HasField("graph") or not (model.graph.node or model.graph.output):
        raise DataError(place, ["is not an ONNX model: it has no graph"])
    if not model.opset_import:
        raise DataError(place, ["is not an ONNX model: it names no operator set"])
    if not all(0 < entry.version < NO_VERSION for entry in model.opset_import):
        raise DataError(place, ["is not an ONNX model: the version of an operator set cannot be"])
    return model
