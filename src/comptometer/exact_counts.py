"""Needs that follow from an exact count of the architecture that is claimed.

A count comes before a printed number of multiply-adds, which somebody rounded or guessed; but what the caller states
comes first, and an architecture that is only assumed comes last. What was printed stays beside the count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from comptometer import architecture, text
from comptometer.distribution import Point
from comptometer.errors import UsageError
from comptometer.evidence import Evidence, Known
from comptometer.records import Claim
from comptometer.vocabulary import read

if TYPE_CHECKING:
    from comptometer.ops import OpCount

OPERANDS = ("architecture", "flop_per_example", "macs_per_example")  # what says the cost of one example, best first


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An architecture with its count, and the claim of the length at which it was counted, where there is one."""

    claim: Claim
    count: OpCount
    length: Claim | None

    @property
    def name(self) -> str:
        """What to call it."""
        return architecture.shown(self.claim.file) if self.claim.file else self.claim.value

    @property
    def examples(self) -> float:
        """How many of the dossier's examples one input holds."""
        belief = read("examples", self.claim.holds) if self.claim.holds else Point(1.0)
        return belief.value if isinstance(belief, Point) else 1.0

    @property
    def forward(self) -> float:
        """FLOP of one example's forward pass."""
        return self.count.forward / self.examples

    @property
    def backward_factor(self) -> float:
        """Forward and backward over forward: below 3 where some layer forms no gradient of its input."""
        return float(self.count.training / self.count.forward)


def operand(evidence: Evidence) -> Claim | None:
    """The claim that says what one example costs: the caller's, else what can be counted, else what is printed."""
    found = [claim for about in OPERANDS if (claim := evidence.best(about))]
    return min(found, key=lambda claim: _rank(claim, evidence), default=None)


def _rank(claim: Claim, evidence: Evidence) -> tuple[object, ...]:
    named_first_then_the_caller = evidence.precedence(claim)[:2]
    return (*named_first_then_the_caller, claim.kind == "assumed", OPERANDS.index(claim.about))


def beside(evidence: Evidence) -> list[Claim]:
    """Printed costs of one example that an exact count was taken before."""
    chosen = operand(evidence)
    if chosen is None or chosen.about != "architecture":
        return []
    return [claim for claim in evidence.claims if claim.about in OPERANDS[1:]]


def counted(evidence: Evidence) -> Counted | None:
    """The count of the architecture, where that is what says what one example costs.

    Raises:
        UsageError: a sequence length that is no whole number.
        NotFound, DataError: see `architecture.counted`.
    """
    claim = operand(evidence)
    if claim is None or claim.file is None:
        return None
    length = evidence.best("sequence_length")
    found = architecture.counted(claim.file, _whole(length) if length else None)
    return Counted(claim=claim, count=found, length=length if found.sequence_length else None)


def _whole(claim: Claim) -> int:
    """The number of a claim about a length.

    Raises:
        UsageError: an interval, or a fraction.
    """
    if not isinstance(claim.belief, Point) or claim.belief.value % 1:
        raise UsageError(
            f"{claim.about}: {claim.value!r} must be one whole number, to count what is claimed as architecture"
        )
    return int(claim.belief.value)


def is_counted_from(claim: Claim, architecture: Claim) -> bool:
    """Does a claim say what the count of that architecture gives?"""
    subject = architecture.id.partition(":architecture@")[0]
    return claim.source == architecture.source and claim.id.startswith(f"{subject}:{claim.about}#counted")


def _known(found: Counted, about: str, number: float, unit: str, shown: str, evidence: Evidence) -> Known:
    """A need as the count gives it: a claim that says what was counted, with the claims that it was counted from."""
    count = found.count
    length = f"-{count.sequence_length}" if count.sequence_length else ""  # stages are counted at lengths of their own
    at = f", {count.sequence_length} tokens, attention {count.convention.attention}" if count.sequence_length else ""
    claim = Claim(
        id=found.claim.id.replace(":architecture@", f":{about}#counted{length}@", 1),
        about=about,
        value=f"{number!r} {unit}".strip(),
        belief=Point(float(number)),
        kind="derived",
        source=found.claim.source,
        where=f"counted from {found.name} ({count.backend}{at})",
        rests_on=frozenset({"architecture", *({"sequence_length"} if found.length else ())}),
        note=_note(count) if about == "flop_per_example" else "",
    )
    claims = [claim, found.claim, *([found.length] if found.length else [])]
    return replace(evidence.stated(claim), text=shown, claims=claims)


def _note(count: OpCount) -> str:
    size = f", {count.parameters.total:,} parameters" if count.parameters else ""
    head = f"Forward {count.forward:,} FLOP, with the backward pass {count.training:,}{size}."
    return " ".join([head, *count.notes])


def _counted_forward(found: Counted, evidence: Evidence) -> Known:
    number = found.count.forward if found.examples == 1 else found.forward
    shown = f"({text.number(found.forward, 4)} FLOP, counted from {found.name})"
    return _known(found, "flop_per_example", number, "FLOP", shown, evidence)


def forward(evidence: Evidence) -> Known | None:
    """Operations of one example's forward pass: counted, or as printed."""
    if found := counted(evidence):
        return _counted_forward(found, evidence)
    claim = operand(evidence)
    if claim is None:
        return None
    known = evidence.stated(claim)
    if claim.about == "flop_per_example":
        return known
    # a MAC is two FLOP by definition of the unit (decision 0001)
    return replace(known, estimate=known.estimate.to("FLOP/example"), text=f"2 FLOP/MAC × {known.text}")


def backward_factor(evidence: Evidence) -> Known | None:
    """Forward and backward over forward, exactly, where the forward pass is counted."""
    found = counted(evidence)
    if found is None:
        return None
    exactly_three = found.count.training == 3 * found.count.forward
    number = 3 if exactly_three else found.backward_factor
    shown = "3" if exactly_three else f"({text.number(number, 4)}, counted)"
    return _known(found, "backward_factor", number, "", shown, evidence)


def sequence_length(evidence: Evidence) -> Known | None:
    """The length that was counted where nobody claims one."""
    found = counted(evidence)
    if found is None or found.count.sequence_length is None:
        return None
    length = found.count.sequence_length
    return _known(found, "sequence_length", length, "token", f"{length} token", evidence)


def parameters(evidence: Evidence) -> Known | None:
    """All parameters of the architecture."""
    found = counted(evidence)
    size = found.count.parameters if found else None
    if found is None or size is None:
        return None
    return _known(found, "parameters", size.total, "parameter", _sized(size.total, found), evidence)


def active_parameters(evidence: Evidence) -> Known | None:
    """Those that one token uses; nothing where that is all of them, so that a stated total is taken."""
    found = counted(evidence)
    size = found.count.parameters if found else None
    if found is None or size is None or size.active == size.total:
        return None
    return _known(found, "active_parameters", size.active, "parameter", _sized(size.active, found), evidence)


def _sized(number: int, found: Counted) -> str:
    return f"({text.number(number, 4)} parameter, counted from {found.name})"
