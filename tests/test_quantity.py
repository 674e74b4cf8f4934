"""Estimates: draws that come from names, arithmetic with units, and closed forms where there are some."""

from __future__ import annotations

import hashlib
import math
import operator
import os
import pickle
import subprocess
import sys
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer import units
from comptometer.distribution import (
    DRAWS,
    Z90,
    Distribution,
    Empirical,
    LogNormal,
    LogStudentT,
    LogUniform,
    Mixture,
    Truncated,
    Uniform,
)
from comptometer.errors import UnitError
from comptometer.notation import parse
from comptometer.quantity import Estimate, strata

LAW = settings(deadline=None)

BELIEFS: list[Distribution] = [
    LogNormal(3e25, 0.5),
    Uniform(0.2, 0.4),
    LogUniform(1.0, 10.0),
    LogStudentT(0.33, 0.2),
    Truncated(LogStudentT(0.33, 0.2), 0.02, 0.75),
    Empirical((1.0, 2.0, 7.0)),
    Mixture.equal([LogNormal(1, 0.2), LogNormal(8, 0.2)]),
]
ANY_BELIEF = st.sampled_from(BELIEFS) | st.builds(LogNormal, st.floats(1e-6, 1e27), st.floats(0.01, 2))


def drawn(name: str, belief: str, unit: str = "") -> Estimate:
    return Estimate.draw(name, parse(belief).belief, units.parse(unit))


# Draws by name.


def test_the_order_of_the_strata_is_a_permutation() -> None:
    assert np.array_equal(np.sort(strata("peak/H100-SXM/bf16")), np.arange(DRAWS))


def test_the_order_that_belongs_to_a_name_is_the_documented_one_for_ever() -> None:
    # Decision 0002: PCG64DXSM over SeedSequence(2018, BLAKE2b of the name), raw bits, stable argsort.
    name = "peak/H100-SXM/bf16"
    digest = int(hashlib.blake2b(name.encode(), digest_size=8).hexdigest(), 16)
    bits = np.random.PCG64DXSM(np.random.SeedSequence([2018, digest])).random_raw(4096)
    assert np.array_equal(strata(name), np.argsort(bits, kind="stable"))
    assert strata(name)[:6].tolist() == [341, 608, 1217, 3327, 2586, 1224]


def test_an_order_that_every_estimate_shares_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        strata("shared")[:] = 0


SCRIPT = """
import hashlib
from comptometer import units
from comptometer.distribution import *
from comptometer.quantity import Estimate
beliefs = [LogNormal(3e25, 0.5), Truncated(LogStudentT(0.33, 0.2), 0.02, 0.75), Uniform(0, 1)]
draws = [Estimate.draw(f"claim/{i}", belief, units.parse("")).draws for i, belief in enumerate(beliefs)]
print(hashlib.sha256(b"".join(part.tobytes() for part in draws)).hexdigest())
"""


def test_the_same_names_give_the_same_draws_in_another_process() -> None:
    def digest(salt: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment
        ).stdout.strip()

    beliefs: list[Distribution] = [
        LogNormal(3e25, 0.5),
        Truncated(LogStudentT(0.33, 0.2), 0.02, 0.75),
        Uniform(0, 1),
    ]
    draws = [Estimate.draw(f"claim/{i}", belief, units.parse("")).draws for i, belief in enumerate(beliefs)]
    here = hashlib.sha256(b"".join(part.tobytes() for part in draws)).hexdigest()
    assert digest("1") == digest("2") == here


def test_different_names_are_uncorrelated() -> None:
    draws = np.array([strata(f"claim/{i}").astype(float) for i in range(60)])
    correlations = np.corrcoef(draws)[np.triu_indices(60, 1)]
    assert len(correlations) == 1770
    assert np.abs(correlations).max() < 0.06
    assert np.std(correlations) == pytest.approx(1 / math.sqrt(DRAWS), rel=0.1)  # what chance would give


