"""The addendum to AI and Compute (2019): two eras of training compute, each with its line.

The first-era values of the addendum were never published. What stands here was read off its second chart by
Epoch AI, or counted by Epoch AI for the same models; each row says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from comptometer import dossiers, text
from comptometer.derivation import job
from comptometer.release import data_version
from comptometer.studies import Replication, Table, figure, figure_table, published, study
from comptometer.studies.openai_2018 import charted, pfs_days
from comptometer.studies.openai_2018 import facts as article
from comptometer.studies.openai_2018 import line as article_line
from comptometer.trends import Trend
from comptometer.trends.log_linear import log_linear

NAME = "openai-2019-eras"
FIRST, MODERN = "first", "modern"


@cache
def facts() -> Mapping[str, Any]:
    """What the addendum published."""
    return published(NAME)


def points() -> list[dict[str, Any]]:
    """The models of both eras with their compute."""
    rows = []
    dates = {**facts()["dates"], **article()["dates"]}
    for era, names in ((FIRST, facts()["first_era"]), (MODERN, article()["points"])):
        for name in names:
            dossier = dossiers.dossier(name, shipped=True)
            claims = [c for c in dossier.claims if c.about == "compute" and c.source == facts()["readings"]]
            claim = claims[0] if era == FIRST else charted(dossier)
            rows.append(
                {
                    "model": dossier.name,
                    "date": dates[name].isoformat(),
                    "era": era,
                    "pfs_days": pfs_days(job(dossier, medians=True).whole, claim),
                    "digitised": "picture" in claim.where,
                    "source": claim.source,
                    "where": claim.where,
                }
            )
    return rows


def line(rows: Sequence[Mapping[str, Any]], era: str) -> Trend:
    """Least squares of log2(pfs-days) on the date within one era; the modern one is that of the article."""
    if era == MODERN:
        return article_line([{**row, "chart_pfs_days": row["pfs_days"]} for row in rows if row["era"] == MODERN])
    chosen = [row for row in rows if row["era"] == era]
    days = [date.fromisoformat(row["date"]) for row in chosen]
    return log_linear(days, [row["pfs_days"] for row in chosen], name=f"{NAME}|{era}")


def _fit(trend: Trend) -> dict[str, Any]:
    return {
        "doubling_months": trend.doubling_months(facts()["month_days"]).to_dict(),
        "growth_per_year": trend.growth_per_year.to_dict(),
        "n": trend.n,
        "r2": trend.r2,
    }


@study(NAME)
def openai_2019_eras() -> Replication:
    """Recompute the two lines of the addendum."""
    rows = points()
    trends = {era: line(rows, era) for era in (FIRST, MODERN)}
    months = {era: trend.doubling_months(facts()["month_days"]).estimate for era, trend in trends.items()}
    by_figure = {"first-era": months[FIRST], "modern-era": months[MODERN]}
    document = {
        "schema": "comptometer/replicate/1",
        "data_version": data_version(),
        "study": NAME,
        "title": facts()["title"],
        "month_days": facts()["month_days"],
        "split": facts()["split"].isoformat(),
        "points": rows,
        "fits": {era: _fit(trend) for era, trend in trends.items()},
        "figures": [figure(row, by_figure[row["id"]]) for row in facts()["figures"]],
    }
    return Replication(document=document, tables=_tables(document), summary=_summary(document), chart=NAME)


def _summary(document: Mapping[str, Any]) -> list[str]:
    spoken = []
    for era, words in ((FIRST, "Before 2012"), (MODERN, "Since 2012")):
        fit = document["fits"][era]
        months = fit["doubling_months"]
        spread = f"90% {text.interval(months['p5'], months['p95'])}" if months["p95"] else "no upper end"
        spoken.append(
            f"{words}: doubling every {text.number(months['estimate'])} months "
            f"({spread}; n = {fit['n']}, R² {text.number(fit['r2'])})."
        )
    read = sum(row["digitised"] for row in document["points"])
    first = sum(row["era"] == FIRST for row in document["points"])
    spoken.append(
        f"Of the {first} first-era values {read} were read off the addendum's picture and {first - read} counted "
        "by Epoch AI for the same models: the addendum published none. Take them as within an order of magnitude."
    )
    return spoken


def _tables(document: Mapping[str, Any]) -> list[Table]:
    return [
        Table(
            title="Points, pfs-days",
            columns=["model", "date", "era", "pfs-days", "value"],
            rows=[
                [
                    row["model"],
                    row["date"],
                    row["era"],
                    text.number(row["pfs_days"]),
                    "digitised"
                    if row["digitised"]
                    else "as charted"
                    if row["era"] == MODERN
                    else "counted by Epoch AI",
                ]
                for row in document["points"]
            ],
        ),
        figure_table(document["figures"]),
    ]
