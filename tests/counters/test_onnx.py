from __future__ import annotations

import pytest

pytest.importorskip("onnx", reason="ONNX is not installed")

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx_models import BOOL, INT64, UINT8, constant, counted, info, model, one, weight, work

import comptometer
from comptometer.cli.count import command
from comptometer.counters import COUNTERS, kind_of
from comptometer.counters._onnx_operators import FREE, REASONS, classify
from comptometer.counters.onnx import count
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError

MICROSOFT = "com.microsoft"


# -- products, each with its count by hand


def test_a_product_with_a_weight_is_linear_and_one_of_activations_is_not() -> None:
    assert work(counted("MatMul", [[2, 5, 7]], [weight("w", 7, 3)])) == {"linear": 2 * 10 * 7 * 3}
    assert work(counted("MatMul", [[2, 5, 7], [7, 3]])) == {"matmul": 2 * 10 * 7 * 3}


@pytest.mark.parametrize(
    ("left", "right", "flop"),
    [
        ([5], [5], 2 * 5),
        ([4, 5], [5], 2 * 4 * 5),
        ([5], [5, 6], 2 * 5 * 6),
        ([3, 1, 4, 5], [2, 5, 6], 2 * 3 * 2 * 4 * 5 * 6),
    ],
)
def test_matrices_vectors_and_batches_multiply_as_in_numpy(left: list[int], right: list[int], flop: int) -> None:
    assert counted("MatMul", [left, right]).forward == flop


def test_gemm_takes_either_matrix_transposed() -> None:
    for across, shapes in (((0, 0), ([4, 5], [5, 6])), ((1, 0), ([5, 4], [5, 6])), ((1, 1), ([5, 4], [6, 5]))):
        assert counted("Gemm", shapes, transA=across[0], transB=across[1]).forward == 2 * 4 * 5 * 6


def test_a_convolution_keeps_its_groups() -> None:
    whole = counted("Conv", [[1, 4, 8, 8]], [weight("w", 8, 4, 3, 3)])
    assert work(whole) == {"convolution": 2 * 8 * 4 * 9 * 36}
    assert counted("Conv", [[1, 4, 8, 8]], [weight("w", 8, 2, 3, 3)], group=2).forward == whole.forward // 2
    assert counted("Conv", [[3, 4, 8]], [weight("w", 4, 1, 3)], group=4, pads=[1, 1]).forward == 2 * 3 * 4 * 3 * 8


def test_a_transposed_convolution_keeps_its_groups() -> None:
    whole = counted("ConvTranspose", [[1, 4, 8, 8]], [weight("w", 4, 8, 3, 3)])
    assert work(whole) == {"convolution": 2 * 64 * 4 * 8 * 9}
    grouped = counted("ConvTranspose", [[1, 4, 8, 8]], [weight("w", 4, 4, 3, 3)], group=2, strides=[2, 2])
    assert grouped.forward == whole.forward // 2


def test_integers_multiply_like_other_numbers() -> None:
    byte = weight("w", 7, 3, dtype=np.int8)
    assert work(counted("MatMulInteger", [[5, 7]], [byte], elements=[UINT8])) == {"linear": 210}
    kernel = weight("w", 8, 4, 3, 3, dtype=np.int8)
    assert counted("ConvInteger", [[1, 4, 8, 8]], [kernel], elements=[UINT8]).forward == 20736


def _quantized(operator: str, source: list[int], tensor: onnx.TensorProto, domain: str = "") -> onnx.ModelProto:
    scale, zero = constant("s", 0.5, np.float32), constant("z", 0, np.uint8)
    nothing = constant("z8", 0, np.int8)
    node = helper.make_node(operator, ["a", "s", "z", "w", "s", "z8", "s", "z"], ["out"], domain=domain)
    return model([node], [info("a", source, UINT8)], ["out"], [scale, zero, nothing, tensor])


def test_quantized_operators_count_their_products() -> None:
    product = count(_quantized("QLinearMatMul", [5, 7], weight("w", 7, 3, dtype=np.int8)))
    assert work(product) == {"linear": 210}
    assert product.parameters is not None
    assert product.parameters.total == 21 + 1  # the weight and the scale
    assert count(_quantized("QLinearConv", [1, 4, 8, 8], weight("w", 8, 4, 3, 3, dtype=np.int8))).forward == 20736


def test_a_deformable_convolution_is_a_convolution_of_what_is_sampled() -> None:
    found = counted("DeformConv", [[1, 4, 8, 8], [8, 4, 3, 3], [1, 18, 6, 6]])
    assert work(found) == {"convolution": 20736}


