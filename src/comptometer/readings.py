"""What a regulation counts of everything that was computed for a model, strictly and inclusively read.

Three kinds of doubt stay apart: how much a part took is a distribution; whether it counts is a reading, strict (what
the text leaves open is out) or inclusive (it is in); what nobody states is a gap, and in no sum. An activity that a
regulation does not name is open, never nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

import numpy as np

from comptometer.activities import Part
from comptometer.law import Activity, Counted, Regulation
from comptometer.quantity import Estimate, summed

Verdict = Literal["above", "undecided", "below"]
Fit = Literal["within", "wider"]
CERTAIN, POSSIBLE = 0.95, 0.05
OPEN = Counted(activity="other-capability", reading="ambiguous", basis="silent", citation="",
               reason="the regulation does not name this activity")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of what was computed, and how a regulation reads it."""

    part: Part
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What compute is held against: an amount, or a share of another model's with its own distribution."""

    value: Estimate
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A regulation's reading of a model.

    Attributes:
        lines: every part, with its reading; those without an estimate are in no sum.
        strict, inclusive: sums in FLOP; None where nothing counts.
        limit: what they are held against; None where the regulation draws no line for this model.
        gaps: activities that count and of which nobody says anything.
        unknown: parts that count, or may, without an estimate.
        in_force: is the regulation in force on the day asked about?
    """

    regulation: Regulation
    lines: Sequence[Line]
    strict: Estimate | None
    inclusive: Estimate | None
    limit: Limit | None
    gaps: Sequence[Activity]
    unknown: Sequence[str]
    in_force: bool

    @property
    def probability(self) -> tuple[float, float] | None:
        """Of being above the line, strictly and inclusively read."""
        if self.limit is None:
            return None
        return self._above(self.strict), self._above(self.inclusive)

    def _above(self, compute: Estimate | None) -> float:
        if compute is None or self.limit is None:
            return 0.0
        mine, line = compute.to("FLOP").draws, self.limit.value.to("FLOP").draws
        return float(np.mean(mine >= line if self.regulation.operator == ">=" else mine > line))

    @property
    def verdict(self) -> Verdict | None:
        """By both readings; None where there is no line."""
        return verdict(*self.probability) if self.probability else None

    @property
    def band(self) -> tuple[float, float] | None:
        """Reported figures between these leave open on which side of the line the truth is, by the tolerance.

        The tolerance is relative to the reported figure R, so that the truth may be from R (1 - t) to R (1 + t).
        """
        tolerance = self.regulation.tolerance
        if self.limit is None or tolerance is None or self.regulation.line is None:
            return None
        return self.regulation.line / (1 + tolerance), self.regulation.line / (1 - tolerance)

    @property
    def band_verdict(self) -> Verdict | None:
        """On which side of that band the medians are: of the strict reading above it, of the inclusive one below."""
        if self.band is None:
            return None
        low, high = self.band
        strict, inclusive = (0.0 if one is None else one.median for one in (self.strict, self.inclusive))
        return "above" if strict > high else "below" if inclusive <= low else "undecided"

    @property
    def accuracy(self) -> Fit | None:
        """Is the 90% interval of the strict sum within the tolerance of its median, as the regulation wants?"""
        if self.strict is None or self.regulation.tolerance is None:
            return None
        low, high = self.strict.interval()
        within = (
            self.strict.median * (1 - self.regulation.tolerance),
            self.strict.median * (1 + self.regulation.tolerance),
        )
        return "within" if within[0] <= low and high <= within[1] else "wider"


def verdict(strict: float, inclusive: float) -> Verdict:
    """Above where even the strict reading is with 95%, below where even the inclusive one is with no more than 5%.

    >>> verdict(0.96, 0.99), verdict(0.0, 0.04), verdict(0.0, 0.96)
    ('above', 'below', 'undecided')
    """
    return "above" if strict >= CERTAIN else "below" if inclusive <= POSSIBLE else "undecided"


def read(
    one: Regulation, parts: Sequence[Part], *, none: Sequence[Activity] = (), as_of: date | None = None
) -> Reading:
    """How a regulation reads what was computed.

    Args:
        one: the regulation.
        parts: all that was computed, of `activities.parts_of`.
        none: activities that were not done at all, so that they are no gaps.
        as_of: the day asked about.
    """
    known = {row.activity: row for row in one.counts}
    relative = one.kind == "relative-training-compute"
    mine = [part for part in parts if not (relative and part.base)]  # what is divided by is not what is divided
    lines = [Line(part=part, counted=known.get(part.activity, OPEN)) for part in mine]
    done = {*none, *(part.activity for part in mine)}
    return Reading(
        regulation=one,
        lines=lines,
        strict=_sum(lines, {"include"}),
        inclusive=_sum(lines, {"include", "ambiguous"}),
        limit=_relative(one, parts) if relative else _amount(one),
        gaps=[row.activity for row in one.counts if row.reading == "include" and row.activity not in done],
        unknown=[line.part.name for line in lines if line.part.value is None and line.counted.reading != "exclude"],
        in_force=one.status == "in force" and not (as_of and _outside(one, as_of)),
    )


def _outside(one: Regulation, day: date) -> bool:
    before = one.in_force_from is not None and day < one.in_force_from
    return before or (one.in_force_until is not None and day > one.in_force_until)


def _sum(lines: Sequence[Line], readings: set[str]) -> Estimate | None:
    return summed(
        [line.part.value for line in lines if line.counted.reading in readings and line.part.value is not None]
    )


def _amount(one: Regulation) -> Limit | None:
    return None if one.line is None else Limit(value=Estimate.exact(one.line, "FLOP"))


def _relative(one: Regulation, parts: Sequence[Part]) -> Limit | None:
    """The share of the original model's compute, or what stands in for it; None without an original."""
    origin = next((part for part in parts if part.base and part.base.relation == "modified"), None)
    if origin is None or origin.base is None or one.threshold_fraction is None:
        return None
    share = Fraction(*one.threshold_fraction)
    if origin.value is not None:
        why = f"{share} of {origin.name}, {origin.value.median:.3g} FLOP"
        return Limit(value=origin.value * float(share), why=why)
    for row in one.fallbacks:
        if row["systemic_risk"] == origin.base.systemic_risk:
            return Limit(value=Estimate.exact(row["threshold"], "FLOP"), why=f"{row['exact']}: {row['when']}")
    return None
