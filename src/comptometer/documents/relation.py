"""The JSON of `comptometer relation`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.documents.replicate import FittedRow
from comptometer.documents.trend import QuestionRow


class SideRow(Document):
    """One of the two quantities."""

    quantity: str
    unit: str


class MiddleRow(Document):
    """The line at the geometric mean of x."""

    x: float
    y: FittedRow


class PairRow(Document):
    """A model with both values."""

    name: str
    day: str
    x: float
    y: float
    organization: str


@document("relation")
class RelationDocument(Document):
    """`comptometer relation --json`: y goes with x to the power of the exponent."""

    schema_: Literal["comptometer/relation/1"] = Field(alias="schema")
    data_version: str
    y: SideRow
    x: SideRow
    question: QuestionRow
    n: int
    organizations: int
    first: str
    last: str
    exponent: FittedRow
    middle: MiddleRow
    r2: float
    residual_sd_dex: float
    asked: int
    excluded: dict[str, int]
    points: list[PairRow] | None = None
