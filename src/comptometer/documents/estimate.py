"""The JSON of `comptometer estimate`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import ClaimDocument, Document, Quantiles, Quantity, Verdict, document
from comptometer.vocabulary import Basis


class MethodRow(Quantity):
    """What one method gives."""

    formula: str
    claims: list[str]
    warnings: list[str]


class ComparisonRow(Document):
    """Two methods beside each other."""

    first: str
    second: str
    ratio: float
    z: float
    verdict: Verdict
    independent: bool


class HypothesisRow(Document):
    """A named cause of a disagreement."""

    id: str
    factor: float
    text: str
    between: str
    residual: float
    applied: bool
    settles: str


class Agreement(Document):
    """Do the methods agree? `ratio` is hardware-time over the best count."""

    ratio: float | None
    z: float | None
    verdict: Verdict
    independent: bool
    weights: dict[str, float]
    aside: dict[str, str]
    comparisons: list[ComparisonRow]
    hypotheses: list[HypothesisRow]


class Share(Document):
    """A claim's share of the uncertainty."""

    claim: str
    share: float


class Convention(Document):
    """What counts as an operation."""

    flop_per_multiply_add: Literal[2]
    attention: Literal["causal"]
    recompute: Literal["excluded"]


@document("estimate")
class EstimateDocument(Document):
    """`comptometer estimate --json`."""

    schema_: Literal["comptometer/estimate/1"] = Field(alias="schema")
    data_version: str
    model: str
    basis: Basis
    compute: Quantity
    pfs_days: Quantiles
    methods: dict[str, MethodRow]
    missing: dict[str, list[str]]
    agreement: Agreement
    sensitivity: list[Share]
    claims: list[ClaimDocument]
    beside: list[ClaimDocument]
    warnings: list[str]
    convention: Convention
