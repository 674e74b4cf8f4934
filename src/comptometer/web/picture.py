"""The chart of one question about a trend with everything that stands around it, ready to be embedded.

The rows are listed once; each picture (of a size and a scale) refers to them by name. Colours are those of the light
theme: scripts put the dark ones in their place, one for one (`colours`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Scale, Spec
from comptometer.charts._overlays import ALL
from comptometer.charts._page import bare
from comptometer.charts._question import question
from comptometer.charts._theme import PALETTES, SHAPES
from comptometer.charts.trend import definition, is_compute, label_of, overlay_notes, trend_chart, words_around
from comptometer.growth import Answer, Question, candidates
from comptometer.quantities import ChipQuantity
from comptometer.web.wording import Wording

SIZES: Final[Mapping[str, tuple[int, int]]] = {"wide": (860, 500), "middle": (520, 440), "narrow": (270, 380)}
SCALES: Final[tuple[Scale, ...]] = ("log", "linear")
OVERLAYS: Final = {"thresholds": "thresholds", "article": "line-2018", "eras": "eras"}  # by the names of their rows
LINE: Final = 1e25  # FLOP, above which models are counted in the headline


def picture(
    asked: str, language: Language, scales: Sequence[Scale] = SCALES, sizes: Sequence[str] = tuple(SIZES)
) -> dict[str, Any]:
    """Everything that the page shows for a question.

    Args:
        asked: flags of `comptometer trend` as in an address; empty for the plain question.
        language: of the words.
        scales, sizes: of the pictures that are wanted.

    Raises:
        UsageError, NotFound, NotEnoughEvidence: see `growth.trend`.
    """
    answer = _answered(asked)
    words = words_around(answer, language)
    drawn = {f"{scale} {size}": _drawn(answer, language, scale, size) for scale in scales for size in sizes}
    first = next(iter(drawn.values()))
    listed = first["usermeta"]["comptometer"]
    return {
        "asked": asked,
        "headline": headline(answer, language),
        "definition": definition(answer, language),
        "title": words.title,
        "subtitle": words.subtitle,
        "note": words.note,
        "overlays": overlay_notes(answer, language, ALL),
        "description": words.description,
        "columns": listed["columns"],
        "kinds": kinds_in(first),
        "points": _rows(answer, first["datasets"]["points"]),
        "pictures": {name: embedded(spec) for name, spec in drawn.items()},
    }


@lru_cache(maxsize=8)
def _answered(asked: str) -> Answer:
    """Kept for the pictures in several languages and sizes, which are asked for one after another."""
    return question(asked)


def headline(answer: Answer, language: Language) -> list[dict[str, str]]:
    """The figures above the chart: what, and what it is; the doubling time first."""
    say, found = Wording(language), answer.trend
    segment = found.segments[-1]
    months, growth = segment.doubling_months().to_dict(), segment.growth_per_year.to_dict()
    label = label_of(answer, language)
    figures = [
        {
            "value": say("trend.months", months=text.number(months["estimate"])) if months["estimate"] else "–",
            "about": say("trend.doubling", label=label.lower() if language == "en" else label),
            "range": range_of(months, say),
        },
        {
            "value": f"{text.number(segment.growth_per_year.estimate)}×",
            "about": say("trend.growth"),
            "range": range_of(growth, say),
        },
        {"value": f"{found.n:,}", "about": say("trend.n"), "range": ""},
    ]
    if is_compute(answer):
        above = sum(o.value >= LINE for o in answer.observations)
        figures.append({"value": str(above), "about": say("trend.above"), "range": ""})
    return figures


def range_of(row: Mapping[str, float | None], say: Wording, digits: int = 2) -> str:
    """The 90% interval of a fitted number, where it has one."""
    if row["p5"] is None or row["p95"] is None:
        return ""
    low, high = text.interval(row["p5"], row["p95"], digits).split(" to ")
    return say("trend.range", low=low, high=high)


def _drawn(answer: Answer, language: Language, scale: Scale, size: str) -> Spec:
    width, height = SIZES[size]
    return trend_chart(answer, Look(language=language, scale=scale, width=width, height=height), ALL)


def kinds_in(spec: Spec) -> list[dict[str, Any]]:
    """What colours and shapes mean, with the number of points of each."""
    points = spec["datasets"]["points"]
    names = list(_points_layer(spec["layer"])["encoding"]["fill"]["scale"]["domain"])
    return [
        {
            "name": name,
            "colour": PALETTES["light"].series[at],
            "shape": SHAPES[at],
            "count": sum(row["kind"] == name for row in points),
        }
        for at, name in enumerate(names)
    ]


def _rows(answer: Answer, points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(answer.quantity, ChipQuantity):
        return [dict(row) for row in points]
    return described(answer.question, points)


def described(asked: Question, points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of models with what a page filters by and the drawing does not need."""
    known = {(c.row.model, c.row.published.isoformat()): c.row for c in candidates(asked) if c.row.published}
    openness = {True: "yes", False: "no", None: ""}
    found = []
    for point in points:
        row = known[point["name"], point["date"]]
        more = {"country": "; ".join(row.country), "open": openness[row.open_weights], "confidence": row.confidence}
        found.append({**point, **more})
    return found


