"""A ledger as a waterfall: what each stage used, what of it did not complete, and what is in the final weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from comptometer import text
from comptometer.charts import Look, Spec, chart_of
from comptometer.charts._axes import Span, Tick, axis, tick_labels, tick_rows, ticks
from comptometer.charts._layers import quiet
from comptometer.charts._ledger import Told
from comptometer.charts._theme import BODY, PALETTES, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import say, spread

BAR, WORDS, AIR = 15.0, 17.0, 10.0  # pixels: a bar, the line of words over it, between two


@chart_of("ledger-stages")
def ledger_stages_chart(folder: str, look: Look) -> Spec:
    """A bar per stage that begins where the one above ends; the height follows from them, and the scale is linear.

    Raises:
        NotFound: no such ledger.
        UsageError: it holds no chip-time.
    """
    told, palette = Told(Path(folder), look.language), PALETTES[look.theme]
    width = float(look.width) + 88
    rows = rows_of(told, palette)
    height = rows[-1]["y2"] + AIR
    span = Span(low=0.0, high=1.02 * max(row["high"] for row in rows), start=0.0, end=width)
    at = ticks(span)
    headings = {
        "label": say("heading-step", look.language),
        "amount_text": say("heading-amount", look.language),
        "jobs": say("heading-jobs", look.language),
    }
    drawn = {"rows": rows, "joins": _joins(rows), "grid": [{"end": tick.value} for tick in at],
             "ticks": tick_rows(span, at, "end", centred=True)}  # fmt: skip
    return finished(
        [{"layer": _layers(told, span, at, height, palette, headings)}],
        _words(told),
        Rows(drawn=drawn, listed="rows", headings=headings),
        look=look,
        size=(width, height),
        margins=(20.0, 20.0),
        below=58,
        apart="x",
    )


def rows_of(told: Told, palette: Palette) -> list[dict[str, Any]]:
    """One row per bar with its place, from the top."""
    language, rows = told.language, []
    stages = [row for row in told.book.total(("stage",))["rows"] if told.amount(row)[0]]
    end = 0.0
    for at, row in enumerate(sorted(stages, key=lambda row: -told.amount(row)[0])):
        color = palette.series[min(at, len(palette.series) - 1)]
        rows.append(_row(told, row["stage"] or say("no-stage", language), told.amount(row), end, row["jobs"], color))
        end = rows[-1]["end"]
    whole = told.whole["total"]
    spent = told.amount(whole)
    sums = [_row(told, say("step-spent", language), spent, 0.0, whole["jobs"], palette.rule)]
    if told.outcomes:
        completed = told.amount(whole, "_completed")
        if (lost := spent[0] - completed[0]) > 0:
            sums.append(_row(told, say("step-lost", language), (lost, lost, lost), completed[0], None, palette.fit))
        sums.append(_row(told, say("step-completed", language), completed, 0.0, None, palette.series[2]))
    if told.measure == "flop" and whole["flop_kept"]:
        kept = tuple(whole["flop_kept"][name] for name in ("p50", "p5", "p95"))
        sums.append(_row(told, say("step-kept", language), kept, 0.0, None, palette.series[0]))
    y = 0.0
    for place, row in enumerate([*rows, *sums]):
        y += WORDS + (AIR if place == len(rows) else 0)
        row.update(y=y, y2=y + BAR, words=y - 9)
        y += BAR + AIR
    return [*rows, *sums]


def _row(told: Told, label: str, amount: Sequence[float], start: float, jobs: int | None, color: str) -> dict[str, Any]:
    middle, low, high = amount
    ends = spread({"p5": low, "p95": high}, told.language, 2)
    said = told.say_amount(middle) + (f" ({ends})" if low < high else "")
    return {
        "label": label,
        "start": start,
        "end": start + middle,
        "low": start + low,
        "high": start + high,
        "amount_text": said,
        "jobs": jobs,
        "text": f"{label}:  {said}",
        "spoken": f"{label}: {said}",
        "color": color,
    }


def _joins(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """From the end of a bar down to the one that begins or ends there."""
    return [
        {"end": one["end"], "y": one["y2"], "y2": other["y"]}
        for one, other in pairwise(rows)
        if one["end"] in (other["start"], other["end"])
    ]


def _layers(
    told: Told, span: Span, at: Sequence[Tick], height: float, palette: Palette, headings: Mapping[str, str]
) -> list[Layer]:
    drawn = axis(at, "bottom", told.axis)

    def x(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": span.scale(), "axis": drawn}

    def y(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": {"domain": [height, 0.0], "nice": False}, "axis": None}

    color = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    tooltip = [{"field": field, "title": heading} for field, heading in headings.items()]
    spoken = {"description": {"field": "spoken", "type": "nominal"}, "tooltip": tooltip}
    rows = {"data": {"name": "rows"}}
    whisker = {**quiet("rule", palette.text), "strokeWidth": 1.4, "yOffset": BAR / 2}
    word = {**quiet("text", palette.text), "align": "left", "baseline": "middle", "fontSize": BODY, "x": 4}
    halo = {"stroke": palette.background, "strokeWidth": 4, "strokeJoin": "round"}
    layers: list[Layer] = [
        {"data": {"name": "grid"}, "mark": quiet("rule", palette.grid), "encoding": {"x": x("end")}},
        {"data": {"name": "joins"}, "mark": {**quiet("rule", palette.rule), "strokeDash": [2, 2]},
         "encoding": {"x": x("end"), "y": y("y"), "y2": {"field": "y2"}}},
        {**rows, "mark": {"type": "rect", "opacity": 0.8, "cornerRadius": 1},
         "encoding": {"x": x("start"), "x2": {"field": "end"}, "y": y("y"), "y2": {"field": "y2"}, "color": color,
                      **spoken}},
    ]  # fmt: skip
    if told.measure == "flop":
        ends = {"x": x("low"), "x2": {"field": "high"}, "y": y("y")}
        layers.append({**rows, "mark": whisker, "encoding": ends})
    texts = {"y": y("words"), "text": {"field": "text"}}
    layers += [{**rows, "mark": {**word, **halo}, "encoding": texts}, {**rows, "mark": word, "encoding": texts}]
    return [*layers, *tick_labels("ticks", {"x": x("end"), "y": {"value": height + 16}}, palette)]


def _words(told: Told) -> Words:
    language, whole = told.language, told.whole["total"]
    spent = told.amount(whole)[0]
    title = say("ledger-stages-title-open", language, amount=told.say_amount(spent))
    if told.outcomes:
        share = text.percent(told.amount(whole, "_completed")[0] / spent)
        title = say("ledger-stages-title", language, amount=told.say_amount(spent), share=share)
    return Words(
        title=title,
        subtitle=f"{say('ledger-stages-subtitle', language)} {told.explained}",
        note=told.note,
        description=title + ("." if language == "en" else "。"),
        language=language,
    )
