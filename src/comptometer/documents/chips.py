"""The JSON of `comptometer chips`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.records import Directions, Grade, PriceKind
from comptometer.vocabulary import Format, Precision


class PeakDocument(Document):
    """A rate of one unit: FLOP/s, or integer operations/s for int8."""

    precision: Format
    operations_per_second: float
    sparse: bool
    clock: Literal["base", "boost", "unstated"]
    headline: bool
    path: Literal["vector", "matrix", "unstated"]
    accumulate: Literal["fp32", "fp16", "unstated"]
    as_of: str
    source: str
    where: str
    verified: bool


class PriceDocument(Document):
    """What one unit cost in USD; per hour where the kind is cloud."""

    usd: float
    kind: PriceKind
    date: str
    provider: str
    term: str
    source: str
    where: str
    verified: bool


class FactsDocument(Document):
    """Where facts that are no rates were read."""

    source: str
    where: str
    verified: bool


class MeasuredPowerDocument(FactsDocument):
    """Power in use, of one unit."""

    mean_watt: float
    least_watt: float | None
    most_watt: float | None


class CitedDocument(Document):
    """A source by its title and address."""

    title: str
    url: str
    grade: Grade


class ChipRecord(Document):
    """All that is on record about one chip."""

    id: str
    name: str
    vendor: str
    family: str
    kind: Literal["gpu", "tpu", "cpu", "accelerator"]
    unit: Literal["chip", "package", "board", "system"]
    peaks: list[PeakDocument]
    default_precision: list[Precision]
    aliases: list[str]
    shared_names: list[str]
    form_factor: str
    dies_per_unit: int
    devices_per_unit: int
    announced: str | None
    available: str | None
    process_nm: float | None
    cores: int | None
    base_mhz: float | None
    boost_mhz: float | None
    shader_mhz: float | None
    tdp_watt: float | None
    measured_power: MeasuredPowerDocument | None
    memory_bytes: float | None
    memory_bytes_per_second: float | None
    scale_up_bytes_per_second: float | None
    scale_up_directions: Directions
    prices: list[PriceDocument]
    sources: list[FactsDocument]
    note: str


@document("chip-record")
class ChipDocument(ChipRecord):
    """`comptometer chips show NAME --json`, where the name is that of one chip."""

    schema_: Literal["comptometer/chip/1"] = Field(alias="schema")
    data_version: str
    sources_cited: dict[str, CitedDocument]


@document("chip-family")
class ChipFamilyDocument(Document):
    """`comptometer chips show NAME --json`, where several chips share the name."""

    schema_: Literal["comptometer/chip-family/1"] = Field(alias="schema")
    data_version: str
    name: str
    reason: str
    chips: list[ChipRecord]
    sources_cited: dict[str, CitedDocument]
