"""Every model on file, found by any of its names: the curated dossiers, and the tables' rows for all others.

A curated dossier takes the place of the table's row for the same model; what the table says of it is put aside in the
dossier, so that it is shown and nothing is computed from it. A model that the default vintage lacks comes from the next
older one that is shipped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from shlex import quote

from comptometer import bulk, dossiers, vintages
from comptometer.errors import NotFound
from comptometer.index import Index, Indexed, Place, index
from comptometer.model_row import ModelRow
from comptometer.records import Dossier, Source
from comptometer.sources import name_key
from comptometer.store import folded

CURATED = "curated"
FEW, MANY = 3, 6  # names that are offered in place of an unknown one: at most, and of a family
SHORT = 3  # letters: so short a word is in many others
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
        bases: what tables say of the models that it was built on, each with the id of its vintage; empty unless they
            have all of them.
    """

    id: str
    names: Sequence[str]
    curated: bool
    vintage: str = ""
    row: ModelRow | None = None
    history: Sequence[tuple[str, ModelRow]] = ()
    bases: Sequence[tuple[str, ModelRow]] = ()

    @property
    def base_rows(self) -> Sequence[ModelRow]:
        """What the tables say of its base models."""
        return tuple(row for _, row in self.bases)

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
            return _from_row(self.row, self.vintage, self.id, self.base_rows)
        own = dossiers.dossier(self.id)
        if self.row is None or not aside:
            return own
        table = _from_row(self.row, self.vintage, self.id, self.base_rows)
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
    def _indexed(self) -> Index:
        """The models by id where the shipped index tells of them; else none."""
        return index(self.vintage) if self._curated else Index(())

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """All models by id: the curated ones first, then the table in its order."""
        if not self._indexed:
            return self.found()
        vintage_ids = {vintage_id for model in self._indexed.values() for vintage_id, _ in (*model.rows, *model.bases)}
        rows = {(name, row.line): row for name in vintage_ids for row in vintages.vintage(name).rows}
        return {name: _item(model, rows.__getitem__) for name, model in self._indexed.items()}

    def found(self) -> Mapping[str, Item]:
        """The models, worked out from the dossiers and the rows themselves."""
        named: Mapping[str, str] = dossiers.dossier_names() if self._curated else {}
        found: dict[str, Item] = {}
        rows: dict[str, Item] = {}
        by_name: dict[str, tuple[str, ModelRow]] = {}
        for known in vintages.merged(self.vintage):
            names = tuple(dict.fromkeys([known.row.model, *(row.model for _, row in known.history)]))
            keys = [name_key(name) for name in names]
            for key in keys:
                by_name.setdefault(key, (known.vintage, known.row))
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

    def own_rows(self) -> Sequence[ModelRow]:
        """The rows of this vintage that models are known by, in the order of the models; no older vintage is read."""
        if not self._indexed:
            return [item.row for item in self.items.values() if item.row and item.vintage == self.vintage]
        rows = {row.line: row for row in vintages.vintage(self.vintage).rows}
        newest = [model.rows[0] for model in self._indexed.values() if model.rows]
        return [rows[line] for vintage_id, line in newest if vintage_id == self.vintage]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every spelling, as names are compared, with the id of its model; a curated dossier comes first."""
        if self._indexed:
            return self._indexed.named()
        named: dict[str, str] = {}
        for item in self.items.values():
            for spelling in indexed(item).spellings:
                named.setdefault(spelling, item.id)
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
            more = len(self.family(name))
            hint = f"comptometer models list --find {quote(name)} lists every name that holds it" if more > MANY else ""
            raise NotFound("model", name, self.near(name), hint)
        return found

    def find(self, name: str) -> Item | None:
        """The model that people call so; nothing where there is none, which is said at once, without near names."""
        model_id = name if name in (self._indexed or self.items) else self.names.get(name_key(name))
        return self.of_id(model_id or self._loosely.get(folded(name), ""))

    def of_id(self, model_id: str) -> Item | None:
        """The model of exactly this id, if there is one; its rows alone are read."""
        if not self._indexed:
            return self.items.get(model_id)
        model = self._indexed.get(model_id)
        return _item(model, lambda place: vintages.row(*place)) if model else None

    def family(self, name: str) -> list[Item]:
        """The models whose names begin with these words and numbers (3 also with 3.1), the most prominent first."""
        wanted = _parts(name)
        models = (self._indexed or self.items).values() if wanted else ()
        ids = [model.id for model in models if any(_begins(spelling, wanted) for spelling in model.names)]
        return sorted((item for name in ids if (item := self.of_id(name))), key=_prominence)

    def near(self, name: str) -> list[str]:
        """Names that may have been meant: of its family, then those with every part of it, then those spelled alike."""
        wanted = _parts(name)
        found = {item.id: item for item in self.family(name)}
        for holds in (_holds, _holds_apart):
            if len(found) < FEW and wanted:
                held = [item for item in self.items.values() if any(holds(name, wanted) for name in item.names)]
                found |= {item.id: item for item in sorted(held, key=_prominence)}
        most = MANY if len(found) > FEW else FEW
        if len(found) < FEW and (not found or len(folded(name)) > SHORT):
            alike = [self.names[key] for key in get_close_matches(name_key(name), self.names, FEW, 0.6)]
            found |= {model_id: self.items[model_id] for model_id in alike if model_id not in found}
        return list(dict.fromkeys(item.names[0] for item in found.values()))[:most]


def indexed(item: Item) -> Indexed:
    """A model as the index has it."""
    names = (item.id, item.id.partition("/")[2], *item.names)
    rows = [(item.vintage, item.row), *item.history] if item.row else []
    return Indexed(
        id=item.id,
        curated=item.curated,
        names=tuple(item.names),
        spellings=tuple(dict.fromkeys(map(name_key, names))),
        rows=tuple((vintage_id, row.line) for vintage_id, row in rows),
        bases=tuple((vintage_id, row.line) for vintage_id, row in item.bases),
    )


def _item(model: Indexed, row: Callable[[Place], ModelRow]) -> Item:
    newest, *older = model.rows or [("", 0)]
    return Item(
        id=model.id,
        names=model.names,
        curated=model.curated,
        vintage=newest[0],
        row=row(newest) if model.rows else None,
        history=tuple((place[0], row(place)) for place in older),
        bases=tuple((place[0], row(place)) for place in model.bases),
    )


def _is_tuned(item: Item) -> bool:
    return item.row is not None and bool(item.row.base_model)


def _bases(item: Item, by_name: Mapping[str, tuple[str, ModelRow]]) -> Sequence[tuple[str, ModelRow]]:
    """The rows of the models that a model was built on; none unless all of them are there."""
    found = [by_name.get(name_key(name)) for name in (item.row.base_model if item.row else ())]
    return tuple(base for base in found if base is not None) if all(found) else ()


def _parts(name: str) -> list[str]:
    """The words and numbers of a name."""
    return re.findall(r"[^\W\d_]+|\d+(?:\.\d+)?", name.casefold())


def _is_version(wanted: str, own: str) -> bool:
    """Is a part of a name the wanted one, or a version of the wanted number (3 also 3.1, not 30)?"""
    return wanted == own or (wanted[0].isdigit() and own.startswith(f"{wanted}."))


def _begins(name: str, wanted: Sequence[str]) -> bool:
    own = _parts(name)
    return len(own) >= len(wanted) and all(map(_is_version, wanted, own))


def _holds(name: str, wanted: Sequence[str]) -> bool:
    """Stand the wanted parts one after the other in a name?"""
    own = _parts(name)
    return any(all(map(_is_version, wanted, own[at:])) for at in range(len(own) - len(wanted) + 1))


def _holds_apart(name: str, wanted: Sequence[str]) -> bool:
    """Has a name every wanted part, in any order? A long word may also be a part of another."""
    lowered, own = name.casefold(), _parts(name)
    return all(
        any(_is_version(part, mine) for mine in own) or (part.isalpha() and len(part) > SHORT and part in lowered)
        for part in wanted
    )


def _prominence(item: Item) -> tuple[object, ...]:
    """Order of models of one family: those with a dossier or marked as notable, the most compute first."""
    known = item.curated or bool(item.row and item.row.notability)
    return (not known, -((item.row.compute if item.row else None) or 0.0), item.names[0])


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
