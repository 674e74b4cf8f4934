from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jax", reason="JAX is not installed")

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from jax.experimental import pallas
from jax_models import SMALL, Size, array, gpt2, gpt2_parameters, tokens

import comptometer
from comptometer.counters import COUNTERS, kind_of
from comptometer.counters._jax_attention import kept
from comptometer.counters._jax_loops import rounds
from comptometer.counters._jax_primitives import ELEMENTWISE, FREE, classify
from comptometer.counters._jax_products import Axis, axes_of, taps
from comptometer.counters.jax import count
from comptometer.errors import UsageError
from comptometer.ops import Attention, OpCount, Recompute

Function = Callable[..., Any]
MLP = {"a": {"w": array(8, 16)}, "b": {"w": array(16, 4)}}
CONFIG = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}


def perceptron(p: Any, x: Any) -> Any:
    return jnp.tanh(x @ p["a"]["w"]) @ p["b"]["w"]


def work(found: OpCount) -> tuple[int, int, int]:
    return found.forward, found.backward, found.recomputed


# -- single products, by hand

PROBES: dict[str, tuple[Function, tuple[Any, ...], int]] = {
    "a_product": (lambda w, x: x @ w, ((8, 16), (4, 8)), 2 * 4 * 8 * 16),
    "a_batch_of_products": (lambda a, b: jnp.einsum("bij,bjk->bik", a, b), ((3, 4, 5), (3, 5, 6)), 720),
    "a_sum_of_products": (lambda a, b: jnp.einsum("bi,bi->b", a, b), ((8, 16), (8, 16)), 256),
    "a_matrix_times_a_vector": (lambda a, b: a @ b, ((8, 16), (16,)), 256),
    "a_vector_times_a_vector": (lambda a, b: a @ b, ((16,), (16,)), 32),
    "an_outer_product": (lambda a, b: jnp.einsum("bi,bj->bij", a, b), ((3, 4), (3, 5)), 2 * 3 * 4 * 5),
    "products_under_vmap": (jax.vmap(jnp.matmul), ((3, 4, 5), (3, 5, 6)), 720),
    "a_jitted_product": (jax.jit(jnp.matmul), ((4, 5), (5, 6)), 240),
    "a_complex_product_is_four_real_ones": (
        jnp.matmul,
        (array(4, 4, dtype=jnp.complex64), array(4, 4, dtype=jnp.complex64)),
        512,
    ),
    "a_product_with_sums_of_another_type": (
        lambda a, b: jnp.einsum("ij,jk->ik", a, b, preferred_element_type=jnp.float32),
        (array(4, 5, dtype=jnp.bfloat16), array(5, 6, dtype=jnp.bfloat16)),
        240,
    ),
    "rows_each_with_the_weight_of_their_group": (
        lambda x, w: lax.ragged_dot(x, w, jnp.full(4, 4)),
        ((16, 32), (4, 32, 16)),
        16384,
    ),
    "attention_of_the_library": (
        lambda q, k: jax.nn.dot_product_attention(q, k, k),
        ((2, 64, 4, 32), (2, 64, 4, 32)),
        2 * 2 * 4 * 64 * 64 * 32 * 2,
    ),
    "a_complex_convolution_is_four_real_ones": (
        lambda x, w: lax.conv(x, w, (1, 1), "VALID"),
        (array(1, 4, 8, 8, dtype=jnp.complex64), array(8, 4, 3, 3, dtype=jnp.complex64)),
        4 * 20736,
    ),
    "a_convolution_with_groups_of_examples": (
        lambda x, w: lax.conv_general_dilated(x, w, (1,), "SAME", batch_group_count=2),
        ((4, 4, 8), (8, 4, 3)),
        2 * 2 * 8 * 4 * 3 * 8,
    ),
    "convolutions_under_vmap": (
        jax.vmap(lambda x, w: lax.conv(x, w, (2, 2), "SAME")),
        ((3, 2, 4, 8, 8), (3, 8, 4, 3, 3)),
        3 * 2 * 2 * 8 * 4 * 9 * 16,
    ),
}


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_has_its_exact_value_and_twice_that_backward(name: str) -> None:
    function, inputs, exact = PROBES[name]
    found = count(function, inputs, argnums=(0, 1))
    assert work(found) == (exact, 2 * exact, 0)
    assert found.complete


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("argnum", [0, 1])
def test_a_gradient_that_nobody_asks_for_is_not_counted(name: str, argnum: int) -> None:
    function, inputs, exact = PROBES[name]
    several = (
        3 if name == "attention_of_the_library" and argnum == 1 else 2
    )  # the weights, then query, or key and value
    formed = exact if "attention" not in name else exact // 2 * several
    assert count(function, inputs, argnums=argnum).backward == formed


