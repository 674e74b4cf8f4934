"""What the evidence says of the machines of a job: hours, prices, power, first day of use and of training.

Prices and power stand on the records of chips; what no record says is an assumption with a source. A part of a job
whose chip-hours nobody states gets them from its compute, with all of its uncertainty: compute / (peak × utilization).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from comptometer import store, text, units
from comptometer.catalogue import Entry
from comptometer.days import day as day_of
from comptometer.derivation import most_specific
from comptometer.distribution import Distribution, Mixture, Point
from comptometer.evidence import Evidence, Known
from comptometer.quantity import Estimate
from comptometer.records import Assumption, Chip, Claim, Price

ASSUMPTIONS = "cost-assumptions"
OWNED = ("system-share", "list", "street")  # best first: a whole system by its chips holds host, network and cooling
COMMITTED = "3 years"


def assumption(name: str) -> Assumption:
    """A default of cost and energy."""
    return store.assumptions(ASSUMPTIONS)[name]


def facts_of(entry: Entry) -> list[Machines]:
    """The machines of each part of a job, where all of its parts have machines, else of the whole."""
    for parts in (entry.job.segments, entry.job.stages):
        found = [Machines(entry, evidence) for evidence in parts.values()]
        if found and all(part.chips and part.evidence.known("chip_hours") for part in found):
            return found
    return [Machines(entry, entry.job.whole)]


@dataclass(frozen=True)
class Machines:
    """The machines of one part of a job. What is not known is nothing; `lacks` says what it would take."""

    entry: Entry
    evidence: Evidence

    @cached_property
    def chips(self) -> tuple[Chip, ...]:
        """The chip, or the members of the family that it is known as."""
        return self.evidence.chips()

    @property
    def name(self) -> str:
        """The chip's name, or its family's."""
        return self.chips[0].name if len(self.chips) == 1 else self.chips[0].family

    @cached_property
    def chip_hours(self) -> Known | None:
        """As the evidence has them; else what the compute takes on these chips."""
        if not self.chips:
            return None
        if stated := self.evidence.known("chip_hours"):
            return stated
        peak, utilization = self.evidence.known("peak"), self.evidence.known("utilization")
        if peak is None or utilization is None:
            return None
        compute = Known(
            estimate=self.entry.value,
            text=f"{text.number(self.entry.median, 2)} FLOP",
            claims=self.entry.claims,
            warnings=["chip-hours are not stated: they follow from compute, peak and utilization"],
        )
        found = compute / (peak * utilization)
        return replace(
            found,
            estimate=found.estimate.to("chip*h"),
            text=f"{compute.text} / ({peak.text} × {utilization.text})",
        )

    @cached_property
    def count(self) -> Known | None:
        """How many chips."""
        return self.evidence.known("chips") if self.chips else None

    # When

    @cached_property
    def duration(self) -> timedelta:
        """Median wall-clock time: as claimed, or as it follows, or a typical one."""
        stated = self.evidence.known("duration")
        if stated:
            return timedelta(seconds=stated.estimate.median)
        if self.evidence.known("chip_hours") and self.chip_hours and self.count:
            return timedelta(hours=self.chip_hours.estimate.median / self.count.estimate.median)
        return timedelta(hours=self.assumed("cost/duration").estimate.median)

    @property
    def dates_rest_on(self) -> list[Claim]:
        """The assumptions behind the dates."""
        names = ["cost/publication", *([] if self.evidence.known("duration") else ["cost/duration"])]
        return [claim for name in names for claim in self.assumed(name).claims]

    @cached_property
    def started(self) -> date | None:
        """First day of training, by the day of publication."""
        published = self.entry.dossier.published
        if published is None:
            return None
        return published - timedelta(days=self.assumed("cost/publication").estimate.median) - self.duration

    # Prices

    @cached_property
    def purchase(self) -> Purchase | None:
        """What a chip with its share of a server cost, and when it could first be used."""
        found, warnings = self._prices(OWNED)
        if found:
            kind = next(kind for kind in OWNED if any(price.kind == kind for _, price in found))
            chip, price = min(
                ((c, p) for c, p in found if p.kind == kind), key=lambda pair: (day_of(pair[1].date), -pair[1].usd)
            )
            known = replace(_priced(chip, price, "USD/chip"), warnings=warnings)
            bare = kind != "system-share"
            wait = self.assumed("cost/available")
            released = _released(self.chips[0])
            usable = released + timedelta(days=wait.estimate.median) if released else day_of(price.date)
            return Purchase(
                price=known * self._by_kind("server_price") if bare else known,
                acquired=max(day_of(price.date), usable),
                claims=wait.claims,
            )
        assumed = most_specific("purchase_price", store.assumptions(ASSUMPTIONS).values(), self.evidence)
        released = _released(self.chips[0]) if self.chips else None
        if assumed is None or not assumed.families or released is None:
            return None
        price_known = self.evidence.assumed(assumed) * self._by_kind("server_price")
        return Purchase(price=price_known, acquired=released, claims=())

    @cached_property
    def rental(self) -> Known | None:
        """What a chip cost for an hour on a commitment for three years, nearest to the start of training."""
        found, warnings = self._prices(("cloud",))
        if not found:
            return None
        committed = [pair for pair in found if pair[1].term == COMMITTED]
        day = self.started
        chip, price = min(
            committed or found,
            key=lambda pair: (abs(day_of(pair[1].date) - day) if day else timedelta(), pair[1].date, pair[1].usd),
        )
        known = replace(_priced(chip, price, "USD/chip/h"), warnings=warnings)
        return known if committed else known * self.assumed("cost/committed")

    def _prices(self, kinds: Sequence[str]) -> tuple[list[tuple[Chip, Price]], list[str]]:
        """Prices of these kinds on record; those of the family where the chip has none, and a word on it."""
        own = [(chip, price) for chip in self.chips for price in chip.prices if price.kind in kinds]
        if own or not self.chips:
            return own, []
        family = store.chips_named(self.chips[0].family)
        found = [(chip, price) for chip in family for price in chip.prices if price.kind in kinds]
        return found, [f"no price of {self.name} on record: that of {self.chips[0].family} is taken"] if found else []

    # Power

    @cached_property
    def chip_power(self) -> Known | None:
        """Mean power of one chip in training: rated power times load, or the measured mean where the record has one."""
        if not self.chips:
            return None
        measured = [chip for chip in self.chips if chip.measured_power]
        if measured:
            rated = _power(measured, lambda chip: chip.measured_power.mean_watt if chip.measured_power else 0.0)
            return rated * self.assumed("energy/mean-power")
        with_rating = [chip for chip in self.chips if chip.tdp_watt]
        if not with_rating:
            known = self.assumed("energy/chip-power")
            return replace(known, warnings=[f"the power of {self.name} is not on record"]) * self.assumed("energy/load")
        return _power(with_rating, lambda chip: chip.tdp_watt or 0.0) * self.assumed("energy/load")

    @property
    def server_power(self) -> Known:
        """Power of a server over that of its chips."""
        return self._by_kind("server_power")

    @property
    def building(self) -> Known:
        """Power usage effectiveness: of a building over its servers."""
        return self._by_kind("pue")

    def _by_kind(self, about: str) -> Known:
        chosen = most_specific(about, store.assumptions(ASSUMPTIONS).values(), self.evidence)
        if chosen is None:
            raise LookupError(f"no default {about} applies to every chip")
        return self.evidence.assumed(chosen)

    def assumed(self, name: str) -> Known:
        """A default of cost and energy, as a claim about this model."""
        return self.evidence.assumed(assumption(name))

    # What is missing

    def lacks(self, *, chip_hours: bool = False, count: bool = False, price: str = "") -> list[str]:
        """What would have to be known for a kind of cost, in words."""
        if not self.chips:
            named = [
                claim.note for claim in self.evidence.dossier.all_claims() if claim.about == "chips" and claim.note
            ]
            return ["chip", *named[:1]] if named else ["chip"]
        wants = []
        if chip_hours and self.chip_hours is None:
            wants.append("chip_hours")
        if count and self.count is None:
            wants.append("chips")
        if price == "purchase" and self.purchase is None:
            wants.append(f"a purchase price of {self.name}")
        if price == "rental" and self.rental is None:
            wants.append(f"a rental price of {self.name}")
        if price == "purchase" and self.started is None:
            wants.append("the day of publication (--published)")
        return wants


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A chip with its share of a server: its price, its first day in use, and the assumptions behind that day."""

    price: Known
    acquired: date
    claims: Sequence[Claim]


