"""What every way to fit must do: recover what is known, repeat itself, and refuse what it cannot use."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import SLOPE, world

from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.trends import DAYS_PER_MONTH, FITS, Points, Resampling, Trend

FOLDER = str(Path(__file__).parent)
NEEDED: dict[str, dict[str, Any]] = {"two-era": {"knot": "2012-06-01"}}
NAMES = list(FITS)
LAW = settings(deadline=None, max_examples=15)


def fitted(name: str, points: Points, *, draws: int = 60, **resampling: Any) -> Trend:
    return FITS[name](points, Resampling(name="test", draws=draws, **resampling), **NEEDED.get(name, {}))


def doubling_every(months: float, n: int = 40) -> Points:
    days = [date(2010, 1, 1) + timedelta(days=50 * at) for at in range(n)]
    return Points.of(days, [1e18 * 2 ** (50 * at / (months * DAYS_PER_MONTH)) for at in range(n)])


def test_there_are_five() -> None:
    assert set(NAMES) == {"log-linear", "quantile", "theil-sen", "segmented", "two-era"}


@pytest.mark.parametrize("name", NAMES)
@LAW
@given(months=st.floats(1, 60))
def test_a_line_without_noise_is_recovered(name: str, months: float) -> None:
    points = doubling_every(months)
    trend = fitted(name, points, draws=20)
    assert trend.doubling_months().estimate == pytest.approx(months, rel=1e-6)
    assert trend.r2 == pytest.approx(1, abs=1e-6)
    assert trend.residual_sd == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(trend.logs_at(points.days), points.logs, atol=1e-6)
    np.testing.assert_allclose(trend.doubling_months().samples, months, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_slope_under_noise_is_found_within_its_interval(name: str) -> None:
    low, high = fitted(name, world(3, 400), draws=200).dex_per_year.interval(0.999)
    assert low < SLOPE < high


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_of_the_values_does_not_matter(name: str) -> None:
    points = world(4, 80)
    one, other = fitted(name, points), fitted(name, replace(points, logs=points.logs + 18))
    assert other.slope == pytest.approx(one.slope, rel=1e-9)
    np.testing.assert_allclose(other.slopes, one.slopes, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(other.logs_at(points.days), one.logs_at(points.days) + 18, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_resampling_organizations_is_resampling_models_where_each_has_one(name: str) -> None:
    points = world(5, 60)
    by_model, by_organization = fitted(name, points), fitted(name, points, by="organization")
    np.testing.assert_allclose(by_model.slopes, by_organization.slopes, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_organizations_come_with_all_their_models(name: str) -> None:
    """Two organizations of which one repeats the other have one slope only, however they are drawn."""
    once = world(6, 40)
    twice = Points(
        days=np.repeat(once.days, 2),
        logs=np.repeat(once.logs, 2),
        groups=np.tile(np.array([0, 1], dtype=np.intp), 40),
    )
    trend = fitted(name, twice, by="organization")
    np.testing.assert_allclose(trend.slopes, trend.slope, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_uncertain_values_make_the_interval_wider(name: str) -> None:
    points = world(7, 120, scatter=0.2, spread=1.0)
    exact = replace(points, spread=None)
    quiet, noisy = (fitted(name, p, draws=200, noise=True).dex_per_year for p in (exact, points))
    assert noisy.estimate == pytest.approx(quiet.estimate)
    assert np.std(noisy.samples) > 1.1 * np.std(quiet.samples)


@pytest.mark.parametrize("name", NAMES)
def test_another_process_gives_the_same_bytes(name: str) -> None:
    script = (
        f"import hashlib, sys\nsys.path.insert(0, {FOLDER!r})\n"
        "from worlds import world\nfrom comptometer.trends import FITS, Resampling\n"
        "resampling = Resampling(name='x', draws=150, by='organization', noise=True)\n"
        f"trend = FITS[{name!r}](world(8, 90, organizations=30, spread=0.3), resampling, **{NEEDED.get(name, {})!r})\n"
        "print(hashlib.sha256(b''.join(s.slopes.tobytes() + s.levels.tobytes() for s in trend.segments)).hexdigest())"
    )
    resampling = Resampling(name="x", draws=150, by="organization", noise=True)
    trend = FITS[name](world(8, 90, organizations=30, spread=0.3), resampling, **NEEDED.get(name, {}))
    here = hashlib.sha256(b"".join(s.slopes.tobytes() + s.levels.tobytes() for s in trend.segments)).hexdigest()
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert there == here


@pytest.mark.parametrize("name", NAMES)
def test_how_many_draws_come_at_a_time_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from comptometer.trends import _resampling

    points = world(9, 90, organizations=30, spread=0.3)
    whole = fitted(name, points, draws=90, by="organization", noise=True)
    monkeypatch.setattr(_resampling, "CHUNK", 7)
    parts = fitted(name, points, draws=90, by="organization", noise=True)
    np.testing.assert_allclose(parts.slopes, whole.slopes, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_bands_hold_the_line_and_widen_for_single_points(name: str) -> None:
    points = world(10, 120)
    trend = fitted(name, points, draws=400)
    days = points.days[::10]
    low, high = trend.band(days)
    lower, higher = trend.prediction_band(days)
    assert np.mean((low <= trend.at(days)) & (trend.at(days) <= high)) > 0.8
    assert np.all(lower < low)
    assert np.all(higher > high)
    level = trend.level_at(float(days[3]))
    assert 10 ** level.interval()[0] == pytest.approx(low[3])


@pytest.mark.parametrize("name", NAMES)
def test_a_single_organization_is_not_enough(name: str) -> None:
    points = replace(world(11, 40), groups=np.zeros(40, dtype=np.intp))
    with pytest.raises(NotEnoughEvidence, match=r"one organization.*resample by model"):
        fitted(name, points, by="organization")


@pytest.mark.parametrize("name", NAMES)
def test_organizations_that_nobody_named_cannot_be_resampled(name: str) -> None:
    with pytest.raises(UsageError, match="resample by model"):
        fitted(name, doubling_every(5), by="organization")


@pytest.mark.parametrize("name", NAMES)
def test_an_option_that_it_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="knots: does not belong to the method"):
        FITS[name](doubling_every(5), Resampling(name="x"), **NEEDED.get(name, {}), knots=3)
