"""What growth is made of: each factor as a bar that starts where the one above it ends, on a scale of factors.

On a logarithmic scale lengths add up where factors multiply, so the last bar ends where that of the whole does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart, chart_of
from comptometer.charts._axes import Span, Tick, axis, tick_labels, tick_rows, ticks
from comptometer.charts._flags import Readers, day, flags
from comptometer.charts._growth import missing_note, source_line
from comptometer.charts._layers import quiet
from comptometer.charts._theme import BODY, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import say, spread
from comptometer.decomposition import Decomposition, Split, decompose, published
from comptometer.release import banner
from comptometer.trends import Fitted, Trend

BAR, WORDS, AIR, HEAD = 13.0, 17.0, 9.0, 30.0  # pixels: a bar, the line of words over it, between two, over a group
SIDES: Final = (20.0, 20.0)
FLAGS: Final[Readers] = {
    **dict.fromkeys(("select", "data", "cost", "by"), str),
    **dict.fromkeys(("since", "until"), day),
    **dict.fromkeys(("top", "draws", "seed"), int),
}


@chart("decomposition")
def plain(look: Look) -> Spec:
    """What the growth of the largest models' training compute is made of."""
    return decomposition_chart(decompose(), look)


def decomposed(text: str) -> Decomposition:
    """Decompose as flags of `comptometer decompose` say: `select=notable&since=2016`.

    Raises:
        UsageError: flags that cannot be read; else as of `decompose`.
    """
    return decompose(**flags(text, FLAGS))


@chart_of("decomposition")
def of_flags(flags: str, look: Look) -> Spec:
    """A decomposition as it is asked for."""
    return decomposition_chart(decomposed(flags), look)


def decomposition_chart(found: Decomposition, look: Look) -> Spec:
    """Draw a decomposition; the height follows from the number of parts, and the scale is always logarithmic."""
    palette, language = PALETTES[look.theme], look.language
    width = float(look.width) + 88
    rows, heads = rows_of(found, palette, language)
    height = max(row["y"] for row in rows) + BAR + AIR
    span = _span(rows, width)
    at = ticks(span, apart=36.0)
    headings = {
        "group": say("heading-split", language),
        "label": say("heading-part", language),
        "growth_text": say("heading-growth", language),
        "share_text": say("heading-of-growth", language),
    }
    drawn = {
        "rows": rows,
        "heads": heads,
        "joins": _joins(rows),
        "published": [row for row in rows if row["said"]],
        "grid": [{"end": tick.value} for tick in at],
        "one": [{"end": 1.0}],
        "ticks": tick_rows(span, at, "end", centred=True),
    }
    return finished(
        [{"layer": _layers(span, at, height, palette, headings, language)}],
        _words(found, language),
        Rows(drawn=drawn, listed="rows", headings=headings),
        look=look,
        size=(width, height),
        margins=SIDES,
        below=58,
        apart="x",
    )


# Rows


