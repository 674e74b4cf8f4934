"""Plots: days or an amount across, an amount upwards; for compute over time, petaFLOP/s-days on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from comptometer.charts import Look
from comptometer.charts._axes import FLOP_TITLE, PFS_TITLE, Span, Tick, axis, ticks
from comptometer.charts._labels import Box, Spot
from comptometer.charts._theme import LEFT, RIGHT


class Plot(Protocol):
    """What points, lines and words need of a plot.

    Attributes:
        across, field: names of what lies across and of the amounts upwards, in the rows.
        values: amounts upwards.
        box: the plot in pixels.
        ticks: of the left axis.
    """

    @property
    def across(self) -> str: ...

    @property
    def field(self) -> str: ...

    @property
    def values(self) -> Span: ...

    @property
    def box(self) -> Box: ...

    @property
    def ticks(self) -> Sequence[Tick]: ...

    def place(self, row: Mapping[str, Any]) -> Spot:
        """Where a row lies."""

    def datum(self, x: float, y: float) -> dict[str, Any]:
        """What lies at a place."""

    def x(self, field: str = "", *, paired: bool = False) -> dict[str, Any]:
        """The encoding of what lies across; `paired` with an x2."""

    def y(self, field: str = "") -> dict[str, Any]:
        """The encoding of amounts, with the left axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The plot, or one of several that stand over one another and share their days.

    Attributes:
        days: ordinals across.
        values: amounts upwards; its pixels say where the plot lies.
        field: name of the amounts in the rows.
        title: of the left axis, with its unit.
        pfs_title: of the right axis.
        day_title: of the axis of days.
        year_step: years between two ticks.
        marks: ticks of the left axis; round values unless given.
    """

    days: Span
    values: Span
    field: str = "flop"
    title: str = FLOP_TITLE
    pfs_title: str = PFS_TITLE
    day_title: str = "Date of publication"
    year_step: int = 1
    marks: Sequence[Tick] = ()

    @classmethod
    def of(
        cls, look: Look, days: tuple[date, date], values: tuple[float, float], *, foot: float = 0.1, **words: Any
    ) -> Frame:
        """A plot of the size that a look asks for.

        Args:
            look: size and scale.
            days: first and last.
            values: least and largest on the logarithmic scale; the linear one starts `foot` of the largest below 0.
            foot: room for the names of eras under the zero of a linear scale.
            words: the other attributes.
        """
        low = values[0] if look.scale == "log" else -foot * values[1]
        return cls(
            days=Span(low=days[0].toordinal(), high=days[1].toordinal(), start=0.0, end=float(look.width)),
            values=Span(low=low, high=values[1], start=float(look.height), end=0.0, log=look.scale == "log"),
            **words,
        )

    @property
    def across(self) -> str:
        """Name of the days in the rows."""
        return "date"

    @property
    def box(self) -> Box:
        """The plot in pixels."""
        return Box(0.0, self.values.end, self.days.end, self.values.start)

    @property
    def ticks(self) -> Sequence[Tick]:
        """Of the left axis."""
        return self.marks or ticks(self.values)

    def spot(self, day: str, value: float) -> Spot:
        """Where a day, as ISO text, and an amount lie."""
        return self.days.pixel(date.fromisoformat(day).toordinal()), self.values.pixel(value)

    def place(self, row: Mapping[str, Any]) -> Spot:
        """Where a row lies; what is too small for a number lies at the smallest."""
        return self.spot(row["date"], max(row[self.field], 1e-300))

    def datum(self, x: float, y: float) -> dict[str, Any]:
        """The day and the amount at a place."""
        return {"date": moment(self.days.value(x)), self.field: self.values.value(y)}

    def x(self, field: str = "", *, paired: bool = False) -> dict[str, Any]:
        """The encoding of days; `paired` with an x2, for which Vega-Lite cannot read the domain and borrows it."""
        domain = {} if paired else {"domain": [moment(self.days.low), moment(self.days.high)]}
        ticks_at = {"tickCount": {"interval": "year", "step": self.year_step}, "format": "%Y", "tickSize": 5}
        return {
            "field": field or self.across,
            "type": "temporal",
            "scale": {"type": "utc", "nice": False, **domain},
            "axis": {"title": self.day_title, "titlePadding": 8, "zindex": 1, **ticks_at},
        }

    def y(self, field: str = "") -> dict[str, Any]:
        """The encoding of amounts, with the left axis."""
        drawn = axis(self.ticks, "left", self.title, aside=LEFT, top=self.values.end)
        return _amount(field or self.field, self.values, drawn)

    def y_pfs_days(self, field: str = "pfs_days") -> dict[str, Any]:
        """The encoding of amounts in petaFLOP/s-days, with the right axis."""
        span = self.values.in_pfs_days()
        return _amount(field, span, axis(ticks(span), "right", self.pfs_title, aside=RIGHT, top=self.values.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """The plot of one amount over another, both on logarithmic scales.

    Attributes:
        reach: amounts across.
        values: amounts upwards.
        across_title, title: of the two axes, with their units.
    """

    reach: Span
    values: Span
    across_title: str
    title: str

    @classmethod
    def of(cls, look: Look, across: tuple[float, float], values: tuple[float, float], titles: tuple[str, str]) -> Plane:
        """A plot of the size that a look asks for, between the least and the largest amounts."""
        return cls(
            reach=Span(low=across[0], high=across[1], start=0.0, end=float(look.width), log=True),
            values=Span(low=values[0], high=values[1], start=float(look.height), end=0.0, log=True),
            across_title=titles[0],
            title=titles[1],
        )

    @property
    def across(self) -> str:
        """Name of the amounts across in the rows."""
        return "x"

    @property
    def field(self) -> str:
        """Name of the amounts upwards in the rows."""
        return "y"

    @property
    def box(self) -> Box:
        """The plot in pixels."""
        return Box(0.0, self.values.end, self.reach.end, self.values.start)

    @property
    def ticks(self) -> Sequence[Tick]:
        """Of the left axis."""
        return ticks(self.values)

    def place(self, row: Mapping[str, Any]) -> Spot:
        """Where a row lies."""
        return self.reach.pixel(row["x"]), self.values.pixel(row["y"])

    def datum(self, x: float, y: float) -> dict[str, Any]:
        """The two amounts at a place."""
        return {"x": self.reach.value(x), "y": self.values.value(y)}

    def x(self, field: str = "", *, paired: bool = False) -> dict[str, Any]:
        """The encoding of amounts across, with the axis below; `paired` is of days only."""
        return _amount(field or "x", self.reach, axis(ticks(self.reach), "bottom", self.across_title))

    def y(self, field: str = "") -> dict[str, Any]:
        """The encoding of amounts upwards, with the left axis."""
        return _amount(field or "y", self.values, axis(self.ticks, "left", self.title, aside=LEFT, top=self.values.end))


def _amount(field: str, span: Span, drawn: dict[str, Any]) -> dict[str, Any]:
    scale = {**span.scale(), "range": [span.start, span.end]}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": drawn}


def moment(ordinal: float) -> str:
    """The time at a fractional ordinal, as ISO text in UTC.

    >>> moment(734624.5)
    '2012-05-01T12:00:00Z'
    """
    return (datetime(1, 1, 1) + timedelta(days=ordinal - 1)).isoformat(timespec="seconds") + "Z"
