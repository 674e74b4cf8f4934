"""The JSON of `comptometer decompose`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.documents.replicate import FittedRow


class PartRow(Document):
    """A factor of compute; `implied` is what remains when the others are divided out."""

    name: Literal["chips", "peak", "time", "utilization", "spending", "price-performance"]
    unit: str
    implied: bool
    growth_per_year: FittedRow
    dex_per_year: FittedRow
    share: FittedRow | None


class SplitRow(Document):
    """Compute and its factors on one set of models; the `dex_per_year` of the parts add up to that of compute."""

    n: int
    organizations: int
    first: str
    last: str
    growth_per_year: FittedRow
    dex_per_year: FittedRow
    parts: list[PartRow]
    excluded: dict[str, int]
    notes: list[str]


class ResamplingRow(Document):
    """How intervals were made."""

    draws: int
    unit: Literal["organization", "model"]
    seed: int


class EveryoneRow(Document):
    """Growth of compute of all models asked about, those without the factors too."""

    n: int
    growth_per_year: FittedRow


class PublishedPartRow(Document):
    """What others found, a factor a year; `interval` is the probability between `low` and `high`."""

    split: Literal["machines", "money"]
    part: str
    growth: float
    low: float | None
    high: float | None
    interval: float | None
    models: str
    source: str
    where: str
    verified: bool
    title: str
    url: str


@document("decomposition")
class DecompositionDocument(Document):
    """`comptometer decompose --json`."""

    schema_: Literal["comptometer/decomposition/1"] = Field(alias="schema")
    data_version: str
    data: str
    select: str
    top: int
    since: str | None
    until: str | None
    cost: Literal["cost", "cloud-cost", "upfront-cost"]
    resampling: ResamplingRow
    everyone: EveryoneRow
    machines: SplitRow | None
    money: SplitRow | None
    problems: dict[str, str]
    published: list[PublishedPartRow]
