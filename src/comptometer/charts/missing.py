"""The share of models without training compute, by year: what a trend is not fitted to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._growth import source_line
from comptometer.charts._layers import quiet
from comptometer.charts._theme import BODY, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import say
from comptometer.growth import Answer, candidates, trend
from comptometer.population import population
from comptometer.release import banner

FEW: Final = 10  # models: the share of a year with fewer is pale, and no title is made of it


@chart("missing")
def missing_chart(look: Look) -> Spec:
    """A bar per year; the scale is always linear."""
    palette, language = PALETTES[look.theme], look.language
    answer = trend(select="notable")
    years = years_of(answer)
    headings = {
        "year": say("heading-year", language),
        "share_text": say("heading-share", language),
        "models": say("heading-models", language),
    }
    return finished(
        _layers(palette, headings, years, look),
        _words(answer, years, language),
        Rows(drawn={"years": years, "words": _texts(years, look)}, listed="years", headings=headings),
        look=look,
        size=(look.width, look.height),
        below=72,
    )


def years_of(answer: Answer) -> list[dict[str, Any]]:
    """One row per year of the window: the share without a value, and how many models were asked about."""
    asked = population(candidates(answer.question), answer.question.wanted).in_question
    models = Counter(c.row.published.year for c in asked if c.row.published)
    return [
        {
            "year": str(year),
            "share": share,
            "share_text": text.percent(share),
            "models": models[year],
            "few": models[year] < FEW,
            "spoken": f"{year}: {text.percent(share)} of {models[year]}",
        }
        for year, share in answer.missing_by_year.items()
    ]


def _texts(years: Sequence[Mapping[str, Any]], look: Look) -> list[dict[str, Any]]:
    """What stands over each bar: the share, and how many models there are; nothing where bars are too narrow."""
    if look.width / len(years) < 30:
        return []
    return [{"year": row["year"], "share": row["share"], "text": row["share_text"], "models": f"n={row['models']}"}
            for row in years]  # fmt: skip


def _layers(
    palette: Palette, headings: Mapping[str, str], years: Sequence[Mapping[str, Any]], look: Look
) -> list[Layer]:
    language = look.language
    step = look.width / len(years)
    axis = {"labelAngle": 0, "title": say("year", language), "titlePadding": 22, "labelPadding": 4, "ticks": False}
    if step < 34:
        axis["labelExpr"] = "slice(datum.label, 2)" if step >= 16 else "toNumber(datum.label) % 5 ? '' : datum.label"
    order = [row["year"] for row in years]
    x = {"field": "year", "type": "ordinal", "sort": order, "scale": {"paddingInner": 0.25}, "axis": axis}
    title = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": -64, "titleY": -14,
             "titleBaseline": "bottom", "title": say("share-without", language), "format": "%", "grid": True,
             "gridColor": palette.grid, "tickCount": 5, "labelFontSize": BODY}  # fmt: skip
    y = {"field": "share", "type": "quantitative", "scale": {"domain": [0, 1], "nice": False}, "axis": title}
    bar = {
        "data": {"name": "years"},
        "mark": {"type": "bar", "color": palette.series[0]},
        "encoding": {
            "x": x,
            "y": y,
            "opacity": {"condition": {"test": "datum.few", "value": 0.4}, "value": 1},
            "tooltip": [{"field": field, "title": heading} for field, heading in headings.items()],
            "description": {"field": "spoken", "type": "nominal"},
        },
    }
    over = {**quiet("text", palette.text), "baseline": "bottom", "dy": -4, "fontSize": BODY if step >= 40 else 9.5}
    below = {**quiet("text", palette.muted), "baseline": "top", "y": look.height + 20, "fontSize": SMALL - 1.5}
    layers = [
        bar,
        {"data": {"name": "words"}, "mark": over, "encoding": {"x": x, "y": y, "text": {"field": "text"}}},
        {"data": {"name": "words"}, "mark": below, "encoding": {"x": x, "text": {"field": "models"}}},
    ]
    return [{"layer": layers}]


def _words(answer: Answer, years: Sequence[Mapping[str, Any]], language: Language) -> Words:
    """The finding: the last year with enough models against five years before."""
    enough = [row for row in years if not row["few"]]
    now = enough[-1]
    past = enough[max(0, len(enough) - 6)]
    which, data = say("notable", language), answer.question.data
    title = say("missing-title", language, which=which, share=now["share_text"], year=now["year"],
                was=past["share_text"], past=past["year"])  # fmt: skip
    return Words(
        title=title,
        subtitle=say("missing-subtitle", language, which=which, data=data, few=FEW),
        note="\n".join([say("missing-note", language), source_line(data, language), banner()]),
        description=title + ("." if language == "en" else "。"),
        language=language,
    )
