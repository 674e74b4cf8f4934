"""Beliefs: quantiles against closed forms (SciPy as the other witness), and laws that hold for each shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from comptometer import distribution
from comptometer.distribution import (
    DRAWS,
    GRID,
    T3_90,
    Z90,
    Bounded,
    Distribution,
    Empirical,
    LogNormal,
    LogStudentT,
    LogUniform,
    Mixture,
    Point,
    SplitLogNormal,
    Truncated,
    Uniform,
    normal_quantile,
    student3_quantile,
)

LAW = settings(deadline=None)
P = np.concatenate([np.logspace(-6, -1, 400), np.linspace(0.1, 0.9, 401), 1 - np.logspace(-1, -6, 400)])

MEDIANS = st.floats(1e-9, 1e27)
BOUNDED: st.SearchStrategy[Bounded] = st.one_of(
    st.builds(LogNormal, MEDIANS, st.floats(1e-3, 3)),
    st.builds(SplitLogNormal, MEDIANS, st.floats(1e-3, 3), st.floats(1e-3, 3)),
    st.builds(LogStudentT, MEDIANS, st.floats(1e-3, 0.5)),
    st.builds(lambda low, width: Uniform(low, low + width), st.floats(0, 1e6), st.floats(1, 1e6)),
    st.builds(lambda low, ratio: LogUniform(low, low * ratio), MEDIANS, st.floats(1.001, 1e6)),
)
CUT: st.SearchStrategy[Distribution] = st.builds(
    lambda inner, low, high: Truncated(inner, *(float(x) for x in inner.quantile(np.array([low, high])))),
    BOUNDED,
    st.floats(0.01, 0.4),
    st.floats(0.6, 0.99),
)
SIMPLE: st.SearchStrategy[Distribution] = st.one_of(
    BOUNDED,
    CUT,
    st.builds(Point, MEDIANS),
    st.builds(lambda values: Empirical(tuple(values)), st.lists(MEDIANS, min_size=1, max_size=30)),
)
MIXED: st.SearchStrategy[Distribution] = st.lists(st.tuples(SIMPLE, st.floats(0.01, 10)), min_size=1, max_size=4).map(
    lambda pairs: Mixture(tuple(part for part, _ in pairs), tuple(weight for _, weight in pairs))
)
BELIEFS = SIMPLE | MIXED
PROBABILITIES = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=2, max_size=20).map(lambda p: np.array(sorted(p)))


def test_the_grid_is_the_middles_of_equally_probable_strata() -> None:
    assert GRID.shape == (DRAWS,) == (4096,)
    assert GRID[0] == 0.5 / 4096
    assert 1 - GRID[-1] == GRID[0]
    np.testing.assert_allclose(np.diff(GRID), 1 / 4096, rtol=1e-9)


def test_the_half_width_of_a_90_percent_interval_of_a_normal_is_1_645() -> None:
    assert pytest.approx(1.6448536269514722, rel=1e-15) == Z90  # e.g. NIST handbook 1.3.6.7.1


def test_students_t_with_three_degrees_is_2_3534_at_95_percent() -> None:
    assert float(student3_quantile(np.array([0.95]))[0]) == pytest.approx(2.3534, abs=5e-5)  # NIST handbook 1.3.6.7.2
    assert float(student3_quantile(np.array([0.95]))[0]) == pytest.approx(T3_90, rel=1e-12)
    assert float(student3_quantile(np.array([0.995]))[0]) == pytest.approx(5.841, abs=5e-4)
    assert float(student3_quantile(np.array([0.75]))[0]) == pytest.approx(0.7649, abs=5e-5)


def test_students_t_agrees_with_scipy_over_the_range() -> None:
    np.testing.assert_allclose(student3_quantile(P), stats.t(3).ppf(P), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(student3_quantile(GRID), stats.t(3).ppf(GRID), rtol=1e-9)


def test_normal_quantiles_agree_with_scipy_over_the_range() -> None:
    np.testing.assert_allclose(normal_quantile(P), stats.norm.ppf(P), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(normal_quantile(GRID), stats.norm.ppf(GRID), rtol=1e-9)


@LAW
@given(st.floats(1e-6, 0.5))
def test_the_standard_quantiles_are_symmetric(p: float) -> None:
    # 1 - p is rounded, and the quantile is steep in the tails: one half unit in the last place over the density.
    for quantile in (normal_quantile, student3_quantile):
        low, high = quantile(np.array([p, 1 - p]))
        assert low == pytest.approx(-high, rel=1e-9, abs=1e-12)


def test_the_cached_grids_give_what_a_copy_of_the_grid_gives() -> None:
    assert np.array_equal(normal_quantile(GRID), normal_quantile(GRID.copy()))
    assert np.array_equal(student3_quantile(GRID), student3_quantile(GRID.copy()))


@pytest.mark.parametrize("shared", [lambda: GRID, lambda: normal_quantile(GRID), lambda: student3_quantile(GRID)])
def test_tables_that_every_draw_shares_cannot_be_written_to(shared: object) -> None:
    assert callable(shared)
    with pytest.raises(ValueError, match="read-only"):
        shared()[:] = shared()[:]


def test_quantiles_keep_the_shape_of_the_probabilities() -> None:
    p = np.array([[0.1, 0.5, 0.9], [0.2, 0.3, 0.4]])
    one = LogNormal(2, 0.5)
    for belief in (
        Point(1.0), one, Uniform(0, 1), LogUniform(1, 2), LogStudentT(1, 0.2), Truncated(one, 1, 3),
        Empirical((1.0, 2.0)), Mixture.equal([one, Point(3.0)]),
    ):  # fmt: skip
        assert belief.quantile(p).shape == p.shape


def test_a_lognormal_agrees_with_scipy() -> None:
    belief, peer = LogNormal(3e25, 0.7), stats.lognorm(s=0.7, scale=3e25)
    np.testing.assert_allclose(belief.quantile(P), peer.ppf(P), rtol=1e-9)
    for x in (1e24, 3e25, 2e26):
        assert belief.cdf(x) == pytest.approx(peer.cdf(x), rel=1e-12)


def test_a_lognormal_from_an_interval_has_those_ends_and_the_geometric_mean() -> None:
    belief = LogNormal.from_interval(54, 75)
    np.testing.assert_allclose(belief.quantile(np.array([0.05, 0.5, 0.95])), [54, math.sqrt(54 * 75), 75], rtol=1e-12)


def test_a_lognormal_from_a_factor_spreads_by_it_both_ways() -> None:
    belief = LogNormal.from_factor(0.33, 2.5)
    np.testing.assert_allclose(belief.quantile(np.array([0.05, 0.5, 0.95])), [0.132, 0.33, 0.825], rtol=1e-12)


def test_an_interval_over_the_whole_range_of_floats_does_not_overflow() -> None:
    belief = LogNormal.from_interval(1e-300, 1e300)
    assert belief.median == pytest.approx(1, rel=1e-9)
    assert math.isfinite(belief.sigma)


def test_a_split_lognormal_is_on_either_side_the_lognormal_of_that_side() -> None:
    belief = SplitLogNormal(2.1e25, 0.6, 0.4)
    np.testing.assert_allclose(belief.quantile(P[P < 0.5]), LogNormal(2.1e25, 0.6).quantile(P[P < 0.5]), rtol=1e-12)
    np.testing.assert_allclose(belief.quantile(P[P > 0.5]), LogNormal(2.1e25, 0.4).quantile(P[P > 0.5]), rtol=1e-12)
    assert belief.quantile(np.array([0.5]))[0] == 2.1e25


def test_a_uniform_agrees_with_scipy() -> None:
    np.testing.assert_allclose(Uniform(2, 7).quantile(P), stats.uniform(2, 5).ppf(P), rtol=1e-12)
    assert [Uniform(2, 7).cdf(x) for x in (1, 2, 4.5, 7, 9)] == [0, 0, 0.5, 1, 1]


def test_a_loguniform_agrees_with_scipy() -> None:
    np.testing.assert_allclose(LogUniform(2, 70).quantile(P), stats.loguniform(2, 70).ppf(P), rtol=1e-12)
    assert LogUniform(1, 100).cdf(10) == pytest.approx(0.5, rel=1e-12)
    assert [LogUniform(1, 100).cdf(x) for x in (-1, 0, 1, 100, 1e9)] == [0, 0, 0, 1, 1]


def test_a_log_student_t_agrees_with_scipy() -> None:
    belief = LogStudentT(0.33, 0.2)
    np.testing.assert_allclose(belief.quantile(P), 0.33 * 10 ** (0.2 * stats.t(3).ppf(P)), rtol=1e-9)
    for x in (0.01, 0.33, 0.9, 40.0):
        assert belief.cdf(x) == pytest.approx(stats.t(3).cdf(math.log10(x / 0.33) / 0.2), rel=1e-9)


def test_the_90_percent_interval_of_a_log_student_t_is_the_published_factor() -> None:
    # reference, section 2.1: spread .15 to .20 dex; 10^(2.3534 × .20) = 2.96
    low, high = LogStudentT(0.33, 0.20).quantile(np.array([0.05, 0.95]))
    assert high / 0.33 == pytest.approx(10 ** (0.20 * 2.3534), rel=1e-4)
    assert 0.33 / low == pytest.approx(10 ** (0.20 * 2.3534), rel=1e-4)


def test_a_truncated_lognormal_agrees_with_scipy() -> None:
    belief = Truncated(LogNormal(0.33, 0.6), 0.02, 0.75)
    a, b = (math.log(x / 0.33) / 0.6 for x in (0.02, 0.75))
    np.testing.assert_allclose(belief.quantile(P), 0.33 * np.exp(0.6 * stats.truncnorm(a, b).ppf(P)), rtol=1e-9)


def test_a_truncated_log_student_t_inverts_its_own_distribution() -> None:
    inner = LogStudentT(0.33, 0.2)
    below, above = inner.cdf(0.02), inner.cdf(0.75)
    q = Truncated(inner, 0.02, 0.75).quantile(GRID)
    reached = np.array([(inner.cdf(float(x)) - below) / (above - below) for x in q])
    np.testing.assert_allclose(reached, GRID, rtol=1e-9)
    assert 0.02 <= q.min() < q.max() <= 0.75


def test_a_truncated_uniform_is_the_uniform_between_the_bounds() -> None:
    np.testing.assert_allclose(Truncated(Uniform(0, 10), 2, 4).quantile(P), Uniform(2, 4).quantile(P), rtol=1e-12)


def test_an_exact_number_is_left_alone_by_bounds() -> None:
    assert set(Truncated(Point(0.4), 0.0, 1.0).quantile(GRID)) == {0.4}


def test_observed_values_are_interpolated_by_hazens_rule() -> None:
    values = (5.0, 1.0, 9.0, 2.0)
    np.testing.assert_allclose(
        Empirical(values).quantile(P), np.quantile(np.array(values), P, method="hazen"), rtol=1e-12
    )
    assert set(Empirical((3.0,)).quantile(GRID)) == {3.0}


def test_a_mixture_inverts_the_weighted_sum_of_its_parts() -> None:
    parts: tuple[Bounded, ...] = (LogNormal(1, 0.3), LogNormal(8, 0.5), LogStudentT(2, 0.2))
    weights = (1.0, 2.0, 1.0)
    q = Mixture(parts, weights).quantile(GRID)
    reached = np.array([sum(w * part.cdf(float(x)) for w, part in zip(weights, parts, strict=True)) / 4 for x in q])
    assert np.abs(reached - GRID).max() < 1 / DRAWS  # one stratum: the table that is inverted has no finer steps


def test_a_mixture_of_far_apart_parts_gives_each_its_share() -> None:
    draws = Mixture((Point(1.0), Point(8.0)), (0.6, 0.4)).quantile(GRID)
    assert np.mean(draws == 1) == pytest.approx(0.6, abs=1 / DRAWS)
    assert set(draws) == {1.0, 8.0}


def test_a_mixture_of_one_is_that_one() -> None:
    one = LogNormal(4, 0.8)
    np.testing.assert_allclose(Mixture.equal([one]).quantile(GRID), one.quantile(GRID), rtol=1e-12)


def test_the_weights_of_a_mixture_need_not_add_up_to_one() -> None:
    parts = (LogNormal(1, 0.3), LogNormal(8, 0.5))
    assert np.array_equal(Mixture(parts, (1, 3)).quantile(GRID), Mixture(parts, (0.25, 0.75)).quantile(GRID))


@LAW
@given(BELIEFS, PROBABILITIES)
def test_quantiles_never_fall(belief: Distribution, p: np.ndarray) -> None:
    q = belief.quantile(p)
    assert np.all(np.isfinite(q))
    assert np.all(np.diff(q) >= -1e-12 * np.abs(q[1:]))


@LAW
@given(BELIEFS, st.floats(0.01, 0.99))
def test_an_interval_never_excludes_its_median(belief: Distribution, probability: float) -> None:
    tail = (1 - probability) / 2
    low, median, high = belief.quantile(np.array([tail, 0.5, 1 - tail]))
    assert low <= median * (1 + 1e-12)
    assert median <= high * (1 + 1e-12)


@LAW
@given(BOUNDED, st.floats(0.001, 0.999))
def test_the_probability_up_to_a_quantile_is_the_one_asked_for(belief: Bounded, p: float) -> None:
    x = float(belief.quantile(np.array([p]))[0])
    assert belief.cdf(x) == pytest.approx(p, rel=1e-6)


@LAW
@given(BOUNDED, st.floats(0.01, 0.4), st.floats(0.6, 0.99), PROBABILITIES)
def test_a_truncated_belief_never_leaves_its_bounds(belief: Bounded, low: float, high: float, p: np.ndarray) -> None:
    bounds = [float(x) for x in belief.quantile(np.array([low, high]))]
    q = Truncated(belief, *bounds).quantile(p)
    assert bounds[0] <= q.min() <= q.max() <= bounds[1]


@LAW
@given(st.lists(BOUNDED, min_size=1, max_size=4), PROBABILITIES)
def test_a_mixture_lies_between_its_parts(parts: list[Bounded], p: np.ndarray) -> None:
    inner = p[(p > 1 / DRAWS) & (p < 1 - 1 / DRAWS)]
    if not inner.size:
        return
    each = np.array([part.quantile(inner) for part in parts])
    near = np.array([part.quantile(np.clip(inner - 1 / DRAWS, 1e-9, None)) for part in parts])
    far = np.array([part.quantile(np.clip(inner + 1 / DRAWS, None, 1 - 1e-9)) for part in parts])
    q = Mixture.equal(parts).quantile(inner)
    assert each.shape == (len(parts), inner.size)
    assert np.all(q >= near.min(axis=0) * (1 - 1e-9))
    assert np.all(q <= far.max(axis=0) * (1 + 1e-9))


def test_every_shape_of_the_module_is_tested_here() -> None:
    shapes = {
        name
        for name, value in vars(distribution).items()
        if isinstance(value, type) and hasattr(value, "quantile") and name != "Distribution"
    }
    assert shapes == {
        "Point", "LogNormal", "SplitLogNormal", "Uniform", "LogUniform", "LogStudentT", "Truncated", "Empirical",
        "Mixture",
    }  # fmt: skip
