"""One quantity of models against another: a point per model that has both, the power law, and its two bands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log10
from typing import Any, Final

import numpy as np

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart, chart_of, in_altair
from comptometer.charts._axes import tick_labels, tick_rows, ticks
from comptometer.charts._definition import definition_of, models_of
from comptometer.charts._frame import Plane
from comptometer.charts._growth import (
    beside,
    curve_layers,
    ground,
    labels,
    left_labels,
    margins,
    path,
    point_layer,
    reach,
    size_of,
    source_line,
    words_of,
)
from comptometer.charts._kinds import KINDS, kind_of
from comptometer.charts._labels import Placed, around
from comptometer.charts._layers import quiet
from comptometer.charts._theme import PALETTES, Layer, Palette, Rows, Words, finished, series
from comptometer.charts._words import say, sentences, spread
from comptometer.growth import candidates
from comptometer.notebook import PICTURES
from comptometer.quantities import Quantity
from comptometer.relation import Pair, Relation, relate
from comptometer.release import banner

_SAMPLES: Final = 91  # of the line
_FAR, _LARGE = 8, 6  # models that are named: far from the line, and with much of y


@chart("relation")
def plain(look: Look) -> Spec:
    """How the training compute of notable models goes with their parameters."""
    return relation_chart(relate(), look)


@chart_of("relation")
def of_question(flags: str, look: Look) -> Spec:
    """One quantity against another."""
    from comptometer.charts._question import relation

    return relation_chart(relation(flags), look)


def relation_chart(found: Relation, look: Look) -> Spec:
    """Draw a relation; both scales are always logarithmic."""
    palette, language = PALETTES[look.theme], look.language
    points, line = points_of(found, language), line_of(found)
    frame = _frame(found, line, look)
    rows, words = words_of(frame, palette, _placed(found, frame, points, line, language))
    present = {row["kind"] for row in points}
    kinds = [kind for key in KINDS if (kind := say(key, language)) in present]
    counts = Counter(row["kind"] for row in points)
    headings = _headings(found, language)
    encoding = series(kinds, palette, counts, width=look.width)
    layers = [
        ground(frame, palette),
        *_upright(frame, palette),
        *curve_layers("lines", frame, palette.fit),
        point_layer(frame, palette, encoding, headings, name="points", count=len(points)),
        *words,
        *left_labels(frame, palette),
        *tick_labels("ticks_below", {"x": frame.x(), "y": {"value": look.height + 16}}, palette),
    ]
    below = ticks(frame.reach)
    drawn = {
        "points": points,
        "lines": line,
        "grid": [{"y": tick.value} for tick in frame.ticks],
        "grid_upright": [{"x": tick.value} for tick in below],
        "ticks_left": tick_rows(frame.values, frame.ticks, "y"),
        "ticks_below": tick_rows(frame.reach, below, "x", centred=True),
    }
    return finished(
        [{"layer": layers}],
        words_around(found, language),
        Rows(drawn={**drawn, **rows}, listed="points", headings=headings),
        look=look,
        size=(look.width, look.height),
        margins=margins(look),
        below=58,
    )


# Rows; those of the last relations are kept, as several pictures are drawn of one


@lru_cache(maxsize=8)
def points_of(found: Relation, language: Language) -> Sequence[dict[str, Any]]:
    """One row per model, with everything that is shown of it."""
    domains = {(c.row.model, c.row.published): set(c.row.domain) for c in candidates(found.question)}
    return [_point(found, pair, say(kind_of(domains[pair.name, pair.day]), language)) for pair in found.pairs]


def _point(found: Relation, pair: Pair, kind: str) -> dict[str, Any]:
    across, upwards, day = text.number(pair.x), text.number(pair.y), pair.day.isoformat()
    return {
        "name": pair.name,
        "date": day,
        "organization": pair.organization,
        "x": pair.x,
        "y": pair.y,
        "x_text": across,
        "y_text": upwards,
        "kind": kind,
        "spoken": f"{pair.name}, {day}: {upwards} {found.y.unit}, {across} {found.x.unit}, {kind}",
    }


@lru_cache(maxsize=8)
def line_of(found: Relation) -> Sequence[dict[str, Any]]:
    """The line with both its bands, from the least x to the largest; keys as of `_growth.curve`."""
    across = [pair.x for pair in found.pairs]
    x = np.logspace(log10(min(across)), log10(max(across)), _SAMPLES)
    columns = [x, found.law.at(x), *found.law.band(x), *found.law.prediction_band(x)]
    keys = ("x", "y", "low", "high", "least", "most")
    return [{**dict(zip(keys, map(float, row), strict=True)), "line": 1} for row in zip(*columns, strict=True)]


def _frame(found: Relation, line: Sequence[Mapping[str, Any]], look: Look) -> Plane:
    upwards = [*(pair.y for pair in found.pairs), *(row[key] for row in line for key in ("least", "most"))]
    always = Look(scale="log")
    return Plane.of(
        look,
        reach([pair.x for pair in found.pairs], always),
        reach(upwards, always),
        (_title(found.x, look.language), _title(found.y, look.language)),
    )


def _title(what: Quantity, language: Language) -> str:
    return say("axis", language, label=label_of(what, language), unit=what.unit)


# Places of words


def _placed(
    found: Relation,
    frame: Plane,
    points: Sequence[Mapping[str, Any]],
    line: Sequence[Mapping[str, Any]],
    language: Language,
) -> dict[str, list[Placed]]:
    """What the line says, then names of models far from it and of the largest."""
    _, radius = size_of(len(points))
    runs = path(frame, line)
    says = say("exponent", language, exponent=text.number(found.law.exponent.estimate))
    fit = beside(frame, runs, says, [], [around(frame.place(row), radius) for row in points])
    return {"labels": labels(frame, _named(found, points), points, line=runs, taken=fit), "fit": fit}


def _named(found: Relation, points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    far = np.argsort(-np.abs(found.law.residuals), kind="stable")[:_FAR]
    large = sorted(range(len(points)), key=lambda at: -points[at]["y"])[:_LARGE]
    return [points[at] for at in dict.fromkeys([*large, *far.tolist()])]


# Layers


def _upright(frame: Plane, palette: Palette) -> list[Layer]:
    """The grid of the amounts across."""
    return [{"data": {"name": "grid_upright"}, "mark": quiet("rule", palette.grid), "encoding": {"x": frame.x()}}]


# Words


def label_of(what: Quantity, language: Language) -> str:
    """A quantity in words."""
    return what.label if language == "en" else say(what.name, language)


def definition(found: Relation, language: Language) -> str:
    """Which models, in which window, of which table, and whose values."""
    return definition_of(found.question, models_of(found.question, language), language)


def title_of(found: Relation, language: Language) -> str:
    """The finding: the exponent with its interval."""
    x = label_of(found.x, language)
    return say(
        "relation-title",
        language,
        y=label_of(found.y, language),
        x=x.lower() if language == "en" else x,
        exponent=text.number(found.law.exponent.estimate),
        spread=spread(found.law.exponent.to_dict(), language),
    )


def words_around(found: Relation, language: Language) -> Words:
    """Title, subtitle, source and description."""
    law, title = found.law, title_of(found, language)
    fit = say(
        "relation-fit",
        language,
        factor=text.number(10**law.exponent.estimate),
        r2=text.number(law.r2, 2),
        sd=text.number(law.residual_sd, 2),
        fold=text.number(10**law.residual_sd, 2),
    )
    what = say("what-models", language)
    count = say("points", language, n=law.n, what=what, organizations=found.organizations)
    how = say("relation-line", language, unit=say(f"by-{found.question.by}", language))
    lacking = found.asked - law.n
    note = [say("relation-lacking", language, lacking=lacking, asked=found.asked)] if lacking > 0 else []
    return Words(
        title=title,
        subtitle=sentences([fit, count, definition(found, language), how], language),
        note="\n".join([*note, source_line(found.question.data, language), banner()]),
        description=say("relation-described", language, title=title, n=law.n),
        language=language,
    )


def _headings(found: Relation, language: Language) -> dict[str, str]:
    return {
        "name": say("heading-name", language),
        "date": say("heading-date", language),
        "organization": say("heading-organization", language),
        "y_text": _title(found.y, language),
        "x_text": _title(found.x, language),
        "kind": say("heading-kind", language),
    }


PICTURES.add("picture-of-Relation", lambda drawn, **look: in_altair(relation_chart(drawn, Look(**look))))
