"""Shapes of the JSON that goes out, as pydantic models: what scripts may rely on (`comptometer schema`).

The program builds plain objects; the tests hold every one of them against these shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from comptometer.documents_export import DataExportDocument
from comptometer.records import Directions, Grade, PriceKind
from comptometer.shapes import ChipFile, DossierFile, SourceFile
from comptometer.vocabulary import Format, Precision

Verdict = Literal["consistent", "tension", "conflict", "single-method"]
Calculated = Literal["hardware-time", "operations", "reported"]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Quantiles(_Document):
    """A quantity: median and ends of the 90% interval."""

    p5: float
    p50: float
    p95: float


class Quantity(Quantiles):
    """A quantity with its unit."""

    unit: str


class MethodRow(Quantity):
    """What one method gives."""

    formula: str
    claims: list[str]
    warnings: list[str]


class ComparisonRow(_Document):
    """Two methods beside each other."""

    first: str
    second: str
    ratio: float
    z: float
    verdict: Verdict
    independent: bool


class HypothesisRow(_Document):
    """A named cause of a disagreement."""

    id: str
    factor: float
    text: str
    between: str
    residual: float
    applied: bool
    settles: str


class Agreement(_Document):
    """Do the methods agree? `ratio` is hardware-time over the best count."""

    ratio: float | None
    z: float | None
    verdict: Verdict
    independent: bool
    weights: dict[str, float]
    comparisons: list[ComparisonRow]
    hypotheses: list[HypothesisRow]


class Share(_Document):
    """A claim's share of the uncertainty."""

    claim: str
    share: float


class ClaimDocument(_Document):
    """A claim that a method used."""

    id: str
    about: str
    value: str
    kind: Literal["stated", "derived", "assumed"]
    source: str
    where: str
    verified: bool
    tag: str | None = None
    chip: str | None = None
    holds: str | None = None
    note: str | None = None
    from_: list[str] = Field(default=[], alias="from")


class Convention(_Document):
    """What counts as an operation."""

    flop_per_multiply_add: Literal[2]
    attention: Literal["causal"]
    recompute: Literal["excluded"]


class EstimateDocument(_Document):
    """`comptometer estimate --json`."""

    schema_: Literal["comptometer/estimate/1"] = Field(alias="schema")
    data_version: str
    model: str
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


class SourceRow(_Document):
    """Who says something."""

    id: str
    title: str
    authors: list[str]
    published: str
    url: str
    grade: Literal["primary", "secondary", "tertiary"]
    licence: str


class EditionRow(_Document):
    """What one vintage of a table says of a model."""

    vintage: str
    name: str
    line: int
    compute: float | None
    confidence: str


class ModelDocument(_Document):
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
    rank_at_release: int | None
    estimate: EstimateDocument | None
    missing: dict[str, list[str]]
    claims: list[ClaimDocument]
    aside: list[ClaimDocument]
    editions: list[EditionRow]
    sources: list[SourceRow]


class ComparedQuantity(_Document):
    """One quantity of several models, and each over the first."""

    quantity: str
    unit: str
    values: list[float | str | None]
    ratios: list[float | None]


class ModelComparisonDocument(_Document):
    """`comptometer models compare --json`."""

    schema_: Literal["comptometer/model-comparison/1"] = Field(alias="schema")
    data_version: str
    models: list[str]
    rows: list[ComparedQuantity]
    compute_ratio: list[Quantiles | None]


class FittedRow(_Document):
    """A fitted quantity: least squares, and the quantiles of the resampling."""

    estimate: float | None
    p5: float | None
    p50: float | None
    p95: float | None


class FigureRow(_Document):
    """A published figure beside the obtained one."""

    id: str
    text: str
    published: float
    obtained: float
    ratio: float
    unit: str
    verdict: Literal["matches", "rounding", "differs"]


class Resampling(_Document):
    """How an interval was made."""

    draws: int
    unit: Literal["model", "organization"]


class FitRow(_Document):
    """A line through log2 of compute over time."""

    doubling_months: FittedRow
    doubling_days: FittedRow
    growth_per_year: FittedRow
    published_doubling_months: float
    n: int
    r2: float
    residual_sd_log2: float
    resampling: Resampling


