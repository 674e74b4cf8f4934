"""What a ledger holds of a model, as claims of its dossier: the machines' time, their utilization, counted FLOP."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comptometer.errors import DataError
from comptometer.ledger.chip_names import UNTYPED
from comptometer.ledger.flop import ASSUMED, hours
from comptometer.ledger.storage import Ledger
from comptometer.ledger.totals import Book
from comptometer.records import Claim, Dossier, LedgerReference, Source, Stage
from comptometer.text import exact, number
from comptometer.vocabulary import read

SOURCE = "ledger"


def with_ledger(dossier: Dossier) -> Dossier:
    """A dossier with what the ledger that it names says, read now; as it is where it names none.

    Each type of chip, with each kind of statement about its utilization, is a segment of the job. FLOP that was counted
    in the training loop is a claim about the whole, if it was counted for all hours. The same holds of each stage and
    each activity beside the training that names attempts of its own.

    Raises:
        ComptometerError: the extra `ledger` is not installed.
        DataError: the ledger was changed after it was written, or holds nothing of what is asked for; or there are two.
        NotFound: it is no ledger.
    """
    if SOURCE in dossier.sources:
        return dossier
    parts = (*dossier.stages, *dossier.activities)
    named = [one for one in (dossier.ledger, *(part.ledger for part in parts)) if one]
    if len(folders := sorted({str(reference.folder.resolve()) for reference in named})) > 1:
        raise DataError(dossier.name, [f"ledger: a dossier rests on one, and this names {', '.join(folders)}"])
    sources = dict(dossier.sources)
    if dossier.ledger:
        said = _said(dossier.ledger, dossier.id)
        sources[SOURCE] = said.source
        dossier = replace(
            dossier,
            claims=[*dossier.claims, *said.claims],
            segments=[*dossier.segments, *said.segments],
            caveats=[*dossier.caveats, *said.caveats],
        )
    caveats, found = [*dossier.caveats], []
    for part in parts:
        if part.ledger:
            said = _said(part.ledger, f"{dossier.id}:{part.name}")
            sources[SOURCE] = said.source
            part = replace(part, claims=[*part.claims, *said.claims], segments=said.segments)
            caveats += [caveat.replace(": ", f": {part.name}: ", 1) for caveat in said.caveats]
        found.append(part)
    stages, activities = found[: len(dossier.stages)], found[len(dossier.stages) :]
    return replace(dossier, stages=stages, activities=activities, caveats=caveats, sources=sources)


@dataclass(frozen=True)
class _Said:
    """What attempts of a ledger say, as claims."""

    claims: Sequence[Claim]
    segments: Sequence[Stage]
    caveats: Sequence[str]
    source: Source


def _said(reference: LedgerReference, subject: str) -> _Said:
    found = _read(reference)
    claims, segments, caveats = [], [], []
    for (chip, basis), part in sorted(found.parts.items()):
        if part.chip:
            segments.append(_segment(f"{chip}, {basis}", basis, part, subject, found.where))
        else:
            caveats.append(f"ledger: {number(hours(part.held), 4)} chip-hours of {chip} are in no FLOP: {part.why}")
    counted, uncounted = found.counted, found.held_uncounted
    if counted and not uncounted:
        claims.append(_claim("recorded_compute", f"{counted} FLOP", subject, found.where))
    elif counted:
        share = number(100 * (1 - uncounted / found.held), 2)
        caveats.append(
            f"ledger: {number(counted, 2)} FLOP were counted in {share}% of the chip-hours: not of the whole"
        )
    return _Said(claims=claims, segments=segments, caveats=caveats, source=found.source)


@dataclass
class _Part:
    """One type of chip, with one kind of statement."""

    chip: str = ""
    why: str = ""
    held: int = 0
    used: int = 0
    counted: bool = False


@dataclass(frozen=True)
class _Found:
    """What is there of the model."""

    parts: Mapping[tuple[str, str], _Part]
    counted: int
    held: int
    held_uncounted: int
    where: str
    source: Source


def _read(reference: LedgerReference) -> _Found:
    ledger = Ledger(reference.folder)
    ledger.require()
    if problems := ledger.problems():
        raise DataError(str(reference.folder), problems)
    book = Book(ledger, rules_file=reference.rules)
    rows = book.segments(reference.where)
    if not any(row["held"] or row["has_count"] for row in rows):
        raise DataError(str(reference.folder), [_nothing(book, reference.where)])
    if not reference.where and len(models := book.values("model")) > 1:
        known = ", ".join(str(model or "no model") for model in models)
        raise DataError(str(reference.folder), [f"holds attempts of {known}: say which are meant, [ledger] model = …"])
    parts: dict[tuple[str, str], _Part] = defaultdict(_Part)
    for row in rows:
        if row["held"]:
            _add(parts[row["chip"] or UNTYPED, row["stated"]], row, book)
    asked = "; ".join(f"{name}={value}" for name, value in sorted(reference.where.items()))
    attempts = sum(row["jobs"] for row in rows)
    return _Found(
        parts=parts,
        counted=sum(int(row["counted"]) for row in rows),
        held=sum(row["held"] for row in rows),
        held_uncounted=sum(row["held"] for row in rows if not row["has_count"]),
        where=f"{asked or 'all of it'}: {attempts} attempts",
        source=_source(ledger, book),
    )


def _add(part: _Part, row: Mapping[str, Any], book: Book) -> None:
    meaning = book.meanings[row["chip_name"] or ""]
    if meaning.chips:
        part.chip = meaning.name
    else:
        part.why = f"did you mean {' or '.join(meaning.suggestions)}?" if meaning.suggestions else "on no record"
    part.held += row["held"]
    part.used += row["used"]
    part.counted |= row["has_count"]


def _source(ledger: Ledger, book: Book) -> Source:
    """The ledger by the head of its chain, and the rules by their hash: both can be held against the folder."""
    entries = ledger.imports()
    rules = f"; rules sha256 {book.rules.sha256}" if book.rules else ""
    return Source(
        id=SOURCE,
        title=f"ledger {ledger.folder.name}, {len(entries)} imports, head {entries[-1].hash}{rules}",
        grade="primary",
        note="what the machines' own logs say; comptometer ledger verify --head checks it",
    )


def head_of(dossier: Dossier) -> str:
    """The head of the chain that a dossier rests on, as its source says it; empty where it rests on no ledger."""
    found = re.search(r", head ([0-9a-f]{64})", dossier.sources[SOURCE].title) if SOURCE in dossier.sources else None
    return found[1] if found else ""


def _nothing(book: Book, where: Mapping[str, str]) -> str:
    for name, value in where.items():
        if value and value not in (known := book.values(name)):
            said = ", ".join(sorted(one for one in known if one)) or "none that says one"
            return f"holds nothing with {name} {value!r}; it has {said}"
    return "holds no chip-hours and no counted FLOP of what is asked for"


def _segment(name: str, basis: str, part: _Part, subject: str, where: str) -> Stage:
    here = f"{subject}:{name}"
    claims = [_claim("chip_hours", f"{exact(hours(part.held))} chip-hour", here, where, part.chip)]
    if basis != ASSUMED and part.used:
        rests = {"recorded_compute"} if part.counted else set()
        claims.append(_claim(basis, exact(min(part.used / part.held, 1.0)), here, where, rests_on=rests))
    return Stage(name=name, claims=claims)


def _claim(
    about: str, value: str, subject: str, where: str, chip: str | None = None, rests_on: Sequence[str] | set[str] = ()
) -> Claim:
    return Claim(
        id=f"{subject}:{about}@{SOURCE}",
        about=about,
        value=value,
        belief=read(about, value),
        source=SOURCE,
        where=where,
        chip=chip,
        rests_on=frozenset(rests_on),
    )
