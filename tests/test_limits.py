"""Limits as data: the shipped sets, and what a user puts on top."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comptometer import store
from comptometer.distribution import Point
from comptometer.errors import DataError, NotFound, UsageError
from comptometer.limit_files import limits, preset_ids
from comptometer.limits import Amount, Budget, Duration

LIMIT = """
[[limits]]
id     = "cooling"
label  = "cooling water"
kind   = "hard"
quantiles = { p5 = 1e28, p95 = 1e30 }
year   = 2030
growth = "1.2 to 1.5"
source = "https://example.org"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("preset", preset_ids())
def test_every_shipped_limit_names_its_sources(preset: str) -> None:
    for limit in limits(preset).limits.values():
        assert limit.where, limit.id
        for name in (limit.source, limit.growth_source or limit.source):
            assert store.source(name).title
        assert not limit.growth_source or limit.growth_where, limit.id


def test_the_default_set_has_every_kind_of_limit() -> None:
    found = limits().limits
    assert list(found) == [
        "power-campus", "power", "bandwidth", "chips", "data", "latency",
        "hardware-budget", "world-product", "duration",
    ]  # fmt: skip
    assert {type(limit.form) for limit in found.values()} == {Amount, Budget, Duration}
    together = {name for name, limit in found.items() if limit.factor == "build-out"}
    assert together == {"power-campus", "power", "chips", "hardware-budget", "world-product"}
    assert [name for name, limit in found.items() if not limit.included] == ["power-campus"]


@pytest.mark.parametrize(
    ("name", "p10", "p90"), [("power-campus", 1e28, 3e29), ("power", 2e28, 2e30), ("bandwidth", 3e29, 2e31)]
)
def test_an_interval_of_eighty_percent_keeps_its_ends(name: str, p10: float, p90: float) -> None:
    form = limits().limits[name].form
    assert isinstance(form, Amount)
    assert form.flop.quantile(np.array([0.1, 0.9])) == pytest.approx([p10, p90], rel=1e-9)


def test_a_median_off_the_middle_is_kept_with_the_width() -> None:
    form = limits().limits["data"].form
    assert isinstance(form, Amount)
    low, middle, high = form.flop.quantile(np.array([0.1, 0.5, 0.9]))
    assert middle == pytest.approx(2e30)
    assert high / low == pytest.approx(2e32 / 6e28, rel=1e-9)


def test_a_file_changes_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    before = limits().limits
    after = limits(file=written(tmp_path, '[[limits]]\nid = "chips"\ngrowth = 2.5\n' + LIMIT)).limits
    assert list(after) == [*before, "cooling"]
    assert after["chips"].growth == Point(2.5)
    assert after["chips"].form == before["chips"].form
    assert all(after[name] == before[name] for name in before if name != "chips")
    form = after["cooling"].form
    assert isinstance(form, Amount)
    assert form.flop.quantile(np.array([0.05, 0.5, 0.95])) == pytest.approx([1e28, 1e29, 1e30])


def test_a_limit_can_change_its_form(tmp_path: Path) -> None:
    text = '[[limits]]\nid = "chips"\nbudget = "1T USD"\nshare = 0.1\n'
    form = limits(file=written(tmp_path, text)).limits["chips"].form
    assert form == Budget(Point(1e12), Point(0.1), None, Point(1))


BAD = """
[prise]
year = 2026

[common]
rho = 1.5
source = "x"

[[limits]]
id = "chips"
growth = "-2"

[[limits]]
id = "power"
quantiles = { p10 = 3e29, p50 = nan, p90 = 2e28 }

[[limits]]
id = "data"
quantiles = { p10 = 3e29, p90 = 2e28 }

[[limits]]
id = "latency"
quantiles = { p10 = 3e29 }
kind = "firm"
growt = 1

[[limits]]
id = "duration"
duration = "3 USD"

[[limits]]
id = "new"
label = "new"
kind = "soft"
year = 2030
growth = 1
source = "x"
"""


def test_all_that_is_wrong_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, BAD)
    with pytest.raises(DataError) as caught:
        limits(file=path)
    said = str(caught.value)
    assert all(line.startswith(f"{path}: ") for line in said.splitlines())
    for part in (
        "prise: unknown key; did you mean 'price'?",
        "common: rho: needs less than or equal to 1, got '1.5'",
        "limits[chips]: growth: needs a factor a year",
        "limits[power]: quantiles.p50: needs a finite number, got 'nan'",
        "limits[data]: quantiles: needs quantiles that rise, got 3e+29",
        "limits[latency]: quantiles: needs either p10 and p90 or p5 and p95",
        "limits[latency]: kind: needs 'hard' or 'soft', got 'firm'",
        "limits[latency]: growt: unknown key; did you mean 'growth'?",
        "limits[duration]: duration: needs a number or an interval above 0",
        "limits[new]: needs one of quantiles, budget or duration, got none",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits = 3", "needs a list of tables"),
        ("common = 3", "common: needs a table"),
        (LIMIT + LIMIT, "'cooling' is there twice"),
        (LIMIT.replace("quantiles = { p5 = 1e28, p95 = 1e30 }", 'budget = "1T USD"'), "a share with a budget"),
        (LIMIT.replace("year   = 2030", "year = nan"), "year: needs a finite number"),
        (LIMIT.replace("year   = 2030", 'share = 0.2\nyear = 2030'), "no share without a budget"),
        (LIMIT.replace('"cooling"', '"Cooling Water"'), "id: needs"),
        ("not toml", "is not TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=r"mine\.toml: ") as caught:
        limits(file=written(tmp_path, text))
    assert said in str(caught.value)


def test_a_budget_needs_a_price(tmp_path: Path) -> None:
    text = LIMIT.replace("quantiles = { p5 = 1e28, p95 = 1e30 }", 'budget = "1T USD"\nshare = 1')
    with pytest.raises(DataError, match=r"limits\[cooling\]: a budget needs a \[price\]"):
        limits("none", written(tmp_path, text))


def test_unknown_names_come_with_suggestions() -> None:
    with pytest.raises(NotFound, match='no limit "chip"; did you mean chips'):
        limits().chosen(without=["chip", "money"])
    with pytest.raises(NotFound, match='no limit "campus"; did you mean power-campus'):
        limits().chosen(extra=["campus"])
    with pytest.raises(UsageError, match="do not go together"):
        limits().chosen(without=["chips"], only=["power"])
    with pytest.raises(NotFound, match="did you mean epoch-2030"):
        limits("epoch-2031")
    with pytest.raises(NotFound):
        limits(file="nowhere.toml")


def test_what_is_only_reported_counts_when_it_is_asked_for() -> None:
    assert limits().chosen(extra=["power-campus"]).limits["power-campus"].included
    assert limits().chosen(only=["power-campus"]).limits["power-campus"].included
    assert list(limits().chosen(only=["data", "power"]).limits) == ["power", "data"]
    assert "chips" not in limits().chosen(without=["chips"]).limits
