"""The JSON of `comptometer forecasts`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document


class FindingRow(Document):
    """One thing that was worked out: a value with its interval, or a day; null where the table cannot say."""

    what: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    day: str | None
    said: float | None


class ForecastRow(Document):
    """A forecast and how it did."""

    id: str
    who: str
    made: str
    said: str
    source: str
    url: str
    where: str
    verified: bool
    note: str
    findings: list[FindingRow]
    verdict: Literal["too fast", "about right", "too slow", "open"]
    basis: Literal["computed", "judged"]


@document("forecasts")
class ForecastsDocument(Document):
    """`comptometer forecasts --json`."""

    schema_: Literal["comptometer/forecasts/1"] = Field(alias="schema")
    data_version: str
    data: str
    forecasts: list[ForecastRow]
