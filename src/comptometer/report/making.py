"""A model with its evidence → the object of a compute report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from comptometer import thresholds
from comptometer.activities import Part, bases_of, parts_of
from comptometer.catalogue import Entry, claim_row
from comptometer.energy import energies_of
from comptometer.errors import DataError
from comptometer.evidence import unique
from comptometer.ledger.evidence import head_of
from comptometer.machines import facts_of
from comptometer.readings import Reading
from comptometer.records import ReportFacts
from comptometer.regulations import file_hashes
from comptometer.release import data_version
from comptometer.report import disclosures
from comptometer.report.inputs import taken_in
from comptometer.report.integrity import CANONICAL, commitment, root, sealed
from comptometer.text import number
from comptometer.training_cost import cost_of

SCHEMA = "comptometer/report/1"
DISCLAIMER = (
    "This report is no legal advice. It holds facts and estimates; what follows from them is for counsel to say."
)


def make(source: str, as_of: date, *, draft: bool = False) -> dict[str, Any]:
    """The report about a model, whole: with all that it rests on.

    Args:
        source: what `comptometer estimate` takes: a model of the catalogue, or a dossier (.toml).
        as_of: the day that it is about; the same input and day give the same report.
        draft: make it although the evidence has problems, and say so on every page.

    Raises:
        DataError: the evidence has problems, all of them; none with `draft`.
        ComptometerError: as `request.estimate`.
    """
    found, told = taken_in(source, as_of)
    return made(found, told, as_of, draft=draft)


def made(entry: Entry, told: Mapping[str, Any], as_of: date, *, draft: bool = False) -> dict[str, Any]:
    """The report about a model that is estimated; see `make`."""
    parts, readings = parts_of(entry), thresholds.readings(entry, as_of)
    problems = _problems(entry, parts, as_of)
    if problems and not draft:
        hint = "mend the evidence, or write --draft, which marks every page"
        raise DataError(entry.name, [*problems, hint])
    facts = entry.dossier.report or ReportFacts()
    evidence = _evidence(entry, parts, facts.salt or "")
    whole = entry.to_dict()
    report = {
        "schema": SCHEMA,
        "data_version": whole["data_version"],
        "as_of": as_of.isoformat(),
        "status": facts.status,
        "draft": bool(problems) and draft,
        "problems": problems,
        "redaction": "none",
        "disclaimer": DISCLAIMER,
        "people": {
            "preparer": facts.preparer,
            "reviewer": facts.reviewer,
            "contact": facts.contact,
            "note": facts.note,
        },
        "model": _model(entry),
        "compute": {
            **whole["compute"],
            "rounded": disclosures.two_figures(entry.median),
            "pfs_days": whole["pfs_days"],
        },
        "parts": [_part(f"p{at}", part) for at, part in enumerate(parts, 1)],
        "readings": [_reading(reading) for reading in readings],
        "methods": whole["methods"],
        "missing": whole["missing"],
        "agreement": whole["agreement"],
        "sensitivity": whole["sensitivity"],
        "warnings": whole["warnings"],
        "none": list(facts.none),
        "confidential": list(facts.confidential),
        "evidence": evidence,
        "sources": _sources(entry, evidence),
        "energy": _energy(entry),
        "disclosures": disclosures.all_of(entry, readings, as_of),
        "input": dict(told),
        "tool": {"name": "comptometer", "data_version": data_version(), "packs": file_hashes()},
        "integrity": {
            "canonicalisation": CANONICAL,
            "salt": facts.salt or "",
            "evidence_root": root(evidence),
            "ledger_head": head_of(entry.dossier),
        },
    }
    return sealed(report)


def _problems(entry: Entry, parts: Sequence[Part], as_of: date) -> list[str]:
    """Why a report would say more than the evidence bears."""
    found = []
    if entry.compute.verdict == "conflict":
        apart = [one for one in entry.compute.comparisons if one.verdict == "conflict"]
        pairs = [f"{one.first} over {one.second} is {number(one.ratio)}" for one in apart]
        found.append(f"the methods contradict each other: {', '.join(pairs)}")
    found += [
        f"{part.name} ({part.activity}): nothing says how much it took"
        for part in parts
        if part.value is None and part.base is None
    ]
    if entry.dossier.published and entry.dossier.published > as_of:
        found.append(f"it is of {entry.dossier.published}, after {as_of}, the day of the report")
    return found


def _model(entry: Entry) -> dict[str, Any]:
    dossier, evidence = entry.dossier, entry.evidence
    figures = ("parameters", "active_parameters", "tokens", "chips", "chip_hours", "duration", "precision")
    best = {about: claim.value for about in figures if (claim := evidence.best(about))}
    return {
        "name": dossier.name,
        "developer": dossier.developer,
        "published": dossier.published and dossier.published.isoformat(),
        "domain": list(dossier.domain),
        "basis": dossier.basis,
        "stated": best,
        "bases": [{"name": base.name, "relation": base.relation} for base in bases_of(dossier)],
    }


def _part(name: str, part: Part) -> dict[str, Any]:
    return {
        "id": name,
        "name": part.name,
        "activity": part.activity,
        "stated": part.stated,
        "own": part.own,
        "flop": part.value.to_dict() if part.value else None,
        "formula": part.formula,
        "claims": sorted({claim.id for claim in part.claims}),
    }


def _reading(reading: Reading) -> dict[str, Any]:
    one = reading.regulation
    lines = [
        {
            "part": f"p{at}",
            "name": line.part.name,
            "activity": line.part.activity,
            "reading": line.counted.reading,
            "basis": line.counted.basis,
            "citation": line.counted.citation,
            "reason": line.counted.reason,
        }
        for at, line in enumerate(reading.lines, 1)
    ]
    return {
        **thresholds.checked(reading),
        "short": one.short,
        "counts_verified": one.counts_verified,
        "tolerance": one.tolerance,
        "note": one.note,
        "lines": lines,
        "deadlines": [_term(term, term) for term in one.deadlines],
        "zh": {
            "title": one.zh["title"],
            "short": one.zh["short"],
            "deadlines": [
                _term(term, said) for term, said in zip(one.deadlines, one.zh.get("deadlines", []), strict=True)
            ],
            "reasons": dict(one.zh.get("reasons", {})),
        },
    }


def _term(term: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, str]:
    return {"what": said["what"], "within": said["within"], "citation": term.get("citation", "")}


def _evidence(entry: Entry, parts: Sequence[Part], salt: str) -> list[dict[str, Any]]:
    """Every claim that something was computed from, each with its hash."""
    claims = unique([*entry.claims, *(claim for part in parts for claim in part.claims)])
    rows = sorted((claim_row(claim) for claim in claims), key=lambda row: str(row["id"]))
    return [{**row, "confidential": False, "sha256": commitment(row, salt)} for row in rows]


def _sources(entry: Entry, evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_id = {claim.source: entry.source(claim) for claim in entry.claims}
    names = sorted({row["source"] for row in evidence})
    return [
        {"id": name, "title": by_id[name].title, "url": by_id[name].url, "grade": by_id[name].grade,
         "published": str(by_id[name].published), "licence": by_id[name].licence}
        for name in names if name in by_id
    ]  # fmt: skip


def _energy(entry: Entry) -> dict[str, Any] | None:
    """In MWh at three boundaries, and t CO2e of the grid where the machines stood; where chips and hours are known."""
    found = {name: known.estimate.to_dict() for name, known in energies_of(facts_of(entry)).items()}
    if found and (co2 := cost_of(entry).co2):
        found["co2"] = co2.estimate.to_dict()
    return found or None
