"""Cards of what is on file: chips, models, everything about one model."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from comptometer import text
from comptometer.cards import Card, card
from comptometer.cards.estimate import of_entry
from comptometer.collection import Chips, Models, flat
from comptometer.library import library
from comptometer.profile import Profile
from comptometer.records import Chip
from comptometer.vocabulary import FORMATS

LISTED = 10  # rows of a table


@card("Chip")
def of_chip(chip: Chip) -> Card:
    """Its peaks in each format, dense and sparse apart."""
    facts = [chip.kind, f"one {chip.unit}", *([f"{chip.tdp_watt:g} W"] if chip.tdp_watt else [])]
    facts += [f"{chip.memory_bytes / 1e9:g} GB"] if chip.memory_bytes else []
    facts += [f"since {chip.available or chip.announced}"] if chip.available or chip.announced else []
    usual = f"Trained in {' or '.join(chip.default_precision)} where nobody says" if chip.default_precision else ""
    return Card(
        title=chip.name,
        lead=", ".join(facts),
        columns=("format", "dense TFLOP/s", "sparse TFLOP/s"),
        rows=[row for name in FORMATS if any((row := _peaks(chip, name))[1:])],
        numeric=(1, 2),
        foot=[line for line in (usual, chip.note, f"Sources: {', '.join(chip.cited)}") if line],
    )


def _peaks(chip: Chip, precision: str) -> list[str]:
    return [
        precision,
        *(
            text.number(chip.peak(precision, sparse=sparse).value / 1e12, 4)
            if chip.has_peak(precision, sparse=sparse)
            else ""
            for sparse in (False, True)
        ),
    ]


@card("Chips")
def of_chips(chips: Chips) -> Card:
    """How many, and the first of them."""
    listed = [chips[name] for name in islice(chips, LISTED)]
    return Card(
        title=f"{len(chips)} chips",
        columns=("id", "name", "format", "dense TFLOP/s"),
        rows=[
            [chip.id, chip.name, name, text.number(chip.peak(name).value / 1e12, 4)]
            for chip in listed
            for name in chip.default_precision[:1]
        ],
        numeric=(3,),
        foot=_more(len(chips)),
    )


@card("Models")
def of_models(models: Models) -> Card:
    """How many, and the first of them with their training compute; the others are not computed for it."""
    company = library(models.data)
    listed = [flat(item, company) for item in models.items_on_file()[:LISTED]]
    return Card(
        title=f"{len(models)} models",
        columns=("model", "developer", "published", "FLOP", "90%", "agreement"),
        rows=[_model(row) for row in listed],
        numeric=(3,),
        foot=_more(len(models)),
    )


def _model(row: Mapping[str, Any]) -> list[str]:
    known = row["training_compute_flop"]
    return [
        row["name"],
        row["developer"],
        str(row["published"] or "–"),
        text.number(known, 2) if known else "–",
        text.interval(row["p5"], row["p95"]) if known else "–",
        row["verdict"],
    ]


def _more(count: int) -> list[str]:
    left = count - LISTED
    return [f"and {left:,} more; all as a table: .to_pandas(), .to_polars()"] if left > 0 else []


@card("Profile")
def of_profile(profile: Profile) -> Card:
    """The estimate, and where the model stood."""
    rank = [f"Rank {profile.rank} by training compute when it came out"] if profile.rank else []
    found = [f"Check: {finding.text}" for finding in profile.findings[:3]]
    if profile.entry is None:
        wants = "; ".join(f"{name} needs {', '.join(needs)}" for name, needs in profile.missing.items())
        return Card(title=profile.dossier.name, lead="not enough evidence for any method", foot=[wants, *rank, *found])
    own = of_entry(profile.entry)
    return Card(
        title=own.title,
        lead=own.lead,
        columns=own.columns,
        rows=own.rows,
        numeric=own.numeric,
        code=own.code,
        foot=[*rank, *own.foot, *found],
    )
