"""Factors of training compute, as the rows of a table have them: chips, peak and time; dollars; and what remains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import prod
from typing import Final

import numpy as np

from comptometer import bulk, quantities
from comptometer.derivation import job
from comptometer.errors import ComptometerError, NotEnoughEvidence
from comptometer.evidence import Evidence
from comptometer.library import source_of
from comptometer.model_row import ModelRow
from comptometer.quantities import Quantity
from comptometer.quantity import Estimate
from comptometer.trends import LEAST_POINTS

# Name and unit of each factor; the last of a product is what remains of compute (FLOP) when the others are divided out.
MACHINES: Final[Mapping[str, str]] = {"chips": "chip", "peak": "FLOP/s/chip", "time": "s", "utilization": ""}
MONEY: Final[Mapping[str, str]] = {"spending": "USD", "price-performance": "FLOP/USD"}
UNITS: Final[Mapping[str, str]] = {**MACHINES, **MONEY}
COSTS: Final = ("cost", "cloud-cost", "upfront-cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """One model: its training compute in FLOP, and the factors whose product that is, by name, in `UNITS`.

    `circular` is true where the table worked the compute out from the machines.
    """

    name: str
    day: date
    organization: str
    compute: float
    values: Mapping[str, float]
    circular: bool = False


Read = Callable[[ModelRow], tuple[dict[str, float], str]]  # all factors but the last, or what is lacking


def factored(rows: Sequence[ModelRow], read: Read, last: str) -> tuple[list[Factors], dict[str, int]]:
    """The models that have every factor, and how many of the others lack what.

    Args:
        rows: with a date and training compute.
        read: what a row says of all factors but the last.
        last: the factor that is what remains.

    Raises:
        NotEnoughEvidence: fewer than three models have them.
    """
    lacking: Counter[str] = Counter()
    models = []
    for row in rows:
        values, lacks = read(row)
        if lacks:
            lacking[lacks] += 1
            continue
        assert row.compute
        assert row.published
        models.append(
            Factors(
                name=row.model,
                day=row.published,
                organization=row.organization[0] if row.organization else row.model,
                compute=row.compute,
                values={**values, last: row.compute / prod(values.values())},
                circular="hardware" in row.compute_method,
            )
        )
    if len(models) < LEAST_POINTS:
        said = ", ".join(f"{count} {reason}" for reason, count in lacking.most_common()) or "none"
        raise NotEnoughEvidence(f"at least {LEAST_POINTS} models are wanted, got {len(models)} (left out: {said})")
    return models, dict(lacking.most_common())


def of_machines(data: str) -> Read:
    """Reads chips, peak (FLOP/s/chip) and time (s) as our evidence has them from the table's row."""

    def read(row: ModelRow) -> tuple[dict[str, float], str]:
        evidence = job(bulk.dossier(row, source_of(data), row.model)).whole
        found = {
            "chips": _middle(evidence, "chips", "chip"),
            "time": _middle(evidence, "duration", "s"),
            "peak": _middle(evidence, "peak", "FLOP/s/chip"),
        }
        lacks = {
            "chips": "without a number of chips",
            "time": "without a training time",
            "peak": "without one chip whose peak is on record",
        }
        for name, words in lacks.items():
            if not found[name]:
                return {}, words
        return {name: float(found[name] or 0.0) for name in ("chips", "peak", "time")}, ""

    return read


def _middle(evidence: Evidence, about: str, unit: str) -> float | None:
    """The geometric middle of what is known, which where two peaks may be meant lies between them."""
    try:
        known = evidence.known(about)
    except ComptometerError:  # the row names a number format that its chip does not have
        return None
    return _geometric(known.estimate.to(unit)) if known else None


def _geometric(estimate: Estimate) -> float:
    low, high = float(estimate.draws.min()), float(estimate.draws.max())
    return low if low == high else float(np.exp(np.mean(np.log(estimate.draws))))


def of_money(cost: str) -> Read:
    """Reads the dollars of a row."""
    what = quantities.quantity(cost)
    assert isinstance(what, Quantity)

    def read(row: ModelRow) -> tuple[dict[str, float], str]:
        value = what.value(row)
        return ({"spending": value}, "") if value and value > 0 else ({}, "without a cost of this kind")

    return read
