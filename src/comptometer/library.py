"""Every model on file, found by any of its names: the curated dossiers, and the tables' rows for all others.

A curated dossier takes the place of the table's row for the same model; what the table says of it is put aside in the
dossier, so that it is shown and nothing is computed from it. A model that the default vintage lacks comes from the next
older one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property

from comptometer import bulk, dossiers, vintages
from comptometer.errors import NotFound
from comptometer.model_row import ModelRow
from comptometer.records import Dossier, Source
from comptometer.sources import name_key
from comptometer.store import folded

CURATED = "curated"
OURS = "a dossier of our own counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One model on file.

    Attributes:
        id: `developer/model`, unique.
        names: what people call it, the first is shown.
        curated: is there a dossier of our own?
        vintage: the table that the row is from; empty where only a dossier tells of the model.
        row: what that table says.
        history: what older vintages said, newest first, each with the id of its vintage.
        bases: what the tables say of the models that it was built on; empty unless they have all of them.
    """

    id: str
    names: Sequence[str]
    curated: bool
    vintage: str = ""
    row: ModelRow | None = None
    history: Sequence[tuple[str, ModelRow]] = ()
    bases: Sequence[ModelRow] = ()

    @property
    def origin(self) -> str:
        """Who says what is computed from: "curated", or the id of a vintage."""
        return CURATED if self.curated else self.vintage

    def dossier(self, *, aside: bool = True) -> Dossier:
        """Its claims.

        Args:
            aside: also what the table says of a model that has a dossier of its own?

        Raises:
            DataError: a curated dossier with problems.
        """
        if not self.curated:
            assert self.row is not None
            return _from_row(self.row, self.vintage, self.id, self.bases)
        own = dossiers.dossier(self.id)
        if self.row is None or not aside:
            return own
        table = _from_row(self.row, self.vintage, self.id, self.bases)
        beside = [replace(claim, aside=claim.aside or OURS) for claim in (*table.claims, *table.aside)]
        return replace(own, aside=beside, sources={**table.sources, **own.sources})


def _from_row(row: ModelRow, vintage_id: str, dossier_id: str, bases: Sequence[ModelRow]) -> Dossier:
    return bulk.dossier(row, source_of(vintage_id), dossier_id, bases)


@cache
def source_of(vintage_id: str) -> Source:
    """A vintage as the source of its claims."""
    facts = vintages.sidecar(vintage_id)
    return Source(
        id=f"{vintage_id}-models",
        title=f"{facts.title}, {facts.date:%B %Y}",
        authors=(facts.publisher,),
        published=facts.date.isoformat(),
        url=facts.address,
        grade="secondary",
        licence=facts.licence,
        note=facts.credit,
    )


