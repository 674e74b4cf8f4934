"""Operations of single PyTorch operators, from the shapes of their arguments.

A formula takes the arguments by their names in the operator's schema (`named`), and its result. Attention is in
`_torch_attention`. Nothing here imports PyTorch: shapes are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Final

from comptometer.contraction import convolution, matmul, transposed_convolution

Arguments = Mapping[str, Any]
Formula = Callable[[Arguments, Any], int]

COMPLEX = 4  # real products in a complex one


def named(schema: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by their names in the schema, defaults where they are left out."""
    found = {argument.name: value for argument, value in zip(schema.arguments, args, strict=False)}
    for argument in schema.arguments[len(args) :]:
        found[argument.name] = kwargs.get(argument.name, argument.default_value)
    return found


def _real(tensor: Any) -> int:
    return COMPLEX if tensor.dtype.is_complex else 1


def product(left: Any, right: Any) -> int:
    """(m × k) times (k × n), or the same for each of a batch, or with vectors; of a sparse one only its non-zeros."""
    if str(left.layout) != "torch.strided":
        return matmul(left._nnz() * _block(left), 1, right.shape[-1] if right.dim() > 1 else 1) * _real(left)
    if str(right.layout) != "torch.strided":
        return matmul(left.shape[-2] if left.dim() > 1 else 1, 1, right._nnz() * _block(right)) * _real(left)
    columns = right.shape[-1] if right.dim() > 1 else 1
    return matmul(prod(left.shape[:-1]), left.shape[-1], columns) * _real(left)


def _block(tensor: Any) -> int:
    values = tensor._values() if str(tensor.layout) == "torch.sparse_coo" else tensor.values()
    return prod(values.shape[1:])


def _between(left: str, right: str) -> Formula:
    return lambda given, out: product(given[left], given[right])


def pairwise(given: Arguments, out: Any) -> int:
    """`_foreach_mm`: each matrix of one list times that of the other in the same place."""
    return sum(product(left, right) for left, right in zip(given["self"], given["mat2"], strict=True))


def per_output(given: Arguments, out: Any) -> int:
    """Each output sums over the last axis of the first argument: products with packed or quantised weights."""
    source = next(iter(given.values()))
    return matmul(prod(out.shape), source.shape[-1], 1)


def scaled(given: Arguments, out: Any) -> int:
    """A product of factors with few bits; where two numbers share a byte, they are neighbours on the inner axis."""
    return product(given["self"], given["mat2"]) * _numbers_in_each(given["self"])


def _numbers_in_each(tensor: Any) -> int:
    return 2 if str(tensor.dtype).endswith("_x2") else 1


