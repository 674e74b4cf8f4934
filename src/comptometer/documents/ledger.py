"""What `comptometer ledger` prints."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from comptometer.documents import Document, Quantity, document


class LineProblem(Document):
    """A line that was not read; of lists in JSON, the place in the list."""

    line: int
    text: str


class LeftOutRow(Document):
    """Lines that are no rows, and why."""

    reason: str
    lines: int


class ImportedFile(Document):
    """What became of a file."""

    file: str
    kind: str
    sha256: str
    number: int | None
    known_as: int | None
    jobs: int
    rows: dict[str, int]
    left_out: list[LeftOutRow]
    wrong: int
    problems: list[LineProblem]
    notes: list[str]


class RefusedFile(Document):
    """A file that could not be read at all."""

    file: str
    why: str


@document("ledger-import")
class LedgerImportDocument(Document):
    """`comptometer ledger import`."""

    schema_: Literal["comptometer/ledger-import/1"] = Field(alias="schema")
    data_version: str
    ledger: str
    dry_run: bool
    files: list[ImportedFile]
    refused: list[RefusedFile]


class RuleUsed(Document):
    """A rule by its place in the file, what it gives, and how many attempts it took."""

    rule: int
    model: str | None = None
    stage: str | None = None
    run: str | None = None
    jobs: int


class RulesUsed(Document):
    """The file of rules and its hash."""

    file: str
    sha256: str
    rules: list[RuleUsed]


@document("ledger-runs")
class LedgerRunsDocument(Document):
    """`comptometer ledger runs`."""

    schema_: Literal["comptometer/ledger-runs/1"] = Field(alias="schema")
    data_version: str
    runs: list[dict[str, Any]]
    rules: RulesUsed | None


@document("ledger-tag")
class LedgerTagDocument(Document):
    """`comptometer ledger tag`; `head` is the hash of the import that it became."""

    schema_: Literal["comptometer/ledger-tag/1"] = Field(alias="schema")
    data_version: str
    ledger: str
    tags: dict[str, str]
    attempts: int
    dry_run: bool
    head: str | None


class LedgerSum(Document):
    """What adds up.

    `flop_kept` is null where nobody says what is in the final weights, what completed where no source says an outcome.
    """

    jobs: int
    chip_hours: float
    chip_hours_completed: float | None
    flop: Quantity | None
    flop_completed: Quantity | None
    flop_kept: Quantity | None
    utilization_evidence: float
    evidence: dict[str, float]


class OtherWitness(Document):
    """What another kind of evidence says, perhaps of the same hours: it is in no sum."""

    evidence: str
    jobs: int
    chip_hours: float
    flop: Quantity | None


class UnmatchedChip(Document):
    """A name that means no chip; its hours are in no FLOP."""

    name: str
    chip_hours: float
    suggestions: list[str]
    reason: str


class ChipRate(Document):
    """What a chip-hour is worth; where utilization is stated, a chip-hour at the whole peak."""

    chip: str
    basis: str
    flop_per_chip_hour: Quantity
    formula: str
    claims: list[str]
    warnings: list[str]


class Counter(Document):
    """Readings of one counter, and what it says of utilization."""

    source: str
    metric: str
    samples: int
    devices: int
    mean: float
    least: float
    most: float
    chip: str
    means: str


@document("ledger-total")
class LedgerTotalDocument(Document):
    """`comptometer ledger total`; each row also has a key for each name in `by`."""

    schema_: Literal["comptometer/ledger-total/1"] = Field(alias="schema")
    data_version: str
    by: list[str]
    where: dict[str, str]
    rows: list[dict[str, Any]]
    total: LedgerSum
    not_added: list[OtherWitness]
    unmatched_chips: list[UnmatchedChip]
    rates: list[ChipRate]
    telemetry: list[Counter]
    rules: RulesUsed | None


@document("ledger-verify")
class LedgerVerifyDocument(Document):
    """`comptometer ledger verify`; `head` is the hash of the last import."""

    schema_: Literal["comptometer/ledger-verify/1"] = Field(alias="schema")
    data_version: str
    ledger: str
    imports: int
    files: int
    rows: int
    head: str | None
    problems: list[str]
    strays: list[str]
