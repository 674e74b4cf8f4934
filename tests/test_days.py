"""Days as people write them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from comptometer.days import day, window
from comptometer.errors import NotationError


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2024-06-30", date(2024, 6, 30), date(2024, 6, 30)),
        (" 2024-06 ", date(2024, 6, 1), date(2024, 6, 30)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        (2024, date(2024, 1, 1), date(2024, 12, 31)),
        (date(2024, 5, 4), date(2024, 5, 4), date(2024, 5, 4)),
        (datetime(2024, 5, 4, 12), date(2024, 5, 4), date(2024, 5, 4)),
    ],
)
def test_a_month_or_a_year_is_its_first_day_or_its_last(written: date | str, first: date, last: date) -> None:
    assert day(written) == first
    assert day(written, last=True) == last


@pytest.mark.parametrize("written", ["", "soon", "24", "2024-6", "2024-13", "2024-06-31", "0000", "2024-06-30-1"])
def test_what_is_no_day_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(NotationError, match="is not a date; write 2024-06-30, 2024-06 or 2024"):
        day(written)


def test_a_window_begins_with_a_first_day_and_ends_with_a_last_one() -> None:
    assert window("2024", "2024") == (date(2024, 1, 1), date(2024, 12, 31), [])
    assert window(None, None) == (None, None, [])


def test_everything_that_is_wrong_with_a_window_is_said() -> None:
    *_, problems = window("soon", "later")
    assert [problem.argument for problem in problems] == ["since", "until"]
    *_, problems = window("2025", "2024")
    assert [str(problem) for problem in problems] == [
        "since: 2025-01-01 lies after 2024-12-31, the end of the window (until)"
    ]
