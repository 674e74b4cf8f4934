"""The JSON of `comptometer thresholds`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, Quantity, document
from comptometer.law import Activity, Ground, Jurisdiction, Operator, Reading, RegulationKind, RegulationStatus


class ThresholdRow(Document):
    """A regulation and its line: `value` in `unit`, or `fraction` of something else; null where it draws none."""

    id: str
    title: str
    law: str
    jurisdiction: Jurisdiction
    kind: RegulationKind
    quantity: str
    operator: Operator | None
    value: float | None
    fraction: str | None
    unit: str
    status: RegulationStatus
    status_note: str
    in_force_from: str | None
    in_force_until: str | None
    verified: bool
    source: str


Verdict = Literal["above", "undecided", "below"]


class Readings(Document):
    """A probability, with what a regulation leaves open read as left out and as counted."""

    low: float
    high: float


class CountedSums(Document):
    """What counts by the strict and by the inclusive reading; null where nothing does."""

    low: Quantity | None
    high: Quantity | None


class DriverRow(Document):
    """A claim's share of the uncertainty."""

    claim: str
    share: float


class CheckedRow(ThresholdRow):
    """A line, and whether a model is above it; nulls where it is none for this model.

    `limit` is what the `counted` compute is held against; figures within `tolerance_band` leave it open by the
    tolerance of the regulation alone; `gaps` count and nobody states them; `unknown` are parts without an estimate.
    """

    in_force: bool
    probability_above: Readings | None
    verdict: Verdict | None
    limit: Quantity | None
    limit_why: str
    counted: CountedSums
    tolerance_band: tuple[float, float] | None
    band_verdict: Verdict | None
    accuracy: Literal["within", "wider"] | None
    gaps: list[Activity]
    unknown: list[str]
    drivers: list[DriverRow]


class CountedDocument(Document):
    """Does an activity belong to the compute that is meant?"""

    activity: Activity
    reading: Reading
    basis: Ground
    citation: str
    reason: str


class LineDocument(Document):
    """An amount, and on which side of it something applies."""

    operator: Operator
    threshold: float
    unit: str
    quantity: str


class AlternativeDocument(Document):
    """Other lines of the same regulation."""

    when: str
    limits: list[LineDocument]


class FallbackDocument(Document):
    """The amount in place of a share of something unknown."""

    when: str
    threshold: float
    exact: str
    systemic_risk: bool


class DatedDocument(Document):
    """What begins on a day."""

    on: str
    what: str


class DeadlineDocument(Document):
    """What has to be done within a time."""

    what: str
    within: str
    citation: str


class ExampleDocument(Document):
    """A chip set against a line about chips."""

    chip: str
    tflop_per_second: float
    bits: int
    tpp: float


@document("thresholds")
class ThresholdsDocument(Document):
    """`comptometer thresholds list --json`."""

    schema_: Literal["comptometer/thresholds/1"] = Field(alias="schema")
    data_version: str
    thresholds: list[ThresholdRow]


@document("thresholds-check")
class ThresholdsCheckDocument(Document):
    """`comptometer thresholds check SOURCE --json`."""

    schema_: Literal["comptometer/thresholds-check/1"] = Field(alias="schema")
    data_version: str
    model: str
    compute: Quantity
    thresholds: list[CheckedRow]


@document("threshold")
class ThresholdDocument(ThresholdRow):
    """`comptometer thresholds show ID --json`: all that is on file."""

    schema_: Literal["comptometer/threshold/1"] = Field(alias="schema")
    data_version: str
    short: str
    relative_to: str
    operations: list[str]
    conditions: list[str]
    more_sources: list[str]
    source_kind: str
    primary_text: str
    verified_scope: str
    counts_verified: bool
    tolerance: float | None
    tolerance_of: str
    precision_weighting: str
    rounding: str
    methods: list[str]
    note: str
    counts: list[CountedDocument]
    dates: list[DatedDocument]
    deadlines: list[DeadlineDocument]
    fallbacks: list[FallbackDocument]
    alternatives: list[AlternativeDocument]
    examples: list[ExampleDocument]


class PlannedAmount(Document):
    """The most that stays below a line with the probability asked for; `rests_on` says how its compute is estimated."""

    what: Literal["tokens", "parameters", "chip_hours"]
    amount: float
    unit: str
    compute: Quantity
    rests_on: str


class PlannedMark(Document):
    """A reported figure at which something begins."""

    flop: float
    share: float
    what: str


@document("thresholds-plan")
class ThresholdsPlanDocument(Document):
    """`comptometer thresholds plan ID --json`."""

    schema_: Literal["comptometer/thresholds-plan/1"] = Field(alias="schema")
    data_version: str
    regulation: ThresholdRow
    probability: float
    spent: float
    amounts: list[PlannedAmount]
    marks: list[PlannedMark]
