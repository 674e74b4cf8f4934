"""A file into the ledger: whole or not at all, and never twice.

The same file is recognized by its bytes. What several files say of one attempt is all kept; which of them counts is
decided when the ledger is read (`expressions.latest`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comptometer.errors import UsageError
from comptometer.ledger.importers import IMPORTERS, Importer, LeftOut, Options, Wrong
from comptometer.ledger.parquet import Writer
from comptometer.ledger.redaction import Redaction, redaction
from comptometer.ledger.rows import TABLES, Job, Row
from comptometer.ledger.storage import FIRST, Import, Ledger, sha256_of
from comptometer.release import data_version

MOST_SHOWN = 1000  # wrong lines that a report holds; all are counted


@dataclass(slots=True, kw_only=True)
class Report:
    """What an import did, or would do.

    Attributes:
        number: of the import; None where nothing was written.
        known_as: the earlier import of the same file, if there is one: then nothing was read.
        rows: by table.
        left_out: lines that are no rows, by reason; `wrong`: those that cannot be read, the first of them.
        notes: what the reader should know.
    """

    file: str
    kind: str
    sha256: str
    dry_run: bool
    number: int | None = None
    known_as: int | None = None
    rows: Counter[str] = field(default_factory=Counter)
    jobs: set[str] = field(default_factory=set)
    clusters: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)
    wrong_count: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Was everything read, and is nothing taken for granted?"""
        return not self.wrong_count and not self.notes

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of `ledger import`."""
        return {
            "file": self.file,
            "kind": self.kind,
            "sha256": self.sha256,
            "number": self.number,
            "known_as": self.known_as,
            "jobs": len(self.jobs),
            "rows": dict(sorted(self.rows.items())),
            "left_out": [{"reason": reason, "lines": count} for reason, count in sorted(self.left_out.items())],
            "wrong": self.wrong_count,
            "problems": [{"line": wrong.line, "text": wrong.text} for wrong in self.wrong],
            "notes": list(self.notes),
        }


def document(reports: Sequence[Report], ledger: Ledger, refused: Mapping[str, str], dry_run: bool) -> dict[str, Any]:
    """The JSON of `ledger import`; `refused` says of files why they were not imported."""
    return {
        "schema": "comptometer/ledger-import/1",
        "data_version": data_version(),
        "ledger": str(ledger.folder),
        "dry_run": dry_run,
        "files": [report.to_dict() for report in reports],
        "refused": [{"file": file, "why": why} for file, why in refused.items()],
    }


def import_file(
    ledger: Ledger, kind: str, path: Path, options: Options, *, name: str = "", redact: bool = False, dry: bool = False
) -> Report:
    """Read a file into a ledger.

    Args:
        ledger: the folder; made where it is not there, unless it is a dry run.
        kind: a name of `IMPORTERS`.
        path: the file.
        options: what the caller says about it.
        name: what to call the file, where it is not that of the path.
        redact: hide names of people and paths.
        dry: write nothing.

    Raises:
        NotFound: no such kind.
        UsageError: an option that means nothing to the kind, or a zone other than that of earlier imports.
        DataError: the file cannot be read at all.
    """
    importer = IMPORTERS[kind]
    _check_options(importer, options)
    report = Report(file=name or path.name, kind=kind, sha256=_sha256(importer, path), dry_run=dry)
    if dry:
        if known := _known(ledger, report, options, redact):
            report.known_as = known.number
        else:
            _read(importer, path, options, report, None, None)
            _check_zone(ledger, report, options)
        return report
    with ledger.locked():
        if known := _known(ledger, report, options, redact):
            report.known_as = known.number
            return report
        _write(ledger, importer, path, options, report, redact)
    return report


def _sha256(importer: Importer, path: Path) -> str:
    """Of the bytes of a file, and of those of the files that are read with it."""
    beside = importer.beside(path)
    if not beside:
        return sha256_of(path)
    said = "".join(f"{sha256_of(file)} {file.name}\n" for file in sorted([path, *beside]))
    return hashlib.sha256(said.encode()).hexdigest()


def units(kind: str, path: Path) -> list[Path]:
    """The files of a folder that hold something of this kind; of those that are read together the first.

    Raises:
        NotFound: no such kind.
        UsageError: the kind is that of single files, or the folder has none.
    """
    importer = IMPORTERS[kind]
    if not importer.pattern:
        raise UsageError(f"{path}: is a folder; {kind} wants files")
    taken: set[Path] = set()
    found: list[Path] = []
    for file in sorted(path.rglob(importer.pattern)):
        if file.is_symlink() or not file.is_file() or file in taken:  # links may lead out of the folder
            continue
        taken |= {file, *importer.beside(file)}
        found.append(file)
    if not found:
        raise UsageError(f"{path}: has no file named {importer.pattern}")
    return found


def _check_options(importer: Importer, options: Options) -> None:
    given = {"map": options.map, "columns": options.columns, "cluster": options.cluster}
    useless = [f"--{name}" for name, value in given.items() if value and name not in importer.takes]
    if useless:
        raise UsageError(f"{' and '.join(useless)}: means nothing to {importer.name}")


def _identity(options: Options) -> str:
    said = [options.map, list(options.columns), options.cluster, options.zone.name or "UTC"]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _known(ledger: Ledger, report: Report, options: Options, redact: bool) -> Import | None:
    """The earlier import of the same bytes, read in the same way.

    Raises:
        UsageError: it has names in it that shall now be hidden.
    """
    for entry in ledger.imports():
        if (entry.kind, entry.sha256, entry.options) == (report.kind, report.sha256, _identity(options)):
            if redact and not entry.redacted:
                raise UsageError(
                    f"{report.file}: was imported with its names (import {entry.number}), and a ledger is never "
                    "rewritten; begin a new one with --redact"
                )
            return entry
    return None


def _write(ledger: Ledger, importer: Importer, path: Path, options: Options, report: Report, redact: bool) -> None:
    entries = ledger.imports()
    number = len(entries) + 1
    shared = {
        "source": importer.name,
        "evidence": importer.evidence,
        "source_sha256": report.sha256,
        "import_number": number,
    }
    shutil.rmtree(ledger.staging, ignore_errors=True)
    writer = Writer(ledger.staging, f"{number:06d}-{report.sha256[:12]}", shared)
    hide = redaction(ledger.salt()) if redact else None
    _read(importer, path, options, report, writer, hide)
    _check_zone(ledger, report, options)
    if not report.rows:
        return  # nothing to keep: the file can be mended and tried again
    ledger.commit(
        Import(
            number=number,
            kind=importer.name,
            file=report.file,
            sha256=report.sha256,
            options=_identity(options),
            zone=(options.zone.name or "UTC") if options.zone.asked else "",
            zone_stated=options.zone.name is not None,
            redacted=redact,
            clusters=sorted(report.clusters),
            rows=sum(report.rows.values()),
            wrong=report.wrong_count,
            parts=writer.close(),
            previous=entries[-1].hash if entries else FIRST,
        )
    )
    report.number = number


def _read(
    importer: Importer,
    path: Path,
    options: Options,
    report: Report,
    writer: Writer | None,
    hide: Redaction | None,
) -> None:
    for found in importer.read(path, options):
        match found:
            case Wrong():
                report.wrong_count += 1
                if len(report.wrong) < MOST_SHOWN:
                    report.wrong.append(found)
            case LeftOut(reason=reason):
                report.left_out[reason] += 1
            case row:
                _count(row, report)
                options.count(1)
                if writer:
                    writer.add(hide(row) if hide else row)
    if options.zone.asked and options.zone.name is None:
        report.notes.append(
            "times without a zone are taken to be UTC: hours are right, months may not be; "
            "give the zone of the cluster, e.g. --tz Europe/Berlin or --tz UTC"
        )


def _count(row: Row, report: Report) -> None:
    report.rows[TABLES[type(row)]] += 1
    report.clusters.add(row.cluster)
    if isinstance(row, Job):
        report.jobs.add(row.key)


def _check_zone(ledger: Ledger, report: Report, options: Options) -> None:
    """Refuse one cluster in two zones: an attempt is known by the moment of its submission, and would count twice.

    Raises:
        UsageError: says which import was in another zone.
    """
    own = (options.zone.name or "UTC") if options.zone.asked else ""
    for entry in ledger.imports():
        shared = set(entry.clusters) & report.clusters if report.jobs else set()
        guessed = (own and options.zone.name is None) or (entry.zone and not entry.zone_stated)
        if shared and entry.kind == report.kind and own != entry.zone and (guessed or (own and entry.zone)):
            name = next(iter(sorted(shared))) or "this cluster"
            before, now = (zone or "as written, with their zone" for zone in (entry.zone, own))
            raise UsageError(
                f"{report.file}: the times of {name} were taken to be {before} in import {entry.number} ({entry.file}) "
                f"and would now be {now}: its jobs would count twice; give --tz {entry.zone or 'ZONE'}, or begin a new "
                "ledger"
            )
