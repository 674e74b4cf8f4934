"""What GPUs compute, per watt and per dollar: three panels over the same days, a line for each number format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._axes import Span
from comptometer.charts._frame import Frame
from comptometer.charts._growth import (
    axis_rows,
    curve,
    curve_layers,
    ground,
    left_labels,
    padded,
    point_layer,
    reach,
    source_line,
    year_step,
)
from comptometer.charts._labels import set_at, text_width
from comptometer.charts._layers import word_layers
from comptometer.charts._theme import BODY, LEFT, PALETTES, SMALL, Layer, Palette, Rows, Words, finished, series
from comptometer.charts._timeline import word_rows
from comptometer.charts._words import listed, say, spread
from comptometer.growth import Answer, trend
from comptometer.release import banner

FORMATS: Final = ("fp32", "matrix16")
PANELS: Final = {  # title → the quantities of the two formats
    "panel-peak": ("chip-fp32", "chip-matrix16"),
    "panel-watt": ("fp32-per-watt", "matrix16-per-watt"),
    "panel-dollar": ("fp32-per-dollar", "matrix16-per-dollar"),
}
BETWEEN: Final = 66  # pixels between two panels: the title of an axis, and what the lines say
MANY: Final = 200  # points: so many are drawn small, in every panel alike
LEAST: Final = 600  # pixels that three panels need upwards


@chart("chips")
def chips_chart(look: Look) -> Spec:
    """Three panels over one another; the height is at least `LEAST`."""
    palette, language = PALETTES[look.theme], look.language
    answers = {name: trend(quantity=name, select="all", since=None) for names in PANELS.values() for name in names}
    days = [o.day for answer in answers.values() for o in answer.observations]
    whole = padded((min(days), max(days)))
    height = max(look.height, LEAST)
    each = (height - 2 * BETWEEN) / 3
    drawn: dict[str, Sequence[Mapping[str, Any]]] = {"points": []}
    layers: list[Layer] = []
    for at, (title, names) in enumerate(PANELS.items()):
        top = at * (each + BETWEEN)
        frame = _frame([answers[name] for name in names], whole, (top, top + each), look, title)
        panel, rows = _panel(at, frame, [answers[name] for name in names], palette, look)
        layers.append(panel)
        drawn["points"] = [*drawn["points"], *rows[f"points_{at}"]]
        drawn |= rows
    headings = _headings(language)
    return finished(
        layers,
        _words(answers, language),
        Rows(drawn=drawn, listed="points", headings=headings),
        look=look,
        size=(look.width, height),
    )


def _frame(
    answers: Sequence[Answer], days: tuple[date, date], pixels: tuple[float, float], look: Look, title: str
) -> Frame:
    low, high = reach([o.value for answer in answers for o in answer.observations], look)
    return Frame(
        days=Span(low=days[0].toordinal(), high=days[1].toordinal(), start=0.0, end=float(look.width)),
        values=Span(low=low, high=high, start=pixels[1], end=pixels[0], log=look.scale == "log"),
        field="value",
        title=say(title, look.language),
        day_title=say("released", look.language),
        year_step=year_step(days, look.width),
    )


def points_of(answer: Answer, which: str, language: Language) -> list[dict[str, Any]]:
    """One row per chip with a value."""
    kind, unit = say(which, language), answer.quantity.unit
    return [
        {
            "name": one.name,
            "date": one.day.isoformat(),
            "organization": one.organization,
            "value": one.value,
            "value_text": f"{text.number(one.value)} {unit}",
            "kind": kind,
            "spoken": f"{one.name}, {one.day.isoformat()}: {text.number(one.value)} {unit}, {kind}",
        }
        for one in answer.observations
    ]


def _panel(
    at: int, frame: Frame, answers: Sequence[Answer], palette: Palette, look: Look
) -> tuple[Layer, dict[str, Sequence[Mapping[str, Any]]]]:
    """The layers of a panel, which have a scale of their own, and their rows."""
    language = look.language
    rows: dict[str, Sequence[Mapping[str, Any]]] = {}
    curves: list[Layer] = []
    points: list[dict[str, Any]] = []
    for color, which, answer in zip(palette.series, FORMATS, answers, strict=False):
        name = f"{which}_{at}"
        rows[name] = _inside(
            curve(answer.trend, answer.observations[0].day, answer.observations[-1].day, "value"), frame
        )
        curves += curve_layers(name, frame, color, predicted=False)
        points += points_of(answer, which, language)
    rows[f"points_{at}"] = points
    placed, styles = _said(frame, answers, palette, language)
    renamed = {f"{name}_{at}": found for name, found in axis_rows(frame, pfs=False).items()}
    words = {f"{name}_{at}": found for name, found in placed.items()}
    found = word_rows(frame, words)
    found.pop("leaders")
    kinds = [say(which, language) for which in FORMATS]
    encoding = series(kinds, palette, Counter(row["kind"] for row in points), width=look.width)
    for channel in encoding.values():  # the counts differ by panel and stand with the lines
        channel["legend"] = None
    inner = [
        ground(frame, palette, f"grid_{at}"),
        *curves,
        point_layer(frame, palette, encoding, _headings(language), name=f"points_{at}", count=MANY),
        *word_layers(frame, palette, words, {f"{name}_{at}": style for name, style in styles.items()})[1:],
        *left_labels(frame, palette, f"ticks_left_{at}"),
    ]
    return {"layer": inner}, {**rows, **renamed, **found}


def _inside(rows: Sequence[Mapping[str, Any]], frame: Frame) -> list[dict[str, Any]]:
    """A line whose band ends with its panel: the one below is another's."""
    least, most = frame.values.low, frame.values.high
    return [{**row, **{end: min(max(row[end], least), most) for end in ("low", "high")}} for row in rows]


