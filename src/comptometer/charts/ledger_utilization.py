"""How well the chips of a ledger were used: chip-hours by the utilization that their sources state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from comptometer import text
from comptometer.charts import Look, Spec, chart_of
from comptometer.charts._axes import Span, axis, tick_labels, tick_rows, ticks, widest
from comptometer.charts._layers import quiet
from comptometer.charts._ledger import Told
from comptometer.charts._theme import LEFT, PALETTES, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import say
from comptometer.errors import UsageError

AIR = 0.08  # of a step, left free on both sides


@chart_of("ledger-utilization")
def ledger_utilization_chart(folder: str, look: Look) -> Spec:
    """Bars side by side for each kind of statement; the scale is always linear.

    Raises:
        NotFound: no such ledger.
        UsageError: it holds no chip-time, or no source states a utilization.
    """
    told, palette = Told(Path(folder), look.language), PALETTES[look.theme]
    rows = rows_of(told)
    span = Span(low=0.0, high=1.08 * max(row["hours"] for row in rows), start=float(look.height), end=0.0)
    at = ticks(span)
    headings = {
        "range": say("heading-range", look.language),
        "stated": say("heading-stated", look.language),
        "amount_text": say("heading-amount", look.language),
        "jobs": say("heading-jobs", look.language),
    }
    drawn = {"rows": rows, "grid": [{"hours": tick.value} for tick in at], "ticks": tick_rows(span, at, "hours")}
    return finished(
        [{"layer": _layers(palette, headings, rows, span, look)}],
        _words(told),
        Rows(drawn=drawn, listed="rows", headings=headings),
        look=look,
        size=(look.width, look.height),
        below=60,
    )


def rows_of(told: Told) -> list[dict[str, Any]]:
    """One row per bar, with its two ends across."""
    if not told.whole["total"]["chip_hours"] or not (found := told.book.utilizations()):
        raise UsageError(f"{told.folder}: no source in this ledger states a utilization: there is nothing to draw")
    kinds = list(dict.fromkeys(row["stated"] for row in found))
    rows = []
    for row in found:
        width = (row["to"] - row["from"]) * (1 - 2 * AIR) / len(kinds)
        left = row["from"] + (row["to"] - row["from"]) * AIR + kinds.index(row["stated"]) * width
        stated = say(f"stated-{row['stated']}", told.language)
        range_ = _range(row["from"], row["to"])
        hours = say("amount-hours", told.language, amount=f"{row['chip_hours']:,.0f}")
        rows.append(
            {
                "left": left,
                "right": left + width,
                "hours": row["chip_hours"],
                "stated": stated,
                "range": range_,
                "amount_text": hours,
                "jobs": row["attempts"],
                "spoken": f"{range_}, {stated}: {hours}",
            }
        )
    return rows


def _layers(
    palette: Palette, headings: Mapping[str, str], rows: Sequence[Mapping[str, Any]], span: Span, look: Look
) -> list[Layer]:
    at = ticks(span)
    under = {"title": say("stated-axis", look.language), "titlePadding": 10, "format": "%", "tickCount": 10}
    upright = axis(at, "left", say("spent-hours", look.language), aside=LEFT)
    reach = {"domain": [0, 1], "nice": False}

    def x(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": reach, "axis": under}

    y = {"field": "hours", "type": "quantitative", "scale": span.scale(), "axis": upright}
    kinds = list(dict.fromkeys(row["stated"] for row in rows))
    scale = {"domain": kinds, "range": list(palette.series[: len(kinds)])}
    legend = {"orient": "top", "title": None, "offset": 34, "columnPadding": 22}
    color = {"field": "stated", "type": "nominal", "scale": scale, "legend": legend}
    tooltip = [{"field": field, "title": heading} for field, heading in headings.items()]
    spoken = {"tooltip": tooltip, "description": {"field": "spoken", "type": "nominal"}}
    left = {"x": {"value": -9 - widest(at)[1]}}
    bars = {"x": x("left"), "x2": {"field": "right"}, "y": y, "y2": {"datum": 0}, "color": color, **spoken}
    return [
        {"data": {"name": "grid"}, "mark": quiet("rule", palette.grid), "encoding": {"y": y}},
        {"data": {"name": "rows"}, "mark": {"type": "rect"}, "encoding": bars},
        *tick_labels("ticks", {**left, "y": y}, palette),
    ]


def _words(told: Told) -> Words:
    from comptometer.ledger.sums import middle

    language, found = told.language, told.book.utilizations()
    sums: dict[str, float] = defaultdict(float)
    for row in found:
        sums[row["stated"]] += row["chip_hours"]
    most = max(sums, key=lambda name: sums[name])
    title = say(
        "ledger-utilization-title",
        language,
        share=text.percent(told.whole["total"]["utilization_evidence"]),
        hours=f"{told.whole['total']['chip_hours']:,.0f}",
        median=_range(*middle([row for row in found if row["stated"] == most])),
        stated=say(f"stated-{most}", language),
    )
    return Words(
        title=title,
        subtitle=say("ledger-utilization-subtitle", language),
        note=told.note,
        description=title + ("." if language == "en" else "。"),
        language=language,
    )


def _range(low: float, high: float) -> str:
    return f"{100 * low:.0f}–{100 * high:.0f}%"
