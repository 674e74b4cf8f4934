"""The energy of a training run at three boundaries, its mean power, and the grid that it came from.

Chips alone, the servers that they sit in, and the building with its cooling differ by a factor of two and more, and
published figures are of any of them: a boundary belongs to every figure.

Power of chips is rated power times load. Of parts whose mean power was measured (TPUs) the record holds that mean, and
nothing is taken off: multiplying it by a load once more is why published energies of TPUs are two to three times low.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from comptometer import store
from comptometer.errors import NotFound
from comptometer.evidence import Known, unique
from comptometer.machines import ASSUMPTIONS, Machines, assumption
from comptometer.records import Assumption

BOUNDARIES = ("chip", "server", "facility")


def energies(part: Machines) -> dict[str, Known]:
    """Energy of one part of a job in MWh, by boundary; empty where chips or hours are not known."""
    if part.chip_hours is None or part.chip_power is None:
        return {}
    chip = in_unit(part.chip_hours * part.chip_power, "MWh")
    server = chip * part.server_power
    return dict(zip(BOUNDARIES, (chip, server, server * part.building), strict=True))


def energies_of(parts: Sequence[Machines]) -> Mapping[str, Known]:
    """Energy of a job in MWh, by boundary; empty where a part of it is not known."""
    found = [energies(part) for part in parts]
    if not all(found):
        return {}
    return {boundary: total([part[boundary] for part in found]) for boundary in found[0]}


def mean_power(parts: Sequence[Machines]) -> Known | None:
    """Power at the building's meter while training runs, in MW; of the part of a job that draws most."""
    found = [
        in_unit(part.count * part.chip_power * part.server_power * part.building, "MW")
        for part in parts
        if part.count and part.chip_power
    ]
    return max(found, key=lambda known: known.estimate.median, default=None)


def in_unit(known: Known, unit: str) -> Known:
    """The same in another unit."""
    return replace(known, estimate=known.estimate.to(unit))


def total(found: Sequence[Known]) -> Known:
    """The sum of amounts of one unit."""
    first, *others = found
    if not others:
        return first
    estimate = first.estimate
    for other in others:
        estimate = estimate + other.estimate
    return Known(
        estimate=estimate,
        text=" + ".join(f"({known.text})" for known in found),
        claims=unique(claim for known in found for claim in known.claims),
        warnings=list(dict.fromkeys(warning for known in found for warning in known.warnings)),
    )


# Grids


def grids() -> dict[str, Assumption]:
    """The grids on file, by the name of their country."""
    rows = store.assumptions(ASSUMPTIONS).values()
    return {row.names[0]: row for row in rows if row.about == "grid_intensity" and row.names[0]}


def grid_of(place: str) -> Assumption:
    """The grid of a country by any of its names; where none is given, one that could be anywhere.

    Raises:
        NotFound: with the nearest names, or all.
    """
    if not place.strip():
        return assumption("co2/unknown")
    by_name = {store.folded(name): row for row in grids().values() for name in row.names}
    if store.folded(place) not in by_name:
        names = {name.casefold(): name for name in grids()}
        near = get_close_matches(place.casefold(), names, 3, 0.5)
        raise NotFound("grid", place, [names[name] for name in near] or sorted(grids()))
    return by_name[store.folded(place)]
