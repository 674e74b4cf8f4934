"""Canonical bytes and hashes of a report: RFC 8785, SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

CANONICAL = "RFC 8785"


def canonical(content: Any) -> bytes:
    """The one form in which equal objects are equal bytes."""
    return rfc8785.dumps(content)


def sha256(content: Any) -> str:
    """Of the canonical bytes."""
    return hashlib.sha256(canonical(content)).hexdigest()


def commitment(claim: Mapping[str, Any], salt: str) -> str:
    """A salted hash of a claim: it can be published in place of the claim, and does not tell it."""
    return sha256({"claim": claim, "salt": salt})


def root(evidence: Sequence[Mapping[str, Any]]) -> str:
    """Of the hashes of all evidence, in its order."""
    return sha256([row["sha256"] for row in evidence])


def seal(report: Mapping[str, Any]) -> str:
    """Of all of a report but this hash and its signatures."""
    integrity = {name: value for name, value in report["integrity"].items() if name not in {"sha256", "signatures"}}
    return sha256({**report, "integrity": integrity})


def sealed(report: dict[str, Any]) -> dict[str, Any]:
    """With its hash."""
    return {**report, "integrity": {**report["integrity"], "sha256": seal(report)}}
