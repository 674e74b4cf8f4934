"""AI and Compute (Amodei and Hernandez, 2018), recomputed: what came out, as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comptometer import text
from comptometer.studies import Table, figure_table

NUMBER_OF_METHOD = {"operations": "1", "hardware-time": "2"}


def summary(document: Mapping[str, Any]) -> list[str]:
    """What came out, in a few sentences."""
    fit, recomputed, grown = document["fit"], document["fit_recomputed"], document["growth"]
    months = fit["doubling_months"]
    slips = [f"{c['model']} {c['method']}" for c in document["calculations"] if c["verdict"] == "slip"]
    within = [pair["ratio_recomputed"] for pair in document["consistency"]]
    exact = [row["ratio"] for row in document["counts"]]
    return [
        f"Compute doubled every {text.number(months['estimate'])} months "
        f"(90% {text.interval(months['p5'], months['p95'])}; published {fit['published_doubling_months']}; "
        f"n = {fit['n']}, R² {text.number(fit['r2'])}; months of {document['month_days']} days).",
        f"On the recomputed points: {text.number(recomputed['doubling_months']['estimate'])} months.",
        f"{grown['from']} to {grown['to']}: {grown['ratio']:,.0f} times in {text.number(grown['months'])} months.",
        f"{len(document['calculations'])} printed calculations; {len(slips)} do not multiply out: {', '.join(slips)}.",
        f"{len(exact)} networks are counted exactly: {text.number(min(exact), 2)} to {text.number(max(exact))} times "
        "what the printed operands give.",
        f"Where the article counts both ways, hardware-time over operations is {text.number(min(within), 2)} to "
        f"{text.number(max(within), 2)}: all {len(within)} within a factor of 2."
        if all(0.5 <= ratio <= 2 for ratio in within)
        else "The two methods differ by more than a factor of 2 somewhere.",
    ]


def tables(document: Mapping[str, Any]) -> list[Table]:
    """Everything that came out, row by row."""
    four = text.number
    return [
        Table(
            title="Printed calculations, pfs-days",
            columns=["model", "method", "printed", "recomputed", "ratio", "verdict"],
            rows=[
                [
                    row["model"],
                    f"{NUMBER_OF_METHOD[row['method']]} {row['method']}",
                    four(row["printed_pfs_days"]),
                    four(row["recomputed_pfs_days"], 4),
                    four(row["ratio"]),
                    row["verdict"],
                ]
                for row in document["calculations"]
            ],
            notes=["printed: the article's result. recomputed: what its printed operands give."],
        ),
        Table(
            title="Counted exactly, pfs-days",
            columns=["model", "MAC printed", "MAC counted", "backward", "printed", "recomputed", "counted", "ratio"],
            rows=[
                [
                    row["model"],
                    four(row["printed_macs_per_example"], 4),
                    four(row["counted_macs_per_example"], 4),
                    four(row["backward_factor"], 4),
                    four(row["printed_pfs_days"]),
                    four(row["recomputed_pfs_days"], 4),
                    four(row["counted_pfs_days"], 4),
                    four(row["ratio"]),
                ]
                for row in document["counts"]
            ],
            notes=[
                "MAC: multiply-adds of one example. backward: forward and backward over forward, 3 in the article. "
                "counted: both as counted, with the article's examples and epochs. ratio: counted over recomputed.",
            ],
        ),
        Table(
            title="Points of the chart, pfs-days",
            columns=["model", "date", "chart", "computed", "counted", "ratio", "method", "verdict"],
            rows=[
                [
                    row["model"],
                    row["date"],
                    four(row["chart_pfs_days"], 6),
                    four(row["computed_pfs_days"], 6),
                    "–" if row["counted_pfs_days"] is None else four(row["counted_pfs_days"], 4),
                    four(row["ratio"], 4),
                    row["method"],
                    row["verdict"],
                ]
                for row in document["points"]
            ],
            notes=[
                "computed: from the operands behind the chart, which differ a little from the printed ones "
                "(utilization 0.333 for 0.33, peaks less rounded). ratio: computed over chart.",
                "reported: no working was published; the charted value is taken as it is.",
            ],
        ),
        Table(
            title="Consistency of the two methods, hardware-time over operations",
            columns=["model", "as printed", "recomputed"],
            rows=[[p["model"], four(p["ratio_printed"]), four(p["ratio_recomputed"])] for p in document["consistency"]],
        ),
        figure_table(document["figures"]),
        Table(
            title="Eras",
            columns=["era", "chips", "FLOP/s per chip", "pfs-days (article)", "points", "pfs-days (points)"],
            rows=[
                [
                    era["name"],
                    era["chips"] or "–",
                    era["flop_per_second_per_chip"] or "–",
                    _span(era["pfs_days_published"]),
                    era["models"],
                    _span(era["pfs_days_of_points"]),
                ]
                for era in document["eras"]
            ],
        ),
        Table(
            title="Results of modest compute, not part of the fit, pfs-days",
            columns=["model", "date", "pfs-days"],
            rows=[[row["model"], row["date"][:7], row["pfs_days"]] for row in document["modest"]],
        ),
    ]


def _span(ends: Sequence[float] | None) -> str:
    return text.interval(ends[0], ends[1], 3) if ends else "–"
