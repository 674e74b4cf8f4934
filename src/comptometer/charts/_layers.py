"""The layers of a picture over time, bottom first. Their data are names of rows, which `_timeline` fills.

Layers of one scale belong into one group: `under` draws on the right axis, `over` on the left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comptometer.charts import Language
from comptometer.charts._axes import tick_labels, ticks, widest
from comptometer.charts._frame import Frame, Plot
from comptometer.charts._labels import Placed
from comptometer.charts._theme import BAND, BODY, POINT, SMALL, Layer, Palette
from comptometer.charts._words import say


def headings(language: Language) -> dict[str, str]:
    """What is shown of a point, by its field."""
    return {
        "model": say("heading-model", language),
        "date": say("heading-date", language),
        "flop_text": "FLOP",
        "pfs_text": "petaFLOP/s-days",
        "kind": say("heading-origin", language),
    }


def under(frame: Frame, palette: Palette, language: Language, *, lines: Sequence[str], dashed: Sequence[str]) -> Layer:
    """Eras, grid, bands and fitted lines.

    Args:
        frame: the plot.
        palette: the colours.
        language: of the words.
        lines: names of the rows of fitted lines with their bands.
        dashed: names of the rows of lines drawn beyond their data.
    """
    x, y = frame.x(), frame.y_pfs_days()
    layers = [
        _eras(frame, language),
        {"data": {"name": "grid"}, "mark": quiet("rule", palette.grid), "encoding": {"y": y}},
    ]
    for name in lines:
        shade = {**quiet("area", palette.fit), "opacity": BAND}
        ends = {"x": x, "y": frame.y_pfs_days("low"), "y2": {"field": "high"}}
        layers.append({"data": {"name": name}, "mark": shade, "encoding": ends})
    for name in [*lines, *dashed]:
        stroke = {"strokeWidth": 2.5} if name in lines else {"strokeWidth": 1.3, "strokeDash": [4, 4]}
        mark = {**quiet("line", palette.fit), **stroke}
        layers.append({"data": {"name": name}, "mark": mark, "encoding": {"x": x, "y": y}})
    fixed = {"x": {"value": frame.days.end + 9 + widest(ticks(frame.values.in_pfs_days()))[0]}}
    return {"layer": [*layers, *tick_labels("ticks_right", {**fixed, "y": y}, palette)]}


def quiet(mark: str, color: str) -> dict[str, Any]:
    """A mark that is no information of its own for who listens."""
    return {"type": mark, "color": color, "aria": False, "tooltip": None}


def _eras(frame: Frame, language: Language) -> Layer:
    return {
        "data": {"name": "eras"},
        "mark": {"type": "rect", "opacity": 1, "aria": False},
        "encoding": {
            "x": frame.x("since", paired=True),
            "x2": {"field": "until"},
            "color": {"field": "tint", "type": "nominal", "scale": None, "legend": None},
            "tooltip": [
                {"field": "name", "title": say("era", language)},
                {"field": "tells", "title": say("our-reading", language)},
            ],
        },
    }


def over(
    frame: Frame,
    palette: Palette,
    language: Language,
    kinds: Mapping[str, Any],
    placed: Mapping[str, Sequence[Placed]],
) -> Layer:
    """Points and words.

    Args:
        frame: the plot.
        palette: the colours.
        language: of the words.
        kinds: the encodings of colour and shape.
        placed: words by what they are: `labels` of points, `fit` texts, `remark`, `era_names`.
    """
    y = frame.y()
    styles = {
        "labels": {"color": palette.text, "fontSize": BODY, "aria": False},
        "fit": {"color": palette.fit, "fontSize": BODY, "fontWeight": "bold"},
        "remark": {"color": palette.muted, "fontSize": SMALL},
        "era_names": {"color": palette.muted, "fontSize": SMALL},
    }
    fixed = {"x": {"value": -9 - widest(ticks(frame.values))[1]}}
    points = _points(frame, palette, language, kinds)
    leaders, *words = word_layers(frame, palette, placed, styles)
    return {"layer": [leaders, points, *words, *tick_labels("ticks_left", {**fixed, "y": y}, palette)]}


def word_layers(
    frame: Plot, palette: Palette, placed: Mapping[str, Sequence[Placed]], styles: Mapping[str, dict[str, Any]]
) -> list[Layer]:
    """Leaders, then words by what they are and how they are aligned; their rows are those of `word_rows`."""
    leaders = {
        "data": {"name": "leaders"},
        "mark": {**quiet("rule", palette.rule), "strokeWidth": 0.8},
        "encoding": {
            "x": frame.x(paired=True),
            "y": frame.y(),
            "x2": {"field": f"{frame.across}2"},
            "y2": {"field": f"{frame.field}2"},
        },
    }
    words = [
        _words(frame, f"{name}_{align}", {**styles[name], "align": align})
        for name, found in placed.items()
        for align in sorted({text.align for text in found})
    ]
    return [leaders, *words]


def _points(frame: Frame, palette: Palette, language: Language, kinds: Mapping[str, Any]) -> Layer:
    halo = {"stroke": palette.background, "strokeWidth": 0.7}
    return {
        "data": {"name": "points"},
        "mark": {"type": "point", "filled": True, "size": POINT, "opacity": 1, **halo},
        "encoding": {
            "x": frame.x(),
            "y": frame.y(),
            **kinds,
            "tooltip": [{"field": field, "title": title} for field, title in headings(language).items()],
            "description": {"field": "spoken", "type": "nominal"},
        },
    }


def _words(frame: Plot, rows: str, style: dict[str, Any]) -> Layer:
    mark = {"type": "text", "baseline": "middle", "tooltip": None, **style}
    said = {"text": {"field": "text"}, "description": {"field": "text", "type": "nominal"}}
    return {"data": {"name": rows}, "mark": mark, "encoding": {"x": frame.x(), "y": frame.y(), **said}}