@pytest.mark.parametrize(
    ("equation", "shapes", "flop"),
    [
        ("bij,bjk->bik", [[3, 4, 5], [3, 5, 6]], 720),
        (
            "bij,bjk",
            [[3, 4, 5], [3, 5, 6]],
            720,
        ),  # without an arrow the indices of one operand alone stay: i and k
        ("bi,bi->b", [[8, 16], [8, 16]], 256),
        ("bi,bi->bi", [[8, 16], [8, 16]], 0),
        ("i,j->ij", [[4], [5]], 0),
        ("ij->i", [[4, 5]], 0),
        ("...ij,...jk->...ik", [[2, 3, 4, 5], [2, 1, 5, 6]], 2 * 2 * 3 * 4 * 5 * 6),
        ("ijm,jk->ik", [[4, 5, 9], [5, 6]], 240),  # m is summed away before
        ("ij,jk,kl->il", [[4, 6], [6, 4], [4, 6]], 2 * 4 * 6 * 4 + 2 * 4 * 4 * 6),
    ],
)
def test_einsum_counts_its_pairwise_products(equation: str, shapes: list[list[int]], flop: int) -> None:
    found = counted("Einsum", shapes, equation=equation)
    assert found.forward == flop
    assert bool(found.notes) == (len(shapes) > 2)


def test_an_equation_that_does_not_fit_is_refused() -> None:
    for equation in ("ij,jk", "i-j,jk->ik", "ij,j...k...->ik"):
        with pytest.raises(DataError, match="Einsum"):
            counted("Einsum", [[4, 5, 6, 7], [5, 6]], equation=equation)


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_layers_use_their_weights_at_every_step_in_every_direction(operator: str, gates: int) -> None:
    for directions, word in ((1, "forward"), (2, "bidirectional")):
        weights = [weight("w", directions, gates * 32, 16), weight("r", directions, gates * 32, 32)]
        found = counted(operator, [[10, 4, 16]], weights, hidden_size=32, direction=word)
        assert work(found) == {"recurrence": directions * 2 * 10 * 4 * gates * 32 * (16 + 32)}


def test_linear_attention_has_a_state_core_of_its_own() -> None:
    for rule, products in (("linear", 2), ("gated_delta", 3)):
        extra = [[2, 5, 2], [2, 5, 2]] if rule == "gated_delta" else []
        node = helper.make_node(
            "LinearAttention", ["q", "k", "v", *(["", "g", "b"] if extra else [])], ["o", "s"],
            q_num_heads=2, kv_num_heads=2, update_rule=rule,
        )  # fmt: skip
        ends = [info(name, [2, 5, 16]) for name in "qkv"] + [info(n, s) for n, s in zip("gb", extra, strict=False)]
        found = count(model([node], ends, ["o"], opset=onnx.defs.onnx_opset_version()))
        assert work(found) == {"state": products * 2 * (2 * 5) * 2 * 8 * 8}
        assert any("state" in note for note in found.notes)


def test_a_causal_convolution_with_state_gives_one_output_for_each_position() -> None:
    found = counted("CausalConvWithState", [[2, 6, 10]], [weight("w", 6, 1, 4)], outputs=2,
                    opset=onnx.defs.onnx_opset_version())  # fmt: skip
    assert work(found) == {"convolution": 2 * 2 * 6 * 4 * 10}


def test_linear_models_of_the_older_domain_have_a_coefficient_for_each_feature_and_target() -> None:
    found = counted("LinearRegressor", [[5, 7]], domain="ai.onnx.ml", coefficients=[0.5] * 21, targets=3)
    assert work(found) == {"linear": 210}


# -- attention

HEADS = [2, 4, 64, 32]
CORE = 4 * 2 * 4 * 64 * 64 * 32


def test_attention_means_the_same_as_everywhere() -> None:
    causal = one("Attention", [HEADS] * 3, is_causal=1)
    assert work(count(causal)) == {"attention": CORE}
    assert count(causal, attention="causal").forward == CORE * 65 // 128
    assert count(causal, attention="half").forward == CORE // 2
    for switch in ("causal", "half"):
        assert count(one("Attention", [HEADS] * 3), attention=switch).forward == CORE


