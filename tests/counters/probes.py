"""Small programs whose operations are known exactly: one call each, or one call and its gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.attention.flex_attention import flex_attention
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A program, and what it costs: the forward pass, all of training, or with what is done again.

    `run` makes what it needs and returns the part that is counted, which differentiates by itself if it does at all.
    """

    exact: int
    run: Callable[[], Callable[[], Any]]
    counted: str = "forward"
    attention: str = "full"


PROBES: dict[str, Probe] = {}
CORE = 2 * 2 * 4 * 64 * 64 * 32 * 2  # batch 2, 4 heads, 64 positions, width 32: scores and sums
LSTM = 2 * 10 * 4 * (4 * 32 * (16 + 32))  # 10 steps, batch 4, 16 → 32
HEADS = 2 * 16 * 32 * 96 + 2 * 16 * 32 * 32 + 2 * 2 * 2 * 4 * 8 * 8 * 8  # 2 × 8 positions, width 32, 4 heads
PLANE = 2 * 8 * 4 * 9 * 36  # convolution 4 → 8 channels, 3 × 3, 36 positions out
SPREAD = 2 * 64 * 4 * 8 * 9  # transposed convolution 4 → 8 channels, 3 × 3, 64 positions in


def probe(exact: int, counted: str = "forward", attention: str = "full") -> Callable[[Any], Any]:
    def add(run: Callable[[], Callable[[], Any]]) -> Callable[[], Callable[[], Any]]:
        PROBES[run.__name__] = Probe(exact=exact, run=run, counted=counted, attention=attention)
        return run

    return add


def simple(sentence: str, exact: int, run: Callable[[], Any], counted: str = "forward") -> None:
    PROBES[sentence] = Probe(exact=exact, run=lambda: run, counted=counted)


def tensor(*shape: int, device: str = "cpu", trained: bool = False, dtype: Any = torch.float32) -> Any:
    return torch.ones(shape, device=device, dtype=dtype).requires_grad_(trained)


def attended(device: str = "cpu", backward: bool = False, causal: bool = False) -> Callable[[], Any]:
    query = tensor(2, 4, 64, 32, device=device, trained=True)

    def run() -> Any:
        out: Any = F.scaled_dot_product_attention(query, query, query, is_causal=causal)
        return out.sum().backward() if backward else out

    return run


def convolved(weight: tuple[int, ...], groups: int = 1, transposed: bool = False, backward: bool = True) -> Any:
    source, kernel = tensor(1, 4, 8, 8, trained=True), tensor(*weight, trained=True)

    def run() -> Any:
        out: Any = (F.conv_transpose2d if transposed else F.conv2d)(source, kernel, groups=groups)
        return out.sum().backward() if backward else out

    return run


def without_gradients(run: Callable[[], Any]) -> Callable[[], Any]:
    return torch.no_grad()(run)


@probe(CORE)
def attention_on_the_cpu() -> Any:
    return attended()


@probe(3 * CORE, "training")
def attention_on_the_cpu_with_its_gradients() -> Any:
    return attended(backward=True)


@probe(CORE)
def attention_without_values() -> Any:
    return attended("meta")


@probe(3 * CORE, "training")
def attention_without_values_with_its_gradients() -> Any:
    return attended("meta", backward=True)


