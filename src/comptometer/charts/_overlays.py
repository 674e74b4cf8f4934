"""What a chart of growth may show behind its points: lines of regulations, the line of 2018, and eras of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from comptometer import store, text
from comptometer.charts import Language
from comptometer.charts._frame import Frame
from comptometer.charts._growth import beside, path, sampled
from comptometer.charts._labels import Box, Placed, set_at
from comptometer.charts._layers import quiet
from comptometer.charts._theme import SMALL, Layer, Palette, cited
from comptometer.charts._words import say
from comptometer.errors import UsageError
from comptometer.regulations import drawn_lines
from comptometer.studies import openai_2018, published
from comptometer.trends import Trend
from comptometer.units import FLOP_PER_PFS_DAY

_ERAS: Final = {"deep-learning": "era-deep", "large-scale": "era-large"}  # targets of the study, and their words


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlays:
    """Which of them are drawn; `thresholds` and `line_2018` only where training compute is."""

    thresholds: bool = False
    line_2018: bool = False
    eras: bool = False


NONE: Final = Overlays()
ALL: Final = Overlays(thresholds=True, line_2018=True, eras=True)
NAMES: Final = tuple(field.name.replace("_", "-") for field in fields(Overlays))


def asked_for(question: str) -> tuple[str, Overlays]:
    """A question without its `show`, and what this asks for: `show=eras,line-2018`.

    Raises:
        UsageError: no such overlay.

    >>> asked_for("select=frontier&show=eras")
    ('select=frontier', Overlays(thresholds=False, line_2018=False, eras=True))
    """
    flags = parse_qsl(question, keep_blank_values=True)
    wanted = [name for flag, value in flags if flag == "show" for name in value.split(",")]
    if not wanted:
        return question, NONE
    if unknown := [name for name in wanted if name not in NAMES]:
        raise UsageError(f"show: {', '.join(map(repr, unknown))} cannot be shown; known: {', '.join(NAMES)}")
    return urlencode([flag for flag in flags if flag[0] != "show"]), Overlays(
        **{name.replace("-", "_"): True for name in wanted}
    )


# Rows


def line_of_2018(until: date) -> list[dict[str, Any]]:
    """The line of AI and Compute in FLOP, from its first model on and beyond its last."""
    fitted, first = _fitted_2018()
    days = sampled(first.toordinal(), until.toordinal())
    return [
        {"date": date.fromordinal(day).isoformat(), "flop": float(value) * FLOP_PER_PFS_DAY, "line": 1}
        for day, value in zip(days, fitted.at(days), strict=True)
    ]


@cache
def _fitted_2018() -> tuple[Trend, date]:
    """The line, and the day of the first model on it."""
    rows = openai_2018.points()
    return openai_2018.line(rows), date.fromisoformat(min(row["date"] for row in rows))


def lines_of_law(language: Language) -> list[dict[str, Any]]:
    """Thresholds of regulations in FLOP."""
    return [
        {"id": one.id, "flop": one.line, "says": one.zh["short"] if language == "zh" else one.short, "source": one.law}
        for one in drawn_lines()
    ]


def eras(days: tuple[date, date], language: Language) -> list[dict[str, str]]:
    """The eras of Sevilla et al. 2022 within some days: before deep learning, deep learning, large-scale models."""
    targets = {target["id"]: target for target in published("sevilla-2022")["targets"]}
    starts = [date.fromisoformat(targets[name]["question"]["since"]) for name in _ERAS]
    names = ["era-before", *_ERAS.values()]
    rows = []
    for name, since, until in zip(names, [date.min, *starts], [*starts, date.max], strict=True):
        first, last = max(since, days[0]), min(until, days[1])
        if first < last:
            rows.append({"name": say(name, language), "since": first.isoformat(), "until": last.isoformat()})
    return rows


# Places of words


def law_words(frame: Frame, thresholds: Sequence[Mapping[str, Any]]) -> list[Placed]:
    """The name of each line over its left end, where there is room."""
    said: list[Placed] = []
    for row in thresholds:
        y = frame.values.pixel(row["flop"]) - 8
        placed = set_at(f"{row['says']} (>{text.number(row['flop'])})", 6.0, y, SMALL, "left")
        room = frame.values.start - y > 22 and placed.box.within(frame.box)
        if room and not any(placed.box.touches(other.box) for other in said):
            said.append(placed)
    return said


def levels(frame: Frame, thresholds: Sequence[Mapping[str, Any]]) -> list[Box]:
    """Where the lines of regulations run."""
    heights = [frame.values.pixel(row["flop"]) for row in thresholds]
    return [Box(0.0, y - 1, frame.days.end, y + 1) for y in heights]


def words_of_2018(
    frame: Frame, line: Sequence[Mapping[str, Any]], taken: Sequence[Placed], points: Sequence[Box], language: Language
) -> list[Placed]:
    """What the line of 2018 is; nothing on a linear scale, where it is a wall."""
    if not frame.values.log:
        return []
    months = _fitted_2018()[0].doubling_months(openai_2018.facts()["month_days"]).estimate
    says = say("line-2018", language, months=text.number(months))
    return beside(frame, path(frame, line), says, taken, points)


def era_words(
    frame: Frame, rows: Sequence[Mapping[str, str]], taken: Sequence[Placed], points: Sequence[Box]
) -> list[Placed]:
    """The name of each era low in its band, where it fits and nothing is."""
    said: list[Placed] = []
    for row in rows:
        left, right = (frame.days.pixel(date.fromisoformat(row[end]).toordinal()) for end in ("since", "until"))
        for up in range(10, 90, 13):
            placed = set_at(row["name"], (left + right) / 2, frame.values.start - up, SMALL, "center")
            if not left <= placed.box.left <= placed.box.right <= right:
                break
            if not any(placed.box.touches(box) for box in [*points, *(other.box for other in taken)]):
                said.append(placed)
                break
    return said


# Layers, bottom first


def era_layers(frame: Frame, palette: Palette, rows: Sequence[Mapping[str, str]]) -> list[Layer]:
    """Pale bands, paler the earlier."""
    names = [row["name"] for row in rows]
    tints = {"domain": names, "range": list(palette.eras[-len(names) :])}
    ends = {"x": frame.x("since", paired=True), "x2": {"field": "until"}}
    shade = {"color": {"field": "name", "type": "nominal", "scale": tints, "legend": None}}
    mark = {"type": "rect", "aria": False, "tooltip": None}
    return [{"data": {"name": "eras"}, "mark": mark, "encoding": {**ends, **shade}}]


def law_layers(frame: Frame, palette: Palette) -> list[Layer]:
    """Level dashes."""
    mark = {**quiet("rule", palette.series[3]), "strokeWidth": 1.3, "strokeDash": [7, 3], "opacity": 0.9}
    return [{"data": {"name": "thresholds"}, "mark": mark, "encoding": {"y": frame.y()}}]


def article_layers(frame: Frame, palette: Palette) -> list[Layer]:
    """The line of 2018."""
    mark = {**quiet("line", palette.text), "strokeDash": [5, 4], "strokeWidth": 1.6, "clip": True}
    return [{"data": {"name": "article"}, "mark": mark, "encoding": {"x": frame.x(), "y": frame.y()}}]


# All of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The overlays of one picture.

    Attributes:
        rows: by name; a chart adds those of its words.
        words: by the overlay that they belong to, each with a name of its own among the words of the chart.
        layers: under everything else.
        levels: where level lines run, which words had better not cross.
    """

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    words: Mapping[str, list[Placed]]
    layers: Sequence[Layer]
    levels: Sequence[Box]