def test_shared_keys_are_used_once_for_each_query_head() -> None:
    assert counted("Attention", [HEADS, [2, 1, 64, 32], [2, 1, 64, 32]]).forward == CORE
    packed = [[2, 64, 128], [2, 64, 64], [2, 64, 64]]
    assert counted("Attention", packed, q_num_heads=4, kv_num_heads=2).forward == CORE


def test_cross_attention_is_never_halved_and_a_cache_is_seen_by_every_query() -> None:
    cross = one("Attention", [[1, 1, 3, 8], [1, 1, 5, 8], [1, 1, 5, 4]])
    assert count(cross, attention="causal").forward == 2 * 15 * (8 + 4)
    node = helper.make_node("Attention", ["q", "k", "v", "", "pk", "pv"], ["o", "nk", "nv"], is_causal=1)
    ends = [info(name, [1, 1, 2 if name in "qkv" else 6, 8]) for name in ("q", "k", "v", "pk", "pv")]
    cached = model([node], ends, ["o"])
    assert count(cached).forward == 2 * 2 * 8 * 16
    assert count(cached, attention="causal").forward == 2 * (7 + 8) * 16


def test_a_constant_mask_counts_the_pairs_that_it_keeps_and_another_one_says_so() -> None:
    seen = np.tri(64, dtype=np.bool_) & ~np.tri(64, k=-8, dtype=np.bool_)
    node = helper.make_node("Attention", ["q", "k", "v", "m"], ["o"])
    ends = [info(name, HEADS) for name in "qkv"]
    constant_mask = model([node], ends, ["o"], [constant("m", seen, np.bool_)])
    assert count(constant_mask, attention="causal").forward == CORE * int(seen.sum()) // 64**2
    assert count(constant_mask, attention="half").forward == CORE // 2
    unknown = count(model([node], [*ends, info("m", [64, 64], BOOL)], ["o"]), attention="causal")
    assert unknown.forward == CORE
    assert "mask that is not constant" in unknown.notes[0]


def _written_out(*, flip: bool = False) -> onnx.ModelProto:
    nodes = [
        helper.make_node("MatMul", ["q", "k"], ["s"]),
        helper.make_node("Mul", ["s", "scale"], ["t"]),
        helper.make_node("Softmax", ["t"], ["w"], axis=-2 if flip else -1),
        helper.make_node("MatMul", ["w", "v"], ["o"]),
    ]
    ends = [info("q", HEADS), info("k", [2, 4, 32, 64]), info("v", HEADS)]
    return model(nodes, ends, ["o"], [constant("scale", 0.1, np.float32)])


def test_attention_that_is_written_out_is_recognised_and_counts_the_full_square() -> None:
    assert work(count(_written_out())) == {"attention": CORE}
    found = count(_written_out(), attention="causal")
    assert found.forward == CORE
    assert "written out" in found.notes[0]
    assert work(count(_written_out(flip=True))) == {"matmul": CORE}


# -- operators of ONNX Runtime


def _runtime(operator: str, shapes: list[list[int]], weights: Any = (), **rest: Any) -> onnx.ModelProto:
    return one(operator, shapes, weights, domain=MICROSOFT, **rest)


def test_fused_products_count_as_their_products() -> None:
    assert work(count(_runtime("FusedMatMul", [[2, 7, 5], [2, 3, 7]], transA=1, transB=1))) == {"matmul": 420}
    assert count(_runtime("FusedGemm", [[5, 7], [7, 3], [3]], activation="Relu")).forward == 210
    fused = _runtime("FusedConv", [[1, 4, 8, 8]], [weight("w", 8, 4, 3, 3)], activation="Relu")
    assert work(count(fused)) == {"convolution": 20736}
    packed = _runtime("MatMulNBits", [[5, 7]], [weight("w", 3, 1, 16, dtype=np.uint8)], K=7, N=3)
    found = count(packed)
    assert work(found) == {"linear": 210}
    assert found.parameters is not None
    assert found.parameters.total == 21


def test_a_product_that_moves_its_batch_is_listed() -> None:
    found = count(_runtime("FusedMatMul", [[2, 7, 5], [2, 7, 3]], transBatchA=1))
    assert [(one.operation, one.calls) for one in found.uncounted] == [("com.microsoft::FusedMatMul", 1)]


def test_fused_attention_counts_its_core_and_its_projections() -> None:
    rows = [2, 64, 128]
    heads = _runtime("MultiHeadAttention", [rows] * 3, num_heads=4)
    assert work(count(heads)) == {"attention": CORE}
    ahead = _runtime("MultiHeadAttention", [rows] * 3, num_heads=4, unidirectional=1)
    assert count(ahead, attention="causal").forward == CORE * 65 // 128
    whole = _runtime("Attention", [rows], [weight("w", 128, 384), weight("b", 384)], num_heads=4)
    assert work(count(whole)) == {"attention": CORE, "linear": 2 * 2 * 64 * 128 * 384}


