"""Names of chips in logs → chips of the catalogue, or families of them; never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from comptometer import store
from comptometer.errors import NotFound
from comptometer.records import Chip

UNTYPED = "(no type)"  # chips that a source counts and does not name


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name means.

    Attributes:
        label: the id of the chip, the name of the family, or the name itself where it is on no record.
        chips: one, the members of a family, or none.
        suggestions: names that it may have meant.
    """

    label: str
    chips: Sequence[Chip]
    suggestions: Sequence[str] = ()

    @property
    def name(self) -> str:
        """By which the chips are found."""
        return self.chips[0].id if len(self.chips) == 1 else self.label


def meaning(name: str) -> Meaning:
    """The chip or family that a name means. A name of several families means none of them."""
    try:
        found = store.chips_named(name) if name else ()
    except NotFound as error:
        hint = [error.hint] if error.hint and not error.suggestions else []
        return Meaning(name, (), [*error.suggestions, *hint])
    if len(found) == 1:
        return Meaning(found[0].id, found)
    families = sorted({chip.family for chip in found})
    if len(families) != 1:
        return Meaning(name or UNTYPED, (), families)
    whole = len(found) == len(store.chips_named(families[0]))
    return Meaning(families[0] if whole else name, found)  # a part of a family, such as "H100 80GB", keeps its name


def meanings(names: Iterable[str | None]) -> dict[str, Meaning]:
    """The meaning of each name; the empty one stands for chips without a name."""
    return {name or "": meaning(name or "") for name in names}
