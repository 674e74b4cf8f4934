"""What a fitted trend says of another day: where its line lies, and where a single new point would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from comptometer.days import day as day_of
from comptometer.errors import NotationError, Problem, UsageError
from comptometer.trends import DAYS_PER_YEAR, Fitted, Trend

FARTHEST = 7.0  # years from the data, without being told that it is far
FIRST_YEAR, LAST_YEAR = 1950, 2100
LARGEST_DEX = 100.0  # a line that leads above it means nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A trend on a day.

    Attributes:
        day: asked for.
        beyond: years from the nearest end of the data; 0 within them.
        unit: of the values.
        mean: the line and what resampling makes of it, in dex.
        single: ends of the 90% interval of one new point, as values: the line's, with the scatter of the points.
    """

    day: date
    beyond: float
    unit: str
    mean: Fitted
    single: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of `comptometer trend`."""
        return {
            "day": self.day.isoformat(),
            "years_from_the_data": self.beyond,
            "unit": self.unit,
            "mean": Fitted(10**self.mean.estimate, 10**self.mean.samples).to_dict(),
            "single": {"p5": self.single[0], "p95": self.single[1]},
        }


def predicted(
    trend: Trend, data: tuple[date, date], day: date | str, *, unit: str = "", far: bool = False
) -> Prediction:
    """What a trend says of a day.

    Args:
        trend: a fit; of several lines the one that holds on that day, the last one after the data.
        data: first and last day of the points.
        day: a date, or text; of a month or a year its first day.
        unit: of the values.
        far: allow more than seven years from the data.

    Raises:
        UsageError: no such day, one that lies too far from the data, or one on which the line means nothing.
    """
    try:
        on = day_of(day)
    except NotationError as error:
        raise UsageError.of([Problem("predict", str(error))]) from None
    first, last = data
    beyond = max((on - last).days, (first - on).days, 0) / DAYS_PER_YEAR
    _near_enough(on, beyond, data, far)
    level = trend.level_at(float(on.toordinal()))
    if float(np.max(np.abs([level.estimate, *level.interval()]))) > LARGEST_DEX:
        raise UsageError.of([Problem("predict", f"the line leads beyond 1e±{LARGEST_DEX:g} by {on}: no prediction")])
    low, high = trend.prediction_band([float(on.toordinal())])
    return Prediction(day=on, beyond=beyond, unit=unit, mean=level, single=(float(low[0]), float(high[0])))


def _near_enough(day: date, beyond: float, data: tuple[date, date], far: bool) -> None:
    """Refuse a day of which the data say nothing."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError.of([Problem("predict", f"a day between {FIRST_YEAR} and {LAST_YEAR} is wanted, not {day}")])
    if beyond > FARTHEST and not far:
        raise UsageError.of(
            [
                Problem(
                    "predict",
                    f"{day} is {beyond:.1f} years from the data ({data[0]} to {data[1]}); more than {FARTHEST:g} is a "
                    "guess: say --far (far=True) if that is what is wanted",
                )
            ]
        )
