"""One answer to "how fast does it grow?": its points, its lines with two bands, its breaks, and what has no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart, chart_of, in_altair
from comptometer.charts._axes import FLOP_TITLE
from comptometer.charts._definition import definition_of, models_of
from comptometer.charts._frame import Frame
from comptometer.charts._growth import (
    axis_rows,
    beside,
    curve,
    curve_layers,
    ground,
    is_narrow,
    labels,
    left_labels,
    margins,
    missing,
    outstanding,
    padded,
    path,
    point_layer,
    reach,
    right_axes,
    size_of,
    source_line,
    words_of,
    year_step,
)
from comptometer.charts._kinds import KINDS, kind_of
from comptometer.charts._labels import Align, Box, Placed, Run, around, set_at
from comptometer.charts._layers import quiet
from comptometer.charts._overlays import NONE, Drawn, Overlays, notes, overlaid
from comptometer.charts._theme import PALETTES, SMALL, Layer, Palette, Rows, Words, finished, series
from comptometer.charts._words import say, sentences, spread
from comptometer.growth import Answer, Observation, candidates, trend
from comptometer.notebook import PICTURES
from comptometer.quantities import ChipQuantity
from comptometer.release import banner
from comptometer.trends import Segment, as_date
from comptometer.units import FLOP_PER_PFS_DAY

_MAKERS: Final = 3  # that have a colour of their own


@chart("trend")
def plain(look: Look) -> Spec:
    """How fast the training compute of notable models grows."""
    return trend_chart(trend(), look)


@chart_of("trend")
def of_question(flags: str, look: Look) -> Spec:
    """The answer to a question, and what is to be drawn over it."""
    from comptometer.charts._overlays import asked_for
    from comptometer.charts._question import question

    asked, overlays = asked_for(flags)
    return trend_chart(question(asked), look, overlays)


def trend_chart(answer: Answer, look: Look, overlays: Overlays = NONE) -> Spec:
    """Draw an answer, with what else is to be seen on it."""
    palette, language = PALETTES[look.theme], look.language
    points = points_of(answer, language)
    lines = lines_of(answer)
    frame = _frame(answer, lines, look)
    pfs = is_compute(answer)
    remarks = _break_words(answer, frame, language)
    over = overlaid(overlays, frame, palette, language, taken=remarks, points=_boxes(frame, points))
    placed = {**_placed(answer, frame, points, lines, (remarks, over), language), **over.words}
    rows, words = words_of(frame, palette, placed)
    kinds = list(dict.fromkeys(_order(answer, points, language)))
    counts = Counter(row["kind"] for row in points)
    headings = _headings(answer, language)
    breaks = breaks_of(answer)
    inner = [
        *over.layers,
        *_break_layers(frame, palette),
        ground(frame, palette),
        *curve_layers("lines", frame, palette.fit),
        point_layer(
            frame, palette, series(kinds, palette, counts, width=look.width), headings, name="points", count=len(points)
        ),
        *words,
        *left_labels(frame, palette),
    ]
    layers = [{"layer": inner}, *(right_axes(frame, palette, look) if pfs else [])]
    drawn = {
        "points": points,
        "lines": lines,
        "breaks": breaks,
        **axis_rows(frame, pfs=pfs and not is_narrow(look)),
        **over.rows,
    }
    return finished(
        layers,
        words_around(answer, language, overlays),
        Rows(drawn={**drawn, **rows}, listed="points", headings=headings),
        look=look,
        size=(look.width, look.height),
        margins=margins(look),
    )


def is_compute(answer: Answer) -> bool:
    """Is it about training compute, which has two units?"""
    return answer.quantity.name == "compute"


# Rows; those of the last answers are kept, as several pictures are drawn of one


@lru_cache(maxsize=8)
def points_of(answer: Answer, language: Language) -> Sequence[dict[str, Any]]:
    """One row per observation, with everything that is shown of it; the field of its value is named by `field`."""
    kinds = _kinds(answer, language)
    return [_point(answer, one, kind) for one, kind in zip(answer.observations, kinds, strict=True)]


def field_of(answer: Answer) -> str:
    """Name of the amounts in the rows."""
    return "flop" if is_compute(answer) else "value"


def _point(answer: Answer, one: Observation, kind: str) -> dict[str, Any]:
    said, unit, day = text.number(one.value), answer.quantity.unit, one.day.isoformat()
    row = {
        "name": one.name,
        "date": day,
        "organization": one.organization,
        field_of(answer): one.value,
        "value_text": said,
        "kind": kind,
        "spoken": f"{one.name}, {day}: {said} {unit}, {kind}",
    }
    if is_compute(answer):
        row["pfs_text"] = text.number(one.value / FLOP_PER_PFS_DAY)
    return row


def _kinds(answer: Answer, language: Language) -> list[str]:
    """What gives each point its colour: a model's domain, a chip's maker."""
    if isinstance(answer.quantity, ChipQuantity):
        makers = [one.organization for one in answer.observations]
        frequent = [maker for maker, _ in Counter(makers).most_common(_MAKERS)]
        return [maker if maker in frequent else say("other-makers", language) for maker in makers]
    domains = {(c.row.model, c.row.published): set(c.row.domain) for c in candidates(answer.question)}
    return [say(kind_of(domains[one.name, one.day]), language) for one in answer.observations]


def _order(answer: Answer, points: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    """The kinds as the legend has them: those of domains in a fixed order, makers by how many parts they have."""
    found = [kind for kind, _ in Counter(row["kind"] for row in points).most_common()]
    if isinstance(answer.quantity, ChipQuantity):
        last = say("other-makers", language)
        return [kind for kind in found if kind != last] + [last] * (last in found)
    return [kind for key in KINDS if (kind := say(key, language)) in found]


@lru_cache(maxsize=8)
def lines_of(answer: Answer) -> Sequence[dict[str, Any]]:
    """The fitted lines from the first point to the last."""
    first, last = answer.observations[0].day, answer.observations[-1].day
    return curve(answer.trend, first, last, field_of(answer))


def breaks_of(answer: Answer) -> list[dict[str, Any]]:
    """The breaks with their 90% intervals, as far as these lie among the points."""
    first, last = answer.observations[0].day.isoformat(), answer.observations[-1].day.isoformat()
    rows = []
    for found in answer.trend.breaks:
        row = found.to_dict()
        ends = {"since": max(row["p5"], first), "until": min(row["p95"], last)}
        rows.append({"date": row["day"], **ends, "identified": row["identified"], "why": row["why"]})
    return rows


def _frame(answer: Answer, lines: Sequence[Mapping[str, Any]], look: Look) -> Frame:
    values = [one.value for one in answer.observations]
    if look.scale == "log":
        values = [*values, *(row[key] for row in lines for key in ("least", "most"))]
    days = padded((answer.observations[0].day, answer.observations[-1].day))
    language, chips = look.language, isinstance(answer.quantity, ChipQuantity)
    label = label_of(answer, language)
    title = FLOP_TITLE if is_compute(answer) and language == "en" else say(
        "axis", language, label=label, unit=answer.quantity.unit
    )  # fmt: skip
    return Frame.of(
        look,
        days,
        reach(values, look),
        foot=0.0,
        field=field_of(answer),
        title=title,
        pfs_title=say("pfs-days", language),
        day_title=say("released" if chips else "published", language),
        year_step=year_step(days, look.width),
    )


# Places of words


def _placed(
    answer: Answer,
    frame: Frame,
    points: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]],
    before: tuple[Sequence[Placed], Drawn],
    language: Language,
) -> dict[str, list[Placed]]:
    """What the lines say, then names of points that stand above all before them; `before` has its places."""
    remarks, over = list(before[0]), before[1]
    laid = [said for words in over.words.values() for said in words]
    boxes = [*_boxes(frame, points), *over.levels]
    fit: list[Placed] = []
    runs: list[Run] = []
    for number, segment in enumerate(answer.trend.segments, 1):
        piece = path(frame, [row for row in lines if row["line"] == number])
        says = say("a-year", language, growth=text.number(segment.growth_per_year.estimate))
        fit += beside(frame, piece, says, [*remarks, *laid, *fit], boxes)
        runs += piece
    if frame.values.log:
        named = outstanding(points, frame.field)
    else:
        named = sorted(points, key=lambda row: -row[frame.field])[:12]
    names = labels(
        frame, named, points, line=[*runs, *path(frame, over.rows.get("article", ()))], taken=[*remarks, *laid, *fit]
    )
    return {"labels": names, "fit": fit, "remark": remarks}


def _boxes(frame: Frame, points: Sequence[Mapping[str, Any]]) -> list[Box]:
    _, radius = size_of(len(points))
    return [around(frame.spot(row["date"], row[frame.field]), radius) for row in points]


def _break_words(answer: Answer, frame: Frame, language: Language) -> list[Placed]:
    """The day of each break at the bottom, with its interval, and whether the data say that it is one."""
    said: list[Placed] = []
    for found in breaks_of(answer):
        x, _ = frame.spot(found["date"], frame.values.high)
        parts = [say("break", language, day=found["date"][:7])]
        if found["since"] < found["until"]:
            parts.append(say("break-90", language, first=found["since"][:7], last=found["until"][:7]))
        if not found["identified"]:
            parts.append(say("not-identified", language))
        written = "\n".join(parts)
        y = frame.values.start - 6 - 6.5 * len(parts)
        sides: tuple[tuple[Align, float], ...] = (("left", 6.0), ("right", -6.0))
        for align, shift in sides:
            placed = set_at(written, x + shift, y, SMALL, align)
            if placed.box.within(frame.box) and not any(placed.box.touches(other.box) for other in said):
                said.append(placed)
                break
    return said


# Layers


def _break_layers(frame: Frame, palette: Palette) -> list[Layer]:
    """The interval of each break as a shade, its day as an upright line."""
    shade = {**quiet("rect", palette.eras[3]), "opacity": 0.8}
    rule = {**quiet("rule", palette.rule), "strokeDash": [5, 3], "strokeWidth": 1.2}
    ends = {"x": frame.x("since", paired=True), "x2": {"field": "until"}}
    return [
        {"data": {"name": "breaks"}, "mark": shade, "encoding": ends},
        {"data": {"name": "breaks"}, "mark": rule, "encoding": {"x": frame.x()}},
    ]


# Words


def label_of(answer: Answer, language: Language) -> str:
    """What grows."""
    return answer.quantity.label if language == "en" else say(answer.quantity.name, language)


def definition(answer: Answer, language: Language) -> str:
    """Which models, in which window, of which table, and whose values."""
    wanted, asked = answer.question.wanted, answer.question
    if isinstance(answer.quantity, ChipQuantity):
        which = say("learning-chips" if wanted.select == "notable" else "gpus", language)
    else:
        which = models_of(asked, language)
    return definition_of(asked, which, language)


def growth_title(answer: Answer, language: Language) -> str:
    """The finding: factor a year with its interval, for each line where there are several."""
    found, label = answer.trend, label_of(answer, language)
    if len(found.segments) == 1:
        row = found.growth_per_year.to_dict()
        first, last = answer.observations[0].day.year, answer.observations[-1].day.year
        said = say("grew", language, label=label, growth=text.number(found.growth_per_year.estimate),
                   first=first, last=last)  # fmt: skip
        return said + say("grew-90", language, spread=spread(row, language))
    ends = [answer.observations[0].day, *(as_date(b.day) for b in found.breaks), answer.observations[-1].day]
    parts = [
        say("part", language, growth=text.number(segment.growth_per_year.estimate), first=_month(ends[at]),
            last=_month(ends[at + 1]))
        for at, segment in enumerate(found.segments)
    ]  # fmt: skip
    return say("grew-in-parts", language, label=label, parts=say("then", language).join(parts))


def _month(day: date) -> str:
    return day.isoformat()[:7]


def _doubling(segment: Segment, since: str, language: Language) -> str:
    row = segment.doubling_months().to_dict()
    if row["estimate"] is None:
        return say("no-doubling", language) + since
    said = say("doubling", language, months=text.number(row["estimate"]))
    return said + since + say("doubling-90", language, spread=spread(row, language))


def words_around(answer: Answer, language: Language, overlays: Overlays = NONE) -> Words:
    """Title, subtitle, source and description."""
    title = growth_title(answer, language)
    found, asked = answer.trend, answer.question
    what = say("what-chips" if isinstance(answer.quantity, ChipQuantity) else "what-models", language)
    later = as_date(found.breaks[-1].day) if found.breaks else None
    since = say("doubling-now", language, first=_month(later)) if later else ""
    count = say(
        "points", language, n=found.n, what=what, organizations=len({o.organization for o in answer.observations})
    )
    fit = say("fit", language, method=asked.method, unit=say(f"by-{asked.by}", language))
    without, of = missing(answer)
    note = [say("no-value", language, without=without, asked=of, what=what)] if without else []
    note += overlay_notes(answer, language, overlays).values()
    first, last = answer.observations[0].day, answer.observations[-1].day
    return Words(
        title=title,
        subtitle=sentences(
            [_doubling(found.segments[-1], since, language), count, definition(answer, language), fit], language
        ),
        note="\n".join([*note, source_line(asked.data, language), banner()]),
        description=say("described", language, title=title, n=found.n, first=first.year, last=last.year),
        language=language,
    )


def overlay_notes(answer: Answer, language: Language, overlays: Overlays) -> dict[str, str]:
    """What is to be said of the overlays that this answer can have, by their names."""
    if not is_compute(answer):
        overlays = Overlays(eras=overlays.eras)
    return notes(overlays, language, max(one.value for one in answer.observations))


def _headings(answer: Answer, language: Language) -> dict[str, str]:
    chips = isinstance(answer.quantity, ChipQuantity)
    return {
        "name": say("heading-chip" if chips else "heading-name", language),
        "date": say("heading-date", language),
        "organization": say("heading-organization", language),
        "value_text": answer.quantity.unit,
        **({"pfs_text": say("pfs-days", language)} if is_compute(answer) else {}),
        "kind": say("heading-kind", language),
    }


PICTURES.add("picture-of-Answer", lambda drawn, **look: in_altair(trend_chart(drawn, Look(**look))))
