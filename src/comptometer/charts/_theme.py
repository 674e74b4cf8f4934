"""What every picture looks like: colours, shapes, type, and the frame of title, chart and source note.

Colours are literal, because converters turn `var()` into black; a theme is one palette and its config. The typeface
comes with vl-convert, so that a picture is the same on a machine without fonts. It lacks ⁰ ⁶ ⁹ ⁻ and ₂, and one
character that it lacks throws a whole line into another typeface: exponents are set by hand (`_axes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from comptometer.charts import Look, Theme
from comptometer.charts._labels import wrapped

if TYPE_CHECKING:
    import altair

Layer = dict[str, Any]

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
TITLE, SUBTITLE, BODY, SMALL = 20, 13, 12, 11  # pixels
POINT: Final = 90  # area of a symbol in square pixels
NOTE: Final = "source-note"  # name of the layer, which a page replaces by a paragraph
LEFT, RIGHT = 64, 64  # pixels that an axis takes beside the plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one theme; `eras` from the first to the last."""

    background: str
    text: str
    muted: str
    rule: str
    grid: str
    fit: str
    series: Sequence[str]
    eras: Sequence[str]


PALETTES: Final[Mapping[Theme, Palette]] = {
    "light": Palette(
        background="#ffffff",
        text="#1b1f24",
        muted="#4f5964",
        rule="#7d8894",
        grid="#d3dae2",
        fit="#a3122a",
        series=("#0072B2", "#C8500A", "#00805c", "#B0568A", "#7a6000", "#666666"),
        eras=("#fbfcfd", "#f4f7fa", "#ecf1f6", "#e4ebf2"),
    ),
    "dark": Palette(
        background="#14181d",
        text="#eef1f4",
        muted="#b3bcc6",
        rule="#7f8a96",
        grid="#36404b",
        fit="#ff8a99",
        series=("#56B4E9", "#ff9a5c", "#3ccf9f", "#e79bc8", "#d8bd4a", "#aaaaaa"),
        eras=("#171c22", "#1b2128", "#20272f", "#252d37"),
    ),
}


def config(palette: Palette) -> dict[str, Any]:
    """The Vega-Lite config of a theme."""
    quiet = {"domainColor": palette.rule, "tickColor": palette.rule, "labelColor": palette.muted}
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            **quiet,
            "grid": False,
            "labelFontSize": BODY,
            "titleColor": palette.muted,
            "titleFontSize": BODY,
            "titleFontWeight": "normal",
        },
        "legend": {"labelColor": palette.text, "labelFontSize": BODY, "labelLimit": 0, "symbolStrokeWidth": 0},
        "title": {
            "anchor": "start",
            "color": palette.text,
            "subtitleColor": palette.muted,
            "fontSize": TITLE,
            "subtitleFontSize": SUBTITLE,
            "subtitlePadding": 8,
            "subtitleLineHeight": 18,
            "lineHeight": 25,
            "offset": 16,
        },
        "text": {"color": palette.text, "fontSize": BODY},
    }


def series(names: Sequence[str], palette: Palette, counts: Mapping[str, int], *, width: float) -> Layer:
    """Encodings by which a field `kind` gives colour and shape, with one legend over the plot for both."""
    spoken = {name: f"{name} ({counts[name]})" for name in names}
    fits = sum(len(label) * 7 + 40 for label in spoken.values()) < width
    legend = {
        "orient": "top",
        "title": None,
        "offset": 10,
        "symbolSize": POINT,
        "columns": len(names) if fits else 1,
        "columnPadding": 22,
        "labelExpr": f"{list(spoken.values())}[indexof({list(names)}, datum.value)]",
    }
    return {
        "fill": {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": list(names), "range": list(palette.series[: len(names)])},
            "legend": legend,
        },
        "shape": {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": list(names), "range": list(SHAPES[: len(names)])},
            "legend": legend,
        },
    }


def finished(
    layers: Sequence[Layer],
    look: Look,
    *,
    title: str,
    subtitle: str,
    note: str,
    description: str,
    datasets: Mapping[str, Sequence[Mapping[str, Any]]],
    table: tuple[str, Mapping[str, str]],
    size: tuple[float, float],
    margins: tuple[float, float] = (LEFT, RIGHT),
    below: float = 52,
) -> altair.LayerChart:
    """Put the frame around the layers: title, source note, theme.

    Args:
        layers: bottom first; their data are names in `datasets`.
        look: theme and size.
        title: the finding.
        subtitle: what was counted, and how.
        note: where it comes from.
        description: one sentence for who does not see the picture.
        datasets: all rows that are drawn.
        table: name of the rows that a page shows as a table, and the heading of each column.
        size: of the plot in pixels.
        margins: what stands left and right of the plot, in pixels.
        below: pixels between the plot and the note.
    """
    import altair

    palette = PALETTES[look.theme]
    width, height = size
    whole = width + sum(margins)
    spec = {
        "$schema": altair.SCHEMA_URL,
        "description": description,
        "title": {"text": wrapped(title, TITLE, whole, bold=True), "subtitle": wrapped(subtitle, SUBTITLE, whole)},
        "width": width,
        "height": height,
        "padding": 18,
        "background": palette.background,
        "datasets": {name: list(rows) for name, rows in datasets.items()},
        "layer": [*layers, _note(wrapped(note, SMALL, whole), -margins[0], height + below, palette)],
        "resolve": {"scale": {"y": "independent"}},
        "config": config(palette),
        "usermeta": {"comptometer": {"note": note, "rows": table[0], "columns": dict(table[1])}},
    }
    return altair.LayerChart.from_dict(spec)


def _note(lines: Sequence[str], x: float, y: float, palette: Palette) -> Layer:
    mark = {"type": "text", "text": list(lines), "x": x, "y": y, "align": "left", "baseline": "top"}
    style = {"color": palette.muted, "fontSize": SMALL, "lineHeight": 15}
    return {"name": NOTE, "data": {"values": [{}]}, "mark": {**mark, **style}}
