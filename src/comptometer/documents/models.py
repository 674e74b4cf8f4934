"""The JSON of `comptometer models`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import ClaimDocument, Document, Quantiles, Quantity, SourceRow, document
from comptometer.documents.check import FindingRow
from comptometer.documents.cost import ModelCost
from comptometer.documents.estimate import EstimateDocument


class EditionRow(Document):
    """What one vintage of a table says of a model."""

    vintage: str
    name: str
    line: int
    compute: float | None
    confidence: str
    withdrawn: bool
    ratio: float | None


@document("model")
class ModelDocument(Document):
    """`comptometer models show --json`."""

    schema_: Literal["comptometer/model/1"] = Field(alias="schema")
    data_version: str
    id: str
    name: str
    aliases: list[str]
    developer: str
    country: str
    published: str | None
    domain: list[str]
    notable: bool
    open_weights: bool | None
    origin: str
    base_model: str
    total: Quantity | None
    rank_at_release: int | None
    estimate: EstimateDocument | None
    cost: ModelCost | None
    missing: dict[str, list[str]]
    claims: list[ClaimDocument]
    aside: list[ClaimDocument]
    editions: list[EditionRow]
    findings: list[FindingRow]
    sources: list[SourceRow]


class ComparedQuantity(Document):
    """One quantity of several models, and each over the first."""

    quantity: str
    unit: str
    values: list[float | str | None]
    ratios: list[float | None]


@document("model-comparison")
class ModelComparisonDocument(Document):
    """`comptometer models compare --json`."""

    schema_: Literal["comptometer/model-comparison/1"] = Field(alias="schema")
    data_version: str
    models: list[str]
    rows: list[ComparedQuantity]
    compute_ratio: list[Quantiles | None]
