"""Signatures of people on a report: Ed25519 over its hash. The report itself does not change by them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from comptometer.errors import ComptometerError, UsageError

ROLES = ("preparer", "reviewer", "approver")
ALGORITHM = "Ed25519"


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise ComptometerError("cryptography is not installed: pip install 'comptometer[report]'") from None
    return serialization


def signed(report: Mapping[str, Any], key: bytes, role: str) -> dict[str, Any]:
    """A report with one signature more.

    Args:
        report: that holds.
        key: a private key, PEM, without a password (`openssl genpkey -algorithm ed25519`).
        role: one of `ROLES`.

    Raises:
        UsageError: it is no such key, or somebody signed in this role already.
    """
    others = report["integrity"].get("signatures", [])
    if any(row["role"] == role for row in others):
        raise UsageError(f"--role: the {role} has signed already")
    serialization = _library()
    try:
        private = serialization.load_pem_private_key(key, password=None)
        made = private.sign(report["integrity"]["sha256"].encode())
        public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(
            f"--key: is no private key of {ALGORITHM} in PEM without a password ({error}); "
            "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
        ) from None
    row = {"role": role, "algorithm": ALGORITHM, "public_key": b64encode(public).decode(),
           "signature": b64encode(made).decode()}  # fmt: skip
    return {**report, "integrity": {**report["integrity"], "signatures": [*others, row]}}


def signature_problem(report: Mapping[str, Any], row: Mapping[str, str]) -> str:
    """Why a signature is not one on this report; empty where it is.

    Raises:
        ComptometerError: the extra `report` is not installed.
    """
    _library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(b64decode(row["public_key"], validate=True))
        public.verify(b64decode(row["signature"], validate=True), report["integrity"]["sha256"].encode())
    except (InvalidSignature, ValueError, KeyError):
        return f"signature of the {row.get('role', 'unknown')}: is not one on this report"
    return ""
