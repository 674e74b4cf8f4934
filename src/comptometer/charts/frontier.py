"""The largest models at release and the records among all models, the line of 2018, and lines of regulations."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._frame import Frame
from comptometer.charts._growth import (
    axis_rows,
    beside,
    curve,
    curve_layers,
    ground,
    labels,
    left_labels,
    missing,
    padded,
    path,
    reach,
    right_axis,
    size_of,
    source_line,
    words_of,
    year_step,
)
from comptometer.charts._labels import Box, Placed, around, set_at
from comptometer.charts._layers import quiet
from comptometer.charts._theme import PALETTES, SMALL, Layer, Palette, Rows, Words, finished, series
from comptometer.charts._timeline import stands_out
from comptometer.charts._words import say, spread
from comptometer.charts.trend import points_of
from comptometer.growth import Answer, trend
from comptometer.places import SHIPPED
from comptometer.release import banner
from comptometer.studies import openai_2018
from comptometer.units import FLOP_PER_PFS_DAY

TOP: Final = 10
SINCE: Final = date(2010, 1, 1)


@chart("frontier")
def frontier_chart(look: Look) -> Spec:
    """All models faint, those of the frontier and the records strong."""
    palette, language = PALETTES[look.theme], look.language
    top = trend(select="frontier", top=TOP, since=SINCE)
    everyone, records = (trend(select=select, since=SINCE) for select in ("all", "record"))
    points = kinds_of(everyone, top, records, language)
    first, last = everyone.observations[0].day, everyone.observations[-1].day
    lines = {
        "lines": curve(top.trend, top.observations[0].day, top.observations[-1].day, "flop"),
        "article": line_of_2018(last),
    }
    frame = Frame.of(
        look,
        padded((first, last)),
        reach([row["flop"] for row in points], look),
        foot=0.0,
        title=say("axis", language, label=say("compute", language), unit="FLOP"),
        pfs_title=say("pfs-days", language),
        day_title=say("published", language),
        year_step=year_step((first, last), look.width),
    )
    thresholds = [row for row in lines_of_law(language) if row["flop"] < frame.values.high]
    placed = _placed(frame, points, lines, thresholds, _says_of_2018(language))
    rows, words = words_of(frame, palette, placed)
    headings = {
        "name": say("heading-name", language),
        "date": say("heading-date", language),
        "organization": say("heading-organization", language),
        "value_text": "FLOP",
        "pfs_text": say("pfs-days", language),
        "kind": say("heading-kind", language),
    }
    inner = [
        ground(frame, palette),
        *_law_layers(frame, palette),
        *_article_layers(frame, palette),
        *curve_layers("lines", frame, palette.fit, predicted=False),
        *_point_layers(frame, palette, points, headings, language, look.width),
        *words,
        *left_labels(frame, palette),
    ]
    drawn = {"points": points, **lines, "thresholds": thresholds, **axis_rows(frame, pfs=True), **rows}
    return finished(
        [{"layer": inner}, right_axis(frame, palette)],
        _words(everyone, top, records, thresholds, language),
        Rows(drawn=drawn, listed="points", headings=headings),
        look=look,
        size=(look.width, look.height),
    )


# Rows


def kinds_of(everyone: Answer, top: Answer, records: Answer, language: Language) -> list[dict[str, Any]]:
    """Every model, marked as a record, one of the frontier, or neither; the strong ones come last, over the others."""
    best, great = ({(one.name, one.day.isoformat()) for one in answer.observations} for answer in (records, top))
    names = kind_names(language)
    rows = []
    for row in points_of(everyone, language):
        at = row["name"], row["date"]
        rank = 0 if at in best else 1 if at in great else 2
        kind = names[rank]
        rows.append(
            {
                **row,
                "kind": kind,
                "rank": rank,
                "spoken": f"{row['name']}, {row['date']}: {row['value_text']} FLOP, {kind}",
            }
        )
    return sorted(rows, key=lambda row: -row["rank"])


def kind_names(language: Language) -> tuple[str, str, str]:
    """Record, frontier, others."""
    return say("record", language), say("top", language, top=TOP), say("rest", language)


def line_of_2018(until: date) -> list[dict[str, Any]]:
    """The line of AI and Compute in FLOP, from its first model on and beyond its last."""
    rows = openai_2018.points()
    line = curve(openai_2018.line(rows), date.fromisoformat(min(row["date"] for row in rows)), until, "flop")
    return [{"date": row["date"], "flop": row["flop"] * FLOP_PER_PFS_DAY, "line": 1} for row in line]


@cache
def _law() -> tuple[Mapping[str, Any], ...]:
    return tuple(tomllib.loads((SHIPPED / "thresholds.toml").read_text(encoding="utf-8"))["thresholds"])


def lines_of_law(language: Language) -> list[dict[str, Any]]:
    """Thresholds of regulations in FLOP."""
    return [
        {"id": row["id"], "flop": row["value"], "says": row["zh" if language == "zh" else "name"],
         "source": row["source"]}
        for row in _law()
    ]  # fmt: skip


# Places of words


def _placed(
    frame: Frame,
    points: Sequence[Mapping[str, Any]],
    lines: Mapping[str, Sequence[Mapping[str, Any]]],
    thresholds: Sequence[Mapping[str, Any]],
    says: str,
) -> dict[str, list[Placed]]:
    remarks: list[Placed] = []
    for row in thresholds:
        y = frame.values.pixel(row["flop"]) - 8
        said = set_at(f"{row['says']} (>{text.number(row['flop'])})", 6.0, y, SMALL, "left")
        room = frame.values.start - y > 22 and said.box.within(frame.box)
        if room and not any(said.box.touches(other.box) for other in remarks):
            remarks.append(said)
    _, radius = size_of(len(points))
    boxes = [around(frame.spot(row["date"], row["flop"]), radius) for row in points]
    article, own = path(frame, lines["article"]), path(frame, lines["lines"])
    levels = [Box(0.0, y - 1, frame.days.end, y + 1) for row in thresholds for y in [frame.values.pixel(row["flop"])]]
    fit = beside(frame, article, says, remarks, [*boxes, *levels]) if frame.values.log else []
    records = [row for row in points if row["rank"] == 0 and (frame.values.log or stands_out(row, points))]
    records.sort(key=lambda row: row["date"], reverse=True)
    names = labels(frame, records, points, line=[*own, *article], taken=[*remarks, *fit])
    return {"labels": names, "fit": [], "remark": [*remarks, *fit]}


def _says_of_2018(language: Language) -> str:
    months = openai_2018.line(openai_2018.points()).doubling_months(openai_2018.facts()["month_days"]).estimate
    return say("line-2018", language, months=text.number(months))


# Layers


def _law_layers(frame: Frame, palette: Palette) -> list[Layer]:
    mark = {**quiet("rule", palette.series[3]), "strokeWidth": 1.3, "strokeDash": [7, 3], "opacity": 0.9}
    return [{"data": {"name": "thresholds"}, "mark": mark, "encoding": {"y": frame.y()}}]


def _article_layers(frame: Frame, palette: Palette) -> list[Layer]:
    """The line of 2018."""
    mark = {**quiet("line", palette.text), "strokeDash": [5, 4], "strokeWidth": 1.6, "clip": True}
    return [{"data": {"name": "article"}, "mark": mark, "encoding": {"x": frame.x(), "y": frame.y()}}]


def _point_layers(
    frame: Frame,
    palette: Palette,
    points: Sequence[Mapping[str, Any]],
    headings: Mapping[str, str],
    language: Language,
    width: float,
) -> list[Layer]:
    """One layer: faint small points for the rest, strong ones for frontier and records."""
    names = list(kind_names(language))
    counts = Counter(row["kind"] for row in points)
    kinds = series(names, palette, counts, width=width)
    kinds["fill"]["scale"]["range"] = [palette.fit, palette.series[0], palette.rule]
    kinds["shape"]["scale"]["range"] = ["diamond", "circle", "circle"]
    style = {"type": "point", "filled": True, "stroke": palette.background, "strokeWidth": 0.6, "clip": True}
    sizes = {"condition": [{"test": "datum.rank === 0", "value": 88}, {"test": "datum.rank === 1", "value": 46}]}
    opacities = {"condition": {"test": "datum.rank < 2", "value": 0.95}, "value": 0.5}
    tooltip = [{"field": field, "title": title} for field, title in headings.items()]
    spoken = {"description": {"field": "spoken", "type": "nominal"}}
    encoding = {
        "x": frame.x(),
        "y": frame.y(),
        **kinds,
        "size": {**sizes, "value": 16},
        "opacity": opacities,
        "tooltip": tooltip,
    }
    return [{"data": {"name": "points"}, "mark": style, "encoding": {**encoding, **spoken}}]


# Words


def _words(
    everyone: Answer, top: Answer, records: Answer, thresholds: Sequence[Mapping[str, Any]], language: Language
) -> Words:
    growth = top.trend.growth_per_year
    first, last = top.observations[0].day.year, top.observations[-1].day.year
    title = say("frontier-title", language, top=TOP, growth=text.number(growth.estimate), first=first, last=last,
                spread=spread(growth.to_dict(), language))  # fmt: skip
    months = openai_2018.line(openai_2018.points()).doubling_months(openai_2018.facts()["month_days"]).estimate
    asked = everyone.question
    subtitle = say("frontier-subtitle", language, n=everyone.trend.n, data=asked.data,
                   values=say(asked.values, language), tops=top.trend.n, top=TOP, records=records.trend.n,
                   months=text.number(months))  # fmt: skip
    without, of = missing(everyone)
    laws = "; ".join(f"{text.number(row['flop'])}: {row['source']}" for row in thresholds)
    what = say("what-models", language)
    return Words(
        title=title,
        subtitle=subtitle,
        note="\n".join(
            [
                say("no-value", language, without=without, asked=of, what=what),
                source_line(asked.data, language),
                say("laws", language, laws=laws),
                banner(),
            ]
        ),
        description=say("described", language, title=title, n=everyone.trend.n, first=everyone.observations[0].day.year,
                        last=last),
        language=language,
    )  # fmt: skip
