"""The JSON of `comptometer count`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from comptometer.documents import Document, document


class CountConvention(Document):
    """What is counted, and how."""

    flop_per_multiply_add: Literal[2]
    attention: Literal["full", "causal", "half"]
    embedding: Literal["lookup"]
    recompute: Literal["none", "flash", "selective", "full"]


class Size(Document):
    """Parameters: of the whole model, of those that one token uses, and of its embeddings."""

    total: int
    active: int
    embedding: int


class Each(Document):
    """FLOP of one token, or of one example."""

    forward: float
    training: float | None


class OperationRow(Document):
    """Operations of one kind; `backward` is null where no gradient can be formed."""

    operation: str
    calls: int
    forward: int
    backward: int | None


class ModuleRow(Document):
    """Operations of one module."""

    module: str
    calls: int
    forward: int
    backward: int | None


class AxisSum(Document):
    """What is counted on an axis of its own."""

    forward: int
    backward: int


class UncountedRow(Document):
    """What was left out, and why."""

    operation: str
    calls: int
    reason: str


@document("count")
class CountDocument(Document):
    """`comptometer count --json`: exact integers for the whole batch."""

    schema_: Literal["comptometer/count/1"] = Field(alias="schema")
    data_version: str
    target: str
    backend: str
    convention: CountConvention
    batch: int
    sequence_length: int | None
    decoder_length: int | None
    image_size: list[int] | None
    parameters: Size | None
    forward: int
    backward: int | None
    recomputed: int | None
    training: int | None
    per_token: Each | None
    per_example: Each | None
    by_operation: list[OperationRow]
    by_module: list[ModuleRow]
    included: dict[str, AxisSum]
    uncounted: list[UncountedRow]
    warnings: list[str]
    notes: list[str]


class DifferenceRow(Document):
    """A figure of two counts, and the second over the first."""

    figure: str
    first: int | float | None
    second: int | float | None
    ratio: float | None


@document("count-compare")
class CountCompareDocument(Document):
    """`comptometer count --compare --json`: both counts, and their figures beside each other."""

    schema_: Literal["comptometer/count-compare/1"] = Field(alias="schema")
    data_version: str
    counts: Annotated[list[CountDocument], Field(min_length=2, max_length=2)]
    differences: list[DifferenceRow]
