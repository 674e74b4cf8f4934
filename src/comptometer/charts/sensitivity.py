"""The same question under every reasonable definition: how much of the answer is the definition?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._axes import Span, Tick, axis, tick_labels, tick_rows, ticks
from comptometer.charts._growth import is_narrow, missing_note, source_line
from comptometer.charts._labels import text_width
from comptometer.charts._layers import quiet
from comptometer.charts._theme import BODY, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import VARIANTS, listed, say, spread
from comptometer.definitions import Variant, variants
from comptometer.growth import Question
from comptometer.release import banner

ROW, GROUP = 19.0, 14.0  # pixels that a row or the name of a group takes, and the air over a group
OVER: Final = 13.0  # pixels from a bar up to its words, where these have no room beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a row's words stand, in pixels: beside its bar, or over it as on a telephone.

    Attributes:
        width: of the plot.
        margins: left and right of it.
        row: what a row takes.
        name, figures: where the one ends or starts, and the other.
        over: how far above the bar.
    """

    width: float
    margins: tuple[float, float]
    row: float
    name: float
    figures: float
    over: float


def places_of(look: Look) -> Places:
    """Words over the bars where the plot is narrow, else beside them."""
    if is_narrow(look):
        width = look.width + 88.0
        return Places(width=width, margins=(20.0, 20.0), row=36.0, name=0.0, figures=width, over=OVER)
    left, right = 280.0, 190.0
    width = max(look.width - left - right + 128, 200.0)
    return Places(width=width, margins=(left, right), row=ROW, name=-12.0, figures=width + 12, over=0.0)


@chart("sensitivity")
def plain(look: Look) -> Spec:
    """Growth of training compute under every definition."""
    question = Question()
    return sensitivity_chart(variants(question), question.data, look)


def sensitivity_chart(variants: Sequence[Variant], data: str, look: Look) -> Spec:
    """A row per answer, in groups; the height follows from their number, and the scale ends with the intervals.

    Args:
        variants: the question as asked comes first.
        data: the table that the question is about, for the credit.
        look: width, theme, scale and language count.
    """
    palette, language = PALETTES[look.theme], look.language
    places = places_of(look)
    rows = rows_of(variants, places, language)
    height = max(row["y"] for row in rows) + ROW
    span = _span(rows, places.width, look)
    at = _ticks(span)
    headings = {
        "group": say("heading-kind", language),
        "label": say("heading-label", language),
        "growth_text": say("heading-growth", language),
        "models": say("heading-n", language),
    }
    drawn = {
        "rows": rows,
        "groups": [{"y": row["y"] - places.row, "text": row["group"]} for row in rows if row["leads"]],
        "reference": [{"estimate": rows[0]["estimate"]}],
        "grid": [{"estimate": tick.value} for tick in at],
        "ticks": tick_rows(span, at, "estimate", centred=True),
    }
    return finished(
        [{"layer": _layers(span, at, height, places, palette, headings, language)}],
        _words(variants, rows, data, language),
        Rows(drawn=drawn, listed="rows", headings=headings),
        look=look,
        size=(places.width, height),
        margins=places.margins,
        below=58,
        apart="x",
    )


# Rows


def rows_of(variants: Sequence[Variant], places: Places, language: Language) -> list[dict[str, Any]]:
    """One row per answered variant with its height in the plot; `leads` is true of the first of a group."""
    rows: list[dict[str, Any]] = []
    y = 0.0
    answered = [(variant, variant.answer) for variant in variants if variant.answer]
    for group, members in groupby(answered, key=lambda pair: pair[0].group):
        y += GROUP + (ROW if rows else 0.0)
        for at, (variant, answer) in enumerate(members):
            growth = answer.trend.growth_per_year.to_dict()
            y += places.row
            said = f"×{text.number(growth['estimate'] or 0.0)} ({spread(growth, language)})"
            counted = f"{said}, n={answer.trend.n}"
            label = VARIANTS.get(variant.label, variant.label) if language == "zh" else variant.label
            rows.append(
                {
                    "group": say(group, language),
                    "label": label,
                    "estimate": growth["estimate"],
                    "p5": growth["p5"],
                    "p95": growth["p95"],
                    "models": answer.trend.n,
                    "growth_text": said,
                    "figures": _figures(label, said, places) if places.over else counted,
                    "y": y,
                    "leads": at == 0,
                    "spoken": f"{label}: {counted}",
                }
            )
    return rows


