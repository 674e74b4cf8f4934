"""Cards of estimates: of a quantity, and of a model with its methods."""

from __future__ import annotations

from comptometer import labels, text, units
from comptometer.cards import Card, card
from comptometer.catalogue import Entry
from comptometer.quantity import Estimate
from comptometer.release import data_version

NOTES = 4  # that a card has room for
LEAST_SHARE = 0.005


@card("Estimate")
def of_estimate(estimate: Estimate) -> Card:
    """The median, its interval, and what the uncertainty comes from."""
    shares = [
        (labels.driver(name.partition("|")[0]), text.percent(share))
        for name, share in estimate.sensitivity().items()
        if share >= LEAST_SHARE
    ]
    return Card(
        title=f"Estimate in {units.name(estimate.unit)}" if units.name(estimate.unit) else "Estimate",
        lead=str(estimate),
        columns=("uncertain", "share of the variance"),
        rows=shares,
        numeric=(1,),
    )


@card("Entry")
def of_entry(entry: Entry) -> Card:
    """The training compute of a model: every method, their agreement, and what the uncertainty comes from."""
    dossier = entry.dossier
    facts = [dossier.developer, dossier.published.isoformat() if dossier.published else ""]
    return Card(
        title=", ".join([entry.name, *(fact for fact in facts if fact)]),
        lead=f"{text.number(entry.median, 2)} FLOP (90% {text.interval(*entry.interval())}), "
        f"{text.number(entry.pfs_days.median, 2)} petaFLOP/s-days",
        columns=("method", "FLOP", "90%", "weight", "formula"),
        rows=[_method(name, entry) for name in entry.methods],
        numeric=(1, 3),
        code=(4,),
        foot=[agreement(entry), *_drivers(entry), *notes(entry.warnings), f"Data {data_version()}"],
    )


def _method(name: str, entry: Entry) -> list[str]:
    outcome, weight = entry.methods[name], entry.compute.weights.get(name)
    estimate = outcome.estimate
    return [
        name,
        text.number(estimate.median, 2),
        text.interval(*estimate.interval()),
        "–" if weight is None else text.percent(weight),
        outcome.formula,
    ]


def agreement(entry: Entry) -> str:
    """Do the methods agree?"""
    if entry.ratio is None or entry.z is None:
        return f"Agreement: {entry.compute.verdict}"
    shared = "" if entry.independent else "; the two share evidence"
    return (
        f"Agreement: {entry.compute.verdict}; hardware-time over {entry.counted} {text.number(entry.ratio, 3)}, "
        f"z {text.number(entry.z, 2)}{shared}"
    )


def _drivers(entry: Entry) -> list[str]:
    found = entry.sensitivity().items()
    shares = [f"{labels.driver(name)} {text.percent(share)}" for name, share in found if share >= LEAST_SHARE]
    return [f"Uncertainty: {', '.join(shares)}"] if shares else []


def notes(warnings: list[str]) -> list[str]:
    """The first of them; how many more there are."""
    more = len(warnings) - NOTES
    return [f"Note: {note}" for note in warnings[:NOTES]] + ([f"and {more} more notes (.warnings)"] if more > 0 else [])