class Library:
    """The models of one vintage (and of those older than it), with the curated dossiers."""

    def __init__(self, vintage: str = vintages.DEFAULT, *, curated: bool = True) -> None:
        self.vintage = vintage
        self._curated = curated

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """All models by id: the curated ones first, then the table in its order."""
        named: Mapping[str, str] = dossiers.dossier_names() if self._curated else {}
        found: dict[str, Item] = {}
        rows: dict[str, Item] = {}
        by_name: dict[str, ModelRow] = {}
        for known in vintages.merged(self.vintage):
            names = tuple(dict.fromkeys([known.row.model, *(row.model for _, row in known.history)]))
            keys = [name_key(name) for name in names]
            for key in keys:
                by_name.setdefault(key, known.row)
            owner = next((named[key] for key in keys if key in named), None)
            own_id = owner or _unused(_slugs(known.row), rows)
            target = found if owner else rows
            if own_id not in target:  # of two rows for one dossier the newer counts
                target[own_id] = Item(
                    id=own_id, names=names, curated=bool(owner), vintage=known.vintage, row=known.row,
                    history=known.history,
                )  # fmt: skip
        for target in (found, rows):
            target |= {i: replace(item, bases=_bases(item, by_name)) for i, item in target.items() if _is_tuned(item)}
        for dossier_id in dossiers.dossier_ids() if self._curated else ():
            names = dossiers.names_of(dossier_id)
            item = found.get(dossier_id) or Item(id=dossier_id, names=names, curated=True)
            found[dossier_id] = replace(item, names=tuple(dict.fromkeys([*names, *item.names])))
        return {**found, **rows}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every spelling, as names are compared, with the id of its model; a curated dossier comes first."""
        named: dict[str, str] = {}
        for item in self.items.values():
            for name in (item.id, item.id.partition("/")[2], *item.names):
                named.setdefault(name_key(name), item.id)
        return named

    @cached_property
    def _loosely(self) -> Mapping[str, str]:
        """The same without points and plus signs, where only one model is left."""
        found: dict[str, set[str]] = {}
        for name, model_id in self.names.items():
            found.setdefault(folded(name), set()).add(model_id)
        return {name: models.pop() for name, models in found.items() if len(models) == 1}

    def item(self, name: str) -> Item:
        """The model that people call so.

        Raises:
            NotFound: with the nearest names.
        """
        found = self.find(name)
        if found is None:
            raise NotFound("model", name, self.near(name))
        return found

    def find(self, name: str) -> Item | None:
        """The model that people call so; nothing where there is none, which is said at once, without near names."""
        found = name if name in self.items else self.names.get(name_key(name)) or self._loosely.get(folded(name))
        return self.items[found] if found else None

    def near(self, name: str, most: int = 3) -> list[str]:
        """Names that may have been meant: those that hold every part of the name, then those spelled alike."""
        wanted = _parts(name)
        holding = {
            item.id: min(len(spelling) for spelling in item.names)
            for item in self.items.values()
            if wanted and any(_holds(spelling, wanted) for spelling in item.names)
        }
        alike = [self.names[key] for key in get_close_matches(name_key(name), self.names, most, 0.6)]
        ids = dict.fromkeys([*sorted(holding, key=lambda model_id: (holding[model_id], model_id)), *alike])
        return [self.items[model_id].names[0] for model_id in ids][:most]


def _is_tuned(item: Item) -> bool:
    return item.row is not None and bool(item.row.base_model)


def _bases(item: Item, by_name: Mapping[str, ModelRow]) -> Sequence[ModelRow]:
    """The rows of the models that a model was built on; none unless all of them are there."""
    found = [by_name.get(name_key(name)) for name in (item.row.base_model if item.row else ())]
    return tuple(base for base in found if base is not None) if all(found) else ()


def _parts(name: str) -> list[str]:
    """The words and numbers of a name."""
    return re.findall(r"[^\W\d_]+|\d+(?:\.\d+)?", name.casefold())


def _holds(name: str, wanted: Sequence[str]) -> bool:
    """Has a name every wanted word, and every wanted number (3 also as 3.1, not as 30)?"""
    lowered = name.casefold()
    if not all(part in lowered for part in wanted):
        return False
    own = _parts(name)
    return all(any(part == mine or mine.startswith(f"{part}.") for mine in own) for part in wanted if part[0].isdigit())


@cache
def library(vintage: str = vintages.DEFAULT, *, curated: bool = True) -> Library:
    """The library of a vintage, read once.

    Raises:
        NotFound: no such vintage.
    """
    return Library(vintage, curated=curated)


def dossier_named(name: str) -> Dossier:
    """The dossier of the model that people call so: a curated one by its id or file name without reading the tables.

    Raises:
        NotFound: with the nearest names.
    """
    return dossiers.by_file_name(name) or library().item(name).dossier()


def _slugs(row: ModelRow) -> str:
    developer = row.organization[0] if row.organization else "unknown"
    return f"{_slug(developer) or 'unknown'}/{_slug(row.model) or 'model'}"


def _slug(text: str) -> str:
    """Letters and digits joined by hyphens, as the curated files are named."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[^\w.+]+", "-", kept).strip("-.")


def _unused(slug: str, taken: Mapping[str, Item]) -> str:
    if slug not in taken:
        return slug
    number = 2
    while f"{slug}-{number}" in taken:
        number += 1
    return f"{slug}-{number}"