def test_names_that_differ_in_one_letter_are_as_unrelated_as_any() -> None:
    for one, other in combinations(["tokens/a", "tokens/b", "token/a", "tokens/A", "tokens/a ", ""], 2):
        assert abs(np.corrcoef(strata(one), strata(other))[0, 1]) < 0.06


@pytest.mark.parametrize("belief", BELIEFS, ids=lambda belief: type(belief).__name__)
def test_draws_hold_each_stratum_once(belief: Distribution) -> None:
    x = Estimate.draw("stratified", belief, units.parse(""))
    expected = belief.quantile((np.arange(DRAWS) + 0.5) / DRAWS)
    np.testing.assert_allclose(np.sort(x.draws), expected, rtol=1e-12)


def test_one_name_carries_one_world_through_different_beliefs() -> None:
    low, high = drawn("utilization", "0.1 to 0.2"), drawn("utilization", "0.3 to 0.6")
    assert np.corrcoef(np.log(low.draws), np.log(high.draws))[0, 1] == pytest.approx(1, abs=1e-12)


def test_adding_a_claim_changes_no_other_draw() -> None:
    before = drawn("a", "1 to 2").draws.copy()
    _ = drawn("b", "1 to 2") * drawn("a", "1 to 2")
    assert np.array_equal(drawn("a", "1 to 2").draws, before)


# Arithmetic.


@LAW
@given(ANY_BELIEF)
def test_a_quantity_over_itself_is_exactly_one(belief: Distribution) -> None:
    x = Estimate.draw("x", belief, units.parse("FLOP"))
    assert np.all((x / x).draws == 1)
    assert units.name((x / x).unit) == ""


@LAW
@given(ANY_BELIEF)
def test_a_quantity_less_itself_is_exactly_zero(belief: Distribution) -> None:
    x = Estimate.draw("x", belief, units.parse("FLOP"))
    assert np.all((x - x).draws == 0)


@LAW
@given(ANY_BELIEF, ANY_BELIEF)
def test_multiplying_and_adding_do_not_depend_on_the_order(one: Distribution, other: Distribution) -> None:
    x, y = Estimate.draw("x", one, units.parse("FLOP")), Estimate.draw("y", other, units.parse("FLOP"))
    assert np.array_equal((x * y).draws, (y * x).draws)
    assert np.array_equal((x + y).draws, (y + x).draws)
    assert (x * y).unit == (y * x).unit


@LAW
@given(ANY_BELIEF, ANY_BELIEF, st.sampled_from("+-*/"), st.floats(0.01, 0.99))
def test_an_interval_never_excludes_its_median(
    one: Distribution, other: Distribution, sign: str, probability: float
) -> None:
    x, y = Estimate.draw("x", one, units.parse("FLOP")), Estimate.draw("y", other, units.parse("FLOP"))
    for result in (x, {"+": x + y, "-": x - y, "*": x * y, "/": x / y}[sign]):
        low, high = result.interval(probability)
        assert low <= result.median <= high


@LAW
@given(ANY_BELIEF, st.floats(0.01, 0.98))
def test_a_wider_interval_holds_a_narrower_one(belief: Distribution, probability: float) -> None:
    x = Estimate.draw("x", belief, units.parse(""))
    low, high = x.interval(probability)
    outer_low, outer_high = x.interval(probability + 0.01)
    assert outer_low <= low <= high <= outer_high


@pytest.mark.parametrize("probability", [0, 1, -0.1, 1.5, math.nan])
def test_an_interval_without_a_probability_between_0_and_1_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        drawn("x", "1 to 2").interval(probability)


@pytest.mark.parametrize("sign", ["+", "-"])
def test_an_amount_and_a_rate_do_not_add_up(sign: str) -> None:
    amount, rate = Estimate.exact(1e25, "FLOP"), Estimate.exact(1e15, "FLOP/s")
    with pytest.raises(UnitError, match="FLOP/s cannot be expressed in FLOP"):
        _ = amount + rate if sign == "+" else amount - rate


