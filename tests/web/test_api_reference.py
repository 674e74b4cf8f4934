"""The reference of the interface names every route, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "docs/reference/api.md"


def test_every_route_is_described() -> None:
    pytest.importorskip("fastapi", reason="the extra web is not installed")
    from fastapi.testclient import TestClient

    from comptometer.web.server import application

    with TestClient(application(frozenset())) as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1')}" for path, methods in paths.items() for method in methods
    }
    told = set(re.findall(r"`((?:GET|POST) /[^`]+)`", REFERENCE.read_text(encoding="utf-8")))
    assert told == there
