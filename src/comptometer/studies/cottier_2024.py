"""The rising costs of training frontier AI models (Cottier et al., 2024), recomputed row by row.

A port: the recipe of the study on the tables that it was computed with. It shows that the published costs follow from
their inputs, not that they are true; what we think of costs ourselves is `comptometer cost`, on other data.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from comptometer import price_index, text
from comptometer.release import data_version
from comptometer.studies import Replication, Table, published, study
from comptometer.studies import _cottier_2024_tables as tables
from comptometer.studies._cottier_2024_tables import PriceRow, Run
from comptometer.trends import Trend
from comptometer.trends.log_linear import log_linear

NAME = tables.NAME
SAME = 1e-12  # relative: the order of a few products
KINDS = ("amortised", "cloud", "acquisition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What the recipe gives for one run, in dollars of the study; energy in MWh, value in dollars of its time.

    Attributes:
        chip_hours: as stated, or what follows from the compute.
        value: of one chip with its share of a server, when training starts.
        hardware, interconnect, energy: the parts of `amortised`.
    """

    chip_hours: float
    value: float
    hardware: float
    interconnect: float
    energy: float
    energy_mwh: float
    cloud: float | None
    acquisition: float | None

    @property
    def amortised(self) -> float:
        """Chips as far as they were used up, their interconnect, and energy."""
        return self.hardware + self.interconnect + self.energy


@cache
def facts() -> Mapping[str, Any]:
    """The recipe, and what was published."""
    return published(NAME)


def costs(run: Run) -> Costs | None:
    """Recompute one row; nothing where no hardware is known: those costs are imputed from models nearby."""
    if not run.hardware:
        return None
    recipe, chip = facts()["recipe"], _chips()[run.hardware]
    chip_hours = _chip_hours(run, chip.peak)
    price, acquired = _purchase(run.hardware)
    start = _start(run, acquired)
    age = (start - acquired).days / 365.25
    value = price * 10 ** (-recipe["depreciation"] * age)
    hardware = value * recipe["depreciation"] * math.log(10) / recipe["hours_per_year"] * chip_hours
    interconnect = hardware * recipe["interconnect"] / (1 - recipe["interconnect"])
    kwh = chip_hours * _watt_at_the_meter(run, chip.watt) / 1000
    to_dollars = price_index.at(facts()["deflated_to"]) / price_index.at(run.published)
    rented = run.chips and run.hours and _cloud_price(run, start)
    return Costs(
        chip_hours=chip_hours,
        value=value,
        hardware=hardware * to_dollars,
        interconnect=interconnect * to_dollars,
        energy=kwh * recipe["usd_per_kwh"][str(run.published.year)] * to_dollars,
        energy_mwh=kwh / 1000,
        cloud=run.chips * run.hours * rented * to_dollars if run.chips and run.hours and rented else None,
        acquisition=run.chips * price / (1 - recipe["interconnect"]) * to_dollars if run.chips else None,
    )


@cache
def _chips() -> Mapping[str, tables.ChipRow]:
    return tables.chips()


@cache
def _prices() -> Sequence[PriceRow]:
    return tables.prices()


def _chip_hours(run: Run, peak: float) -> float:
    if run.chip_hours:
        return run.chip_hours
    if run.chips and run.hours:
        return run.chips * run.hours
    assert run.flop is not None
    utilization: float = facts()["recipe"]["utilization"]
    return run.flop / (peak * utilization) / 3600


def _purchase(hardware: str) -> tuple[float, datetime]:
    """Price of a chip with its share of a server, and the first day in use.

    Of all prices of the family that of a DGX counts, else that of a chip; the earliest, and of several on one day the
    highest.
    """
    recipe, released = facts()["recipe"], _midnight(_chips()[hardware].released)
    overhead = recipe["server_price"]
    if hardware in recipe["tpu_price"]:
        return recipe["tpu_price"][hardware] * overhead["other"], released
    family = _family(hardware)
    found = [row for row in _prices() if row.usd and family in row.hardware]
    systems = [row for row in found if row.system]
    first = min(systems or found, key=lambda row: (row.day, -(row.usd or 0)))
    usd = (first.usd or 0) * (1 if systems else overhead.get(family, overhead["other"]))
    return usd, max(_midnight(first.day), released + timedelta(recipe["available_after_days"]))