def _released(chip: Chip) -> date | None:
    return chip.available or chip.announced


def _priced(chip: Chip, price: Price, unit: str) -> Known:
    term = f", {price.term}" if price.term else ""
    claim = Claim(
        id=f"chip:{chip.id}#{price.kind}-{price.date}{f'-{price.term}' if price.term else ''}-{text.exact(price.usd)}",
        about="rental_price" if price.kind == "cloud" else "purchase_price",
        value=f"{text.exact(price.usd)} {unit}",
        belief=Point(price.usd),
        kind="stated",
        source=price.source,
        where=price.where,
        chip=chip.id,
        verified=price.verified,
        note=f"{price.kind} price of {price.date}{f', {price.provider}' if price.provider else ''}{term}",
    )
    return _drawn(claim, unit)


def _power(chips: Sequence[Chip], watt: Callable[[Chip], float]) -> Known:
    """Power of one chip; of a family whose members differ any of them, equally probable."""
    by_power = {watt(chip): chip for chip in chips}
    values = sorted(by_power)
    chip = by_power[values[0]]
    measured = chip.measured_power if chip.measured_power and watt(chip) == chip.measured_power.mean_watt else None
    cited = measured or (chip.sources[0] if chip.sources else None)
    belief: Distribution = Point(values[0]) if len(values) == 1 else Mixture.equal([Point(value) for value in values])
    claim = Claim(
        id=f"chip:{'|'.join(by_power[value].id for value in values)}#{'power' if measured else 'tdp'}",
        about="chip_power",
        value=" or ".join(f"{text.exact(value)} W/chip" for value in values),
        belief=belief,
        kind="stated",
        source=cited.source if cited else chip.cited[0],
        where=cited.where if cited else "",
        chip=chip.id,
        verified=cited.verified if cited else False,
        note="measured mean" if measured else "rated power",
    )
    return _drawn(claim, "W/chip")


def _drawn(claim: Claim, unit: str) -> Known:
    belief = claim.belief or Point(1.0)
    spelled = f"({claim.value})" if " or " in claim.value else claim.value
    return Known(estimate=Estimate.draw(claim.id, belief, units.parse(unit)), text=spelled, claims=[claim])
