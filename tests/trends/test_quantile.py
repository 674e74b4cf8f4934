"""Quantile lines: the exact solution of a linear programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from worlds import START, world

from comptometer.distribution import Array
from comptometer.errors import UsageError
from comptometer.growth import trend
from comptometer.trends import FITS, Points, Resampling
from comptometer.trends.quantile import lines


def loss(x: Array, y: Array, weights: Array, slope: float, level: float, quantile: float) -> float:
    residuals = y - level - slope * x
    return float(np.sum(weights * residuals * (quantile - (residuals < 0))))


def least_loss(x: Array, y: Array, weights: Array, quantile: float) -> float:
    """By the linear programme of Koenker and Bassett, solved with HiGHS."""
    n = len(x)
    costs = np.concatenate([np.zeros(4), quantile * weights, (1 - quantile) * weights])
    columns = np.column_stack([np.ones(n), x])
    equal = np.hstack([columns, -columns, np.eye(n), -np.eye(n)])
    return float(linprog(costs, A_eq=equal, b_eq=y, bounds=(0, None), method="highs").fun)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6), n=st.integers(4, 80), quantile=st.sampled_from([0.05, 0.3, 0.5, 0.9, 0.95]),
    days=st.sampled_from([8, 4000]), weighted=st.booleans(), rounded=st.booleans(),
)  # fmt: skip
def test_no_line_has_less_loss(seed: int, n: int, quantile: float, days: int, weighted: bool, rounded: bool) -> None:
    generator = np.random.default_rng(seed)
    x = np.sort(generator.integers(0, days, n)).astype(float)
    x[0], x[-1] = 0, days  # not all on one day
    y = 0.001 * x + generator.standard_t(3, n)
    y = np.round(y, 1) if rounded else y
    weights = generator.integers(0, 4, n).astype(float) if weighted else np.ones(n)
    weights[0] = weights[-1] = 1
    slope, level = lines(x, y[None], weights[None], quantile)
    mine = loss(x, y, weights, float(slope[0]), float(level[0]), quantile)
    assert mine == pytest.approx(least_loss(x, y, weights, quantile), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_the_line_agrees_with_statsmodels(quantile: float) -> None:
    points = world(1, 200)
    found = FITS["quantile"](points, Resampling(name="x", draws=10), quantile=quantile)
    x = points.days - START
    fit = sm.QuantReg(points.logs, sm.add_constant(x)).fit(q=quantile, max_iter=10_000, p_tol=1e-10)
    assert found.slope == pytest.approx(fit.params[1], rel=1e-4)
    assert found.r2 == pytest.approx(fit.prsquared, rel=1e-4)


def test_the_share_of_points_below_is_the_quantile() -> None:
    points = world(2, 500)
    for quantile in (0.1, 0.5, 0.9):
        found = FITS["quantile"](points, Resampling(name="x", draws=5), quantile=quantile)
        assert np.mean(points.logs < found.logs_at(points.days)) == pytest.approx(quantile, abs=0.005)


@pytest.mark.parametrize(
    ("data", "growth"),
    [("epoch-2025-06", (5.25, 4.22, 3.65)), ("epoch-2026-07", (4.48, 4.11, 3.85))],
)
def test_the_notable_models_since_2010(data: str, growth: tuple[float, ...]) -> None:
    """What others obtained on the same tables, to the last digit or the next."""
    for quantile, expected in zip((0.5, 0.9, 0.95), growth, strict=True):
        found = trend(data=data, method="quantile", options={"quantile": quantile}, draws=100).trend
        assert found.growth_per_year.estimate == pytest.approx(expected, abs=0.011)


def test_at_most_five_hundred_resamples_are_made_and_it_says_so() -> None:
    found = FITS["quantile"](world(3, 30), Resampling(name="x"))
    assert found.draws == 500
    assert any("500 resamples" in note for note in found.notes)


@pytest.mark.parametrize("quantile", [0, 1, -0.1, 90, "half", True])
def test_a_quantile_that_is_none_is_refused(quantile: Any) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        FITS["quantile"](world(4), Resampling(name="x"), quantile=quantile)


def test_a_resample_of_one_day_has_no_line() -> None:
    points = Points(days=np.array([START, START, START, START + 100]), logs=np.array([0.0, 1.0, 2.0, 5.0]))
    found = FITS["quantile"](points, Resampling(name="x", draws=400))
    assert 0 < found.draws < 400
    assert np.all(np.isfinite(found.slopes))
