"""What the largest models cost to train: three kinds of cost over time, a line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._frame import Frame
from comptometer.charts._growth import (
    axis_rows,
    beside,
    curve,
    curve_layers,
    ground,
    haloed,
    labels,
    left_labels,
    missing,
    outstanding,
    padded,
    path,
    point_layer,
    reach,
    size_of,
    source_line,
    year_step,
)
from comptometer.charts._labels import Placed, around
from comptometer.charts._theme import BODY, PALETTES, Palette, Rows, Words, finished, series
from comptometer.charts._timeline import word_rows
from comptometer.charts._words import listed, say, spread
from comptometer.growth import Answer, trend
from comptometer.release import banner

KINDS: Final = ("cost", "cloud-cost", "upfront-cost")
TOP: Final = 10
SINCE: Final = date(2016, 1, 1)  # as in the published fit of training cost


@chart("cost")
def plain(look: Look) -> Spec:
    """Amortised cost, rent, and price of the machines of the largest models at release."""
    return cost_chart({kind: trend(quantity=kind, select="frontier", top=TOP, since=SINCE) for kind in KINDS}, look)


def cost_chart(answers: Mapping[str, Answer], look: Look) -> Spec:
    """Draw the answers for some of `KINDS`, by name."""
    palette, language = PALETTES[look.theme], look.language
    points = [row for kind, answer in answers.items() for row in points_of(answer, kind, language)]
    lines = {
        f"line_{at}": curve(answer.trend, answer.observations[0].day, answer.observations[-1].day, "value")
        for at, answer in enumerate(answers.values())
    }
    days = padded(
        (date.fromisoformat(min(r["date"] for r in points)), date.fromisoformat(max(r["date"] for r in points)))
    )
    frame = Frame.of(
        look,
        days,
        reach([row["value"] for row in points], look),
        foot=0.0,
        field="value",
        title=say("cost-axis", language),
        day_title=say("published", language),
        year_step=year_step(days, look.width),
    )
    placed, styles = _placed(frame, answers, points, lines, palette, language)
    kinds = [say(f"kind-{kind}", language) for kind in answers]
    headings = {
        "name": say("heading-name", language),
        "date": say("heading-date", language),
        "organization": say("heading-organization", language),
        "value_text": "USD",
        "kind": say("heading-kind", language),
    }
    encoding = series(kinds, palette, Counter(row["kind"] for row in points), width=look.width)
    inner = [
        ground(frame, palette),
        *(
            layer
            for color, name in zip(palette.series, lines, strict=False)
            for layer in curve_layers(name, frame, color, predicted=False)
        ),
        point_layer(frame, palette, encoding, headings, name="points", count=len(points)),
        *haloed(frame, palette, placed, styles),
        *left_labels(frame, palette),
    ]
    drawn = {"points": points, **lines, **axis_rows(frame, pfs=False), **word_rows(frame, placed)}
    return finished(
        [{"layer": inner}],
        _words(answers, language),
        Rows(drawn=drawn, listed="points", headings=headings),
        look=look,
        size=(look.width, look.height),
    )


def points_of(answer: Answer, kind: str, language: Language) -> list[dict[str, Any]]:
    """One row per model with this kind of cost."""
    said = say(f"kind-{kind}", language)
    return [
        {
            "name": one.name,
            "date": one.day.isoformat(),
            "organization": one.organization,
            "value": one.value,
            "value_text": text.number(one.value),
            "kind": said,
            "spoken": f"{one.name}, {one.day.isoformat()}: {text.number(one.value)} USD, {said}",
        }
        for one in answer.observations
    ]


def _placed(
    frame: Frame,
    answers: Mapping[str, Answer],
    points: Sequence[Mapping[str, Any]],
    lines: Mapping[str, Sequence[Mapping[str, Any]]],
    palette: Palette,
    language: Language,
) -> tuple[dict[str, list[Placed]], dict[str, dict[str, Any]]]:
    """What each line says, in its colour; then names of the dearest models."""
    _, radius = size_of(len(points))
    boxes = [around(frame.spot(row["date"], row["value"]), radius) for row in points]
    placed: dict[str, list[Placed]] = {}
    styles: dict[str, dict[str, Any]] = {"labels": {"color": palette.text, "fontSize": BODY, "aria": False}}
    runs = []
    taken: list[Placed] = []
    for at, (answer, rows) in enumerate(zip(answers.values(), lines.values(), strict=True)):
        own = path(frame, rows)
        says = say("a-year", language, growth=text.number(answer.trend.growth_per_year.estimate))
        placed[f"says_{at}"] = beside(frame, own, says, taken, boxes)
        styles[f"says_{at}"] = {"color": palette.series[at], "fontSize": BODY, "fontWeight": "bold"}
        taken += placed[f"says_{at}"]
        runs += own
    seen: set[str] = set()
    named = [row for row in outstanding(points, "value") if not (row["name"] in seen or seen.add(row["name"]))]  # type: ignore[func-returns-value]
    placed["labels"] = labels(frame, named, points, line=runs, taken=taken)
    return placed, styles


def _words(answers: Mapping[str, Answer], language: Language) -> Words:
    growth = [
        say(
            "cost-part", language, kind=say(f"kind-{kind}", language),
            growth=text.number(answer.trend.growth_per_year.estimate),
        )
        for kind, answer in answers.items()
    ]  # fmt: skip
    intervals = [
        say(
            "cost-interval", language, kind=say(f"kind-{kind}", language), n=answer.trend.n,
            spread=spread(answer.trend.growth_per_year.to_dict(), language),
        )
        for kind, answer in answers.items()
    ]  # fmt: skip
    first = next(iter(answers.values()))
    asked = first.question
    title = say("cost-title", language, parts=listed(growth, language))
    without, of = missing(first)
    days = [o.day.year for answer in answers.values() for o in answer.observations]
    return Words(
        title=title,
        subtitle=say(
            "cost-subtitle", language, top=asked.wanted.top, first=min(days), last=max(days), data=asked.data,
            unit=say(f"by-{asked.by}", language), intervals=listed(intervals, language),
        ),
        note="\n".join(
            [say("cost-note", language, without=without, asked=of), source_line(asked.data, language), banner()]
        ),
        description=say(
            "described", language, title=title, n=sum(answer.trend.n for answer in answers.values()),
            first=min(days), last=max(days),
        ),
        language=language,
    )  # fmt: skip
