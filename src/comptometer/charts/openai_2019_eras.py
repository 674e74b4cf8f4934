"""The two eras of the addendum (2019): a line through each, and the step between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from comptometer import store, text
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._theme import Words, cited
from comptometer.charts._timeline import Era, Line, Story, days_of, point, timeline
from comptometer.charts._words import say, spread
from comptometer.release import banner
from comptometer.studies import openai_2019_eras as study
from comptometer.trends import Trend

KINDS: Final = ("read", "counted", "charted")
DAYS: Final = date(1957, 1, 1), date(2020, 1, 1)
FLOP: Final = 1.2e2, 9e24


@chart(study.NAME)
def openai_2019_eras(look: Look) -> Spec:
    """The points of both eras by how their values came about, and a line through each era."""
    told = story(look.language)
    return timeline(told, words(told), look)


def story(language: Language) -> Story:
    """The points of both eras, a line through each within its data, and how the first would have gone on."""
    rows = study.points()
    kinds = {kind: say(f"kind-{kind}", language) for kind in KINDS}
    points = {
        era: [
            point(row["model"], row["date"], row["pfs_days"], kinds[_kind(row)], language)
            for row in rows
            if row["era"] == era
        ]
        for era in (study.FIRST, study.MODERN)
    }
    lines = {era: _line(study.line(rows, era), found, language) for era, found in points.items()}
    first, modern = lines[study.FIRST], lines[study.MODERN]
    beyond = Line(trend=first.trend, since=first.until, until=modern.until)
    split = study.facts()["split"]
    before, after = say("to-year", language, year=split.year - 1), say("from-year", language, year=split.year)
    return Story(
        points=[*points[study.FIRST], *points[study.MODERN]],
        kinds=list(kinds.values()),
        lines={**lines, "beyond": beyond},
        eras=[
            Era(name=say("first-era", language), since=date.min, until=split, under=before),
            Era(name=say("modern-era", language), since=split, until=date.max, under=after),
        ],
        days=DAYS,
        flop=FLOP,
        year_step=10,
        patience=30.0,
        language=language,
    )


def _kind(row: dict[str, Any]) -> str:
    return "charted" if row["era"] == study.MODERN else "read" if row["digitised"] else "counted"


def _line(trend: Trend, points: Sequence[Mapping[str, Any]], language: Language) -> Line:
    since, until = days_of(points)
    return Line(
        trend=trend, since=since, until=until, says=say("doubling-every", language, months=_months(trend, language)[0])
    )


def _months(trend: Trend, language: Language) -> tuple[str, str]:
    """Doubling time, and its 90% interval."""
    months = trend.doubling_months(study.facts()["month_days"]).to_dict()
    return text.number(months["estimate"] or 0.0), spread(months, language, 2)


def words(told: Story) -> Words:
    """Title, subtitle, sources and description."""
    language, facts = told.language, study.facts()
    first, modern = (told.lines[era] for era in (study.FIRST, study.MODERN))
    (slow, slow_spread), (fast, fast_spread) = (_months(line.trend, language) for line in (first, modern))
    year = facts["split"].year
    read, counted = (sum(row["kind"] == say(f"kind-{kind}", language) for row in told.points) for kind in KINDS[:2])
    addendum, readings = cited(store.source(facts["source"]), "OpenAI"), cited(store.source(facts["readings"]))
    title = say("eras-title", language, slow=slow, fast=fast, year=year)
    return Words(
        title=title,
        subtitle=say(
            "eras-subtitle",
            language,
            year=year,
            first=first.trend.n,
            slow=slow_spread,
            modern=modern.trend.n,
            fast=fast_spread,
            days=facts["month_days"],
        ),
        note=say(
            "eras-note",
            language,
            whole=read + counted,
            read=read,
            counted=counted,
            addendum=addendum,
            readings=readings,
            banner=banner(),
        ),
        description=say(
            "eras-description",
            language,
            title=title,
            n=len(told.points),
            first=first.since.year,
            last=modern.until.year,
        ),
        language=language,
    )
