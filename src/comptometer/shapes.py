"""Shapes of the files that come in, as pydantic models: the schema of a dossier, a chip, a source.

Only `store` uses them, to check; what goes on into the program are the frozen records.
JSON Schemas for editors are generated from here (`comptometer schema`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from comptometer.law import Activity
from comptometer.records import Directions, Grade, PriceKind
from comptometer.vocabulary import ABOUTS, DOMAINS, Format, Kind, Precision, Tag


def _one_line(text: str) -> str:
    """Refuse what would move a terminal's cursor or forge a line."""
    if not text.isprintable():
        raise ValueError("one line of printable characters")
    return text


Line = Annotated[str, AfterValidator(_one_line), Field(max_length=2000)]
Text = Annotated[Line, Field(min_length=1)]
About = Annotated[str, Field(json_schema_extra={"enum": list(ABOUTS)})]
Domain = Annotated[str, Field(json_schema_extra={"enum": list(DOMAINS)})]


def _worded(value: object) -> object:
    """Let a TOML number stand for its text: `value = 90`."""
    if isinstance(value, bool):
        return value
    return repr(value) if isinstance(value, int | float) else value


def _dated(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


Value = Annotated[Text, BeforeValidator(_worded)]
Dated = Annotated[str, BeforeValidator(_dated), Field(pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$")]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class SourceFile(_File):
    """A source: who said it, where to find it."""

    title: Text
    authors: list[Text] = []
    published: Dated = ""
    url: Line = Field(default="", pattern=r"^(https?://\S+)?$")
    grade: Grade = "primary"
    licence: Line = ""
    note: Line = ""


class ClaimRow(_File):
    """One cited statement."""

    about: About
    value: Value
    kind: Kind = "stated"
    source: Text
    where: Line = ""
    tag: Tag | None = None
    chip: Text | None = None
    holds: Annotated[Line, BeforeValidator(_worded)] = ""
    from_: list[Text] = Field(default=[], alias="from")
    verified: bool = True
    note: Line = ""


class LedgerRow(_File):
    """A ledger and the rules for it, and which of its attempts are meant, as `ledger total --where` has them."""

    path: Text
    rules: Line = ""
    model: str | None = None
    stage: str | None = None
    run: str | None = None
    month: str | None = None
    chip: str | None = None
    outcome: str | None = None
    project: str | None = None
    user: str | None = None
    cluster: str | None = None
    partition: str | None = None
    source: str | None = None
    evidence: str | None = None
    tags: dict[str, str] = {}


def _by_path(value: Any) -> Any:
    """A path alone is all of that ledger."""
    return {"path": value} if isinstance(value, str) else value


OneLedger = Annotated[LedgerRow, BeforeValidator(_by_path, json_schema_input_type=str | LedgerRow)]


class StageRow(_File):
    """A part of the job, or a hardware segment; stages add up. `ledger` says which attempts were this part."""

    name: Text
    kind: Line = ""
    start: date | None = None
    end: date | None = None
    claims: list[ClaimRow] = []
    ledger: OneLedger | None = None


class BaseRow(_File):
    """A model whose weights or outputs this one was made from.

    `model` is one of the catalogue; or claims say what it took; or nobody knows. `relation`: modified by another actor,
    initialised from it or merged with it by its own provider, or a teacher.
    """

    name: Text
    relation: Literal["modified", "initialised", "merged", "teacher"]
    model: Line = ""
    systemic_risk: bool = False
    claims: list[ClaimRow] = []


class ReportRow(_File):
    """What a compute report says beside the numbers.

    `none`: activities that were not done at all; `confidential`: what claims are about that the public does not read;
    `salt`: at least 32 characters of chance, with which it is hashed.
    """

    status: Literal["planned", "running", "final", "external-estimate"] = "external-estimate"
    preparer: Line = ""
    reviewer: Line = ""
    contact: Line = ""
    none: list[Activity] = []
    confidential: list[About] = []
    salt: Annotated[Line, Field(min_length=32)] | None = None
    note: Line = ""


class ActivityRow(_File):
    """What was computed for the model beside its training, of a kind that laws know; by claims or by a ledger."""

    name: Text
    kind: Activity
    start: date | None = None
    end: date | None = None
    claims: list[ClaimRow] = []
    ledger: OneLedger | None = None


class DossierFile(_File):
    """What is claimed about one model."""

    name: Text
    developer: Line = ""
    published: date
    domain: list[Domain] = []
    notable: bool = False
    base_model: Line = ""
    aliases: list[Text] = []
    references: list[Text] = []
    note: Line = ""
    claims: list[ClaimRow] = []
    stages: list[StageRow] = []
    activities: list[ActivityRow] = []
    bases: list[BaseRow] = []
    report: ReportRow | None = None
    ledger: OneLedger | None = None
    sources: dict[str, SourceFile] = {}


class _CitedRow(_File):
    """Something read somewhere; `verified` unless it was only read second-hand."""

    source: Text
    where: Line = ""
    verified: bool = True


class PeakRow(_CitedRow):
    """A chip's highest rate in one number format; `as_of` where its vendor gave another one before or after."""

    precision: Format
    value: Text
    sparse: bool = False
    clock: Literal["base", "boost", "unstated"] = "unstated"
    headline: bool = False
    path: Literal["vector", "matrix", "unstated"] = "unstated"
    accumulate: Literal["fp32", "fp16", "unstated"] = "unstated"
    as_of: Dated = ""


class FactsRow(_CitedRow):
    """Where the facts of a chip that are not peaks were read; `where` says which."""


class PowerRow(_CitedRow):
    """Power that somebody measured in use."""

    mean: Text
    least: Line = ""
    most: Line = ""


class PriceRow(_CitedRow):
    """What one unit cost: a sum to buy it, or a sum per hour (`2 USD/h`) to rent it."""

    value: Text
    kind: PriceKind
    date: Dated = Field(min_length=4)
    provider: Line = ""
    term: Line = ""


class ChipFile(_File):
    """A chip: identity, dates, clocks, memory, links, power, prices, peaks."""

    name: Text
    vendor: Text
    family: Text
    kind: Literal["gpu", "tpu", "cpu", "accelerator"]
    aliases: list[Text] = []
    shared_names: list[Text] = []
    form_factor: Line = ""
    unit: Literal["chip", "package", "board", "system"] = "chip"
    dies_per_unit: int = Field(default=1, ge=1)
    devices_per_unit: int = Field(default=1, ge=1)
    announced: date | None = None
    available: date | None = None
    default_precision: list[Precision]
    process_nm: float | None = Field(default=None, gt=0)
    cores: int | None = Field(default=None, ge=1)
    base_mhz: float | None = Field(default=None, gt=0)
    boost_mhz: float | None = Field(default=None, gt=0)
    shader_mhz: float | None = Field(default=None, gt=0)
    tdp: Line = ""
    memory: Line = ""
    memory_bandwidth: Line = ""
    scale_up: Line = ""
    scale_up_directions: Directions = "unstated"
    note: Line = ""
    measured_power: PowerRow | None = None
    peaks: list[PeakRow] = Field(min_length=1)
    prices: list[PriceRow] = []
    sources: list[FactsRow] = []


class AssumptionRow(_File):
    """A default, with where it applies."""

    id: Text
    about: Text
    value: Value
    spread_dex: float | None = Field(default=None, gt=0)
    within: tuple[float, float] | None = Field(default=None, strict=False)
    source: Text
    where: Line = ""
    note: Line = ""
    verified: bool = True
    per_model: bool = False
    families: list[Text] = []
    kinds: list[Text] = []
    domains: list[Domain] = []
    names: list[Line] = []
    sparse: bool | None = None
    least_parameters: Value = "0"
    most_parameters: Value = ""
    before: date | None = None


class AssumptionsFile(_File):
    """All defaults."""

    assumptions: list[AssumptionRow]
