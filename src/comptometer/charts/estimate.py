"""One model: what each method says, how sure it is, and what they give together."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any, Final

from comptometer import text
from comptometer.catalogue import Entry
from comptometer.charts import Language, Look, Spec, chart_of, in_altair
from comptometer.charts._axes import Span, Tick, axis, tick_labels, tick_rows, ticks
from comptometer.charts._labels import text_width
from comptometer.charts._theme import (
    BODY,
    LEFT,
    PALETTES,
    RIGHT,
    SHAPES,
    SMALL,
    Layer,
    Palette,
    Rows,
    Words,
    finished,
)
from comptometer.charts._words import WORDS, listed, say, spread
from comptometer.notebook import PICTURES
from comptometer.quantity import Estimate
from comptometer.release import banner
from comptometer.units import FLOP_PER_PFS_DAY

ORDER: Final = ("operations", "hardware-time", "reported", "parameters-tokens")  # as colours and shapes elsewhere
NAMES: Final = 160  # pixels left of the bars
VALUES: Final = 130  # pixels right of the bars
ROW: Final = 62  # pixels of a row
COMBINED: Final = "combined"


@chart_of("estimate")
def of_model(model: str, look: Look) -> Spec:
    """The estimates of a model of the catalogue, or of a dossier."""
    from comptometer.request import estimate

    return estimate_chart(estimate(model), look)


def estimate_chart(entry: Entry, look: Look) -> Spec:
    """A row for each method and one for all of them together: median, 50% and 90% of the possible values.

    The height follows from the number of rows; a look gives width and theme.
    """
    palette = PALETTES[look.theme]
    width = max(260, look.width + LEFT + RIGHT - NAMES - VALUES)
    rows = estimate_rows(entry, palette, width, look.language)
    height = ROW * len(rows)
    span = _span(rows, width)
    pfs = span.in_pfs_days()
    drawn = {
        "rows": rows,
        "grid": [{"flop": tick.value} for tick in _ticks(span)],
        "ticks_flop": tick_rows(span, _ticks(span), "flop", centred=True),
        "ticks_pfs": tick_rows(pfs, _ticks(pfs), "pfs_days", centred=True),
    }
    return finished(
        [_in_flop(rows, span, height, palette, look.language), _in_pfs_days(pfs, height, palette, look.language)],
        _words(entry, look.language),
        Rows(drawn=drawn, listed="rows", headings=headings(look.language)),
        look=look,
        size=(width, height),
        margins=(NAMES, VALUES),
        below=66,
        apart="x",
    )


# Rows


def headings(language: Language) -> dict[str, str]:
    """What the columns of the rows are called."""
    return {
        "method": say("heading-method", language),
        "flop_text": "FLOP",
        "spread": "90%",
        "pfs_text": say("pfs-days", language),
        "weight": say("heading-weight", language),
        "formula": say("heading-formula", language),
    }


def estimate_rows(entry: Entry, palette: Palette, width: float, language: Language = "en") -> list[dict[str, Any]]:
    """Each method's estimate, and below them what they give together."""
    methods = sorted(entry.methods, key=lambda name: (place(name), name))
    rows = [
        {
            **_spread(name, entry.methods[name].estimate, language),
            "color": palette.series[place(name)],
            "shape": SHAPES[place(name)],
            "weight": _weight(entry.compute.weights.get(name), language),
            "formula": entry.methods[name].formula,
        }
        for name in methods
    ]
    verdict = say(entry.compute.verdict, language)
    together = {"color": palette.text, "shape": "diamond", "weight": verdict, "formula": ""}
    rows.append({**_spread(COMBINED, entry.value, language), **together})
    for at, row in enumerate(rows):
        row |= {"at": at + 0.62, "above": at + 0.27, "beside": at + 0.86, "told": _cut(row["formula"], width)}
    return rows


def _ticks(span: Span) -> Sequence[Tick]:
    return ticks(span, apart=62.0)


def place(method: str) -> int:
    """Where a method stands among the others."""
    return ORDER.index(method) if method in ORDER else len(ORDER)


def _spread(method: str, estimate: Estimate, language: Language) -> dict[str, Any]:
    (low, high), (lower, upper) = estimate.interval(0.9), estimate.interval(0.5)
    pfs = estimate.median / FLOP_PER_PFS_DAY
    said = text.number(estimate.median, 2), spread({"p5": low, "p95": high}, language, 2)
    name = _called(method, language)
    return {
        "method": name,
        "flop": estimate.median,
        "p5": low,
        "p25": lower,
        "p75": upper,
        "p95": high,
        "flop_text": said[0],
        "spread": said[1],
        "pfs_text": text.number(pfs, 2),
        "spoken": f"{name}{say('is', language)}{said[0]} FLOP, 90% {said[1]}",
    }


def _called(method: str, language: Language) -> str:
    """A method in the words of a language; one of another package keeps its name."""
    key = f"method-{method}"
    return say(key, language) if key in WORDS else method


def _weight(weight: float | None, language: Language) -> str:
    if weight is None:
        return say("weight-none", language)
    if weight < 0.01:
        return say("weight-little", language)
    return say("weight-of", language, share=text.percent(weight))


def _cut(formula: str, width: float) -> str:
    """The formula, shortened where the row is too narrow for it."""
    while text_width(formula, SMALL) > width - 8:
        formula = formula.rstrip("… ")[:-1].rstrip() + "…"
    return formula


