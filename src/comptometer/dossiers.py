"""Reads and checks dossiers, and finds those on file by name. Every problem of a file is reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comptometer.architecture import located
from comptometer.distribution import Distribution, Point
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError
from comptometer.files import read_bytes
from comptometer.records import Claim, Dossier, Source, Stage
from comptometer.sources import name_key
from comptometer.store import (
    bytes_to_table,
    chips_named,
    ids,
    path_of,
    shaped,
    source_ids,
    to_source,
)
from comptometer.vocabulary import ABOUTS, DOMAINS, is_word, read

if TYPE_CHECKING:
    from comptometer.shapes import ClaimRow, DossierFile, StageRow

OLDEST = date(1940, 1, 1)


@cache
def dossier_ids() -> tuple[str, ...]:
    """Names of all dossiers on file, `developer/model`."""
    return tuple(sorted(set(ids("models"))))


@cache
def dossier(dossier_id: str, *, shipped: bool = False) -> Dossier:
    """The dossier with exactly this id; where only shipped ones are wanted, a user's own is passed over.

    Raises:
        NotFound: with the nearest names.
    """
    path = path_of("models", dossier_id, shipped=shipped)
    if path is None:
        raise NotFound("model", dossier_id, get_close_matches(dossier_id, dossier_ids(), 3))
    return read_dossier(read_bytes(path), str(path), dossier_id, folder=path.parent)


def read_dossier(
    raw: bytes, place: str, dossier_id: str, as_of: date | None = None, *, folder: Path | None = None
) -> Dossier:
    """Read and check a dossier.

    Args:
        raw: the bytes of the TOML file.
        place: what to call the file in messages.
        dossier_id: the id that its claims carry.
        as_of: no date in it may lie after this day.
        folder: where the paths of files that it names start; without one it can only name what is shipped.

    Raises:
        DataError: every problem found, each with its place.
    """
    from comptometer.shapes import DossierFile

    table = bytes_to_table(raw, place)
    try:
        row = shaped(DossierFile, table, place)
    except DataError as error:
        raise DataError(place, [*error.problems, *_value_problems(table)]) from None
    problems: list[str] = []
    result = _dossier(row, dossier_id, folder, problems)
    problems += _date_problems(row, as_of) + _lineage_problems(result)
    if problems:
        raise DataError(place, problems)
    return result


def _value_problems(table: Mapping[str, Any]) -> list[str]:
    """What is wrong with the values of a file whose shape is wrong too, so that all is said at once."""
    stages = [stage for stage in _rows(table, "stages") if isinstance(stage, dict)]
    parts = [("claims", _rows(table, "claims"))]
    parts += [(f"stages[{at}].claims", _rows(stage, "claims")) for at, stage in enumerate(stages, 1)]
    found = []
    for place, rows in parts:
        for at, row in enumerate(rows, 1):
            if isinstance(row, dict) and isinstance(row.get("about"), str) and "value" in row:
                found += [f"{place}[{at}].{problem}" for problem in _value_problem(row["about"], str(row["value"]))]
    return found


def _rows(table: Mapping[str, Any], key: str) -> list[Any]:
    rows = table.get(key)
    return rows if isinstance(rows, list) else []


def _value_problem(about: str, value: str) -> list[str]:
    try:
        _belief(about, value)
    except ComptometerError as error:
        return [f"about: {error}" if about not in ABOUTS else f"value: {about}: {error}"]
    return []


def _dossier(row: DossierFile, dossier_id: str, folder: Path | None, problems: list[str]) -> Dossier:
    sources = {name: to_source(name, item) for name, item in row.sources.items()}
    problems += [f"domain: {name!r} is not one of {', '.join(DOMAINS)}" for name in row.domain if name not in DOMAINS]
    for name in row.references:
        if name not in sources and name not in source_ids():
            problems.append(f"references: no source {name!r}")
    if row.base_model and row.base_model.lower() in {row.name.lower(), dossier_id.lower()}:
        problems.append("base_model: a model cannot be its own base (cyclic)")
    claims = _claims(row.claims, dossier_id, "claims", sources, folder, problems)
    stages = [_stage(stage, at, dossier_id, sources, folder, problems) for at, stage in enumerate(row.stages, 1)]
    for name in _repeated([stage.name for stage in stages]):
        problems.append(f"stages: two stages are called {name!r}")
    return Dossier(
        id=dossier_id,
        claims=claims,
        stages=stages,
        sources=sources,
        basis="increment" if row.base_model else "total",
        **row.model_dump(exclude={"claims", "stages", "sources"}),
    )


def _stage(
    row: StageRow, at: int, dossier_id: str, sources: Mapping[str, Source], folder: Path | None, problems: list[str]
) -> Stage:
    claims = _claims(row.claims, f"{dossier_id}:{row.name}", f"stages[{at}].claims", sources, folder, problems)
    if row.start and row.end and row.start > row.end:
        problems.append(f"stages[{at}]: ends {row.end} before it starts {row.start}")
    return Stage(name=row.name, kind=row.kind, start=row.start, end=row.end, claims=claims)


def _claims(
    rows: Sequence[ClaimRow],
    subject: str,
    place: str,
    sources: Mapping[str, Source],
    folder: Path | None,
    problems: list[str],
) -> list[Claim]:
    claims = []
    for at, row in enumerate(rows, 1):
        here = f"{place}[{at}]"
        found = _claim_problems(row, sources, folder)
        problems += [f"{here}.{problem}" for problem in found]
        if not found:
            claims.append(_claim(row, subject, folder))
    for repeated in _repeated([claim.id for claim in claims]):
        problems.append(f"{place}: two claims {repeated.removeprefix(subject + ':')!r}: one per about, source and tag")
    abouts = {claim.about for claim in claims}
    if {"macs_per_example", "flop_per_example"} <= abouts:
        problems.append(f"{place}: macs_per_example and flop_per_example say the same; give one of them")
    return claims


def _claim(row: ClaimRow, subject: str, folder: Path | None) -> Claim:
    tag = f"#{row.tag}" if row.tag else ""
    return Claim(
        id=f"{subject}:{row.about}{tag}@{row.source}",
        belief=_belief(row.about, row.value),
        rests_on=frozenset(row.from_),
        file=located(row.value, folder) if ABOUTS[row.about].file else None,
        **row.model_dump(exclude={"from_"}),
    )


def _belief(about: str, value: str) -> Distribution | None:
    """The number that a claim states, or nothing where it is a word.

    Raises:
        UsageError: unknown key, word or number.
    """
    if about not in ABOUTS:
        near = get_close_matches(about, ABOUTS, 1)
        raise UsageError(
            f"unknown {about!r}" + (f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(ABOUTS)}")
        )
    if not is_word(about):
        return read(about, value)
    if not ABOUTS[about].file and value not in ABOUTS[about].words:
        raise UsageError(f"{value!r} is not one of {', '.join(ABOUTS[about].words)}")
    return None


def _claim_problems(row: ClaimRow, sources: Mapping[str, Source], folder: Path | None) -> list[str]:
    found = _value_problem(row.about, row.value) or _architecture_problems(row, folder)
    if not (row.source in sources or row.source in source_ids() or row.source.startswith(("http://", "https://"))):
        near = get_close_matches(row.source, [*sources, *source_ids()], 1)
        hint = f"did you mean {near[0]!r}?" if near else "give an address, or describe it under [sources]"
        found.append(f"source: no source {row.source!r}; {hint}")
    if row.chip is not None:
        found += _chip_problems(row)
    if row.tag and row.about != "compute":
        found.append(f"tag: only a compute claim has one, this is about {row.about!r}")
    found += [f"from: unknown {name!r}" for name in row.from_ if name not in ABOUTS]
    return found


def _architecture_problems(row: ClaimRow, folder: Path | None) -> list[str]:
    if not ABOUTS[row.about].file:
        return [f"holds: only an architecture claim has one, this is about {row.about!r}"] if row.holds else []
    try:
        located(row.value, folder)
    except NotFound as error:
        alone = "" if folder else "; without a folder that it lies in, a dossier can only name what is shipped"
        return [f"value: {error}{alone}"]
    try:
        if row.holds and not isinstance(read("examples", row.holds), Point):
            return [f"holds: {row.holds!r} must be one number of examples"]
    except ComptometerError as error:
        return [f"holds: {error}"]
    return []


def _chip_problems(row: ClaimRow) -> list[str]:
    if row.about not in {"chips", "chip_hours", "peak", "precision", "duration"}:
        return [f"chip: does not belong to a claim about {row.about!r}; put it on chips or chip_hours"]
    try:
        chips_named(row.chip or "")
    except NotFound as error:
        return [f"chip: {error}"]
    return []


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _date_problems(row: DossierFile, as_of: date | None) -> list[str]:
    dates = {"published": row.published}
    for at, stage in enumerate(row.stages, 1):
        dates |= {f"stages[{at}].{key}": day for key, day in (("start", stage.start), ("end", stage.end)) if day}
    found = [f"{key}: {day} is before {OLDEST}" for key, day in dates.items() if day < OLDEST]
    if as_of:
        found += [f"{key}: {day} lies after {as_of}, the day asked for" for key, day in dates.items() if day > as_of]
    return found


def _lineage_problems(dossier: Dossier) -> list[str]:
    """Claims that were worked out from one another in a circle."""
    found = []
    for claims in (dossier.claims, *(stage.claims for stage in dossier.stages)):
        edges: dict[str, set[str]] = {}
        for claim in claims:
            edges.setdefault(claim.about, set()).update(claim.rests_on)
        found += [f"claims: {' ← '.join(loop)} is cyclic (key 'from')" for loop in _loops(edges)]
    return found


def _loops(edges: Mapping[str, set[str]]) -> list[list[str]]:
    def walk(path: list[str]) -> list[str] | None:
        for following in sorted(edges.get(path[-1], ())):
            if following == path[0]:
                return [*path, following]
            if following not in path and (loop := walk([*path, following])):
                return loop
        return None

    loops: dict[frozenset[str], list[str]] = {}
    for start in sorted(edges):
        if loop := walk([start]):
            loops.setdefault(frozenset(loop), loop)
    return list(loops.values())


# Names of models


@cache
def names_of(dossier_id: str) -> tuple[str, ...]:
    """What people call a model: its name, then its aliases. Only the head of the file is read, up to its first table.

    Raises:
        NotFound, DataError: see `dossier`.
    """
    path = path_of("models", dossier_id)
    if path is None:
        raise NotFound("model", dossier_id, get_close_matches(dossier_id, dossier_ids(), 3))
    head = re.split(rb"^\s*\[", read_bytes(path), maxsplit=1, flags=re.MULTILINE)[0]
    try:
        table = bytes_to_table(head, str(path))
        names = (table["name"], *table.get("aliases", ()))
    except (DataError, KeyError, TypeError):
        names = ()
    if not names or not all(isinstance(name, str) for name in names):  # its problems are told by reading all of it
        record = dossier(dossier_id)
        names = (record.name, *record.aliases)
    return tuple(dict.fromkeys(names))


@cache
def dossier_names() -> Mapping[str, str]:
    """Every spelling of a curated model, as names are compared, with its id."""
    named: dict[str, str] = {}
    for dossier_id in dossier_ids():
        first, *aliases = names_of(dossier_id)
        for name in (*aliases, first, dossier_id.partition("/")[2], dossier_id):
            named[name_key(name)] = dossier_id
    return named


def by_file_name(name: str) -> Dossier | None:
    """The dossier whose id or file is called so, found without reading any other.

    Raises:
        NotFound: several developers have a model of that name.
    """
    if path_of("models", name) is not None:
        return dossier(name)
    same = [i for i in dossier_ids() if name_key(i.partition("/")[2]) == name_key(name)] if "/" not in name else []
    if len(same) > 1:
        raise NotFound("single model", name, same)
    return dossier(same[0]) if same else None