@probe(CORE * 65 // 128, attention="causal")
def causal_attention_is_the_lower_triangle_with_its_diagonal() -> Any:
    return attended(causal=True)


simple("a_batch_of_products_by_einsum", 720, lambda: torch.einsum("bij,bjk->bik", tensor(3, 4, 5), tensor(3, 5, 6)))
simple("a_sum_of_products_by_einsum", 256, lambda: torch.einsum("bi,bi->b", tensor(8, 16), tensor(8, 16)))
simple("a_matrix_times_a_vector", 256, lambda: torch.mv(tensor(8, 16), tensor(16)))
simple("a_matrix_times_a_vector_added", 256, lambda: torch.addmv(tensor(8), tensor(8, 16), tensor(16)))
simple("a_vector_times_a_vector", 32, lambda: torch.dot(tensor(16), tensor(16)))
simple("a_linear_layer_on_one_vector", 256, lambda: F.linear(tensor(16), tensor(8, 16)))
simple("a_batch_of_products_summed", 720, lambda: torch.addbmm(tensor(4, 6), tensor(3, 4, 5), tensor(3, 5, 6)))
simple("a_table_is_looked_up_for_nothing", 0, lambda: F.embedding(torch.arange(4), tensor(10, 8)))
simple("products_under_vmap", 720, lambda: torch.vmap(torch.mm)(tensor(3, 4, 5), tensor(3, 5, 6)))
simple(
    "a_product_of_bytes",
    8192,
    lambda: torch._int_mm(tensor(32, 16, dtype=torch.int8), tensor(16, 8, dtype=torch.int8)),
)
simple(
    "a_complex_product_is_four_real_ones",
    512,
    lambda: tensor(4, 4, dtype=torch.cfloat) @ tensor(4, 4, dtype=torch.cfloat),
)
simple(
    "rows_each_with_the_weight_of_their_group",
    16384,
    lambda: F.grouped_mm(
        tensor(16, 32, dtype=torch.bfloat16),
        tensor(4, 32, 16, dtype=torch.bfloat16),
        offs=torch.tensor([4, 8, 12, 16], dtype=torch.int32),
    ),
)


@probe(PLANE)
def a_convolution() -> Any:
    return convolved((8, 4, 3, 3), backward=False)


@probe(3 * PLANE, "training")
def a_convolution_with_its_gradients() -> Any:
    return convolved((8, 4, 3, 3))


@probe(3 * PLANE // 2, "training")
def a_grouped_convolution_forms_its_gradients_group_by_group() -> Any:
    return convolved((8, 2, 3, 3), groups=2)


@probe(3 * 2 * 4 * 9 * 36, "training")
def a_depthwise_convolution_forms_its_gradients_channel_by_channel() -> Any:
    return convolved((4, 1, 3, 3), groups=4)


@probe(SPREAD)
def a_transposed_convolution() -> Any:
    return convolved((4, 8, 3, 3), transposed=True, backward=False)


@probe(3 * SPREAD, "training")
def a_transposed_convolution_with_its_gradients() -> Any:
    return convolved((4, 8, 3, 3), transposed=True)


@probe(SPREAD // 2)
def a_grouped_transposed_convolution() -> Any:
    return convolved((4, 4, 3, 3), groups=2, transposed=True, backward=False)


@probe(3 * SPREAD // 2, "training")
def a_grouped_transposed_convolution_with_its_gradients() -> Any:
    return convolved((4, 4, 3, 3), groups=2, transposed=True)


@probe(LSTM)
def an_lstm_in_one_fused_operator() -> Any:
    layer = nn.LSTM(16, 32)
    return lambda: layer(tensor(10, 4, 16))


@probe(LSTM)
def an_lstm_without_gradients() -> Any:
    layer = nn.LSTM(16, 32)
    return without_gradients(lambda: layer(tensor(10, 4, 16)))


@probe(LSTM)
def an_lstm_without_values() -> Any:
    layer = nn.LSTM(16, 32, device="meta")
    return lambda: layer(tensor(10, 4, 16, device="meta"))


@probe(2 * 10 * 4 * (3 * 32 * 48))
def a_gru() -> Any:
    layer = nn.GRU(16, 32)
    return lambda: layer(tensor(10, 4, 16))


@probe(2 * LSTM)
def an_lstm_in_both_directions() -> Any:
    layer = nn.LSTM(16, 32, bidirectional=True)
    return lambda: layer(tensor(10, 4, 16))


def _heads(**options: bool) -> Callable[[], Any]:
    layer, source = nn.MultiheadAttention(32, 4, batch_first=True), tensor(2, 8, 32)
    return lambda: layer(source, source, source, **options)


@probe(HEADS)
def multi_head_attention_in_training() -> Any:
    return _heads(need_weights=False)


@probe(HEADS)
def multi_head_attention_that_returns_its_weights() -> Any:
    return _heads()


@probe(HEADS)
def multi_head_attention_on_its_fast_path() -> Any:
    layer, source = nn.MultiheadAttention(32, 4, batch_first=True).eval(), tensor(2, 8, 32)
    return without_gradients(lambda: layer(source, source, source, need_weights=False))


@probe(HEADS + 2 * 16 * 32 * 64 * 2)
def an_encoder_layer_on_its_fast_path() -> Any:
    layer, source = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True).eval(), tensor(2, 8, 32)
    return without_gradients(lambda: layer(source))


@probe(512)
def a_linear_layer_in_inference_mode() -> Any:
    layer = nn.Linear(8, 8)
    return torch.inference_mode()(lambda: layer(tensor(4, 8)))


@probe(1024)
def a_linear_layer_quantized_on_the_fly() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, message="torch.ao.quantization is deprecated")
        warnings.filterwarnings("ignore", category=UserWarning, message="torch.quantize_per_tensor")
        quantize: Any = torch.ao.quantization.quantize_dynamic
        model = quantize(nn.Sequential(nn.Linear(16, 8)), {nn.Linear})
    return without_gradients(lambda: model(tensor(4, 16)))


@torch.library.custom_op("comptometer_tests::product", mutates_args=())
def _product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return left @ right


@probe(384)
def an_operator_of_somebody_else_written_in_python() -> Any:
    return lambda: _product(tensor(4, 8), tensor(8, 6))


@probe(4 * 512, "executed")
def a_reentrant_checkpoint_does_its_forward_pass_again() -> Any:
    layer, source = nn.Linear(8, 8, bias=False), tensor(4, 8, trained=True)
    return lambda: checkpoint(layer, source, use_reentrant=True).sum().backward()


@probe(CORE)
def flexible_attention() -> Any:
    query = tensor(2, 4, 64, 32, trained=True)
    return without_gradients(lambda: flex_attention(query, query, query))


@probe(512)
def a_condition_costs_the_branch_that_is_taken() -> Any:
    layer, source = nn.Linear(8, 8, bias=False), tensor(4, 8)
    taken = torch.tensor(True)
    return without_gradients(
        lambda: torch.cond(taken, lambda value: value @ layer.weight, lambda value: value + 1, (source,))
    )


@probe(512)
def a_compiled_layer() -> Any:
    layer = torch.compile(nn.Linear(8, 8, bias=False), backend="aot_eager")
    source = tensor(4, 8, trained=True)
    return lambda: layer(source)


@probe(1536, "training")
def a_training_step_with_its_optimizer() -> Any:
    layer, source = nn.Linear(8, 8, bias=False), tensor(4, 8, trained=True)

    def step() -> None:
        layer(source).sum().backward()
        torch.optim.Adam(layer.parameters()).step()

    return step
