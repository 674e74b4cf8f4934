"""Who signed, and what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comptometer.errors import DataError, UsageError
from comptometer.report.verifying import verify
from report_command import run

serialization = pytest.importorskip(
    "cryptography.hazmat.primitives.serialization", reason="the extra report is not installed"
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = tmp_path / "key.pem"
    private = Ed25519PrivateKey.generate()
    path.write_bytes(private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    return path


def test_a_signed_report_holds_and_a_changed_signature_does_not(tmp_path: Path, key: Path) -> None:
    out = tmp_path / "r.json"
    run("make", "AlexNet", out)
    before = json.loads(out.read_text())["integrity"]["sha256"]
    run("sign", out, "--key", key, "--role", "preparer")
    run("sign", out, "--key", key, "--role", "reviewer")
    report = json.loads(out.read_text())
    assert report["integrity"]["sha256"] == before
    assert [line for line in verify(report).checked if line.startswith("signature: of the reviewer")]
    report["integrity"]["signatures"][0]["signature"] = report["integrity"]["signatures"][1]["public_key"]
    assert "signature of the preparer: is not one on this report" in verify(report).problems
    with pytest.raises(UsageError, match="has signed already"):
        run("sign", out, "--key", key, "--role", "preparer")


def test_what_does_not_hold_is_not_signed(tmp_path: Path, key: Path) -> None:
    out = tmp_path / "r.json"
    run("make", "AlexNet", out)
    out.write_text(out.read_text().replace("AlexNet", "AlexNot", 1))
    with pytest.raises(DataError, match="not signed"):
        run("sign", out, "--key", key, "--role", "preparer")


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    out, key = tmp_path / "r.json", tmp_path / "key.pem"
    run("make", "AlexNet", out)
    key.write_text("-----BEGIN NOTHING-----")
    raw = out.read_bytes()
    with pytest.raises(UsageError, match="--key"):
        run("sign", out, "--key", key, "--role", "preparer")
    assert out.read_bytes() == raw
