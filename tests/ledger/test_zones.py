"""Times without a zone, and clocks that go back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from comptometer.errors import UsageError
from comptometer.ledger.instants import Zone, seconds
from ledger_folder import Folder, export, job


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026/07/01 12:00:00.250", datetime(2026, 7, 1, 10, 0, 0, 250000, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00-05:00", datetime(2026, 7, 1, 17, tzinfo=UTC)),
        ("1782900000", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("1782900000000", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("Unknown", None),
    ],
)
def test_instants_are_read_as_logs_write_them(text: str, expected: datetime | None) -> None:
    assert Zone("Europe/Berlin").read(text) == expected


@pytest.mark.parametrize("text", ["now", "2026-13-01T00:00:00", "0001-01-01T00:00:00", "9999-01-01T00:00:00", "12"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|is before 1990"):
        Zone("UTC").read(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90), ("00:01:30", 90), ("1-00:00:01", 86401), ("02:03", 123), ("1.5", 1.5)]
)
def test_lengths_of_time(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [("-1", "negative"), ("nan", "not a length"), ("inf", "too long"), ("1e12", "too long"), ("abc", "not a length")],
)
def test_what_is_no_length_of_time_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        seconds(text)


def test_without_a_zone_hours_count_and_the_status_says_so(folder: Folder) -> None:
    report = folder.lines(export(job(1)), "--cluster", "")
    assert report["status"] == 1
    assert "times without a zone are taken to be UTC" in report["notes"][0]
    assert folder.seconds() == {(): 200}


def test_times_with_a_zone_need_none(folder: Folder) -> None:
    row = job(1, Submit="1772359200", Start="1772359260", End="1772359360")
    assert folder.lines(export(row), "--cluster", "")["status"] == 0


@pytest.mark.parametrize("first", [("--tz", "America/New_York"), ("--cluster", "")])
def test_one_cluster_in_two_zones_is_refused(folder: Folder, first: tuple[str, str]) -> None:
    folder.lines(export(job(1)), *first)
    done = folder.run("import", "sacct", "-", "--tz", "Europe/Berlin", stdin=export(job(1), job(2)))
    assert isinstance(done.exception, UsageError)
    assert "would count twice" in str(done.exception)
    assert folder.seconds() == {(): 200}
    folder.lines(export(job(3, Cluster="b")), "--tz", "Europe/Berlin")
    assert folder.seconds() == {(): 400}


def test_a_zone_that_turns_out_to_be_utc_changes_nothing(folder: Folder) -> None:
    folder.lines(export(job(1)), "--cluster", "")
    folder.lines(export(job(1), job(2)), "--tz", "UTC")
    assert folder.seconds() == {(): 400}


def test_a_month_is_that_of_the_start_in_utc(folder: Folder) -> None:
    row = job(1, Submit="2026-04-01T00:30:00", Start="2026-04-01T00:40:00", End="2026-04-01T00:41:40")
    folder.lines(export(row), "--tz", "Europe/Berlin")
    assert folder.seconds("month") == {("2026-03",): 200}


def test_an_end_in_the_hour_that_the_clock_shows_twice_is_after_the_start(folder: Folder) -> None:
    row = job(1, Start="2026-10-25T02:50:00", End="2026-10-25T02:10:00", ElapsedRaw=1200)
    assert folder.lines(export(row), "--tz", "Europe/Berlin")["wrong"] == 0
    run = json.loads(folder.run("runs", "--json").stdout)["runs"][0]
    assert (run["started"], run["ended"]) == ("2026-10-25T00:50:00+00:00", "2026-10-25T01:10:00+00:00")


def test_on_any_other_day_such_an_end_is_wrong(folder: Folder) -> None:
    row = job(1, Start="2026-10-20T02:50:00", End="2026-10-20T02:10:00", ElapsedRaw=1200)
    assert folder.lines(export(row), "--tz", "Europe/Berlin")["wrong"] == 1


def test_a_zone_that_does_not_exist_is_refused(folder: Folder) -> None:
    done = folder.run("import", "sacct", "-", "--tz", "Middle/Earth", stdin=export(job(1)))
    assert isinstance(done.exception, UsageError)
    assert "Middle/Earth" in str(done.exception)