def _points_layer(layers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The layer that draws the points."""
    for layer in layers:
        if layer.get("data") == {"name": "points"}:
            return layer
        if "layer" in layer:
            try:
                return _points_layer(layer["layer"])
            except LookupError:
                continue
    raise LookupError("no layer draws points")


def embedded(spec: Spec) -> Spec:
    """A picture for a page: without title, legend and note, with signals that scripts set, and its rows elsewhere."""
    kept = bare(spec)
    kept["params"] = [
        {"name": "focused", "value": ""},
        {"name": "sought", "value": ""},
        {"name": "hidden", "value": []},
        {"name": "overlays", "value": []},
    ]
    kept["layer"] = _listening(kept["layer"])
    kept["datasets"] = {**spec["datasets"], "points": []}
    return kept


def _listening(layers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The layers, with points that can be hidden by kind and ringed, and overlays that show when they are asked for."""
    found: list[dict[str, Any]] = []
    for layer in layers:
        if layer.get("data") == {"name": "points"}:
            found += _points(layer)
        elif name := OVERLAYS.get(layer.get("data", {}).get("name", "").partition("_")[0]):
            found.append({**layer, "transform": [{"filter": f"indexof(overlays, '{name}') >= 0"}]})
        elif "layer" in layer:
            found.append({**layer, "layer": _listening(layer["layer"])})
        else:
            found.append(dict(layer))
    return found


def _points(layer: Mapping[str, Any]) -> list[dict[str, Any]]:
    encoding = dict(layer["encoding"])
    for channel in ("fill", "shape"):
        encoding[channel] = {**encoding[channel], "legend": None}
    shown = {"filter": "indexof(hidden, datum.kind) < 0"}
    meant = {
        "filter": "datum.name === focused || (sought !== '' && "
        "indexof(lower(datum.name + ' ' + datum.organization), sought) >= 0)"
    }
    ring = {"type": "point", "shape": "circle", "filled": False, "size": 190, "strokeWidth": 2, "clip": True,
            "stroke": PALETTES["light"].text, "opacity": 1, "aria": False, "tooltip": None}  # fmt: skip
    places = {channel: encoding[channel] for channel in ("x", "y")}
    return [
        {**layer, "encoding": encoding, "transform": [shown]},
        {"data": {"name": "points"}, "mark": ring, "encoding": places, "transform": [shown, meant]},
    ]


def colours() -> dict[str, str]:
    """Each colour of the light theme with the one that takes its place in the dark."""
    pairs: dict[str, str] = {}
    for field in fields(PALETTES["light"]):
        light, dark = (getattr(PALETTES[theme], field.name) for theme in ("light", "dark"))
        pairs |= {light: dark} if isinstance(light, str) else dict(zip(light, dark, strict=True))
    return pairs
