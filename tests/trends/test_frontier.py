"""Frontiers: who belongs to them, and how much too high they are seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import START, straight, world

from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.growth import Question, candidates
from comptometer.population import Candidate, Wanted, population
from comptometer.trends import DAYS_PER_YEAR, FITS, Points, Resampling
from comptometer.trends._selections import large_scale, record_setters, running_top
from comptometer.trends.frontier import Frontier, corrected, reselected

LAW = settings(deadline=None, max_examples=60)
ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25)


def table(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    ordered = sorted(rows)
    return np.array([day for day, _ in ordered], dtype=float), np.array([size for _, size in ordered], dtype=float)


@LAW
@given(ROWS, st.integers(1, 12))
def test_a_rank_counts_the_larger_ones_up_to_the_own_day(rows: list[tuple[int, int]], top: int) -> None:
    days, sizes = table(rows)
    expected = [int(np.sum(sizes[days <= day] > size)) < top for day, size in zip(days, sizes, strict=True)]
    assert list(running_top(days, sizes[None], top)[0]) == expected


@LAW
@given(ROWS)
def test_no_other_exceeds_a_record_up_to_its_day(rows: list[tuple[int, int]]) -> None:
    days, sizes = table(rows)
    expected = [bool(size >= sizes[days <= day].max()) for day, size in zip(days, sizes, strict=True)]
    assert list(record_setters(days, sizes[None])[0]) == expected


@pytest.mark.parametrize("select", ["frontier", "record", "large-scale", "regular-scale"])
@pytest.mark.parametrize("data", ["epoch-2024-05", "epoch-2026-07"])
def test_the_choice_is_that_of_the_population(select: str, data: str) -> None:
    """The same models as the selections that know nothing of noise."""
    asked = Question(data=data, wanted=Wanted(select=select))
    rows = [c for c in population(candidates(asked), Wanted(select="notable")).chosen if c.compute]
    expected = {c.row.model for c in population(candidates(asked), asked.wanted).chosen}
    points = points_of(rows)
    chosen = Frontier(select=select).chosen(points.days, points.logs[None])[0]  # type: ignore[arg-type]
    assert {c.row.model for c, member in zip(rows, chosen, strict=True) if member} == expected


def points_of(rows: list[Candidate]) -> Points:
    spread = {"confident": 0.15, "likely": 0.35, "speculative": 0.6}
    return Points.of(
        [c.row.published or date.min for c in rows],
        [c.compute or 0.0 for c in rows],
        organizations=[c.row.organization[0] if c.row.organization else c.row.model for c in rows],
        spread_dex=[spread.get(c.row.confidence.casefold(), 0.35) for c in rows],
        names=[c.row.model for c in rows],
    )


def test_draws_are_chosen_each_by_itself() -> None:
    points = world(1, 80)
    logs = points.logs + np.random.default_rng(1).normal(0, 1, (6, 80))
    for choose in (lambda d, v: running_top(d, v, 5), record_setters, large_scale):
        together = choose(points.days, logs)
        for draw in range(6):
            np.testing.assert_array_equal(together[draw], choose(points.days, logs[draw : draw + 1])[0])


def test_without_noise_nothing_is_chosen_anew() -> None:
    points, frontier = replace(world(2, 200), spread=None), Frontier(top=8)
    found = reselected(points, Resampling(name="x", draws=200), frontier)
    member = frontier.chosen(points.days, points.logs[None])[0]
    own = Points(days=points.days[member], logs=points.logs[member])
    plain = FITS["log-linear"](own, Resampling(name="x", draws=5))
    assert found.n == member.sum()
    assert found.slope == pytest.approx(plain.slope, rel=1e-12)
    assert found.r2 == pytest.approx(plain.r2, rel=1e-12)


def test_the_window_is_applied_after_the_ranking() -> None:
    points = world(3, 200)
    late = Frontier(top=8, first=START + 7 * DAYS_PER_YEAR)
    every = Frontier(top=8).chosen(points.days, points.logs[None])[0]
    np.testing.assert_array_equal(late.chosen(points.days, points.logs[None])[0], every & (points.days >= late.first))


@pytest.mark.parametrize(
    ("data", "day", "bias", "seen", "level"),
    [("epoch-2025-06", date(2025, 7, 2), 0.13, None, None), ("epoch-2026-07", date(2026, 1, 1), 0.11, 2.2e26, 1.7e26)],
)
def test_the_ten_largest_since_2018_lie_too_high_by_a_third(
    data: str, day: date, bias: float, seen: float | None, level: float | None
) -> None:
    """What others obtained on the same tables with the same words of confidence."""
    rows = [c for c in population(candidates(Question(data=data)), Wanted(select="notable")).chosen if c.compute]
    found = corrected(
        points_of(rows), Resampling(name="x", draws=1500), Frontier(first=date(2018, 1, 1).toordinal()), day.toordinal()
    )
    assert found.bias == pytest.approx(bias, abs=0.01)
    assert found.slope_bias == pytest.approx(0.012, abs=0.005)
    if seen and level:
        assert 10**found.seen == pytest.approx(seen, rel=0.03)
        assert 10**found.level.estimate == pytest.approx(level, rel=0.03)


def test_the_correction_brings_the_level_nearer_to_the_truth() -> None:
    """In simulated worlds, whose frontier without noise is known."""
    frontier, day = Frontier(top=10), START + 13 * DAYS_PER_YEAR
    raw, better = [], []
    for seed in range(60):
        truth = world(seed, 300, truth=straight, scatter=0.6)
        noise = np.random.default_rng([seed, 1]).normal(0, 0.4, 300)
        seen = replace(truth, logs=truth.logs + noise, spread=np.full(300, 0.4))
        real = reselected(truth, Resampling(name="x", draws=1), frontier).level_at(day).estimate
        found = corrected(seen, Resampling(name=str(seed), draws=150), frontier, day)
        raw.append(found.seen - real)
        better.append(found.level.estimate - real)
    assert np.mean(raw) > 0.1
    assert abs(np.mean(better)) < 0.5 * np.mean(raw)


def test_what_cannot_be_is_refused() -> None:
    points = world(4, 100, spread=0.3)
    with pytest.raises(UsageError, match="no point has a spread"):
        corrected(replace(points, spread=None), Resampling(name="x"), Frontier(), START)
    with pytest.raises(NotEnoughEvidence, match="frontier has 0"):
        reselected(points, Resampling(name="x"), Frontier(first=START + 40 * DAYS_PER_YEAR))
    with pytest.raises(UsageError, match="top"):
        Frontier(top=0)
    with pytest.raises(UsageError, match="select"):
        Frontier(select="largest")  # type: ignore[arg-type]
