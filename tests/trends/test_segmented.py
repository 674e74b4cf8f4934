"""Breaks: where brute force and least squares put them, and when they are believed."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import BEND, LATE_SLOPE, START, bent, world

from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.trends import DAYS_PER_YEAR, FITS, Points, Resampling, Trend

LAW = settings(deadline=None, max_examples=10)


def segmented(points: Points, draws: int = 100, **options: Any) -> Trend:
    return FITS["segmented"](points, Resampling(name="test", draws=draws), **options)


def design(days: np.ndarray, knots: tuple[float, ...], join: str) -> np.ndarray:
    """Columns of least squares with breaks at these days."""
    x = (days - days.mean()) / DAYS_PER_YEAR
    at = [(knot - days.mean()) / DAYS_PER_YEAR for knot in knots]
    if join == "meet":
        return np.column_stack([np.ones_like(x), x, *(np.maximum(x - t, 0) for t in at)])
    piece = np.searchsorted(np.array(knots), days, "right")
    return np.column_stack([column * (piece == p) for p in range(len(knots) + 1) for column in (np.ones_like(x), x)])


def by_brute_force(points: Points, breaks: int, join: str, least: int) -> tuple[float, tuple[float, ...]]:
    """Least BIC over all days between points, by fitting each with statsmodels."""
    days = points.days
    cuts = [i for i in range(least, points.n - least + 1) if days[i] > days[i - 1]]
    found = []
    for way in combinations(cuts, breaks):
        ends = [0, *way, points.n]
        if min(np.diff(ends)) < least:
            continue
        knots = tuple(float(days[i - 1] + days[i]) / 2 for i in way)
        fit = sm.OLS(points.logs, design(days, knots, join)).fit()
        parameters = (2 if join == "meet" else 3) * breaks + 3
        found.append((-2 * fit.llf + parameters * np.log(points.n), knots))
    return min(found)


@pytest.mark.parametrize("join", ["meet", "apart"])
@pytest.mark.parametrize("breaks", [0, 1, 2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_days_and_the_criterion_are_those_of_brute_force(join: str, breaks: int, seed: int) -> None:
    points = world(seed, 40, truth=bent)
    trend = segmented(points, breaks=breaks, join=join, least=6)
    score, knots = by_brute_force(points, breaks, join, 6)
    assert trend.bic[breaks] == pytest.approx(score, rel=1e-9)
    assert [b.day for b in trend.breaks] == pytest.approx(knots)
    fit = sm.OLS(points.logs, design(points.days, knots, join)).fit()
    np.testing.assert_allclose(trend.logs_at(points.days), fit.fittedvalues, rtol=1e-8)
    assert trend.r2 == pytest.approx(fit.rsquared, rel=1e-9)


def test_three_breaks_of_lines_apart_are_those_of_brute_force() -> None:
    points = world(4, 32, truth=bent)
    trend = segmented(points, breaks=3, join="apart", least=5)
    score, knots = by_brute_force(points, 3, "apart", 5)
    assert trend.bic[3] == pytest.approx(score, rel=1e-9)
    assert [b.day for b in trend.breaks] == pytest.approx(knots)


@pytest.mark.parametrize("join", ["meet", "apart"])
@pytest.mark.parametrize("breaks", [1, 2])
def test_every_resample_is_searched_like_the_points(join: str, breaks: int) -> None:
    """Points repeated as often as a resample draws them have the break of that resample."""
    from comptometer.trends._resampling import Sampler

    points = world(5, 60, truth=bent)
    resampling = Resampling(name="test", draws=8)
    trend = segmented(points, draws=8, breaks=breaks, join=join, least=6)
    assert trend.draws == 8
    (resample,) = Sampler(points, resampling).chunks()
    for draw, counts in enumerate(resample.rows.astype(int)):
        fit = sm.WLS(
            points.logs, design(points.days, tuple(float(b.days[draw]) for b in trend.breaks), join), weights=counts
        ).fit()
        lines = trend.resampled_logs_at(points.days)[draw]
        drawn = counts > 0
        np.testing.assert_allclose(lines[drawn], fit.fittedvalues[drawn], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("join", ["meet", "apart"])
@LAW
@given(late=st.floats(-0.5, 2), knot=st.integers(12, 28), step=st.floats(0.5, 3))
def test_a_bend_without_noise_is_recovered(join: str, late: float, knot: int, step: float) -> None:
    days = START + 100 * np.arange(40.0)
    early = late + 0.8
    at = days[knot] - 50  # in the middle between two points
    x = (days - at) / DAYS_PER_YEAR
    logs = np.where(x < 0, early * x, late * x + (step if join == "apart" else 0.0))
    trend = segmented(Points(days=days, logs=logs), breaks=1, join=join, draws=50)
    assert trend.breaks[0].day == pytest.approx(at)
    assert [s.dex_per_year.estimate for s in trend.segments] == pytest.approx([early, late], abs=1e-5)
    assert trend.segments[0].last == trend.segments[1].first == trend.breaks[0].day


def test_lines_that_meet_do() -> None:
    trend = segmented(world(6, 100, truth=bent), breaks=2)
    for b in trend.breaks:
        before, behind = trend.logs_at([b.day - 1e-6, b.day])
        assert before == pytest.approx(behind, abs=1e-6)
    at = trend.breaks[0]
    left = trend.segments[0].levels + trend.segments[0].slopes * (at.days - trend.origin)
    right = trend.segments[1].levels + trend.segments[1].slopes * (at.days - trend.origin)
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_a_clear_bend_is_found_and_dated() -> None:
    trend = segmented(world(7, 300, truth=bent, scatter=0.5), draws=400)
    (found,) = trend.breaks
    assert found.identified
    assert "BIC gains" in found.why
    low, high = found.interval()
    assert low < START + BEND * DAYS_PER_YEAR < high
    assert high - low < 3 * DAYS_PER_YEAR
    assert trend.dex_per_year.estimate == pytest.approx(LATE_SLOPE, abs=0.1)
    assert trend.bic[1] < trend.bic[0]
    assert found.to_dict()["p5"] <= found.to_dict()["day"] <= found.to_dict()["p95"]


def test_where_there_is_no_bend_none_is_drawn() -> None:
    """In one of a hundred straight worlds at most; the break that was looked for is named with its reasons."""
    shown = 0
    for seed in range(150):
        trend = FITS["segmented"](world(seed), Resampling(name=str(seed), draws=200))
        shown += len(trend.breaks)
        assert trend.breaks or trend.unidentified
        for b in trend.unidentified:
            assert not b.identified
            assert "asked for" in b.why or "of the window" in b.why
    assert shown <= 1


def test_a_trend_without_an_identified_break_is_the_straight_line() -> None:
    points = world(8)
    one, other = segmented(points), FITS["log-linear"](points, Resampling(name="test", draws=100))
    assert not one.breaks
    assert one.slope == pytest.approx(other.slope, rel=1e-9)
    np.testing.assert_allclose(one.slopes, other.slopes, rtol=1e-7)


def test_a_number_of_breaks_that_is_asked_for_is_drawn_and_judged() -> None:
    trend = segmented(world(8), breaks=1)
    assert len(trend.segments) == 2
    assert not trend.breaks[0].identified


def test_the_bands_follow_the_break_of_each_resample() -> None:
    trend = segmented(world(9, 200, truth=bent, scatter=0.3), breaks=1, draws=300)
    days = np.linspace(trend.segments[0].first, trend.segments[-1].last, 50)
    low, high = trend.band(days)
    assert np.all(low <= high)
    assert np.mean((low <= trend.at(days)) & (trend.at(days) <= high)) > 0.9


@pytest.mark.parametrize(
    "options",
    [{"breaks": 4}, {"breaks": -1}, {"breaks": "many"}, {"breaks": True}, {"breaks": 3}, {"join": "x"}, {"least": 2}],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"^{next(iter(options))}: "):
        segmented(world(1), **options)


def test_breaks_for_which_there_are_too_few_points_are_refused_and_not_tried() -> None:
    few = world(1, 19)
    with pytest.raises(NotEnoughEvidence, match="10 points in each of 2 pieces, and there are 19"):
        segmented(few, breaks=1)
    assert segmented(few).breaks == []
    two_days = Points(days=np.repeat([START, START + 100], 15), logs=np.arange(30.0))
    with pytest.raises(NotEnoughEvidence, match="two days"):
        segmented(two_days, breaks=1, join="apart")
