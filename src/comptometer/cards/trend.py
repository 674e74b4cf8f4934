"""The card of a trend: how fast, since when, of what."""

from __future__ import annotations

from collections.abc import Mapping

from comptometer import text
from comptometer.cards import Card, card
from comptometer.charts.trend import definition, label_of
from comptometer.growth import Answer
from comptometer.trends import Segment, as_date


@card("Answer")
def of_answer(answer: Answer) -> Card:
    """Doubling time and growth of each segment, and the definition behind them."""
    found = answer.trend
    last = found.segments[-1]
    months, growth = last.doubling_months().to_dict(), last.growth_per_year.to_dict()
    return Card(
        title=f"{label_of(answer, 'en')}: {definition(answer, 'en')}",
        lead=f"doubles every {_number(months)} months{_range(months)}, {_number(growth)}× a year{_range(growth)}",
        columns=("from", "to", "growth a year", "90%", "doubling in months", "90%"),
        rows=[_segment(segment) for segment in found.segments],
        numeric=(2, 4),
        foot=[f"{found.n} points, r² {text.number(found.r2, 2)}", *found.notes],
    )


def _segment(segment: Segment) -> list[str]:
    growth, months = segment.growth_per_year.to_dict(), segment.doubling_months().to_dict()
    ends = [as_date(segment.first).isoformat(), as_date(segment.last).isoformat()]
    return [*ends, _number(growth), _ends(growth), _number(months), _ends(months)]


def _number(row: Mapping[str, float | None]) -> str:
    return "–" if row["estimate"] is None else text.number(row["estimate"])


def _ends(row: Mapping[str, float | None]) -> str:
    low, high = row["p5"], row["p95"]
    return "" if low is None or high is None else text.interval(low, high)


def _range(row: Mapping[str, float | None]) -> str:
    return f" (90% {_ends(row)})" if _ends(row) else ""
