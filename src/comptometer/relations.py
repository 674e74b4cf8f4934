"""The catalogue as tables that refer to each other: models, estimates, claims, sources, chips and what belongs to them.

The same rows as everywhere else, with who they are from and under which licence beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from comptometer import dossiers, provenance, store, vintages
from comptometer.catalogue import Entry, attempt
from comptometer.collection import Chips, Models
from comptometer.distribution import Point
from comptometer.evidence import source_named, unit_of
from comptometer.library import Item
from comptometer.records import Claim, Dossier, Source
from comptometer.table import Column, Table

CREDIT = (
    Column(name="source", kind="text", about="whose facts the row holds; estimates are by comptometer"),
    Column(name="licence", kind="text", about="under which it may be passed on"),
)
QUANTILES = ("p5", "p50", "p95")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A model with its evidence and what follows from it."""

    item: Item
    dossier: Dossier
    entry: Entry | None
    local: frozenset[str]

    def claims(self) -> Iterator[tuple[Claim, str, bool]]:
        """Every claim, the stage that it describes, and whether it is put aside; then the defaults that were taken."""
        own = set()
        for stage, claims in [("", self.dossier.claims), *((s.name, s.claims) for s in self.dossier.stages)]:
            for claim in claims:
                own.add(claim.id)
                yield claim, stage, False
        for claim in self.dossier.aside:
            yield claim, "", True
        for claim in self.entry.claims if self.entry else ():
            if claim.id not in own:
                yield claim, "", False

    def source(self, name: str) -> Source:
        """A source; one that only this dossier knows gets an id that no other dossier has."""
        found = source_named(name, self.dossier)
        return replace(found, id=f"{self.dossier.id}#{name}") if name in self.local else found


