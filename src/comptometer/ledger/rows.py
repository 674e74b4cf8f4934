"""What the rows of the ledger hold. No number is NaN; instants are in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Literal

Kind = Literal["text", "instant", "number", "count", "flag", "sum"]

UNFINISHED = frozenset(
    {
        "PENDING",
        "RUNNING",
        "SUSPENDED",
        "CONFIGURING",
        "COMPLETING",
        "RESIZING",
        "SIGNALING",
        "STAGE_OUT",
        "STOPPED",
        "CRASHED",
    }
)  # a record without an end may be of what still runs: one that has more, or the end, comes before it
COMPLETED = "COMPLETED"
EXTRA = "ledger"  # what is to be installed for all of this


@dataclass(slots=True, kw_only=True)  # not frozen: that makes each of a million take three times as long
class Job:
    """Chips of one type that one attempt of one job held. An attempt with chips of two types is two rows.

    Attributes:
        line: of the file, from 1, or the place in its list: where the evidence stands.
        key: tells one attempt from all others, the same in every export that has it.
        cluster: where it ran; `job` is its number there, as people write it.
        submitted, started, ended: in UTC; `started` is None for what never started, `ended` for what still runs.
        seconds: for which it held its chips, without those in which it was suspended; negative where a bill takes
            hours of an earlier period back.
        elapsed_seconds: from start to end as the source says; suspended_seconds: those of them that do not count.
        step_seconds: of its longest step, where the source has steps: what the chips were held for beyond it is idle.
        chips: how many; a part of one counts as that part.
        chip_name: as the source writes it; empty where it does not say.
        outcome: the state in which it is or ended, in capitals.
        utilization, mfu, hfu: shares of the peak that the source states: of the whole job; in-run without and with
            recomputation.
        allocation: the scheduler's name of the job, where a witness of another kind knows it: what both say is one
            attempt.
        flop: model FLOP that the source itself counted for this attempt, of all chips of this row together.
    """

    line: int
    key: str
    cluster: str = ""
    job: str
    name: str = ""
    user: str = ""
    project: str = ""
    partition: str = ""
    nodes: str = ""
    model: str = ""
    stage: str = ""
    run: str = ""
    comment: str = ""
    submitted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    seconds: float = 0.0
    elapsed_seconds: float | None = None
    suspended_seconds: float | None = None
    step_seconds: float | None = None
    chips: float = 0.0
    chip_name: str = ""
    outcome: str = ""
    utilization: float | None = None
    mfu: float | None = None
    hfu: float | None = None
    flop: float | None = None
    allocation: str = ""

    @property
    def moment(self) -> datetime | None:
        """What decides its month."""
        return self.started or self.submitted or self.ended

    @property
    def finished(self) -> bool:
        """Is this the last word on it?"""
        return self.outcome not in UNFINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One reading of one counter of one chip.

    Attributes:
        device: the chip's own number; `instance` that of a part of it.
        metric: `tensor_active`, `sm_active`, … (`METRICS`).
        value: a share between 0 and 1, or in the unit of the metric.
        job: that the source says ran on it.
    """

    line: int
    device: str
    instance: str = ""
    metric: str
    moment: datetime
    value: float
    cluster: str = ""
    node: str = ""
    chip_name: str = ""
    job: str = ""
    container: str = ""

    @property
    def key(self) -> str:
        """Tells it from all others."""
        return f"{self.device}/{self.instance}/{self.metric}/{self.moment.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """All readings of one counter of one chip in one hour of one import; made of them, said by no source.

    Attributes:
        moment: when the hour began, in UTC; first, last: of its readings.
        samples: how many there are; total, least, most: of their values.
        digest: of the readings, the same in any order; None where one may be there twice.
    """

    line: int
    device: str
    instance: str = ""
    metric: str
    moment: datetime
    cluster: str = ""
    node: str = ""
    chip_name: str = ""
    job: str = ""
    container: str = ""
    samples: int
    total: Decimal
    least: float
    most: float
    first: datetime
    last: datetime
    digest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Steps that one process of a recorded run did between two checkpoints, rewinds or ends.

    Attributes:
        key: of its first line; a longer version of it has a greater `last_seq`.
        job_key: of the `Job` of the process.
        launch: the same for processes that started together; parent: the attempt whose checkpoint it went on from.
        turn: how many rewinds its process had made before it; begins: the step that it went on from.
        committed: does a checkpoint that is whole end it?
        flop, hardware_flop: of the model, and with what was computed again.
        tokens: without padding; padded_tokens: with it.
        seconds: without those that are no training.
    """

    line: int
    key: str
    job_key: str
    run: str
    launch: str
    attempt: str
    parent: str = ""
    rank: int
    turn: int
    last_seq: int
    begins: int
    first_step: int
    last_step: int
    steps: int
    committed: bool
    moment: datetime
    flop: float
    hardware_flop: float
    tokens: int = 0
    padded_tokens: int = 0
    samples: int = 0
    seconds: float = 0.0
    energy_joule: float | None = None

    @property
    def cluster(self) -> str:
        """Stands on its job."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What somebody says of an attempt by hand; of one name the last counts, and an empty value takes it away.

    Attributes:
        line: place in the list of attempts; `key` of the `Job`.
    """

    line: int
    key: str
    name: str
    value: str = ""

    @property
    def cluster(self) -> str:
        """Stands on its job."""
        return ""

    @property
    def moment(self) -> datetime | None:
        """It is of no month."""
        return None


