"""The shape of the file of a regulation, as pydantic models: lines, dates, and what counts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from comptometer.law import Activity, Ground, Jurisdiction, Operator, Reading, RegulationKind, RegulationStatus
from comptometer.shapes import Line, Text, _File


class CountedRow(_File):
    """Does an activity belong to the compute that a regulation means, and on what ground?"""

    activity: Activity
    reading: Reading
    basis: Ground
    citation: Line = ""
    reason: Line = ""


class LineRow(_File):
    """An amount and on which side of it something applies."""

    operator: Operator
    threshold: float = Field(gt=0, strict=False, allow_inf_nan=False)
    unit: Text
    quantity: Line = ""


class AlternativeRow(_File):
    """Other lines of the same regulation, all of which have to be crossed, and when they apply."""

    when: Text
    limits: list[LineRow] = Field(min_length=1)


class FallbackRow(_File):
    """The amount that stands in for a share of something that nobody knows."""

    when: Text
    threshold: float = Field(gt=0, strict=False, allow_inf_nan=False)
    exact: Text
    systemic_risk: bool


class DatedRow(_File):
    """What begins on a day."""

    on: date
    what: Text


class DeadlineRow(_File):
    """What has to be done within a time."""

    what: Text
    within: Text
    citation: Line = ""


class TermRow(_File):
    """A deadline in Chinese."""

    what: Text
    within: Text


class ExampleRow(_File):
    """A chip set against a line about chips."""

    chip: Text
    tflop_per_second: float = Field(gt=0, strict=False)
    bits: int = Field(gt=0)
    tpp: float = Field(gt=0, strict=False)


class ChineseRow(_File):
    """What people read of it, in Chinese; lists as long as the English ones, reasons for those that have one."""

    title: Text
    short: Text
    status_note: Line = ""
    conditions: list[Text] = Field(default=[])
    dates: list[Text] = Field(default=[])
    deadlines: list[TermRow] = Field(default=[])
    reasons: dict[Activity, Line] = Field(default={})


class RegulationFile(_File):
    """A regulation that draws a line by compute, or is known for drawing none.

    `threshold` is the amount, or `threshold_fraction` the share of what `relative_to` names; `counts` says of every
    activity whether it belongs to the quantity (what is not listed is ambiguous, never left out); `verified` is about
    operator and amount, as `verified_scope` may say more exactly, `counts_verified` about these readings.
    """

    title: Text
    short: Text
    law: Text
    jurisdiction: Jurisdiction
    kind: RegulationKind
    quantity: Text
    operator: Operator | None = None
    threshold: float | None = Field(default=None, gt=0, strict=False, allow_inf_nan=False)
    threshold_fraction: tuple[int, int] | None = Field(default=None, strict=False)
    relative_to: Line = ""
    unit: Text
    operations: list[Literal["integer", "floating-point"]] = Field(default=[])
    status: RegulationStatus
    status_note: Line = ""
    in_force_from: date | None = None
    in_force_until: date | None = None
    conditions: list[Text] = Field(default=[])
    source: Line = Field(pattern=r"^https?://\S+$")
    more_sources: list[Annotated[Line, Field(pattern=r"^https?://\S+$")]] = Field(default=[])
    source_kind: Literal["primary text", "secondary source", "unverified"]
    primary_text: Line = ""
    verified: bool
    verified_scope: Line = ""
    counts_verified: bool
    tolerance: float | None = Field(default=None, gt=0, lt=1)
    tolerance_of: Line = ""
    precision_weighting: Line = ""
    rounding: Line = ""
    methods: list[Text] = Field(default=[])
    note: Line = ""
    counts_citation: Line = ""
    counts: list[CountedRow] = Field(default=[])
    dates: list[DatedRow] = Field(default=[])
    deadlines: list[DeadlineRow] = Field(default=[])
    fallbacks: list[FallbackRow] = Field(default=[])
    alternatives: list[AlternativeRow] = Field(default=[])
    examples: list[ExampleRow] = Field(default=[])
    zh: ChineseRow

    @model_validator(mode="after")
    def _coherent(self) -> RegulationFile:
        amounts = sum(amount is not None for amount in (self.threshold, self.threshold_fraction))
        if amounts != (self.kind != "no-compute-threshold") or bool(amounts) != (self.operator is not None):
            raise ValueError("one of threshold and threshold_fraction with an operator, or none where it draws no line")
        if bool(self.threshold_fraction) != bool(self.relative_to):
            raise ValueError("threshold_fraction and relative_to together")
        named = [row.activity for row in self.counts]
        if len(named) != len(set(named)):
            raise ValueError("every activity once in counts")
        lists = ("conditions", "dates", "deadlines")
        if any(len(getattr(self.zh, name)) != len(getattr(self, name)) for name in lists):
            raise ValueError("as many conditions, dates and deadlines in zh as in English")
        if strange := self.zh.reasons.keys() - {row.activity for row in self.counts if row.reason}:
            raise ValueError(f"zh.reasons: {', '.join(sorted(strange))} have no reason in English")
        return self
