"""Two eras, with the day between them given."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import numpy as np

from comptometer.days import day
from comptometer.distribution import Array
from comptometer.errors import NotationError, NotEnoughEvidence, Problem, UsageError
from comptometer.trends import LEAST_POINTS, Break, Points, Resampling, Trend, as_date, fit, refuse
from comptometer.trends._centred import Centred, Line
from comptometer.trends._hinges import Hinges
from comptometer.trends._pieces import Pieces
from comptometer.trends._resampling import Sampler
from comptometer.trends._sums import Stretches, running


@fit("two-era")
def two_era(
    points: Points,
    resampling: Resampling,
    *,
    knot: date | str | None = None,
    join: Literal["apart", "meet"] = "meet",
    **options: Any,
) -> Trend:
    """Two lines, one before a day and one from it on.

    They meet, y = a + b x + c (x - knot)+, or stand apart, each fitted to its own points.

    Args:
        points: what is fitted.
        resampling: how intervals are made.
        knot: the day, which nothing in the data decides here.
        join: "meet" or "apart".
        options: none.

    Raises:
        UsageError: no day, or another option.
        NotEnoughEvidence: fewer than three points or a single day on one side; organizations are resampled, and there
            is one.
    """
    refuse("two-era", options, ["knot", "join"])
    if join not in {"apart", "meet"}:
        raise UsageError.of([Problem("join", f"of two-era is apart or meet, not {join!r}")])
    between = _day(knot)
    before = int(np.searchsorted(points.days, between))
    _enough(points, before, between)
    sampler, centred = Sampler(points, resampling), Centred.of(points)
    rows = Stretches.whole(centred.x, centred.y, [before])

    def lines(sums: Array) -> tuple[Array, Array]:
        """Slopes and levels of both eras in every draw, shape (2, draws) each."""
        shape = (Pieces if join == "apart" else Hinges).of(running(sums), np.array([between - centred.middle]))
        return shape.lines(np.ones((1, sums.shape[-1]), dtype=np.intp))

    slopes, levels = lines(rows.sums())
    drawn = [lines(sums) for sums in rows.resampled(sampler)]
    all_slopes, all_levels = (np.concatenate(part, axis=1) for part in zip(*drawn, strict=True))
    usable = np.isfinite(all_slopes).all(axis=0)
    given = Break(
        day=between, days=np.full(int(usable.sum()), between), identified=True, why="given, not found in the data"
    )
    return centred.trend(
        [
            Line(float(slopes[era, 0]), float(levels[era, 0]), all_slopes[era, usable], all_levels[era, usable])
            for era in range(2)
        ],
        parameters=4 if join == "apart" else 3,
        breaks=[given],
        notes=["the day between the eras is given: that it was chosen with the data in view is in no interval"],
    )


def _day(knot: date | str | None) -> float:
    """The ordinal of the day between the eras."""
    if knot is None:
        raise UsageError.of([Problem("knot", "two-era needs the day between its eras, e.g. 2018-01-01")])
    try:
        return float(day(knot).toordinal())
    except NotationError as error:
        raise UsageError.of([Problem("knot", str(error))]) from None


def _enough(points: Points, before: int, day: float) -> None:
    sides = {"before": points.days[:before], "from": points.days[before:]}
    for side, days in sides.items():
        if len(days) < LEAST_POINTS or days[0] == days[-1]:
            raise NotEnoughEvidence(
                f"each era needs {LEAST_POINTS} points on two days; {side} {as_date(day)} there are {len(days)} "
                f"on {len(set(days))}"
            )
