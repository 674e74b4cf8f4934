"""What a report was made from, in a form that it can carry: so that whoever has the report can make it again."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from comptometer import library, request
from comptometer.catalogue import Entry, entry
from comptometer.dossier_file import read_dossier
from comptometer.errors import ComptometerError, DataError, UsageError
from comptometer.files import read_bytes
from comptometer.records import Claim, Dossier, Source, Stage
from comptometer.scenarios import named_in
from comptometer.vocabulary import read

LEDGER = "ledger"


def taken_in(source: str, as_of: date) -> tuple[Entry, dict[str, Any]]:
    """A model, and what a report has to carry of it.

    Raises:
        UsageError: it is a configuration or a stage list, which say nothing of who claims what.
        ComptometerError: as `request.estimate`.
    """
    path = Path(source)
    if request.is_config(source) or (path.is_file() and named_in(path)):
        raise UsageError(f"{source}: a report is made from a model of the catalogue or a dossier (.toml) that says who "
                         "claims what; comptometer dossier new begins one")  # fmt: skip
    if path.suffix != ".toml":
        found = request.estimate(source, as_of=as_of)
        return found, {"kind": "catalogue", "id": found.dossier.id, "name": source}
    raw = read_bytes(path)
    found = request.estimate(path, as_of=as_of)
    told = {"kind": "dossier", "id": found.dossier.id, "toml": base64.b64encode(raw).decode()}
    return found, told | {"ledger": _read_from_ledger(found.dossier)}


def _read_from_ledger(dossier: Dossier) -> dict[str, Any] | None:
    """What a ledger said when the report was made: of the model, and of each part that has attempts of its own."""
    if LEDGER not in dossier.sources:
        return None
    return {
        "title": dossier.sources[LEDGER].title,
        "note": dossier.sources[LEDGER].note,
        **_told(dossier.claims, dossier.segments),
        "caveats": [caveat for caveat in dossier.caveats if caveat.startswith(f"{LEDGER}:")],
        "parts": {
            part.name: _told(part.claims, part.segments)
            for part in (*dossier.stages, *dossier.activities)
            if part.ledger
        },
    }


def _told(claims: Sequence[Claim], segments: Sequence[Stage]) -> dict[str, Any]:
    return {
        "claims": [_row(claim) for claim in claims if claim.source == LEDGER],
        "segments": [
            {"name": segment.name, "claims": [_row(claim) for claim in segment.claims]} for segment in segments
        ],
    }


def _row(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id, "about": claim.about, "value": claim.value, "where": claim.where, "chip": claim.chip,
        "from": sorted(claim.rests_on),
    }  # fmt: skip


def made_again(told: Mapping[str, Any], folder: Path | None = None) -> Entry:
    """The model that a report was made from.

    Args:
        told: what the report carries of it.
        folder: where files that a dossier names are, if it names any.

    Raises:
        DataError: it cannot be made again here, and why.
    """
    try:
        if told["kind"] == "catalogue":
            return entry(library.dossier_named(told["id"]))
        raw = base64.b64decode(told["toml"], validate=True)
        found = read_dossier(raw, "the dossier in the report", told["id"], folder=folder, ledgers=False)
        return entry(_with(found, told["ledger"]) if told.get("ledger") else found)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError("input", [f"is not what a report carries: {error}"]) from None
    except ComptometerError as error:
        raise DataError("input", [f"no model can be made from it here: {error}"]) from None


def _with(dossier: Dossier, told: Mapping[str, Any]) -> Dossier:
    source = Source(id=LEDGER, title=told["title"], grade="primary", note=told["note"])

    def complete(parts: Sequence[Stage]) -> list[Stage]:
        return [
            replace(part, claims=[*part.claims, *_claims(own["claims"])], segments=_segments(own["segments"]))
            if (own := told["parts"].get(part.name))
            else part
            for part in parts
        ]

    return replace(
        dossier,
        claims=[*dossier.claims, *_claims(told["claims"])],
        segments=_segments(told["segments"]),
        stages=complete(dossier.stages),
        activities=complete(dossier.activities),
        caveats=[*dossier.caveats, *told["caveats"]],
        sources={**dossier.sources, LEDGER: source},
    )


def _segments(rows: Sequence[Mapping[str, Any]]) -> list[Stage]:
    return [Stage(name=row["name"], claims=_claims(row["claims"])) for row in rows]


def _claims(rows: Sequence[Mapping[str, Any]]) -> list[Claim]:
    return [
        Claim(
            id=row["id"], about=row["about"], value=row["value"], belief=read(row["about"], row["value"]),
            source=LEDGER, where=row["where"], chip=row["chip"], rests_on=frozenset(row["from"]),
        )
        for row in rows
    ]  # fmt: skip