class Relations:
    """The tables of the catalogue on one vintage; each is made when it is asked for."""

    def __init__(self, data: str = vintages.DEFAULT) -> None:
        self.data = data
        self._models = Models(data)
        self._chips = Chips()

    def table(self, name: str) -> Table:
        """A table by its name, one of `TABLES`."""
        return TABLES[name](self)

    def facts(self, names: list[str]) -> dict[str, str]:
        """Whom to credit for these tables, with version and vintage."""
        tables: list[Source] = []
        if {"models", "claims"} & set(names):
            tables += [source for known in self.known for source in provenance.of_model(known.item, known.dossier)]
        if "chips" in names:
            chips = [store.chip_record(name) for name in self._chips]
            tables += [source for chip in chips for source in provenance.of_chip(chip)]
        return provenance.facts(tables, self.data) | {"data": self.data}

    @cached_property
    def known(self) -> list[Known]:
        """Every model, in the order of the library."""
        found = []
        for item in self._models.items_on_file():
            dossier = item.dossier()
            entry = attempt(dossier)
            found.append(
                Known(
                    item=item,
                    dossier=dossier,
                    entry=entry if isinstance(entry, Entry) else None,
                    local=frozenset(dossiers.dossier(item.id).sources if item.curated else ()),
                )
            )
        return found

    @cached_property
    def _sources(self) -> dict[str, Source]:
        """Every source that a table names, by its id."""
        found: dict[str, Source] = {}
        for known in self.known:
            for claim, _, _ in known.claims():
                source = known.source(claim.source)
                found.setdefault(source.id, source)
        for name in self._chips:
            for source_id in store.chip_record(name).cited:
                found.setdefault(source_id, store.source(source_id))
        return dict(sorted(found.items()))

    def models(self) -> Table:
        """The rows of `Models`, with every name of the model, and credit."""
        plain = self._models.table()
        more = {
            known.item.id: provenance.credited(
                provenance.of_model(known.item, known.dossier), curated=known.item.curated
            )
            for known in self.known
        }
        names = Column(name="names", kind="texts", about="what people call it")
        return replace(
            plain,
            columns=[*plain.columns, names, *CREDIT],
            rows=[{**row, **more[row["id"]]} for row in plain.rows],
            searched=("names", "developer"),
        )

    def estimates(self) -> Table:
        """What each method gives for each model."""
        rows = [
            {
                "model": known.item.id,
                "method": name,
                **{key: outcome.estimate.to_dict()[key] for key in QUANTILES},
                "weight": known.entry.compute.weights.get(name, 0.0),
                "formula": outcome.formula,
                "claims": tuple(claim.id for claim in outcome.claims),
                "warnings": tuple(outcome.warnings),
            }
            for known in self.known
            if known.entry
            for name, outcome in known.entry.methods.items()
        ]
        return Table(
            name="estimates",
            title="Training compute by each method",
            columns=(
                Column(name="model", kind="text", about="id of the model"),
                Column(name="method", kind="category", about="one of four"),
                *_quantiles("FLOP"),
                Column(name="weight", kind="number", about="in the reconciled value; 0 where it is shown beside"),
                Column(name="formula", kind="text", about="how it was worked out, with numbers"),
                Column(name="claims", kind="texts", about="ids of the claims that it rests on"),
                Column(name="warnings", kind="texts", about="what a reader should know"),
            ),
            rows=rows,
            key=("model", "method"),
            references={"model": "models"},
            facets=("method",),
        )  # fmt: skip

    def claims(self) -> Table:
        """Everything that is claimed about each model, used or not, and the defaults that were taken."""
        rows = []
        for known in self.known:
            used = {claim.id for claim in known.entry.claims} if known.entry else set()
            for number, (claim, stage, aside) in enumerate(known.claims(), 1):
                source = known.source(claim.source)
                rows.append(
                    {
                        "model": known.item.id,
                        "number": number,
                        **_claim_row(claim),
                        "stage": stage,
                        "source": source.id,
                        "aside": aside,
                        "used": not aside and claim.id in used,
                        "licence": source.licence,
                    }
                )
        return Table(
            name="claims",
            title="Claims about models, with who says so and where",
            columns=CLAIM_COLUMNS,
            rows=rows,
            key=("model", "number"),
            references={"model": "models", "source": "sources"},
            facets=("about", "kind", "source", "verified", "aside", "used"),
        )

    def sources(self) -> Table:
        """Who says something, somewhere."""
        return Table(
            name="sources",
            title="Sources of claims and of chips",
            columns=(
                Column(name="id", kind="text", about="unique; with the model before it where one dossier alone has it"),
                Column(name="title", kind="text", about="title"),
                Column(name="authors", kind="texts", about="authors"),
                Column(name="published", kind="text", about="date, as precise as is known"),
                Column(name="url", kind="text", about="address"),
                Column(name="grade", kind="category", about="primary (the makers), secondary, or tertiary"),
                Column(name="licence", kind="text", about="of a table; empty where single facts are cited"),
                Column(name="note", kind="text", about="what a reader should know"),
            ),
            rows=[asdict(source) for source in self._sources.values()],
            key=("id",),
            facets=("grade", "licence"),
            searched=("title", "authors"),
        )  # fmt: skip

    def chips(self) -> Table:
        """The rows of `Chips`, with credit."""
        plain = self._chips.table()
        rows = [
            {**row, **provenance.credited(provenance.of_chip(store.chip_record(row["id"])), curated=True)}
            for row in plain.rows
        ]
        return replace(plain, columns=[*plain.columns, *CREDIT], rows=rows)

    def peaks(self) -> Table:
        """Every peak on record."""
        return Table(
            name="peaks",
            title="Peak rates of chips, dense and sparse",
            columns=(
                *_CHIP_KEY,
                Column(name="precision", kind="category", about="number format of the products"),
                Column(name="operations_per_second", kind="number", unit="FLOP/s", about="of one unit; or operations"),
                Column(name="sparse", kind="flag", about="with structured sparsity?"),
                Column(name="clock", kind="category", about="boost, base, or unstated"),
                Column(name="headline", kind="flag", about="the one that the vendor names first?"),
                Column(name="path", kind="category", about="vector or matrix units"),
                Column(name="accumulate", kind="category", about="format of the sums"),
                Column(name="as_of", kind="text", about="edition, where the vendor gave another rate before or after"),
                *_CITED,
            ),
            rows=self._of_chips("peaks", {"value": "operations_per_second"}),
            key=("chip", "number"),
            references={"chip": "chips", "source": "sources"},
            facets=("precision", "sparse", "source"),
        )  # fmt: skip

    def prices(self) -> Table:
        """Every price on record."""
        return Table(
            name="prices",
            title="Prices of chips, bought and rented",
            columns=(
                *_CHIP_KEY,
                Column(name="usd", kind="number", unit="USD", about="of one unit; cloud: for an hour"),
                Column(name="kind", kind="category", about="list, system-share, street or cloud"),
                Column(name="date", kind="text", about="date, as precise as is known"),
                Column(name="provider", kind="text", about="who asks it"),
                Column(name="term", kind="text", about="for how long, where it is rented"),
                *_CITED,
            ),
            rows=self._of_chips("prices", {}),
            key=("chip", "number"),
            references={"chip": "chips", "source": "sources"},
            facets=("kind", "date", "source"),
        )  # fmt: skip

    def _of_chips(self, attribute: str, renamed: Mapping[str, str]) -> list[dict[str, Any]]:
        return [
            {"chip": name, "number": number} | {renamed.get(key, key): value for key, value in asdict(record).items()}
            for name in self._chips
            for number, record in enumerate(getattr(store.chip_record(name), attribute), 1)
        ]

    def editions(self) -> Table:
        """What each vintage says about each model."""
        rows = [
            {
                "model": known.item.id,
                "vintage": vintage,
                "line": row.line,
                "name": row.model,
                "compute": row.compute,
                "confidence": row.confidence,
                "withdrawn": vintages.is_withdrawn(row, known.item.row),
            }
            for known in self.known
            if known.item.row is not None
            for vintage, row in [(known.item.vintage, known.item.row), *known.item.history]
        ]
        return Table(
            name="editions",
            title="What each vintage of a table says about a model",
            columns=(
                Column(name="model", kind="text", about="id of the model"),
                Column(name="vintage", kind="category", about="id of the vintage"),
                Column(name="line", kind="count", about="line of the table"),
                Column(name="name", kind="text", about="what the table calls it"),
                Column(name="compute", kind="number", unit="FLOP", about="training compute, as the table says"),
                Column(name="confidence", kind="category", about="how sure the makers of the table are"),
                Column(name="withdrawn", kind="flag", about="does the newest edition with the model give no compute?"),
            ),
            rows=rows,
            key=("model", "vintage"),
            references={"model": "models", "vintage": "vintages"},
            facets=("vintage",),
        )

    def vintages(self) -> Table:
        """The vintages that enter these tables, and where each comes from."""
        return Table(
            name="vintages",
            title="Editions of tables of models",
            columns=(
                Column(name="id", kind="text", about="name of the vintage"),
                Column(name="title", kind="text", about="of the table"),
                Column(name="publisher", kind="text", about="who made the table"),
                Column(name="address", kind="text", about="where it is published"),
                Column(name="date", kind="day", about="of the edition"),
                Column(name="licence", kind="text", about="under which it may be passed on"),
                Column(name="credit", kind="text", about="line that the licence asks for"),
                Column(name="rows", kind="count", about="how many models it holds"),
                Column(name="sha256", kind="text", about="of its file"),
            ),
            rows=[asdict(vintages.sidecar(name)) for name in vintages.entering(self.data)],
            key=("id",),
        )


