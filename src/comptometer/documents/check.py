"""The JSON of `comptometer check`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document

SeverityWord = Literal["error", "warning", "note"]


class FindingRow(Document):
    """What asks for a look: `factor` is what the suspect figure would be multiplied by, where one is suspected."""

    id: str
    severity: SeverityWord
    model: str
    name: str
    where: str
    text: str
    numbers: dict[str, float]
    factor: float | None
    suggestion: str


@document("check")
class CheckDocument(Document):
    """`comptometer check --json`."""

    schema_: Literal["comptometer/check/1"] = Field(alias="schema")
    data_version: str
    of: str
    data: str
    models: int
    counts: dict[SeverityWord, int]
    by_rule: dict[str, int]
    findings: list[FindingRow]


class RuleRow(Document):
    """A rule of plausibility."""

    id: str
    severity: SeverityWord
    looks_at: str
    settles: str


@document("check-rules")
class RulesDocument(Document):
    """`comptometer check --rules --json`."""

    schema_: Literal["comptometer/check-rules/1"] = Field(alias="schema")
    data_version: str
    rules: list[RuleRow]
