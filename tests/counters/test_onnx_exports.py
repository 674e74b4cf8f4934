"""What PyTorch and Keras export counts as the module that it was exported from."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnx", reason="ONNX is not installed")

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import comptometer
from comptometer.ops import OpCount


class Block(nn.Module):
    """A transformer block, its attention through `scaled_dot_product_attention`."""

    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm(x)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(-2)
        x = x + self.out(mixed)
        made = x + self.down(F.gelu(self.up(x)))
        assert isinstance(made, torch.Tensor)
        return made


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 16)
        self.layers = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(16, 11, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.table(tokens)
        for layer in self.layers:
            x = layer(x)
        made = self.head(x)
        assert isinstance(made, torch.Tensor)
        return made


class SelfAttending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.attention(x, x, x, need_weights=False)[0]
        assert isinstance(made, torch.Tensor)
        return made


def _network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2, groups=4), nn.BatchNorm2d(8),
        nn.ConvTranspose2d(8, 4, 2, stride=2, groups=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10),
    )  # fmt: skip


MODULES: dict[str, tuple[Any, torch.Tensor]] = {
    "mlp": (lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), torch.zeros(5, 8)),
    "convolutions": (_network, torch.zeros(2, 3, 16, 16)),
    "lstm": (lambda: nn.LSTM(8, 6, num_layers=2, bidirectional=True), torch.zeros(7, 3, 8)),
    "gru": (lambda: nn.GRU(8, 6, batch_first=True), torch.zeros(3, 7, 8)),
    "attention": (SelfAttending, torch.zeros(2, 5, 16)),
    "block": (Block, torch.zeros(2, 6, 16)),
    "decoder": (Decoder, torch.zeros(2, 6, dtype=torch.int64)),
}


EXPORTERS = [pytest.param("graph", marks=pytest.mark.slow), "trace"]  # PyTorch's exporter, and the one before it


@contextmanager
def _exporting() -> Iterator[None]:
    """Exporters warn about themselves and about libraries that are not there."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            log.setLevel(before)


def _exported(module: nn.Module, inputs: torch.Tensor, path: Path, **rest: Any) -> Path:
    with _exporting():
        torch.onnx.export(module.eval(), (inputs,), str(path), verbose=False, **rest)
    return path


def _work(found: OpCount) -> dict[str, int]:
    assert found.complete, found.uncounted
    return {name: term.forward for name, term in found.by_operation.items()}


@pytest.mark.parametrize("name", list(MODULES))
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_an_export_counts_as_its_module_operation_by_operation(name: str, exporter: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    make, inputs = MODULES[name]
    module = make()
    path = _exported(module, inputs, tmp_path / "model.onnx", dynamo=exporter == "graph")
    assert _work(comptometer.count(path)) == _work(comptometer.count(module.eval(), inputs))


@pytest.mark.slow
def test_an_export_with_the_operator_of_attention_counts_causal_pairs_as_its_module(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    module, inputs = Decoder(), torch.zeros(2, 6, dtype=torch.int64)
    path = _exported(module, inputs, tmp_path / "model.onnx", dynamo=True, opset_version=23)
    for attention in ("full", "causal", "half"):
        found, live = (comptometer.count(path, attention=attention),
                       comptometer.count(module, inputs, attention=attention))  # fmt: skip
        assert _work(found) == _work(live)
        assert list(found.by_module) == [name for name in live.by_module if live.by_module[name].forward]
    assert found.parameters is not None
    assert live.parameters is not None
    assert found.parameters.embedding == live.parameters.embedding


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_an_export_with_open_axes_counts_at_any_size(exporter: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    module, inputs = Decoder(), torch.zeros(2, 6, dtype=torch.int64)
    axes: dict[str, Any] = (
        {"dynamic_shapes": {"tokens": {0: "batch", 1: "length"}}}
        if exporter == "graph"
        else {"dynamic_axes": {"tokens": {0: "batch", 1: "length"}}, "input_names": ["tokens"]}
    )
    path = _exported(module, inputs, tmp_path / "model.onnx", dynamo=exporter == "graph", **axes)
    for batch, length in ((1, 4), (3, 9)):
        live = comptometer.count(module, torch.zeros(batch, length, dtype=torch.int64))
        assert _work(comptometer.count(path, {"tokens": (batch, length)})) == _work(live)
        assert _work(comptometer.count(path, {"length": length}, batch=batch)) == _work(live)


KERAS = """
import sys, warnings
warnings.simplefilter("ignore")
import keras
source = keras.Input((12, 12, 3))
x = keras.layers.Conv2D(4, 3, activation="relu")(source)
x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
model = keras.Model(source, keras.layers.Dense(7)(x))
model(keras.ops.zeros((1, 12, 12, 3)))
model.export(sys.argv[1], format="onnx", verbose=False)
"""


@pytest.mark.slow
def test_a_keras_model_counts_by_hand(tmp_path: Path) -> None:
    if find_spec("keras") is None:  # importing it here would choose its backend
        pytest.skip("Keras is not installed")
    path = tmp_path / "keras.onnx"
    done = subprocess.run(
        [sys.executable, "-c", KERAS, str(path)],
        env={**os.environ, "KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = comptometer.count(path, batch=2)
    assert _work(found) == {"convolution": 2 * 2 * 100 * 4 * 27, "linear": 2 * 2 * 100 * 7}
    assert found.parameters is not None
    assert found.parameters.total == 27 * 4 + 4 + 700 + 7