class PointRow(_Document):
    """A point of the chart."""

    model: str
    date: str
    chart_pfs_days: float
    computed_pfs_days: float
    counted_pfs_days: float | None
    ratio: float
    method: Calculated
    formula: str
    verdict: Literal["matches", "rounding", "slip", "reported"]


class CalculationRow(_Document):
    """A printed calculation."""

    model: str
    method: Calculated
    printed_pfs_days: float
    recomputed_pfs_days: float
    ratio: float
    verdict: Literal["matches", "rounding", "slip"]
    formula: str
    claims: list[str]


class CountRow(_Document):
    """A network counted exactly, beside what the article prints and what its operands give."""

    model: str
    architecture: str
    printed_macs_per_example: float
    counted_macs_per_example: float
    backward_factor: float
    printed_pfs_days: float
    recomputed_pfs_days: float
    counted_pfs_days: float
    ratio: float


class ConsistencyRow(_Document):
    """Hardware-time over operations of one model."""

    model: str
    ratio_printed: float
    ratio_recomputed: float


class LeaveOneOutRow(_Document):
    """The doubling time without one model."""

    model: str
    doubling_months: float


class GrowthRow(_Document):
    """From the first to the largest point."""

    from_: str = Field(alias="from")
    to: str
    ratio: float
    published: float
    days: int
    months: float


class EraRow(_Document):
    """An era of the article."""

    name: str
    since: str | None
    until: str
    chips: str | None
    flop_per_second_per_chip: str | None
    pfs_days_published: list[float] | None
    limit: str
    models: int
    pfs_days_of_points: list[float] | None


class ModestRow(_Document):
    """An influential result of modest compute."""

    model: str
    date: str
    pfs_days: str
    upper_bound: bool


class ReplicateDocument(_Document):
    """`comptometer replicate openai-2018 --json`."""

    schema_: Literal["comptometer/replicate/1"] = Field(alias="schema")
    data_version: str
    study: Literal["openai-2018"]
    title: str
    month_days: float
    points: list[PointRow]
    calculations: list[CalculationRow]
    counts: list[CountRow]
    consistency: list[ConsistencyRow]
    fit: FitRow
    fit_recomputed: FitRow
    leave_one_out: list[LeaveOneOutRow]
    growth: GrowthRow
    figures: list[FigureRow]
    eras: list[EraRow]
    modest: list[ModestRow]


class PeakDocument(_Document):
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


class PriceDocument(_Document):
    """What one unit cost in USD; per hour where the kind is cloud."""

    usd: float
    kind: PriceKind
    date: str
    provider: str
    term: str
    source: str
    where: str
    verified: bool


class FactsDocument(_Document):
    """Where facts that are no rates were read."""

    source: str
    where: str
    verified: bool


class MeasuredPowerDocument(FactsDocument):
    """Power in use, of one unit."""

    mean_watt: float
    least_watt: float | None
    most_watt: float | None


class CitedDocument(_Document):
    """A source by its title and address."""

    title: str
    url: str
    grade: Grade


class ChipRecord(_Document):
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


class ChipDocument(ChipRecord):
    """`comptometer chips show NAME --json`, where the name is that of one chip."""

    schema_: Literal["comptometer/chip/1"] = Field(alias="schema")
    data_version: str
    sources_cited: dict[str, CitedDocument]


class ChipFamilyDocument(_Document):
    """`comptometer chips show NAME --json`, where several chips share the name."""

    schema_: Literal["comptometer/chip-family/1"] = Field(alias="schema")
    data_version: str
    name: str
    reason: str
    chips: list[ChipRecord]
    sources_cited: dict[str, CitedDocument]


DOCUMENTS: Mapping[str, type[BaseModel]] = {
    "chip": ChipFile,
    "chip-family": ChipFamilyDocument,
    "chip-record": ChipDocument,
    "data-export": DataExportDocument,
    "dossier": DossierFile,
    "estimate": EstimateDocument,
    "model": ModelDocument,
    "model-comparison": ModelComparisonDocument,
    "replicate": ReplicateDocument,
    "source": SourceFile,
}
