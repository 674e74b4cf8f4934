"""Frozen shapes of what a regulation says about training compute. Reading the files is the work of `regulations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

Operator = Literal[">", ">="]
Reading = Literal["include", "ambiguous", "exclude"]
Ground = Literal["explicit", "silent", "inferred", "secondary", "unverified"]
Jurisdiction = Literal["EU", "KR", "US", "US-CA", "US-IL", "US-NY"]  # ISO 3166, and the Union
RegulationKind = Literal["training-compute", "relative-training-compute", "hardware", "no-compute-threshold"]
RegulationStatus = Literal["in force", "signed", "passed", "draft", "proposed", "rescinded", "revoked"]
Activity = Literal[
    "pretrain", "midtrain", "continued-pretrain", "sft", "preference", "rl-update", "rl-rollout", "other-capability",
    "synthetic-private", "synthetic-public", "merge-parent", "teacher-train", "teacher-forward", "reward-train",
    "reward-forward", "recomputation", "rolled-back", "abandoned-run", "ensemble-member", "evaluation", "exploration",
    "data-filter", "elementwise",
]  # fmt: skip
ACTIVITIES: Final[tuple[Activity, ...]] = get_args(Activity)
OPERATIONS: Final = frozenset({"FLOP", "operations"})  # units of a line that training compute can be held against


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Does an activity belong to the compute that a regulation means?

    Attributes:
        activity: what is done.
        reading: does it belong there?
        basis: on what ground; "silent" where the text says nothing.
        citation, reason: where that stands, and why.
    """

    activity: Activity
    reading: Reading
    basis: Ground
    citation: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    """A regulation that draws a line by compute, or is known for drawing none; fields as the file has them.

    Attributes:
        id: name of its file.
        title, short, law: what it is called, in a few words, and as one cites it.
        threshold: the amount in `unit`; nothing where it is a share of something else, or where there is none.
        counts: what belongs to the quantity, with its citation.
        dates, deadlines, fallbacks, alternatives, examples: rows of the file.
        zh: what people read, in Chinese.
    """

    id: str
    title: str
    short: str
    law: str
    jurisdiction: Jurisdiction
    kind: RegulationKind
    quantity: str
    operator: Operator | None
    threshold: float | None
    threshold_fraction: tuple[int, int] | None
    relative_to: str
    unit: str
    operations: Sequence[str]
    status: RegulationStatus
    status_note: str
    in_force_from: date | None
    in_force_until: date | None
    conditions: Sequence[str]
    source: str
    more_sources: Sequence[str]
    source_kind: Literal["primary text", "secondary source", "unverified"]
    primary_text: str
    verified: bool
    verified_scope: str
    counts_verified: bool
    tolerance: float | None
    tolerance_of: str
    precision_weighting: str
    rounding: str
    methods: Sequence[str]
    note: str
    counts: Sequence[Counted]
    dates: Sequence[Mapping[str, Any]]
    deadlines: Sequence[Mapping[str, Any]]
    fallbacks: Sequence[Mapping[str, Any]]
    alternatives: Sequence[Mapping[str, Any]]
    examples: Sequence[Mapping[str, Any]]
    zh: Mapping[str, Any]

    @property
    def line(self) -> float | None:
        """The amount of training compute at which something begins, in FLOP; nothing where the law draws another line.

        Laws that speak of operations mean integer ones as well; training compute here is floating-point.
        """
        return self.threshold if self.kind == "training-compute" and self.unit in OPERATIONS else None

    def counted(self, reading: Reading) -> list[Counted]:
        """The activities with this reading."""
        return [row for row in self.counts if row.reading == reading]
