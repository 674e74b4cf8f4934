"""Two eras with the day between them given."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.trends import Break, Points, Resampling, Segment, Trend, fit
from comptometer.trends._lines import hinged, line, sums
from comptometer.trends._resampling import by_unit, counts, noise, row_counts, unit_count

LEAST = 3  # points of an era


@fit("two-era")
def two_era(
    points: Points,
    resampling: Resampling,
    *,
    knot: date | str | None = None,
    join: Literal["meet", "apart"] = "meet",
    **options: Any,
) -> Trend:
    """Two lines, one to each side of a day.

    They meet there, y = a + b x + c (x - knot)+, or stand apart, each fitted to its own points.

    Args:
        points: what is fitted.
        resampling: how intervals are made.
        knot: the day, which no data decide here.
        join: "meet" or "apart".
        options: none.

    Raises:
        UsageError: no day, or another option.
        NotEnoughEvidence: fewer than three points on one side.
    """
    if options or join not in {"meet", "apart"}:
        raise UsageError(
            f"two-era has the options knot and join (meet or apart), not {', '.join(options) or repr(join)}"
        )
    if knot is None:
        raise UsageError("two-era needs a day between its eras: knot=2018-01-01")
    day = float((date.fromisoformat(knot) if isinstance(knot, str) else knot).toordinal())
    early = points.days < day
    if min(early.sum(), (~early).sum()) < LEAST:
        raise NotEnoughEvidence(
            f"each era needs {LEAST} points, there are {early.sum()} before and {(~early).sum()} from the day on"
        )
    if unit_count(points, resampling) < 2:
        raise NotEnoughEvidence("all models are of one organization: resample by model")
    return (_meeting if join == "meet" else _apart)(points, resampling, day)


def _meeting(points: Points, resampling: Resampling, day: float) -> Trend:
    origin, middle = int(points.days.min()), float(points.logs.mean())
    x, y, knot = points.days - origin, points.logs - middle, day - origin
    a, b, c = hinged(x, y, knot)
    errors, start, drawn = noise(points, resampling), 0, []
    for units in counts(points, resampling):
        weights = row_counts(units, points, resampling)
        if errors is None:
            drawn.append(hinged(x, y, knot, weights))
        else:
            here = errors[start : start + len(units)]
            drawn.append(_noisy(x, y, knot, weights, here))
            start += len(units)
    samples = [np.concatenate(part) for part in zip(*drawn, strict=True)]
    fitted = a[0] + b[0] * x + c[0] * np.maximum(x - knot, 0)
    before = Segment(first=float(points.days[0]), last=day, slope=float(b[0]), level=float(a[0]) + middle,
                     slopes=samples[1], levels=samples[0] + middle)  # fmt: skip
    after = Segment(
        first=day, last=float(points.days[-1]),
        slope=float(b[0] + c[0]), level=float(a[0] - c[0] * knot) + middle,
        slopes=samples[1] + samples[2], levels=samples[0] - samples[2] * knot + middle,
    )  # fmt: skip
    return _trend(points, origin, day, [before, after], y - fitted, y, parameters=3)


def _noisy(x: Array, y: Array, knot: float, weights: Array, errors: Array) -> tuple[Array, Array, Array]:
    """As `hinged`, where each draw has errors of its own."""
    a, b, c = hinged(x, y, knot, weights)
    extra = [hinged(x, errors[at], knot, weights[at : at + 1]) for at in range(len(weights))]
    da, db, dc = (np.concatenate(part) for part in zip(*extra, strict=True))
    return a + da, b + db, c + dc


def _apart(points: Points, resampling: Resampling, day: float) -> Trend:
    origin, middle = int(points.days.min()), float(points.logs.mean())
    x, y = points.days - origin, points.logs - middle
    segments, residuals = [], np.empty_like(y)
    errors = noise(points, resampling)
    for era in (points.days < day, points.days >= day):
        rows = sums(x, y) * era[:, None]
        slope, level, _ = line(rows.sum(axis=0))
        residuals[era] = (y - level - slope * x)[era]
        slopes, levels = _resampled(points, resampling, rows, x, era, errors)
        own = points.days[era]
        segments.append(
            Segment(first=float(own[0]), last=float(own[-1]), slope=float(slope), level=float(level) + middle,
                    slopes=slopes, levels=levels + middle)
        )  # fmt: skip
    return _trend(points, origin, day, segments, residuals, y, parameters=4)


def _resampled(
    points: Points, resampling: Resampling, rows: Array, x: Array, era: NDArray[np.bool_], errors: Array | None
) -> tuple[Array, Array]:
    summed, found, start = by_unit(rows, points, resampling), [], 0
    for units in counts(points, resampling):
        total = units @ summed
        if errors is not None:
            here = row_counts(units, points, resampling) * errors[start : start + len(units)] * era
            total[:, 2] += here.sum(axis=1)
            total[:, 4] += here @ x
            start += len(units)
        slope, level, _ = line(total)
        found.append((slope, level))
    slopes, levels = zip(*found, strict=True)
    return np.concatenate(slopes), np.concatenate(levels)


def _trend(
    points: Points, origin: int, day: float, segments: list[Segment], residuals: Array, y: Array, *, parameters: int
) -> Trend:
    total, left = float(np.sum((y - y.mean()) ** 2)), float(residuals @ residuals)
    return Trend(
        n=points.n,
        origin=origin,
        r2=1 - left / total if total else 1.0,
        residual_sd=float(np.sqrt(left / max(points.n - parameters, 1))),
        segments=segments,
        breaks=[Break(day=day, days=np.array([day]), identified=True, why="given, not found in the data")],
    )
