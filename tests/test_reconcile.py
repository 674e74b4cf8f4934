"""Several estimates of one quantity: who counts as a witness, how they are weighed, and what a conflict looks like."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer import units
from comptometer.distribution import Z90, LogNormal, LogStudentT, Point
from comptometer.quantity import Estimate
from comptometer.reconcile import CONFLICT, Part, Reconciled, compare, reconcile, verdict

LAW = settings(deadline=None)
LN10 = math.log(10)


def estimate(name: str, median: float, sigma: float) -> Estimate:
    belief = LogNormal(median, sigma) if sigma else Point(median)
    return Estimate.draw(name, belief, units.parse("FLOP"))


def part(name: str, median: float, sigma: float, witness: str, *roots: str, second_hand: bool = False) -> Part:
    return Part(
        name=name,
        estimate=estimate(f"draws of {name}", median, sigma),
        witness=witness,
        roots=frozenset(roots or {f"only {name}"}),
        second_hand=second_hand,
    )


def counted(median: float, sigma: float, *roots: str) -> Part:
    return part("operations", median, sigma, "count", *roots)


def timed(median: float, sigma: float, *roots: str) -> Part:
    return part("hardware-time", median, sigma, "hardware", *roots)


def two(gap_dex: float, s1_dex: float = 0.12, s2_dex: float = 0.20) -> Reconciled:
    """A count and a hardware estimate this far apart: the pair of the reference, section 4."""
    return reconcile([counted(1e24, s1_dex * LN10), timed(1e24 * 10**gap_dex, s2_dex * LN10)], "model")


# The table of section 4: s .12 and .20 dex, gaps .1/.3/.6/1.0 dex; sd .103 plain, .103/.132/.265/.441 with Birge.


def test_two_witnesses_that_agree_are_averaged_in_the_logarithm() -> None:
    combined = two(0.1)
    plain = 1 / math.hypot(1 / 0.12, 1 / 0.20)
    assert plain == pytest.approx(0.103, abs=5e-4)
    assert combined.verdict == "consistent"
    assert combined.value.log_sd / LN10 == pytest.approx(plain, rel=0.03)
    weight = 0.12**-2 / (0.12**-2 + 0.20**-2)
    assert combined.weights["operations"] == pytest.approx(weight, abs=0.02)
    assert math.log10(combined.value.median / 1e24) == pytest.approx(0.1 * (1 - weight), abs=0.005)


def test_two_witnesses_in_tension_are_averaged_and_widened_by_birges_ratio() -> None:
    combined = two(0.3)
    assert combined.verdict == "tension"
    (comparison,) = combined.comparisons
    assert comparison.z == pytest.approx(0.3 / math.hypot(0.12, 0.20), rel=0.02)  # 1.286
    assert combined.value.log_sd / LN10 == pytest.approx(0.132, rel=0.03)


@pytest.mark.parametrize(("gap", "z", "birge"), [(0.6, 2.57, 0.265), (1.0, 4.29, 0.441)])
def test_two_witnesses_in_conflict_are_not_averaged_but_kept_side_by_side(gap: float, z: float, birge: float) -> None:
    combined = two(gap)
    (comparison,) = combined.comparisons
    assert comparison.z == pytest.approx(z, rel=0.02)
    assert comparison.z > CONFLICT
    assert combined.verdict == comparison.verdict == "conflict"
    low, high = combined.value.interval(0.9)
    assert low < 1e24 < 1e24 * 10**gap < high  # each side is within the interval
    draws = {name: part.draws for name, part in combined.parts.items()}
    from_one = combined.value.draws == draws["operations"]
    from_other = combined.value.draws == draws["hardware-time"]
    assert np.all(from_one | from_other)  # every draw is one side's, none lies between
    assert np.mean(from_one) == pytest.approx(combined.weights["operations"], abs=0.001)
    assert combined.value.log_sd / LN10 > 0.9 * birge  # and it is no narrower than the widened average
    assert math.fsum(combined.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("gap", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.57])
def test_the_interval_widens_as_the_ratio_of_birge_says(gap: float) -> None:
    combined = two(gap)
    z = gap / math.hypot(0.12, 0.20)
    assert combined.value.log_sd / LN10 == pytest.approx(0.1029 * max(1, z), rel=0.03)


@pytest.mark.parametrize(
    ("z", "word"),
    [
        (0.0, "consistent"),
        (1.0, "consistent"),
        (1.0001, "tension"),
        (2.5, "tension"),
        (2.5001, "conflict"),
        (math.inf, "conflict"),
    ],
)
def test_the_words_for_a_distance_change_at_1_and_at_2_5(z: float, word: str) -> None:
    assert verdict(z) == word


# Conflicts.


@pytest.mark.parametrize(("s1", "s2"), [(0.02, 0.20), (0.05, 0.05), (0.001, 0.2), (0.2, 0.02), (0.0, 0.2), (0.0, 0.0)])
@pytest.mark.parametrize("gap", [1.0, -1.0, 2.0])
def test_a_conflict_reaches_both_sides_however_sure_one_of_them_is(s1: float, s2: float, gap: float) -> None:
    combined = two(gap, s1, s2)
    assert combined.verdict == "conflict"
    low, high = combined.value.interval(0.9)
    ends = sorted([1e24, 1e24 * 10**gap])
    assert low <= ends[0] * (1 + 1e-9)
    assert high >= ends[1] * (1 - 1e-9)
    assert min(combined.weights.values()) >= 0.1  # 5% beyond the end of the interval, and as much before its middle


def test_which_side_a_world_is_on_is_decided_by_the_subject_and_shows_up_in_what_the_value_rests_on() -> None:
    parts = [counted(1e24, 0.2), timed(1e26, 0.2)]
    first, again, other = reconcile(parts, "a").value, reconcile(parts, "a").value, reconcile(parts, "b").value
    assert np.array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, other.draws)
    assert {"draws of operations", "draws of hardware-time"} < first.rests_on
    assert len(first.rests_on) == 3
    assert max(first.sensitivity(), key=first.sensitivity().__getitem__) not in {
        "draws of operations",
        "draws of hardware-time",
    }


def stated(median: float, *, second_hand: bool = False) -> Part:
    return part("reported", median, 0.1, "statement", "compute", second_hand=second_hand)


def test_a_statement_that_is_close_to_one_side_of_a_conflict_decides() -> None:
    sides = [counted(1e24, 0.2), timed(1e26, 0.4)]
    for near, kept, far in ((8e23, "operations", "hardware-time"), (1.5e26, "hardware-time", "operations")):
        combined = reconcile([*sides, stated(near)], "model")
        assert combined.weights == {kept: 1.0}
        assert set(combined.aside) == {far}
        assert "times off what is stated" in combined.aside[far]
        assert combined.verdict == "conflict"
        assert set(combined.parts) == {"operations", "hardware-time", "reported"}


@pytest.mark.parametrize("at", [1e25, 3e24, 1e28])
def test_a_statement_that_is_close_to_neither_side_decides_nothing(at: float) -> None:
    combined = reconcile([counted(1e24, 0.2), timed(1e26, 0.4), stated(at)], "model")
    assert set(combined.weights) == {"operations", "hardware-time"}
    assert not combined.aside


def test_a_statement_worked_out_from_what_is_on_file_decides_nothing() -> None:
    combined = reconcile([counted(1e24, 0.2), timed(1e26, 0.4), stated(1e24, second_hand=True)], "model")
    assert set(combined.weights) == {"operations", "hardware-time"}


def test_a_statement_does_not_decide_where_there_is_no_conflict() -> None:
    combined = reconcile([counted(1e24, 0.4), timed(2.5e24, 0.4), stated(1e24)], "model")
    assert set(combined.weights) == {"operations", "hardware-time"}
    assert combined.verdict == "tension"


@pytest.mark.parametrize(("s1", "s2"), [(0.02, 0.30), (0.30, 0.02), (0.1, 0.1)])
def test_orders_of_magnitude_apart_neither_side_carries_the_value_because_it_is_narrower(s1: float, s2: float) -> None:
    combined = two(3.0, s1, s2)
    assert combined.weights == {"operations": 0.5, "hardware-time": 0.5}
    assert math.log10(combined.value.median / 1e24) == pytest.approx(1.5, abs=0.01)
    low, high = combined.value.interval(0.9)
    assert low < 1e24 < 1e27 < high
    assert combined.verdict == "conflict"
    assert set(combined.answers) == {"operations", "hardware-time"}


def test_what_is_put_aside_before_does_not_enter_but_is_compared() -> None:
    beside = Part(
        name="operations", estimate=estimate("count", 1e20, 0.2), witness="count", roots=frozenset({"tokens"}),
        aside="a part of it",
    )  # fmt: skip
    combined = reconcile([beside, timed(1e24, 0.4)], "model")
    assert combined.weights == {"hardware-time": 1.0}
    assert combined.aside == {"operations": "a part of it"}
    assert combined.verdict == "conflict"
    assert reconcile([beside], "model").weights == {"operations": 1.0}  # nothing else is known


# Witnesses.


def test_one_estimate_is_returned_as_it_is() -> None:
    only = counted(1e24, 0.3)
    combined = reconcile([only], "model")
    assert combined.value is only.estimate
    assert combined.verdict == "single-method"
    assert combined.weights == {"operations": 1.0}
    assert not combined.comparisons


def test_estimates_that_share_a_root_are_not_averaged() -> None:
    narrow, wide = counted(1e24, 0.1, "tokens", "parameters"), timed(1.1e24, 0.4, "chips", "tokens")
    combined = reconcile([wide, narrow], "model")
    assert combined.weights == {"operations": 1.0}
    assert np.array_equal(combined.value.draws, narrow.estimate.draws)
    assert set(combined.parts) == {"operations", "hardware-time"}
    (comparison,) = combined.comparisons
    assert not comparison.independent


@pytest.mark.parametrize("root", ["scale_up", "backward_factor", "recompute", "precision", "peak"])
def test_a_convention_that_both_use_does_not_make_them_one_evidence(root: str) -> None:
    combined = reconcile([counted(1e24, 0.2, "tokens", root), timed(1.1e24, 0.2, "chips", root)], "model")
    assert len(combined.weights) == 2


def test_two_counts_are_one_witness_however_different_their_roots() -> None:
    combined = reconcile(
        [counted(1e24, 0.2, "examples"), part("parameters-tokens", 1.1e24, 0.1, "count", "tokens")], "model"
    )
    assert combined.weights == {"parameters-tokens": 1.0}


def test_a_statement_derived_from_hardware_is_no_second_witness_beside_the_hardware() -> None:
    stated = part("reported", 1.2e24, 0.1, "hardware", "compute", second_hand=True)
    combined = reconcile([timed(1e24, 0.4, "chips", "duration"), stated], "model")
    assert combined.weights == {"hardware-time": 1.0}  # our own working outranks a figure at second hand
    together = reconcile([timed(1e24, 0.4), stated, counted(1.1e24, 0.2)], "model")
    assert set(together.weights) == {"hardware-time", "operations"}


def test_a_statement_that_does_not_say_what_it_rests_on_steps_back_where_anything_else_is_known() -> None:
    stated = part("reported", 5e24, 0.01, "statement", "compute")
    assert set(reconcile([stated, timed(1e24, 0.8)], "model").weights) == {"hardware-time"}
    assert set(reconcile([stated], "model").weights) == {"reported"}


def test_a_stated_count_is_a_second_witness_beside_the_hardware() -> None:
    stated = part("reported", 1.2e24, 0.1, "count", "compute")
    assert set(reconcile([stated, timed(1e24, 0.4)], "model").weights) == {"reported", "hardware-time"}


def test_dependent_methods_cannot_confirm_but_can_contradict_one_another() -> None:
    near = reconcile([counted(1e24, 0.1, "tokens"), timed(1e25, 0.1, "tokens")], "model")
    assert near.verdict == "conflict"
    assert len(near.weights) == 1


def test_three_witnesses_weigh_as_the_inverse_of_their_variances() -> None:
    sds = {"hardware-time": 0.4, "operations": 0.1, "reported": 0.2}
    kinds = {"hardware-time": "hardware", "operations": "count", "reported": "third party"}
    combined = reconcile([part(name, 1e24, sd, kinds[name]) for name, sd in sds.items()], "model")
    total = sum(sd**-2 for sd in sds.values())
    assert combined.weights == pytest.approx({name: sd**-2 / total for name, sd in sds.items()}, abs=0.02)
    assert combined.value.log_sd == pytest.approx(total**-0.5, rel=0.03)
    assert len(combined.comparisons) == 3


def test_an_exact_witness_decides() -> None:
    combined = reconcile([counted(1e24, 0.0), timed(1.1e24, 0.4)], "model")
    assert combined.weights == {"operations": 1.0, "hardware-time": 0.0}
    assert combined.value.interval(0.9) == pytest.approx((1e24, 1e24), rel=1e-12)
    assert combined.verdict == "consistent"


def test_two_exact_witnesses_agree_or_are_in_conflict() -> None:
    assert reconcile([counted(1e24, 0.0), timed(1e24, 0.0)], "model").verdict == "consistent"
    apart = reconcile([counted(1e24, 0.0), timed(1.1e24, 0.0)], "model")
    assert apart.verdict == "conflict"
    assert set(np.unique(apart.value.draws)) == {1e24, 1.1e24}


# Comparisons.


def test_what_two_estimates_share_does_not_separate_them() -> None:
    shared, own = estimate("shared", 1.0, 1.0), Estimate.draw("own", LogNormal(2.0, 0.1), units.parse(""))
    one = Part(name="one", estimate=shared, witness="a", roots=frozenset({"x"}))
    other = Part(name="other", estimate=shared * own, witness="b", roots=frozenset({"y"}))
    assert compare(one, other).z == pytest.approx(math.log(2) / 0.1, rel=0.05)


def test_the_ratio_is_hardware_time_over_what_was_counted_in_whichever_order_they_come() -> None:
    parts = [
        timed(2e24, 0.3),
        part("reported", 1e24, 0.3, "statement"),
        counted(1e24, 0.3),
        part("parameters-tokens", 1e24, 0.3, "count"),
    ]
    for order in permutations(parts):
        combined = reconcile(order, "model")
        comparison = combined.comparison("hardware-time", "operations")
        assert comparison is not None
        assert comparison.ratio == pytest.approx(2, rel=1e-9)
        assert combined.comparison("operations", "hardware-time") is None
        assert len(combined.comparisons) == 6


@LAW
@given(st.floats(1e20, 1e27), st.floats(1e20, 1e27), st.floats(0.01, 1.5), st.floats(0.01, 1.5))
def test_the_distance_does_not_depend_on_the_order(m1: float, m2: float, s1: float, s2: float) -> None:
    one, other = counted(m1, s1), timed(m2, s2)
    assert compare(one, other).z == pytest.approx(compare(other, one).z, rel=1e-9)
    assert compare(one, other).ratio * compare(other, one).ratio == pytest.approx(1, rel=1e-9)


@LAW
@given(st.floats(1e20, 1e27), st.floats(-3, 3), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_the_combined_median_lies_between_the_two(median: float, gap: float, s1: float, s2: float) -> None:
    combined = reconcile([counted(median, s1), timed(median * 10**gap, s2)], "model")
    low, high = sorted([median, median * 10**gap])
    slack = math.exp(0.05 * max(s1, s2) + 0.03 * min(s1, s2) + 2 * Z90 * max(s1, s2) * (combined.verdict == "conflict"))
    assert low / slack <= combined.value.median <= high * slack
    assert combined.value.interval()[0] <= combined.value.median <= combined.value.interval()[1]
    assert sum(combined.weights.values()) == pytest.approx(1)


@LAW
@given(st.floats(0, 3), st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.integers(0, 1))
def test_the_result_does_not_depend_on_the_order_of_the_parts(gap: float, s1: float, s2: float, tails: int) -> None:
    heavy = Estimate.draw("heavy", LogStudentT(1e24, s2 / 3), units.parse("FLOP"))
    other = Part(name="hardware-time", estimate=heavy, witness="hardware", roots=frozenset({"chips"}))
    parts = [counted(1e24 * 10**gap, s1), other if tails else timed(1e24, s2)]
    one, again = reconcile(parts, "model"), reconcile(parts[::-1], "model")
    assert np.array_equal(one.value.draws, again.value.draws)
    assert one.verdict == again.verdict
    assert dict(one.weights) == dict(again.weights)
