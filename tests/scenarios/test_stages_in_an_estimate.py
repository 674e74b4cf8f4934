"""A stage list as evidence: the same work, with an interval, and against machines."""

from __future__ import annotations

from pathlib import Path

import pytest

import comptometer
from comptometer.scenarios import scenario

LIST = Path(__file__).parents[2] / "docs/howto/stages.toml"


def test_the_estimate_is_the_model_flop_of_all_stages() -> None:
    found = comptometer.estimate(LIST)
    assert list(found.methods) == ["operations"]
    assert found.median == pytest.approx(scenario(LIST).model_flop, rel=0.01)


def test_it_is_compared_with_the_machines() -> None:
    found = comptometer.estimate(LIST, chip="h100-sxm", chip_hours="600k", mfu="40%")
    assert set(found.methods) == {"operations", "hardware-time"}
    assert found.compute.verdict == "consistent"


def test_each_pass_is_a_claim_of_its_own() -> None:
    passes = [one for stage in scenario(LIST).stages for one in stage.passes]
    claims = [claim for claim in comptometer.estimate(LIST).to_dict()["claims"] if claim["about"] == "flop_per_example"]
    assert len(claims) == len(passes)