def _said(
    frame: Frame, answers: Sequence[Answer], palette: Palette, language: Language
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What each line says: over the panel at the right, where there is no point; in two lines where it is narrow.

    Where these would meet the title of the axis, they stand over it.
    """
    placed, styles = {}, {}
    y = frame.values.end - 12
    x = frame.days.end
    title = text_width(frame.title, BODY) - LEFT
    longest = max(
        text_width(_sentence(which, a, language), SMALL, bold=True) for which, a in zip(FORMATS, answers, strict=False)
    )
    if x - longest < title + 12:
        y -= 19
    for color, which, answer in reversed(list(zip(palette.series, FORMATS, answers, strict=False))):
        says = _sentence(which, answer, language)
        placed[which] = [set_at(says, x, y, SMALL, "right", bold=True)]
        styles[which] = {"color": color, "fontSize": SMALL, "fontWeight": "bold"}
        wide = text_width(says, SMALL, bold=True)
        if x - wide - 24 > frame.days.end * 0.45 and frame.days.end > 820:
            x -= wide + 24
        else:
            y -= 15
    return placed, styles


def _sentence(which: str, answer: Answer, language: Language) -> str:
    growth = answer.trend.growth_per_year
    said = {"growth": text.number(growth.estimate), "spread": spread(growth.to_dict(), language)}
    return say("format-line", language, name=say(which, language), n=answer.trend.n, **said)


def _headings(language: Language) -> dict[str, str]:
    return {
        "name": say("heading-chip", language),
        "date": say("heading-date", language),
        "organization": say("heading-organization", language),
        "value_text": say("heading-value", language),
        "kind": say("heading-kind", language),
    }


def _words(answers: Mapping[str, Answer], language: Language) -> Words:
    growth = [text.number(answers[names[0]].trend.growth_per_year.estimate) for names in PANELS.values()]
    peak = answers["chip-fp32"]
    title = say("chips-title", language, peak=growth[0], watt=growth[1], dollar=growth[2])
    first, last = peak.observations[0].day.year, peak.observations[-1].day.year
    asked = peak.trend.n + peak.excluded.get("no chip-fp32", 0)
    counts = [f"{say(name, language)} {answer.trend.n}" for name, answer in answers.items()]
    return Words(
        title=title,
        subtitle=say("chips-subtitle", language, first=first, last=last, data=peak.question.data),
        note="\n".join(
            [
                say("chips-note", language, asked=asked, counts=listed(counts, language)),
                source_line(peak.question.data, language),
                banner(),
            ]
        ),
        description=say("described", language, title=title, n=peak.trend.n, first=first, last=last),
        language=language,
    )