def test_a_product_that_neither_sums_nor_spreads_is_element_wise() -> None:
    found = count(lambda a, b: jnp.einsum("bi,bi->bi", a, b), ((8, 16), (8, 16)), argnums=(0, 1))
    assert found.training == 0


def test_a_table_is_looked_up_for_nothing() -> None:
    assert count(lambda table, at: table[at], ((10, 8), tokens(2, 3))).training == 0


# -- convolutions: a gradient costs what the convolution does


def _plane(
    size: tuple[int, int], kernel: tuple[int, int], stride: Any, dilation: Any, groups: int, padding: Any
) -> tuple[Function, tuple[Any, ...], int]:
    def run(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(
            x, w, stride, padding, rhs_dilation=dilation, feature_group_count=groups, precision=None
        )

    shapes = array(2, 4, *size), array(8, 4 // groups, *kernel)
    out = jax.eval_shape(run, *shapes).shape
    return run, shapes, 2 * 2 * 8 * (4 // groups) * prod(kernel) * prod(out[2:])


PLANES = list(
    product(
        [(9, 8)],
        [(3, 3), (2, 1)],
        [(1, 1), (2, 2), (2, 1), (3, 3)],
        [(1, 1), (2, 1)],
        [1, 2, 4],
        ["SAME", "VALID", ((1, 0), (2, 1))],
    )
)


@pytest.mark.parametrize("padding", ["SAME", "VALID", ((1, 0), (2, 1))], ids=["same", "valid", "uneven"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_each_gradient_of_a_convolution_costs_what_the_convolution_does(groups: int, padding: Any) -> None:
    for plane in (plane for plane in PLANES if plane[4:] == (groups, padding)):
        run, shapes, exact = _plane(*plane)
        assert work(count(run, shapes, argnums=(0, 1))) == (exact, 2 * exact, 0), plane
        assert [count(run, shapes, argnums=at).backward for at in (0, 1)] == [exact, exact], plane


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [(2, 2), (2, 1), (3, 2)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 2), (4, 3)])
def test_a_transposed_convolution_spreads_each_input_over_the_kernel(
    kernel: tuple[int, int], stride: tuple[int, int], padding: str
) -> None:
    def run(x: Any, w: Any) -> Any:
        return lax.conv_transpose(x, w, stride, padding, dimension_numbers=("NCHW", "OIHW", "NCHW"))

    exact = 2 * 2 * 4 * 8 * prod(kernel) * 5 * 7
    assert work(count(run, ((2, 4, 5, 7), (8, 4, *kernel)), argnums=(0, 1))) == (exact, 2 * exact, 0)


def test_the_input_gradient_of_a_padded_convolution_adds_no_padding() -> None:
    run, shapes, exact = _plane((8, 8), (3, 3), (1, 1), (1, 1), 1, "VALID")
    gradient = jax.make_jaxpr(jax.linear_transpose(lambda x: run(x, jnp.ones(shapes[1].shape)), shapes[0]))(
        array(2, 8, 6, 6)
    )
    equation = next(one for one in gradient.jaxpr.eqns if one.primitive.name == "conv_general_dilated")
    axes = axes_of(equation)
    assert taps(axes) == 9 * 64  # as it stands: a dense convolution over a padded input
    assert taps([axis.source_gradient() for axis in axes]) == 9 * 36
    assert count(run, shapes, argnums=0).backward == exact


@settings(max_examples=60)
@given(
    kernel=st.integers(1, 5),
    output=st.integers(1, 9),
    stride=st.integers(1, 4),
    spread=st.integers(1, 4),
    dilation=st.integers(1, 3),
    before=st.integers(-3, 5),
)
def test_taps_that_fall_between_inputs_are_not_counted(
    kernel: int, output: int, stride: int, spread: int, dilation: int, before: int
) -> None:
    axis = Axis(7, kernel, output, stride, spread, dilation, before)
    pairs = product(range(output), range(kernel))
    aligned = sum((at * stride + tap * dilation - before) % spread == 0 for at, tap in pairs)
    assert axis.aligned == aligned
    for other in (axis.source_gradient().source_gradient(), axis.kernel_gradient().kernel_gradient()):
        assert other == axis


def test_a_convolution_with_spread_inputs_and_strides_has_gradients_of_its_own_size() -> None:
    def run(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(x, w, (2, 3), ((1, 2), (0, 1)), lhs_dilation=(3, 2))

    found = count(run, ((2, 4, 8, 8), (8, 4, 3, 3)), argnums=(0, 1))
    assert found.backward == 2 * found.forward > 0


# -- the law: one contraction per gradient that is formed


def test_backward_is_twice_forward_without_the_gradient_of_the_input() -> None:
    found = count(perceptron, (MLP, (5, 8)))
    assert work(found) == (2 * 5 * (8 * 16 + 16 * 4), 2 * found.forward - 2 * 5 * 8 * 16, 0)


def test_a_frozen_layer_only_passes_the_gradient_on() -> None:
    whole, part = count(perceptron, (MLP, (5, 8))), count(perceptron, (MLP, (5, 8)), frozen=["b"])
    assert whole.backward - part.backward == 2 * 5 * 16 * 4
    assert part.parameters == whole.parameters


def test_nothing_is_formed_below_the_lowest_trained_layer() -> None:
    assert count(perceptron, (MLP, (5, 8)), frozen=["a.w"]).backward == 2 * 5 * 16 * 4
    assert count(perceptron, (MLP, (5, 8)), frozen=["*.w"]).backward == 0


def test_only_the_forward_pass_is_counted_if_asked() -> None:
    forward = count(perceptron, (MLP, (5, 8))).forward
    assert work(count(perceptron, (MLP, (5, 8)), backward=False)) == (forward, 0, 0)
    assert work(count(perceptron, (MLP, (5, 8)), argnums=())) == (forward, 0, 0)


@settings(max_examples=5)
@given(batch=st.integers(1, 5), examples=st.integers(1, 3), length=st.integers(1, 9))
def test_work_is_linear_in_the_batch(batch: int, examples: int, length: int) -> None:
    model, parameters = gpt2(SMALL, scanned=True), gpt2_parameters(SMALL, scanned=True)
    one = count(model, (parameters, tokens(examples, length)))
    many = count(model, (parameters, tokens(examples, length)), batch=batch)
    assert (many.forward, many.backward) == (batch * one.forward, batch * one.backward)
    assert (many.batch, many.sequence_length, many.tokens) == (examples * batch, length, examples * batch * length)


def test_parameters_and_random_keys_are_not_repeated() -> None:
    key = jax.random.key(0)
    found = count(lambda w, k, x: (x + jax.random.normal(k, x.shape)) @ w, ((8, 16), key, (4, 8)), batch=3)
    assert (found.forward, found.batch) == (3 * 2 * 4 * 8 * 16, 12)


def test_what_no_output_depends_on_is_not_counted() -> None:
    def run(w: Any, x: Any) -> Any:
        x @ w @ w
        return x @ w

    assert count(run, ((8, 8), (4, 8))).forward == 512


# -- an independent GPT-2


@pytest.mark.parametrize("options", [{}, {"scanned": True}, {"library": False}], ids=["plain", "scanned", "by_hand"])
def test_an_independent_gpt2_costs_what_is_known_of_it(options: dict[str, bool]) -> None:
    parameters = gpt2_parameters(Size(), scanned=options.get("scanned", False))
    found = count(gpt2(Size(), **options), (parameters, tokens(1, 512)))
    assert found.forward == 136_160_477_184
    assert found.training == 408_481_431_552
    assert found.recomputed == 0
    assert found.complete
    assert found.parameters is not None
    assert found.parameters.total == 124_439_808


@pytest.mark.parametrize("attention", ["full", "causal", "half"])
@pytest.mark.parametrize("recompute", ["none", "flash", "selective"])
def test_the_formula_agrees_operation_by_operation(attention: Attention, recompute: Recompute) -> None:
    found = count(
        gpt2(Size(), scanned=True),
        (gpt2_parameters(Size(), scanned=True), tokens(2, 512)),
        attention=attention,
        recompute=recompute,
    )
    formula = comptometer.count(CONFIG, batch=2, sequence_length=512, attention=attention, recompute=recompute)
    assert {name: (term.forward, term.backward, term.recomputed) for name, term in found.by_operation.items()} == {
        name: (term.forward, term.backward, term.recomputed) for name, term in formula.by_operation.items()
    }
    assert found.by_operation["attention"].calls == formula.by_operation["attention"].calls == 12


def test_scanned_and_unrolled_layers_are_the_same_work() -> None:
    plain = count(gpt2(SMALL), (gpt2_parameters(SMALL), tokens(2, 9)))
    scanned = count(gpt2(SMALL, scanned=True), (gpt2_parameters(SMALL, scanned=True), tokens(2, 9)))
    assert plain.terms == scanned.terms
    assert [term.module for term in plain.terms] == ["h_*.attn", "h_*.attn", "h_*.mlp", "head"]
    assert all(term.backward == 2 * term.forward for term in plain.terms)


@pytest.mark.parametrize("scanned", [True, False])
def test_a_checkpoint_is_work_done_again_and_no_gradient(scanned: bool) -> None:
    parameters = gpt2_parameters(SMALL, scanned=scanned)
    plain = count(gpt2(SMALL, scanned=scanned), (parameters, tokens(2, 9)))
    found = count(gpt2(SMALL, scanned=scanned, remat=True), (parameters, tokens(2, 9)))
    assert (found.forward, found.backward) == (plain.forward, plain.backward)
    last = found.by_module["h_*.mlp"].forward // 2  # what the last product of a block gives is needed by no gradient
    assert found.recomputed == found.forward - found.by_module["head"].forward - last
    assert found.by_module["h_*.attn"].recomputed == found.by_module["h_*.attn"].forward


# -- work done again, and rules of one's own


def _two(c: Any, w: Any) -> tuple[Any, None]:
    return jnp.tanh(jnp.tanh(c @ w) @ w.T), None


@pytest.mark.parametrize(
    ("policy", "again"), [("nothing_saveable", 1), ("dots_saveable", 0), ("everything_saveable", 0)]
)
def test_a_policy_decides_what_is_done_again(policy: str, again: int) -> None:
    body: Any = jax.checkpoint(_two, policy=getattr(jax.checkpoint_policies, policy))
    found = count(jax.jit(lambda p, x: lax.scan(body, x, p["w"])[0]), ({"w": array(5, 8, 8)}, (3, 8)))
    forward = 5 * 2 * 2 * 3 * 8 * 8
    assert work(found) == (forward, 2 * forward, again * forward)


@jax.custom_vjp
def _flash(q: Any, k: Any) -> Any:
    return jnp.exp(q @ k.T) @ k


def _flash_backward(kept: Any, g: Any) -> Any:
    q, k = kept
    weights = jnp.exp(q @ k.T)
    scores = (g @ k.T) * weights
    return scores @ k, weights.T @ g + scores.T @ q


_flash.defvjp(lambda q, k: (_flash(q, k), (q, k)), _flash_backward)


def test_scores_that_a_rule_of_its_own_forms_again_are_recomputed() -> None:
    one = 2 * 8 * 4 * 8
    assert work(count(_flash, ((8, 4), (8, 4)), argnums=(0, 1))) == (2 * one, 4 * one, one)
    assert work(count(_flash, ((8, 4), (8, 4)))) == (2 * one, 2 * one, one)


@jax.custom_vjp
def _fused_loss(w: Any, x: Any) -> Any:
    return (x @ w).sum()


_fused_loss.defvjp(lambda w, x: ((x @ w).sum(), x.T @ jnp.ones((3, 4))), lambda kept, g: (g * kept, None))


def test_gradients_that_a_rule_forms_ahead_are_backward() -> None:
    assert work(count(_fused_loss, ((8, 4), (3, 8)))) == (192, 192, 0)


def test_a_step_that_differentiates_by_itself_is_told_apart() -> None:
    def step(p: Any, x: Any) -> Any:
        loss, gradients = jax.value_and_grad(lambda p: perceptron(p, x).sum())(p)
        return loss, jax.tree.map(lambda value, gradient: value - gradient, p, gradients)

    assert work(count(step, (MLP, (5, 8)), argnums=())) == work(count(perceptron, (MLP, (5, 8))))


def test_a_convolution_differentiated_by_the_function_itself_costs_the_same() -> None:
    def step(x: Any, w: Any) -> Any:
        return jax.value_and_grad(lambda x, w: (lax.conv(x, w, (2, 2), "SAME") ** 2).sum(), (0, 1))(x, w)

    exact = 2 * 2 * 8 * 4 * 9 * 16
    assert work(count(step, ((2, 4, 8, 8), (8, 4, 3, 3)), argnums=())) == (exact, 2 * exact, 0)


def test_gradients_of_gradients_are_backward() -> None:
    def penalty(x: Any, w: Any) -> Any:
        return (jax.grad(lambda x: ((x @ w) ** 2).sum())(x) ** 2).sum()

    # the gradient; then its two factors, and two through the first product
    assert work(count(penalty, ((4, 8), (8, 8)), argnums=(0, 1))) == (512, 5 * 512, 0)


# -- loops and branches


def _powers(test: Function, start: int, step: int) -> Function:
    return lambda x: lax.while_loop(lambda c: test(c[0]), lambda c: (c[0] + step, c[1] @ c[1]), (start, x))[1]


@pytest.mark.parametrize(
    ("loop", "times"),
    [
        (_powers(lambda at: at < 10, 0, 1), 10),
        (_powers(lambda at: at <= 9, 0, 3), 4),
        (_powers(lambda at: at > 0, 10, -3), 4),
        (_powers(lambda at: jnp.int32(10) > at, 0, 1), 10),
        (_powers(lambda at: at < 0, 0, 1), 0),
        (lambda x: lax.fori_loop(jnp.int32(0), jnp.int32(7), lambda at, y: y @ y, x), 7),
        (lambda x: lax.fori_loop(0, 7, lambda at, y: y @ y, x), 7),
    ],
)
def test_a_loop_that_says_its_rounds_counts_each(loop: Function, times: int) -> None:
    found = count(loop, ((4, 4),), argnums=())
    assert found.forward == times * 128
    assert found.complete


def test_the_limit_of_a_loop_may_be_handed_on_by_it() -> None:
    def run(x: Any) -> Any:
        return lax.while_loop(lambda c: c[0] < c[1], lambda c: (c[0] + 1, c[1], c[2] @ c[2]), (0, 6, x))

    (equation,) = jax.make_jaxpr(run)(array(4, 4)).jaxpr.eqns
    assert rounds(equation, {}) == 6


@pytest.mark.parametrize("moved", ["limit", "step"])
def test_a_loop_whose_counter_is_not_simple_has_no_known_rounds(moved: str) -> None:
    def run(x: Any) -> Any:
        def body(c: Any) -> Any:
            return (c[0] * 2, c[1], c[2] @ c[2]) if moved == "step" else (c[0] + 2, c[1] + 1, c[2] @ c[2])

        return lax.while_loop(lambda c: c[0] < c[1], body, (1, 6, x))

    found = count(run, ((4, 4),), argnums=())
    assert [unknown.operation for unknown in found.uncounted] == ["while"]


def test_a_loop_whose_rounds_depend_on_values_is_listed_and_counted_once() -> None:
    found = count(
        lambda x, n: lax.fori_loop(0, n, lambda at, y: y @ y, x), ((4, 4), array(dtype=jnp.int32)), argnums=()
    )
    assert found.forward == 128
    assert [(unknown.operation, unknown.calls) for unknown in found.uncounted] == [("while", 1)]
    assert "depends on values" in found.uncounted[0].reason


def test_a_loop_that_multiplies_nothing_is_not_listed() -> None:
    found = count(
        lambda w, n: lax.fori_loop(0, n, lambda at, y: y + 1, w @ w), ((4, 4), array(dtype=jnp.int32)), argnums=()
    )
    assert found.complete


def test_a_number_among_the_arguments_is_handed_over_as_it_is() -> None:
    found = count(lambda x, n: lax.fori_loop(0, n, lambda at, y: y @ y, x), ((4, 4), 7))
    assert work(found) == (7 * 128, 2 * 7 * 128, 0)


def test_a_condition_costs_its_dearest_branch_and_says_so() -> None:
    def run(x: Any, p: Any) -> Any:
        return lax.cond(p, lambda y: y @ y, lambda y: y @ y @ y, x)

    found = count(run, ((4, 4), array(dtype=jnp.bool_)))
    assert work(found) == (256, 512, 0)
    assert "dearest" in found.notes[0]


def test_branches_of_one_price_need_no_note() -> None:
    found = count(
        lambda x, p: lax.cond(p, lambda y: y @ y, lambda y: y.T @ y, x), ((4, 4), array(dtype=jnp.bool_)), argnums=()
    )
    assert (found.forward, list(found.notes)) == (128, [])


def test_a_recurrence_scanned_over_time_counts_every_step() -> None:
    def lstm(p: Any, xs: Any) -> Any:
        def step(carried: Any, x: Any) -> Any:
            h, c = carried
            i, f, g, o = jnp.split(x @ p["i"] + h @ p["h"], 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), h

        zero = jnp.zeros((xs.shape[1], 32))
        return lax.scan(step, (zero, zero), xs)[0]

    found = count(lstm, ({"i": array(16, 128), "h": array(32, 128)}, (10, 4, 16)))
    assert found.forward == 491520
    assert found.backward == 2 * found.forward - 2 * 10 * 4 * 16 * 128


def test_products_over_a_mesh_are_those_of_all_its_devices() -> None:
    spec: Any = jax.sharding.PartitionSpec
    total: Any = lax.psum
    run = jax.shard_map(
        lambda w, x: total(x @ w, "x"),
        mesh=jax.sharding.AbstractMesh((4,), ("x",)),
        in_specs=(spec("x", None), spec(None, "x")),
        out_specs=spec(),
    )
    found = count(run, ((16, 8), (4, 16)))
    assert work(found) == (1024, 1024, 0)
    assert "once for each device" in found.notes[0]


# -- attention means the same everywhere


@pytest.mark.parametrize(("attention", "kept_pairs"), [("full", 256), ("causal", 136), ("half", 128)])
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit, jax.checkpoint], ids=["plain", "jitted", "checkpointed"])
def test_causal_attention_counts_the_declared_pairs(attention: Attention, kept_pairs: int, wrap: Any) -> None:
    def run(q: Any, k: Any, v: Any) -> Any:
        return jax.nn.dot_product_attention(q, k, v, is_causal=True)

    found = count(wrap(run), ((2, 16, 4, 8), (2, 16, 2, 8), (2, 16, 2, 8)), argnums=(0, 1, 2), attention=attention)
    exact = 2 * 2 * 4 * kept_pairs * (8 + 8)
    assert (found.forward, found.backward) == (exact, 2 * exact)
    assert set(found.by_operation) == {"attention"}
    assert not found.notes


def test_attention_without_a_mask_is_never_halved() -> None:
    shapes = (2, 16, 4, 8), (2, 20, 4, 8), (2, 20, 4, 8)
    totals = {count(jax.nn.dot_product_attention, shapes, attention=way).forward for way in ("full", "causal", "half")}
    assert len(totals) == 1


def test_a_function_that_was_run_before_is_known_too_and_stays_as_it_was() -> None:
    run = jax.jit(lambda q: jax.nn.dot_product_attention(q, q, q, is_causal=True))
    before = run(jnp.ones((1, 4, 1, 2)))
    found = count(run, ((1, 4, 1, 2),), attention="causal")
    assert found.forward == 2 * 10 * (2 + 2)
    assert "comptometer" not in run.lower(array(1, 4, 1, 2)).as_text(debug_info=True)
    assert np.allclose(run(jnp.ones((1, 4, 1, 2))), before)


@settings(max_examples=60)
@given(
    queries=st.integers(1, 9),
    keys=st.integers(1, 9),
    causal=st.booleans(),
    window=st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)),
)
def test_pairs_are_those_that_the_mask_of_the_library_keeps(
    queries: int, keys: int, causal: bool, window: tuple[int, int] | None
) -> None:
    at, of = np.arange(queries)[:, None], np.arange(keys)[None, :]
    mask = np.ones((queries, keys), bool)
    if causal:
        mask &= at >= of
    if window is not None:
        mask &= (at <= of + window[0]) & (at >= of - window[1])
    assert kept(queries, keys, causal=causal, window=window).causal == mask.sum()


