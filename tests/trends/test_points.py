"""What is fitted, and what is refused before any fit."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.trends import Points, Resampling

DAYS = [date(2022, 1, 1), date(2020, 1, 1), date(2021, 1, 1)]


def test_points_come_in_order_of_their_days_with_all_that_belongs_to_them() -> None:
    points = Points.of(
        DAYS, [100.0, 1.0, 10.0], organizations=["b", "a", "a"], spread_dex=[0.3, 0.1, 0.2], names=["z", "x", "y"]
    )
    assert list(points.days) == sorted(day.toordinal() for day in DAYS)
    np.testing.assert_allclose(points.logs, [0, 1, 2])
    assert points.groups is not None
    assert points.spread is not None
    assert points.groups[0] == points.groups[1] != points.groups[2]
    assert list(points.spread) == [0.1, 0.2, 0.3]
    assert points.names == ["x", "y", "z"]


def test_points_of_one_day_keep_their_order() -> None:
    points = Points.of([DAYS[0], DAYS[1], DAYS[0]], [1.0, 2.0, 3.0], names=["first", "early", "second"])
    assert points.names == ["early", "first", "second"]


def test_values_that_are_all_exact_have_no_spread() -> None:
    assert Points.of(DAYS, [1.0, 2.0, 3.0], spread_dex=[0.0, 0.0, 0.0]).spread is None


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_a_value_without_a_logarithm_is_refused_by_name(value: float) -> None:
    with pytest.raises(UsageError, match=r"finite number above 0.*1 of 3 are not, the first is GPT-2"):
        Points.of(DAYS, [1.0, value, 2.0], names=["GPT-1", "GPT-2", "GPT-3"])
    with pytest.raises(UsageError, match=r"the first is number 2 of 3"):
        Points.of(DAYS, [1.0, value, 2.0])


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError, match=r"(?s)value must.*spread must"):
        Points.of(DAYS, [1.0, -1.0, 2.0], spread_dex=[0.1, math.nan, -0.1])


def test_columns_of_unequal_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="3 days but 3 values, 2 names"):
        Points.of(DAYS, [1.0, 2.0, 3.0], names=["a", "b"])


def test_two_points_are_not_enough_and_one_day_is_none() -> None:
    with pytest.raises(NotEnoughEvidence, match="at least 3 points, got 2"):
        Points.of(DAYS[:2], [1.0, 2.0])
    with pytest.raises(NotEnoughEvidence, match="one day, 2022-01-01") as raised:
        Points.of(DAYS[:1] * 4, [1.0, 2.0, 3.0, 4.0])
    assert raised.value.exit_status == 4


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"by": "country"}])
def test_resampling_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError) as raised:
        Resampling(name="x", **wrong)  # type: ignore[arg-type]
    assert raised.value.exit_status == 2
