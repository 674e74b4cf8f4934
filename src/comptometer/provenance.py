"""Whom to credit for rows of the catalogue, and under which terms they may be passed on.

A model is from the makers of the table that its row is from, or from us where its dossier is curated; a curated one
may hold facts of tables as well, and then both are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comptometer import __version__, store, vintages
from comptometer.evidence import source_named
from comptometer.library import Item, source_of
from comptometer.records import Chip, Dossier, Source
from comptometer.release import data_version

OURS = "comptometer"
LICENCE = "MIT"
SEPARATOR = "; "


def of_model(item: Item, dossier: Dossier) -> list[Source]:
    """The tables that the row of a model takes facts from, each once."""
    named = dict.fromkeys(claim.source for claim in [*dossier.all_claims(), *dossier.aside])
    tables = [source for name in named if (source := source_named(name, dossier)).licence]
    own = [source_of(item.vintage)] if item.vintage else []
    return list({source.id: source for source in [*own, *tables]}.values())


def of_chip(chip: Chip) -> list[Source]:
    """The tables that the record of a chip takes facts from, each once."""
    return [source for name in chip.cited if (source := store.source(name)).licence]


def credited(tables: Sequence[Source], *, curated: bool) -> dict[str, str]:
    """Who a row is from, and its licence, as two cells."""
    makers = [OURS] * curated + [author for source in tables for author in source.authors]
    terms = [LICENCE] * curated + [source.licence for source in tables]
    return {"source": _joined(makers), "licence": _joined(terms)}


def facts(tables: Iterable[Source], *vintages_used: str) -> dict[str, str]:
    """What travels with a whole table: `credit`, `licence`, `data_version`, `software`."""
    version = data_version(*vintages_used)
    unique = list({source.id: source for source in tables}.values())
    lines = [
        f"{OURS} {__version__}, data {version}: dossiers, chips and all estimates ({LICENCE})",
        *(f"{_line(source)} ({source.licence or 'no licence stated'})" for source in unique),
    ]
    return {
        "credit": "\n".join(dict.fromkeys(lines)),
        "licence": _joined([LICENCE, *(source.licence for source in unique)]),
        "data_version": version,
        "software": f"{OURS} {__version__}",
    }


def _joined(words: Iterable[str]) -> str:
    return SEPARATOR.join(dict.fromkeys(filter(None, words)))


def _line(source: Source) -> str:
    """The line that a licence asks for: the one that is written down with a vintage, or made from the source."""
    vintage = source.id.removesuffix("-models")
    if vintage in vintages.names():
        return vintages.sidecar(vintage).credit
    return f"{', '.join(source.authors)}, '{source.title}', {source.published}. {source.url}"
