"""The trend forward: a fan of quantiles, what each limit allows, and when the median passes round amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart, chart_of
from comptometer.charts._flags import Readers, day, flags, yes
from comptometer.charts._frame import Frame
from comptometer.charts._growth import (
    axis_rows,
    ground,
    haloed,
    left_labels,
    margins,
    missing_note,
    padded,
    point_layer,
    right_axes,
    source_line,
    year_step,
)
from comptometer.charts._layers import quiet
from comptometer.charts._projection_places import label_of, places
from comptometer.charts._projection_rows import fan_rows, limit_rows, points_of, reached_rows
from comptometer.charts._theme import BODY, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._timeline import word_rows
from comptometer.charts._words import say
from comptometer.growth import Answer
from comptometer.projection import Projection, project
from comptometer.release import banner
from comptometer.starting_point import frontier

TO: Final = 2032
AIR: Final = 30.0  # factor between the highest quantile of the fan and the end of the scale
OUTER, INNER = 0.16, 0.3  # opacity of the 90% and of the 50%
LIMIT_COLOR: Final = 3  # in the series of a palette

FLAGS: Final[Readers] = {
    **dict.fromkeys(("to", "draws"), int),
    **dict.fromkeys(("preset", "growth", "level", "data", "theta"), str),
    **dict.fromkeys(("without", "only", "with"), str),
    "rho": float,
    "from": day,
    "far": yes,
}
SEVERAL: Final = ("without", "only", "with")


@chart("projection")
def plain(look: Look) -> Spec:
    """Training compute of the largest runs, with limits."""
    return projection_chart(project(TO), look)


def asked(text: str) -> Projection:
    """Project as flags of `comptometer project` say: `to=2030&preset=epoch-2030`.

    Raises:
        UsageError: flags that cannot be read; else as of `project`.
    """
    found = flags(text, FLAGS, SEVERAL)
    names = {"from": "start", "with": "extra"}
    return project(**{"to": TO, **{names.get(name, name): value for name, value in found.items()}})


@chart_of("projection")
def of_flags(flags: str, look: Look) -> Spec:
    """A projection as it is asked for."""
    return projection_chart(asked(flags), look)


def projection_chart(found: Projection, look: Look) -> Spec:
    """Draw a projection; models of its table stand before it, where it starts from them.

    The scale is always logarithmic: limits lie many powers of ten apart.
    """
    look = replace(look, scale="log")
    palette, language = PALETTES[look.theme], look.language
    answer = _answer(found)
    points = points_of(answer, language) if answer else []
    fan, hard, free = (fan_rows(found, name) for name in ("soft", "hard", "trend"))
    limits = limit_rows(found)
    frame = _frame(found, points, fan, look)
    reached = [row for row in reached_rows(found) if row["flop"] < frame.values.high]
    placed = places(frame, found, points, {"fan": fan, "free": free, "hard": hard}, limits, reached, language)
    styles = _styles(palette)
    headings = {
        "year": say("heading-year", language),
        "middle_text": say("heading-median", language),
        "inner_text": "50%",
        "outer_text": "90%",
        "binds": say("heading-binds", language),
    }
    inner = [
        ground(frame, palette),
        *_fan_layers(frame, palette, headings),
        *_limit_layers(frame, palette, list(limits)),
        *_line_layers(frame, palette),
        *_point_layers(frame, palette, points, language),
        _reached_layer(frame, palette),
        *haloed(frame, palette, placed, styles),
        *left_labels(frame, palette),
    ]
    drawn = {
        "points": points,
        "fan": fan,
        "hard": hard,
        "free": free,
        "reached": reached,
        **{f"limit_{name}": rows for name, rows in limits.items()},
        **axis_rows(frame, pfs=True),
        **word_rows(frame, placed),
    }
    return finished(
        [{"layer": inner}, *right_axes(frame, palette, look)],
        _words(found, answer, language),
        Rows(drawn=drawn, listed="fan", headings=headings),
        look=look,
        size=(look.width, look.height),
        margins=margins(look),
    )


def _answer(found: Projection) -> Answer | None:
    """The models that the projection starts from; nothing where a preset or the caller gave level and growth."""
    return frontier(found.start.data) if found.start.data else None


def _frame(
    found: Projection, points: Sequence[Mapping[str, Any]], fan: Sequence[Mapping[str, Any]], look: Look
) -> Frame:
    language = look.language
    first = min([row["date"] for row in points] + [fan[0]["date"]])
    days = padded((date.fromisoformat(first), date.fromisoformat(fan[-1]["date"])))
    low = min([row["flop"] for row in points] + [row["p5"] for row in fan])
    high = max([row["flop"] for row in points] + [row["p95"] for row in fan])
    return Frame.of(
        look,
        days,
        (low / 3, high * AIR),
        foot=0.0,
        title=say("axis", language, label=say("compute", language), unit="FLOP"),
        pfs_title=say("pfs-days", language),
        day_title=say("day", language),
        year_step=year_step(days, look.width),
    )


def _styles(palette: Palette) -> dict[str, dict[str, Any]]:
    return {
        "limits": {"color": palette.series[LIMIT_COLOR], "fontSize": SMALL},
        "days": {"color": palette.fit, "fontSize": SMALL, "fontWeight": "bold"},
        "labels": {"color": palette.text, "fontSize": BODY, "aria": False},
    }


# Layers


def _fan_layers(frame: Frame, palette: Palette, headings: Mapping[str, str]) -> list[Layer]:
    """90% and 50% with soft limits, and their median, which answers when pointed at."""
    data = {"name": "fan"}

    def area(low: str, high: str, opacity: float) -> Layer:
        mark = {**quiet("area", palette.fit), "opacity": opacity, "clip": True}
        return {"data": data, "mark": mark, "encoding": {"x": frame.x(), "y": frame.y(low), "y2": {"field": high}}}

    line = {**quiet("line", palette.fit), "strokeWidth": 2.6, "clip": True}
    spoken = {
        "tooltip": [{"field": field, "title": title} for field, title in headings.items()],
        "description": {"field": "spoken", "type": "nominal"},
    }
    dot = {"type": "point", "filled": True, "size": 26, "color": palette.fit, "opacity": 1, "clip": True}
    return [
        area("p5", "p95", OUTER),
        area("p25", "p75", INNER),
        {"data": data, "mark": line, "encoding": {"x": frame.x(), "y": frame.y("p50")}},
        {"data": data, "mark": dot, "encoding": {"x": frame.x(), "y": frame.y("p50"), **spoken}},
    ]


def _line_layers(frame: Frame, palette: Palette) -> list[Layer]:
    """The medians of the trend alone, and of the trend up to a hard stop."""
    styles = {"free": {"strokeDash": [6, 4], "strokeWidth": 1.6}, "hard": {"strokeDash": [2, 3], "strokeWidth": 1.8}}
    return [
        {
            "data": {"name": name},
            "mark": {**quiet("line", palette.text), "clip": True, **style},
            "encoding": {"x": frame.x(), "y": frame.y("p50")},
        }
        for name, style in styles.items()
    ]


def _limit_layers(frame: Frame, palette: Palette, names: Sequence[str]) -> list[Layer]:
    mark = {**quiet("line", palette.series[LIMIT_COLOR]), "strokeWidth": 1.2, "opacity": 0.85, "clip": True}
    return [
        {"data": {"name": f"limit_{name}"}, "mark": mark, "encoding": {"x": frame.x(), "y": frame.y()}}
        for name in names
    ]


def _reached_layer(frame: Frame, palette: Palette) -> Layer:
    mark = {"type": "point", "shape": "diamond", "filled": True, "size": 74, "opacity": 1, "clip": True, "aria": False,
            "fill": palette.background, "stroke": palette.fit, "strokeWidth": 1.8}  # fmt: skip
    return {"data": {"name": "reached"}, "mark": mark, "encoding": {"x": frame.x(), "y": frame.y()}}


def _point_layers(
    frame: Frame, palette: Palette, points: Sequence[Mapping[str, Any]], language: Language
) -> list[Layer]:
    if not points:
        return []
    headings = {
        "name": say("heading-name", language),
        "date": say("heading-date", language),
        "organization": say("heading-organization", language),
        "value_text": "FLOP",
    }
    plain_fill = {"fill": {"value": palette.series[0]}}
    return [point_layer(frame, palette, plain_fill, headings, name="points", count=len(points))]


# Words


def _words(found: Projection, answer: Answer | None, language: Language) -> Words:
    last = found.quantiles["soft"][-1]
    free = found.quantiles["trend"][-1][2]
    to = f"{found.years[-1]:.0f}"
    low, high = (text.number(last[at], 2) for at in (0, 4))
    title = say("projection-title", language, year=to, middle=text.number(last[2], 2))
    if last[4] - last[0] > 1e-9 * last[4]:
        title += say("grew-90", language, spread=say("ends", language, low=low, high=high))
    growth = found.growth_split["growth"]
    holds = sorted(((s[-1], n) for n, s in found.binds.items() if n != "none" and s[-1] >= 0.005), reverse=True)[:3]
    binding = ", ".join(f"{label_of(found, name, language)} {text.percent(share)}" for share, name in holds)
    subtitle = say(
        "projection-subtitle", language, growth=text.number(growth["p50"]),
        low=text.number(growth["p5"]), high=text.number(growth["p95"]), free=text.number(free, 2), year=to,
        binding=binding or "–", preset=found.asked["preset"],
    )  # fmt: skip
    sources = sorted({limit.source for limit in found.limits.limits.values()})
    note = [say("projection-note", language, sources=", ".join(sources) or "–")]
    if answer:
        wanted = answer.question.wanted
        which = say("frontier", language, top=wanted.top)
        note[:0] = [say("projection-points", language, which=which), *missing_note(answer, language)]
        note.append(source_line(answer.question.data, language))
    return Words(
        title=title,
        subtitle=subtitle,
        note="\n".join([*note, banner()]),
        description=title + ("." if language == "en" else "。"),
        language=language,
    )
