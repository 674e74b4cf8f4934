"""Reads and checks dossiers, and finds those on file by name. Every problem of a file is reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from comptometer.architecture import counted, located
from comptometer.distribution import Distribution, Point
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError
from comptometer.files import read_bytes
from comptometer.own_records import unreadable, warn_of_misplaced
from comptometer.records import Base, Claim, Dossier, LedgerReference, ReportFacts, Source, Stage
from comptometer.sources import name_key
from comptometer.store import (
    bytes_to_table,
    checked,
    chips_named,
    ids_on_file,
    path_of,
    record,
    source_ids,
    to_source,
    usable_path,
)
from comptometer.vocabulary import ABOUTS, DOMAINS, NO_UTILIZATION, Basis, is_word, read

OLDEST = date(1940, 1, 1)


@cache
def dossier_ids() -> tuple[str, ...]:
    """Names of all dossiers on file, `developer/model`; of a user's own that cannot be read there is a warning."""
    warn_of_misplaced("models", "developer", b"[[claims]]")
    return ids_on_file("models", _broken())


@cache
def _broken() -> frozenset[str]:
    """The user's own dossiers that cannot be read, or name an architecture that cannot be counted."""

    def read(path: Path, dossier_id: str) -> None:
        found = read_dossier(read_bytes(path), str(path), dossier_id, folder=path.parent)
        for claims in (found.claims, *(stage.claims for stage in found.stages)):
            _count_all(claims)

    return unreadable("models", read)


def _count_all(claims: Sequence[Claim]) -> None:
    """Count every architecture at the length that is claimed, so that what is wrong with either shows now.

    Raises:
        UsageError, DataError, NotFound: see `exact_counts.counted`.
    """
    files = [claim.file for claim in claims if claim.file]
    lengths = [_whole(claim) for claim in claims if files and claim.about == "sequence_length"]
    for file in files:
        counted(file, lengths[0] if lengths else None)


def _whole(claim: Claim) -> int:
    if not isinstance(claim.belief, Point) or claim.belief.value % 1:
        raise UsageError(f"{claim.id}: {claim.value!r} must be one whole number, to count the architecture")
    return int(claim.belief.value)


@cache
def dossier(dossier_id: str, *, shipped: bool = False) -> Dossier:
    """The dossier with exactly this id; where only shipped ones are wanted, a user's own is passed over.

    Raises:
        NotFound: with the nearest names.
    """
    own = not shipped
    path = usable_path("models", dossier_id, _broken()) if own else path_of("models", dossier_id, shipped=True)
    if path is None:
        raise NotFound("model", dossier_id, get_close_matches(dossier_id, dossier_ids(), 3))
    return record(path, "DossierFile", lambda table: _made(table, str(path), dossier_id, folder=path.parent))


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
    table = bytes_to_table(raw, place)
    try:
        fitting = checked("DossierFile", table, place)
    except DataError as error:
        raise DataError(place, [*error.problems, *_value_problems(table)]) from None
    return _made(fitting, place, dossier_id, as_of, folder=folder)


def _made(
    table: Mapping[str, Any], place: str, dossier_id: str, as_of: date | None = None, *, folder: Path | None
) -> Dossier:
    problems: list[str] = []
    result = _dossier(table, dossier_id, folder, problems)
    problems += _date_problems(result, as_of) + _lineage_problems(result)
    if problems:
        raise DataError(place, problems)
    return result


def _value_problems(table: Mapping[str, Any]) -> list[str]:
    """What is wrong with the values of a file whose shape is wrong too, so that all is said at once."""
    parts = [("claims", _rows(table, "claims"))]
    for key in ("stages", "activities", "bases"):
        rows = [row for row in _rows(table, key) if isinstance(row, dict)]
        parts += [(f"{key}[{at}].claims", _rows(row, "claims")) for at, row in enumerate(rows, 1)]
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


