"""Chip-hours → FLOP, by the method hardware-time with its own prior of utilization.

The unknown utilization of one's own runs is one unknown, not one for each job: all jobs of a class share their draws,
so an interval does not shrink because a lab has many jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from comptometer import derivation
from comptometer.distribution import Point
from comptometer.errors import UsageError
from comptometer.ledger.chip_names import Meaning
from comptometer.methods import METHODS, Outcome, outcome
from comptometer.quantity import Estimate
from comptometer.records import Claim, Dossier, Source
from comptometer.vocabulary import UTILIZATIONS

SUBJECT = "ledger"
ASSUMED = "assumed"  # the basis of what no source says
COUNTED = "counted"  # that of FLOP which the source itself counted: no rate of a chip is needed


@dataclass(frozen=True, slots=True)
class Rate:
    """FLOP of one chip-hour; with a stated utilization, of one chip-hour at the whole peak."""

    meaning: Meaning
    basis: str
    outcome: Outcome

    def of(self, held: int, used: int) -> Estimate:
        """FLOP of chip-time held, or of chip-time times the stated utilization; both in thousandths of a second."""
        return self.outcome.estimate * hours(held if self.basis == ASSUMED else used)


def hours(thousandths: int) -> float:
    """Hours from thousandths of a second."""
    return thousandths / 3_600_000


@cache
def _outcome(chip: str, basis: str) -> Outcome | None:
    """The method on one chip-hour; None for a chip on which nobody trains."""
    abouts = ["chip_hours"] if basis == ASSUMED else ["chip_hours", basis]
    claims = [_claim(about, chip) for about in abouts]
    source = Source(id=SUBJECT, title="the ledger", grade="primary")
    dossier = Dossier(id=SUBJECT, name=SUBJECT, claims=claims, sources={SUBJECT: source})
    found = outcome(METHODS["hardware-time"], derivation.job(dossier).whole)
    return found if isinstance(found, Outcome) else None


def _claim(about: str, chip: str) -> Claim:
    return Claim(id=f"{SUBJECT}:{about}", about=about, value="1", belief=Point(1.0), source=SUBJECT, chip=chip)


def rate(meaning: Meaning, basis: str) -> Rate | None:
    """What one chip-hour is worth; None where the name is that of no chip that trains, or FLOP was counted.

    Raises:
        UsageError: the basis is none that the method knows.
    """
    if not meaning.chips or basis == COUNTED:
        return None
    if basis not in {ASSUMED, *UTILIZATIONS}:
        raise UsageError(f"utilization cannot rest on {basis!r}")
    found = _outcome(meaning.name, basis)
    return Rate(meaning, basis, found) if found else None


def counted(flop: int) -> Estimate:
    """FLOP that a source counted, taken as exact."""
    return Estimate.exact(float(flop), "FLOP")
