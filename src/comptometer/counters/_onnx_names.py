"""Where in the model a node of an ONNX graph belongs."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

import onnx

SCOPES: Final = "pkg.torch.onnx.name_scopes"  # of PyTorch's exporter: a list of module paths, the node's own name last
LARGEST_SCOPES: Final = 10_000  # characters


def module_of(node: onnx.NodeProto, around: str = "") -> str:
    """The module that a node was exported from, `*` for numbers that repeat; else what is around it, or its operator.

    >>> module_of(onnx.helper.make_node("MatMul", ["a", "b"], ["c"], name="/layers.0/mlp/up/MatMul"))
    'layers.*.mlp.up'
    >>> module_of(onnx.helper.make_node("MatMul", ["a", "b"], ["c"], name="node_MatMul_12"))
    'MatMul'
    """
    path = _scoped(node) or _slashed(node.name)
    return ".".join("*" if part.isdigit() else part for part in path.split(".")) if path else around or node.op_type


def _scoped(node: onnx.NodeProto) -> str:
    text = next((entry.value for entry in node.metadata_props if entry.key == SCOPES), "")
    if not text or len(text) > LARGEST_SCOPES:
        return ""
    try:
        scopes = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    return next((scope for scope in reversed(scopes[:-1]) if scope), "") if _texts(scopes) else ""


def _texts(scopes: object) -> bool:
    return isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)


def _slashed(name: str) -> str:
    return ".".join(_unrepeated([part for part in name.split("/")[:-1] if part]))


def _unrepeated(parts: Sequence[str]) -> list[str]:
    """A list of modules says its own name again for every entry: `layer1/layer1.0` is `layer1.0`."""
    found: list[str] = []
    for part in parts:
        if found and part.startswith(f"{found[-1]}."):
            found.pop()
        found.append(part)
    return found