def _midnight(day: date) -> datetime:
    """The first moment of a day: durations are of hours."""
    return datetime.combine(day, time())


def _family(hardware: str) -> str:
    return next((name for name in facts()["families"] if name in hardware), hardware)


def _start(run: Run, acquired: datetime) -> datetime:
    """When training began; GPUs not before they were there."""
    recipe = facts()["recipe"]
    duration = timedelta(hours=run.hours or recipe["hours"])
    if run.model in recipe["start"]:
        start = _midnight(recipe["start"][run.model])
    elif run.model in recipe["end"]:
        start = _midnight(recipe["end"][run.model]) - duration
    else:
        start = _midnight(run.published) - timedelta(recipe["lead_days"]) - duration
    return start if "TPU" in run.hardware else max(start, acquired)


def _watt_at_the_meter(run: Run, watt: float | None) -> float:
    """Mean power for one chip, with its server and the building's cooling."""
    recipe = facts()["recipe"]
    load = recipe["load_tpu"] if "TPU" in run.hardware else recipe["load"]
    powers = recipe["server_power"].get(_family(run.hardware), recipe["server_power"]["other"])
    server = sum(whole / chips for whole, chips in powers) / len(powers)
    large = any(name in run.organization for name in recipe["large"])
    return float((watt or recipe["watt"]) * server * load * recipe["pue_large" if large else "pue"])


def _cloud_price(run: Run, start: datetime) -> float | None:
    """Dollars for a chip-hour, committed for three years: of the likely vendor, nearest to the start."""
    rule = facts()["recipe"]["cloud"]
    vendor = next((rule[name] for name in rule["known"] if name in f"{run.organization} {run.hardware}"), None)
    family = _family(run.hardware)
    rented = [r for r in _prices() if r.usd_per_hour and family in r.hardware and r.vendor in rule["vendors"]]
    own = [row for row in rented if row.hardware == run.hardware]
    told = [row for row in own if row.day <= run.published]
    of_vendor = [row for row in rented if row.vendor == vendor]
    generic = [row for row in of_vendor if row.hardware == f"NVIDIA {family}"]
    if vendor:
        choices = [[row for row in own if row in of_vendor], generic, own, rented]
    else:
        choices = [[row for row in told if row.vendor == rule["other"]], told, own, rented]
    found = next((rows for rows in choices if rows), None)
    return min(found, key=lambda row: abs(_midnight(row.day) - start)).usd_per_hour if found else None


# The study


def rows() -> list[dict[str, Any]]:
    """Every published row beside what the recipe gives."""
    unexplained = {row["model"]: row["note"] for row in facts()["unexplained"]}
    found = []
    for run in tables.runs():
        obtained = costs(run)
        row: dict[str, Any] = {
            "model": run.model,
            "published": run.published.isoformat(),
            "hardware": run.hardware,
            "chip_hours": obtained.chip_hours if obtained else None,
            "chip_value_usd": obtained.value if obtained else None,
            "energy_mwh": obtained.energy_mwh if obtained else None,
        }
        for kind in KINDS:
            said, own = getattr(run, kind), getattr(obtained, kind, None)
            row |= {f"{kind}_published": said, f"{kind}_obtained": own, f"{kind}_verdict": _verdict(said, own)}
        found.append(row | {"note": unexplained.get(run.model, "")})
    return found


def _verdict(said: float | None, own: float | None) -> str:
    if said is None:
        return "not published"
    if own is None:
        return "imputed, not recomputed"
    return "same" if abs(own / said - 1) <= SAME else f"differs by {text.number(100 * (own / said - 1), 2)}%"


def growth(found: Sequence[Mapping[str, Any]], column: str, until: date) -> Trend:
    """Least squares of log2 of a cost on the day, of the models of the study's window."""
    first = facts()["growth"]["since"]
    chosen = [
        (day, row[column])
        for row in found
        if row[column] is not None and first <= (day := date.fromisoformat(row["published"])) <= until
    ]
    return log_linear([day for day, _ in chosen], [usd for _, usd in chosen], name=f"{NAME}|{column}")


