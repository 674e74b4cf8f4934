"""Growth under limits against what can be worked out by hand, and laws that hold for all inputs."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer.distribution import DRAWS, LogNormal, Point, Uniform
from comptometer.limit_paths import Line, Path, limit_path
from comptometer.limits import Amount, Duration, Limit
from comptometer.quantity import strata
from comptometer.simulation import BLOCK, Bound, simulate
from comptometer.starting_point import Start, decimal_year, start_from_trend
from comptometer.trends import FITS, Points, Resampling
from comptometer.worlds import Worlds, order

LN10 = math.log(10)


def start(level: float = 1e26, growth: float = 10.0, year: float = 2026.0, draws: int = 1) -> Start:
    return Start(
        year=year,
        log_level=np.full(draws, math.log(level)),
        log_growth=np.full(draws, math.log(growth)),
        last=date(2026, 1, 1),
        said={"level": "test", "growth": "test"},
    )


def allows(flop: float, growth: float = 1.0, year: float = 2026.0) -> Path:
    return Path((Line(year, np.array([math.log(flop)]), np.array([math.log(growth)])),))


def limit(form: Amount | Duration, growth: float, year: float, kind: str = "hard") -> Limit:
    return Limit(
        id="x", label="x", kind=kind, form=form, year=year, growth=Point(growth), factor="", included=True,  # type: ignore[arg-type]
        source="test", where="", growth_source="", growth_where="", verified=True, note="",
    )  # fmt: skip


def test_without_limits_every_path_is_the_trend() -> None:
    run = simulate(start(year=2026.5), [], 2030)
    expected = math.log(1e26) + LN10 * (np.array([2026.5, 2027, 2028, 2029, 2030]) - 2026.5)
    for path in (run.trend, run.hard, run.soft):
        assert path[:, 0] == pytest.approx(expected, rel=1e-13)
    assert np.all(run.binding == -1)


def test_a_hard_limit_is_met_on_the_day_that_can_be_worked_out() -> None:
    run = simulate(start(), [Bound(allows(1e28, 2.0), False, True)], 2032)
    meets = 2026 + math.log(100) / math.log(10 / 2)
    assert run.crossed[0, 0] == pytest.approx(meets, abs=1e-9)
    years = run.years
    assert run.hard[:, 0] == pytest.approx(
        np.minimum(math.log(1e26) + LN10 * (years - 2026), math.log(1e28) + math.log(2) * (years - 2026)), rel=1e-13
    )
    assert run.soft[:, 0] == pytest.approx(run.hard[:, 0], rel=1e-13)
    assert [at for at, binding in enumerate(run.binding[:, 0]) if binding == 0] == [3, 4, 5, 6]


@given(
    g=st.floats(1.5, 12),
    k=st.floats(1, 1.4),
    theta=st.floats(0.5, 3),
    room=st.floats(2, 1e4),
    years=st.integers(1, 9),
)
def test_a_soft_limit_is_approached_along_a_logistic_curve(
    g: float, k: float, theta: float, room: float, years: int
) -> None:
    run = simulate(start(growth=g), [Bound(allows(1e26 * room, k), True, True)], 2026 + years, theta)
    odds = (room**theta - 1) * math.exp(-theta * (math.log(g) - math.log(k)) * years)
    ratio = (1 + odds) ** (-1 / theta)
    assert run.soft[-1, 0] == pytest.approx(math.log(1e26 * room * ratio) + math.log(k) * years, rel=1e-11)


def test_a_soft_limit_is_the_end_of_the_soft_path_also_by_small_steps() -> None:
    """The same law in small steps of Euler, for a limit whose growth changes on the way."""

    bent = Path(allows(1e27, 4.0).lines + allows(1e28, 1.5, 2028.0).lines)
    rising = (math.log(4), math.log(1.5))
    run = simulate(start(growth=5), [Bound(bent, True, True)], 2034, 1.5)
    log_c, step = math.log(1e26), 1e-4
    for at in range(round(8 / step)):
        lines = [float(line.at(2026 + at * step)[0]) for line in bent.lines]
        u = math.exp(1.5 * (log_c - min(lines)))
        log_c += step * (math.log(5) * (1 - u) + u * rising[lines.index(min(lines))])
    assert run.soft[-1, 0] == pytest.approx(log_c, abs=1e-2)
    assert run.soft[-1, 0] == pytest.approx(float(bent.at(2034)[0]), abs=2e-2)


def test_growth_after_the_longest_run_lacks_the_part_of_longer_runs() -> None:
    begun = start(growth=4.0)
    path = limit_path(limit(Duration(Point(3), Point(9)), 1.2, 2026), Worlds(1), begun, None)
    run = simulate(begun, [Bound(path, False, True)], 2040)
    assert run.crossed[0, 0] == pytest.approx(2026 + math.log(3) / math.log(1.2), abs=1e-9)
    assert run.hard[-1, 0] - run.hard[-2, 0] == pytest.approx(math.log(4 / 1.2))


def test_what_has_been_reached_is_not_above_a_limit() -> None:
    run = simulate(start(level=1e27), [Bound(allows(1e26, 2.0), True, True)], 2032)
    assert run.hard[0, 0] == run.soft[0, 0] == pytest.approx(math.log(1e27))
    assert run.crossed[0, 0] == 2026
    assert run.hard[3, 0] == pytest.approx(math.log(1e27))
    assert run.hard[5, 0] == pytest.approx(math.log(1e26 * 32))


BOUNDS = st.lists(st.tuples(st.floats(25, 32), st.floats(0.8, 6), st.booleans(), st.booleans()), min_size=0, max_size=5)


@given(BOUNDS, st.floats(0.7, 12), st.floats(0.3, 4))
def test_soft_is_never_above_hard_nor_hard_above_the_trend_or_a_limit(
    rows: list[tuple[float, float, bool, bool]], g: float, theta: float
) -> None:
    bounds = [Bound(allows(10**dex, k), soft, counts) for dex, k, soft, counts in rows]
    run = simulate(start(growth=g), bounds, 2034, theta)
    assert np.all(run.soft <= run.hard)
    assert np.all(run.hard <= run.trend)
    for bound in bounds:
        if bound.counts:
            above = np.array([np.maximum(bound.allows.at(year), math.log(1e26)) for year in run.years])
            assert np.all(run.hard <= above + 1e-9)


@given(BOUNDS.filter(bool), st.floats(1, 12))
def test_one_limit_more_never_raises_compute(rows: list[tuple[float, float, bool, bool]], g: float) -> None:
    bounds = [Bound(allows(10**dex, k), False, True) for dex, k, _, _ in rows]
    fewer, more = (simulate(start(growth=g), chosen, 2034) for chosen in (bounds[:-1], bounds))
    assert np.all(more.hard <= fewer.hard)
    assert np.all(more.soft <= fewer.soft)


@given(st.floats(25, 32), st.floats(0, 3), st.floats(1, 4), st.floats(4, 12))
def test_a_looser_limit_never_lowers_compute(dex: float, more: float, k: float, g: float) -> None:
    tight, loose = (
        simulate(start(growth=g), [Bound(allows(10**d, k), True, True)], 2034, 1.3) for d in (dex, dex + more)
    )
    assert np.all(tight.soft <= loose.soft + 1e-9)
    assert tight.crossed[0, 0] <= loose.crossed[0, 0]


def test_a_world_is_the_same_however_many_there_are() -> None:
    draws = BLOCK + 10
    levels = np.linspace(math.log(1e26), math.log(1e28), draws)
    many = Start(year=2026.0, log_level=levels, log_growth=np.full(draws, LN10), last=date(2026, 1, 1), said={})
    wide = Path((Line(2026.0, np.linspace(60, 75, draws), np.full(draws, 0.5)),))
    run = simulate(many, [Bound(wide, True, True)], 2030, np.linspace(1, 2, draws))
    for at in (0, BLOCK - 1, BLOCK, draws - 1):
        world = slice(at, at + 1)
        alone = simulate(
            Start(year=2026.0, log_level=levels[world], log_growth=np.full(1, LN10), last=date(2026, 1, 1), said={}),
            [Bound(wide.part(world), True, True)], 2030, float(np.linspace(1, 2, draws)[at]),
        )  # fmt: skip
        for name in ("trend", "hard", "soft", "binding", "crossed"):
            assert getattr(alone, name)[:, 0] == pytest.approx(getattr(run, name)[:, at], rel=1e-13)


# Worlds


def test_the_usual_number_of_worlds_is_that_of_every_estimate() -> None:
    assert np.array_equal(order("power", DRAWS), strata("power"))


@pytest.mark.parametrize("draws", [100, DRAWS, 10_001])
@pytest.mark.parametrize("rho", [0.0, 0.6, 1.0])
def test_a_common_factor_leaves_every_quantity_its_own_values(draws: int, rho: float) -> None:
    belief = LogNormal(5.0, 0.7)
    alone, together = Worlds(draws).draw("a", belief), Worlds(draws, rho).draw("a", belief, "money")
    assert np.array_equal(np.sort(alone), np.sort(together))


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.9])
def test_two_quantities_on_one_factor_are_correlated_as_said(rho: float) -> None:
    worlds = Worlds(100_000, rho)
    one, other, alone = (
        np.log(worlds.draw(name, LogNormal(1, 1), factor)) for name, factor in (("a", "f"), ("b", "f"), ("c", ""))
    )
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(rho, abs=0.01)
    assert np.corrcoef(one, alone)[0, 1] == pytest.approx(0, abs=0.015)


def test_a_world_that_does_not_load_on_the_factor_is_drawn_as_everywhere() -> None:
    belief = Uniform(1, 2)
    assert np.array_equal(Worlds(DRAWS, 0.9).draw("a", belief), belief.quantile((strata("a") + 0.5) / DRAWS))


# Start


def test_level_and_growth_come_from_the_same_resampled_line() -> None:
    days = [date(2018 + at // 4, 1 + 3 * (at % 4), 1) for at in range(32)]
    values = [1e22 * 4 ** (at / 4) * 10 ** (0.3 * math.sin(7 * at)) for at in range(32)]
    line = FITS["log-linear"](Points.of(days, values), Resampling(name="test", draws=500))
    begun = start_from_trend(line, date(2026, 7, 1), Worlds(2000), last=days[-1], bias_dex=0.1)
    slopes = begun.log_growth / 365.25 / LN10
    expected = {
        (round(float(s), 12), round(float(v + s * (date(2026, 7, 1).toordinal() - line.origin)), 9))
        for s, v in zip(line.slopes, line.levels, strict=True)
    }
    found = {
        (round(float(s), 12), round(float(v) / LN10 + 0.1, 9)) for s, v in zip(slopes, begun.log_level, strict=True)
    }
    assert found == expected


def test_the_first_of_january_is_a_whole_year() -> None:
    assert decimal_year(date(2028, 1, 1)) == 2028
    assert decimal_year(date(2026, 7, 2)) == pytest.approx(2026 + 182 / 365)
