"""Everything about one model in one place: what is claimed, what follows, where it stood, what others say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any

from comptometer import editions, lineage, standing, vintages
from comptometer.catalogue import Entry, attempt, claim_row
from comptometer.checks import Finding, findings
from comptometer.collection import Models, facts
from comptometer.editions import Edition
from comptometer.errors import NotEnoughEvidence
from comptometer.evidence import source_named
from comptometer.inspection import of_item
from comptometer.library import Item, Library, library
from comptometer.notebook import Showable
from comptometer.quantity import Estimate
from comptometer.records import Claim, Dossier, Source
from comptometer.release import data_version
from comptometer.training_cost import Cost, cost_of


@dataclass(frozen=True, kw_only=True)
class Profile(Showable):
    """A model of the catalogue; cost and checks are worked out when they are asked for.

    Attributes:
        data: the vintage that was asked for.
        item: what is on file.
        dossier: its claims; those put aside are what the table says, or what cannot be about the same job.
        entry: the estimate, where some method could run.
        missing: what each method lacks.
        total: training compute with that of its base models, where that is known.
        rank: place by median total compute among all that were published by its day.
        editions: what each vintage says, newest first.
        company: the models around it.
    """

    data: str
    item: Item
    company: Library
    dossier: Dossier
    entry: Entry | None
    missing: Mapping[str, Sequence[str]]
    total: Estimate | None
    rank: int | None
    editions: Sequence[Edition]

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What about the evidence asks for a look, worst first."""
        return findings(of_item(self.item, self.company))

    @cached_property
    def cost(self) -> Cost | None:
        """Cost and energy, where the machines are known."""
        try:
            return cost_of(self.entry) if self.entry else None
        except NotEnoughEvidence:
            return None

    @property
    def facts(self) -> dict[str, Any]:
        """What is on file before anything is computed."""
        return facts(self.item, self.dossier)

    @property
    def claims(self) -> list[Claim]:
        """Every claim of the dossier, used or not."""
        return list(self.dossier.all_claims())

    @property
    def sources(self) -> list[Source]:
        """Who says something here, each once: of the claims, the assumptions, and what is put aside."""
        used = [*(self.entry.claims if self.entry else []), *(self.cost.claims if self.cost else [])]
        named = dict.fromkeys(c.source for c in [*self.claims, *used, *self.dossier.aside])
        named |= dict.fromkeys(self.dossier.references)
        return [source_named(name, self.dossier) for name in named]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer models show` (schema `comptometer/model/1`)."""
        facts = self.facts
        return {
            "schema": "comptometer/model/1",
            "data_version": data_version(self.data),
            "id": self.item.id,
            "name": self.dossier.name,
            "aliases": [name for name in self.item.names if name != self.dossier.name],
            "developer": self.dossier.developer,
            "country": facts["country"],
            "published": self.dossier.published.isoformat() if self.dossier.published else None,
            "domain": list(self.dossier.domain),
            "notable": facts["notable"],
            "open_weights": facts["open_weights"],
            "origin": self.item.origin,
            "base_model": self.dossier.base_model,
            "total": self.total.to_dict() if self.total else None,
            "rank_at_release": self.rank,
            "estimate": self.entry.to_dict() if self.entry else None,
            "missing": {name: list(needs) for name, needs in self.missing.items()},
            "cost": {"dollars": self.cost.dollars, **self.cost.figures()} if self.cost else None,
            "claims": [claim_row(claim) for claim in self.claims],
            "aside": [claim_row(claim) for claim in self.dossier.aside],
            "editions": [asdict(edition) for edition in self.editions],
            "findings": [finding.to_dict() for finding in self.findings],
            "sources": [
                {
                    "id": s.id,
                    "title": s.title,
                    "authors": list(s.authors),
                    "published": s.published,
                    "url": s.url,
                    "grade": s.grade,
                    "licence": s.licence,
                }
                for s in self.sources
            ],
        }


def profile(name: str, data: str = vintages.DEFAULT) -> Profile:
    """Everything about the model that people call so.

    Raises:
        NotFound: with the nearest names.
        DataError: a curated dossier with problems.
    """
    company = library(data)
    item = company.item(name)
    dossier = item.dossier()
    found = attempt(dossier)
    entry = found if isinstance(found, Entry) else None
    total = lineage.total(item, entry, company) if entry else None
    return Profile(
        data=data,
        item=item,
        company=company,
        dossier=dossier,
        entry=entry,
        missing=entry.missing if entry else found,  # type: ignore[arg-type]
        total=total,
        rank=_rank(item.id, dossier.published, total, data),
        editions=editions.of(item, entry),
    )


def _rank(model_id: str, published: date | None, total: Estimate | None, data: str) -> int | None:
    if published is None or total is None:
        return None
    return standing.rank(model_id, published, total.median, Models(data).standings())
