"""What others say that a model cost and how much energy it took, beside what we compute.

Published figures are of different things: one is the rent of the chips, another the value that they lost; one energy is
of the chips alone, another of the building. So a figure is set beside every one of ours that it could be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comptometer import text, units
from comptometer.catalogue import claim_row
from comptometer.distribution import Point
from comptometer.evidence import Known
from comptometer.model_row import ModelRow
from comptometer.quantity import Estimate
from comptometer.records import Claim
from comptometer.training_cost import Cost
from comptometer.vocabulary import ABOUTS

SHOWN_IN = {"cost": "USD", "energy": "MWh", "power": "MW"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """A claim, its median in the unit that ours are in, and what it is of ours.

    Attributes:
        ratios: the figure over our median, for each of ours that it could be.
        within: those whose 90% interval holds it.
    """

    claim: Claim
    median: float
    unit: str
    ratios: Mapping[str, float]
    within: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """The figure with its claim, as in the JSON of `comptometer cost`."""
        return {
            "claim": claim_row(self.claim),
            "value": self.median,
            "unit": self.unit,
            "over_ours": dict(self.ratios),
            "within": list(self.within),
        }


def published_figures(found: Cost, row: ModelRow | None = None, vintage: str = "") -> list[PublishedFigure]:
    """Every claim about cost, energy or power, of the dossier and of the row of a table that it goes with."""
    dossier = found.entry.dossier
    claims = [claim for claim in [*dossier.all_claims(), *dossier.aside] if claim.about in SHOWN_IN and claim.belief]
    if row is not None:
        claims += _columns(row, vintage)
    return [_beside(claim, found) for claim in claims]


def _columns(row: ModelRow, vintage: str) -> list[Claim]:
    """Costs that a table has beside the one that is a claim of the dossier already."""
    columns = {"training compute cost (cloud)": row.cloud_cost_usd, "hardware cost (upfront)": row.upfront_cost_usd}
    return [
        Claim(
            id=f"{vintage}:{row.line}#{column}",
            about="cost",
            value=f"{text.exact(usd)} USD",
            belief=Point(usd),
            kind="stated",
            source=f"{vintage}-models",
            where=f"line {row.line}, {column}",
        )
        for column, usd in columns.items()
        if usd
    ]


def _beside(claim: Claim, found: Cost) -> PublishedFigure:
    unit = SHOWN_IN[claim.about]
    said = Estimate.draw(claim.id, claim.belief or Point(1.0), units.parse(ABOUTS[claim.about].unit)).to(unit)
    ours = _could_be(claim, found)
    return PublishedFigure(
        claim=claim,
        median=said.median,
        unit=unit,
        ratios={name: said.median / known.estimate.median for name, known in ours.items()},
        within=[name for name, known in ours.items() if _holds(known, said.median)],
    )


def _could_be(claim: Claim, found: Cost) -> dict[str, Known]:
    match claim.about:
        case "cost":
            return dict(found.kinds)
        case "energy":
            return dict(found.energy)
    return {"power": found.power} if found.power else {}


def _holds(known: Known, value: float) -> bool:
    low, high = known.estimate.interval()
    return low <= value <= high
