"""What a caller asks for about cost: a model of the catalogue, a file or figures, on a day, in dollars of a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from comptometer import vintages
from comptometer.catalogue import Entry
from comptometer.days import day
from comptometer.errors import NotationError, NotFound, Problem, UsageError
from comptometer.library import Item, library
from comptometer.published_costs import published_figures
from comptometer.records import Dossier
from comptometer.request import estimate
from comptometer.training_cost import Cost, cost_of, on_day


def cost(
    source: str | Path | Dossier | Entry | None = None,
    *,
    dollars: int | None = None,
    place: str = "",
    published: date | str | None = None,
    data: str | None = None,
    **asked: Any,
) -> Cost:
    """Cost, energy and CO2 of a training run, with what others say beside it.

    Args:
        source: as of `estimate`: a model of the catalogue, a dossier, or the path of one or of a configuration; or an
            entry that `estimate` made.
        dollars: the year in whose dollars; the last whole one of the price index unless given.
        place: the country of the machines, by any of its names.
        published: day of publication, from which training and prices are dated; of a month or a year its first day.
        data: the vintage to look in; the newest shipped one unless given.
        asked: `name`, `domain`, `as_of`, `config` and figures as of `estimate`.

    Raises:
        NotFound, UsageError, DataError: as of `estimate`; no such place or vintage; a year without a price index.
        NotEnoughEvidence: nothing can be computed; says what is missing.

    >>> found = cost("gpt-3", dollars=2020)
    >>> sorted(found.kinds), round(found.kinds["amortised"].estimate.median / 1e6, 1)
    (['acquisition', 'amortised', 'cloud'], 1.5)
    """
    item = named(source, data)
    try:
        on = None if published is None else day(published)
    except NotationError as error:
        raise UsageError.of([Problem("published", str(error))]) from None
    if isinstance(source, Entry):
        if asked:
            raise UsageError.of(Problem(name, "belongs to estimate, whose entry was given") for name in asked)
        return costed(source, None, dollars=dollars, place=place, published=on)
    return costed(
        estimate(item.dossier() if item else source, **asked), item, dollars=dollars, place=place, published=on
    )


def costed(model: Entry, item: Item | None, *, dollars: int | None, place: str, published: date | None) -> Cost:
    """The cost of a model, with the figures that others published about it or stand in the row of its table."""
    found = cost_of(on_day(model, published) if published else model, dollars=dollars, place=place)
    return replace(found, published=published_figures(found, item.row if item else None, item.vintage if item else ""))


def named(source: str | Path | Dossier | Entry | None, data: str | None) -> Item | None:
    """The model of the catalogue that is meant; nothing where figures or a file are.

    Raises:
        NotFound: no such model, file or vintage.
    """
    if not isinstance(source, str) or source == "-" or Path(source).suffix in {".toml", ".json"}:
        return None
    try:
        return library(data or vintages.DEFAULT).item(source)
    except NotFound:
        if Path(source).exists():
            return None
        raise
