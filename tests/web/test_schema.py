"""What the server says of its interface is what it does: questions made from its own description, and their answers."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra web is not installed")
pytest.importorskip("schemathesis", reason="schemathesis is not installed")

import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from comptometer.charts._question import FLAGS
from comptometer.web.api import ROUTES
from comptometer.web.server import application
from comptometer.web.site import API

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HEAVY = (
    "trend",
    "picture",
    "relation",
    "outlook",
    "project",
    "calculation",
    "replications/{study}",
)  # a second rather than less
ROUTED = [route for router in ROUTES.values() for route in router.routes if isinstance(route, APIRoute)]
OPERATIONS = [
    (method, route.path.removeprefix("/").replace(":path", ""))
    for route in ROUTED
    for method in sorted(route.methods or ())
]
GPT2 = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}
FIGURES = {"params": "405B", "tokens": "15.6T", "chip": "h100-sxm", "chip_hours": "30.84M"}
GOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "chips", {"query": {"vendor": "google", "limit": 3}}),
    ("GET", "chips/{name}", {"path_parameters": {"name": "h100"}}),
    ("GET", "chips/{name}", {"path_parameters": {"name": "nvidia/h100-sxm"}}),
    ("POST", "count", {"body": {"config": GPT2, "sequence_length": 1024}, "media_type": "application/json"}),
    ("GET", "estimate", {"query": FIGURES}),
    ("POST", "estimate", {"body": {**FIGURES, "mfu": 0.4}, "media_type": "application/json"}),
    ("POST", "estimate", {"body": {"source": "gnmt"}, "media_type": "application/json"}),
    ("POST", "calculation", {"body": FIGURES, "query": {"language": "zh"}, "media_type": "application/json"}),
    ("GET", "models", {"query": {"since": "2024-01-01", "limit": 5}}),
    ("GET", "models/{name}", {"path_parameters": {"name": "alexnet"}}),
    ("GET", "outlook", {"query": {"to": 2030, "without": ["data"]}}),
    ("GET", "project", {"query": {"to": 2030, "growth": "3.9 to 5.6"}}),
    ("GET", "replications", {}),
    ("GET", "replications/{study}", {"path_parameters": {"study": "openai-2018"}}),
    ("GET", "thresholds", {"query": {"status": "in force"}}),
    ("GET", "thresholds/check", {"query": {"model": "gpt-4"}}),
    ("GET", "thresholds/{name}", {"path_parameters": {"name": "eu-ai-act-51-2"}}),
    ("GET", "trend", {"query": {"points": True}}),
    ("GET", "relation", {"query": {"y": "cost", "x": "compute", "since": "2018-01-01"}}),
    ("GET", "picture", {"query": {"language": "zh", "size": "narrow"}}),
]


@pytest.fixture(scope="module")
def described() -> Any:
    """The description that the server gives, under any of its names."""
    return schemathesis.openapi.from_asgi(f"/{API}/openapi.json", application(frozenset()))


def test_every_route_is_described(described: Any) -> None:
    found = {(method.upper(), path) for path in described for method in described[path]}
    assert found == {(method, f"/{API}/{path}") for method, path in OPERATIONS}


@pytest.mark.parametrize("path", ["trend", "picture"])
def test_the_flags_of_a_trend_are_described(described: Any, path: str) -> None:
    told = described[f"/{API}/{path}"]["get"].definition.raw["parameters"]
    assert set(FLAGS) <= {parameter["name"] for parameter in told}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_described(described: Any, method: str, path: str) -> None:
    @given(case=described[f"/{API}/{path}"][method].as_strategy())
    @settings(
        max_examples=4 if path in HEAVY else 12,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def answered(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    answered()


@pytest.mark.parametrize(("method", "path", "asked"), GOOD)
def test_good_answers_are_as_described(described: Any, method: str, path: str, asked: dict[str, Any]) -> None:
    answer = described[f"/{API}/{path}"][method].Case(**asked).call_and_validate(checks=CHECKS)
    assert answer.status_code == 200


def test_every_route_has_a_good_answer() -> None:
    assert {(method, path) for method, path, _ in GOOD} == set(OPERATIONS)


@pytest.mark.parametrize("status", ["400", "403", "404", "408", "413", "414", "421", "422", "429"])
def test_every_refusal_is_described(described: Any, status: str) -> None:
    for path in described:
        for operation in described[path].values():
            assert "Problem" in str(operation.definition.raw["responses"][status])
