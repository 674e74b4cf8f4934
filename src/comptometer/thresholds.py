"""How probably is a model's training compute above the lines that regulations draw?

The simplest reading: the whole training compute of the model, as the catalogue estimates it, against the amount. What a
regulation leaves out or adds (its `counts`) is not told apart here, so both readings of a result are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np

from comptometer import vintages
from comptometer.catalogue import Entry, attempt
from comptometer.collection import Models
from comptometer.law import Regulation
from comptometer.library import library
from comptometer.regulations import regulations
from comptometer.release import data_version

Verdict = Literal["above", "undecided", "below"]
Likelihood = Literal["certainly", "likely", "possibly"]
CERTAIN, LIKELY, POSSIBLE = 0.95, 0.5, 0.05
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


def probability_above(entry: Entry, one: Regulation) -> float | None:
    """Probability that the training compute is above a regulation's line; nothing where that is another kind of line.

    "At least" and "more than" differ for a point alone.
    """
    if one.line is None:
        return None
    draws = entry.to("FLOP").draws
    return float(np.mean(draws >= one.line if one.operator == ">=" else draws > one.line))


def verdict(probability: float) -> Verdict:
    """Above from 95% on, below up to 5%, undecided between.

    >>> verdict(0.5)
    'undecided'
    """
    return "above" if probability >= CERTAIN else "below" if probability <= POSSIBLE else "undecided"


def check(entry: Entry) -> dict[str, Any]:
    """The JSON object of `comptometer thresholds check` (schema `comptometer/thresholds-check/1`)."""
    drivers = [{"claim": name, "share": share} for name, share in entry.sensitivity().items()]
    rows = []
    for one in regulations():
        share = probability_above(entry, one)
        rows.append(
            row(one)
            | {
                "probability_above": None if share is None else {"low": share, "high": share},
                "verdict": None if share is None else verdict(share),
                "drivers": drivers if share is not None else [],
            }
        )
    return {
        "schema": "comptometer/thresholds-check/1",
        "data_version": data_version(),
        "model": entry.name,
        "compute": entry.value.to_dict(),
        "thresholds": rows,
    }


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