def test_a_mask_whose_values_are_unknown_is_counted_whole_and_said_so() -> None:
    def run(q: Any, mask: Any) -> Any:
        return jax.nn.dot_product_attention(q, q, q, mask=mask)

    inputs = (1, 6, 2, 4), array(1, 2, 6, 6, dtype=jnp.bool_)
    found = count(run, inputs, attention="causal")
    assert found.forward == 2 * 2 * 36 * (4 + 4)
    assert "no values" in found.notes[0]
    assert not count(run, inputs).notes


@pytest.mark.parametrize(("attention", "recompute"), [("causal", "none"), ("full", "flash")])
def test_attention_that_is_written_out_is_noted(attention: Attention, recompute: Recompute) -> None:
    model, inputs = gpt2(SMALL, library=False), (gpt2_parameters(SMALL), tokens(2, 9))
    found = count(model, inputs, attention=attention, recompute=recompute)
    assert "written out" in found.notes[0]
    assert found.training == count(model, inputs).training
    assert not count(model, inputs).notes


def test_recompute_of_everything_is_a_forward_pass() -> None:
    found = count(perceptron, (MLP, (5, 8)), recompute="full")
    assert found.recomputed == found.forward


# -- primitives that no formula knows


def _kernel(scale: Any) -> Function:
    def copied(x: Any, out: Any) -> None:
        out[...] = scale(x[...])

    return lambda x: pallas.pallas_call(copied, out_shape=array(8, 8))(x)


