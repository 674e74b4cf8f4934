"""What adds up over attempts, and in which order: sums of one group of a ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from comptometer.ledger import expressions
from comptometer.ledger.flop import ASSUMED, COUNTED, Rate, counted, hours
from comptometer.quantity import Estimate, summed

Key = tuple[Any, ...]  # values of what is summed by


@dataclass(slots=True)
class Sum:
    """What adds up over the attempts of one group."""

    jobs: int = 0
    held: int = 0
    completed: int = 0
    stated: int = 0
    outcomes: int = 0
    evidence: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    flop: list[Estimate] = field(default_factory=list)
    flop_completed: list[Estimate] = field(default_factory=list)
    kept: int | None = None

    def add(self, row: Mapping[str, Any], worth: Rate | None) -> None:
        """One row of `expressions.hours`."""
        self.outcomes += row["outcomes"]
        if row["basis"] == COUNTED:
            self.flop.append(counted(row["counted"]))
            self.flop_completed.append(counted(row["counted_completed"]))
        if not row["held"]:
            return
        self.held += row["held"]
        self.completed += row["held_completed"]
        self.stated += row["held"] if row["basis"] != ASSUMED else 0
        self.evidence[row["evidence"]] += row["held"]
        if worth:
            self.flop.append(worth.of(row["held"], row["used"]))
            self.flop_completed.append(worth.of(row["held_completed"], row["used_completed"]))

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of `ledger total`."""
        spent, completed = summed(self.flop), summed(self.flop_completed)
        return {
            "jobs": self.jobs,
            "chip_hours": hours(self.held),
            "chip_hours_completed": hours(self.completed) if self.outcomes else None,
            "flop": spent.to_dict() if spent else None,
            "flop_completed": completed.to_dict() if completed and self.outcomes else None,
            "flop_kept": counted(self.kept).to_dict() if self.kept is not None else None,
            "utilization_evidence": self.stated / self.held if self.held else 0.0,
            "evidence": {name: hours(held) for name, held in sorted(self.evidence.items())},
        }


def named(by: Sequence[str], key: Key, group: Sum) -> dict[str, Any]:
    """A group with the values that it is the sum of."""
    names = dict(zip(by, key, strict=True))
    return names | group.to_dict() | names  # a sum by evidence says which, in place of hours by evidence


def short(found: Mapping[str, Any]) -> dict[str, Any]:
    """Of a sum, what is said of witnesses that are not added."""
    return {name: found[name] for name in ("jobs", "chip_hours", "flop")}


def key_of(row: Mapping[str, Any], by: Iterable[str]) -> Key:
    """The group that a row belongs to."""
    return tuple(row[expressions.column(name)] for name in by)


def order(row: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """By what rows are sorted before they are summed, so that the bytes of a result are always the same."""
    return [(value is None, str(value)) for value in row.values() if not isinstance(value, float)]


def middle(steps: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Of rows of `Book.utilizations` with one kind of statement: the step that holds the middle chip-hour."""
    half, passed = sum(row["chip_hours"] for row in steps) / 2, 0.0
    for row in steps:
        passed += row["chip_hours"]
        if passed >= half:
            break
    return row["from"], row["to"]
