"""The first chart of AI and Compute (2018), with what it leaves out: the uncertainty of its line."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from comptometer import store, text
from comptometer.charts import Look, Spec, chart
from comptometer.charts._theme import Words, cited
from comptometer.charts._timeline import Era, Line, Story, days_of, point, timeline
from comptometer.release import banner
from comptometer.studies import openai_2018 as study

KINDS: Final = {
    "operations": "operations counted",
    "hardware-time": "hardware × time",
    "reported": "reported, no working published",
}
DAYS: Final = date(2011, 5, 1), date(2018, 4, 1)
FLOP: Final = 1.3e14, 9e23


@chart(study.NAME)
def openai_2018(look: Look) -> Spec:
    """The 15 points by method, their line with its 90% band, and the eras of the article's text."""
    told = story()
    return timeline(told, words(told), look)


def story() -> Story:
    """Points as charted, the line through them, eras as we read the article.

    Squares come first among the points: they hide what lies under them.
    """
    rows = study.points()
    points = [point(row["model"], row["date"], row["chart_pfs_days"], KINDS[row["method"]]) for row in rows]
    points.sort(key=lambda row: (row["kind"] != KINDS["hardware-time"], row["kind"] == KINDS["operations"]))
    trend, (since, until) = study.line(rows), days_of(points)
    months = trend.doubling_months(study.facts()["month_days"]).estimate
    line = Line(trend=trend, since=since, until=until, says=f"doubling every {text.number(months)} months")
    eras = [_era(era) for era in study.eras(rows)]
    return Story(points=points, kinds=list(KINDS.values()), lines={"line": line}, eras=eras, days=DAYS, flop=FLOP)


def _era(era: dict[str, Any]) -> Era:
    chips, rate = era["chips"], era["flop_per_second_per_chip"]
    machines = f"{chips} GPUs of {rate}" if chips else ""
    return Era(
        name=era["name"],
        since=date.fromisoformat(era["since"]) if era["since"] else date.min,
        until=date.fromisoformat(era["until"]),
        under=machines,
        tells="; ".join(part for part in (machines, era["limit"]) if part),
    )


def words(told: Story) -> Words:
    """Title, subtitle, source and description."""
    line, month_days = told.lines["line"], study.facts()["month_days"]
    months = line.trend.doubling_months(month_days).to_dict()
    spread = text.interval(months["p5"] or 0.0, months["p95"] or float("inf"))
    title = (
        f"Training compute doubled every {text.number(months['estimate'] or 0.0)} months, "
        f"{line.since.year} to {line.until.year} (90% {spread})"
    )
    return Words(
        title=title,
        subtitle=(
            f"n = {line.trend.n} models. Operations of the final training run, a multiply-add counting as two; "
            "1 petaFLOP/s-day = 8.64e19 FLOP. Line: least squares of the logarithm on the date; band: 90% of the mean "
            f"line, models resampled. A month is {month_days} days."
        ),
        note=(
            f"Source: {cited(store.source(study.facts()['source']), 'OpenAI')}; "
            "the values behind its first chart. Line and band: our recomputation. Shaded eras: our reading of the "
            f"article’s text; the original chart has none.\n{banner()}"
        ),
        description=f"{title}: {line.trend.n} models of the article AI and Compute, with the line fitted through them.",
    )
