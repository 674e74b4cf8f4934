"""Estimates and counts for programs: the same numbers as the command, and nothing that opens a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import comptometer
from comptometer.documents.count import CountDocument
from comptometer.documents.estimate import EstimateDocument

httpx = pytest.importorskip("httpx", reason="httpx is not installed")

GPT2 = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}
FIGURES = {"params": "405B", "tokens": "15.6T", "chip": "h100-sxm", "chip_hours": "30.84M"}


def posted(server: str, path: str, **body: Any) -> Any:
    return httpx.post(f"{server}api/v1/{path}", json=body, timeout=30)


def test_figures_give_what_the_library_gives(server: str) -> None:
    answer = posted(server, "estimate", **FIGURES)
    assert answer.json() == json.loads(json.dumps(comptometer.estimate(**FIGURES).to_dict()))
    EstimateDocument.model_validate(answer.json())


def test_an_address_asks_the_same(server: str) -> None:
    answer = httpx.get(f"{server}api/v1/estimate", params=FIGURES)
    assert answer.json() == posted(server, "estimate", **FIGURES).json()


def test_segments_are_repeated_in_an_address(server: str) -> None:
    query = "chip=h100-sxm&chip=a100&chips=10&chips=20&time=3 days&time=4 days"
    answer = httpx.get(f"{server}api/v1/estimate?{query}").json()
    own = comptometer.estimate(chip=["h100-sxm", "a100"], chips=["10", "20"], time=["3 days", "4 days"])
    assert answer["compute"]["p50"] == own.median


def test_a_model_of_the_catalogue_is_asked_for_by_name(server: str) -> None:
    assert posted(server, "estimate", source="alexnet").json()["model"] == "AlexNet"


def test_a_posted_configuration_is_counted_as_its_file_is(server: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(GPT2))
    asked = {"tokens": "10B", "sequence_length": "1024"}
    answer = posted(server, "estimate", config=GPT2, **asked).json()
    own = comptometer.estimate(config=str(tmp_path / "config.json"), **asked)
    for name, outcome in own.methods.items():
        assert answer["methods"][name]["p50"] == pytest.approx(outcome.estimate.median, rel=0.01)
    counted = posted(server, "count", config=GPT2, sequence_length=1024).json()
    CountDocument.model_validate(counted)
    assert counted["training"] == comptometer.count(GPT2, sequence_length=1024).training


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"params": "abc", "tokens": "1T"}, "params: 'abc' is not a number"),
        ({"params": "1B", "tokens": "5 to 3 T"}, "tokens: '5 to 3 T' is upside down"),
        ({"params": "1B"}, "parameters-tokens needs tokens"),
        ({}, "nothing to estimate"),
        ({"params": [1, 2]}, "params: a number is wanted"),
        ({"params": True}, "params: a number is wanted"),
        ({"parameters": "1B"}, "parameters: no such field"),
        ({"params": "1B", "tokens": "9" * 300}, "tokens: a number of 300 characters"),
        ({"chip": "h100x", "chips": 3, "time": "3 days"}, 'chip: no chip "h100x"; did you mean'),
        ({"chip": "h100-sxm", "chips": 3, "time": "3 days", "precision": "fp5"}, "precision: 'fp5' is not one of"),
        ({"config": {"model_type": "gpt2", "n_layer": 10**9}, "tokens": "1B"}, "config"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_field(server: str, body: dict[str, Any], said: str) -> None:
    answer = posted(server, "estimate", **body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_no_text_opens_a_file(server: str, tmp_path: Path) -> None:
    dossier = tmp_path / "mine.toml"
    dossier.write_text('name = "Mine"\ndeveloper = "Me"\npublished = 2024-01-01\ndomain = ["language"]\n')
    config = tmp_path / "config.json"
    config.write_text(json.dumps(GPT2))
    for path in (dossier, config, tmp_path):
        for body in ({"source": str(path)}, {"config": str(path)}, {"name": str(path)}, {"chip": str(path)}):
            answer = posted(server, "estimate", **body)
            assert answer.status_code in {404, 422}, body
            assert "Mine" not in answer.text
    assert posted(server, "count", config=str(config)).status_code == 422
    assert httpx.get(f"{server}api/v1/estimate", params={"config": str(config)}).status_code == 422


def test_a_configuration_is_data_of_limited_depth(server: str) -> None:
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"inner": deep}
    answer = posted(server, "count", config=deep)
    assert (answer.status_code, "nested deeper" in answer.json()["detail"]) == (422, True)
    for text in ('{"config":' + "[" * 100_000 + "]" * 100_000 + "}", "not JSON"):
        answer = httpx.post(f"{server}api/v1/count", content=text, headers={"content-type": "application/json"})
        assert 400 <= answer.status_code < 500
    assert posted(server, "count", config=GPT2).status_code == 200


def test_a_configuration_of_a_megabyte_is_refused(server: str) -> None:
    answer = posted(server, "count", config={**GPT2, "padding": "x" * 1_000_001})
    assert answer.status_code == 413


def test_the_calculator_gets_what_it_draws(server: str) -> None:
    answer = posted(server, "calculation?language=zh", **FIGURES).json()
    assert sum(part["share"] for part in answer["density"]) == pytest.approx(0.996, abs=0.002)
    by_id = {row["id"]: row for row in answer["thresholds"]}
    assert by_id["eu-ai-act-51-2"]["probability"] == 1.0
    assert by_id["us-ca-sb53"]["probability"] == 0.0
    assert "欧盟" in by_id["eu-ai-act-51-2"]["name"]
    assert {row["about"] for row in answer["drivers"]} <= {"model-error", "utilization"}
