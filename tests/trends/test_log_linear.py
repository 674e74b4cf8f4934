"""The fit of log2 on the date: the published trend of 2018, slopes that are known, and what is refused."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from comptometer.errors import NotEnoughEvidence, NotFound, UsageError
from comptometer.trends import FITS, Trend
from comptometer.trends.log_linear import fit_log_linear, log_linear

LAW = settings(deadline=None, max_examples=50)
MONTH = 30.5  # days; the month in which the article's 3.43 comes out

# OpenAI, "AI and Compute" (2018), data of the first chart: model, date, pfs-days, and the doubling time without it in
# months of 30.4375 days (reference original-analysis.md, sections 3 and 7).
POINTS = [
    ("AlexNet", date(2012, 6, 1), 0.00578754, 3.06),
    ("Dropout", date(2012, 7, 3), 0.0021312, 3.20),
    ("Visualizing", date(2013, 11, 12), 0.00615384, 3.45),
    ("DQN", date(2013, 12, 19), 2.7e-5, 3.78),
    ("VGG", date(2014, 9, 4), 0.098, 3.42),
    ("Seq2Seq", date(2014, 9, 10), 0.09324, 3.42),
    ("GoogLeNet", date(2014, 9, 17), 0.018, 3.47),
    ("DeepSpeech2", date(2015, 12, 8), 0.24, 3.41),
    ("ResNet-152", date(2015, 12, 10), 0.12053333, 3.40),
    ("GNMT", date(2016, 9, 25), 79.42774259, 3.54),
    ("Xception", date(2016, 10, 7), 5.21478, 3.42),
    ("Neural Architecture Search", date(2016, 11, 5), 31.999968, 3.49),
    ("TI7 Dota 1v1", date(2017, 8, 11), 6.974926, 3.27),
    ("AlphaGo Zero", date(2017, 10, 19), 1862, 3.71),
    ("AlphaZero", date(2017, 12, 5), 420, 3.54),
]


def fitted(without: tuple[str, ...] = (), draws: int = 100) -> Trend:
    kept = [(day, value) for name, day, value, _ in POINTS if name not in without]
    return log_linear([day for day, _ in kept], [value for _, value in kept], name="ai-and-compute", draws=draws)


def doubling_every(days: float, n: int = 20, start: date = date(2010, 1, 1)) -> tuple[list[date], list[float]]:
    dates = [start + timedelta(days=100 * i) for i in range(n)]
    return dates, [1e-3 * 2 ** (100 * i / days) for i in range(n)]


# The article.


def test_the_fifteen_points_double_every_3_43_months() -> None:
    line = fitted()
    assert line.n == 15
    assert line.doubling_days.estimate == pytest.approx(104.60545, abs=1e-3)
    assert line.doubling_months(MONTH).estimate == pytest.approx(3.43, abs=0.001)
    assert line.doubling_months().estimate == pytest.approx(3.437, abs=0.001)
    assert line.doubling_months(30).estimate == pytest.approx(3.487, abs=0.001)
    assert line.growth_per_year.estimate == pytest.approx(11.2487, abs=1e-3)


def test_the_line_through_the_fifteen_points_is_the_published_one() -> None:
    line = fitted()
    assert line.slope / math.log10(2) == pytest.approx(0.00955973, abs=1e-8)
    assert math.log2(line.at([date(2012, 1, 1).toordinal()])[0]) == pytest.approx(-13.55615, abs=1e-4)
    assert line.r2 == pytest.approx(0.7723, abs=5e-5)
    assert line.residual_sd == pytest.approx(1.078, abs=5e-4)  # dex, a factor of 12


def test_resampling_the_fifteen_points_gives_the_interval_of_the_reference() -> None:
    months = fitted(draws=10_000).doubling_months(MONTH)
    low, high = months.to_dict()["p5"], months.to_dict()["p95"]
    assert low == pytest.approx(2.54, abs=0.1)
    assert high == pytest.approx(4.45, abs=0.1)
    lower, upper = np.quantile(months.samples, [0.025, 0.975])
    assert lower == pytest.approx(2.38, abs=0.1)
    assert upper == pytest.approx(4.69, abs=0.15)


@pytest.mark.parametrize(("name", "months"), [(name, months) for name, _, _, months in POINTS])
def test_leaving_one_point_out_gives_the_doubling_time_of_the_reference(name: str, months: float) -> None:
    assert fitted((name,)).doubling_months().estimate == pytest.approx(months, abs=0.0051)


def test_other_choices_of_points_give_the_doubling_times_of_the_reference() -> None:
    assert fitted(("AlphaGo Zero", "AlphaZero")).doubling_months().estimate == pytest.approx(3.96, abs=0.0051)
    record = {"AlexNet", "Visualizing", "VGG", "DeepSpeech2", "GNMT", "AlphaGo Zero"}
    records = fitted(tuple(name for name, *_ in POINTS if name not in record))
    assert records.doubling_months().estimate == pytest.approx(3.39, abs=0.0051)
    assert records.r2 == pytest.approx(0.87, abs=0.0051)


def test_epochs_new_values_for_two_games_change_the_trend_to_4_52_months() -> None:
    values = [{"AlphaGo Zero": 7.52, "AlphaZero": 1.23}.get(name, value) for name, _, value, _ in POINTS]
    line = log_linear([day for _, day, _, _ in POINTS], values, name="epoch", draws=10)
    assert line.doubling_months().estimate == pytest.approx(4.52, abs=0.0051)


def test_the_first_era_doubles_every_two_years() -> None:
    # Reference, section 8: seven readings of the chart of the 2019 addendum, 21.8 months.
    days = [
        date(1959, 7, 1), date(1987, 6, 1), date(1989, 12, 1), date(1992, 5, 1), date(1998, 11, 1), date(2005, 8, 1),
        date(2010, 3, 1),
    ]  # fmt: skip
    values = [8.0e-15, 3.2e-10, 1.22e-10, 2.11e-7, 3.25e-8, 2.79e-7, 1.51e-6]
    assert log_linear(days, values, name="first era", draws=10).doubling_months().estimate == pytest.approx(
        21.8, abs=0.1
    )


# Slopes that are known.


@LAW
@given(st.floats(20, 2000), st.integers(3, 40), st.floats(1e-12, 1e12))
def test_a_line_without_noise_is_recovered(days: float, n: int, level: float) -> None:
    dates, values = doubling_every(days, n)
    line = log_linear(dates, [level * value for value in values], name="synthetic", draws=50)
    assert line.doubling_days.estimate == pytest.approx(days, rel=1e-9)
    assert line.r2 == pytest.approx(1, abs=1e-9)
    assert line.residual_sd == pytest.approx(0, abs=1e-9)
    assert line.growth_per_year.estimate == pytest.approx(2 ** (365.25 / days), rel=1e-9)
    np.testing.assert_allclose(line.doubling_days.samples, days, rtol=1e-6)
    np.testing.assert_allclose(line.at([day.toordinal() for day in dates]), [level * v for v in values], rtol=1e-9)


def test_a_line_with_noise_agrees_with_scipy() -> None:
    noise = np.random.default_rng(1).normal(0, 1.5, 40)
    dates, values = doubling_every(180, 40)
    noisy = [value * 2**e for value, e in zip(values, noise, strict=True)]
    line = log_linear(dates, noisy, name="noisy", draws=10)
    peer = stats.linregress([day.toordinal() for day in dates], np.log10(noisy))
    assert line.slope == pytest.approx(peer.slope, rel=1e-9)
    assert line.r2 == pytest.approx(peer.rvalue**2, rel=1e-9)
    x = np.array([day.toordinal() for day in dates], dtype=float)
    assert line.residual_sd == pytest.approx(peer.stderr * math.sqrt(np.sum((x - x.mean()) ** 2)), rel=1e-9)


def test_the_resampled_interval_covers_a_known_slope_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    covered = 0
    for i in range(200):
        dates, values = doubling_every(180, 30)
        noisy = [value * 2**e for value, e in zip(values, generator.normal(0, 1.5, 30), strict=True)]
        low, high = np.quantile(log_linear(dates, noisy, name=f"{i}", draws=400).slopes, [0.05, 0.95])
        covered += low <= math.log10(2) / 180 <= high
    assert 0.80 <= covered / 200 <= 0.96  # 90% nominal; a percentile bootstrap of 30 rows is a little narrow


@LAW
@given(st.floats(1e-20, 1e20))
def test_the_unit_of_the_quantity_does_not_change_the_trend(unit: float) -> None:
    days = [day for _, day, _, _ in POINTS]
    one = fitted()
    other = log_linear(days, [unit * value for _, _, value, _ in POINTS], name="ai-and-compute", draws=100)
    assert other.slope == pytest.approx(one.slope, rel=1e-9)
    assert other.r2 == pytest.approx(one.r2, rel=1e-9)
    np.testing.assert_allclose(other.slopes, one.slopes, rtol=1e-6, atol=1e-12)


@LAW
@given(st.permutations(range(15)))
def test_the_order_of_the_rows_does_not_change_the_line(order: list[int]) -> None:
    rows = [POINTS[i] for i in order]
    line = log_linear([day for _, day, _, _ in rows], [value for _, _, value, _ in rows], name="any", draws=10)
    assert line.slope == pytest.approx(fitted().slope, rel=1e-12)
    assert line.origin == date(2012, 6, 1).toordinal()


@LAW
@given(
    st.lists(st.tuples(st.dates(date(1950, 1, 1), date(2030, 1, 1)), st.floats(1e-6, 1e6)), min_size=3, max_size=20),
)
def test_the_share_explained_is_a_share(rows: list[tuple[date, float]]) -> None:
    assume(len({day for day, _ in rows}) > 1)
    line = log_linear([day for day, _ in rows], [value for _, value in rows], name="any", draws=20)
    assert -1e-9 <= line.r2 <= 1 + 1e-9


# Resampling.


def test_the_same_points_and_name_give_the_same_bytes() -> None:
    one, again, other = fitted(draws=500), fitted(draws=500), log_linear(*doubling_every(180), name="x", draws=500)
    assert one.slopes.tobytes() == again.slopes.tobytes()
    assert one.levels.tobytes() == again.levels.tobytes()
    assert one.slopes.tobytes() != other.slopes.tobytes()


def test_another_process_gives_the_same_bytes() -> None:
    script = (
        "import hashlib\nfrom datetime import date\nfrom comptometer.trends.log_linear import log_linear\n"
        f"days = [date.fromordinal(n) for n in {[day.toordinal() for _, day, _, _ in POINTS]}]\n"
        f"line = log_linear(days, {[value for _, _, value, _ in POINTS]}, name='ai-and-compute', draws=500)\n"
        "print(hashlib.sha256(line.slopes.tobytes() + line.levels.tobytes()).hexdigest())"
    )
    line = fitted(draws=500)
    here = hashlib.sha256(line.slopes.tobytes() + line.levels.tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert there == here


def test_another_name_resamples_other_rows() -> None:
    days, values = [day for _, day, _, _ in POINTS], [value for _, _, value, _ in POINTS]
    one, other = (log_linear(days, values, name=name, draws=500) for name in ("a", "b"))
    assert one.slope == other.slope
    assert not np.array_equal(one.slopes, other.slopes)


def test_a_resample_without_a_slope_is_left_out_and_not_counted_as_zero() -> None:
    days = [date(2020, 1, 1), date(2020, 1, 1), date(2020, 1, 1), date(2021, 1, 1)]
    line = log_linear(days, [1.0, 2.0, 4.0, 64.0], name="mostly one day", draws=2000)
    assert np.all(np.isfinite(line.slopes))
    assert np.all(np.isfinite(line.levels))
    assert len(line.slopes) == len(line.levels)
    assert np.all(line.slopes > 0)


def test_the_band_is_narrowest_in_the_middle_and_holds_the_line() -> None:
    line = fitted(draws=2000)
    days = [date(year, 1, 1).toordinal() for year in (2010, 2015, 2020)]
    low, high = line.band(days)
    assert np.all(low < line.at(days))
    assert np.all(line.at(days) < high)
    width = high / low
    assert width[1] < width[0]
    assert width[1] < width[2]
    wider_low, wider_high = line.band(days, 0.99)
    assert np.all(wider_low < low)
    assert np.all(high < wider_high)


# What does not grow.


@pytest.mark.parametrize("values", [[8.0, 8.0, 8.0, 8.0], [0.1, 0.1, 0.1, 0.1]])
def test_what_stays_the_same_never_doubles(values: list[float]) -> None:
    line = log_linear([date(2020, 1, day) for day in (1, 2, 3, 4)], values, name="flat", draws=50)
    assert line.slope == pytest.approx(0, abs=1e-12)
    assert line.growth_per_year.estimate == pytest.approx(1, rel=1e-9)
    assert line.doubling_days.estimate > 1e12
    line.doubling_days.to_dict()


def test_what_shrinks_never_doubles() -> None:
    line = log_linear([date(2020, 1, day) for day in (1, 2, 3, 4)], [8.0, 4.0, 2.0, 1.0], name="shrinking", draws=50)
    assert line.slope == pytest.approx(-math.log10(2))
    assert line.doubling_days.estimate == math.inf
    assert line.doubling_days.to_dict() == {"estimate": None, "p5": None, "p50": None, "p95": None}


def test_a_trend_that_some_resamples_lack_has_no_upper_end() -> None:
    days = [date(2020, 1, day) for day in range(1, 9)]
    line = log_linear(days, [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0], name="weak", draws=2000)
    said = line.doubling_days.to_dict()
    assert said["p95"] is None
    assert said["estimate"] is not None
    assert said["p5"] is not None
    assert said["p5"] > 0


# What is refused.

THREE = [date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)]


@pytest.mark.parametrize("values", [[0.0, 1.0, 2.0], [-1.0, 1.0, 2.0], [math.nan, 1, 2], [1, 2, math.inf]])
def test_a_value_without_a_logarithm_is_refused(values: list[float]) -> None:
    with pytest.raises(UsageError, match="above 0"):
        log_linear(THREE, values, name="x")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_points_are_not_enough(n: int) -> None:
    with pytest.raises(NotEnoughEvidence, match=f"at least 3 points, got {n}"):
        log_linear(THREE[:n], [1.0, 2.0, 4.0][:n], name="x")


def test_points_of_one_day_have_no_trend() -> None:
    with pytest.raises(NotEnoughEvidence, match="one day"):
        log_linear([THREE[0]] * 3, [1.0, 2.0, 4.0], name="x")


def test_days_and_values_of_unequal_number_are_refused() -> None:
    with pytest.raises(UsageError, match="3 days but 2 values"):
        log_linear(THREE, [1.0, 2.0], name="x")


# The folder.


def test_the_fit_is_found_by_its_name() -> None:
    assert FITS["log-linear"] is fit_log_linear
    with pytest.raises(NotFound, match="log-linear"):
        FITS["log-liner"]
