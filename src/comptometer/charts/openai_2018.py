"""The first chart of AI and Compute (2018), with what it leaves out: the uncertainty of its line."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from comptometer import store, text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._theme import Words, cited
from comptometer.charts._timeline import Era, Line, Story, days_of, point, timeline
from comptometer.charts._words import say, spread
from comptometer.charts._words_history import ERAS
from comptometer.release import banner
from comptometer.studies import openai_2018 as study

KINDS: Final = ("operations", "hardware-time", "reported")
DAYS: Final = date(2011, 5, 1), date(2018, 4, 1)
FLOP: Final = 1.3e14, 9e23


@chart(study.NAME)
def openai_2018(look: Look) -> Spec:
    """The 15 points by method, their line with its 90% band, and the eras of the article's text."""
    told = story(look.language)
    return timeline(told, words(told), look)


def story(language: Language) -> Story:
    """Points as charted, the line through them, eras as we read the article.

    Squares come first among the points: they hide what lies under them.
    """
    rows = study.points()
    rows = sorted(rows, key=lambda row: (row["method"] != "hardware-time", row["method"] == "operations"))
    kinds = {method: say(f"kind-{method}", language) for method in KINDS}
    points = [point(row["model"], row["date"], row["chart_pfs_days"], kinds[row["method"]], language) for row in rows]
    trend, (since, until) = study.line(rows), days_of(points)
    months = trend.doubling_months(study.facts()["month_days"]).estimate
    line = Line(trend=trend, since=since, until=until, says=say("doubling-every", language, months=text.number(months)))
    return Story(
        points=points,
        kinds=list(kinds.values()),
        lines={"line": line},
        eras=[_era(era, language) for era in study.eras(rows)],
        days=DAYS,
        flop=FLOP,
        language=language,
    )


def _era(era: dict[str, Any], language: Language) -> Era:
    machines = ""
    if era["chips"]:
        chips, rate = (_ranged(era[name], language) for name in ("chips", "flop_per_second_per_chip"))
        machines = say("machines", language, chips=chips, rate=rate)
    return Era(
        name=_translated(era["name"], language),
        since=date.fromisoformat(era["since"]) if era["since"] else date.min,
        until=date.fromisoformat(era["until"]),
        under=machines,
        tells=say("decomposition-and", language).join(
            part for part in (machines, _translated(era["limit"], language)) if part
        ),
    )


def _translated(said: str, language: Language) -> str:
    return said if language == "en" else ERAS[said]


def _ranged(said: str, language: Language) -> str:
    """`10 to 100` in words of the language."""
    low, to, high = said.partition(" to ")
    return say("range", language, low=low, high=high) if to else said


def words(told: Story) -> Words:
    """Title, subtitle, source and description."""
    line, days, language = told.lines["line"], study.facts()["month_days"], told.language
    months = line.trend.doubling_months(days).to_dict()
    title = say(
        "article-title",
        language,
        months=text.number(months["estimate"] or 0.0),
        first=line.since.year,
        last=line.until.year,
        spread=spread(months, language, 2),
    )
    source = cited(store.source(study.facts()["source"]), "OpenAI")
    return Words(
        title=title,
        subtitle=say("article-subtitle", language, n=line.trend.n, days=days),
        note=say("article-note", language, source=source, banner=banner()),
        description=say("article-description", language, title=title, n=line.trend.n),
        language=language,
    )
