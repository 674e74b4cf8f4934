"""Points around their middle, where sums of squares lose no digits, and the way back to a trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comptometer.distribution import Array
from comptometer.trends import Break, Points, Segment, Trend


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in centred coordinates: slope and level at x = 0, of the fit and of the resamples (draws,)."""

    slope: float
    level: float
    slopes: Array
    levels: Array


@dataclass(frozen=True, slots=True)
class Centred:
    """Days and logarithms less their means (that of the days rounded, so that they stay whole).

    Attributes:
        points: as they are.
        x: days, shape (n,).
        y: logarithms, shape (n,).
        middle, centre: what was taken off.
    """

    points: Points
    x: Array
    y: Array
    middle: float
    centre: float

    @classmethod
    def of(cls, points: Points) -> Centred:
        """Take off the means."""
        middle, centre = float(np.round(points.days.mean())), float(points.logs.mean())
        return cls(points, points.days - middle, points.logs - centre, middle, centre)

    def trend(
        self,
        lines: Sequence[Line],
        *,
        parameters: int,
        breaks: Sequence[Break] = (),
        r2: float | None = None,
        **said: Any,
    ) -> Trend:
        """The trend of some lines, with breaks between them.

        Args:
            lines: in order of their days.
            parameters: how many numbers were fitted.
            breaks: one fewer.
            r2: share explained, where it is not that of the variance.
            said: further attributes of the trend.
        """
        days, origin = self.points.days, float(self.points.days[0])
        ends = [origin, *(b.day for b in breaks), float(days[-1])]
        residuals = np.empty(self.points.n)
        for at, line in enumerate(lines):
            here = days >= ends[at]
            residuals[here] = self.y[here] - line.level - line.slope * self.x[here]
        left, total = float(residuals @ residuals), float(self.y @ self.y)
        back = origin - self.middle
        return Trend(
            n=self.points.n,
            origin=origin,
            r2=r2 if r2 is not None else 1 - left / total if total else 1.0,
            residuals=residuals,
            parameters=parameters,
            segments=[
                Segment(
                    first=ends[at],
                    last=ends[at + 1],
                    slope=line.slope,
                    level=line.level + self.centre + line.slope * back,
                    slopes=line.slopes,
                    levels=line.levels + self.centre + line.slopes * back,
                )
                for at, line in enumerate(lines)
            ],
            breaks=breaks,
            **said,
        )
