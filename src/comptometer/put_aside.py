"""What is on file about a need that is not met, but was put aside, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from comptometer.records import Claim, Dossier

MEETS: Mapping[str, Sequence[str]] = {  # by what is missing, the claims that would have helped
    "chip_hours": ("chip_hours", "chips", "duration"),
    "chip": ("chip_hours", "chips", "duration"),
    "examples": ("examples", "tokens"),
    "tokens": ("tokens", "examples"),
    "flop": ("compute",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Claims that were put aside for one reason."""

    claims: Sequence[Claim]
    why: str

    def __str__(self) -> str:
        named = ", ".join(f"{claim.about.replace('_', ' ')} {claim.value}" for claim in self.claims)
        return f"put aside: {named} ({self.why})"


def put_aside(dossier: Dossier, missing: Iterable[str]) -> list[Aside]:
    """The claims that were put aside though something like them is missing, by the reason for it.

    Args:
        dossier: whose evidence it is.
        missing: names of what the methods lack.
    """
    wanted = {about for need in missing for about in MEETS.get(need, (need,))}
    found: dict[str, list[Claim]] = {}
    for claim in dossier.aside:
        if claim.about in wanted:
            found.setdefault(claim.aside, []).append(claim)
    return [Aside(claims=claims, why=why) for why, claims in found.items()]