TABLES: Mapping[str, Callable[[Relations], Table]] = {
    "models": Relations.models,
    "estimates": Relations.estimates,
    "claims": Relations.claims,
    "sources": Relations.sources,
    "chips": Relations.chips,
    "peaks": Relations.peaks,
    "prices": Relations.prices,
    "editions": Relations.editions,
    "vintages": Relations.vintages,
}


def _quantiles(unit: str = "") -> list[Column]:
    said = ("lower end of the 90% interval", "median", "upper end of the 90% interval")
    return [Column(name=n, kind="number", unit=unit, about=s) for n, s in zip(QUANTILES, said, strict=True)]


_CITED = (
    Column(name="source", kind="text", about="id of the source"),
    Column(name="where", kind="text", about="place in the source"),
    Column(name="verified", kind="flag", about="was it read at the source?"),
)
_CHIP_KEY = (
    Column(name="chip", kind="text", about="id of the chip"),
    Column(name="number", kind="count", about="place in the record"),
)
CLAIM_COLUMNS = (
    Column(name="model", kind="text", about="id of the model"),
    Column(name="number", kind="count", about="place among the claims about the model"),
    Column(name="id", kind="text", about="name of the claim"),
    Column(name="about", kind="category", about="what is claimed"),
    Column(name="value", kind="text", about="as written"),
    *_quantiles(),
    Column(name="unit", kind="category", about="of the three numbers"),
    Column(name="kind", kind="category", about="stated, derived or assumed"),
    *_CITED,
    Column(name="aside", kind="flag", about="is nothing computed from it?"),
    Column(name="used", kind="flag", about="did a method use it?"),
    Column(name="stage", kind="text", about="part of the training job that it describes"),
    Column(name="tag", kind="category", about="what a stated compute counts"),
    Column(name="chip", kind="text", about="chip that it is about, as named"),
    Column(name="from", kind="texts", about="what its author worked it out from"),
    Column(name="note", kind="text", about="what a reader should know"),
    CREDIT[1],
)  # fmt: skip


def _claim_row(claim: Claim) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": claim.id,
        "about": claim.about,
        "value": claim.value,
        "kind": claim.kind,
        "where": claim.where,
        "verified": claim.verified,
        "tag": claim.tag,
        "chip": claim.chip,
        "from": tuple(sorted(claim.rests_on)),
        "note": "; ".join(part for part in (claim.note, claim.aside) if part),
    }
    if claim.belief is None:
        return row
    return row | _quantiles_of(claim) | {"unit": unit_of(claim.about)}


def _quantiles_of(claim: Claim) -> dict[str, float]:
    if isinstance(claim.belief, Point):
        return dict.fromkeys(QUANTILES, claim.belief.value)
    assert claim.belief is not None
    found = claim.belief.quantile(np.array([0.05, 0.5, 0.95]))
    return dict(zip(QUANTILES, map(float, found), strict=True))
