"""The JSON of `comptometer replicate cottier-2024`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.documents.replicate import FittedRow

CostKind = Literal["amortised", "cloud", "acquisition"]


class CostStudyRow(Document):
    """A model: each published cost beside what the recipe gives, in dollars of the study's month."""

    model: str
    published: str
    hardware: str
    chip_hours: float | None
    chip_value_usd: float | None
    energy_mwh: float | None
    amortised_published: float | None
    amortised_obtained: float | None
    amortised_verdict: str
    cloud_published: float | None
    cloud_obtained: float | None
    cloud_verdict: str
    acquisition_published: float | None
    acquisition_obtained: float | None
    acquisition_verdict: str
    note: str


class CostGrowthRow(Document):
    """Growth of one kind of cost, as published or as obtained, within a window."""

    kind: CostKind
    of: Literal["published", "obtained"]
    since: str
    until: str
    n: int
    growth_per_year: FittedRow
    paper: float | None
    paper_low: float | None
    paper_high: float | None


@document("cost-study")
class CostStudyDocument(Document):
    """`comptometer replicate cottier-2024 --json`."""

    schema_: Literal["comptometer/cost-study/1"] = Field(alias="schema")
    data_version: str
    study: str
    title: str
    dollars: str
    credit: str
    licence: str
    rows: list[CostStudyRow]
    growth: list[CostGrowthRow]
    counts: dict[CostKind, dict[str, int]]