def test_grouped_attention_is_causal_and_slides_where_it_has_a_window() -> None:
    shapes = [[2, 64, 128], [2, 64, 64], [2, 64, 64]]
    group = _runtime("GroupQueryAttention", shapes, num_heads=4, kv_num_heads=2)
    assert count(group).forward == CORE
    assert count(group, attention="causal").forward == CORE * 65 // 128
    slid = _runtime("GroupQueryAttention", shapes, num_heads=4, kv_num_heads=2, local_window_size=8)
    assert count(slid, attention="causal").forward == CORE * (36 + 56 * 8) // 64**2


def test_what_follows_a_fused_operator_still_has_a_shape() -> None:
    nodes = [
        helper.make_node("FusedMatMul", ["a", "w"], ["b"], domain=MICROSOFT, transB=1),
        helper.make_node("SkipLayerNormalization", ["b", "b", "g"], ["c"], domain=MICROSOFT),
        helper.make_node("MultiHeadAttention", ["c", "c", "c"], ["d"], domain=MICROSOFT, num_heads=1),
        helper.make_node("MatMul", ["d", "v"], ["e"]),
    ]
    weights = [weight("w", 8, 7), weight("g", 8), weight("v", 8, 3)]
    found = count(model(nodes, [info("a", [1, 5, 7])], ["e"], weights))
    assert work(found) == {"linear": 2 * 5 * 7 * 8 + 2 * 5 * 8 * 3, "attention": 2 * 2 * 5 * 5 * 8}


# -- axes without a size


def _dynamic() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["x"]),
        helper.make_node("Shape", ["ids"], ["s"]),
        helper.make_node("Concat", ["s", "pair"], ["t"], axis=0),
        helper.make_node("Reshape", ["x", "t"], ["y"]),
        helper.make_node("MatMul", ["y", "w"], ["z"], name="/layers.3/mlp/up/MatMul"),
    ]
    stored = [weight("table", 11, 8), constant("pair", [2, 4]), weight("w", 4, 6)]
    return model(nodes, [info("ids", ["batch", "seq"], INT64)], ["z"], stored)


def test_axes_are_given_by_shape_by_order_or_by_name() -> None:
    per_token = 2 * 2 * 4 * 6
    for given_shapes in ({"ids": (3, 5)}, {"batch": 3, "seq": 5}, (3, 5), [(3, 5)], (np.zeros((3, 5)),)):
        assert count(_dynamic(), given_shapes).forward == 15 * per_token
    found = count(_dynamic(), {"seq": 5}, batch=3)
    assert (found.forward, found.batch, found.sequence_length, found.tokens) == (15 * per_token, 3, 5, 15)
    assert "axis 0 of input 'ids' has no size" in found.notes[0]
    assert count(_dynamic(), {"ids": (3, 5)}, batch=2).forward == 30 * per_token


def test_a_shape_that_a_product_needs_names_the_node_and_what_to_give() -> None:
    with pytest.raises(DataError, match=r"'/layers\.3/mlp/up/MatMul' \(MatMul\).*'seq', axis 1 of input 'ids'"):
        count(_dynamic())
    nameless = one("MatMul", [[None, None], [7, 3]])
    with pytest.raises(DataError, match=r"inputs=\{'a': \(1, …\)\}"):
        count(nameless)
    with pytest.raises(DataError, match="unknown"):
        count(model([helper.make_node("MatMul", ["a", "b"], ["c"])], [info("a", None), info("b", [7, 3])], ["c"]))


def test_shapes_that_do_not_fit_say_where() -> None:
    for inputs, text in (
        ({"ids": (3, 5, 7)}, "has 2 axes"),
        ({"idz": (3, 5)}, "no input and no axis 'idz'"),
        ({"seq": 0}, "whole number from 1"),
        ({"seq": 5, "ids": (3, 6)}, "'seq' is 6 elsewhere, but 5"),
        ([(3, 5), (3, 5)], "2 are given, the model has 1"),
        (3, "needs shapes"),
        ({"ids": "wide"}, "needs a shape"),
    ):
        with pytest.raises(UsageError, match=text):
            count(_dynamic(), inputs)
    with pytest.raises(UsageError, match=r"is \(5, 7\) in the model"):
        count(one("MatMul", [[5, 7], [7, 3]]), [(4, 7)])