def _figures(label: str, said: str, places: Places) -> str:
    """The growth with its interval, or without where the label leaves no room for it."""
    fits = text_width(label, BODY) + text_width(said, SMALL) + 4 <= places.width
    return said if fits else said.partition(" (")[0]


def _span(rows: Sequence[Mapping[str, Any]], width: float, look: Look) -> Span:
    """From the least to the largest end of an interval, but not beyond 5 times the estimates: some have no end."""
    estimates = [row["estimate"] for row in rows]
    low = max(min(row["p5"] or row["estimate"] for row in rows), min(estimates) / 5)
    high = min(max(row["p95"] or row["estimate"] for row in rows), 5 * max(estimates))
    if look.scale == "linear":
        return Span(low=0.0, high=1.06 * high, start=0.0, end=width)
    return Span(low=low / 1.06, high=high * 1.06, start=0.0, end=width, log=True)


def _ticks(span: Span) -> Sequence[Tick]:
    return ticks(span, apart=36.0)


# Layers


def _layers(
    span: Span,
    at: Sequence[Tick],
    height: float,
    places: Places,
    palette: Palette,
    headings: Mapping[str, str],
    language: Language,
) -> list[Layer]:
    drawn = axis(at, "bottom", say("growth-axis", language))

    def x(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": span.scale(), "axis": drawn}

    y = {"field": "y", "type": "quantitative", "scale": {"domain": [height, 0.0], "nice": False}, "axis": None}
    tooltip = [{"field": field, "title": heading} for field, heading in headings.items()]
    reference = {**quiet("rule", palette.fit), "strokeWidth": 1.2, "strokeDash": [4, 3]}
    bar = {**quiet("rule", palette.series[0]), "strokeWidth": 5, "opacity": 0.35, "clip": True}
    point = {"type": "point", "filled": True, "size": 62, "opacity": 1, "color": palette.series[0]}
    word = {"type": "text", "baseline": "middle", "fontSize": BODY, "color": palette.text, "dy": -places.over}
    name = {**word, "align": "left" if places.over else "right", "x": places.name}
    figures = {**word, "align": "right" if places.over else "left", "x": places.figures, "fontSize": SMALL}
    figures["color"] = palette.muted
    head = {**figures, "align": "left", "x": -places.margins[0], "dy": 0, "fontWeight": "bold"}
    halo = {"stroke": palette.background, "strokeWidth": 4, "strokeJoin": "round"}
    rows, silent = {"data": {"name": "rows"}}, {"aria": False, "tooltip": None}
    spoken = {"description": {"field": "spoken", "type": "nominal"}, "tooltip": tooltip}
    return [
        {"data": {"name": "grid"}, "mark": quiet("rule", palette.grid), "encoding": {"x": x("estimate")}},
        {"data": {"name": "reference"}, "mark": reference, "encoding": {"x": x("estimate")}},
        {**rows, "mark": bar, "encoding": {"x": x("p5"), "x2": {"field": "p95"}, "y": y}},
        {**rows, "mark": point, "encoding": {"x": x("estimate"), "y": y, **spoken}},
        *[
            {**rows, "mark": {**mark, **silent, **under}, "encoding": {"y": y, "text": {"field": field}}}
            for under in (halo, {})
            for field, mark in (("label", name), ("figures", figures))
        ],
        {"data": {"name": "groups"}, "mark": head, "encoding": {"y": y, "text": {"field": "text"}}},
        *tick_labels("ticks", {"x": x("estimate"), "y": {"value": height + 16}}, palette),
    ]


# Words


def _words(variants: Sequence[Variant], rows: Sequence[Mapping[str, Any]], data: str, language: Language) -> Words:
    estimates = [row["estimate"] for row in rows]
    title = say("sensitivity-title", language, low=text.number(min(estimates), 2), high=text.number(max(estimates), 2))
    failed = [variant.label for variant in variants if not variant.answer]
    note = [say("sensitivity-note", language, labels=listed(failed, language))] if failed else []
    if variants[0].answer:
        note += missing_note(variants[0].answer, language)
    return Words(
        title=title,
        subtitle=say("sensitivity-subtitle", language, n=len(rows)),
        note="\n".join([*note, source_line(data, language), banner()]),
        description=title + ("." if language == "en" else "。"),
        language=language,
    )
