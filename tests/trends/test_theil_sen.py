"""The median of pair slopes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from worlds import SLOPE, START, world

from comptometer.errors import UsageError
from comptometer.growth import trend
from comptometer.trends import FITS, Points, Resampling, Trend
from comptometer.trends._resampling import Sampler


def theil_sen(points: Points, draws: int = 20, *, noise: bool = False) -> Trend:
    return FITS["theil-sen"](points, Resampling(name="test", draws=draws, noise=noise))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 60), days=st.sampled_from([5, 3000]))
def test_it_agrees_with_scipy(seed: int, n: int, days: int) -> None:
    generator = np.random.default_rng(seed)
    x = START + np.sort(generator.integers(0, days, n)).astype(float)
    x[-1] = START + days
    x[0] = START
    y = generator.normal(size=n)
    found = theil_sen(Points(days=x, logs=y))
    peer = stats.theilslopes(y, x - START)
    assert found.slope == pytest.approx(peer.slope, rel=1e-9, abs=1e-15)
    assert found.logs_at([START])[0] == pytest.approx(peer.intercept, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("noise", [False, True])
def test_every_resample_is_the_median_of_its_own_pairs(noise: bool) -> None:
    points = world(1, 50, spread=0.3)
    found = theil_sen(points, 25, noise=noise)
    (resample,) = Sampler(points, Resampling(name="test", draws=25, noise=noise)).chunks()
    for draw, counts in enumerate(resample.rows.astype(int)):
        errors = resample.errors[draw] if resample.errors is not None else np.zeros(50)
        rows = np.repeat(np.arange(50), counts)
        peer = stats.theilslopes((points.logs + errors)[rows], points.days[rows] - START)
        assert found.slopes[draw] == pytest.approx(peer.slope, rel=1e-9)
        level = found.levels[draw] - found.slopes[draw] * (found.origin - START)
        assert level == pytest.approx(peer.intercept, rel=1e-7)


@pytest.mark.parametrize(("data", "growth"), [("epoch-2025-06", 5.19), ("epoch-2026-07", 4.56)])
def test_the_notable_models_since_2010(data: str, growth: float) -> None:
    """What others obtained on the same tables."""
    found = trend(data=data, method="theil-sen", draws=100).trend
    assert found.growth_per_year.estimate == pytest.approx(growth, abs=0.006)


def test_a_fifth_of_wild_points_moves_it_less_than_least_squares() -> None:
    points = world(2, 200)
    wild = points.logs.copy()
    wild[-40:] -= 8
    bad = replace(points, logs=wild)
    robust = abs(theil_sen(bad).dex_per_year.estimate - SLOPE)
    least_squares = abs(FITS["log-linear"](bad, Resampling(name="x", draws=5)).dex_per_year.estimate - SLOPE)
    assert robust < least_squares / 1.5


def test_more_points_than_their_pairs_fit_in_memory_are_refused() -> None:
    with pytest.raises(UsageError, match="5,000 points; there are 5,001"):
        theil_sen(world(3, 5001))


def test_a_resample_of_one_day_has_no_slope() -> None:
    points = Points(days=np.array([START, START, START, START + 100]), logs=np.array([0.0, 1.0, 2.0, 5.0]))
    found = theil_sen(points, 400)
    assert 0 < found.draws < 400