@study(NAME)
def cottier_2024() -> Replication:
    """Recompute the costs, and their growth."""
    found = rows()
    document = {
        "schema": "comptometer/cost-study/1",
        "data_version": data_version(),
        "study": NAME,
        "title": facts()["title"],
        "dollars": f"{facts()['deflated_to']:%Y-%m}",
        "credit": facts()["credit"],
        "licence": facts()["licence"],
        "rows": found,
        "growth": [
            _growth_row(found, f"{kind}_{whose}", until)
            for until in (facts()["growth"]["until"], max(run.published for run in tables.runs()))
            for kind in KINDS
            for whose in ("published", "obtained")
        ],
        "counts": {kind: dict(Counter(_counted(row[f"{kind}_verdict"]) for row in found)) for kind in KINDS},
    }
    return Replication(document=document, tables=_tables(document), summary=_summary(document), chart="")


def _counted(verdict: str) -> str:
    return "differs" if verdict.startswith("differs") else verdict


def _growth_row(found: Sequence[Mapping[str, Any]], column: str, until: date) -> dict[str, Any]:
    kind, _, whose = column.partition("_")
    line, told = growth(found, column, until), facts()["growth"]
    in_paper = kind == "amortised" and until == told["until"]
    return {
        "kind": kind,
        "of": whose,
        "since": told["since"].isoformat(),
        "until": until.isoformat(),
        "n": line.n,
        "growth_per_year": line.growth_per_year.to_dict(),
        "paper": told["published"] if in_paper else None,
        "paper_low": told["low"] if in_paper else None,
        "paper_high": told["high"] if in_paper else None,
    }


def _summary(document: Mapping[str, Any]) -> list[str]:
    spoken = []
    for kind in KINDS:
        counts = document["counts"][kind]
        own = counts["same"] + counts.get("differs", 0)
        spoken.append(f"{kind.capitalize()}: {counts['same']} of {own} rows that can be recomputed are the same.")
    told = facts()["growth"]
    for line in document["growth"]:
        if line["kind"] == "amortised":
            fitted = line["growth_per_year"]
            spoken.append(
                f"Amortised cost, {line['of']}, {line['since'][:4]} to {line['until'][:4]}: "
                f"×{text.number(fitted['estimate'])} a year (90% {text.interval(fitted['p5'], fitted['p95'])}, "
                f"n = {line['n']})."
            )
    spoken.append(
        f"The paper has ×{text.number(told['published'])} (90% {text.interval(told['low'], told['high'])}). "
        f"{told['note']}"
    )
    spoken += [f"{row['model']}: {row['note']}" for row in facts()["unexplained"]]
    spoken.append("This checks that the costs follow from their inputs, not that they are true.")
    return spoken


def _tables(document: Mapping[str, Any]) -> list[Table]:
    recomputed = [row for row in document["rows"] if row["chip_hours"] is not None]
    imputed = [row for row in document["rows"] if row["chip_hours"] is None]
    costs_table = Table(
        title=f"Costs in dollars of {document['dollars']}",
        columns=["model", "chip-hours", "chip value", "amortised", "obtained", "verdict", "cloud", "acquisition"],
        rows=[
            [
                row["model"],
                text.number(row["chip_hours"], 4),
                text.number(row["chip_value_usd"], 5),
                text.number(row["amortised_published"], 5),
                text.number(row["amortised_obtained"], 5),
                row["amortised_verdict"],
                row["cloud_verdict"],
                row["acquisition_verdict"],
            ]
            for row in recomputed
        ],
        notes=[
            f"{len(imputed)} rows without known hardware are imputed from models nearby, and not recomputed: "
            f"{', '.join(row['model'] for row in imputed)}."
        ],
    )
    return [costs_table, _growth_table(document["growth"])]


def _growth_table(lines: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        title="Growth a year since 2016",
        columns=["cost", "of", "until", "n", "growth", "90%", "the paper"],
        rows=[
            [
                row["kind"],
                row["of"],
                row["until"],
                row["n"],
                text.number(row["growth_per_year"]["estimate"]),
                text.interval(row["growth_per_year"]["p5"], row["growth_per_year"]["p95"]),
                _in_paper(row),
            ]
            for row in lines
        ],
    )


def _in_paper(row: Mapping[str, Any]) -> str:
    if row["paper"] is None:
        return ""
    return f"{text.number(row['paper'])} ({text.interval(row['paper_low'], row['paper_high'])})"
