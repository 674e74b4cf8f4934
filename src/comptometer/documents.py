"""Shapes of the JSON that goes out, as pydantic models: what scripts may rely on (`comptometer schema`).

The program builds plain objects; the tests hold every one of them against these shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from comptometer.shapes import ChipFile, DossierFile, SourceFile

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


class VintageRow(_Document):
    """What is written down about a vintage."""

    id: str
    title: str
    publisher: str
    address: str
    obtained: str
    date: str
    retrieved: str | None
    licence: str
    credit: str
    reader: str
    layout: str
    dollars: int | None
    upstream_file: str
    upstream_sha256: str
    rows: int
    sha256: str
    shipped: bool


class DataListDocument(_Document):
    """`comptometer data list --json`."""

    schema_: Literal["comptometer/data-list/1"] = Field(alias="schema")
    data_version: str
    default: str
    vintages: list[VintageRow]


class ProblemRow(_Document):
    """Something wrong in a table; line 1 is the header."""

    line: int
    column: str
    value: str
    wrong: str
    effect: Literal["row left out", "cell dropped", "kept"]


class DataImportDocument(_Document):
    """`comptometer data import --json`."""

    schema_: Literal["comptometer/data-import/1"] = Field(alias="schema")
    data_version: str
    id: str
    date: str
    layout: str
    encoding: str
    rows: int
    rows_left_out: int
    sha256: str
    upstream_sha256: str
    path: str | None
    written: bool
    problems: list[ProblemRow]


class VerifiedRow(_Document):
    """A vintage compared with what is written down about it."""

    id: str
    ok: bool
    problems: list[str]


class DataVerifyDocument(_Document):
    """`comptometer data verify --json`."""

    schema_: Literal["comptometer/data-verify/1"] = Field(alias="schema")
    data_version: str
    vintages: list[VerifiedRow]


class DifferenceRow(_Document):
    """A model that differs between two vintages; figures in the unit of the quantity."""

    kind: Literal["changed", "renamed", "added", "removed"]
    model: str
    was: str
    organization: str
    old: float | None
    new: float | None
    ratio: float | None
    reason: str


class DataDiffDocument(_Document):
    """`comptometer data diff --json`."""

    schema_: Literal["comptometer/data-diff/1"] = Field(alias="schema")
    data_version: str
    old: str
    new: str
    quantity: str
    counts: dict[Literal["changed", "renamed", "added", "removed"], int]
    differences: list[DifferenceRow]


DOCUMENTS: Mapping[str, type[BaseModel]] = {
    "chip": ChipFile,
    "data-diff": DataDiffDocument,
    "data-import": DataImportDocument,
    "data-list": DataListDocument,
    "data-verify": DataVerifyDocument,
    "dossier": DossierFile,
    "estimate": EstimateDocument,
    "replicate": ReplicateDocument,
    "source": SourceFile,
}
