"""What the charts of a ledger share: the ledger itself, and whether FLOP or hours are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from comptometer import text
from comptometer.charts import Language
from comptometer.charts._words import say
from comptometer.errors import UsageError

if TYPE_CHECKING:
    from comptometer.ledger.totals import Book

Measure = Literal["flop", "hours"]


@dataclass(frozen=True)
class Told:
    """A ledger whose charts are drawn.

    Args:
        folder: of the ledger.
        language: of the words.
    """

    folder: Path
    language: Language

    @cached_property
    def book(self) -> Book:
        """The ledger, read by the embedded engine.

        Raises:
            NotFound: no such ledger.
        """
        from comptometer.ledger.storage import Ledger
        from comptometer.ledger.totals import Book

        ledger = Ledger(self.folder)
        ledger.require()
        return Book(ledger)

    @cached_property
    def whole(self) -> Mapping[str, Any]:
        """Of all attempts.

        Raises:
            UsageError: no attempt held a chip.
        """
        found = self.book.total()
        if not found["total"]["chip_hours"]:
            raise UsageError(f"{self.folder}: no attempt in this ledger held a chip: there is nothing to draw")
        return found

    @cached_property
    def nameless(self) -> float:
        """Share of the hours whose chip has no FLOP."""
        hours = sum(row["chip_hours"] for row in self.whole["unmatched_chips"])
        return float(hours / self.whole["total"]["chip_hours"])

    @property
    def measure(self) -> Measure:
        """FLOP where every hour has some, else hours: a sum of some of the FLOP would look like all of it."""
        return "hours" if self.nameless or not self.whole["total"]["flop"] else "flop"

    def amount(self, row: Mapping[str, Any], suffix: str = "") -> tuple[float, float, float]:
        """What is drawn of a row of `ledger total`, and its 90% interval; `suffix` may be `_completed`."""
        if self.measure == "hours":
            hours = float(row[f"chip_hours{suffix}"])
            return hours, hours, hours
        flop = row[f"flop{suffix}"]
        return (flop["p50"], flop["p5"], flop["p95"]) if flop else (0.0, 0.0, 0.0)

    @property
    def outcomes(self) -> bool:
        """Does a source say which attempts completed?"""
        return self.whole["total"]["chip_hours_completed"] is not None

    def number(self, value: float) -> str:
        """Hours in full, FLOP as a power."""
        return f"{value:,.0f}" if self.measure == "hours" and value >= 1000 else text.number(value)

    def say_amount(self, value: float) -> str:
        """With its unit."""
        return say(f"amount-{self.measure}", self.language, amount=self.number(value))

    @property
    def axis(self) -> str:
        """Title of the axis of amounts."""
        return say(f"spent-{self.measure}", self.language)

    @property
    def explained(self) -> str:
        """What the amounts are."""
        return say(f"ledger-{self.measure}", self.language, share=text.percent(self.nameless))

    @property
    def note(self) -> str:
        """Which ledger it is."""
        from comptometer.release import banner

        entries = self.book.ledger.imports()
        share = text.percent(self.whole["total"]["utilization_evidence"])
        said = say("ledger-note", self.language, imports=len(entries), head=entries[-1].hash[:12], evidence=share)
        return f"{said}\n{banner()}"