def _foreign(name: str) -> Function:
    call: Any = jax.ffi.ffi_call
    made: Function = call(name, array(8, 8))
    return made


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (lambda x: jnp.fft.rfft(x).real, "fft"),
        (jnp.linalg.cholesky, "cholesky"),
        (lambda x: jax.pure_callback(np.tanh, array(8, 8), x), "pure_callback tanh"),
        (_foreign("someones_library"), "ffi_call someones_library"),
        (_kernel(lambda x: x @ x), "pallas_call copied"),
    ],
)
def test_what_is_not_known_is_listed_and_strict_refuses_it(run: Function, name: str) -> None:
    found = count(run, ((8, 8),), argnums=())
    assert [unknown.operation for unknown in found.uncounted] == [name]
    assert not found.complete
    with pytest.raises(UsageError, match=f"no formula for {name}"):
        count(run, ((8, 8),), argnums=(), strict=True)


def test_a_kernel_that_multiplies_no_matrices_is_not_listed() -> None:
    assert count(_kernel(lambda x: 2 * x), ((8, 8),), argnums=()).complete


def test_a_primitive_has_one_kind() -> None:
    assert not FREE & ELEMENTWISE
    assert classify("conv_general_dilated") == "contraction"
    assert classify("all_gather_start") == "free"
    assert classify("a_primitive_of_tomorrow") == "unknown"


