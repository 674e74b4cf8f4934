"""Operations of single ONNX operators, from the shapes of their inputs. Attention is in `_onnx_attention`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Final

from comptometer.contraction import convolution, matmul, transposed_convolution
from comptometer.counters import _onnx_attention as attention
from comptometer.counters._onnx_call import Call, MisfitError, NoFormulaError
from comptometer.counters._onnx_einsum import einsum

Formula = Callable[[Call], int]

LINEAR: Final = "linear"
MATMUL: Final = "matmul"
CONVOLUTION: Final = "convolution"
RECURRENCE: Final = "recurrence"
ATTENTION: Final = "attention"
STATE: Final = "state"
STATE_CORE: Final = (
    "state core of LinearAttention: the update of the state and the read-out, and under a delta rule the read-out of "
    "what is replaced; the decay of the state is element-wise"
)
PADDED: Final = "recurrent layers with sequence_lens: every step of the padded length is counted"


def product(left: int, right: int, call: Call) -> int:
    """Matrices, batches of them, or vectors, as NumPy multiplies them."""
    rows, columns = call.dims(left), call.dims(right)
    if not rows or not columns:
        raise MisfitError(f"multiplies {rows} with {columns}")
    batch = _together(rows[:-2], columns[:-2])
    if call.attribute("transA", 0) and len(rows) > 1:
        rows = (*rows[:-2], rows[-1], rows[-2])
    if call.attribute("transB", 0) and len(columns) > 1:
        columns = (*columns[:-2], columns[-1], columns[-2])
    lines = rows[-2] if len(rows) > 1 else 1
    return matmul(batch * lines, rows[-1], columns[-1] if len(columns) > 1 else 1)


def _together(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    shorter, longer = sorted((left, right), key=len)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    return prod(b if a == 1 else a for a, b in zip(padded, longer, strict=True))


def fused(call: Call) -> int:
    """`FusedMatMul`: as `MatMul`, with either factor transposed."""
    if call.attribute("transBatchA", 0) or call.attribute("transBatchB", 0):
        raise NoFormulaError("a product that moves its batch axes")
    return product(0, 1, call)


def general(left: int, right: int, call: Call) -> int:
    """`Gemm`: two matrices, each transposed or not."""
    call.dims(left, 2), call.dims(right, 2)
    return product(left, right, call)


def packed(call: Call) -> int:
    """A product with weights that are packed in blocks: K and N are attributes."""
    rows = call.dims(0)
    return matmul(prod(rows[:-1]), int(call.attribute("K", rows[-1])), int(call.attribute("N", 0)))


def convolved(weight: int, call: Call) -> int:
    """A convolution: the weight is output channels × input channels of a group × kernel."""
    source, kernel, out = call.dims(0), call.dims(weight), call.out()
    _fitting(source, kernel)
    groups = int(call.attribute("group", 1))
    return convolution(source[0], kernel[1] * groups, kernel[0], kernel[2:], out[2:], groups)


def transposed(call: Call) -> int:
    """A transposed convolution: the weight is input channels × output channels of a group × kernel."""
    source, kernel = call.dims(0), call.dims(1)
    _fitting(source, kernel)
    groups = int(call.attribute("group", 1))
    return transposed_convolution(source[0], kernel[0], kernel[1] * groups, kernel[2:], source[2:], groups)


def _fitting(source: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    if len(source) != len(kernel) or len(kernel) < 3:
        raise MisfitError(f"convolves {source} with a kernel {kernel}")


def depthwise(call: Call) -> int:
    """`CausalConvWithState`: each channel on its own, one output for each position of the input."""
    (batch, channels, length), (_, _, kernel) = call.dims(0, 3), call.dims(1, 3)
    return convolution(batch, channels, channels, (kernel,), (length,), channels)


def recurrent(call: Call) -> int:
    """`LSTM`, `GRU`, `RNN`: the weights of all gates and directions are used once for each step and example."""
    if call.given(4) is not None:
        call.notes[PADDED] = None
    steps = prod(call.dims(0, 3)[:2])
    return matmul(steps, prod(call.dims(1, 3)) + prod(call.dims(2, 3)), 1)


def linear_attention(call: Call) -> int:
    """`LinearAttention`: for each position and head two products with the state, three under a delta rule."""
    call.notes[STATE_CORE] = None
    (batch, length, width), heads = call.dims(0, 3), int(call.attribute("q_num_heads", 1))
    stored = int(call.attribute("kv_num_heads", 1))
    key, value = width // max(heads, 1), call.dims(2, 3)[2] // max(stored, 1)
    updates = 2 if "delta" in str(call.attribute("update_rule", "gated_delta")) else 1
    return matmul(batch * length * (updates * stored + heads), key, value)


def scored(call: Call) -> int:
    """`LinearClassifier`, `LinearRegressor`: one coefficient for each feature and target."""
    source = call.dims(0)
    rows = prod(source[:-1]) if len(source) > 1 else 1
    return matmul(rows, len(call.attribute("coefficients", ())), 1)


MS: Final = "com.microsoft"

# domain and operator: kind of operation, formula
PRODUCTS: Final[Mapping[tuple[str, str], tuple[str, Formula]]] = {
    ("", "MatMul"): (MATMUL, partial(product, 0, 1)),
    ("", "MatMulInteger"): (MATMUL, partial(product, 0, 1)),
    ("", "QLinearMatMul"): (MATMUL, partial(product, 0, 3)),
    ("", "Gemm"): (MATMUL, partial(general, 0, 1)),
    ("", "Einsum"): (MATMUL, einsum),
    ("", "Conv"): (CONVOLUTION, partial(convolved, 1)),
    ("", "ConvInteger"): (CONVOLUTION, partial(convolved, 1)),
    ("", "QLinearConv"): (CONVOLUTION, partial(convolved, 3)),
    ("", "DeformConv"): (CONVOLUTION, partial(convolved, 1)),
    ("", "ConvTranspose"): (CONVOLUTION, transposed),
    ("", "CausalConvWithState"): (CONVOLUTION, depthwise),
    ("", "LSTM"): (RECURRENCE, recurrent),
    ("", "GRU"): (RECURRENCE, recurrent),
    ("", "RNN"): (RECURRENCE, recurrent),
    ("", "Attention"): (ATTENTION, attention.standard),
    ("", "LinearAttention"): (STATE, linear_attention),
    ("ai.onnx.preview", "FlexAttention"): (ATTENTION, attention.flexible),
    ("ai.onnx.ml", "LinearClassifier"): (LINEAR, scored),
    ("ai.onnx.ml", "LinearRegressor"): (LINEAR, scored),
    (MS, "FusedMatMul"): (MATMUL, fused),
    (MS, "TransposeMatMul"): (MATMUL, partial(product, 0, 1)),
    (MS, "FusedMatMulActivation"): (MATMUL, partial(product, 0, 1)),
    (MS, "MatMulIntegerToFloat"): (MATMUL, partial(product, 0, 1)),
    (MS, "DynamicQuantizeMatMul"): (MATMUL, partial(product, 0, 1)),
    (MS, "FusedGemm"): (MATMUL, partial(general, 0, 1)),
    (MS, "QGemm"): (MATMUL, partial(general, 0, 3)),
    (MS, "MatMulNBits"): (LINEAR, packed),
    (MS, "MatMulBnb4"): (LINEAR, packed),
    (MS, "FusedConv"): (CONVOLUTION, partial(convolved, 1)),
    (MS, "MultiHeadAttention"): (ATTENTION, attention.multi_head),
    (MS, "GroupQueryAttention"): (ATTENTION, attention.group_query),
}

# Operators that hold a projection and an attention: each part is booked on its own.
FUSED: Final[Mapping[tuple[str, str], tuple[tuple[str, Formula], ...]]] = {
    (MS, "Attention"): ((LINEAR, attention.projection), (ATTENTION, attention.projected)),
    (MS, "QAttention"): ((LINEAR, attention.projection), (ATTENTION, attention.projected)),
}