def half_sparse(packed: str, dense: str) -> Formula:
    """A matrix that keeps two of every four entries, or one of every two, times another: products with what is kept.

    The packed one is (m × k/2), the dense one (k × n) or (…, k); which is which does not matter to the sum.
    """

    def formula(given: Arguments, out: Any) -> int:
        kept, other = given[packed], given[dense]
        inner = 2 * kept.shape[-1]
        return matmul(kept.shape[0], kept.shape[-1], prod(other.shape) // inner)

    return formula


def half_sparse_compressed(given: Arguments, out: Any) -> int:
    """`_cslt_sparse_mm`: as above, but the packed matrix holds its places too, so the inner axis is the dense one's."""
    return matmul(prod(out.shape), given["dense_B"].shape[0] // 2, 1)


def grouped(given: Arguments, out: Any) -> int:
    """`_grouped_mm`: each row with the weight of its group, or each group's rows of both against one another.

    Rows × inner × columns, whichever axis the groups divide. Rows behind the last offset belong to no group.
    """
    left, right, offsets = given["self"], given["mat2"], given["offs"]
    if left.dim() == 3 and right.dim() == 3:
        return matmul(prod(left.shape[:2]), left.shape[2], right.shape[2])
    rows, inner, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    used = int(offsets[-1]) if offsets is not None and str(offsets.device) != "meta" else None
    if left.dim() == 2 and right.dim() == 3:
        return matmul(used if used is not None else rows, inner, columns)
    if left.dim() == 3:
        return matmul(rows, inner, used if used is not None else columns)
    return matmul(rows, used if used is not None else inner, columns)


def scaled_grouped(given: Arguments, out: Any) -> int:
    """`_scaled_grouped_mm`: the same of factors with few bits."""
    return grouped(given, out) * _numbers_in_each(given["self"])


def _convolved(source: Any, weight: Any, target: Any, *, transposed: bool, groups: int) -> int:
    kernel, batch = weight.shape[2:], source.shape[0] if source.dim() == weight.dim() else 1
    spatial = len(kernel)
    if transposed:
        channels = weight.shape[0], weight.shape[1] * groups
        return transposed_convolution(batch, *channels, kernel, source.shape[-spatial:], groups) * _real(weight)
    channels = weight.shape[1] * groups, weight.shape[0]
    return convolution(batch, *channels, kernel, target.shape[-spatial:], groups) * _real(weight)


def convolved(given: Arguments, out: Any) -> int:
    """A convolution or a transposed one."""
    return _convolved(
        given["input"] if "input" in given else given["self"],
        given["weight"],
        out,
        transposed=bool(given.get("transposed", False)),
        groups=given.get("groups", 1),
    )


def convolved_transposed(given: Arguments, out: Any) -> int:
    """A convolution that is transposed by its name."""
    return convolved({**given, "transposed": True}, out)


def convolved_depthwise(given: Arguments, out: Any) -> int:
    """A convolution whose every channel is its own group."""
    return convolved({**given, "groups": given["self"].shape[1]}, out)


def convolution_gradients(given: Arguments, out: Any) -> int:
    """Each of the gradients of input and weight that is formed is as much work as the convolution, groups kept."""
    once = _convolved(
        given["input"],
        given["weight"],
        given["grad_output"],
        transposed=bool(given.get("transposed", False)),
        groups=given["groups"],
    )
    return once * sum(map(bool, given["output_mask"][:2]))


def recurrent(given: Arguments, out: Any) -> int:
    """A fused layer: every weight matrix is used once for each step and example.

    `weight` holds the matrices of all layers and directions; oneDNN takes one layer and direction at a time.
    """
    steps = given["input"]
    weights = given["weight"] if "weight" in given else [given[key] for key in given if key.startswith("weight")]
    sizes = sum(prod(weight.shape) for weight in weights if weight.dim() == 2)
    return matmul(prod(steps.shape[:-1]), sizes, 1)


def recurrent_gradients(given: Arguments, out: Any) -> int:
    """Fused kernels form the gradients of all inputs, the first state's too, and of the weights."""
    weights = 1 if given.get("output_mask") is None or given["output_mask"][3] else 0
    return recurrent(given, out) * (1 + weights)


def _linear_gradients(given: Arguments, out: Any) -> int:
    once = matmul(prod(given["grad_output"].shape), given["self"].shape[-1], 1)
    return once * sum(map(bool, given["output_mask"][:2]))


LINEAR: Final = "linear"
MATMUL: Final = "matmul"
CONVOLUTION: Final = "convolution"
RECURRENCE: Final = "recurrence"

# operator: kind of operation where nothing says more, formula
PRODUCTS: Final[Mapping[str, tuple[str, Formula]]] = {
    "aten::mm": (MATMUL, _between("self", "mat2")),
    "aten::bmm": (MATMUL, _between("self", "mat2")),
    "aten::_foreach_mm": (MATMUL, pairwise),
    "aten::_int_mm": (MATMUL, _between("self", "mat2")),
    "aten::_scaled_mm": (MATMUL, scaled),
    "aten::_scaled_mm_v2": (MATMUL, scaled),
    "aten::addmm": (MATMUL, _between("mat1", "mat2")),
    "aten::_addmm_activation": (MATMUL, _between("mat1", "mat2")),
    "aten::_sparse_semi_structured_mm": (MATMUL, half_sparse("mat1", "mat2")),
    "aten::_sparse_semi_structured_addmm": (MATMUL, half_sparse("mat1", "mat2")),
    "aten::_sparse_semi_structured_linear": (LINEAR, half_sparse("weight", "input")),
    "aten::_cslt_sparse_mm": (MATMUL, half_sparse_compressed),
    "aten::_sparse_addmm": (MATMUL, _between("mat1", "mat2")),
    "aten::baddbmm": (MATMUL, _between("batch1", "batch2")),
    "aten::addbmm": (MATMUL, _between("batch1", "batch2")),
    "aten::mv": (MATMUL, _between("self", "vec")),
    "aten::addmv": (MATMUL, _between("mat", "vec")),
    "aten::dot": (MATMUL, _between("self", "tensor")),
    "aten::vdot": (MATMUL, _between("self", "other")),
    "aten::linear": (LINEAR, per_output),
    "aten::mkldnn_linear": (LINEAR, per_output),
    "aten::linear_backward": (LINEAR, _linear_gradients),
    "aten::_grouped_mm": (MATMUL, grouped),
    "aten::_scaled_grouped_mm": (MATMUL, scaled_grouped),
    "aten::_scaled_grouped_mm_v2": (MATMUL, scaled_grouped),
    "aten::_weight_int8pack_mm": (LINEAR, per_output),
    "aten::_weight_int4pack_mm": (LINEAR, per_output),
    "aten::_weight_int4pack_mm_for_cpu": (LINEAR, per_output),
    "aten::_weight_int4pack_mm_with_scales_and_zeros": (LINEAR, per_output),
    "aten::_dyn_quant_matmul_4bit": (LINEAR, per_output),
    "quantized::linear": (LINEAR, per_output),
    "quantized::linear_relu": (LINEAR, per_output),
    "quantized::linear_dynamic": (LINEAR, per_output),
    "quantized::linear_relu_dynamic": (LINEAR, per_output),
    "quantized::linear_dynamic_fp16": (LINEAR, per_output),
    "quantized::linear_relu_dynamic_fp16": (LINEAR, per_output),
    "aten::convolution": (CONVOLUTION, convolved),
    "aten::_convolution": (CONVOLUTION, convolved),
    "aten::convolution_overrideable": (CONVOLUTION, convolved),
    "aten::mkldnn_convolution": (CONVOLUTION, convolved),
    "aten::cudnn_convolution": (CONVOLUTION, convolved),
    "aten::cudnn_convolution_relu": (CONVOLUTION, convolved),
    "aten::cudnn_convolution_add_relu": (CONVOLUTION, convolved),
    "aten::cudnn_convolution_transpose": (CONVOLUTION, convolved_transposed),
    "aten::miopen_convolution": (CONVOLUTION, convolved),
    "aten::miopen_convolution_relu": (CONVOLUTION, convolved),
    "aten::miopen_convolution_add_relu": (CONVOLUTION, convolved),
    "aten::miopen_depthwise_convolution": (CONVOLUTION, convolved),
    "aten::miopen_convolution_transpose": (CONVOLUTION, convolved_transposed),
    "aten::_slow_conv2d_forward": (CONVOLUTION, convolved),
    "aten::slow_conv3d_forward": (CONVOLUTION, convolved),
    "aten::_conv_depthwise2d": (CONVOLUTION, convolved_depthwise),
    "aten::conv_depthwise3d": (CONVOLUTION, convolved_depthwise),
    "aten::convolution_backward": (CONVOLUTION, convolution_gradients),
    "aten::convolution_backward_overrideable": (CONVOLUTION, convolution_gradients),
    "aten::mkldnn_rnn_layer": (RECURRENCE, recurrent),
    "aten::mkldnn_rnn_layer_backward": (RECURRENCE, recurrent_gradients),
    "aten::_cudnn_rnn": (RECURRENCE, recurrent),
    "aten::_cudnn_rnn_backward": (RECURRENCE, recurrent_gradients),
    "aten::miopen_rnn": (RECURRENCE, recurrent),
    "aten::miopen_rnn_backward": (RECURRENCE, recurrent_gradients),
}