def _dossier(table: Mapping[str, Any], dossier_id: str, folder: Path | None, problems: list[str]) -> Dossier:
    sources = {name: to_source(name, row) for name, row in table.get("sources", {}).items()}
    later = {"claims": (), "stages": (), "activities": (), "bases": (), "ledger": None, "report": None}
    head = Dossier(id=dossier_id, **{**table, **later, "sources": sources})
    problems += [f"domain: {name!r} is not one of {', '.join(DOMAINS)}" for name in head.domain if name not in DOMAINS]
    for name in head.references:
        if name not in sources and name not in source_ids():
            problems.append(f"references: no source {name!r}")
    if head.base_model and head.base_model.lower() in {head.name.lower(), dossier_id.lower()}:
        problems.append("base_model: a model cannot be its own base (cyclic)")
    claims = _claims(table.get("claims", ()), dossier_id, "claims", sources, folder, problems)
    stages, activities = (
        [
            _stage(row, f"{key}[{at}]", dossier_id, sources, folder, problems)
            for at, row in enumerate(table.get(key, ()), 1)
        ]
        for key in ("stages", "activities")
    )
    for name in _repeated([stage.name for stage in [*stages, *activities]]):
        problems.append(f"stages: two stages are called {name!r}")
    bases = [
        _base(row, f"bases[{at}]", dossier_id, sources, folder, problems)
        for at, row in enumerate(table.get("bases", ()), 1)
    ]
    report = ReportFacts(**table["report"]) if table.get("report") else None
    problems += (
        [f"report.confidential: unknown {name!r}" for name in report.confidential if name not in ABOUTS]
        if report
        else []
    )
    basis: Basis = "increment" if head.base_model else "total"
    ledger = _ledger(table.get("ledger"), folder, problems)
    return replace(
        head,
        claims=claims,
        stages=stages,
        activities=activities,
        bases=bases,
        report=report,
        basis=basis,
        ledger=ledger,
    )


def _base(
    table: Mapping[str, Any],
    place: str,
    dossier_id: str,
    sources: Mapping[str, Source],
    folder: Path | None,
    problems: list[str],
) -> Base:
    subject = f"{dossier_id}:{table['name']}"
    claims = _claims(table.get("claims", ()), subject, f"{place}.claims", sources, folder, problems)
    return Base(**{**table, "claims": claims})


def _ledger(
    row: Mapping[str, Any] | None, folder: Path | None, problems: list[str], place: str = "ledger"
) -> LedgerReference | None:
    """Which ledger; it is read only when an estimate is asked for."""
    if row is None:
        return None
    said = {key: value for key, value in row.items() if key != "tags"}
    said |= {f"tag:{name}": value for name, value in row.get("tags", {}).items()}
    if folder is None:
        problems.append(f"{place}: only a dossier in a file can name one: its path starts at the file's folder")
        return None
    path, rules = folder / said.pop("path"), said.pop("rules", "")
    if not path.is_dir():
        problems.append(f"{place}: no folder {str(path)!r}; begin one with: comptometer ledger import")
    if rules and not (folder / rules).is_file():
        problems.append(f"{place}.rules: no file {str(folder / rules)!r}")
    return LedgerReference(folder=path, where=said, rules=folder / rules if rules else None)


def _stage(
    table: Mapping[str, Any],
    place: str,
    dossier_id: str,
    sources: Mapping[str, Source],
    folder: Path | None,
    problems: list[str],
) -> Stage:
    subject = f"{dossier_id}:{table['name']}"
    claims = _claims(table.get("claims", ()), subject, f"{place}.claims", sources, folder, problems)
    ledger = _ledger(table.get("ledger"), folder, problems, f"{place}.ledger")
    stage = Stage(**{**table, "claims": claims, "ledger": ledger})
    if stage.start and stage.end and stage.start > stage.end:
        problems.append(f"{place}: ends {stage.end} before it starts {stage.start}")
    return stage


