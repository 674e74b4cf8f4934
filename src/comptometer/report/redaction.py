"""The public version of a report: confidential values are left out, their salted hashes stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comptometer.errors import UsageError
from comptometer.report.integrity import sealed

WITHHELD = "withheld:"  # begins the id of a claim whose own id would give it away


def public(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the public reads: no input, no form for authorities, nothing that confidential claims are about.

    The hash of each claim is that of the whole version, and so is the root over them: who has both versions can hold
    one against the other. Sums over all parts stay; what a confidential claim alone decides does not.

    Raises:
        UsageError: there is something confidential and no salt, without which a hash would give it away.
    """
    hidden = set(report["confidential"])
    if hidden and not report["integrity"]["salt"]:
        raise UsageError("report.salt: is missing from the dossier; without at least 32 characters of chance a hash "
                         "gives the value away: python3 -c 'import secrets; print(secrets.token_hex(16))'")  # fmt: skip
    of_chips = [row for row in report["evidence"] if row["id"].startswith("chip:") and hidden & {"precision", "peak"}]
    secret = {row["id"] for row in [*of_chips, *(row for row in report["evidence"] if row["about"] in hidden)]}
    touched = {part["id"] for part in report["parts"] if secret & set(part["claims"])}
    found = {
        **report,
        "redaction": "public",
        "model": {**report["model"], "stated": _open(report["model"]["stated"], hidden)},
        "parts": [_part(part, part["id"] in touched) for part in report["parts"]],
        "methods": {name: _method(row, secret) for name, row in report["methods"].items()},
        "agreement": _agreement(report["agreement"], report["methods"], secret),
        "evidence": [_claim(row, row["id"] in secret) for row in report["evidence"]],
        "warnings": [] if hidden else report["warnings"],
        "energy": None if hidden & {"chips", "chip_hours", "duration", "power", "energy"} else report["energy"],
        "disclosures": {"eu_notification": None, "mdf": {"DP": _open(report["disclosures"]["mdf"]["DP"], hidden)}},
        "input": None,
        "people": {**report["people"], "contact": ""},
        "integrity": {
            **{name: value for name, value in report["integrity"].items() if name not in {"salt", "signatures"}},
            "salt": None,
            "whole": report["integrity"]["sha256"],
        },
    }
    # The id of a chip's peak names the chip and the number format.
    return sealed(_renamed(found, {row["id"]: f"{WITHHELD}{row['sha256'][:16]}" for row in of_chips}))


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {key: _renamed(part, names) for key, part in value.items()}
        case list() | tuple():
            return [_renamed(part, names) for part in value]
        case str():
            return names.get(value, value)
        case _:
            return value


def _open(said: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    return {about: value for about, value in said.items() if about not in hidden}


def _part(part: Mapping[str, Any], touched: bool) -> dict[str, Any]:
    return {**part, "flop": None, "formula": ""} if touched else dict(part)


def _method(row: Mapping[str, Any], secret: set[str]) -> dict[str, Any]:
    """Without its figures where a confidential claim could be worked back from them."""
    return {"withheld": True, "claims": row["claims"]} if secret & set(row["claims"]) else dict(row)


def _agreement(said: Mapping[str, Any], methods: Mapping[str, Any], secret: set[str]) -> dict[str, Any]:
    """A ratio of two methods tells the one from the other."""
    if not any(secret & set(row["claims"]) for row in methods.values()):
        return dict(said)
    return {**said, "ratio": None, "z": None, "comparisons": [], "hypotheses": []}


def _claim(row: Mapping[str, Any], secret: bool) -> dict[str, Any]:
    if not secret:
        return dict(row)
    kept = {"id", "about", "kind", "source", "sha256", "verified"}
    return {
        **{name: value for name, value in row.items() if name in kept},
        "value": None,
        "where": "",
        "confidential": True,
    }
