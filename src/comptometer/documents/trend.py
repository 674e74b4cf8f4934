"""The JSON of `comptometer trend`, and of studies whose results are growth rates."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.documents.effective import RateRow
from comptometer.documents.replicate import FittedRow


class QuestionRow(Document):
    """What was asked, with every definition."""

    id: str
    quantity: str
    unit: str
    data: str
    values: Literal["reported", "estimated"]
    method: str
    options: dict[str, Any]
    by: Literal["organization", "model"]
    draws: int
    noise: bool
    select: str
    of_all: bool
    top: int
    since: str | None
    until: str | None
    organization: str
    country: str
    domain: str
    confidence: list[str]
    open_weights: bool | None
    fine_tunes: bool
    without: list[str]


class ObservationRow(Document):
    """A point of a trend; `spread` is the standard deviation of its decimal logarithm."""

    name: str
    day: str
    value: float
    organization: str
    spread: float


class SegmentRow(Document):
    """A straight line from one day to another."""

    first: str
    last: str
    growth_per_year: FittedRow
    doubling_months: FittedRow


class BreakRow(Document):
    """A day between two lines, with its 90% interval."""

    day: str
    p5: str
    p95: str
    identified: bool
    why: str


class Ends(Document):
    """A value with the ends of its 90% interval."""

    estimate: float
    p5: float
    p95: float


class LevelRow(Document):
    """The line on its last day, as seen and corrected for the winner's curse."""

    day: str
    bias_dex: float
    slope_bias_dex_per_year: float
    seen: float
    corrected: Ends


class WithoutRow(Document):
    """Growth without one organization or model: the lowest and the highest of these."""

    left_out: str
    growth_per_year: float


class ResamplingRow(Document):
    """How often what is drawn anew."""

    draws: int
    unit: Literal["model", "organization"]


class SingleRow(Document):
    """Ends of the 90% interval of one new point."""

    p5: float
    p95: float


class PredictionRow(Document):
    """The line on a day that was asked for, and where a single new point would lie."""

    day: str
    years_from_the_data: float
    unit: str
    mean: FittedRow
    single: SingleRow


class EffectiveGrowthRow(Document):
    """Growth of effective compute: the physical one times what algorithms gain in a year."""

    growth_per_year: FittedRow
    gain_per_year: FittedRow
    rate: RateRow
    warnings: list[str]


@document("trend")
class TrendDocument(Document):
    """`comptometer trend --json`."""

    schema_: Literal["comptometer/trend/1"] = Field(alias="schema")
    data_version: str
    data: str
    quantity: str
    select: Literal["all", "notable", "frontier", "record", "large-scale", "regular-scale"]
    since: str | None
    until: str | None
    method: str
    values: Literal["reported", "estimated"]
    month_days: float
    resampling: ResamplingRow
    question: QuestionRow
    n: int
    organizations: int
    first: str
    last: str
    growth_per_year: FittedRow
    doubling_months: FittedRow
    r2: float
    residual_sd_dex: float
    segments: list[SegmentRow]
    breaks: list[BreakRow]
    unidentified: list[BreakRow]
    bic: dict[str, float]
    notes: list[str]
    level: LevelRow | None
    prediction: PredictionRow | None
    effective: EffectiveGrowthRow | None
    without_one: list[WithoutRow]
    excluded: dict[str, int]
    missing_by_year: dict[str, float]
    points: list[ObservationRow] | None = None


class ObtainedRow(Document):
    """What one table gives for a target, with its interval."""

    data: str
    n: int
    estimate: float
    low: float
    high: float
    verdict: Literal["reproduced", "compatible", "differs"]


class TargetRow(Document):
    """A published figure, the question that it answers, and what was obtained."""

    id: str
    text: str
    measure: str
    published: float
    published_low: float | None
    published_high: float | None
    published_n: int | None
    question: dict[str, Any]
    obtained: list[ObtainedRow]
    verdict: Literal["reproduced", "compatible", "differs"]
    expected: bool
    why: str


@document("replication")
class ReplicationDocument(Document):
    """`comptometer replicate --json` of a study whose results are growth rates."""

    schema_: Literal["comptometer/replication/1"] = Field(alias="schema")
    data_version: str
    study: str
    title: str
    source: str
    interval: float
    targets: list[TargetRow]


class VariantRow(Document):
    """The question with one definition changed."""

    group: str
    label: str
    n: int | None
    growth_per_year: FittedRow | None
    doubling_months: FittedRow | None
    problem: str


@document("sensitivity")
class SensitivityDocument(Document):
    """`comptometer trend --sensitivity --json`."""

    schema_: Literal["comptometer/sensitivity/1"] = Field(alias="schema")
    data_version: str
    question: str
    quantity: str
    rows: list[VariantRow]
