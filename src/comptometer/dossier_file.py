"""Reads and checks the file of a dossier. Every problem of it is reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from comptometer.architecture import located
from comptometer.distribution import Distribution, Point
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError
from comptometer.records import Base, Claim, Dossier, LedgerReference, ReportFacts, Source, Stage
from comptometer.store import bytes_to_table, checked, chips_named, source_ids, to_source
from comptometer.vocabulary import ABOUTS, DOMAINS, NO_UTILIZATION, Basis, is_word, read

OLDEST = date(1940, 1, 1)


def read_dossier(
    raw: bytes,
    place: str,
    dossier_id: str,
    as_of: date | None = None,
    *,
    folder: Path | None = None,
    ledgers: bool = True,
) -> Dossier:
    """Read and check a dossier.

    Args:
        raw: the bytes of the TOML file.
        place: what to call the file in messages.
        dossier_id: the id that its claims carry.
        as_of: no date in it may lie after this day.
        folder: where the paths of files that it names start; without one it can only name what is shipped.
        ledgers: are those that it names looked for? Not where somebody else says what is in them.

    Raises:
        DataError: every problem found, each with its place.
    """
    table = bytes_to_table(raw, place)
    try:
        fitting = checked("DossierFile", table, place)
    except DataError as error:
        raise DataError(place, [*error.problems, *_value_problems(table)]) from None
    return made(fitting, place, dossier_id, as_of, folder=folder, ledgers=ledgers)


def made(
    table: Mapping[str, Any],
    place: str,
    dossier_id: str,
    as_of: date | None = None,
    *,
    folder: Path | None,
    ledgers: bool = True,
) -> Dossier:
    """A dossier from a table that has the shape of one; see `read_dossier`.

    Raises:
        DataError: every problem found, each with its place.
    """
    sources = {name: to_source(name, row) for name, row in table.get("sources", {}).items()}
    reading = _Reading(sources=sources, folder=folder, ledgers=ledgers)
    result = _dossier(table, dossier_id, reading)
    problems = [*reading.problems, *_date_problems(result, as_of), *_lineage_problems(result)]
    if problems:
        raise DataError(place, problems)
    return result


@dataclass(frozen=True, slots=True)
class _Reading:
    """What all parts of one file have in common while it is read."""

    sources: Mapping[str, Source]
    folder: Path | None
    ledgers: bool
    problems: list[str] = field(default_factory=list)


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


def _dossier(table: Mapping[str, Any], dossier_id: str, reading: _Reading) -> Dossier:
    sources, problems = reading.sources, reading.problems
    later = {"claims": (), "stages": (), "activities": (), "bases": (), "ledger": None, "report": None}
    head = Dossier(id=dossier_id, **{**table, **later, "sources": sources})
    problems += [f"domain: {name!r} is not one of {', '.join(DOMAINS)}" for name in head.domain if name not in DOMAINS]
    for name in head.references:
        if name not in sources and name not in source_ids():
            problems.append(f"references: no source {name!r}")
    if head.base_model and head.base_model.lower() in {head.name.lower(), dossier_id.lower()}:
        problems.append("base_model: a model cannot be its own base (cyclic)")
    claims = _claims(table.get("claims", ()), dossier_id, "claims", reading)
    stages, activities = (
        [_stage(row, f"{key}[{at}]", dossier_id, reading) for at, row in enumerate(table.get(key, ()), 1)]
        for key in ("stages", "activities")
    )
    if table.get("ledger") and any(row.get("ledger") for row in table.get("stages", ())):
        problems.append("ledger: is named for the whole and for a stage, which would count twice: leave one")
    for name in _repeated([stage.name for stage in [*stages, *activities]]):
        problems.append(f"stages: two stages are called {name!r}")
    bases = [_base(row, f"bases[{at}]", dossier_id, reading) for at, row in enumerate(table.get("bases", ()), 1)]
    basis: Basis = "increment" if head.base_model else "total"
    return replace(
        head,
        claims=claims,
        stages=stages,
        activities=activities,
        bases=bases,
        report=_report(table.get("report"), problems),
        basis=basis,
        ledger=_ledger(table.get("ledger"), "ledger", reading),
    )


def _report(row: Mapping[str, Any] | None, problems: list[str]) -> ReportFacts | None:
    if row is None:
        return None
    facts = ReportFacts(**row)
    problems += [f"report.confidential: unknown {name!r}" for name in facts.confidential if name not in ABOUTS]
    return facts


def _ledger(row: Mapping[str, Any] | None, place: str, reading: _Reading) -> LedgerReference | None:
    """Which ledger; it is read only when an estimate is asked for."""
    if row is None or not reading.ledgers:
        return None
    folder, problems = reading.folder, reading.problems
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


def _base(table: Mapping[str, Any], place: str, dossier_id: str, reading: _Reading) -> Base:
    return Base(**{**table, "claims": _own_claims(table, place, dossier_id, reading)})


def _stage(table: Mapping[str, Any], place: str, dossier_id: str, reading: _Reading) -> Stage:
    ledger = _ledger(table.get("ledger"), f"{place}.ledger", reading)
    stage = Stage(**{**table, "claims": _own_claims(table, place, dossier_id, reading), "ledger": ledger})
    if stage.start and stage.end and stage.start > stage.end:
        reading.problems.append(f"{place}: ends {stage.end} before it starts {stage.start}")
    return stage


def _own_claims(table: Mapping[str, Any], place: str, dossier_id: str, reading: _Reading) -> list[Claim]:
    """Of a part, under its name."""
    return _claims(table.get("claims", ()), f"{dossier_id}:{table['name']}", f"{place}.claims", reading)


def _claims(rows: Sequence[Mapping[str, Any]], subject: str, place: str, reading: _Reading) -> list[Claim]:
    problems = reading.problems
    claims = []
    for at, row in enumerate(rows, 1):
        here = f"{place}[{at}]"
        found = _claim_problems(row, reading.sources, reading.folder)
        problems += [f"{here}.{problem}" for problem in found]
        if not found:
            claims.append(_claim(row, subject, reading.folder))
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