# -- labels, modules, parameters, inputs


def test_a_product_with_a_parameter_is_linear_however_it_is_shaped() -> None:
    def run(p: Any, x: Any) -> Any:
        scores = x @ x.T
        both = jnp.concatenate([p["a"].T, p["a"].T], -1).astype(jnp.float32)
        return scores @ (x @ both[:, :4].reshape(8, 4)), p["a"].mean() * scores

    found = count(run, ({"a": array(16, 8, dtype=jnp.bfloat16)}, (5, 8)))
    assert {name: term.calls for name, term in found.by_operation.items()} == {"matmul": 2, "linear": 1}
    assert found.by_operation["linear"].backward == found.by_operation["linear"].forward
    assert found.by_operation["matmul"].backward == 2 * 5 * 5 * 4


def test_work_is_booked_under_name_scopes_and_functions() -> None:
    @jax.jit
    def projection(p: Any, x: Any) -> Any:
        return jax.nn.relu(x @ p)

    @jax.jit
    def model(p: Any, x: Any) -> Any:
        for at in range(2):
            with jax.named_scope(f"layers_{at}"):
                x = jax.checkpoint(projection)(p["w"], x)
        return jnp.einsum("bi,ij->bj", x, p["w"])

    found = count(model, ({"w": array(8, 8)}, (4, 8)))
    assert {name: work_of.forward for name, work_of in found.by_module.items()} == {
        "layers_*.projection": 1024,
        "model": 512,
    }
    assert found.by_module["layers_*.projection"].recomputed == 1024
    assert found.by_module["layers_*.projection"].backward == 2 * 1024 - 512


