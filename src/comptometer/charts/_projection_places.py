"""Where the words of a projection's chart stand: names of limits, days of round amounts, names of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language
from comptometer.charts._frame import Frame
from comptometer.charts._growth import labels, outstanding, path
from comptometer.charts._labels import Placed, Wish, around, place, set_at
from comptometer.charts._theme import SMALL
from comptometer.charts._words import WORDS, say
from comptometer.projection import Projection

PITCH: Final = 12.6  # pixels between the names of two limits
LEADER, SHORT_LEADER = 20.0, 8.0  # pixels from a name to its line, and where there is no more room


def places(
    frame: Frame,
    found: Projection,
    points: Sequence[Mapping[str, Any]],
    lines: Mapping[str, Sequence[Mapping[str, Any]]],
    limits: Mapping[str, Sequence[Mapping[str, Any]]],
    reached: Sequence[Mapping[str, Any]],
    language: Language,
) -> dict[str, list[Placed]]:
    """Names of the limits, then days of the round amounts, then names of models."""
    boxes = [around(frame.spot(row["date"], row["flop"]), 5.2) for row in [*points, *reached]]
    named = _limit_names(frame, found, limits, language)
    every = [run for rows in lines.values() for run in path(frame, rows)]
    wishes = [
        Wish(text=f"{text.number(row['flop'])}: {row['year']:.1f}", x=x, y=y)
        for row in reached
        for x, y in [frame.spot(row["date"], row["flop"])]
    ]
    taken = [*boxes, *(said.box for said in named)]
    days = place(wishes, within=frame.box, taken=taken, line=every, size=SMALL, patience=60.0)
    names = labels(frame, outstanding(points, "flop"), points, line=every, taken=[*named, *days])
    return {"limits": named, "days": days, "labels": names}


def _limit_names(
    frame: Frame, found: Projection, limits: Mapping[str, Sequence[Mapping[str, Any]]], language: Language
) -> list[Placed]:
    """Each limit's name before the start of its line, in their order, with a leader to it; over it without room."""
    starts = {name: frame.spot(rows[0]["date"], rows[0]["flop"]) for name, rows in limits.items()}
    inside = sorted((name for name, spot in starts.items() if frame.box.holds(spot)), key=lambda name: starts[name][1])
    heights = apart([starts[name][1] for name in inside], frame.box.top + PITCH / 2)
    placed = []
    for name, y in zip(inside, heights, strict=True):
        x, start = starts[name]
        counted = found.limits.limits[name].included
        plain = label_of(found, name, language)
        says = plain + ("" if counted else say("only-reported", language))
        choices = [
            (gap, set_at(words, x - gap, y, SMALL, "right"))
            for words, gap in ((says, LEADER), (plain, LEADER), (plain, SHORT_LEADER))
        ]
        fitting = next((choice for choice in choices if choice[1].box.within(frame.box)), None)
        if fitting:
            gap, said = fitting
            placed.append(replace(said, leader=((x - gap + 3, y), (x - 1, start))))
        else:
            placed.append(set_at(says, x + 4, start - 8, SMALL, "left"))
    return placed


def apart(heights: Sequence[float], top: float) -> list[float]:
    """Rising heights, moved as little as it takes to lie `PITCH` apart and below `top`.

    Neighbours that touch move as one, about the middle of where they want to be.

    >>> apart([10.0, 10.0, 90.0], 0.0)
    [3.7, 16.3, 90.0]
    """
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _first(groups[-1], top) - _first(groups[-2], top) < PITCH * len(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_first(group, top) + PITCH * at for group in groups for at in range(len(group))]


def _first(group: Sequence[float], top: float) -> float:
    return max(sum(group) / len(group) - PITCH * (len(group) - 1) / 2, top)


def label_of(found: Projection, name: str, language: Language) -> str:
    """A limit's name; those of the shipped sets have one in Chinese as well."""
    known = f"limit-{name}"
    return say(known, language) if language == "zh" and known in WORDS else found.limits.limits[name].label
