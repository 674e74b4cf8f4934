"""The catalogue as a collection: look up, filter, flatten into rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from comptometer import columns, lineage, provenance, standing, store, vintages
from comptometer.catalogue import Entry, attempt, entry
from comptometer.errors import NotFound
from comptometer.frames import Frames
from comptometer.library import Item, Library, library
from comptometer.notebook import Showable
from comptometer.records import Chip, Dossier
from comptometer.selection import Selection
from comptometer.standing import Standing
from comptometer.table import Table
from comptometer.vocabulary import FORMATS

if TYPE_CHECKING:
    from comptometer.evidence import Evidence

Row = Mapping[str, Any]
METHOD_COLUMNS = {
    "operations": "operations_flop",
    "parameters-tokens": "parameters_tokens_flop",
    "hardware-time": "hardware_time_flop",
    "reported": "reported_flop",
}
# Without an amount of one of these no method can run: most rows of a table have none.
AMOUNTS = frozenset({"compute", "tokens", "examples", "updates", "chip_hours", "duration", "recorded_compute"})
COLUMNS = tuple(column.name for column in columns.MODELS)


class Models(Showable, Frames, Mapping[str, Entry]):
    """The catalogue's models, by any of their names: `models["alexnet"]`.

    Args:
        data: the vintage that the models without a curated dossier come from.
        curated: with the curated dossiers, or the table alone?
        only: which models are meant, in this order; all of them unless given.
    """

    def __init__(
        self, data: str = vintages.DEFAULT, *, curated: bool = True, only: Sequence[str] | None = None
    ) -> None:
        self.data = data
        self._curated = curated
        self._only = only

    @property
    def _library(self) -> Library:
        return library(self.data, curated=self._curated)

    def __getitem__(self, name: str) -> Entry:
        if not isinstance(name, str):
            raise NotFound("model", repr(name))
        return entry(self._library.item(name).dossier())

    def __iter__(self) -> Iterator[str]:
        return iter(self._only if self._only is not None else self._library.items)

    def __len__(self) -> int:
        return len(self._only if self._only is not None else self._library.items)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(self._library.item(name))
        except NotFound:
            return False

    def items_on_file(self) -> list[Item]:
        """What is on file about each of these models, before anything is computed."""
        return [self._library.items[name] for name in self]

    def where(self, **conditions: Any) -> Models:
        """Those of these models that meet every condition; see `Selection` for the conditions, dates may be text.

        Raises:
            UsageError: an unknown condition, or a value that it cannot have.
            NotFound: an organization, country, domain, method or origin that no model of the catalogue has.

        >>> list(Models().where(organization="deepseek", find="v3", until="2024-12-31"))
        ['deepseek/deepseek-v3']
        """
        wanted = Selection.of(**conditions)
        first = wanted.without_results
        rows = [facts(item, item.dossier(aside=False)) for item in self.items_on_file()]
        if self._only is None:
            first.check_names(rows)
        kept = [row["id"] for row in rows if first.holds(row)]
        found = Models(self.data, curated=self._curated, only=kept)
        if not wanted.computes:
            return found
        meant = [name for name, row in found._computed.items() if wanted.holds(row)]
        return Models(self.data, curated=self._curated, only=meant)

    def computed(self) -> list[dict[str, Any]]:
        """Each model as a flat row, without its rank."""
        return list(self._computed.values())

    def rows(self) -> list[dict[str, Any]]:
        """Each model as a flat row with the keys `COLUMNS`, by date; nothing where something is not known."""
        ranks = self._ranks
        rows = [self._computed[name] | {"rank_at_release": ranks.get(name)} for name in self]
        return sorted(rows, key=lambda row: (str(row["published"] or "9999"), row["name"]))

    def table(self) -> Table:
        """The rows with their columns."""
        return Table(
            name="models",
            title="Models with their training compute",
            columns=columns.MODELS,
            rows=self.rows(),
            key=("id",),
            facets=("developer", "published", "domain", "verdict", "origin", "chip", "training_compute_flop"),
            searched=("name", "developer"),
        )

    def provenance(self) -> dict[str, str]:
        """Whom to credit for the rows: `credit`, `licence`, `data_version`, `software`, and the vintage as `data`."""
        tables = [source for item in self.items_on_file() for source in provenance.of_model(item, item.dossier())]
        return provenance.facts(tables, self.data) | {"data": self.data}

    def standings(self) -> Sequence[Standing]:
        """When each model of the whole catalogue came out, and its median training compute with that of its bases."""
        if self._curated and standing.is_shipped(self.data):
            return standing.shipped()
        everything = self if self._only is None else Models(self.data, curated=self._curated)
        return [
            Standing(row["id"], row["published"], row["total_compute_flop"])
            for row in everything.computed()
            if row["published"] and row["total_compute_flop"]
        ]

    @cached_property
    def _computed(self) -> Mapping[str, dict[str, Any]]:
        return {item.id: flat(item, self._library) for item in self.items_on_file()}

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return standing.ranks(self.standings())


def facts(item: Item, dossier: Dossier) -> dict[str, Any]:
    """What is on file about a model, before anything is computed; keys as in `COLUMNS`."""
    row = item.row
    return dict.fromkeys(COLUMNS) | {
        "id": item.id,
        "name": dossier.name,
        "names": item.names,
        "developer": dossier.developer,
        "country": "; ".join(dict.fromkeys(row.country)) if row else "",
        "published": dossier.published,
        "domain": tuple(dossier.domain),
        "notable": dossier.notable or bool(row and row.notability),
        "open_weights": row.open_weights if row else None,
        "origin": item.origin,
        "confidence": row.confidence if row else "",
        "methods": (),
        "aside": (),
        "verdict": "none",
        "base_model": dossier.base_model,
        "reference": row.reference if row else "",
        "link": row.link[0] if row and row.link else "",
    }


def flat(item: Item, company: Library) -> dict[str, Any]:
    """The row of one model without its rank: facts, every method, the reconciled value.

    Args:
        item: the model.
        company: the models among which its base models are looked for.
    """
    dossier = item.dossier(aside=False)
    row = facts(item, dossier)
    if not any(claim.about in AMOUNTS for claim in dossier.all_claims()):
        return row
    found = attempt(dossier)
    if not isinstance(found, Entry):
        return row
    low, high = found.interval()
    evidence = found.evidence
    chips = evidence.chips()
    row |= {
        "training_compute_flop": found.median,
        "basis": found.basis,
        "total_compute_flop": whole.median if (whole := lineage.total(item, found, company)) else None,
        "p5": low,
        "p95": high,
        "methods": tuple(found.methods),
        "aside": tuple(found.compute.aside),
        "ratio": found.ratio,
        "z": found.z,
        "verdict": found.compute.verdict,
        "independent": found.independent,
        "chip": chips[0].id if len(chips) == 1 else chips[0].family if chips else None,
    }
    row |= {
        column: found.methods[name].estimate.median for name, column in METHOD_COLUMNS.items() if name in found.methods
    }
    for need in ("parameters", "active_parameters", "tokens", "chips", "chip_hours"):
        row[need] = _median(evidence, need)
    return row


def _median(evidence: Evidence, need: str) -> float | None:
    known = evidence.known(need)
    if known is None:
        return None
    return known.estimate.to("chip*h").median if need == "chip_hours" else known.estimate.median


class Chips(Showable, Frames, Mapping[str, Chip]):
    """The catalogue's chips, by any of their names: `chips["h100-sxm"]`; the name of a family is not found."""

    def __getitem__(self, name: str) -> Chip:
        if not isinstance(name, str):
            raise NotFound("chip", repr(name))
        found = store.chips_named(name)
        if len(found) > 1:
            members = [chip.id for chip in found]
            raise NotFound("single chip", name, members, "It is a family: name one; estimate takes the family too.")
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return iter(store.chip_ids())

    def __len__(self) -> int:
        return len(store.chip_ids())

    def rows(self) -> list[dict[str, Any]]:
        """Each chip as a flat row with the keys of `columns.CHIPS`; amounts are per unit, peaks dense."""
        return [chip_row(store.chip_record(name)) for name in self]

    def table(self) -> Table:
        """The rows with their columns."""
        return Table(
            name="chips",
            title="Chips with their dense peaks",
            columns=columns.CHIPS,
            rows=self.rows(),
            key=("id",),
            facets=("vendor", "kind", "family", "available"),
            searched=("name", "vendor", "family", "aliases"),
        )

    def provenance(self) -> dict[str, str]:
        """Whom to credit for the rows: `credit`, `licence`, `data_version`, `software`."""
        return provenance.facts([source for name in self for source in provenance.of_chip(store.chip_record(name))])


def chip_row(chip: Chip) -> dict[str, Any]:
    """The row of one chip; nothing where the record does not say."""
    row = {column.name: getattr(chip, column.name, None) for column in columns.CHIPS}
    for precision in FORMATS:
        if chip.has_peak(precision):
            row[columns.peak_column(precision)] = chip.peak(precision).value
    return row
