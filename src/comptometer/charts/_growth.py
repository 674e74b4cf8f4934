"""What charts of growth share: an answer's points, lines, bands and breaks as rows, and the layers that draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor, inf
from typing import Any, Final

from comptometer import hardware_tables, vintages
from comptometer.charts import Language, Look
from comptometer.charts._axes import tick_labels, tick_rows, ticks, widest
from comptometer.charts._frame import Frame, Plot
from comptometer.charts._labels import Align, Box, Crowd, Placed, Run, Wish, around, place, set_at, straightened
from comptometer.charts._layers import quiet, word_layers
from comptometer.charts._theme import BODY, LEFT, RIGHT, SMALL, Layer, Palette
from comptometer.charts._timeline import word_rows
from comptometer.charts._words import say
from comptometer.growth import Answer, candidates
from comptometer.population import population
from comptometer.quantities import ChipQuantity
from comptometer.trends import Trend

_SAMPLES: Final = 91  # of each line
NARROW: Final = 400  # pixels of a plot, below which there is one axis
_MANY: Final = 120  # points, above which they are drawn small
BAND, PREDICTION = 0.3, 0.1  # opacity of the band of the line, and of single points
PATIENCE: Final = 34.0  # pixels between a point and its label, at most


def size_of(count: int) -> tuple[float, float]:
    """Area of a point's symbol in square pixels, and its radius with some air."""
    return (30.0, 3.6) if count > _MANY else (62.0, 5.2)


# Rows


def curve(trend: Trend, since: date, until: date, field: str) -> list[dict[str, Any]]:
    """The lines with both their bands, between two days, within the days for which they hold.

    Keys: date, `field`, low and high of the line, least and most of a single new point, and the number of the line.
    """
    rows: list[dict[str, Any]] = []
    edges = [since.toordinal(), *(found.day for found in trend.breaks), until.toordinal()]
    for number, (first, last) in enumerate(pairwise(edges), 1):
        final = number == len(edges) - 1
        start, end = ceil(first), floor(last) if final else ceil(last) - 1
        days = sampled(start, end)
        low, high = trend.band(days)
        least, most = trend.prediction_band(days)
        rows += [
            {"date": date.fromordinal(day).isoformat(), field: float(value), "low": float(low[at]),
             "high": float(high[at]), "least": float(least[at]), "most": float(most[at]), "line": number}
            for at, (day, value) in enumerate(zip(days, trend.at(days), strict=True))
        ]  # fmt: skip
    return rows


def sampled(first: int, last: int) -> list[int]:
    """Ordinals of days between two, as many as a smooth curve wants."""
    return sorted({round(first + (last - first) * at / (_SAMPLES - 1)) for at in range(_SAMPLES)})


def axis_rows(frame: Frame, *, pfs: bool) -> dict[str, list[dict[str, Any]]]:
    """Grid and labels of the axes."""
    drawn: dict[str, list[dict[str, Any]]] = {
        "grid": [{frame.field: tick.value} for tick in frame.ticks],
        "ticks_left": tick_rows(frame.values, frame.ticks, frame.field),
    }
    if pfs:
        right = frame.values.in_pfs_days()
        drawn["ticks_right"] = tick_rows(right, ticks(right), "pfs_days")
    return drawn


def outstanding(points: Sequence[Mapping[str, Any]], field: str) -> list[Mapping[str, Any]]:
    """Points above all drawn before them, the latest first: they are worth a name."""
    found: list[Mapping[str, Any]] = []
    for row in sorted(points, key=lambda row: (row["date"], -row[field])):
        if not found or row[field] > found[-1][field]:
            found.append(row)
    return found[::-1]


def labels(
    frame: Plot,
    named: Sequence[Mapping[str, Any]],
    points: Sequence[Mapping[str, Any]],
    *,
    line: Sequence[Run] = (),
    taken: Sequence[Placed] = (),
    patience: float = PATIENCE,
) -> list[Placed]:
    """Names of points, most important first, where they cover no point and no other word."""
    _, radius = size_of(len(points))
    boxes = [around(frame.place(row), radius) for row in points]
    wishes = []
    for row in named:
        x, y = frame.place(row)
        wishes.append(Wish(text=row["name"], x=x, y=y))
    others = [said.box for said in taken]
    return place(wishes, within=frame.box, taken=[*boxes, *others], line=line, size=BODY, patience=patience)


