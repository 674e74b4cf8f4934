"""The plot of a picture over time: days across, compute upwards (FLOP on the left, petaFLOP/s-days on the right)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from comptometer.charts import Look
from comptometer.charts._axes import FLOP_TITLE, PFS_TITLE, Span, axis, ticks
from comptometer.charts._labels import Box, Spot
from comptometer.charts._theme import LEFT, RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The plot: days (ordinals) across, FLOP upwards. `year_step` is the distance of the ticks in years."""

    days: Span
    flop: Span
    year_step: int = 1

    @classmethod
    def of(
        cls, look: Look, days: tuple[date, date], flop: tuple[float, float], *, foot: float = 0.1, year_step: int = 1
    ) -> Frame:
        """A plot of the size that a look asks for.

        Args:
            look: size and scale.
            days: first and last.
            flop: least and largest on the logarithmic scale; the linear one starts `foot` of the largest below 0.
            foot: room for the names of eras under the zero of a linear scale.
            year_step: years between two ticks.
        """
        low = flop[0] if look.scale == "log" else -foot * flop[1]
        return cls(
            days=Span(low=days[0].toordinal(), high=days[1].toordinal(), start=0.0, end=float(look.width)),
            flop=Span(low=low, high=flop[1], start=float(look.height), end=0.0, log=look.scale == "log"),
            year_step=year_step,
        )

    @property
    def box(self) -> Box:
        """The plot in pixels."""
        return Box(0.0, 0.0, self.days.end, self.flop.start)

    def spot(self, day: str, flop: float) -> Spot:
        """Where a day, as ISO text, and an amount lie."""
        return self.days.pixel(date.fromisoformat(day).toordinal()), self.flop.pixel(flop)

    def datum(self, x: float, y: float) -> dict[str, Any]:
        """The day and the amount at a place."""
        return {"date": moment(self.days.value(x)), "flop": self.flop.value(y)}

    def x(self, field: str = "date", *, paired: bool = False) -> dict[str, Any]:
        """The encoding of days; `paired` with an x2, for which Vega-Lite cannot read the domain and borrows it."""
        domain = {} if paired else {"domain": [moment(self.days.low), moment(self.days.high)]}
        ticks_at = {"tickCount": {"interval": "year", "step": self.year_step}, "format": "%Y", "tickSize": 5}
        return {
            "field": field,
            "type": "temporal",
            "scale": {"type": "utc", "nice": False, **domain},
            "axis": {"title": "Date of publication", "titlePadding": 8, "zindex": 1, **ticks_at},
        }

    def y(self, field: str = "flop") -> dict[str, Any]:
        """The encoding of amounts in FLOP, with the left axis."""
        return _amount(field, self.flop, axis(ticks(self.flop), "left", FLOP_TITLE, aside=LEFT))

    def y_pfs_days(self, field: str = "pfs_days") -> dict[str, Any]:
        """The encoding of amounts in petaFLOP/s-days, with the right axis."""
        span = self.flop.in_pfs_days()
        return _amount(field, span, axis(ticks(span), "right", PFS_TITLE, aside=RIGHT))


def _amount(field: str, span: Span, drawn: dict[str, Any]) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": span.scale(), "axis": drawn}


def moment(ordinal: float) -> str:
    """The time at a fractional ordinal, as ISO text in UTC.

    >>> moment(734624.5)
    '2012-05-01T12:00:00Z'
    """
    return (datetime(1, 1, 1) + timedelta(days=ordinal - 1)).isoformat(timespec="seconds") + "Z"
