"""How probably is a model's training compute above the lines that regulations draw?

A check goes part by part, as each regulation counts them (`readings`). Where many models are held against one line the
whole training compute stands for all readings (`probability_above`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np

from comptometer import vintages
from comptometer.activities import parts_of
from comptometer.catalogue import LEAST_SHARE, Entry, attempt
from comptometer.collection import Models
from comptometer.law import ACTIVITIES, Regulation
from comptometer.library import library
from comptometer.quantity import Estimate
from comptometer.readings import CERTAIN, POSSIBLE, Reading, read
from comptometer.regulations import regulations
from comptometer.release import data_version

Likelihood = Literal["certainly", "likely", "possibly"]
LIKELY = 0.5
FAR: Final = 100.0  # a median so many times below a line leaves less than `POSSIBLE` above it


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """A model that may be above a line.

    Attributes:
        id, name, developer, published: of the model.
        low, median, high: its training compute in FLOP, with its 90% interval.
        probability: of being above.
    """

    id: str
    name: str
    developer: str
    published: date | None
    low: float
    median: float
    high: float
    probability: float

    @property
    def likelihood(self) -> Likelihood:
        """In a word."""
        return "certainly" if self.probability >= CERTAIN else "likely" if self.probability >= LIKELY else "possibly"


def readings(entry: Entry, as_of: date | None = None) -> list[Reading]:
    """How every regulation on file reads a model.

    Raises:
        NotFound: a base model that is named and not on file.
    """
    parts, facts = parts_of(entry), entry.dossier.report
    none = [activity for activity in ACTIVITIES if facts and activity in facts.none]
    return [read(one, parts, none=none, as_of=as_of) for one in regulations()]


def probability_above(entry: Entry, one: Regulation) -> float | None:
    """Probability that the whole training compute is above a regulation's line; nothing where that is another kind.

    "At least" and "more than" differ for a point alone.
    """
    if one.line is None:
        return None
    draws = entry.to("FLOP").draws
    return float(np.mean(draws >= one.line if one.operator == ">=" else draws > one.line))


def check(entry: Entry, as_of: date | None = None) -> dict[str, Any]:
    """The JSON object of `comptometer thresholds check` (schema `comptometer/thresholds-check/1`)."""
    return {
        "schema": "comptometer/thresholds-check/1",
        "data_version": data_version(),
        "model": entry.name,
        "compute": entry.value.to_dict(),
        "thresholds": [checked(reading) for reading in readings(entry, as_of)],
    }


def checked(reading: Reading) -> dict[str, Any]:
    """What a check says of one regulation."""
    probability, limit = reading.probability, reading.limit
    return row(reading.regulation) | {
        "in_force": reading.in_force,
        "probability_above": probability and {"low": probability[0], "high": probability[1]},
        "verdict": reading.verdict,
        "limit": limit and limit.value.to_dict(),
        "limit_why": limit.why if limit else "",
        "counted": {
            "low": reading.strict.to_dict() if reading.strict else None,
            "high": reading.inclusive.to_dict() if reading.inclusive else None,
        },
        "tolerance_band": list(reading.band) if reading.band else None,
        "band_verdict": reading.band_verdict,
        "accuracy": reading.accuracy,
        "gaps": list(reading.gaps),
        "unknown": list(reading.unknown),
        "drivers": drivers(reading.inclusive) if probability else [],
    }


def drivers(compute: Estimate | None) -> list[dict[str, Any]]:
    """Which claims the uncertainty comes from, largest share first, of more than a thousandth."""
    if compute is None:
        return []
    shares: dict[str, float] = {}
    for name, share in compute.sensitivity().items():
        claim = name.partition("|")[0]
        shares[claim] = shares.get(claim, 0.0) + share
    listed = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return [{"claim": name, "share": share} for name, share in listed if share >= LEAST_SHARE]


def listed(chosen: Sequence[Regulation] | None = None) -> dict[str, Any]:
    """The JSON object of `comptometer thresholds list` (schema `comptometer/thresholds/1`)."""
    found = regulations() if chosen is None else chosen
    return {
        "schema": "comptometer/thresholds/1",
        "data_version": data_version(),
        "thresholds": [row(one) for one in found],
    }


def row(one: Regulation) -> dict[str, Any]:
    """What a list says of a regulation."""
    told = ("id", "title", "law", "jurisdiction", "kind", "quantity", "operator", "unit", "status", "status_note",
            "verified", "source")  # fmt: skip
    return {
        **{key: getattr(one, key) for key in told},
        "value": one.threshold,
        "fraction": None if one.threshold_fraction is None else "/".join(map(str, one.threshold_fraction)),
        "in_force_from": one.in_force_from and one.in_force_from.isoformat(),
        "in_force_until": one.in_force_until and one.in_force_until.isoformat(),
    }


def document(one: Regulation) -> dict[str, Any]:
    """The JSON object of `comptometer thresholds show` (schema `comptometer/threshold/1`): all that is on file."""
    told = ("short", "relative_to", "operations", "conditions", "more_sources", "source_kind", "primary_text",
            "verified_scope", "counts_verified", "tolerance", "tolerance_of", "precision_weighting", "rounding",
            "methods", "note", "deadlines", "fallbacks", "alternatives", "examples")  # fmt: skip
    return {
        "schema": "comptometer/threshold/1",
        "data_version": data_version(),
        **row(one),
        **{key: getattr(one, key) for key in told},
        "counts": [asdict(count) for count in one.counts],
        "dates": [{"on": begun["on"].isoformat(), "what": begun["what"]} for begun in one.dates],
    }


def models_above(data: str = vintages.DEFAULT) -> Mapping[str, list[Above]]:
    """For every regulation with a line, the models of the catalogue that are above it with 5% or more, surest first.

    Raises:
        NotFound: no such vintage.
    """
    lines = [one for one in regulations() if one.line is not None]
    found: dict[str, list[Above]] = {one.id: [] for one in lines}
    least = min((one.line for one in lines if one.line), default=float("inf"))
    company = library(data)
    for model in Models(data).standings():
        if model.compute * FAR < least:
            continue
        entry = attempt(company.items[model.id].dossier(aside=False))
        if not isinstance(entry, Entry):
            continue
        for one in lines:
            share = probability_above(entry, one)
            if share is not None and share >= POSSIBLE:
                found[one.id].append(_above(model.id, entry, share))
    return {name: sorted(models, key=lambda m: (-m.probability, -m.median, m.id)) for name, models in found.items()}


def _above(name: str, entry: Entry, share: float) -> Above:
    low, high = entry.interval()
    told = entry.dossier
    return Above(id=name, name=told.name, developer=told.developer, published=told.published, low=low,
                 median=entry.median, high=high, probability=share)  # fmt: skip