def test_a_batch_repeats_what_has_a_fixed_first_axis() -> None:
    found = count(one("MatMul", [[5, 7], [7, 3]]), batch=4)
    assert (found.forward, found.by_operation["matmul"].calls, found.batch) == (840, 4, 20)


def test_positions_beside_the_tokens_are_not_a_batch() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("MatMul", ["p", "w"], ["q"]),
        helper.make_node("Add", ["y", "q"], ["z"]),
    ]
    ends = [info("x", ["b", "s", 4]), info("p", ["s", 4])]
    found = count(model(nodes, ends, ["z"], [weight("w", 4, 6)]), {"s": 5}, batch=3)
    assert found.forward == 2 * 15 * 4 * 6 + 2 * 5 * 4 * 6


@given(batch=st.integers(1, 50), length=st.integers(1, 40))
@settings(max_examples=25)
def test_counts_are_linear_in_the_batch(batch: int, length: int) -> None:
    alone = count(_dynamic(), {"seq": length}).forward
    assert count(_dynamic(), {"seq": length}, batch=batch).forward == batch * alone
    assert count(_dynamic(), {"batch": batch, "seq": length}).forward == batch * alone


# -- graphs in graphs


def _body(cond: str = "cond") -> onnx.GraphProto:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Identity", [cond], ["again"])]
    ends = [info("i", []), info("cond", [], BOOL), info("x", [4, 8])]
    ends[0].type.tensor_type.elem_type = INT64
    return helper.make_graph(nodes, "body", ends, [info("again", [], BOOL), info("y", [4, 8])])


def test_a_loop_counts_every_round_where_their_number_is_constant() -> None:
    node = helper.make_node("Loop", ["n", "", "x"], ["out"], body=_body())
    known = model([node], [info("x", [4, 8])], ["out"], [constant("n", 7), weight("w", 8, 8)])
    found = count(known)
    assert work(found) == {"linear": 7 * 512}
    assert found.by_operation["linear"].calls == 7
    assert found.parameters is not None
    assert found.parameters.total == 64


def test_a_loop_whose_rounds_depend_on_values_counts_one_and_is_listed() -> None:
    for names, ends in (
        (["n", "", "x"], [info("x", [4, 8]), info("n", [], INT64)]),
        (["m", "c", "x"], [info("x", [4, 8]), info("c", [], BOOL)]),
    ):
        node = helper.make_node("Loop", names, ["out"], body=_body())
        found = count(model([node], ends, ["out"], [weight("w", 8, 8), constant("m", 7)]))
        assert (found.forward, found.complete) == (512, False)
        assert "number of rounds" in found.uncounted[0].reason
    with pytest.raises(UsageError, match="number of rounds"):
        count(model([node], ends, ["out"], [weight("w", 8, 8), constant("m", 7)]), strict=True)


def test_a_loop_that_ends_by_a_constant_condition_counts_its_rounds() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Add", ["k", "one"], ["next"]),
        helper.make_node("Less", ["next", "end"], ["again"]),
    ]
    ends = [info("i", [], INT64), info("cond", [], BOOL), info("k", [], INT64), info("x", [4, 8])]
    body = helper.make_graph(nodes, "body", ends, [info("again", [], BOOL), info("next", [], INT64), info("y", [4, 8])])
    node = helper.make_node("Loop", ["", "", "zero", "x"], ["k", "out"], body=body)
    stored = [weight("w", 8, 8), constant("one", 1), constant("end", 5), constant("zero", 0)]
    assert count(model([node], [info("x", [4, 8])], ["out"], stored)).forward == 5 * 512


def test_a_loop_whose_shapes_grow_is_counted_round_by_round() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"]),
        helper.make_node("Concat", ["x", "x"], ["y"], axis=0),
        helper.make_node("Identity", ["cond"], ["again"]),
    ]
    ends = [info("i", [], INT64), info("cond", [], BOOL), info("x", [None, 8])]
    body = helper.make_graph(nodes, "body", ends, [info("again", [], BOOL), info("y", [None, 8])])
    node = helper.make_node("Loop", ["n", "", "x"], ["out"], body=body)
    found = count(model([node], [info("x", [1, 8])], ["out"], [constant("n", 3), weight("w", 8, 6)]))
    assert found.forward == 2 * (1 + 2 + 4) * 8 * 6


