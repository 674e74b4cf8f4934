"""What a ledger holds, month by month, stacked by stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, Final

from comptometer.charts import Look, Spec, chart_of
from comptometer.charts._axes import Span, axis, tick_labels, tick_rows, ticks, widest
from comptometer.charts._layers import quiet
from comptometer.charts._ledger import Told
from comptometer.charts._theme import BODY, LEFT, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import say

MOST_STAGES: Final = 5  # beyond them the smallest are drawn as one


@chart_of("ledger-months")
def ledger_months_chart(folder: str, look: Look) -> Spec:
    """A bar per month, from the bottom the stage with most; the scale is always linear.

    Raises:
        NotFound: no such ledger.
        UsageError: it holds no chip-time.
    """
    told, palette = Told(Path(folder), look.language), PALETTES[look.theme]
    parts, months = rows_of(told)
    lowest = min(
        0.0, *(part["end"] for part in parts), *(month["low"] for month in months)
    )  # a bill may take back what it said of a month
    highest = max(month["top"] for month in months)
    span = Span(low=1.08 * lowest, high=1.08 * highest, start=float(look.height), end=0.0)
    at = ticks(span)
    headings = {
        "month": say("heading-month", look.language),
        "stage": say("heading-stage", look.language),
        "amount_text": say("heading-amount", look.language),
        "jobs": say("heading-jobs", look.language),
    }
    drawn = {"parts": parts, "months": months, "grid": [{"end": tick.value} for tick in at],
             "ticks": tick_rows(span, at, "end")}  # fmt: skip
    return finished(
        [{"layer": _layers(told, palette, headings, parts, months, span, look)}],
        _words(told, months),
        Rows(drawn=drawn, listed="parts", headings=headings),
        look=look,
        size=(look.width, look.height),
        below=60,
    )


def rows_of(told: Told) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One row for each month and stage with its place in the stack, and one for each month with its interval."""
    language = told.language
    cells = [row for row in told.book.total(("month", "stage"))["rows"] if told.amount(row)[0]]
    sums: dict[str, float] = defaultdict(float)
    for row in cells:
        sums[row["stage"] or say("no-stage", language)] += told.amount(row)[0]
    order = sorted(sums, key=lambda stage: -sums[stage])
    if len(order) > MOST_STAGES + 1:
        order = [*order[:MOST_STAGES], say("other-stages", language)]
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for row in cells:
        stage = row["stage"] or say("no-stage", language)
        place = order.index(stage) if stage in order else len(order) - 1
        month = row["month"] or say("no-month", language)
        part = found.setdefault((month, place), {"month": month, "stage": order[place], "place": place,
                                                 "amount": 0.0, "jobs": 0})  # fmt: skip
        part["amount"] += told.amount(row)[0]
        part["jobs"] += row["jobs"]
    parts = [found[key] for key in sorted(found)]
    ends: dict[tuple[str, bool], float] = defaultdict(float)  # of a month, upwards and downwards from zero
    for part in parts:
        side = part["month"], part["amount"] > 0
        part["start"] = ends[side]
        ends[side] = part["end"] = part["start"] + part["amount"]
        part["amount_text"] = told.say_amount(part["amount"])
        part["spoken"] = f"{part['month']}, {part['stage']}: {part['amount_text']}"
    months = []
    for row in told.book.total(("month",))["rows"]:
        name = row["month"] or say("no-month", language)
        if any(name == month for month, _ in ends):
            middle, low, high = told.amount(row)
            top = max(high, ends[name, True])
            months.append({"month": name, "amount": middle, "low": low, "high": high, "top": top,
                           "text": told.number(middle)})  # fmt: skip
    return parts, months


def calendar(months: Sequence[str]) -> list[str]:
    """All months from the first to the last, also those in which nothing began; what is no month comes last.

    >>> calendar(["2025-11", "2026-02", "unknown"])
    ['2025-11', '2025-12', '2026-01', '2026-02', 'unknown']
    """
    dated = [month for month in months if month[:1].isdigit()]
    counted = [12 * int(month[:4]) + int(month[5:]) - 1 for month in dated]
    whole = range(min(counted), max(counted) + 1) if counted else ()
    names = [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in whole]
    return [*names, *(month for month in months if month not in names)]


def _layers(
    told: Told,
    palette: Palette,
    headings: Mapping[str, str],
    parts: Sequence[Mapping[str, Any]],
    months: Sequence[Mapping[str, Any]],
    span: Span,
    look: Look,
) -> list[Layer]:
    names = calendar([row["month"] for row in months])
    step = look.width / len(names)
    every = max(1, ceil(64 / step))  # months whose names have room
    under = {"labelAngle": 0, "title": say("month", look.language), "titlePadding": 10, "ticks": False,
             "values": names[::every]}  # fmt: skip
    x = {"field": "month", "type": "ordinal", "scale": {"domain": names, "paddingInner": 0.25}, "axis": under}
    at = ticks(span)
    drawn = axis(at, "left", told.axis, aside=LEFT)

    def y(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": span.scale(), "axis": drawn}

    stages = list(dict.fromkeys(part["stage"] for part in sorted(parts, key=lambda part: part["place"])))
    legend = {"orient": "top", "title": None, "offset": 34, "columnPadding": 22}
    scale = {"domain": stages, "range": list(palette.series[: len(stages)])}
    color = {"field": "stage", "type": "nominal", "scale": scale, "legend": legend}
    tooltip = [{"field": field, "title": heading} for field, heading in headings.items()]
    spoken = {"tooltip": tooltip, "description": {"field": "spoken", "type": "nominal"}}
    over = {**quiet("text", palette.text), "baseline": "bottom", "dy": -5, "fontSize": BODY if step >= 44 else SMALL}
    left = {"x": {"value": -9 - widest(at)[1]}}
    layers: list[Layer] = [
        {"data": {"name": "grid"}, "mark": quiet("rule", palette.grid), "encoding": {"y": y("end")}},
        {
            "data": {"name": "parts"},
            "mark": {"type": "bar", "stroke": palette.background, "strokeWidth": 0.8},
            "encoding": {"x": x, "y": y("start"), "y2": {"field": "end"}, "color": color, **spoken},
        },
    ]
    if told.measure == "flop":
        whisker = {**quiet("rule", palette.text), "strokeWidth": 1.4}
        ends = {"x": x, "y": y("low"), "y2": {"field": "high"}}
        layers.append({"data": {"name": "months"}, "mark": whisker, "encoding": ends})
    if step >= 40:
        texts = {"x": x, "y": y("top"), "text": {"field": "text"}}
        layers.append({"data": {"name": "months"}, "mark": over, "encoding": texts})
    return [*layers, *tick_labels("ticks", {**left, "y": y("end")}, palette)]


def _words(told: Told, months: Sequence[Mapping[str, Any]]) -> Words:
    language = told.language
    most = max(months, key=lambda row: row["amount"])
    title = say("ledger-months-title", language, amount=told.say_amount(told.amount(told.whole["total"])[0]),
                jobs=f"{told.whole['total']['jobs']:,}", month=most["month"],
                most=told.say_amount(most["amount"]))  # fmt: skip
    return Words(
        title=title,
        subtitle=told.explained,
        note=told.note,
        description=title + ("." if language == "en" else "。"),
        language=language,
    )