def test_a_bare_number_is_not_added_to_a_quantity_with_a_unit() -> None:
    with pytest.raises(UnitError, match="bare number"):
        _ = Estimate.exact(5, "FLOP") + 1
    assert (Estimate.exact(5) + 1).median == 6
    assert (1 + Estimate.exact(5)).median == 6


def test_what_is_no_number_is_not_arithmetic() -> None:
    x = Estimate.exact(5, "FLOP")
    text: Any = "2"
    for operate in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
        with pytest.raises(TypeError):
            operate(x, text)
    with pytest.raises(TypeError):
        operator.truediv(text, x)


def test_stages_are_summed_by_sum() -> None:
    total = sum([Estimate.exact(1, "pfs-day"), Estimate.exact(8.64e19, "FLOP")])
    assert isinstance(total, Estimate)
    assert total.median == pytest.approx(2)
    assert units.name(total.unit) == "pfs-day"


def test_units_multiply_divide_and_cancel() -> None:
    rate, chips, time = Estimate.exact(989, "TFLOP/s/chip"), Estimate.exact(16_384, "chip"), Estimate.exact(54, "day")
    compute = (rate * chips * time * 0.4).to("FLOP")
    assert compute.median == pytest.approx(989e12 * 16_384 * 54 * 86_400 * 0.4, rel=1e-12)
    assert (compute / rate).to("chip-hours").median == pytest.approx(0.4 * 16_384 * 54 * 24, rel=1e-12)
    assert (1 / time).to("1/s").median == pytest.approx(1 / (54 * 86_400), rel=1e-12)
    assert (time**2).to("h^2").median == pytest.approx((54 * 24) ** 2, rel=1e-12)
    assert ((time**2) ** 0.5).to("h").median == pytest.approx(54 * 24, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "unit", "target", "wanted"),
    [
        (1, "pfs-day", "FLOP", 8.64e19),
        (3.1436e23, "FLOP", "pfs-day", 3638.4),  # GPT-3, table D.1 of arXiv 2005.14165: 3.14e23, 3.64e3 pfs-days
        (11.3e9, "MAC", "FLOP", 22.6e9),
        (2, "week", "h", 336),
    ],
)
def test_a_quantity_is_the_same_in_another_unit(value: float, unit: str, target: str, wanted: float) -> None:
    assert Estimate.exact(value, unit).to(target).median == pytest.approx(wanted, rel=1e-5)


def test_a_quantity_cannot_be_converted_to_what_it_is_not() -> None:
    with pytest.raises(UnitError, match="cannot be expressed in"):
        Estimate.exact(1, "FLOP").to("FLOP/s")


@LAW
@given(ANY_BELIEF)
def test_converting_there_and_back_changes_nothing(belief: Distribution) -> None:
    x = Estimate.draw("x", belief, units.parse("FLOP"))
    np.testing.assert_allclose(x.to("pfs-day").to("FLOP").draws, x.draws, rtol=1e-14)
    assert x.to("FLOP") is x


def test_numbers_of_numpy_scale_like_plain_ones() -> None:
    x = drawn("x", "1 to 9", "FLOP")
    for number in (np.float64(2), np.int64(2), np.float32(2)):
        for scaled in (x * number, number * x):
            assert isinstance(scaled, Estimate)
            assert np.array_equal(scaled.draws, 2 * x.draws)


# Closed forms.

FOUR = {"counts": 1.1, "hours": 1.15, "peak": 1.05, "utilization": 2.5}  # reference, section 3, point 5


def four(run: str) -> Estimate:
    product = Estimate.exact(1)
    for name, factor in FOUR.items():
        product = product * Estimate.draw(run + name, LogNormal.from_factor(1.0, factor), units.parse(""))
    return product