def path(frame: Plot, rows: Sequence[Mapping[str, Any]]) -> list[Run]:
    """The pieces of a line in pixels, as far as they lie in the plot."""
    runs = []
    for one, other in pairwise(rows):
        if one["line"] == other["line"]:
            ends = tuple(frame.place(row) for row in (one, other))
            if all(frame.box.holds(end) for end in ends):
                runs.append((ends[0], ends[1]))
    return runs


def beside(
    frame: Plot, runs: Sequence[Run], says: str, taken: Sequence[Placed], points: Sequence[Box] = ()
) -> list[Placed]:
    """What a line says: below it to the right or above it to the left, where nothing else stands and few points lie."""
    least, best = inf, None
    pieces, crowd = straightened(runs), Crowd(points)
    for away in (12.0, 22.0, 36.0, 54.0, 76.0, 100.0, 130.0) if runs else ():
        if least <= away:
            break
        for share in (0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2, 0.9, 0.1):
            x, y = runs[int(share * (len(runs) - 1))][0]
            sides: tuple[tuple[Align, float], ...] = (("left", away), ("right", -away))
            for align, shift in sides:
                found = set_at(says, x + shift, y + shift, BODY, align, bold=True)
                if not found.box.within(frame.box) or any(found.box.touches(said.box, 3.0) for said in taken):
                    continue
                if any(found.box.cut(run) for run in pieces):
                    continue
                cost = crowd.count(found.box) * 18.0 + away
                if cost < least:
                    least, best = cost, found
    return [best] if best else []


@lru_cache(maxsize=8)  # several pictures are drawn of one answer
def missing(answer: Answer) -> tuple[int, int]:
    """How many of those asked about within the window have no value, and how many were asked about."""
    if isinstance(answer.quantity, ChipQuantity):
        without = answer.excluded.get(f"no {answer.quantity.name}", 0)
        return without, without + answer.trend.n
    what = answer.quantity
    asked = [
        candidate
        for candidate in population(candidates(answer.question), answer.question.wanted).in_question
        if what.counts(candidate.row)
    ]
    values = [c.compute if what.name == "compute" else what.value(c.row) for c in asked]
    return sum(not value for value in values), len(asked)


def missing_note(answer: Answer, language: Language) -> list[str]:
    """A line that says how many have no value; nothing where all have one."""
    without, of = missing(answer)
    what = say("what-chips" if isinstance(answer.quantity, ChipQuantity) else "what-models", language)
    return [say("no-value", language, without=without, asked=of, what=what)] if without else []


def credit(data: str) -> tuple[str, str]:
    """The line that a table's licence asks for, and the licence."""
    if data in hardware_tables.table_ids():
        told = hardware_tables.facts(data)
        return str(told["credit"]), str(told["licence"])
    beside_it = vintages.sidecar(data)
    return beside_it.credit, beside_it.licence


def source_line(data: str, language: Language) -> str:
    """Where the points come from."""
    said, licence = credit(data)
    return say("source", language, credit=said, licence=licence)