def _claims(
    rows: Sequence[Mapping[str, Any]],
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


def _claim(row: Mapping[str, Any], subject: str, folder: Path | None) -> Claim:
    about, tag = row["about"], f"#{row['tag']}" if row.get("tag") else ""
    return Claim(
        id=f"{subject}:{about}{tag}@{row['source']}",
        belief=_belief(about, row["value"]),
        rests_on=frozenset(row.get("from", ())),
        file=located(row["value"], folder) if ABOUTS[about].file else None,
        **{key: value for key, value in row.items() if key != "from"},
    )


def _belief(about: str, value: str) -> Distribution | None:
    """The number that a claim states, or nothing where it is a word.

    Raises:
        UsageError: unknown key, word or number.
    """
    if about in NO_UTILIZATION:
        raise UsageError(f"{about!r} is an upper bound, 2.4 to 3.1 times MFU, and no utilization; state mfu, or hfu")
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


def _claim_problems(row: Mapping[str, Any], sources: Mapping[str, Source], folder: Path | None) -> list[str]:
    about, source = row["about"], row["source"]
    found = _value_problem(about, row["value"]) or _architecture_problems(row, folder)
    if not (source in sources or source in source_ids() or source.startswith(("http://", "https://"))):
        near = get_close_matches(source, [*sources, *source_ids()], 1)
        hint = f"did you mean {near[0]!r}?" if near else "give an address, or describe it under [sources]"
        found.append(f"source: no source {source!r}; {hint}")
    if row.get("chip") is not None:
        found += _chip_problems(about, row["chip"])
    if row.get("tag") and about != "compute":
        found.append(f"tag: only a compute claim has one, this is about {about!r}")
    found += [f"from: unknown {name!r}" for name in row.get("from", ()) if name not in ABOUTS]
    return found


def _architecture_problems(row: Mapping[str, Any], folder: Path | None) -> list[str]:
    about, holds = row["about"], row.get("holds")
    if not ABOUTS[about].file:
        return [f"holds: only an architecture claim has one, this is about {about!r}"] if holds else []
    try:
        located(row["value"], folder)
    except NotFound as error:
        alone = "" if folder else "; without a folder that it lies in, a dossier can only name what is shipped"
        return [f"value: {error}{alone}"]
    try:
        if holds and not isinstance(read("examples", holds), Point):
            return [f"holds: {holds!r} must be one number of examples"]
    except ComptometerError as error:
        return [f"holds: {error}"]
    return []


def _chip_problems(about: str, chip: str) -> list[str]:
    if about not in {"chips", "chip_hours", "peak", "precision", "duration"}:
        return [f"chip: does not belong to a claim about {about!r}; put it on chips or chip_hours"]
    try:
        chips_named(chip)
    except NotFound as error:
        return [f"chip: {error}"]
    return []


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _date_problems(dossier: Dossier, as_of: date | None) -> list[str]:
    dates = {"published": dossier.published} if dossier.published else {}
    for name, parts in (("stages", dossier.stages), ("activities", dossier.activities)):
        for at, stage in enumerate(parts, 1):
            dates |= {f"{name}[{at}].{key}": day for key, day in (("start", stage.start), ("end", stage.end)) if day}
    found = [f"{key}: {day} is before {OLDEST}" for key, day in dates.items() if day < OLDEST]
    if as_of:
        found += [f"{key}: {day} lies after {as_of}, the day asked for" for key, day in dates.items() if day > as_of]
    return found


def _lineage_problems(dossier: Dossier) -> list[str]:
    """Claims that were worked out from one another in a circle."""
    found = []
    stages = (*dossier.stages, *dossier.activities)
    for claims in (dossier.claims, *(stage.claims for stage in stages), *(base.claims for base in dossier.bases)):
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
    path = usable_path("models", dossier_id, _broken())
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
    """The dossier whose id or file is called so, found without reading any other that is shipped.

    Raises:
        NotFound: several developers have a model of that name.
        DataError: it is the user's own, and has problems.
    """
    if path_of("models", name) is not None:
        return dossier(name)
    same = (
        [i for i in sorted({*dossier_ids(), *_broken()}) if name_key(i.partition("/")[2]) == name_key(name)]
        if "/" not in name
        else []
    )
    if len(same) > 1:
        raise NotFound("single model", name, same)
    return dossier(same[0]) if same else None