class Dense:
    """A callable tree of parameters, as equinox makes them: its activation is no array."""

    def __init__(self, weight: Any, activation: Function) -> None:
        self.weight, self.activation = weight, activation

    def __call__(self, x: Any) -> Any:
        return self.activation(x @ self.weight)


jax.tree_util.register_pytree_with_keys(
    Dense,
    lambda dense: (
        ((jax.tree_util.GetAttrKey("weight"), dense.weight), (jax.tree_util.GetAttrKey("act"), dense.activation)),
        None,
    ),
    lambda _, children: Dense(*children),
)


def test_a_callable_tree_of_parameters_is_its_own_first_argument() -> None:
    model = Dense(jnp.ones((8, 16)), jnp.tanh)
    found = count(model, ((4, 8),))
    assert (found.target, found.forward, found.backward) == ("Dense", 1024, 1024)
    assert found.parameters is not None
    assert found.parameters.total == 128
    assert count(model, ((4, 8),), frozen=["weight"]).backward == 0


@pytest.mark.parametrize("x", [(4, 8), array(4, 8), np.zeros((4, 8)), jnp.zeros((4, 8))], ids=["s", "a", "n", "j"])
def test_an_argument_is_a_shape_or_an_array(x: Any) -> None:
    found = count(perceptron, (MLP, x))
    assert (found.forward, found.batch) == (1536, 4)