def padded(days: tuple[date, date]) -> tuple[date, date]:
    """First and last day of a plot that shows these days, with some air."""
    air = max((days[1] - days[0]) // 40, timedelta(days=30))
    return days[0] - air, days[1] + air


def reach(values: Sequence[float], look: Look) -> tuple[float, float]:
    """Least and largest amount of a plot that shows these amounts."""
    low, high = min(values), max(values)
    if look.scale == "linear":
        return 0.0, 1.12 * high
    air = (high / low) ** 0.06
    return low / air, high * air


def year_step(days: tuple[date, date], width: float) -> int:
    """Years between two ticks, so that these do not touch."""
    years = (days[1] - days[0]).days / 365.25
    return next((step for step in (1, 2, 5, 10, 20) if width * step / years >= 42), 50)


def is_narrow(look: Look) -> bool:
    """Is there no room for a second axis, as on a telephone?"""
    return look.width < NARROW


def margins(look: Look) -> tuple[float, float]:
    """What stands left and right of a plot, in pixels."""
    return (LEFT, 14.0) if is_narrow(look) else (LEFT, RIGHT)


# Layers


def curve_layers(name: str, frame: Plot, color: str, *, predicted: bool = True, clip: bool = True) -> list[Layer]:
    """A fitted line with its band; with `predicted`, also the band of single new points between dotted lines."""
    line = {"line": {"field": "line", "type": "nominal"}}
    detail = {"detail": line["line"]}
    x, data = frame.x(), {"name": name}

    def area(low: str, high: str, opacity: float) -> Layer:
        ends = {"x": x, "y": frame.y(low), "y2": {"field": high}}
        return {
            "data": data,
            "mark": {**quiet("area", color), "opacity": opacity, "clip": clip},
            "encoding": {**ends, **detail},
        }

    def stroke(field: str, **style: Any) -> Layer:
        mark = {**quiet("line", color), "clip": clip, **style}
        return {"data": data, "mark": mark, "encoding": {"x": x, "y": frame.y(field), **detail}}

    dotted = {"strokeWidth": 1, "strokeDash": [1.5, 3.5], "opacity": 0.9}
    far = [area("least", "most", PREDICTION), stroke("least", **dotted), stroke("most", **dotted)] if predicted else []
    return [*far, area("low", "high", BAND), stroke(frame.field, strokeWidth=2.4)]


def ground(frame: Plot, palette: Palette, grid: str = "grid") -> Layer:
    """The grid."""
    return {"data": {"name": grid}, "mark": quiet("rule", palette.grid), "encoding": {"y": frame.y()}}


def left_labels(frame: Plot, palette: Palette, name: str = "ticks_left") -> list[Layer]:
    """What is written at the left axis."""
    return tick_labels(name, {"x": {"value": -9 - widest(frame.ticks)[1]}, "y": frame.y()}, palette)


def right_axes(frame: Frame, palette: Palette, look: Look) -> list[Layer]:
    """The axis of petaFLOP/s-days with nothing drawn on it, where there is room."""
    if is_narrow(look):
        return []
    y = frame.y_pfs_days()
    fixed = {"x": {"value": frame.days.end + 9 + widest(ticks(frame.values.in_pfs_days()))[0]}, "y": y}
    return [{"layer": tick_labels("ticks_right", fixed, palette)}]


def point_layer(
    frame: Plot, palette: Palette, kinds: Mapping[str, Any], headings: Mapping[str, str], *, name: str, count: int
) -> Layer:
    """The points, with what shows on pointing at them."""
    halo = {"stroke": palette.background, "strokeWidth": 0.5}
    return {
        "data": {"name": name},
        "mark": {"type": "point", "filled": True, "size": size_of(count)[0], "opacity": 0.85, "clip": True, **halo},
        "encoding": {
            "x": frame.x(),
            "y": frame.y(),
            **kinds,
            "tooltip": [{"field": field, "title": title} for field, title in headings.items()],
            "description": {"field": "spoken", "type": "nominal"},
        },
    }


def styles(palette: Palette) -> dict[str, dict[str, Any]]:
    """What words look like, by what they are."""
    return {
        "labels": {"color": palette.text, "fontSize": BODY, "aria": False},
        "fit": {"color": palette.fit, "fontSize": BODY, "fontWeight": "bold"},
        "remark": {"color": palette.muted, "fontSize": SMALL},
        **{name: {"color": palette.muted, "fontSize": SMALL} for name in ("thresholds", "article", "eras")},
    }


def words_of(
    frame: Plot, palette: Palette, placed: Mapping[str, Sequence[Placed]]
) -> tuple[dict[str, list[dict[str, Any]]], list[Layer]]:
    """Rows and layers of words that have found their places, with their leaders; a halo parts them from lines."""
    return word_rows(frame, placed), haloed(frame, palette, placed, styles(palette))


def haloed(
    frame: Plot, palette: Palette, placed: Mapping[str, Sequence[Placed]], looks: Mapping[str, dict[str, Any]]
) -> list[Layer]:
    """Leaders, and words that a halo parts from what lies under them."""
    halo = {"stroke": palette.background, "strokeWidth": 3, "strokeJoin": "round", "opacity": 0.75, "aria": False}
    leaders, *below = word_layers(frame, palette, placed, {name: {**look, **halo} for name, look in looks.items()})
    _, *above = word_layers(frame, palette, placed, looks)
    return [leaders, *below, *above]
