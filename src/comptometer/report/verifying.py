"""Does a report hold? Its hashes, its form, and every number in it, worked out again from what it carries.

Numbers may differ in their last digits between machines, so what is worked out again is compared at 1e-9; the hash says
whether a byte was changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from comptometer.documents.report import ReportDocument
from comptometer.errors import ComptometerError
from comptometer.ledger.storage import Ledger
from comptometer.release import data_version
from comptometer.report.inputs import made_again
from comptometer.report.integrity import commitment, root, seal
from comptometer.report.making import SCHEMA, made
from comptometer.report.redaction import public
from comptometer.report.signing import signature_problem

CLOSE = 1e-9
MOST = 50  # differences that are told


@dataclass(slots=True)
class Verdict:
    """What was found.

    Attributes:
        problems: what does not hold.
        checked: what was looked at and holds; open: what could not be looked at, and what it would take.
    """

    problems: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Is nothing wrong with what was looked at?"""
        return not self.problems


def verify(
    report: Any, *, against: Mapping[str, Any] | None = None, folder: Path | None = None, ledger: Path | None = None
) -> Verdict:
    """Look at a report.

    Args:
        report: what was read from a file.
        against: the whole version of a public one.
        folder: where files that its dossier names are.
        ledger: the folder of the ledger that it rests on.
    """
    found = Verdict()
    if report.get("schema") != SCHEMA:
        found.problems.append(f"schema: is {report.get('schema')!r}, and a report has {SCHEMA!r}")
        return found
    try:
        ReportDocument.model_validate(report)
    except ValidationError as error:
        for item in error.errors()[:MOST]:
            found.problems.append(f"{'.'.join(map(str, item['loc'])) or 'report'}: {item['msg']}")
        return found
    try:
        _hashes(report, found)
    except ValueError as error:  # a number that has no canonical form
        found.problems.append(f"integrity: has no canonical form: {error}")
        return found
    if report["redaction"] == "public":
        _public(report, against, found)
    else:
        _numbers(report, folder, found)
    _chain(report, ledger, found)
    _signatures(report, found)
    return found


def _hashes(report: Mapping[str, Any], found: Verdict) -> None:
    integrity = report["integrity"]
    if seal(report) != integrity["sha256"]:
        found.problems.append("integrity.sha256: is not that of the report: something was changed after it was made")
    if root(report["evidence"]) != integrity["evidence_root"]:
        found.problems.append("integrity.evidence_root: is not that of the evidence")
    for row in report["evidence"]:
        if report["redaction"] == "none":
            claim = {name: value for name, value in row.items() if name not in {"sha256", "confidential"}}
            if commitment(claim, integrity["salt"] or "") != row["sha256"]:
                found.problems.append(f"evidence {row['id']}: is not what its hash was made of")
    if not found.problems:
        found.checked.append(f"hashes: of the report, of {len(report['evidence'])} pieces of evidence, of their root")


def _numbers(report: Mapping[str, Any], folder: Path | None, found: Verdict) -> None:
    if report["data_version"].partition("+")[0] != data_version().partition("+")[0]:
        found.open.append(f"made with data {report['data_version']}, and this is {data_version()}: numbers may differ")
    try:
        entry = made_again(report["input"], folder)
        again = made(entry, report["input"], date.fromisoformat(report["as_of"]), draft=True)
    except ValueError as error:
        found.problems.append(f"as_of: {error}")
        return
    except ComptometerError as error:
        hint = "" if folder else "; where the dossier names files, give the folder that they are in with --folder"
        found.problems.append(f"{error}{hint}")
        return
    skipped = {"integrity.sha256", "integrity.signatures"}
    differences = [line for line in _different(report, again, "") if line.partition(":")[0] not in skipped]
    found.problems += differences[:MOST]
    if len(differences) > MOST:
        found.problems.append(f"and {len(differences) - MOST} more differences")
    if not differences:
        found.checked.append("numbers: all were worked out again from the evidence, and are the same")


def _public(report: Mapping[str, Any], against: Mapping[str, Any] | None, found: Verdict) -> None:
    hidden = sum(row["confidential"] for row in report["evidence"])
    if against is None:
        found.open.append(f"numbers: {hidden} values and the input are left out; give the whole version with --against")
        return
    other = verify(against)
    found.problems += [f"the whole version: {problem}" for problem in other.problems]
    try:
        expected = public(against)
    except ComptometerError as error:
        found.problems.append(f"the whole version: {error}")
        return
    differences = list(_different(report, expected, ""))
    found.problems += differences[:MOST]
    if not found.problems:
        found.checked.append("numbers: the whole version holds, and this is what is public of it")


def _chain(report: Mapping[str, Any], folder: Path | None, found: Verdict) -> None:
    head = report["integrity"]["ledger_head"]
    if not head:
        return
    if folder is None:
        found.open.append(f"ledger: rests on the chain with head {head}; give its folder with --ledger")
        return
    ledger = Ledger(folder)
    ledger.require()
    problems = ledger.problems()
    if head not in [entry.hash for entry in ledger.imports()]:
        problems.append(f"the chain has no head {head}")
    found.problems += [f"ledger: {problem}" for problem in problems]
    if not problems:
        found.checked.append("ledger: its chain holds, and has the head that the report rests on")


def _signatures(report: Mapping[str, Any], found: Verdict) -> None:
    for row in report["integrity"].get("signatures", []):
        try:
            problem = signature_problem(report, row)
        except ComptometerError as error:
            found.open.append(f"signature of the {row.get('role')}: {error}")
            continue
        if problem:
            found.problems.append(problem)
        else:
            found.checked.append(f"signature: of the {row['role']}, by the key {row['public_key']}")


def _different(mine: Any, other: Any, place: str) -> Iterator[str]:
    """Where two objects differ, and how."""
    match mine, other:
        case dict(), dict():
            for name in [*mine, *(name for name in other if name not in mine)]:
                here = f"{place}.{name}".lstrip(".")
                if name not in mine or name not in other:
                    yield f"{here}: is {'missing' if name not in mine else 'one too many'}"
                else:
                    yield from _different(mine[name], other[name], here)
        case list() | tuple(), list() | tuple():
            if len(mine) != len(other):
                yield f"{place}: has {len(mine)} entries, and should have {len(other)}"
            else:
                for at, (one, two) in enumerate(zip(mine, other, strict=True)):
                    yield from _different(one, two, f"{place}[{at}]")
        case bool(), bool():
            if mine is not other:
                yield f"{place}: is {mine}, and should be {other}"
        case (int() | float(), int() | float()) if not isinstance(mine, bool) and not isinstance(other, bool):
            if not math.isclose(mine, other, rel_tol=CLOSE):
                yield f"{place}: is {mine!r}, and the evidence gives {other!r}"
        case _:
            if mine != other:
                yield f"{place}: is {str(mine)[:80]!r}, and should be {str(other)[:80]!r}"
