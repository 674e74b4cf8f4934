"""What every picture looks like: colours, shapes, type, and the frame of title, chart and source note.

Colours are literal, because converters turn `var()` into black; a theme is one palette and its config. The typeface
comes with vl-convert, so that a picture is the same on a machine without fonts. It lacks ⁰ ⁶ ⁹ ⁻ and ₂, and one
character that it lacks throws a whole line into another typeface: exponents are set by hand (`_axes`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from comptometer.charts import Language, Look, Spec, Theme
from comptometer.charts._labels import text_width, wrapped
from comptometer.errors import UsageError
from comptometer.records import Source

Layer = dict[str, Any]

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
# One that has Chinese comes first: a line falls into one typeface, and what a machine falls back on may have serifs.
FONTS: Final[Mapping[Language, str]] = {
    "en": FONT,
    "zh": f"Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, {FONT}",
}
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
TITLE, SUBTITLE, BODY, SMALL = 20, 13, 12, 11  # pixels
POINT: Final = 90  # area of a symbol in square pixels
BAND: Final = 0.12  # opacity of the band of a fit
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


def config(palette: Palette, language: Language = "en") -> dict[str, Any]:
    """The Vega-Lite config of a theme, with the typefaces of a language."""
    quiet = {"domainColor": palette.rule, "tickColor": palette.rule, "labelColor": palette.muted}
    return {
        "font": FONTS[language],
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
    widths = [text_width(label, BODY) + 45 for label in spoken.values()]
    words = json.dumps(list(spoken.values()), ensure_ascii=False)
    legend = {
        "orient": "top",
        "title": None,
        "offset": 36,
        "symbolSize": POINT,
        "columns": len(names) if sum(widths) < width else max(int(width / max(widths)), 1),
        "columnPadding": 22,
        "labelExpr": f"{words}[indexof({json.dumps(list(names), ensure_ascii=False)}, datum.value)]",
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


def cited(source: Source, where: str = "") -> str:
    """A source as a note names it: who, what, when, and the address without its scheme."""
    parts = [" and ".join(source.authors) if len(source.authors) < 3 else ", ".join(source.authors), source.title]
    address = f" ({source.url.removeprefix('https://')})" if source.url else ""
    return ", ".join(part for part in (*parts, where, source.published, source.licence) if part) + address


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said around a chart.

    Attributes:
        title: the finding.
        subtitle: what was counted, and how.
        note: where it comes from.
        description: one sentence for who does not see the picture.
        language: in which all of it is written.
    """

    title: str
    subtitle: str
    note: str
    description: str
    language: Language = "en"

    def heading(self, width: float) -> dict[str, list[str]]:
        """Title and subtitle, in lines that are no wider than so many pixels."""
        title = wrapped(self.title, TITLE, width, bold=True)
        return {"text": title, "subtitle": wrapped(self.subtitle, SUBTITLE, width)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows that are drawn, by name; `listed` names those that a page shows as a table under these headings."""

    drawn: Mapping[str, Sequence[Mapping[str, Any]]]
    listed: str
    headings: Mapping[str, str]


def finished(
    layers: Sequence[Layer],
    words: Words,
    rows: Rows,
    *,
    look: Look,
    size: tuple[float, float],
    margins: tuple[float, float] = (LEFT, RIGHT),
    below: float = 52,
    apart: str = "y",
) -> Spec:
    """Put the frame around the layers: title, source note, theme.

    Args:
        layers: bottom first; their data are names in `rows`.
        words: what is said around them.
        rows: everything that is drawn.
        look: its theme counts here.
        size: of the plot in pixels.
        margins: what stands left and right of the plot, in pixels.
        below: pixels between the plot and the note.
        apart: the channel that has two scales, one for each unit.

    Raises:
        UsageError: the look asks for a language in which the chart is not written.
    """
    if words.language != look.language:
        raise UsageError(f"this chart is not written in {look.language!r}, only in {words.language!r}")
    palette = PALETTES[look.theme]
    width, height = size
    whole = width + sum(margins)
    listed = {"rows": rows.listed, "columns": dict(rows.headings)}
    return {
        "description": words.description,
        "title": words.heading(whole),
        "width": width,
        "height": height,
        "padding": 18,
        "background": palette.background,
        "datasets": {name: list(drawn) for name, drawn in rows.drawn.items()},
        "layer": [*layers, _note(wrapped(words.note, SMALL, whole), -margins[0], height + below, palette)],
        "resolve": {"scale": {apart: "independent"}},
        "config": config(palette, look.language),
        "usermeta": {"comptometer": {"language": words.language, "note": words.note, **listed}},
    }


def _note(lines: Sequence[str], x: float, y: float, palette: Palette) -> Layer:
    mark = {"type": "text", "text": list(lines), "x": x, "y": y, "align": "left", "baseline": "top"}
    style = {"color": palette.muted, "fontSize": SMALL, "lineHeight": 15}
    return {"name": NOTE, "data": {"values": [{}]}, "mark": {**mark, **style}}
