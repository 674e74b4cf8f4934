"""Two eras with a given day between them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from worlds import START, bent, world

from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.growth import trend
from comptometer.trends import FITS, Points, Resampling, Trend

KNOT = date(2018, 1, 1)


def two_era(points: Points, draws: int = 100, **options: Any) -> Trend:
    return FITS["two-era"](points, Resampling(name="test", draws=draws), **options)


@pytest.mark.parametrize(
    ("data", "early", "late"),
    [("epoch-2024-05", 8.25, 3.33), ("epoch-2025-06", 6.76, 3.63), ("epoch-2026-07", 5.46, 4.26)],
)
def test_the_ten_largest_before_and_after_2018(data: str, early: float, late: float) -> None:
    """Sevilla and Roldan 2024 print 3.33 for the later era; the rest is what their recipe gave others on each table."""
    found = trend(
        data=data, select="frontier", until="2024-05-31", method="two-era", options={"knot": "2018-01-01"}, draws=100
    ).trend
    assert [s.growth_per_year.estimate for s in found.segments] == pytest.approx([early, late], abs=0.006)


def test_lines_that_meet_are_least_squares_with_a_hinge() -> None:
    points = world(1, truth=bent)
    found = two_era(points, knot=KNOT)
    x = points.days - KNOT.toordinal()
    fit = sm.OLS(points.logs, np.column_stack([np.ones_like(x), x, np.maximum(x, 0)])).fit()
    np.testing.assert_allclose(found.logs_at(points.days), fit.fittedvalues, rtol=1e-9)
    assert found.residual_sd == pytest.approx(np.sqrt(fit.mse_resid), rel=1e-9)
    assert found.r2 == pytest.approx(fit.rsquared, rel=1e-9)


def test_lines_apart_are_each_fitted_to_their_own_points() -> None:
    points = world(2, truth=bent)
    found = two_era(points, knot=KNOT, join="apart")
    early = points.days < KNOT.toordinal()
    for segment, era in zip(found.segments, (early, ~early), strict=True):
        fit = sm.OLS(points.logs[era], sm.add_constant(points.days[era] - found.origin)).fit()
        assert segment.slope == pytest.approx(fit.params[1], rel=1e-9)
        assert segment.level == pytest.approx(fit.params[0], rel=1e-9)


def test_the_day_may_be_text_and_is_in_every_resample() -> None:
    found = two_era(world(3), knot="2018-01-01")
    assert found.breaks[0].day == KNOT.toordinal()
    assert found.breaks[0].interval() == (KNOT.toordinal(), KNOT.toordinal())
    assert found.segments[0].last == found.segments[1].first == KNOT.toordinal()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "knot: two-era needs the day"),
        ({"knot": "soon"}, "knot: 'soon' is not a date"),
        ({"knot": "2018-01-01", "join": "both"}, "join: of two-era is apart or meet"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        two_era(world(4), **options)


@pytest.mark.parametrize("knot", ["2009-01-01", "2030-01-01"])
def test_an_era_without_points_is_not_enough(knot: str) -> None:
    with pytest.raises(NotEnoughEvidence, match="3 points on two days"):
        two_era(world(5), knot=knot)


def test_an_era_of_one_day_is_not_enough() -> None:
    days = np.array([START, START, START, START + 900, START + 1000, START + 1100])
    with pytest.raises(NotEnoughEvidence, match="3 on 1"):
        two_era(Points(days=days, logs=np.arange(6.0)), knot="2011-01-01")
