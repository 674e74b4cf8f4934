"""What a projection's chart draws, as rows: models before it, the fan, the limits, when round amounts are passed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language
from comptometer.charts._words import say
from comptometer.growth import Answer
from comptometer.projection import PROBABILITIES, Projection

QUANTILES: Final = tuple(f"p{round(100 * p)}" for p in PROBABILITIES)


def moment_of(year: float) -> str:
    """The day of a decimal year."""
    start = date(int(year), 1, 1)
    return (start + timedelta(days=(year - int(year)) * (date(int(year) + 1, 1, 1) - start).days)).isoformat()


def points_of(answer: Answer, language: Language) -> list[dict[str, Any]]:
    """One row per model of the frontier."""
    kind = say("top", language, top=answer.question.wanted.top)
    return [
        {
            "name": one.name,
            "date": one.day.isoformat(),
            "organization": one.organization,
            "flop": one.value,
            "value_text": text.number(one.value),
            "kind": kind,
            "spoken": f"{one.name}, {one.day.isoformat()}: {text.number(one.value)} FLOP",
        }
        for one in answer.observations
    ]


def fan_rows(found: Projection, path_name: str) -> list[dict[str, Any]]:
    """One row per year of a path with its quantiles, and what holds it down then."""
    rows = []
    for at, (year, quantiles) in enumerate(zip(found.years, found.quantiles[path_name], strict=True)):
        values = {name: float(value) for name, value in zip(QUANTILES, quantiles, strict=True)}
        shares = sorted(found.binds.items(), key=lambda item: -item[1][at])
        rows.append(
            {
                "date": moment_of(year),
                "year": f"{year:.1f}".removesuffix(".0"),
                "flop": values["p50"],
                "line": 1,
                **values,
                "middle_text": text.number(values["p50"], 2),
                "inner_text": text.interval(values["p25"], values["p75"]),
                "outer_text": text.interval(values["p5"], values["p95"]),
                "binds": ", ".join(
                    f"{name} {text.percent(share[at])}" for name, share in shares[:2] if share[at] >= 0.01
                ),
                "spoken": f"{year:.1f}: {text.number(values['p50'], 2)} FLOP",
            }
        )
    return rows


def limit_rows(found: Projection) -> dict[str, list[dict[str, Any]]]:
    """What each limit allows in the median, by its id."""
    return {
        name: [
            {"date": moment_of(year), "flop": float(row[2]), "line": 1}
            for year, row in zip(found.years, found.limit_quantiles[name], strict=True)
        ]
        for name in found.limits.limits
    }


def reached_rows(found: Projection) -> list[dict[str, Any]]:
    """Round amounts that the median with soft limits passes, with the day."""
    rows = []
    for flop in found.thresholds:
        year = found.reached(flop)
        if year is not None and year > found.years[0]:
            rows.append({"date": moment_of(year), "flop": flop, "year": year})
    return rows
