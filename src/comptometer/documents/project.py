"""The JSON of `comptometer project`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document


class FanRow(Document):
    """Quantiles of one quantity."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


class LevelRow(FanRow):
    """Compute at the start, and where it comes from."""

    unit: Literal["FLOP"]
    from_: str = Field(alias="from")


class GrowthRow(FanRow):
    """A factor a year, and where it comes from."""

    from_: str = Field(alias="from")


class SplitRow(Document):
    """Factors a year that multiply to the growth."""

    price: FanRow | None = None
    duration: FanRow | None = None
    spending: FanRow | None = None


class StartRow(Document):
    """Where the trend starts."""

    year: float
    last: str
    level: LevelRow
    growth_per_year: GrowthRow
    split: SplitRow


class PathsRow(Document):
    """One quantity without limits, with hard and with soft ones."""

    trend: FanRow
    hard: FanRow
    soft: FanRow


class YearRow(PathsRow):
    """Compute (FLOP) and its price on one day, and the probability that each limit is what holds it down."""

    year: float
    spending_usd: PathsRow | None
    binds: dict[str, float]


class AllowsRow(FanRow):
    """What a limit allows one run on one day, in FLOP."""

    year: float


class CrossedRow(Document):
    """The year in which the trend first meets a limit; null where that is after the last year."""

    p5: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p95: float | None
    probability: float


class LimitRow(Document):
    """A limit, what it allows, and when the trend meets it."""

    id: str
    label: str
    kind: Literal["hard", "soft"]
    included: bool
    factor: str
    source: str
    where: str
    growth_source: str
    growth_where: str
    verified: bool
    note: str
    crossed: CrossedRow
    allows: list[AllowsRow]


class ReachedRow(Document):
    """Probability of at least so much compute on one day."""

    year: float
    trend: float
    hard: float
    soft: float


class MedianYear(Document):
    """The year in which the median gets there; null where it does not."""

    trend: float | None
    hard: float | None
    soft: float | None


class ThresholdRow(Document):
    """An amount of compute: how probable by when."""

    flop: float
    probability: list[ReachedRow]
    median_year: MedianYear


class QuestionRow(Document):
    """What was asked."""

    to: int
    preset: str
    limits_file: str | None
    without: list[str]
    only: list[str]
    with_: list[str] = Field(alias="with")
    rho: float
    theta: str
    draws: int
    bias_dex: float
    correction: bool


@document("projection")
class ProjectionDocument(Document):
    """`comptometer project --json`; years are decimals, and whole numbers are the first of January."""

    schema_: Literal["comptometer/projection/1"] = Field(alias="schema")
    data_version: str
    question: QuestionRow
    start: StartRow
    years: list[YearRow]
    limits: list[LimitRow]
    thresholds: list[ThresholdRow]