def test_a_scan_counts_its_graph_for_every_slice() -> None:
    nodes = [helper.make_node("MatMul", ["h", "w"], ["g"]), helper.make_node("Add", ["g", "x"], ["k"])]
    nodes += [helper.make_node("Identity", ["k"], ["seen"])]
    body = helper.make_graph(
        nodes, "body", [info("h", [4, 8]), info("x", [4, 8])], [info("k", [4, 8]), info("seen", [4, 8])]
    )
    scan = helper.make_node("Scan", ["h0", "xs"], ["last", "all"], body=body, num_scan_inputs=1)
    after = helper.make_node("MatMul", ["all", "w"], ["out"])
    ends = [info("h0", [4, 8]), info("xs", [9, 4, 8])]
    found = count(model([scan, after], ends, ["out"], [weight("w", 8, 8)]))
    assert work(found) == {"linear": 9 * 512 + 9 * 512}


def _branches(condition: list[Any]) -> onnx.ModelProto:
    cheap = helper.make_graph([helper.make_node("Relu", ["x"], ["a"])], "cheap", [], [info("a", [4, 8])])
    dear = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["b"])], "dear", [], [info("b", [4, 8])])
    node = helper.make_node("If", ["c"], ["out"], then_branch=dear, else_branch=cheap)
    ends = [info("x", [4, 8]), *([] if condition else [info("c", [], BOOL)])]
    stored = [weight("w", 8, 8), *([constant("c", condition[0], np.bool_)] if condition else [])]
    return model([node], ends, ["out"], stored)


def test_a_condition_costs_the_branch_that_is_taken_or_the_dearer_one() -> None:
    assert count(_branches([True])).forward == 512
    assert count(_branches([False])).forward == 0
    unknown = count(_branches([]))
    assert unknown.forward == 512
    assert "dearer branch" in unknown.notes[0]


def test_functions_of_the_model_are_walked_into() -> None:
    inner = helper.make_node("Gemm", ["p", "q"], ["r"])
    flip = inner.attribute.add()
    flip.name, flip.ref_attr_name, flip.type = "transB", "flip", onnx.AttributeProto.INT
    function = helper.make_function(
        "mine", "Layer", ["p", "q"], ["r"], [inner], [helper.make_opsetid("", 23)], ["flip"]
    )
    calls = [
        helper.make_node("Layer", ["x", "w"], ["y"], domain="mine", flip=1, name="/layers.0/Layer"),
        helper.make_node("Layer", ["y", "v"], ["z"], domain="mine", name="/layers.1/Layer"),
    ]
    stored = [weight("w", 3, 7), weight("v", 3, 6)]
    found = count(model(calls, [info("x", [5, 7])], ["z"], stored, functions=[function]))
    assert work(found) == {"linear": 210 + 2 * 5 * 3 * 6}
    assert found.by_module["layers.*"].calls == 2


def test_a_function_that_calls_itself_is_refused() -> None:
    node = helper.make_node("Again", ["p"], ["r"], domain="mine")
    function = helper.make_function("mine", "Again", ["p"], ["r"], [node], [helper.make_opsetid("mine", 1)])
    call = helper.make_node("Again", ["x"], ["y"], domain="mine")
    with pytest.raises(DataError, match="nested more than"):
        count(model([call], [info("x", [4])], ["y"], functions=[function]))


# -- what is not counted, and what a result says


def test_every_operator_of_the_standard_is_classified() -> None:
    unknown = set()
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain in ("", "ai.onnx.ml", "ai.onnx.preview.training", "ai.onnx.preview"):
            kind = classify(schema.domain, schema.name)
            if kind == "unknown":
                unknown.add((schema.domain, schema.name))
    assert unknown <= set(REASONS)


def test_no_operator_is_in_two_lists() -> None:
    from comptometer.counters._onnx_operators import CONTROL, ELEMENTWISE
    from comptometer.counters._onnx_products import FUSED, PRODUCTS

    for domain in ELEMENTWISE:
        products = {name for place, name in (*PRODUCTS, *FUSED) if place == domain}
        lists = [ELEMENTWISE[domain], FREE.get(domain, frozenset()), products, CONTROL if domain == "" else set()]
        assert sum(map(len, lists)) == len(set().union(*lists))


