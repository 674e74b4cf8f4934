"""How probably training compute is above a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

import comptometer
from comptometer import thresholds
from comptometer.collection import Models
from comptometer.documents.thresholds import ThresholdsCheckDocument, ThresholdsDocument
from comptometer.readings import verdict
from comptometer.regulations import regulation
from comptometer.thresholds import models_above, probability_above


@pytest.fixture(scope="module")
def above() -> dict[str, list[thresholds.Above]]:
    return dict(models_above())


def test_a_model_known_to_be_above_and_one_known_to_be_below() -> None:
    act = regulation("eu-ai-act-51-2")
    assert probability_above(comptometer.models["llama-3.1-405b"], act) == 1.0  # 3.8e25 FLOP, as its makers say
    assert probability_above(comptometer.models["gpt-3"], act) == 0.0  # 3.1e23


def test_at_least_and_more_than_differ_on_the_line_alone() -> None:
    found = comptometer.models["gpt-3"]
    largest = float(found.to("FLOP").draws.max())
    assert probability_above(found, replace(regulation("us-ca-sb53"), threshold=largest)) == 0.0
    assert probability_above(found, replace(regulation("kr-ai-basic-act"), threshold=largest)) == 1 / 4096


@pytest.mark.parametrize("name", ["eu-modifier-one-third", "us-eo-14409", "us-export-3a090"])
def test_other_lines_have_no_probability(name: str) -> None:
    assert probability_above(comptometer.models["gpt-3"], regulation(name)) is None


@pytest.mark.parametrize(
    ("share", "word"),
    [(1.0, "above"), (0.95, "above"), (0.94, "undecided"), (0.06, "undecided"), (0.05, "below"), (0.0, "below")],
)
def test_the_verdict_has_its_cut_offs(share: float, word: str) -> None:
    assert verdict(share, share) == word


def test_the_documents_have_their_shape() -> None:
    found = ThresholdsCheckDocument.model_validate(thresholds.check(comptometer.models["llama-3.1-405b"]))
    ThresholdsDocument.model_validate(thresholds.listed())
    assert found.thresholds[0].id == "eu-ai-act-51-2"
    assert found.thresholds[0].verdict == "above"
    assert found.thresholds[0].drivers[0].share > 0


def test_the_models_above_are_those_whose_interval_reaches_so_far(above: dict[str, list[thresholds.Above]]) -> None:
    rows = [row for row in Models().computed() if row["p95"] and row["published"]]
    for name, models in above.items():
        line = regulation(name).line
        assert line is not None
        reaching = {row["id"] for row in rows if row["p95"] > line * (1 + 1e-9)}
        assert {model.id for model in models} == reaching
        certain = {row["id"] for row in rows if row["p5"] > line * (1 + 1e-9)}
        assert {model.id for model in models if model.likelihood == "certainly"} == certain
        assert {model.id for model in models if model.likelihood != "possibly"} == {
            row["id"] for row in rows if row["training_compute_flop"] > line
        }


def test_the_surest_come_first(above: dict[str, list[thresholds.Above]]) -> None:
    shares = [model.probability for model in above["eu-gpai-1e23"]]
    assert shares == sorted(shares, reverse=True)
    assert "meta/llama-3.1-405b" in [model.id for model in above["eu-ai-act-51-2"][:8]]