def overlaid(
    overlays: Overlays, frame: Frame, palette: Palette, language: Language, *, taken: Sequence[Placed],
    points: Sequence[Box],
) -> Drawn:  # fmt: skip
    """Rows, words and layers of what is asked for.

    Args:
        overlays: what is asked for.
        frame: the plot; without training compute on it, only eras are drawn.
        palette, language: of the picture.
        taken: words that have their places.
        points: boxes of the points.
    """
    days = (date.fromordinal(int(frame.days.low)), date.fromordinal(int(frame.days.high)))
    rows: dict[str, Sequence[Mapping[str, Any]]] = {}
    words: dict[str, list[Placed]] = {}
    layers: list[Layer] = []
    lines: list[Box] = []
    compute = frame.field == "flop"
    if overlays.eras:
        rows["eras"] = eras(days, language)
        layers += era_layers(frame, palette, eras(days, language))
    if compute and overlays.thresholds:
        law = [row for row in lines_of_law(language) if frame.values.low < row["flop"] < frame.values.high]
        rows["thresholds"], words["thresholds"], lines = law, law_words(frame, law), levels(frame, law)
        layers += law_layers(frame, palette)
    if compute and overlays.line_2018:
        rows["article"] = line_of_2018(days[1] - timedelta(days=1))
        before = [*taken, *words.get("thresholds", ())]
        words["article"] = words_of_2018(frame, rows["article"], before, [*points, *lines], language)
        layers += article_layers(frame, palette)
    if overlays.eras:
        words["eras"] = era_words(
            frame, eras(days, language), [*taken, *(w for ws in words.values() for w in ws)], points
        )
    return Drawn(rows=rows, words=words, layers=layers, levels=lines)


def notes(overlays: Overlays, language: Language, highest: float) -> dict[str, str]:
    """What is to be said of each, with its source.

    Args:
        overlays: which.
        language: of the words.
        highest: FLOP; a line of a regulation above is not drawn and not told of.
    """
    said = {}
    if overlays.thresholds:
        laws = "; ".join(
            f"{text.number(row['flop'])}: {row['source']}" for row in lines_of_law(language) if row["flop"] < highest
        )
        said["thresholds"] = say("laws", language, laws=laws)
    if overlays.line_2018:
        said["line-2018"] = say("note-2018", language, source=cited(store.source(openai_2018.facts()["source"])))
    if overlays.eras:
        source = cited(store.source(published("sevilla-2022")["source"]))
        said["eras"] = say("note-eras", language, source=source)
    return said