def test_an_operator_that_nobody_knows_is_listed_and_strict_refuses() -> None:
    nodes = [
        helper.make_node("Magic", ["a"], ["b"], domain="my.domain"),
        helper.make_node("MatMul", ["b", "w"], ["c"]),
        helper.make_node("MatMul", ["a", "w"], ["d"]),
    ]
    known = model(nodes, [info("a", [5, 7])], ["c", "d"], [weight("w", 7, 3)], infos=[info("b", [2, 7])])
    found = count(known)
    assert found.forward == 210 + 84  # the file states the shape that follows
    assert [(one.operation, one.calls) for one in found.uncounted] == [("my.domain::Magic", 1)]
    with pytest.raises(UsageError, match=r"my\.domain::Magic"):
        count(known, strict=True)
    unstated = count(model(nodes, [info("a", [5, 7])], ["c", "d"], [weight("w", 7, 3)]))
    assert unstated.forward == 210
    assert "ai.onnx::MatMul" in {one.operation for one in unstated.uncounted}


def test_a_fourier_transform_is_listed_with_its_reason() -> None:
    found = counted("DFT", [[1, 64, 1]], opset=17)
    assert [(one.operation, one.calls) for one in found.uncounted] == [("ai.onnx::DFT", 1)]
    assert "algorithm" in found.uncounted[0].reason


def test_gradients_are_not_known() -> None:
    found = counted("MatMul", [[5, 7], [7, 3]])
    assert (found.backward, found.training, found.recomputed) == (None, None, 0)
    read = found.to_dict()
    assert (read["forward"], read["backward"], read["training"]) == (210, None, None)
    assert (read["per_token"], read["per_example"]) == (None, {"forward": 42.0, "training": None})
    assert [row["backward"] for row in (*read["by_operation"], *read["by_module"])] == [None, None]
    assert (found + found).training is None


def test_what_needs_gradients_is_refused() -> None:
    product = one("MatMul", [[5, 7], [7, 3]])
    for rest in ({"recompute": "flash"}, {"frozen": ["w"]}, {"batch": 0}, {"attention": "some"}, {"recompute": "x"}):
        with pytest.raises(UsageError, match=next(iter(rest))):
            count(product, **rest)


def test_parameters_are_counted_once_and_tables_are_embeddings() -> None:
    found = count(_dynamic(), {"seq": 5})
    assert found.parameters is not None
    assert (found.parameters.total, found.parameters.active, found.parameters.embedding) == (88 + 24, 88 + 24, 88)
    node = helper.make_node("Constant", [], ["k"], value=weight("k", 7, 3))
    twice = [helper.make_node("MatMul", ["a", "k"], [name]) for name in "xy"]
    held = count(model([node, *twice], [info("a", [5, 7])], ["x", "y"]))
    assert held.parameters is not None
    assert held.parameters.total == 21
    assert work(held) == {"linear": 420}


def test_a_weight_is_one_through_every_change_of_form() -> None:
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["f"]),
        helper.make_node("Transpose", ["f"], ["t"]),
        helper.make_node("MatMul", ["a", "t"], ["b"]),
    ]
    found = count(
        model(nodes, [info("a", [5, 7])], ["b"], [weight("w", 3, 7, dtype=np.int8), constant("s", 0.5, np.float32)])
    )
    assert work(found) == {"linear": 210}
    assert found.parameters is not None
    assert found.parameters.total == 22


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("/layers.0/self_attn/q_proj/MatMul", "layers.*.self_attn.q_proj"),
        ("/layer1/layer1.0/conv1/Conv", "layer1.*.conv1"),
        ("/block/block/MatMul_3", "block.block"),
        ("/MatMul", "MatMul"),
        ("node_MatMul_3", "MatMul"),
        ("", "MatMul"),
    ],
)
def test_names_of_nodes_say_the_module(name: str, module: str) -> None:
    node = helper.make_node("MatMul", ["a", "b"], ["c"], name=name)
    found = count(model_of(node))
    assert list(found.by_module) == [module]


def model_of(node: onnx.NodeProto) -> onnx.ModelProto:
    return model([node], [info("a", [5, 7]), info("b", [7, 3])], ["c"])


def test_scopes_that_an_exporter_writes_say_the_module_and_odd_ones_are_passed_over() -> None:
    for text, module in (
        ("['', 'layers.1', 'layers.1.up', 'linear']", "layers.*.up"),
        ("['', 'linear']", "MatMul"),
        ("__import__('os')", "MatMul"),
        ("[1, 2]", "MatMul"),
        ("[" * 5000, "MatMul"),
    ):
        node = helper.make_node("MatMul", ["a", "b"], ["c"])
        entry = node.metadata_props.add()
        entry.key, entry.value = "pkg.torch.onnx.name_scopes", text
        assert list(count(model_of(node)).by_module) == [module]


