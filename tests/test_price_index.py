"""Dollars of one year in dollars of another."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from comptometer import price_index
from comptometer.errors import DataError, UsageError

UPSTREAM = Path(__file__).parents[2] / "shared/data/epoch/price-index-PCU518210518210.csv.gz"


def test_the_index_is_a_hundred_in_december_2000_and_has_every_month_since() -> None:
    assert price_index.months()[2000, 12] == 100
    assert len(price_index.months()) == 12 * 24 + 7  # December 2000 to June 2025
    assert price_index.newest_year() == 2024


def test_a_dollar_of_a_year_is_on_average_a_dollar_of_that_year() -> None:
    mean = sum(1 / price_index.deflator(date(2019, month, 1), 2019) for month in range(1, 13)) / 12
    assert mean == pytest.approx(1)


def test_there_and_back_is_one() -> None:
    there = price_index.deflator(date(2016, 5, 1), 2023) / price_index.deflator(date(2020, 5, 1), 2023)
    assert there == pytest.approx(price_index.at(date(2020, 5, 1)) / price_index.at(date(2016, 5, 1)))


def test_a_day_outside_the_series_takes_its_nearest_end() -> None:
    assert price_index.at(date(1990, 1, 1)) == 100
    assert price_index.at(date(2031, 1, 1)) == price_index.at(date(2025, 6, 1))
    assert not price_index.covers(date(2031, 1, 1))


def test_dollars_of_an_unfinished_year_are_refused() -> None:
    with pytest.raises(UsageError, match="2001 to 2024"):
        price_index.deflator(date(2020, 1, 1), 2025)


def test_made_anew_it_is_the_shipped_one() -> None:
    if not UPSTREAM.exists():
        pytest.skip("the table that it was made from is not at hand")
    assert price_index.reduce(gzip.decompress(UPSTREAM.read_bytes()), "") == price_index.TABLE.read_bytes()


def test_another_series_is_refused() -> None:
    with pytest.raises(DataError, match="needs the columns"):
        price_index.reduce(b"observation_date,CPI\n2020-01-01,1\n", "x.csv")
