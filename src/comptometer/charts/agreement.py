"""How hardware-time compares with the count, for every model of the catalogue that has both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._axes import Span, Tick, tick_rows
from comptometer.charts._frame import Frame
from comptometer.charts._growth import ground, labels, left_labels, padded, point_layer, words_of, year_step
from comptometer.charts._labels import Placed
from comptometer.charts._layers import quiet
from comptometer.charts._theme import BODY, PALETTES, Layer, Palette, Rows, Words, finished, series
from comptometer.charts._timeline import days_of
from comptometer.charts._words import say
from comptometer.collection import Models

VERDICTS: Final = ("consistent", "tension", "conflict")
LINES: Final = (1 / 3, 1 / 2, 1.0, 2.0, 3.0)
TICKS: Final = (1, 3, 1 / 3, 10, 0.1, 100, 0.01, 1000, 10_000, 2, 0.5, 30, 0.03)  # the most wanted first
OUTLIER: Final = 3.0  # times apart, from which a model is named


@chart("agreement")
def agreement_chart(look: Look) -> Spec:
    """A point per model; the scale is always logarithmic: twice and half are equally far."""
    palette, language = PALETTES[look.theme], look.language
    models = Models()
    computed = models.computed()
    points = points_of(computed, language)
    days = days_of(points)
    frame = _frame(points, look)
    placed = _placed(frame, points)
    rows, words = words_of(frame, palette, placed)
    counts = Counter(row["kind"] for row in points)
    kinds = series([say(verdict, language) for verdict in VERDICTS], palette, counts, width=look.width)
    kinds["fill"]["scale"]["range"] = [palette.series[0], palette.series[1], palette.fit]
    headings = _headings(language)
    inner = [
        ground(frame, palette),
        *_line_layers(frame, palette),
        _points(frame, palette, kinds, headings, len(points)),
        *words,
        *left_labels(frame, palette),
    ]
    drawn = {
        "points": points,
        "grid": [{"ratio": tick.value} for tick in frame.ticks],
        "lines": [{"ratio": at, "weight": weight_of(at)} for at in LINES],
        "ticks_left": tick_rows(frame.values, frame.ticks, "ratio"),
        **rows,
    }
    credit = models.provenance()["credit"]
    return finished(
        [{"layer": inner}],
        _words(points, computed, models.data, credit, (days[0].year, days[1].year), language),
        Rows(drawn=drawn, listed="points", headings=headings),
        look=look,
        size=(look.width, look.height),
    )


# Rows


def points_of(computed: Sequence[Mapping[str, Any]], language: Language) -> list[dict[str, Any]]:
    """One row per model with a ratio and a date; those that agree come first and lie below.

    Also those of which one of the two is put aside: without them the picture would show agreement by construction.
    """
    rows = []
    for row in computed:
        if row["ratio"] and row["published"]:
            said, day = text.number(row["ratio"]), row["published"].isoformat()
            kind = say(row["verdict"], language)
            rows.append(
                {
                    "name": row["name"],
                    "date": day,
                    "ratio": row["ratio"],
                    "ratio_text": said,
                    "kind": kind,
                    "independent": row["independent"],
                    "spoken": f"{row['name']}, {day}: {said}, {kind}",
                    "order": VERDICTS.index(row["verdict"]),
                }
            )
    return sorted(rows, key=lambda row: (row["order"], row["date"], row["name"]))


def fold(ratio: float) -> float:
    """How many times apart, whichever is the larger."""
    return max(ratio, 1 / ratio)


def weight_of(line: float) -> float:
    """Width of a line in pixels: the one at 1 is heaviest."""
    return 2.0 if line == 1 else 1.2 if line in (2.0, 0.5) else 0.8


def _frame(points: Sequence[Mapping[str, Any]], look: Look) -> Frame:
    most = 1.4 * max(fold(row["ratio"]) for row in points)
    days = padded(days_of(points))
    low, high = min(row["ratio"] for row in points) / 1.4, max(row["ratio"] for row in points) * 1.4
    low, high = min(low, 1 / 5), max(high, min(5.0, most))
    language = look.language
    values = Span(low=low, high=high, start=float(look.height), end=0.0, log=True)
    return Frame(
        days=Span(low=days[0].toordinal(), high=days[1].toordinal(), start=0.0, end=float(look.width)),
        values=values,
        field="ratio",
        title=say("ratio", language),
        day_title=say("published", language),
        year_step=year_step(days, look.width),
        marks=[Tick(at, _fraction(at)) for at in _apart(values)],
    )


def _apart(values: Span) -> list[float]:
    """The ticks that there is room for: of two that would touch, the one that comes first in `TICKS` stays."""
    kept: list[float] = []
    for at in TICKS:
        y = values.pixel(at)
        if values.low <= at <= values.high and all(abs(y - values.pixel(other)) >= BODY for other in kept):
            kept.append(at)
    return sorted(kept)


def _fraction(at: float) -> str:
    return f"×{at:g}" if at in (2, 3) else f"÷{1 / at:g}" if at in (1 / 2, 1 / 3) else f"{at:g}"


def _placed(frame: Frame, points: Sequence[Mapping[str, Any]]) -> dict[str, list[Placed]]:
    """Names of the outliers, the farthest first."""
    far = sorted((row for row in points if fold(row["ratio"]) > OUTLIER), key=lambda row: -fold(row["ratio"]))
    return {"labels": labels(frame, far, points, patience=70.0)}


# Layers


def _line_layers(frame: Frame, palette: Palette) -> list[Layer]:
    """1, and 2 and 3 times to both sides."""
    width = {"field": "weight", "type": "quantitative", "scale": None, "legend": None}
    mark = quiet("rule", palette.rule)
    return [{"data": {"name": "lines"}, "mark": mark, "encoding": {"y": frame.y(), "strokeWidth": width}}]


def _points(frame: Frame, palette: Palette, kinds: Mapping[str, Any], headings: Mapping[str, str], count: int) -> Layer:
    """Points; those whose two sides share evidence are pale."""
    layer = point_layer(frame, palette, kinds, headings, name="points", count=count)
    layer["mark"] = {**layer["mark"], "size": 52}
    pale = {"condition": {"test": "datum.independent", "value": 0.9}, "value": 0.35}
    return {**layer, "encoding": {**layer["encoding"], "opacity": pale}}


# Words


def _words(
    points: Sequence[Mapping[str, Any]],
    computed: Sequence[Mapping[str, Any]],
    data: str,
    credit: str,
    years: tuple[int, int],
    language: Language,
) -> Words:
    two, three = (sum(fold(row["ratio"]) <= times for row in points) for times in (2.0, 3.0))
    n, of = len(points), len(computed)
    aside = sum(bool(row["ratio"] and row["published"] and row["aside"]) for row in computed)
    title = say("agreement-title", language, two=two, n=n, three=three)
    ours, *others = credit.split("\n")
    middle = text.number(median(row["ratio"] for row in points))
    return Words(
        title=title,
        subtitle=say("agreement-subtitle", language, data=data, median=middle),
        note="\n".join([say("agreement-note", language, without=of - n, aside=aside, all=of), *others, ours]),
        description=say("agreement-described", language, title=title, n=n, first=years[0], last=years[1]),
        language=language,
    )


def _headings(language: Language) -> dict[str, str]:
    return {
        "name": say("heading-name", language),
        "date": say("heading-date", language),
        "ratio_text": say("heading-ratio", language),
        "kind": say("heading-verdict", language),
    }
