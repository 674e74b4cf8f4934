"""AI and Compute (Amodei and Hernandez, 2018), recomputed from its evidence.

Two readings of the evidence stand side by side. *Calculations* take the operands as the article prints them, and
nothing else. *Points* take the operands that reproduce the charted values, which are slightly other ones. Both
multiply medians, as somebody with a pocket calculator does; nothing of the kernel's uncertainty enters.

Beside them stand *counts*: where the network is known layer by layer, its exact operations and its exact backward
factor take the place of the printed multiply-adds and of the factor 3; examples and epochs stay the article's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from comptometer import dossiers, exact_counts
from comptometer.derivation import job
from comptometer.evidence import Evidence
from comptometer.exact_counts import OPERANDS
from comptometer.methods import METHODS, Outcome, outcome
from comptometer.ops import MULTIPLY_ADD
from comptometer.records import Claim, Dossier
from comptometer.release import data_version
from comptometer.studies import Replication, figure, published, study, verdict
from comptometer.studies._openai_2018_tables import summary, tables
from comptometer.trends import DAYS_PER_MONTH, DEX_PER_DOUBLING, Trend
from comptometer.trends.log_linear import log_linear
from comptometer.units import FLOP_PER_PFS_DAY

NAME = "openai-2018"
METHOD_OF_TAG = {"model": "operations", "derived-from-hardware": "hardware-time", None: "reported"}


@cache
def facts() -> Mapping[str, Any]:
    """What the article published."""
    return published(NAME)


def _dossiers() -> list[Dossier]:
    return [dossiers.dossier(name, shipped=True) for name in facts()["points"]]


def _evidence(dossier: Dossier, *sources: str) -> Evidence:
    return job(dossier, prefer=sources, only=frozenset(sources), medians=True).whole


def _result(dossier: Dossier, method: str, *sources: str) -> Outcome | None:
    found = outcome(METHODS[method], _evidence(dossier, *sources))
    return found if isinstance(found, Outcome) else None


def charted(dossier: Dossier) -> Claim:
    """The claim that is the value of a model's point on the chart."""
    return next(c for c in dossier.claims if c.about == "compute" and c.source == facts()["chart"])


def charted_day(dossier: Dossier) -> date:
    """Where the article puts a model in time."""
    day = facts()["dates"][dossier.id]
    assert isinstance(day, date)
    return day


def pfs_days(evidence: Evidence, claim: Claim) -> float:
    """Median of a compute claim in petaFLOP/s-days."""
    return evidence.stated(claim).estimate.median / FLOP_PER_PFS_DAY


def _counted(dossier: Dossier) -> Evidence | None:
    """The article's evidence with the network as its paper describes it; nothing where that is not known exactly."""
    sources = {facts()["source"], facts()["chart"]}
    article = [c for c in dossier.claims if c.source in sources and c.about not in OPERANDS]
    networks = [c for c in dossier.claims if c.about == "architecture" and c.kind != "assumed"]
    evidence = job(replace(dossier, claims=[*article, *networks]), medians=True).whole
    return evidence if networks else None


def _counted_pfs_days(dossier: Dossier) -> float | None:
    evidence = _counted(dossier)
    result = outcome(METHODS["operations"], evidence) if evidence else None
    return result.estimate.median / FLOP_PER_PFS_DAY if isinstance(result, Outcome) else None


