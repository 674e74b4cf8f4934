"""What changed from one vintage to another: models that came, went or were renamed, figures that moved or went."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from comptometer.errors import UsageError
from comptometer.model_row import ModelRow
from comptometer.vintages import renamed, vintage

Kind = Literal["changed", "withdrawn", "renamed", "added", "removed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
QUANTITIES = (
    "compute", "parameters", "active_parameters", "dataset_size", "epochs", "batch_size", "training_hours",
    "hardware_quantity", "mfu", "hfu", "chip_hours", "finetune_compute", "power_watt", "cost_usd", "cloud_cost_usd",
    "upfront_cost_usd", "citations",
)  # fmt: skip
LEAST = 1e-6  # a smaller relative change is how a number was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One model that differs.

    Attributes:
        kind: withdrawn where the newer vintage has the model, by whatever name, and no longer the figure; a renamed
            model may also have changed, then both values and their ratio are there.
        model: its name in the newer vintage, or in the older where it was removed.
        was: its name in the older vintage where it was renamed.
        organization: of the newer vintage where that has it.
        old, new: the figures; none where a table has none.
        ratio: new over old; none where either is missing or zero.
        reason: why a model of another name is taken for the same.
    """

    kind: Kind
    model: str
    was: str
    organization: str
    old: float | None
    new: float | None
    ratio: float | None
    reason: str


def differences(old: str, new: str, quantity: str = "compute") -> list[Difference]:
    """What differs between two vintages, largest change first.

    Order: changed figures by size of the change, then those that came, those withdrawn, then models renamed, added,
    removed.

    Raises:
        NotFound: no such vintage.
        UsageError: no such quantity.
    """
    if quantity not in QUANTITIES:
        raise UsageError(f"no quantity {quantity!r} in vintages; there are {', '.join(QUANTITIES)}")
    old_rows, new_rows = vintage(old).rows, vintage(new).rows
    same = renamed(new, old)
    found = [
        difference
        for match in same
        if (difference := _between(old_rows[match.old], new_rows[match.new], quantity, match.reason, match.renamed))
    ]
    kept_new, kept_old = {match.new for match in same}, {match.old for match in same}
    found += [_alone("added", row, quantity) for at, row in enumerate(new_rows) if at not in kept_new]
    found += [_alone("removed", row, quantity) for at, row in enumerate(old_rows) if at not in kept_old]
    return sorted(found, key=_order)


def counts(found: Sequence[Difference]) -> dict[str, int]:
    """How many there are of each kind."""
    number = Counter(difference.kind for difference in found)
    return {kind: number[kind] for kind in KINDS}


def _between(old: ModelRow, new: ModelRow, quantity: str, reason: str, is_renamed: bool) -> Difference | None:
    before, after = _figure(old, quantity), _figure(new, quantity)
    ratio = after / before if before and after else None
    moved = before != after if ratio is None else abs(ratio - 1) > LEAST
    if not moved and not is_renamed:
        return None
    return Difference(
        kind="withdrawn" if before is not None and after is None else "renamed" if is_renamed else "changed",
        model=new.model,
        was=old.model if is_renamed else "",
        organization="; ".join(new.organization),
        old=before,
        new=after,
        ratio=ratio,
        reason=reason if is_renamed else "",
    )


def _alone(kind: Kind, row: ModelRow, quantity: str) -> Difference:
    figure = _figure(row, quantity)
    return Difference(
        kind=kind,
        model=row.model,
        was="",
        organization="; ".join(row.organization),
        old=figure if kind == "removed" else None,
        new=figure if kind == "added" else None,
        ratio=None,
        reason="",
    )


def _figure(row: ModelRow, quantity: str) -> float | None:
    figure: float | None = getattr(row, quantity)
    return figure


def _order(difference: Difference) -> tuple[int, float, float, str]:
    size = abs(math.log(difference.ratio)) if difference.ratio else -1.0
    return KINDS.index(difference.kind), -size, -(difference.new or difference.old or 0.0), difference.model
