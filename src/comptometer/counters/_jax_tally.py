"""Work as it is added up: by module and kind of operation, with what was not counted and what should be said."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final, Literal

from comptometer.ops import Recompute, Term, Uncounted

ATTENTION: Final = 2  # products in one: scores and weighted sums
Column = Literal["forward", "backward", "recomputed"]


@dataclass(slots=True)
class Row:
    """Work of one kind in one module."""

    calls: int = 0
    forward: int = 0
    backward: int = 0
    recomputed: int = 0

    def add(self, other: Row, times: int = 1) -> None:
        """Add the work of another row, so many times."""
        for part in fields(self):
            setattr(self, part.name, getattr(self, part.name) + times * getattr(other, part.name))

    @property
    def total(self) -> int:
        """Work of every kind."""
        return self.forward + self.backward + self.recomputed


@dataclass(slots=True)
class Tally:
    """Work by (module, operation), in the order in which it was met.

    Attributes:
        rows: the work.
        unknown: primitives that were not counted: calls and reason.
        notes: what the reader should know, each once.
    """

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    unknown: dict[str, tuple[int, str]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def book(self, module: str, operation: str, column: Column, flop: int) -> None:
        """Book one product."""
        row = self.rows.setdefault((module, operation), Row())
        if column == "forward":
            row.calls += 1
            row.forward += flop
        elif column == "backward":
            row.backward += flop
        else:
            row.recomputed += flop

    def miss(self, name: str, why: str, calls: int = 1) -> None:
        """Book what is not counted."""
        self.unknown[name] = (self.unknown.get(name, (0, why))[0] + calls, why)

    def add(self, other: Tally, times: int = 1) -> None:
        """Add another tally, so many times."""
        for place, row in other.rows.items():
            self.rows.setdefault(place, Row()).add(row, times)
        for name, (calls, why) in other.unknown.items():
            self.miss(name, why, calls * times)
        self.notes.update(other.notes)

    @property
    def total(self) -> int:
        """Work of every kind."""
        return sum(row.total for row in self.rows.values())

    def terms(self, recompute: Recompute) -> list[Term]:
        """The rows, with what is declared to be formed again where gradients are formed."""
        return [
            Term(
                module=module,
                operation=operation,
                calls=row.calls // (ATTENTION if operation == "attention" else 1),
                forward=row.forward,
                backward=row.backward,
                recomputed=row.recomputed + (_again(operation, row.forward, recompute) if row.backward else 0),
            )
            for (module, operation), row in self.rows.items()
        ]

    def uncounted(self) -> list[Uncounted]:
        """What was not counted."""
        return [Uncounted(operation=name, calls=calls, reason=why) for name, (calls, why) in self.unknown.items()]


def _again(operation: str, forward: int, recompute: Recompute) -> int:
    """Work of the forward pass that is declared to be formed again.

    Queries, keys and values of `jax.nn.dot_product_attention` have one width: the scores are half of its work.
    """
    if recompute == "full":
        return forward
    if operation != "attention":
        return 0
    return {"none": 0, "flash": forward // 2, "selective": forward}[recompute]