def test_products_of_four_lognormals_agree_with_the_closed_form() -> None:
    # With 4096 draws one median scatters by 0.45% and one end by 0.9%: of many runs, none is far off and the
    # average is right.
    sigma = math.sqrt(sum((math.log(factor) / Z90) ** 2 for factor in FOUR.values()))
    runs = [four(f"run {i}/") for i in range(40)]
    found = np.log([run.to_dict()[p] for run in runs for p in ("p5", "p50", "p95")]).reshape(40, 3)
    off = found - np.array([-Z90 * sigma, 0, Z90 * sigma])
    assert np.abs(off.mean(axis=0)).max() < 0.005
    assert np.sqrt(np.mean(off[:, 1] ** 2)) < 0.006
    assert np.sqrt(np.mean(off[:, [0, 2]] ** 2)) < 0.012
    assert np.abs(off).max() < 0.04
    assert np.mean([run.log_sd for run in runs]) == pytest.approx(sigma, rel=0.005)


@pytest.mark.parametrize("run", ["", "gpt-3/", "llama-3.1-405b/", "alexnet/"])
def test_the_shares_of_the_variance_are_those_of_the_closed_form(run: str) -> None:
    shares = four(run).sensitivity()
    assert next(iter(shares)) == run + "utilization"
    for name, wanted in {"counts": 0.010, "hours": 0.022, "peak": 0.003, "utilization": 0.964}.items():
        assert shares[run + name] == pytest.approx(wanted, abs=0.01)


def test_a_sum_of_lognormals_agrees_with_fenton_and_wilkinson_to_two_percent() -> None:
    # Reference, section 3: the two agree within 2% for runs of several phases. Fenton 1960: match mean and variance.
    phases = {"first": (1.0, 1.5), "second": (0.5, 2.0), "third": (0.25, 1.3)}
    total = sum(Estimate.draw(n, LogNormal.from_factor(m, f), units.parse("")) for n, (m, f) in phases.items())
    assert isinstance(total, Estimate)
    variances = [(math.log(f) / Z90) ** 2 for _, f in phases.values()]
    means = [m * math.exp(v / 2) for (m, _), v in zip(phases.values(), variances, strict=True)]
    variance = sum(m**2 * (math.exp(v) - 1) for m, v in zip(means, variances, strict=True))
    sigma2 = math.log(1 + variance / sum(means) ** 2)
    median = sum(means) * math.exp(-sigma2 / 2)
    spread = math.exp(Z90 * math.sqrt(sigma2))
    assert [*total.interval(0.9), total.median] == pytest.approx([median / spread, median * spread, median], rel=0.02)


@LAW
@given(st.floats(1.01, 10), st.floats(1.01, 10), st.sampled_from([(1, 1), (1, -1), (3, 1), (2, -1)]))
def test_the_log_variances_of_independent_factors_add_up(one: float, other: float, powers: tuple[int, int]) -> None:
    x = Estimate.draw("one", LogNormal.from_factor(1, one), units.parse(""))
    y = Estimate.draw("other", LogNormal.from_factor(1, other), units.parse(""))
    result = x ** powers[0] * y ** powers[1]
    sigma = math.hypot(powers[0] * math.log(one), powers[1] * math.log(other)) / Z90
    assert result.log_sd == pytest.approx(sigma, rel=0.05)


@LAW
@given(st.floats(1.01, 10), st.floats(0.5, 3))
def test_the_same_claim_twice_adds_linearly_and_not_in_quadrature(factor: float, power: float) -> None:
    x = Estimate.draw("x", LogNormal.from_factor(1, factor), units.parse(""))
    assert (x * x**power).log_sd == pytest.approx((1 + power) * x.log_sd, rel=1e-5)


def test_the_shares_of_a_product_add_up_to_one() -> None:
    product = drawn("a", "1 to 2") * drawn("b", "1 to 3") / drawn("c", "5 to 9") * drawn("exact", "7")
    assert sum(product.sensitivity().values()) == pytest.approx(1, abs=0.05)
    assert set(product.sensitivity()) == {"a", "b", "c"}


def test_what_cancels_carries_no_share() -> None:
    a, b = drawn("a", "1 to 9"), drawn("b", "1 to 2")
    assert (a * b / a).sensitivity()["a"] < 0.01


