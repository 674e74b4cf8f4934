"""The JSON of `comptometer effective`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, Quantiles, Quantity, document


class RateRow(Document):
    """How fast algorithms get by with less compute, and who says so."""

    id: str
    halving_months: Quantiles
    first: int
    last: int
    task: str
    source: str
    where: str
    verified: bool
    note: str
    title: str
    url: str


@document("effective")
class EffectiveDocument(Document):
    """`comptometer effective --json`: `effective` is the physical `compute` times `gain`, in FLOP of `since`."""

    schema_: Literal["comptometer/effective/1"] = Field(alias="schema")
    data_version: str
    model: str
    published: str
    compute: Quantity
    effective: Quantity
    gain: Quantiles
    since: str
    rate: RateRow
    share_of_largest: float
    warnings: list[str]