def _span(rows: Sequence[dict[str, Any]], width: float) -> Span:
    """The scale that holds every bar, with some air at both ends."""
    low, high = log10(min(row["p5"] for row in rows)), log10(max(row["p95"] for row in rows))
    air = max(0.06 * (high - low), 0.05)
    return Span(low=10 ** (low - air), high=10 ** (high + air), start=0.0, end=float(width), log=True)


# Layers


def _in_flop(rows: Sequence[dict[str, Any]], span: Span, height: float, palette: Palette, language: Language) -> Layer:
    """The bars, the words beside them, and the lower axis."""

    def x(field: str) -> dict[str, Any]:
        below = axis(_ticks(span), "bottom", say("axis", language, label=say("compute", language), unit="FLOP"))
        return {"field": field, "type": "quantitative", "scale": span.scale(), "axis": below}

    y = _y("at", len(rows))
    labels = {"x": x("flop"), "y": {"value": height + 16}}
    return {
        "layer": [
            _ground(len(rows), palette),
            {"data": {"name": "grid"}, "mark": _quiet("rule", palette.grid), "encoding": {"x": x("flop")}},
            _bar(x("p5"), "p95", y, strokeWidth=2.5),
            _bar(x("p25"), "p75", y, strokeWidth=7),
            _medians(x("flop"), y, palette, language),
            *_beside(len(rows), span.end, palette),
            *tick_labels("ticks_flop", labels, palette),
        ]
    }


def _in_pfs_days(span: Span, height: float, palette: Palette, language: Language) -> Layer:
    """The upper axis."""
    above = axis(_ticks(span), "top", say("pfs-days", language))
    x = {"field": "pfs_days", "type": "quantitative", "scale": span.scale(), "axis": above}
    return {"layer": tick_labels("ticks_pfs", {"x": x, "y": {"value": -14}}, palette)}


def _y(field: str, count: int) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": {"domain": [count, 0], "zero": False}, "axis": None}


def _quiet(mark: str, color: str) -> dict[str, Any]:
    return {"type": mark, "color": color, "aria": False, "tooltip": None}


def _ground(count: int, palette: Palette) -> Layer:
    """What sets off the last row, where the methods come together."""
    encoding = {"y": {"datum": count - 1, **_scale(count)}, "y2": {"datum": count}}
    return {"data": {"values": [{}]}, "mark": _quiet("rect", palette.eras[2]), "encoding": encoding}


def _scale(count: int) -> dict[str, Any]:
    return {key: value for key, value in _y("", count).items() if key != "field"}


def _bar(x: dict[str, Any], end: str, y: dict[str, Any], **style: float) -> Layer:
    color = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    mark = {"type": "rule", "strokeCap": "butt", "opacity": 1, "aria": False, **style}
    return {"data": {"name": "rows"}, "mark": mark, "encoding": {"x": x, "x2": {"field": end}, "y": y, "color": color}}


def _medians(x: dict[str, Any], y: dict[str, Any], palette: Palette, language: Language) -> Layer:
    look = {"filled": True, "size": 200, "opacity": 1, "stroke": palette.background, "strokeWidth": 2}
    return {
        "data": {"name": "rows"},
        "mark": {"type": "point", **look},
        "encoding": {
            "x": x,
            "y": y,
            "fill": {"field": "color", "type": "nominal", "scale": None, "legend": None},
            "shape": {"field": "shape", "type": "nominal", "scale": None, "legend": None},
            "tooltip": [{"field": field, "title": heading} for field, heading in headings(language).items()],
            "description": {"field": "spoken", "type": "nominal"},
        },
    }


def _beside(count: int, width: float, palette: Palette) -> list[Layer]:
    """Method and weight on the left, formula above the bar, value and interval on the right."""

    def words(field: str, at: str, x: float, color: str, size: int, **style: str) -> Layer:
        mark = {"type": "text", "align": "left", "baseline": "middle", "fontSize": size, "color": color, "aria": False}
        encoding = {"x": {"value": x}, "y": _y(at, count), "text": {"field": field}}
        return {"data": {"name": "rows"}, "mark": {**mark, "tooltip": None, **style}, "encoding": encoding}

    return [
        words("method", "at", -NAMES, palette.text, BODY + 1, fontWeight="bold"),
        words("weight", "beside", -NAMES, palette.muted, SMALL),
        words("told", "above", 4, palette.muted, SMALL),
        words("flop_text", "at", width + 14, palette.text, BODY + 1, fontWeight="bold"),
        words("spread", "beside", width + 14, palette.muted, SMALL),
    ]


# Words


def _words(entry: Entry, language: Language) -> Words:
    pfs = entry.pfs_days
    title = say("estimate-title", language, name=entry.name, value=text.number(entry.median, 2),
                spread=_ends(entry.value, language))  # fmt: skip
    ratio = say("estimate-ratio", language, ratio=text.number(entry.ratio)) if entry.ratio else ""
    sources = list(dict.fromkeys(source.title for source in map(entry.source, entry.claims) if source.title))
    cited = say("evidence", language, sources="; ".join(sources)) if sources else say("evidence-given", language)
    return Words(
        title=title,
        subtitle=say("estimate-subtitle", language, pfs=text.number(pfs.median, 2), spread=_ends(pfs, language),
                     agreement=listed([say(entry.compute.verdict, language), ratio], language)),
        note=f"{cited}\n{banner()}",
        description=say("estimate-described", language, title=title, n=len(entry.methods)),
        language=language,
    )  # fmt: skip


def _ends(estimate: Estimate, language: Language) -> str:
    low, high = estimate.interval()
    return spread({"p5": low, "p95": high}, language, 2)


PICTURES.add("picture-of-Entry", lambda drawn, **look: in_altair(estimate_chart(drawn, Look(**look))))