Row = Job | Sample | Hour | Stretch | Tag

_KINDS: Mapping[str, Kind] = {
    "str": "text", "int": "count", "int | None": "count", "float": "number", "float | None": "number", "bool": "flag",
    "datetime": "instant", "datetime | None": "instant", "Decimal": "sum",
}  # fmt: skip
EVIDENCE: Mapping[str, Kind] = {
    "source": "text", "month": "text", "evidence_id": "text", "evidence": "text", "source_sha256": "text",
    "import_number": "count", "first_row": "count", "last_row": "count",
}  # fmt: skip
DERIVED: Mapping[type[Row], Mapping[str, Kind]] = {
    Job: {"finished": "flag"}, Sample: {"key": "text"}, Hour: {}, Stretch: {}, Tag: {},
}  # fmt: skip
TABLES: Mapping[type[Row], str] = {
    Job: "jobs", Sample: "samples", Hour: "hours", Stretch: "stretches", Tag: "tags",
}  # fmt: skip


def columns(shape: type[Row]) -> dict[str, Kind]:
    """The columns of a table of the ledger: its evidence first, then what is said."""
    own = {field.name: _KINDS[str(field.type)] for field in fields(shape) if field.name != "line"}
    return {**EVIDENCE, **own, **DERIVED[shape]}


def names(shape: type[Row]) -> list[str]:
    """The columns that a row says, without those of its evidence."""
    return [name for name in columns(shape) if name not in EVIDENCE]


# What a metric is, and what it says of utilization: a figure of the hardware, never model FLOP over peak.
METRICS: Mapping[str, str] = {
    "tensor_active": "share of time in which the tensor pipe is busy, in any precision: hardware, not MFU",
    "sm_active": "share of time in which an SM has a warp: an upper bound",
    "sm_occupancy": "share of the warps that an SM can hold",
    "engine_active": "share of time in which the graphics or compute engine is busy: an upper bound",
    "gpu_utilization": "share of time in which some kernel runs: an upper bound, 2.4 to 3.1 times MFU",
    "fp64_active": "share of time in which the fp64 pipe is busy",
    "fp32_active": "share of time in which the fp32 pipe is busy",
    "fp16_active": "share of time in which the fp16 pipe is busy",
    "memory_active": "share of time in which the memory is busy",
    "memory_used": "bytes",
    "power": "W",
    "sm_clock": "MHz",
}
SHARES = frozenset(name for name, about in METRICS.items() if about.startswith("share"))
