"""The JSON of `comptometer calibrate`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document


class ScoreDocument(Document):
    """What many trials show; `within_50` and `within_90` are shares of the truths in the central intervals."""

    n: int
    within_50: float
    within_90: float
    median_ratio: float
    median_fold: float
    sd_ln: float | None
    robust_sd_ln: float | None
    within_1_5x: float
    within_2x: float
    within_3x: float


class GroupRow(ScoreDocument):
    """The score of one group in one experiment."""

    experiment: str
    by: str
    group: str
    circular: bool
    cross_validated: ScoreDocument | None


class ExperimentRow(Document):
    """What is set against what."""

    id: str
    title: str
    against: str


class CurveRow(Document):
    """Share of the counts that central intervals of a nominal probability hold."""

    nominal: float
    observed: float
    cross_validated: float


class DefaultRow(Document):
    """A utilization default, and what the runs to which it applies reach; `refitted` from all of them."""

    default: str
    adopted: str
    runs: int
    families: int
    widened: int
    median: float
    refitted: float


class ConsistencyFigures(Document):
    """Shares within a factor, of 0.33 × chip-hours × peak over the count."""

    n: int
    median_ratio: float | None
    within_1_5x: float | None
    within_2x: float | None
    within_3x: float | None


class ConsistencyRow(ConsistencyFigures):
    """One set, and what was published about the like."""

    id: str
    where: str
    published: ConsistencyFigures | None


class RunRow(Document):
    """One curated run; `position` is the probability that hardware-time gives to values below the count."""

    id: str
    name: str
    family: str
    chip: str
    year: str
    time: str
    count: str
    default: str
    circular: bool
    flop: float
    ratio: float
    position: float
    ratio_cross_validated: float | None
    position_cross_validated: float | None


@document("calibrate")
class CalibrateDocument(Document):
    """`comptometer calibrate --json`."""

    schema_: Literal["comptometer/calibrate/1"] = Field(alias="schema")
    data_version: str
    data: str
    experiments: list[ExperimentRow]
    groups: list[GroupRow]
    curve: list[CurveRow]
    defaults: list[DefaultRow]
    consistency: list[ConsistencyRow]
    runs: list[RunRow]