def rows_of(
    found: Decomposition, palette: Palette, language: Language
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One row per bar with its place, and one per group; each bar starts where the one before it ends."""
    rows: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    y = 0.0
    for name, split in found.splits.items():
        y += HEAD
        group = say(f"split-{name}", language)
        n = len(split.models)
        heads.append({"y": y - 12, "text": say("split-models", language, split=group, n=n)})
        start = 1.0
        for part, trend, share in _bars(split):
            color = palette.fit if part == "compute" else _color(found, part, palette)
            row = _row(name, part, trend, share, 1.0 if part == "compute" else start, language)
            y += WORDS
            rows.append({**row, "group": group, "y": y, "y2": y + BAR, "words": y - 8, "color": color})
            y += BAR + AIR
            if part != "compute":
                start = row["end"]
    return rows, heads


def _bars(split: Split) -> list[tuple[str, Trend, Fitted | None]]:
    return [("compute", split.compute, None), *((part.name, part.trend, part.share) for part in split.parts)]


def _color(found: Decomposition, part: str, palette: Palette) -> str:
    names = [part.name for split in found.splits.values() for part in split.parts]
    return palette.series[names.index(part) % len(palette.series)]


def _row(split: str, part: str, trend: Trend, share: Fitted | None, start: float, language: Language) -> dict[str, Any]:
    growth = trend.growth_per_year.to_dict()
    middle, low, high = (float(growth[key] or 1.0) for key in ("estimate", "p5", "p95"))
    said = f"×{text.number(middle)} ({spread(growth, language)})"
    told = ""
    if share is not None:
        ends = share.interval()
        told = f"{text.percent(share.estimate)} ({round(100 * ends[0])}–{round(100 * ends[1])}%)"
    label = say(f"part-{part}", language)
    other = next((row for row in published() if row["split"] == split and row["part"] == part), None)
    return {
        "label": label,
        "growth": middle,
        "start": start,
        "end": start * middle,
        "low": start * low,
        "high": start * high,
        "growth_text": said,
        "share_text": told or "–",
        "text": f"{label}  {said}" + (f"  {told}" if told else ""),
        "said": start * other["growth"] if other else None,
        "spoken": f"{label}: {said}" + (f", {told}" if told else ""),
    }


def _joins(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """From the end of each part down to the start of the next."""
    pairs = pairwise(rows)
    return [
        {"end": one["end"], "y": one["y2"], "y2": other["y"]}
        for one, other in pairs
        if one["group"] == other["group"] and other["start"] == one["end"]
    ]


def _span(rows: Sequence[Mapping[str, Any]], width: float) -> Span:
    ends = [row[key] for row in rows for key in ("start", "end", "low", "high")]
    return Span(low=min(ends), high=max(ends) * 1.06, start=0.0, end=width, log=True)


# Layers


def _layers(
    span: Span, at: Sequence[Tick], height: float, palette: Palette, headings: Mapping[str, str], language: Language
) -> list[Layer]:
    drawn = axis(at, "bottom", say("growth-axis", language))

    def x(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": span.scale(), "axis": drawn}

    def y(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": {"domain": [height, 0.0], "nice": False}, "axis": None}

    color = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    tooltip = [{"field": field, "title": heading} for field, heading in headings.items()]
    rows = {"data": {"name": "rows"}}
    bar = {"type": "rect", "opacity": 0.75, "cornerRadius": 1}
    spoken = {"description": {"field": "spoken", "type": "nominal"}, "tooltip": tooltip}
    whisker = {**quiet("rule", palette.text), "strokeWidth": 1.6}
    middle = {"yOffset": BAR / 2}
    word = {"type": "text", "align": "left", "baseline": "middle", "fontSize": BODY, "color": palette.text, "x": 5}
    head = {**word, "fontWeight": "bold", "color": palette.muted, "fontSize": SMALL}
    mark = {"type": "point", "shape": "diamond", "size": 70, "filled": True, "strokeWidth": 1.6, "aria": False}
    said = {**mark, "fill": palette.background, "stroke": palette.text, "opacity": 1, **middle}
    join = {**quiet("rule", palette.rule), "strokeDash": [2, 2]}
    one = {**quiet("rule", palette.rule), "strokeWidth": 1.2}
    silent = {"aria": False, "tooltip": None}
    halo = {"stroke": palette.background, "strokeWidth": 4, "strokeJoin": "round"}
    return [
        {"data": {"name": "grid"}, "mark": quiet("rule", palette.grid), "encoding": {"x": x("end")}},
        {"data": {"name": "one"}, "mark": one, "encoding": {"x": x("end")}},
        {"data": {"name": "joins"}, "mark": join, "encoding": {"x": x("end"), "y": y("y"), "y2": {"field": "y2"}}},
        {
            **rows,
            "mark": bar,
            "encoding": {"x": x("start"), "x2": {"field": "end"}, "y": y("y"), "y2": {"field": "y2"}, "color": color,
                         **spoken},
        },
        {**rows, "mark": {**whisker, **middle}, "encoding": {"x": x("low"), "x2": {"field": "high"}, "y": y("y")}},
        {"data": {"name": "published"}, "mark": said, "encoding": {"x": x("said"), "y": y("y")}},
        {**rows, "mark": {**word, **silent, **halo}, "encoding": {"y": y("words"), "text": {"field": "text"}}},
        {**rows, "mark": {**word, **silent}, "encoding": {"y": y("words"), "text": {"field": "text"}}},
        {"data": {"name": "heads"}, "mark": head, "encoding": {"y": y("y"), "text": {"field": "text"}}},
        *tick_labels("ticks", {"x": x("end"), "y": {"value": height + 16}}, palette),
    ]  # fmt: skip


# Words


def _words(found: Decomposition, language: Language) -> Words:
    asked = found.answer.question
    title = _title(found, language)
    since, until = asked.wanted.since, asked.wanted.until
    which = say(asked.wanted.select, language, top=asked.wanted.top)
    window = [say("from", language, day=since)] if since else []
    window += [say("to", language, day=until)] if until else []
    return Words(
        title=title,
        subtitle=say("decomposition-subtitle", language, which=which[:1].upper() + which[1:],
                     window=" ".join(window), data=asked.data, unit=say(f"by-{asked.by}", language)),
        note="\n".join([say("decomposition-note", language), *missing_note(found.answer, language),
                        source_line(asked.data, language), banner()]),
        description=title + ("." if language == "en" else "。"),
        language=language,
    )  # fmt: skip


def _title(found: Decomposition, language: Language) -> str:
    """The finding: the largest share of each split."""
    parts = []
    if found.machines:
        best = max(found.machines.parts, key=lambda part: part.trend.slope)
        parts.append(say("decomposition-most", language, part=say(f"part-{best.name}", language),
                         growth=text.number(best.trend.growth_per_year.estimate)))  # fmt: skip
    if found.money:
        share = found.money.part("spending").share
        if share:
            parts.append(say("decomposition-money", language, share=text.percent(share.estimate)))
    return say("decomposition-and", language).join(parts or [say("split-machines", language)])
