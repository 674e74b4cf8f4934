"""Studies whose results are growth rates: published figures beside what the same question gives on pinned tables.

A target is data (`data/studies/<name>.toml`): the figure with its interval, and the question that it answers, in the
words of `comptometer trend`. Targets that are known not to reproduce are there too, and say why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from comptometer import text
from comptometer.growth import Answer, trend
from comptometer.release import data_version
from comptometer.studies import Replication, Table, published
from comptometer.trends import DAYS_PER_MONTH, DAYS_PER_YEAR

Reproduced = Literal["reproduced", "compatible", "differs"]
TOLERANCE = 0.03  # of the published value, where the interval does not decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """What one table gives for a target."""

    data: str
    n: int
    estimate: float
    low: float
    high: float
    verdict: Reproduced


def replication(name: str, *, chart: str = "") -> Replication:
    """Recompute every target of a study."""
    facts = published(name)
    rows = [_row(target, facts) for target in facts["targets"]]
    pinned = [row for row in rows if row["expected"]]
    count = Counter(row["verdict"] for row in pinned)
    document = {
        "schema": "comptometer/replication/1",
        "data_version": data_version(),
        "study": name,
        "title": facts["title"],
        "source": facts["source"],
        "interval": facts["interval"],
        "targets": rows,
    }
    summary = [
        f"Of {len(pinned)} targets that can be expected to reproduce, {count['reproduced']} do (within the published "
        f"interval, or {text.percent(TOLERANCE)} of the published figure); of {count['compatible']} our interval holds "
        "the published figure.",
        *(f"Not reproduced, though expected: {row['text']}." for row in pinned if row["verdict"] == "differs"),
    ]
    return Replication(document=document, tables=[_table(facts, rows)], summary=summary, chart=chart)


def _row(target: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    obtained = [_obtained(target, facts, data) for data in target.get("data", facts["data"])]
    return {
        "id": target["id"],
        "text": target["text"],
        "measure": target.get("measure", "growth-per-year"),
        "published": target["published"],
        "published_low": target.get("low"),
        "published_high": target.get("high"),
        "published_n": target.get("n"),
        "question": {**facts.get("question", {}), **target["question"]},
        "obtained": [
            {"data": o.data, "n": o.n, "estimate": o.estimate, "low": o.low, "high": o.high, "verdict": o.verdict}
            for o in obtained
        ],
        "verdict": obtained[0].verdict,
        "expected": target.get("expected", True),
        "why": target.get("why", ""),
    }


def _obtained(target: Mapping[str, Any], facts: Mapping[str, Any], data: str) -> Obtained:
    asked = {**facts.get("question", {}), **target["question"]}
    answer = trend(data=data, by=facts.get("by", "model"), draws=facts.get("draws", 2000), **_plain(asked))
    estimate, low, high = _measured(answer, target, facts)
    verdict = _verdict(estimate, low, high, target)
    return Obtained(data=data, n=answer.trend.n, estimate=estimate, low=low, high=high, verdict=verdict)


def _plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in asked.items()}


def _measured(answer: Answer, target: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[float, float, float]:
    """Estimate and ends of the interval that the study gives, in its measure."""
    import numpy as np

    month = facts.get("month_days", DAYS_PER_MONTH)
    match target.get("measure", "growth-per-year"):
        case "doubling-months":
            fitted = answer.trend.doubling_months(month)
        case "doubling-years":
            fitted = answer.trend.doubling_months(DAYS_PER_YEAR)
        case _:
            fitted = answer.trend.growth_per_year
    tail = (1 - facts["interval"]) / 2
    low, high = np.quantile(fitted.samples, [tail, 1 - tail])
    return fitted.estimate, float(low), float(high)


def _verdict(estimate: float, low: float, high: float, target: Mapping[str, Any]) -> Reproduced:
    """Reproduced: inside the published interval or near the published figure; compatible: our interval holds it."""
    inside = "low" in target and target["low"] <= estimate <= target["high"]
    if inside or abs(estimate / target["published"] - 1) <= TOLERANCE:
        return "reproduced"
    return "compatible" if low <= target["published"] <= high else "differs"


def _table(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Table:
    vintages = list(dict.fromkeys(o["data"] for row in rows for o in row["obtained"]))
    cells = []
    for row in rows:
        said = text.number(row["published"], 4)
        if row["published_low"] is not None:
            said += f" ({text.interval(row['published_low'], row['published_high'], 3)})"
        found = {o["data"]: o for o in row["obtained"]}
        cells.append(
            [
                row["text"],
                said,
                row["published_n"],
                *(_cell(found.get(name)) for name in vintages),
                row["verdict"] if row["expected"] else f"{row['verdict']}, not expected to reproduce",
                row["why"],
            ]
        )  # fmt: skip
    share = f"{round(100 * facts['interval'])}%"
    return Table(
        title=f"Published and obtained, with {share} intervals",
        columns=["target", "published", "n", *vintages, "verdict", "why"],
        rows=cells,
        notes=["The verdict is of the first table of each row, which is nearest to what the authors had."],
    )


def _cell(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    return f"{text.number(found['estimate'], 4)} ({text.interval(found['low'], found['high'], 3)}) n={found['n']}"
