"""The JSON of `comptometer data`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document


class VintageRow(Document):
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


@document("data-list")
class DataListDocument(Document):
    """`comptometer data list --json`."""

    schema_: Literal["comptometer/data-list/1"] = Field(alias="schema")
    data_version: str
    default: str
    vintages: list[VintageRow]


class ProblemRow(Document):
    """Something wrong in a table; line 1 is the header."""

    line: int
    column: str
    value: str
    wrong: str
    effect: Literal["row left out", "cell dropped", "kept"]


@document("data-import")
class DataImportDocument(Document):
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
    problems_found: int  # of which the first 100,000 are in `problems`
    problems: list[ProblemRow]


class VerifiedRow(Document):
    """A vintage compared with what is written down about it."""

    id: str
    ok: bool
    problems: list[str]


@document("data-verify")
class DataVerifyDocument(Document):
    """`comptometer data verify --json`."""

    schema_: Literal["comptometer/data-verify/1"] = Field(alias="schema")
    data_version: str
    vintages: list[VerifiedRow]


class DifferenceRow(Document):
    """A model that differs between two vintages; figures in the unit of the quantity."""

    kind: Literal["changed", "withdrawn", "renamed", "added", "removed"]
    model: str
    was: str
    organization: str
    old: float | None
    new: float | None
    ratio: float | None
    reason: str


@document("data-diff")
class DataDiffDocument(Document):
    """`comptometer data diff --json`."""

    schema_: Literal["comptometer/data-diff/1"] = Field(alias="schema")
    data_version: str
    old: str
    new: str
    quantity: str
    counts: dict[Literal["changed", "withdrawn", "renamed", "added", "removed"], int]
    differences: list[DifferenceRow]