def counts(calculated: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each network that can be counted exactly, beside what the article prints and what its operands give."""
    by_count = {row["model"]: row for row in calculated if row["method"] == "operations"}
    rows = []
    for dossier in _dossiers():
        evidence = _counted(dossier)
        exact = exact_counts.counted(evidence) if evidence else None
        if exact is None:
            continue
        row, printed = by_count[dossier.name], _evidence(dossier, facts()["source"]).value("macs_per_example")
        pfs_days = _counted_pfs_days(dossier)
        if printed is None or pfs_days is None:
            raise LookupError(f"{dossier.id}: no printed operands beside the count")
        rows.append(
            {
                "model": dossier.name,
                "architecture": exact.name,
                "printed_macs_per_example": printed,
                "counted_macs_per_example": exact.forward / MULTIPLY_ADD,
                "backward_factor": exact.backward_factor,
                "printed_pfs_days": row["printed_pfs_days"],
                "recomputed_pfs_days": row["recomputed_pfs_days"],
                "counted_pfs_days": pfs_days,
                "ratio": pfs_days / row["recomputed_pfs_days"],
            }
        )
    return rows


def points() -> list[dict[str, Any]]:
    """The chart's points: the value as charted, and as its operands give it."""
    chart, article = facts()["chart"], facts()["source"]
    rows = []
    for dossier in _dossiers():
        claim = charted(dossier)
        method = METHOD_OF_TAG[claim.tag]
        result = _result(dossier, method, chart, article)
        value = pfs_days(_evidence(dossier, chart), claim)
        if result is None:
            raise LookupError(f"{dossier.id}: the charted value has no operands for {method}")
        computed = result.estimate.median / FLOP_PER_PFS_DAY
        rows.append(
            {
                "model": dossier.name,
                "date": charted_day(dossier).isoformat(),
                "chart_pfs_days": value,
                "computed_pfs_days": computed,
                "counted_pfs_days": _counted_pfs_days(dossier),
                "ratio": computed / value,
                "method": method,
                "formula": result.formula,
                "verdict": verdict(computed, value) if method != "reported" else "reported",
            }
        )
    return rows


def calculations() -> list[dict[str, Any]]:
    """Every printed calculation: what is printed, and what its printed operands give."""
    article = facts()["source"]
    rows = []
    for dossier in _dossiers():
        printed = [c for c in dossier.claims if c.about == "compute" and c.source == article and c.tag]
        for claim in sorted(printed, key=lambda claim: METHOD_OF_TAG[claim.tag], reverse=True):
            method = METHOD_OF_TAG[claim.tag]
            result = _result(dossier, method, article)
            if result is None:
                raise LookupError(f"{dossier.id}: no printed operands for {method}")
            said = pfs_days(_evidence(dossier, article), claim)
            obtained = result.estimate.median / FLOP_PER_PFS_DAY
            rows.append(
                {
                    "model": dossier.name,
                    "method": method,
                    "printed_pfs_days": said,
                    "recomputed_pfs_days": obtained,
                    "ratio": obtained / said,
                    "verdict": verdict(obtained, said),
                    "formula": result.formula,
                    "claims": [claim.id for claim in result.claims],
                }
            )
    return rows


def consistency(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Hardware-time over operations, for the models that the article calculates both ways."""
    by: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by.setdefault(row["model"], {})[row["method"]] = row
    return [
        {
            "model": model,
            "ratio_printed": two["hardware-time"]["printed_pfs_days"] / two["operations"]["printed_pfs_days"],
            "ratio_recomputed": two["hardware-time"]["recomputed_pfs_days"] / two["operations"]["recomputed_pfs_days"],
        }
        for model, two in by.items()
        if len(two) == 2
    ]


def line(rows: Sequence[Mapping[str, Any]], key: str = "chart_pfs_days") -> Trend:
    """Least squares of log2(pfs-days) on the date."""
    days = [date.fromisoformat(row["date"]) for row in rows]
    return log_linear(days, [row[key] for row in rows], name=f"{NAME}|{key}")


def _fit(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    trend = line(rows, key)
    return {
        "doubling_months": trend.doubling_months(facts()["month_days"]).to_dict(),
        "doubling_days": trend.doubling_days.to_dict(),
        "growth_per_year": trend.growth_per_year.to_dict(),
        "published_doubling_months": _figure("doubling-months")["published"],
        "n": trend.n,
        "r2": trend.r2,
        "residual_sd_log2": trend.residual_sd / DEX_PER_DOUBLING,
        "resampling": {"draws": trend.draws, "unit": "model"},
    }


def _figure(name: str) -> Mapping[str, Any]:
    return next(row for row in facts()["figures"] if row["id"] == name)


def _leave_one_out(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "model": row["model"],
            "doubling_months": line([other for other in rows if other is not row])
            .doubling_months(facts()["month_days"])
            .estimate,
        }
        for row in rows
    ]


def growth(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """From the first to the largest point."""
    first, last = (dossiers.dossier(facts()["growth"][end], shipped=True) for end in ("from", "to"))
    values = {row["model"]: row["chart_pfs_days"] for row in rows}
    span = (charted_day(last) - charted_day(first)).days
    return {
        "from": first.name,
        "to": last.name,
        "ratio": values[last.name] / values[first.name],
        "published": facts()["growth"]["published"],
        "days": span,
        "months": span / DAYS_PER_MONTH,
    }


def figures(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each figure that the article publishes, beside what its data give."""
    trend, grown = line(rows), growth(rows)
    months = trend.doubling_months(facts()["month_days"]).estimate
    obtained = {
        "doubling-months": months,
        "doubling-months-text": months,
        "doubling-months-2018": months,
        "growth": grown["ratio"],
        "growth-per-year": trend.growth_per_year.estimate,
    }
    return [
        figure(
            row,
            2 ** (grown["months"] / row["doubling_months"]) if "doubling_months" in row else obtained[row["id"]],
        )
        for row in facts()["figures"]
    ]


def eras(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The eras of the text, with the points of the chart that fall into each."""
    found = []
    for era in facts()["eras"]:
        since, until = era.get("since", date.min), era["until"]
        inside = [row for row in rows if since <= date.fromisoformat(row["date"]) < until]
        values = [row["chart_pfs_days"] for row in inside]
        found.append(
            {
                "name": era["name"],
                "since": era["since"].isoformat() if "since" in era else None,
                "until": until.isoformat(),
                "chips": era["chips"] or None,
                "flop_per_second_per_chip": era["rate"] or None,
                "pfs_days_published": list(era["pfs_days"]) or None,
                "limit": era["limit"],
                "models": len(inside),
                "pfs_days_of_points": [min(values), max(values)] if values else None,
            }
        )
    return found


def modest() -> list[dict[str, Any]]:
    """Influential results of modest compute, which the article lists apart and does not fit."""
    rows = []
    for name in facts()["modest"]:
        dossier = dossiers.dossier(name, shipped=True)
        claim = next(c for c in dossier.claims if c.about == "compute" and c.source == facts()["source"])
        rows.append(
            {
                "model": dossier.name,
                "date": charted_day(dossier).isoformat(),
                "pfs_days": claim.value.removesuffix("pfs-day").strip(),
                "upper_bound": claim.value.startswith("<"),
            }
        )
    return rows


@study(NAME)
def openai_2018() -> Replication:
    """Recompute the article: its calculations, its points, its line, its figures."""
    rows, computed = points(), calculations()
    pairs, judged = consistency(computed), figures(rows)
    document = {
        "schema": "comptometer/replicate/1",
        "data_version": data_version(),
        "study": NAME,
        "title": facts()["title"],
        "month_days": facts()["month_days"],
        "points": rows,
        "calculations": computed,
        "counts": counts(computed),
        "consistency": pairs,
        "fit": _fit(rows, "chart_pfs_days"),
        "fit_recomputed": _fit(rows, "computed_pfs_days"),
        "leave_one_out": _leave_one_out(rows),
        "growth": growth(rows),
        "figures": judged,
        "eras": eras(rows),
        "modest": modest(),
    }
    return Replication(document=document, tables=tables(document), summary=summary(document), chart=NAME)
