"""The largest models at release and the records among all models, the line of 2018, and lines of regulations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._frame import Frame
from comptometer.charts._growth import (
    axis_rows,
    curve,
    curve_layers,
    ground,
    is_narrow,
    labels,
    left_labels,
    margins,
    missing,
    padded,
    path,
    reach,
    right_axes,
    size_of,
    source_line,
    words_of,
    year_step,
)
from comptometer.charts._labels import Placed, around
from comptometer.charts._overlays import (
    article_layers,
    law_layers,
    law_words,
    levels,
    line_of_2018,
    lines_of_law,
    words_of_2018,
)
from comptometer.charts._theme import PALETTES, Layer, Palette, Rows, Words, finished, series
from comptometer.charts._timeline import stands_out
from comptometer.charts._words import say, spread
from comptometer.charts.trend import points_of
from comptometer.growth import Answer, trend
from comptometer.release import banner
from comptometer.studies import openai_2018

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
    placed = _placed(frame, points, lines, thresholds, language)
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
        *law_layers(frame, palette),
        *article_layers(frame, palette),
        *curve_layers("lines", frame, palette.fit, predicted=False),
        *_point_layers(frame, palette, points, headings, language, look.width),
        *words,
        *left_labels(frame, palette),
    ]
    drawn = {"points": points, **lines, "thresholds": thresholds, **axis_rows(frame, pfs=not is_narrow(look)), **rows}
    return finished(
        [{"layer": inner}, *right_axes(frame, palette, look)],
        _words(everyone, top, records, thresholds, language),
        Rows(drawn=drawn, listed="points", headings=headings),
        look=look,
        size=(look.width, look.height),
        margins=margins(look),
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


# Places of words


def _placed(
    frame: Frame,
    points: Sequence[Mapping[str, Any]],
    lines: Mapping[str, Sequence[Mapping[str, Any]]],
    thresholds: Sequence[Mapping[str, Any]],
    language: Language,
) -> dict[str, list[Placed]]:
    remarks = law_words(frame, thresholds)
    _, radius = size_of(len(points))
    boxes = [around(frame.spot(row["date"], row["flop"]), radius) for row in points]
    article, own = path(frame, lines["article"]), path(frame, lines["lines"])
    lawful = levels(frame, thresholds)
    fit = words_of_2018(frame, lines["article"], remarks, [*boxes, *lawful], language)
    records = [row for row in points if row["rank"] == 0 and (frame.values.log or stands_out(row, points))]
    records.sort(key=lambda row: row["date"], reverse=True)
    names = labels(frame, records, points, line=[*own, *article], taken=[*remarks, *fit])
    return {"labels": names, "fit": [], "remark": [*remarks, *fit]}


# Layers


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