def test_one_argument_needs_no_tuple_and_a_mapping_is_one_argument() -> None:
    assert count(lambda x: x @ x, (4, 4)).forward == count(lambda x: x @ x, array(4, 4)).forward == 128
    assert count(lambda p: p["a"] @ p["b"], {"a": array(4, 4), "b": array(4, 4)}).backward == 256
    assert count(lambda: jnp.ones((2, 2)) @ jnp.ones((2, 2))).forward == 16


def test_a_bare_array_is_no_model() -> None:
    assert count(lambda w, x: x @ w, ((8, 16), (4, 8))).parameters is None


def test_outputs_that_cannot_be_differentiated_get_no_gradient() -> None:
    assert work(count(lambda x: jnp.argmax(x @ x), ((8, 8),))) == (1024, 0, 0)
    assert work(count(lambda w, x: {"y": x @ w, "n": 3, "none": None}, ((8, 8), (2, 8)))) == (256, 256, 0)


def test_integers_among_the_parameters_are_not_trained() -> None:
    found = count(lambda p, x: x @ p["w"] * p["step"], ({"w": array(8, 8), "step": array(dtype=jnp.int32)}, (2, 8)))
    assert found.backward == 256


@pytest.fixture
def _no_device() -> Iterator[None]:
    with jax.transfer_guard("disallow"):
        yield


