"""The two eras of the addendum (2019): a line through each, and the step between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from comptometer import store, text
from comptometer.charts import Look, Spec, chart
from comptometer.charts._theme import Words, cited
from comptometer.charts._timeline import Era, Line, Story, days_of, point, timeline
from comptometer.release import banner
from comptometer.studies import openai_2019_eras as study
from comptometer.trends import Trend

READ, COUNTED, CHARTED = "read off the addendum’s picture", "counted by Epoch AI", "as charted in 2018"
DAYS: Final = date(1957, 1, 1), date(2020, 1, 1)
FLOP: Final = 1.2e2, 9e24


@chart(study.NAME)
def openai_2019_eras(look: Look) -> Spec:
    """The points of both eras by how their values came about, and a line through each era."""
    told = story()
    return timeline(told, words(told), look)


def story() -> Story:
    """The points of both eras, a line through each within its data, and how the first would have gone on."""
    rows = study.points()
    points = {era: [_point(row) for row in rows if row["era"] == era] for era in (study.FIRST, study.MODERN)}
    lines = {era: _line(study.line(rows, era), found) for era, found in points.items()}
    first, modern = lines[study.FIRST], lines[study.MODERN]
    beyond = Line(trend=first.trend, since=first.until, until=modern.until)
    split = study.facts()["split"]
    return Story(
        points=[*points[study.FIRST], *points[study.MODERN]],
        kinds=[READ, COUNTED, CHARTED],
        lines={**lines, "beyond": beyond},
        eras=[
            Era(name="first era", since=date.min, until=split, under=f"to {split.year - 1}"),
            Era(name="modern era", since=split, until=date.max, under=f"from {split.year}"),
        ],
        days=DAYS,
        flop=FLOP,
        year_step=10,
        patience=30.0,
    )


def _point(row: dict[str, Any]) -> dict[str, Any]:
    kind = CHARTED if row["era"] == study.MODERN else READ if row["digitised"] else COUNTED
    return point(row["model"], row["date"], row["pfs_days"], kind)


def _line(trend: Trend, points: Sequence[dict[str, Any]]) -> Line:
    since, until = days_of(points)
    return Line(trend=trend, since=since, until=until, says=f"doubling every {_months(trend)[0]} months")


def _months(trend: Trend) -> tuple[str, str]:
    """Doubling time, and its 90% interval."""
    months = trend.doubling_months(study.facts()["month_days"]).to_dict()
    spread = text.interval(months["p5"] or 0.0, months["p95"] or float("inf"))
    return text.number(months["estimate"] or 0.0), f"90% {spread}"


def words(told: Story) -> Words:
    """Title, subtitle, sources and description."""
    first, modern = (told.lines[era] for era in (study.FIRST, study.MODERN))
    (slow, slow_spread), (fast, fast_spread) = _months(first.trend), _months(modern.trend)
    year = study.facts()["split"].year
    read, counted = (sum(row["kind"] == kind for row in told.points) for kind in (READ, COUNTED))
    addendum, readings = store.source(study.facts()["source"]), store.source(study.facts()["readings"])
    title = f"Training compute doubled every {slow} months until {year}, then every {fast} months"
    return Words(
        title=title,
        subtitle=(
            f"Until {year}: n = {first.trend.n}, {slow_spread} months. From {year}: n = {modern.trend.n}, "
            f"{fast_spread} months. Lines: least squares of the logarithm on the date, dashed beyond their data; "
            f"bands: 90% of the mean line, models resampled. A month is {study.facts()['month_days']} days."
        ),
        note=(
            f"Of the {read + counted} values of the first era {read} were read off the addendum’s picture and "
            f"{counted} counted by Epoch AI for the same models, because none was published as a number: take them as "
            "within an order of magnitude. Labels for which there is no room are left out.\n"
            f"Sources: {cited(addendum, 'OpenAI')}; {cited(readings)}.\n{banner()}"
        ),
        description=(
            f"{title}: {len(told.points)} models from {first.since.year} to {modern.until.year} and two fitted lines."
        ),
    )
