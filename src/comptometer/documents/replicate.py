"""The JSON of `comptometer replicate openai-2018`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document

Calculated = Literal["hardware-time", "operations", "reported"]


class FittedRow(Document):
    """A fitted quantity: least squares, and the quantiles of the resampling."""

    estimate: float | None
    p5: float | None
    p50: float | None
    p95: float | None


class FigureRow(Document):
    """A published figure beside the obtained one."""

    id: str
    text: str
    published: float
    obtained: float
    ratio: float
    unit: str
    verdict: Literal["matches", "rounding", "differs"]


class Resampling(Document):
    """How an interval was made."""

    draws: int
    unit: Literal["model", "organization"]


class FitRow(Document):
    """A line through log2 of compute over time."""

    doubling_months: FittedRow
    doubling_days: FittedRow
    growth_per_year: FittedRow
    published_doubling_months: float
    n: int
    r2: float
    residual_sd_log2: float
    resampling: Resampling


class PointRow(Document):
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


class CalculationRow(Document):
    """A printed calculation."""

    model: str
    method: Calculated
    printed_pfs_days: float
    recomputed_pfs_days: float
    ratio: float
    verdict: Literal["matches", "rounding", "slip"]
    formula: str
    claims: list[str]


class CountRow(Document):
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


class ConsistencyRow(Document):
    """Hardware-time over operations of one model."""

    model: str
    ratio_printed: float
    ratio_recomputed: float


class LeaveOneOutRow(Document):
    """The doubling time without one model."""

    model: str
    doubling_months: float


class GrowthRow(Document):
    """From the first to the largest point."""

    from_: str = Field(alias="from")
    to: str
    ratio: float
    published: float
    days: int
    months: float


class EraRow(Document):
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


class ModestRow(Document):
    """An influential result of modest compute."""

    model: str
    date: str
    pfs_days: str
    upper_bound: bool


@document("replicate")
class ReplicateDocument(Document):
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
