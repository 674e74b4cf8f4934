"""JAX programs: every primitive by hand, and a GPT-2 that knows nothing of us against the closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("jax", reason="JAX is not installed")

import jax
import jax.numpy as jnp
from jax import lax
from jax_models import SMALL, Size, array, gpt2, gpt2_parameters, tokens

import comptometer
from comptometer.counters import kind_of
from comptometer.counters.jax import count
from comptometer.errors import UsageError
from comptometer.ops import OpCount

ONE = 2 * 4 * 8 * 16  # FLOP of (4 × 8) times (8 × 16)


def work(found: OpCount) -> tuple[int, int, int]:
    return found.forward, found.backward, found.recomputed


def product(w: Any, x: Any) -> Any:
    return x @ w


def test_a_product_forms_the_gradients_that_are_asked_for() -> None:
    given = array(8, 16), array(4, 8)
    assert work(count(product, given)) == (ONE, ONE, 0)
    assert work(count(product, given, argnums=(0, 1))) == (ONE, 2 * ONE, 0)
    assert work(count(product, given, backward=False)) == (ONE, 0, 0)


def test_an_elementwise_product_is_none() -> None:
    assert work(count(lambda w, x: (w * x).sum() + jnp.tanh(w).mean(), (array(4, 8), array(4, 8)))) == (0, 0, 0)


def test_a_complex_product_is_four_real_ones() -> None:
    given = array(8, 16, dtype=jnp.complex64), array(4, 8, dtype=jnp.complex64)
    assert count(product, given, backward=False).forward == 4 * ONE


def test_a_network_forms_no_gradient_of_its_data() -> None:
    def network(layers: list[Any], x: Any) -> Any:
        for w in layers:
            x = jax.nn.relu(x @ w)
        return x

    found = count(network, ([array(8, 16), array(16, 16), array(16, 2)], array(4, 8)))
    assert found.backward == 2 * found.forward - ONE
    assert found.parameters is not None
    assert found.parameters.total == 8 * 16 + 16 * 16 + 16 * 2


def test_a_frozen_weight_passes_a_gradient_on() -> None:
    def network(p: dict[str, Any], x: Any) -> Any:
        return (x @ p["first"]) @ p["second"]

    given = {"first": array(8, 16), "second": array(16, 8)}, array(4, 8)
    whole = count(network, given)
    assert count(network, given, frozen=["second"]).backward == whole.backward - ONE
    assert count(network, given, frozen=["first"]).backward == ONE


CONVOLUTIONS = [
    ((1, 1), "VALID", (1, 1), 1),
    ((2, 2), "SAME", (1, 1), 1),
    ((1, 1), "SAME", (2, 2), 2),
    ((2, 1), "VALID", (1, 1), 4),
    ((3, 3), "SAME", (1, 1), 2),
]


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), CONVOLUTIONS)
def test_each_gradient_of_a_convolution_is_as_much_work_as_the_convolution(
    stride: tuple[int, int], padding: str, dilation: tuple[int, int], groups: int
) -> None:
    def convolve(w: Any, x: Any) -> Any:
        return lax.conv_general_dilated(x, w, stride, padding, rhs_dilation=dilation, feature_group_count=groups)

    x, w = array(2, 4, 9, 9), array(8, 4 // groups, 3, 3)
    out = jax.eval_shape(convolve, w, x).shape
    once = 2 * 2 * 8 * (4 // groups) * 9 * out[2] * out[3]
    found = count(convolve, (w, x), argnums=(0, 1))
    assert work(found) == (once, 2 * once, 0)
    assert set(found.by_operation) == {"convolution"}


def test_a_scan_is_multiplied_by_its_length() -> None:
    def steps(w: Any, x: Any) -> Any:
        return lax.scan(lambda c, _: (jnp.tanh(c @ w), None), x, None, length=7)[0]

    found = count(steps, (array(8, 8), array(4, 8)))
    once = 2 * 4 * 8 * 8
    assert found.forward == 7 * once
    assert found.backward == 14 * once  # the body is transposed once, for a carry that may need a gradient


def test_a_loop_with_fixed_bounds_is_multiplied_and_one_without_is_listed() -> None:
    fixed = count(lambda w, x: lax.fori_loop(0, 5, lambda _, c: c @ w, x), (array(8, 8), array(4, 8)), backward=False)
    assert fixed.forward == 5 * 2 * 4 * 8 * 8
    assert fixed.complete

    def until(w: Any, x: Any) -> Any:
        return lax.while_loop(lambda c: c.sum() < 9, lambda c: c @ w, x)

    found = count(until, (array(8, 8), array(4, 8)), backward=False)
    assert found.forward == 2 * 4 * 8 * 8
    assert not found.complete
    with pytest.raises(UsageError, match="while"):
        count(until, (array(8, 8), array(4, 8)), backward=False, strict=True)


def test_of_two_branches_the_dearer_one_counts() -> None:
    def either(w: Any, x: Any) -> Any:
        return lax.cond(x.sum() > 0, lambda: (x @ w) @ w, lambda: x @ w)

    assert count(either, (array(8, 8), array(4, 8)), backward=False).forward == 2 * 2 * 4 * 8 * 8


def test_what_is_computed_again_is_apart() -> None:
    def network(layers: list[Any], x: Any) -> Any:
        for w in layers:
            x = jnp.tanh(x @ w)
        return x

    given = [array(8, 8)] * 3, array(4, 8)
    plain = count(network, given)
    again = count(jax.checkpoint(network), given)
    assert (again.forward, again.backward) == (plain.forward, plain.backward)
    assert 0 < again.recomputed <= plain.forward


def test_grouped_experts_are_one_row_each() -> None:
    def routed(w: Any, x: Any, sizes: Any) -> Any:
        return lax.ragged_dot(x, w, sizes)

    found = count(routed, (array(3, 8, 16), array(10, 8), array(3, dtype=jnp.int32)), backward=False)
    assert found.forward == 2 * 10 * 8 * 16


def attending(*, causal: bool) -> Callable[..., Any]:
    return lambda q, k, v: jax.nn.dot_product_attention(q, k, v, is_causal=causal)


@pytest.mark.parametrize(("attention", "pairs"), [("full", 64), ("causal", 36), ("half", 32)])
def test_attention_of_the_library_follows_the_switch(attention: Any, pairs: int) -> None:
    given = (array(2, 8, 3, 5),) * 3
    found = count(attending(causal=True), given, attention=attention, argnums=(0, 1, 2))
    assert work(found)[:2] == (2 * 2 * 2 * 3 * 5 * pairs, 2 * 2 * 2 * 2 * 3 * 5 * pairs)
    assert set(found.by_operation) == {"attention"}


def test_attention_without_a_mask_is_never_halved() -> None:
    given = (array(2, 8, 3, 5),) * 3
    assert count(attending(causal=False), given, attention="half").forward == 2 * 2 * 2 * 3 * 5 * 64


class TestAnIndependentModel:
    """GPT-2 in plain JAX: the closed form of the configuration must say the same."""

    @pytest.mark.parametrize("scanned", [False, True])
    def test_gpt2_on_512_tokens(self, scanned: bool) -> None:
        size = Size()
        found = count(gpt2(size, scanned=scanned), (gpt2_parameters(size, scanned=scanned), tokens(1, 512)))
        closed = comptometer.count(
            {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257},
            sequence_length=512,
        )
        assert (found.forward, found.training) == (136_160_477_184, 408_481_431_552)
        assert (closed.forward, closed.training) == (found.forward, found.training)
        assert found.parameters is not None
        assert closed.parameters is not None
        assert found.parameters.total == closed.parameters.total
        attention = found.by_operation["attention"], closed.by_operation["attention"]
        assert attention[0].forward == attention[1].forward
        assert attention[0].backward == attention[1].backward

    def test_layers_in_a_scan_and_one_by_one_are_the_same_work(self) -> None:
        both = [
            count(gpt2(SMALL, scanned=scanned), (gpt2_parameters(SMALL, scanned=scanned), tokens(2, 6)))
            for scanned in (False, True)
        ]
        assert work(both[0]) == work(both[1])

    def test_attention_that_is_written_out_counts_the_square_and_says_so(self) -> None:
        given = gpt2_parameters(SMALL), tokens(2, 6)
        found = count(gpt2(SMALL, library=False), given, attention="causal")
        assert found.forward == count(gpt2(SMALL), given, attention="full").forward
        assert any("written out" in note for note in found.notes)

    def test_checkpointed_layers_are_computed_again(self) -> None:
        given = gpt2_parameters(SMALL), tokens(2, 6)
        plain, again = count(gpt2(SMALL), given), count(gpt2(SMALL, remat=True), given)
        assert (again.forward, again.backward) == (plain.forward, plain.backward)
        assert again.recomputed > 0


def test_unknown_primitives_are_listed() -> None:
    found = count(lambda a, b: jnp.linalg.solve(a, b), (array(4, 4), array(4)), backward=False)
    assert not found.complete


def test_a_function_that_raises_is_named() -> None:
    def broken(w: Any) -> Any:
        raise ValueError("no such head")

    with pytest.raises(UsageError, match=r"broken.*ValueError: no such head"):
        count(broken, (array(2),))
    with pytest.raises(UsageError, match="argnums"):
        count(product, (array(8, 16), array(4, 8)), argnums=5)


def test_values_of_jax_are_known_by_where_they_come_from() -> None:
    assert kind_of(product, jnp.ones(3)) == "jax"
    assert kind_of(array(3)) == "jax"
    assert comptometer.count(product, (jnp.ones((8, 16)), jnp.ones((4, 8)))).backend == "jax"