@pytest.mark.usefixtures("_no_device")
def test_a_model_larger_than_any_memory_is_counted() -> None:
    found = count(lambda p, x: x @ p["w"], ({"w": array(10**7, 10**7)}, (1, 10**7)))
    assert found.training == 2 * 2 * 10**14


def test_the_plugin_is_found_by_the_class_of_the_function_or_of_its_inputs() -> None:
    assert kind_of(jax.jit(perceptron)) == "jax"
    assert kind_of(perceptron, {"a": jnp.ones(1)}) == "jax"
    assert kind_of(perceptron, ({"a": [array(1)]}, 3)) == "jax"
    assert COUNTERS["jax"](jnp.matmul, ((2, 3), (3, 4))).forward == 48


@pytest.mark.parametrize("package", ["jaxlib", "flax", "equinox"])
def test_what_kin_packages_make_is_counted_by_jax(package: str) -> None:
    made = type("Module", (), {"__module__": f"{package}.inside"})
    assert kind_of(made()) == "jax"


def test_the_example_of_the_page_is_true() -> None:
    page = Path(__file__).parents[2] / "docs" / "counters" / "jax.md"
    code = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    exec("\n".join(code), {})  # it asserts what it says
    assert "assert" in code[0]


# -- errors


def test_a_function_whose_trace_raises_is_named_with_the_reason() -> None:
    def failing(w: Any) -> Any:
        return w.reshape(5, 7)

    with pytest.raises(UsageError, match=r"^failing raises: TypeError: cannot reshape array of shape"):
        count(failing, ((8, 8),))


def test_a_function_that_asks_for_values_says_so() -> None:
    with pytest.raises(UsageError, match="raises: TracerBoolConversionError"):
        count(lambda x: x if x.sum() > 0 else -x, ((8, 8),))


def test_a_loop_that_cannot_be_differentiated_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"cannot be differentiated: ValueError: .*give argnums=\(\) for the forward"):
        count(lambda x, n: lax.fori_loop(0, n, lambda at, y: y @ y, x), ((4, 4), array(dtype=jnp.int32)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention": "dense"}, "attention: 'dense' is not one of full, causal, half"),
        ({"recompute": "some"}, "recompute: 'some' is not one of none, flash, selective, full"),
        ({"batch": 0}, "batch: needs a whole number from 1, got 0"),
        ({"frozen": ["tower"]}, "frozen: 'tower' fits no parameter of perceptron"),
        ({"frozen": "tower"}, "frozen: needs a list of names"),
        ({"argnums": 2}, "argnums: perceptron is given 2 arguments, so there is no argument 2"),
        ({"argnums": "0"}, "argnums: needs positions of arguments, whole numbers, got '0'"),
    ],
)
def test_a_switch_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        count(perceptron, (MLP, (5, 8)), **options)


def test_an_argument_without_anything_to_differentiate_is_refused() -> None:
    with pytest.raises(UsageError, match=r"argnums: argument 0 of .* holds no floating-point array"):
        count(lambda at, table: table[at], (tokens(1, 2), (8, 8)))


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(UsageError, match=r"needs a function, got int; .*module\.apply"):
        count(3)  # type: ignore[arg-type]