def test_an_exact_quantity_has_no_sensitivity() -> None:
    assert Estimate.exact(5, "FLOP").sensitivity() == {}
    assert drawn("exact", "5").sensitivity() == {}


@pytest.mark.parametrize("belief", BELIEFS, ids=lambda belief: type(belief).__name__)
def test_the_only_unknown_carries_everything(belief: Distribution) -> None:
    only = Estimate.draw("only", belief, units.parse("FLOP")) * 3
    assert only.sensitivity() == {"only": pytest.approx(1, abs=1e-12)}


# What is said about an estimate.


@LAW
@given(st.floats(1e-6, 1e27), st.floats(1.01, 1e4))
def test_the_interval_that_was_put_in_comes_out(low: float, ratio: float) -> None:
    x = Estimate.draw("x", LogNormal.from_interval(low, low * ratio), units.parse(""))
    assert x.interval(0.9) == pytest.approx((low, low * ratio), rel=1e-4)


def test_an_estimate_knows_what_it_rests_on() -> None:
    x = drawn("chips", "16384") * drawn("hours", "1 to 2") + drawn("other", "5")
    assert x.rests_on == {"chips", "hours", "other"}
    assert x.to("").rests_on == x.rests_on
    assert Estimate.exact(3).rests_on == frozenset()


def test_an_exact_number_has_no_spread() -> None:
    x = drawn("parameters", "405B", "parameter")
    assert x.interval(0.99) == (4.05e11, 4.05e11)
    assert x.log_sd == 0
    assert str(x) == "4.05e11 parameter"


def test_the_probability_above_a_line_is_the_share_of_worlds_above_it() -> None:
    x = drawn("x", "1e24 to 1e26", "FLOP")
    assert x.probability_above("1e25 FLOP") == pytest.approx(0.5, abs=1 / DRAWS)
    assert x.probability_above(1e26) == pytest.approx(0.05, abs=1 / DRAWS)
    assert x.probability_above(Estimate.exact(1e24 / 8.64e19, "pfs-day")) == pytest.approx(0.95, abs=1 / DRAWS)
    assert x.probability_above(x) == 0
    with pytest.raises(UnitError):
        x.probability_above("1e25 FLOP/s")


def test_json_carries_the_quantiles_and_the_unit() -> None:
    x = drawn("x", "1e24 to 1e26", "FLOP")
    wanted = {"p5": 1e24, "p50": 1e25, "p95": 1e26}
    assert {key: value for key, value in x.to_dict().items() if key != "unit"} == pytest.approx(wanted, rel=1e-4)
    assert x.to_dict()["unit"] == "FLOP"
    assert list(x.to_dict()) == ["p5", "p50", "p95", "unit"]
    assert all(type(x.to_dict()[key]) is float for key in wanted)


def test_an_estimate_is_printed_with_two_digits_and_its_interval() -> None:
    assert str(drawn("x", "1e24 to 1e26", "FLOP")) == "1e25 FLOP (90%: 1e24 to 1e26)"
    assert repr(drawn("x", "1e24 to 1e26", "FLOP")).startswith("<Estimate 1e25 FLOP")
    assert "1e24 to 1e26" in drawn("x", "1e24 to 1e26", "FLOP")._repr_html_()


@pytest.mark.parametrize("unit", ["FLOP", "FLOP/s/chip", "chip-hours", "pfs-day", "", "USD/chip/h", "1/s"])
def test_an_estimate_survives_pickling(unit: str) -> None:
    x = drawn("x", "1 to 9", unit)
    back = pickle.loads(pickle.dumps(x))
    assert np.array_equal(back.draws, x.draws)
    assert back.unit == x.unit
    assert back.beliefs == x.beliefs


def test_the_root_of_a_quantity_survives_pickling() -> None:
    root = drawn("x", "1 to 9", "FLOP") ** 0.5
    assert pickle.loads(pickle.dumps(root)).unit == root.unit
