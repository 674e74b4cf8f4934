"""Pictures of compute over time: points, fitted lines with their bands, eras and words.

A `Story` is what a picture tells, `arrange` finds the places of its words, `timeline` draws it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product
from math import inf
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec
from comptometer.charts._axes import tick_rows, ticks
from comptometer.charts._frame import Frame, Plot
from comptometer.charts._labels import Box, Placed, Run, Spot, Wish, around, crowded_first, place, set_at, text_width
from comptometer.charts._layers import headings, over, under
from comptometer.charts._theme import BODY, PALETTES, SMALL, Rows, Words, finished, series
from comptometer.charts._words import say
from comptometer.trends import Trend
from comptometer.units import FLOP_PER_PFS_DAY

Row = Mapping[str, Any]

READABLE: Final = 0.02  # of the largest: a point below lies on the ground of a linear scale
_SAMPLES: Final = 61  # of a fitted line


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """A shaded stretch of time; `under` is written below its name, `tells` shows on pointing at it."""

    name: str
    since: date
    until: date
    under: str = ""
    tells: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A fitted line, drawn between two days; `says` is written beside it, and without it the line is dashed."""

    trend: Trend
    since: date
    until: date
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a picture over time tells.

    Attributes:
        points: from `point`; a later one lies over an earlier one.
        kinds: the values of `kind`, as the legend names them.
        lines: by name.
        eras: from the first to the last.
        days: first and last day of the plot.
        flop: least and largest amount of a logarithmic plot.
        year_step: years between two ticks.
        patience: how far from its point a label may stand, in pixels, before it is left out.
        language: of its words.
    """

    points: Sequence[Row]
    kinds: Sequence[str]
    lines: Mapping[str, Line]
    eras: Sequence[Era]
    days: tuple[date, date]
    flop: tuple[float, float]
    year_step: int = 1
    patience: float = inf
    language: Language = "en"

    def frame(self, look: Look) -> Frame:
        """The plot; a linear one ends somewhat above the largest point."""
        largest = max(row["flop"] for row in self.points)
        return Frame.of(
            look,
            self.days,
            self.flop if look.scale == "log" else (0.0, 1.12 * largest),
            year_step=self.year_step,
            title=say("axis", self.language, label=say("compute", self.language), unit="FLOP"),
            pfs_title=say("pfs-days", self.language),
            day_title=say("published", self.language),
        )


def point(model: str, day: str, pfs_days: float, kind: str, language: Language) -> dict[str, Any]:
    """A point with everything that is shown of it."""
    flop, pfs = text.number(pfs_days * FLOP_PER_PFS_DAY), text.number(pfs_days)
    return {
        "model": model,
        "date": day,
        "flop": pfs_days * FLOP_PER_PFS_DAY,
        "pfs_days": pfs_days,
        "kind": kind,
        "flop_text": flop,
        "pfs_text": pfs,
        "spoken": say("spoken-point", language, model=model, day=day, flop=flop, pfs=pfs, kind=kind),
    }


def days_of(points: Sequence[Row]) -> tuple[date, date]:
    """The first and the last day of some points."""
    days = [date.fromisoformat(row["date"]) for row in points]
    return min(days), max(days)


def timeline(story: Story, words: Words, look: Look) -> Spec:
    """Draw a story."""
    palette, frame = PALETTES[look.theme], story.frame(look)
    placed = arrange(story, frame)
    lines = {name: line_rows(line) for name, line in story.lines.items()}
    counts = Counter(row["kind"] for row in story.points)
    tints = [palette.eras[round(3 * at / (len(story.eras) - 1))] for at in range(len(story.eras))]
    drawn = {
        "points": story.points,
        "eras": [_era_row(era, tint, story.days) for era, tint in zip(story.eras, tints, strict=True)],
        **lines,
        **_axis_rows(frame),
        **word_rows(frame, placed),
    }
    solid = [name for name, line in story.lines.items() if line.says]
    below = under(frame, palette, story.language, lines=solid, dashed=[name for name in lines if name not in solid])
    kinds = series(story.kinds, palette, counts, width=look.width)
    return finished(
        [below, over(frame, palette, story.language, kinds, placed)],
        words,
        Rows(drawn=drawn, listed="points", headings=headings(story.language)),
        look=look,
        size=(look.width, look.height),
    )


# Places of words


def arrange(story: Story, frame: Frame) -> dict[str, list[Placed]]:
    """Names of eras at the bottom, what the lines say beside them, then the labels of the points.

    On a logarithmic scale every point asks for a label: those in a crowd first, or the largest first where patience
    is limited and some will go without. On a linear one only those ask that stand out, and a remark says so.
    """
    names = _era_names(frame, story)
    boxes = [around(frame.spot(row["date"], row["flop"])) for row in story.points]
    paths = {name: _path(frame, line) for name, line in story.lines.items()}
    runs = [run for path in paths.values() for run in pairwise(path)]
    taken = [*boxes, *(name.box for name in names)]
    fit: list[Placed] = []
    for name, line in story.lines.items():
        if line.says:
            fit += _beside(frame, paths[name], [*taken, *(said.box for said in fit)], runs, line.says)
    chosen = [row for row in story.points if frame.values.log or stands_out(row, story.points)]
    remark = _remark(frame, story, len(story.points) - len(chosen), [*taken, *(said.box for said in fit)])
    wishes = [Wish(text=row["model"], x=x, y=y) for row in chosen for x, y in [frame.spot(row["date"], row["flop"])]]
    taken += [said.box for said in [*fit, *remark]]
    ordered = crowded_first(wishes) if story.patience == inf else sorted(wishes, key=lambda wish: (wish.y, wish.x))
    labels = place(ordered, within=frame.box, taken=taken, line=runs, size=BODY, patience=story.patience)
    return {"labels": labels, "fit": fit, "remark": remark, "era_names": names}


def stands_out(row: Row, points: Sequence[Row]) -> bool:
    """Can a point be told from the ground on a linear scale?"""
    return bool(row["flop"] > READABLE * max(other["flop"] for other in points))


def _era_names(frame: Frame, story: Story) -> list[Placed]:
    """Names of eras, with what is written under them, each as far as its era is wide enough."""
    names = []
    for era in story.eras:
        ends = max(era.since, story.days[0]), min(era.until, story.days[1])
        left, right = (frame.days.pixel(day.toordinal()) for day in ends)
        under = era.under if text_width(era.under, SMALL) <= right - left else ""
        if text_width(era.name, SMALL) <= right - left:
            y = frame.values.start - 22
            names.append(set_at(f"{era.name}\n{under}", (left + right) / 2, y, SMALL, "center"))
    return names


def _beside(frame: Frame, path: Sequence[Spot], taken: Sequence[Box], runs: Sequence[Run], says: str) -> list[Placed]:
    """What a line says: left above it where there is room, best at two thirds of its length.

    On a linear scale a line is nearly level until it shoots up: there it is best at the end.
    """
    shares: tuple[float, ...] = (0.7, 0.6, 0.5, 0.8, 0.4, 0.3, 0.9, 0.2)
    if not frame.values.log and path[0][1] - path[-1][1] > 20:
        shares = (0.92, *shares)
    for away, share in product((14.0, 26.0, 40.0, 60.0), shares):
        x, y = path[int(share * (len(path) - 1))]
        found = set_at(says, x - away, y - away, BODY, "right", bold=True)
        free = not any(found.box.touches(box, 3.0) for box in taken) and not any(found.box.cut(run) for run in runs)
        if free and found.box.within(frame.box):
            return [found]
    return []


def _remark(frame: Frame, story: Story, left_out: int, taken: Sequence[Box]) -> list[Placed]:
    """Why some points have no label: over them, where there is room."""
    if not left_out:
        return []
    x, y = frame.spot(min(row["date"] for row in story.points), 0.0)
    share = text.percent(READABLE)
    said = say("below-ground", story.language, left_out=left_out, all=len(story.points), share=share)
    heights = (set_at(said, x, y - away, SMALL, "left") for away in range(34, int(y), 10))
    return [found for found in heights if not any(found.box.touches(box, 8.0) for box in taken)][:1]


def _path(frame: Frame, line: Line) -> list[Spot]:
    return [frame.spot(row["date"], row["pfs_days"] * FLOP_PER_PFS_DAY) for row in line_rows(line)]


# Rows


def line_rows(line: Line) -> list[dict[str, Any]]:
    """A fitted line with its 90% band, in petaFLOP/s-days."""
    first, last = line.since.toordinal(), line.until.toordinal()
    days = [round(first + (last - first) * at / (_SAMPLES - 1)) for at in range(_SAMPLES)]
    low, high = line.trend.band(days)
    return [
        {"date": date.fromordinal(day).isoformat(), "pfs_days": float(at), "low": float(bottom), "high": float(top)}
        for day, at, bottom, top in zip(days, line.trend.at(days), low, high, strict=True)
    ]


def _era_row(era: Era, tint: str, days: tuple[date, date]) -> dict[str, str]:
    since, until = max(era.since, days[0]), min(era.until, days[1])
    ends = {"since": since.isoformat(), "until": until.isoformat()}
    return {**ends, "name": era.name, "tells": era.tells, "tint": tint}


def word_rows(frame: Plot, placed: Mapping[str, Sequence[Placed]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of all words and of the leaders: places as what lies across and upwards."""
    rows: dict[str, list[dict[str, Any]]] = {"leaders": []}
    for name, found in placed.items():
        for said in found:
            written = [{**frame.datum(said.x, y), "text": line} for line, y in said.lines() if line]
            rows.setdefault(f"{name}_{said.align}", []).extend(written)
            if said.leader:
                start, end = (frame.datum(*spot) for spot in said.leader)
                rows["leaders"].append({**start, **{f"{name}2": value for name, value in end.items()}})
    return rows


def _axis_rows(frame: Frame) -> dict[str, list[dict[str, Any]]]:
    left, right = frame.values, frame.values.in_pfs_days()
    return {
        "grid": [{"pfs_days": tick.value / FLOP_PER_PFS_DAY} for tick in ticks(left)],
        "ticks_left": tick_rows(left, ticks(left), "flop"),
        "ticks_right": tick_rows(right, ticks(right), "pfs_days"),
    }
