"""What a training run cost, how much energy it took, and how much carbon dioxide that means.

Three kinds of cost are different questions, each with its own answer: *amortised* is the value that the machines lost
in the time, with their interconnect and the energy; *cloud* is what the same chip-hours cost to rent; *acquisition* is
what the whole cluster cost to buy. Energy is told at three boundaries: chips, servers, building.

Source of the method: Cottier et al. 2024; derivation, assumptions and pitfalls in docs/methods/cost.md.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from comptometer import price_index, store, text
from comptometer.catalogue import Entry, claim_row, entry
from comptometer.distribution import Point
from comptometer.energy import energies, energies_of, grid_of, in_unit, mean_power, total
from comptometer.errors import NotEnoughEvidence
from comptometer.evidence import Known, unique
from comptometer.machines import Machines, Purchase, facts_of
from comptometer.quantity import Estimate
from comptometer.records import Claim
from comptometer.release import data_version

if TYPE_CHECKING:
    from comptometer.published_costs import PublishedFigure

HOURS_PER_YEAR = 8766  # 365.25 days
INDEX = "bls-producer-price-index"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost and energy of one model; what could not be computed is in `missing`.

    Attributes:
        entry: the model.
        dollars: the year in whose dollars the costs are.
        place: whose grid the energy came from; empty where that is not known.
        kinds: US dollars, by kind.
        parts: of the amortised cost: hardware, interconnect, energy.
        energy: MWh, by boundary.
        power: mean power of the building's part in MW, where the number of chips is known.
        co2: tonnes of CO2 equivalents, of the energy at the building.
        missing: what each kind, energy included, would take.
        published: what others say that it cost, and how much energy and power it took.
    """

    entry: Entry
    dollars: int
    place: str
    machines: Sequence[Machines]
    kinds: Mapping[str, Known]
    parts: Mapping[str, Known]
    energy: Mapping[str, Known]
    power: Known | None
    co2: Known | None
    missing: Mapping[str, Sequence[str]]
    published: Sequence[PublishedFigure] = ()

    @property
    def amounts(self) -> dict[str, Known]:
        """Everything that was computed."""
        found: dict[str, Known] = dict(self.kinds)
        found |= {f"energy, {name}": known for name, known in self.energy.items()}
        return found | {name: known for name, known in (("power", self.power), ("co2", self.co2)) if known}

    @cached_property
    def claims(self) -> list[Claim]:
        """Every claim that something rests on, assumptions among them."""
        return unique(claim for known in self.amounts.values() for claim in known.claims)

    @property
    def warnings(self) -> list[str]:
        """What a reader should know."""
        return list(dict.fromkeys(warning for known in self.amounts.values() for warning in known.warnings))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer cost` (schema `comptometer/cost/1`)."""
        return {
            "schema": "comptometer/cost/1",
            "data_version": data_version(),
            "model": self.entry.name,
            "dollars": self.dollars,
            "place": self.place or None,
            "machines": [_machines_row(part) for part in self.machines],
            **self.figures(),
            "claims": [claim_row(claim) for claim in self.claims],
            "warnings": self.warnings,
            "published": [figure.to_dict() for figure in self.published],
        }

    def figures(self) -> dict[str, Any]:
        """The amounts alone, as in `comptometer cost` and `comptometer models show`."""
        return {
            "kinds": {name: _row(known) for name, known in self.kinds.items()},
            "parts": {name: _row(known) for name, known in self.parts.items()},
            "energy": {name: _row(known) for name, known in self.energy.items()},
            "power": _row(self.power) if self.power else None,
            "co2": _row(self.co2) if self.co2 else None,
            "missing": {name: list(wants) for name, wants in self.missing.items()},
        }


def cost_of(model: Entry, *, dollars: int | None = None, place: str = "") -> Cost:
    """Cost, energy and CO2 of a model.

    Args:
        model: the model with its evidence.
        dollars: the year in whose dollars; the last whole one of the price index unless given.
        place: the country of the machines, by any of its names.

    Raises:
        NotEnoughEvidence: nothing can be computed; says what is missing.
        NotFound: no grid of that name is on file; names the nearest.
        UsageError: the price index does not have that year.
    """
    grid = grid_of(place)
    year = dollars if dollars is not None else price_index.newest_year()
    year_dollars = deflator(model, year)
    parts = facts_of(model)
    kinds, shares = _kinds(parts, year_dollars) if year_dollars else ({}, {})
    energy = energies_of(parts)
    found = Cost(
        entry=model,
        dollars=year,
        place=grid.names[0],
        machines=parts,
        kinds=kinds,
        parts=shares,
        energy=energy,
        power=mean_power(parts),
        co2=in_unit(energy["facility"] * parts[0].evidence.assumed(grid), "tonne") if energy else None,
        missing={},
    )
    found = replace(found, missing=_missing(parts, found))
    if not found.amounts:
        wants = [
            "the chip (--chip, with --chips and --time or with --chip-hours)" if want == "chip" else want
            for want in dict.fromkeys(want for needs in found.missing.values() for want in needs)
        ]
        raise NotEnoughEvidence(f"{model.name}: not enough evidence for cost and energy, missing: {', '.join(wants)}")
    return found


def on_day(model: Entry, published: date) -> Entry:
    """The same model, published on another day: training and prices are dated from it."""
    return entry(replace(model.dossier, published=published))


# Dollars


def deflator(model: Entry, year: int) -> Known | None:
    """From dollars of the month of publication to those of a year; nothing where that month is not known."""
    published = model.dossier.published
    if published is None:
        price_index.deflator(date(year, 1, 1), year)  # refuses a year that the index does not have
        return None
    factor = price_index.deflator(published, year)
    outside = [] if price_index.covers(published) else [
        f"the price index does not have {published:%Y-%m}: its nearest month is taken"
    ]  # fmt: skip
    claim = Claim(
        id=f"{INDEX}:{published:%Y-%m}/{year}",
        about="deflator",
        value=text.number(factor, 4),
        belief=Point(factor),
        kind="derived",
        source=INDEX,
        where=f"mean of {year} over {published:%B %Y}",
    )
    return Known(estimate=Estimate.exact(factor), text=text.number(factor, 4), claims=[claim], warnings=outside)


# Kinds of cost


def _amortised(part: Machines) -> dict[str, Known] | None:
    """Hardware, interconnect and energy of a part of a job, in dollars of its time."""
    hours, bought, energy = part.chip_hours, part.purchase, energies(part)
    if hours is None or bought is None or part.started is None or not energy:
        return None
    hardware = _used_up(part, hours, bought)
    share = part.assumed("cost/interconnect")
    network = Known(
        estimate=hardware.estimate * (share.estimate / (1 - share.estimate)),
        text=f"{hardware.text} × {share.text} / (1 - {share.text})",
        claims=unique([*hardware.claims, *share.claims]),
    )
    return {"hardware": hardware, "interconnect": network, "energy": _bill(part, energy["facility"])}


def _used_up(part: Machines, hours: Known, bought: Purchase) -> Known:
    """The value that chips and servers lost while they trained.

    The value falls by `depreciation` decades a year, so in an hour by that times ln 10 over the hours of a year.
    """
    rate = part.assumed("cost/depreciation")
    assert part.started is not None
    age = max((part.started - bought.acquired).days / 365.25, 0.0)
    left = (rate.estimate * -age).power_of_ten()
    in_an_hour = rate.estimate * (math.log(10) / HOURS_PER_YEAR) / Estimate.exact(1.0, "h")
    return Known(
        estimate=(hours.estimate * bought.price.estimate * left * in_an_hour).to("USD"),
        text=(
            f"{hours.text} × {bought.price.text} × 10^(-{rate.text} × {text.number(age, 3)}) × {rate.text} × ln 10 / "
            f"{HOURS_PER_YEAR} h"
        ),
        claims=unique([*hours.claims, *bought.price.claims, *rate.claims, *bought.claims, *part.dates_rest_on]),
        warnings=[*hours.warnings, *bought.price.warnings],
    )


def _bill(part: Machines, energy: Known) -> Known:
    """Energy at the building's meter at the price of industrial electricity."""
    table = _electricity()
    prices: dict[int, float] = {int(year): usd for year, usd in table["usd_per_kwh"].items()}
    published = part.evidence.dossier.published
    assert published is not None
    year = min(max(published.year, min(prices)), max(prices))
    claim = Claim(
        id=f"electricity:{year}",
        about="electricity_price",
        value=f"{text.exact(prices[year])} USD/kWh",
        belief=Point(prices[year]),
        kind="stated",
        source=table["source"],
        where=f"{table['where']}: {year}",
    )
    price = Known(estimate=Estimate.exact(prices[year], "USD/kWh"), text=claim.value, claims=[claim])
    return in_unit(energy * price * part.assumed("energy/price-spread"), "USD")


@cache
def _electricity() -> Mapping[str, Any]:
    return tomllib.loads((store.SHIPPED / "prices" / "us-industrial-electricity.toml").read_text(encoding="utf-8"))


def _cloud(part: Machines) -> Known | None:
    """The same chip-hours, rented."""
    if part.chip_hours is None or part.rental is None:
        return None
    return in_unit(part.chip_hours * part.rental, "USD")


def _acquisition(part: Machines) -> Known | None:
    """Chips with their servers, and the interconnect."""
    if part.count is None or part.purchase is None:
        return None
    share = part.assumed("cost/interconnect")
    servers = part.count * part.purchase.price
    return Known(
        estimate=(servers.estimate / (1 - share.estimate)).to("USD"),
        text=f"{servers.text} / (1 - {share.text})",
        claims=unique([*servers.claims, *share.claims]),
        warnings=servers.warnings,
    )


def _kinds(parts: Sequence[Machines], year_dollars: Known) -> tuple[dict[str, Known], dict[str, Known]]:
    """Each kind of cost that every part of the job has, in dollars of the year; and the parts of the amortised one."""
    method, rental = parts[0].assumed("cost/method"), parts[0].assumed("cost/rental")
    kinds: dict[str, Known] = {}
    shares: dict[str, Known] = {}
    if amortised := _of_all([_amortised(part) for part in parts]):
        for name in amortised[0]:
            shares[name] = total([part[name] for part in amortised]) * method * year_dollars
        kinds["amortised"] = total(list(shares.values()))
    if rented := _of_all([_cloud(part) for part in parts]):
        kinds["cloud"] = total(rented) * rental * year_dollars
    if bought := _of_all([_acquisition(part) for part in parts]):  # stages take turns on one cluster
        kinds["acquisition"] = max(bought, key=lambda known: known.estimate.median) * method * year_dollars
    return kinds, shares


T = TypeVar("T")


def _of_all(found: Sequence[T | None]) -> list[T] | None:
    """What every part of a job has; nothing where one of them lacks it."""
    have = [item for item in found if item is not None]
    return have if len(have) == len(found) else None


def _missing(parts: Sequence[Machines], found: Cost) -> dict[str, list[str]]:
    """What would have to be known for what could not be computed."""
    wants: dict[str, list[str]] = {}
    for part in parts:
        lacking = {
            "amortised": part.lacks(chip_hours=True, price="purchase"),
            "cloud": part.lacks(chip_hours=True, price="rental"),
            "acquisition": part.lacks(count=True, price="purchase"),
            "energy": part.lacks(chip_hours=True),
        }
        have = {*found.kinds, *(["energy"] if found.energy else [])}
        for name, needs in lacking.items():
            if name not in have:
                wants[name] = list(dict.fromkeys([*wants.get(name, []), *needs]))
    return wants


# Ways out


def _row(known: Known) -> dict[str, Any]:
    return {
        **known.estimate.to_dict(),
        "formula": known.text,
        "claims": [claim.id for claim in known.claims],
    }


def _machines_row(part: Machines) -> dict[str, Any]:
    return {
        "chips": [chip.id for chip in part.chips],
        "count": part.count.estimate.to_dict() if part.count else None,
        "chip_hours": part.chip_hours.estimate.to_dict() if part.chip_hours else None,
        "acquired": part.purchase.acquired.isoformat() if part.purchase else None,
        "started": part.started.isoformat() if part.started else None,
    }
