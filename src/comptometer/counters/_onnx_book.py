"""What a walk through an ONNX graph has counted so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from comptometer.ops import Term, Uncounted


@dataclass(slots=True)
class Entry:
    """One product, times the rounds of the loops around it."""

    module: str
    operation: str
    flop: int
    calls: int = 1


@dataclass(slots=True)
class Missing:
    """One operator that is not counted, times the rounds of the loops around it."""

    operation: str
    reason: str
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the book."""

    entries: int
    missing: int


@dataclass(slots=True)
class Book:
    """Entries in the order of the walk."""

    entries: list[Entry] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, module: str, operation: str, flop: int) -> Entry:
        """Book one product."""
        self.entries.append(Entry(module, operation, flop))
        return self.entries[-1]

    def unknown(self, operation: str, reason: str) -> None:
        """Book an operator that is not counted."""
        self.missing.append(Missing(operation, reason))

    def mark(self) -> Mark:
        """The place that the book has come to."""
        return Mark(len(self.entries), len(self.missing))

    def since(self, mark: Mark) -> int:
        """FLOP booked since then."""
        return sum(entry.flop for entry in self.entries[mark.entries :])

    def back(self, mark: Mark) -> None:
        """Forget what was booked since then."""
        del self.entries[mark.entries :], self.missing[mark.missing :]

    @contextmanager
    def times(self, rounds: int) -> Iterator[None]:
        """What is booked inside is done so many times."""
        mark = self.mark()
        yield
        for entry in self.entries[mark.entries :]:
            entry.flop, entry.calls = entry.flop * rounds, entry.calls * rounds
        for missing in self.missing[mark.missing :]:
            missing.calls *= rounds

    def terms(self) -> list[Term]:
        """The work by module and operation, in the order of the graph."""
        rows: dict[tuple[str, str], list[int]] = {}
        for entry in self.entries:
            row = rows.setdefault((entry.module, entry.operation), [0, 0])
            row[0] += entry.calls
            row[1] += entry.flop
        return [
            Term(module=module, operation=operation, calls=calls, forward=flop, backward=0)
            for (module, operation), (calls, flop) in rows.items()
        ]

    def uncounted(self) -> list[Uncounted]:
        """What was not counted, each operator and reason once."""
        rows: dict[tuple[str, str], int] = {}
        for missing in self.missing:
            rows[missing.operation, missing.reason] = rows.get((missing.operation, missing.reason), 0) + missing.calls
        return [
            Uncounted(operation=operation, calls=calls, reason=why) for (operation, why), calls in rows.items() if calls
        ]
