"""What a model's training compute holds, where it was built on another, and what it is with all that came before.

The three words of `basis`: "total" is a training from the start; "total-with-base" is a figure that holds the base
model's training as well; "increment" is only what was spent on top of the base model. Models are ranked, and held
against a line, by totals alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from comptometer.bulk import TOO_SMALL
from comptometer.catalogue import Entry, attempt
from comptometer.library import Item, Library
from comptometer.quantity import Estimate


def bases_of(item: Item, entry: Entry) -> Sequence[str]:
    """The names of the models that it was built on."""
    if not item.curated and item.row:
        return item.row.base_model
    return (entry.dossier.base_model,) if entry.dossier.base_model else ()


def total(item: Item, entry: Entry, company: Library) -> Estimate | None:
    """Training compute with that of the base models, in FLOP; nothing where what they took is not known.

    An increment is added to the estimates of its base models, each with its own bases; where one of them has none, the
    sum counts that the same source states. Otherwise the increment is a lower bound of the total, and nothing more.
    """
    return _total(item, entry, company, frozenset())


def _total(item: Item, entry: Entry, company: Library, seen: frozenset[str]) -> Estimate | None:
    if entry.basis != "increment":
        return entry.value
    found = entry.value
    for name in bases_of(item, entry):
        base = _total_of(name, company, seen | {item.id})
        if base is None:
            return _stated_sum(entry)
        found = found + base
    return found


def _total_of(name: str, company: Library, seen: frozenset[str]) -> Estimate | None:
    """Of a base model, with its own bases; nothing where it is not on file, has no estimate, or is its own base."""
    item = company.find(name)
    if item is None or item.id in seen:
        return None
    found = attempt(item.dossier(aside=False))
    return _total(item, found, company, seen) if isinstance(found, Entry) else None


def _stated_sum(entry: Entry) -> Estimate | None:
    """The compute with the base model's that a source states beside the increment, where it is enough to hold both."""
    claim = entry.evidence.best("lineage_compute")
    if claim is None:
        return None
    stated = entry.evidence.stated(claim).estimate
    return stated if stated.median >= TOO_SMALL * entry.median else None
