"""The JSON of `comptometer cost`, and what of it is in `comptometer models show`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import ClaimDocument, Document, Quantity, document

Kind = Literal["amortised", "cloud", "acquisition"]
Boundary = Literal["chip", "server", "facility"]


class AmountRow(Quantity):
    """An amount with how it follows: the formula filled in, and the ids of its claims."""

    formula: str
    claims: list[str]


class CostFigures(Document):
    """Costs in US dollars, energy in MWh, power in MW, CO2 in tonnes; what is missing for those that are not there."""

    kinds: dict[Kind, AmountRow]
    parts: dict[Literal["hardware", "interconnect", "energy"], AmountRow]
    energy: dict[Boundary, AmountRow]
    power: AmountRow | None
    co2: AmountRow | None
    missing: dict[str, list[str]]


class MachinesRow(Document):
    """The machines of one part of a job."""

    chips: list[str]
    count: Quantity | None
    chip_hours: Quantity | None
    acquired: str | None
    started: str | None


class PublishedFigureRow(Document):
    """A published figure, over each of ours that it could be, and those whose 90% interval holds it."""

    claim: ClaimDocument
    value: float
    unit: str
    over_ours: dict[str, float]
    within: list[str]


class ModelCost(CostFigures):
    """Cost and energy in `comptometer models show --json`; `dollars` is the year of the costs."""

    dollars: int


@document("cost")
class CostDocument(CostFigures):
    """`comptometer cost --json`."""

    schema_: Literal["comptometer/cost/1"] = Field(alias="schema")
    data_version: str
    model: str
    dollars: int
    place: str | None
    machines: list[MachinesRow]
    claims: list[ClaimDocument]
    warnings: list[str]
    published: list[PublishedFigureRow]
