"""The compute report: what `comptometer report make` writes, and `report verify` reads."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from comptometer.documents import Document, Quantiles, Quantity, document
from comptometer.documents.thresholds import CheckedRow, DeadlineDocument
from comptometer.law import Activity, Ground
from comptometer.law import Reading as Read


class ReportCompute(Quantity):
    """The training compute, and with two significant figures."""

    rounded: str
    pfs_days: Quantiles


class People(Document):
    """Who answers for it."""

    preparer: str
    reviewer: str
    contact: str
    note: str


class ReportBase(Document):
    """A model that it was made from."""

    name: str
    relation: Literal["modified", "initialised", "merged", "teacher"]


class ReportModel(Document):
    """The model; `stated` has the figures that count, as they were written."""

    name: str
    developer: str
    published: str | None
    domain: list[str]
    basis: str
    stated: dict[str, str]
    bases: list[ReportBase]


class ReportPart(Document):
    """One thing that was computed; `flop` is null where nobody says it, or the public does not read it."""

    id: str
    name: str
    activity: Activity
    stated: bool
    own: bool
    flop: Quantity | None
    formula: str
    claims: list[str]


class ReadingLine(Document):
    """How a regulation reads a part."""

    part: str
    name: str
    activity: Activity
    reading: Read
    basis: Ground
    citation: str
    reason: str


class InChinese(Document):
    """What people read of the regulation in Chinese; `reasons` by activity."""

    title: str
    short: str
    deadlines: list[DeadlineDocument]
    reasons: dict[Activity, str]


class ReportReading(CheckedRow):
    """A regulation's reading of the model, line by line."""

    short: str
    counts_verified: bool
    tolerance: float | None
    note: str
    lines: list[ReadingLine]
    deadlines: list[DeadlineDocument]
    zh: InChinese


class EvidenceRow(Document):
    """A claim with its salted hash; `value` is null in a public version, where it is confidential."""

    id: str
    about: str
    value: str | None
    kind: Literal["stated", "derived", "assumed"]
    source: str
    where: str = ""
    verified: bool
    tag: str = ""
    chip: str = ""
    holds: str = ""
    note: str = ""
    aside: str = ""
    from_: list[str] = Field(default=[], alias="from")
    confidential: bool
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class ReportSource(Document):
    """Who says it."""

    id: str
    title: str
    url: str
    grade: str
    published: str
    licence: str


class Notification(Document):
    """The paragraph for the AI Office."""

    flop_2sf: str
    approach: str
    text: str


class Disclosures(Document):
    """What notices and forms ask for; `mdf` has the rows of the form by who reads them."""

    eu_notification: Notification | None
    mdf: dict[Literal["AIO", "NCA", "DP"], dict[str, Any]]


class ReportTool(Document):
    """What made it; `packs` are the hashes of the regulations' files."""

    name: str
    data_version: str
    packs: dict[str, str]


class Integrity(Document):
    """Hashes, over the canonical form; `whole` is that of the whole version of a public one."""

    canonicalisation: Literal["RFC 8785"]
    salt: str | None
    evidence_root: str
    ledger_head: str
    sha256: str
    whole: str | None = None
    signatures: list[dict[str, str]] = Field(default=[])


@document("report")
class ReportDocument(Document):
    """`comptometer report make SOURCE out.json`."""

    schema_: Literal["comptometer/report/1"] = Field(alias="schema")
    data_version: str
    as_of: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    status: Literal["planned", "running", "final", "external-estimate"]
    draft: bool
    problems: list[str]
    redaction: Literal["none", "public"]
    disclaimer: str
    people: People
    model: ReportModel
    compute: ReportCompute
    parts: list[ReportPart]
    readings: list[ReportReading]
    methods: dict[str, Any]
    missing: dict[str, list[str]]
    agreement: dict[str, Any]
    sensitivity: list[dict[str, Any]]
    warnings: list[str]
    none: list[Activity]
    confidential: list[str]
    evidence: list[EvidenceRow]
    sources: list[ReportSource]
    energy: dict[str, Quantity] | None
    disclosures: Disclosures
    input: dict[str, Any] | None
    tool: ReportTool
    integrity: Integrity


@document("report-verify")
class ReportVerifyDocument(Document):
    """`comptometer report verify FILE --json`."""

    schema_: Literal["comptometer/report-verify/1"] = Field(alias="schema")
    file: str
    holds: bool
    problems: list[str]
    checked: list[str]
    open: list[str]