# -- files


def test_a_model_is_counted_by_its_path_or_as_it_is(tmp_path: Path) -> None:
    product = one("MatMul", [[5, 7]], [weight("w", 7, 3)])
    path = tmp_path / "model.onnx"
    onnx.save(product, path)
    assert kind_of(product) == "onnx"
    assert "onnx" in COUNTERS
    for target in (product, path, str(path)):
        assert comptometer.count(target).forward == 210
    assert comptometer.count(path).target == str(path)


def test_the_command_line_prints_the_forward_pass_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(one("Attention", [HEADS] * 3, is_causal=1), path)
    table = CliRunner().invoke(command, [str(path)]).output
    assert "Forward only" in table
    assert "backward  " not in table
    assert f"keeps, forward is {CORE * 65 // 128:,}" in table
    read = json.loads(CliRunner().invoke(command, [str(path), "--json"]).output)
    assert (read["forward"], read["backward"], read["training"]) == (CORE, None, None)


def test_weights_beside_the_file_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(
        one("MatMul", [[5, 700]], [weight("w", 700, 300)]), path,
        save_as_external_data=True, location="weights.bin", size_threshold=0,
    )  # fmt: skip
    (tmp_path / "weights.bin").unlink()
    found = comptometer.count(path)
    assert found.forward == 2 * 5 * 700 * 300
    assert found.parameters is not None
    assert found.parameters.total == 210_000


def _hostile() -> dict[str, bytes]:
    whole = one("MatMul", [[5, 7]], [weight("w", 7, 3)]).SerializeToString()
    return {
        "empty": b"",
        "truncated": whole[:-20],
        "random": np.random.default_rng(0).bytes(4096),
        "text": b'{"model_type": "gpt2"}\n',
        "zeros": bytes(1000),
        "nested": b"\x3a\x80\x80\x80\x80\x08" * 500,
    }


@pytest.mark.parametrize("name", list(_hostile()))
def test_what_is_not_a_model_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(_hostile()[name])
    with pytest.raises(DataError, match=f"{name}.onnx: is not an ONNX model"):
        comptometer.count(path)


def test_random_damage_is_refused_or_counted_but_never_a_crash(tmp_path: Path) -> None:
    whole = [one("Attention", [HEADS] * 3, is_causal=1), _written_out(), _branches([]), _dynamic()]
    generator, path, ends = np.random.default_rng(0), tmp_path / "damaged.onnx", {True: 0, False: 0}
    for at in range(400):
        raw = bytearray(whole[at % len(whole)].SerializeToString())
        for place in generator.integers(0, len(raw), 2):
            raw[place] = generator.integers(0, 256)
        path.write_bytes(raw)
        try:
            count(path, attention="causal")
            ends[True] += 1
        except ComptometerError:
            ends[False] += 1
    assert all(ends.values())


def test_a_file_that_is_too_large_a_folder_or_nowhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(DataError, match=r"large\.onnx: has 1,000,000,000 bytes"):
        comptometer.count(path)
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        comptometer.count(tmp_path / "folder.onnx")
    with pytest.raises(NotFound, match=r"did you mean large\.onnx"):
        comptometer.count(tmp_path / "larg.onnx")


def test_a_graph_that_cannot_be_is_refused_with_the_node() -> None:
    with pytest.raises(DataError, match="MatMul"):
        counted("MatMul", [[5, 7], [8, 3]])
    with pytest.raises(DataError, match="reads 'nothing'"):
        count(model([helper.make_node("Relu", ["nothing"], ["b"])], [info("a", [5])], ["b"]))
    with pytest.raises(DataError, match="input 1 is marked single"):
        count(model([helper.make_node("MatMul", ["a", ""], ["b"])], [info("a", [5, 7])], ["b"]))
    with pytest.raises(DataError, match="negative"):
        counted("MatMul", [[-5, 7], [7, 3]])


def test_a_bomb_of_constants_is_not_set_off() -> None:
    nodes = [
        helper.make_node("ConstantOfShape", ["big"], ["c"]),
        helper.make_node("Shape", ["c"], ["s"]),
        helper.make_node("ReduceProd", ["s"], ["p"], keepdims=0),
    ]
    found = count(model(nodes, [info("x", [1])], ["p"], [constant("big", [10**6, 10**6])]))
    assert found.forward == 0
