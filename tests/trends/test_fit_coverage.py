"""Does a 90% interval hold the truth in nine of ten simulated worlds?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from worlds import BEND, LATE_SLOPE, SLOPE, START, bent, world

from comptometer.trends import DAYS_PER_YEAR, FITS, Resampling, Unit

KNOT = {"knot": "2018-01-01"}  # eight years after the start

CLUSTERED: dict[str, Any] = {"organizations": 80, "n": 300, "shared": 0.6}


def covered(
    name: str, worlds: int, slope: float, *, draws: int = 400, by: Unit = "model", options: Any = None, **asked: Any
) -> float:
    """Share of the worlds whose interval of the (last) slope holds the truth."""
    held = 0
    for seed in range(worlds):
        resampling = Resampling(name=str(seed), draws=draws, by=by)
        low, high = FITS[name](world(seed, **asked), resampling, **(options or {})).dex_per_year.interval()
        held += low <= slope <= high
    return held / worlds


def test_of_independent_points() -> None:
    assert 0.87 <= covered("log-linear", 1000, SLOPE) <= 0.93


def test_of_points_of_organizations_if_organizations_are_resampled() -> None:
    assert 0.87 <= covered("log-linear", 1000, SLOPE, by="organization", **CLUSTERED) <= 0.93


def test_resampling_models_is_too_sure_where_models_of_an_organization_are_alike() -> None:
    assert covered("log-linear", 300, SLOPE, by="model", **CLUSTERED) < 0.82


@pytest.mark.parametrize("join", ["meet", "apart"])
def test_of_two_eras(join: str) -> None:
    assert 0.87 <= covered("two-era", 2500, LATE_SLOPE, n=250, truth=bent, options={**KNOT, "join": join}) <= 0.93


@pytest.mark.slow
def test_of_the_median_of_slopes() -> None:
    assert 0.87 <= covered("theil-sen", 1000, SLOPE, draws=300) <= 0.93


@pytest.mark.slow
def test_of_the_median_of_slopes_of_organizations() -> None:
    assert 0.87 <= covered("theil-sen", 600, SLOPE, draws=300, by="organization", **CLUSTERED) <= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_of_quantiles(quantile: float) -> None:
    assert 0.87 <= covered("quantile", 1000, SLOPE, draws=300, n=200, options={"quantile": quantile}) <= 0.93


@pytest.mark.slow
def test_of_the_slope_behind_a_break_and_of_its_day() -> None:
    slopes = days = 0
    for seed in range(600):
        points = world(seed, 600, truth=bent, scatter=0.4)
        trend = FITS["segmented"](points, Resampling(name=str(seed), draws=400), breaks=1)
        low, high = trend.dex_per_year.interval()
        slopes += low <= LATE_SLOPE <= high
        first, last = trend.breaks[0].interval()
        days += first <= START + BEND * DAYS_PER_YEAR <= last
    assert 0.87 <= slopes / 600 <= 0.93
    assert 0.87 <= days / 600 <= 0.93


def test_of_single_points_and_of_the_mean_line() -> None:
    """Of new points of the last day; the line's own band is much narrower and holds few of them."""
    inside = line_inside = 0
    for seed in range(300):
        trend = FITS["log-linear"](world(seed), Resampling(name=str(seed), draws=400))
        day = START + 13 * DAYS_PER_YEAR
        new = 10 ** (SLOPE * 13 + np.random.default_rng([seed, 1]).normal(0, 0.8, 10))
        low, high = trend.prediction_band([day])
        inside += int(np.sum((low <= new) & (new <= high)))
        low, high = trend.band([day])
        line_inside += bool(low[0] <= 10 ** (SLOPE * 13) <= high[0])
    assert 0.87 <= inside / 3000 <= 0.93
    assert 0.87 <= line_inside / 300 <= 0.93
