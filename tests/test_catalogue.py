"""The catalogue's models: what must hold for every one, and what is known of the ten present-day ones."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import comptometer
from comptometer.catalogue import Entry, entry
from comptometer.dossiers import dossier, dossier_ids
from comptometer.errors import UnitError

TEN = (
    "openai/gpt-3", "google/palm-540b", "bigscience/bloom", "meta/opt-175b", "meta/llama-3.1-405b", "meta/llama-2-70b",
    "deepseek/deepseek-v3", "tii/falcon-180b", "tsinghua/glm-130b", "bloomberg/bloomberggpt",
)  # fmt: skip


@cache
def found(name: str) -> Entry:
    return entry(dossier(name))


@pytest.mark.parametrize("name", dossier_ids())
def test_every_model_has_an_interval_around_its_median(name: str) -> None:
    low, high = found(name).interval()
    assert 0 < low < found(name).median < high


@pytest.mark.parametrize("name", dossier_ids())
def test_every_claim_of_every_model_has_a_source_that_can_be_named(name: str) -> None:
    for claim in found(name).claims:
        assert found(name).source(claim).title


@pytest.mark.parametrize("name", dossier_ids())
def test_shares_of_the_uncertainty_add_up(name: str) -> None:
    assert sum(found(name).sensitivity().values()) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("name", TEN)
def test_the_ten_have_both_methods_and_a_verdict(name: str) -> None:
    assert {"parameters-tokens", "hardware-time"} <= set(found(name).methods)
    assert found(name).compute.verdict in {"consistent", "tension", "conflict"}
    assert found(name).ratio is not None


@pytest.mark.parametrize("name", TEN)
def test_the_interval_of_the_ten_covers_what_the_authors_report(name: str) -> None:
    outcome = found(name).methods.get("reported")
    if outcome is None:
        pytest.skip("its authors report no FLOP")
    low, high = found(name).interval()
    assert low <= outcome.estimate.median <= high


@pytest.mark.parametrize("name", TEN)
def test_the_interval_of_the_ten_covers_the_exact_causal_count(name: str, shared: Path) -> None:
    rows = csv.DictReader((shared / "data/ground_truth.csv").read_text(encoding="utf-8").splitlines())
    names = {"openai/gpt-3": "GPT-3 175B", "meta/llama-2-70b": "Llama 2 70B", "meta/llama-3.1-405b": "Llama 3.1 405B"}
    wanted = names.get(name, found(name).name).split(" (")[0].removesuffix(" 50B")
    row = next(row for row in rows if row["model"].lower().startswith(wanted.lower()))
    low, high = found(name).interval()
    assert low <= float(row["m1_exact_causal"]) <= high


@pytest.mark.parametrize("name", ["meta/opt-175b", "bigscience/bloom", "bloomberg/bloomberggpt"])
def test_recomputation_is_named_where_hardware_flop_were_reported(name: str) -> None:
    causes = {cause.id: cause for cause in found(name).hypotheses}
    assert causes["recompute"].factor == pytest.approx(4 / 3)
    assert causes["recompute"].applied


def test_recomputation_is_named_but_not_applied_where_the_figure_carries_no_tag() -> None:
    naive = comptometer.estimate(params="175B", tokens="300B", reported="4.3e23")
    cause = next(cause for cause in naive.hypotheses if cause.id == "recompute")
    assert not cause.applied
    assert cause.residual == pytest.approx(1.02, abs=0.01)


def test_nobody_is_accused_where_the_figures_agree() -> None:
    assert found("meta/llama-3.1-405b").hypotheses == []


def test_a_result_worked_out_from_the_same_hours_is_no_second_witness() -> None:
    gnmt = found("google/gnmt")
    assert gnmt.compute.verdict == "single-method"
    assert set(gnmt.compute.weights) == {"hardware-time"}


def test_hours_that_were_worked_out_from_the_count_confirm_nothing() -> None:
    gpt = found("openai/gpt-3")
    assert not gpt.independent
    assert set(gpt.compute.weights) == {"operations"}


def test_eight_times_too_many_hours_are_a_conflict_with_named_causes() -> None:
    off = comptometer.estimate(
        params="70B", tokens="2T", chip="a100-sxm-80gb", chip_hours="215k", precision="bf16", utilization="40%"
    )
    assert off.compute.verdict == "conflict"
    assert "nodes-for-chips" in {cause.id for cause in off.hypotheses}
    low, high = off.interval()
    assert low < off.methods["hardware-time"].estimate.median < off.methods["parameters-tokens"].estimate.median < high


class TestArithmetic:
    def test_a_model_over_itself_is_exactly_one(self) -> None:
        alexnet = comptometer.estimate("alexnet")
        assert np.all((alexnet / alexnet).draws == 1)
        assert np.all((alexnet.compute.value - alexnet.value).draws == 0)

    def test_growth_is_a_ratio_with_an_interval(self) -> None:
        growth = comptometer.estimate("alphago zero") / comptometer.estimate("alexnet")
        assert growth.median == pytest.approx(1862 / 0.005172, rel=0.02)  # AlexNet as counted
        assert growth.interval()[0] < growth.median < growth.interval()[1]

    def test_an_amount_and_a_rate_are_not_added(self) -> None:
        with pytest.raises(UnitError):
            comptometer.estimate("alexnet") + comptometer.Estimate.exact(1.0, "FLOP/s")

    def test_models_add_up(self) -> None:
        alexnet = comptometer.estimate("alexnet")
        assert sum([alexnet, alexnet], start=0 * alexnet).median == pytest.approx(2 * alexnet.median)

    def test_something_else_is_refused(self) -> None:
        with pytest.raises(TypeError, match="combines with estimates"):
            comptometer.estimate("alexnet") * "two"


def test_the_same_question_has_the_same_answer_in_another_process() -> None:
    code = "import comptometer, json; print(json.dumps(comptometer.estimate('palm-540b').to_dict()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(found("google/palm-540b").to_dict()))


def test_probabilities_take_a_number_or_a_text_with_its_unit() -> None:
    llama = found("meta/llama-3.1-405b")
    assert llama.probability_above(1e25) == 1
    assert llama.probability_above("1e27 FLOP") == 0
    assert 0.3 < llama.probability_above(f"{llama.pfs_days.median} pfs-day") < 0.7


def test_a_notebook_card_holds_no_script_and_escapes_names() -> None:
    card = comptometer.estimate(params="7B", tokens="1T", name="<img onerror=x>")._repr_html_()
    assert "<script" not in card
    assert "<img" not in card


def test_stated_hours_that_contradict_chips_and_time_are_noticed() -> None:
    odd = comptometer.estimate(
        params="7B", tokens="1T", chip="a100-sxm-80gb", chips=100, time="100 h", chip_hours="50k"
    )
    assert any("times chips × duration" in warning for warning in odd.warnings)


def test_an_impossible_utilization_is_noticed() -> None:
    odd = comptometer.estimate(params="70B", tokens="15T", chip="a100-sxm-80gb", chip_hours="1M", precision="bf16")
    assert any("imply a utilization" in warning for warning in odd.warnings)


def test_an_entry_survives_pickling() -> None:
    import pickle

    entry = comptometer.estimate("palm-540b")
    assert entry.hypotheses
    assert pickle.loads(pickle.dumps(entry)).interval() == entry.interval()


class TestFlagsOutrankADossier:
    def test_another_way_to_say_the_utilization(self) -> None:
        found = comptometer.estimate("alexnet", mfu="60%")
        assert found.methods["hardware-time"].estimate.median == pytest.approx(
            2 * 5.5 * 86400 * 1.58e12 * 0.6 * 0.85, rel=0.01
        )

    def test_chips_and_time_in_place_of_chip_hours(self) -> None:
        found = comptometer.estimate("llama-3.1-405b", chip="a100-sxm-80gb", chips=8000, time="10 day", utilization=0.4)
        assert found.methods["hardware-time"].estimate.median == pytest.approx(8000 * 864000 * 312e12 * 0.4, rel=0.01)

    def test_another_chip_has_its_own_peak(self) -> None:
        found = comptometer.estimate("alexnet", chip="h100-sxm", chip_hours=100, precision="bf16", utilization=0.4)
        assert found.methods["hardware-time"].estimate.median == pytest.approx(100 * 3600 * 989.4e12 * 0.4, rel=0.01)

    def test_total_parameters_in_place_of_active_ones(self) -> None:
        found = comptometer.estimate("deepseek-v3", params="100B")
        assert found.methods["parameters-tokens"].estimate.median == pytest.approx(6 * 100e9 * 14.8e12, rel=0.01)

    def test_the_name(self) -> None:
        assert comptometer.estimate("alexnet", name="mine").name == "mine"


def test_what_a_stated_figure_counts_can_be_said() -> None:
    found = comptometer.estimate(reported="4e23", reported_as="hardware", recompute="full")
    assert found.median == pytest.approx(3e23, rel=1e-3)
    with pytest.raises(comptometer.errors.UsageError, match="not one of model, hardware"):
        comptometer.estimate(reported="4e23", reported_as="gpu")
    with pytest.raises(comptometer.errors.UsageError, match="give that too"):
        comptometer.estimate(params="7B", tokens="1T", reported_as="model")


def test_other_figures_have_unknowns_of_their_own() -> None:
    large, small = comptometer.estimate(params="405B", tokens="15T"), comptometer.estimate(params="70B", tokens="15T")
    low, high = (large / small).interval()
    assert high / low > 1.2
    shared = comptometer.estimate(params="405B", tokens="15T", name="x") / comptometer.estimate(
        params="70B", tokens="15T", name="x"
    )
    assert shared.interval()[1] / shared.interval()[0] == pytest.approx(1)


def test_a_model_published_later_is_refused() -> None:
    from datetime import date

    with pytest.raises(comptometer.errors.UsageError, match="after 2010-01-01"):
        comptometer.estimate("alexnet", as_of=date(2010, 1, 1))
