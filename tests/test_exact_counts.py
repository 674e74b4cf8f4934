"""A claim about the architecture is counted: what it gives, what it comes before, and what comes before it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import comptometer
from claims import HEAD, claim
from comptometer.catalogue import Entry, entry
from comptometer.counting import count
from comptometer.derivation import job
from comptometer.dossier_file import read_dossier
from comptometer.dossiers import dossier
from comptometer.errors import DataError, NotFound, UsageError
from comptometer.methods import METHODS, Outcome, outcome
from comptometer.records import Dossier

Written = Callable[..., Dossier]
VISION = HEAD.replace("language", "vision")
GPT2 = {"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "vocab_size": 100, "n_positions": 32}
ALEXNET = count("alexnet")
PRINTED = {"about": "macs_per_example", "value": "0.75e9 MAC", "source": "https://print.example"}


def alexnet(written: Written, *more: Any, **extra: str) -> Entry:
    named = {"about": "architecture", "value": "alexnet", **extra}
    return entry(written(named, ("examples", "1M"), ("epochs", "2"), *more, head=VISION))


def median(found: Entry, method: str = "operations") -> float:
    return found.methods[method].estimate.median


def findings(found: Entry) -> set[str]:
    return {finding.id for finding in found.findings}


def test_a_layer_list_gives_the_cost_of_one_example_and_its_backward_factor(written: Written) -> None:
    assert median(alexnet(written)) == pytest.approx(ALEXNET.training * 2e6, rel=2e-3)


def test_the_formula_says_what_was_counted(written: Written) -> None:
    formula = alexnet(written).methods["operations"].formula
    assert formula.startswith("(1.449e9 FLOP, counted from alexnet) × (2.854, counted) × 1M")


def test_a_count_comes_before_a_printed_figure_which_stays_beside_it(written: Written) -> None:
    found = alexnet(written, PRINTED)
    assert median(found) == pytest.approx(ALEXNET.training * 2e6, rel=2e-3)
    assert [item.about for item in found.beside] == ["macs_per_example"]
    assert "macs_per_example" not in {item.about for item in found.claims}
    assert "beside it, not used" in str(comptometer.explain(found))


def test_an_assumed_architecture_comes_after_a_printed_figure(written: Written) -> None:
    found = alexnet(written, PRINTED, kind="assumed")
    assert median(found) == pytest.approx(0.75e9 * 2 * 3 * 2e6, rel=2e-3)
    assert found.beside == []


def test_an_assumed_architecture_is_counted_where_nothing_is_printed(written: Written) -> None:
    assert median(alexnet(written, kind="assumed")) == pytest.approx(ALEXNET.training * 2e6, rel=2e-3)


def test_a_claimed_backward_factor_is_taken_with_the_count(written: Written) -> None:
    found = alexnet(written, ("backward_factor", "2"))
    assert median(found) == pytest.approx(ALEXNET.forward * 2 * 2e6, rel=2e-3)


def test_what_the_caller_states_comes_before_a_count() -> None:
    found = comptometer.estimate("alexnet", macs_per_example="1e9", examples="1M", epochs=1)
    assert median(found) == pytest.approx(1e9 * 2 * 3 * 1e6, rel=2e-3)


def test_the_callers_size_is_of_another_model_than_was_counted() -> None:
    assert "operations" in comptometer.estimate("gpt-3").methods
    assert "operations" not in comptometer.estimate("gpt-3", params="100B").methods


def test_an_input_may_hold_several_examples(written: Written) -> None:
    assert median(alexnet(written, holds="10 + 10 example")) == pytest.approx(ALEXNET.training * 2e6 / 20, rel=2e-3)


def test_a_sequence_model_is_counted_at_the_claimed_length(written: Written) -> None:
    claims = [("tokens", "1B"), {"about": "architecture", "value": "gpt-3"}]
    short, long = (entry(written(*claims, ("sequence_length", length))) for length in ("512", "2048"))
    for found, length in ((short, 512), (long, 2048)):
        path = Path(comptometer.__file__).parent / "data" / "configs" / "gpt-3.json"
        exact = count(path, sequence_length=length, attention="causal").training / length * 1e9
        assert median(found) == pytest.approx(exact, rel=2e-3)


def test_parameters_follow_from_the_count_where_nobody_states_them(written: Written) -> None:
    found = entry(written(("tokens", "1T"), ("sequence_length", "4096"), ("architecture", "deepseek-v3")))
    size = count(Path(comptometer.__file__).parent / "data" / "configs" / "deepseek-v3.json").parameters
    assert size is not None
    assert median(found, "parameters-tokens") == pytest.approx(6 * size.active * 1e12, rel=5e-3)
    assert found.evidence.sparse


def test_stated_parameters_stay_and_a_count_that_does_not_close_is_named(written: Written) -> None:
    close, apart = (alexnet(written, ("parameters", size)) for size in ("60M", "70M"))
    assert "parameter-closure" not in findings(close)
    assert "parameter-closure" in findings(apart)
    assert any("0.871 times those stated (70M)" in warning for warning in apart.warnings)


def test_a_printed_figure_apart_from_the_count_is_named(written: Written) -> None:
    near = {**PRINTED, "value": "0.73e9 MAC"}
    assert "count-and-print" in findings(alexnet(written, PRINTED))
    assert "count-and-print" not in findings(alexnet(written, near))


def test_a_length_is_taken_from_the_configuration_where_nobody_states_one(written: Written) -> None:
    found = entry(written(("tokens", "1T"), ("architecture", "llama-2-70b")))
    assert found.evidence.value("sequence_length") == 4096
    assert "4096 token" in found.methods["operations"].formula


def test_a_length_that_is_no_whole_number_is_refused(written: Written) -> None:
    with pytest.raises(UsageError, match="whole number"):
        entry(written(("tokens", "1T"), ("architecture", "gpt-3"), ("sequence_length", "1000 to 2000")))


def test_a_stage_is_counted_at_its_own_length() -> None:
    stages = "".join(
        f'[[stages]]\nname = "{name}"\n'
        + claim("tokens", "1T").replace("claims", "stages.claims")
        + claim("sequence_length", length).replace("claims", "stages.claims")
        for name, length in (("one", "512"), ("two", "2048"))
    )
    found = entry(read_dossier((HEAD + claim("architecture", "gpt-3") + stages).encode(), "x.toml", "x"))
    ids = {item.id for item in found.claims if item.about == "flop_per_example"}
    assert len({item.value for item in found.claims if item.about == "flop_per_example"}) == len(ids) == 2


LANGUAGE = {
    "openai/gpt-3": "GPT-3 175B", "meta/opt-175b": "OPT-175B", "bigscience/bloom": "BLOOM 176B",
    "bloomberg/bloomberggpt": "BloombergGPT 50B", "meta/llama-2-70b": "Llama 2 70B",
    "meta/llama-3.1-405b": "Llama 3.1 405B", "deepseek/deepseek-v3": "DeepSeek-V3 671B",
}  # fmt: skip


@pytest.mark.parametrize("name", LANGUAGE)
def test_shipped_configurations_give_the_independent_exact_counts(name: str, shared: Path) -> None:
    rows = csv.DictReader((shared / "data/ground_truth.csv").read_text(encoding="utf-8").splitlines())
    exact = next(float(row["m1_exact_causal"]) for row in rows if row["model"] == LANGUAGE[name])
    evidence = job(dossier(name), medians=True).whole
    found = outcome(METHODS["operations"], evidence)
    assert isinstance(found, Outcome)
    assert found.estimate.median == pytest.approx(exact, rel=1e-4)


class TestFiles:
    def test_a_configuration_beside_a_dossier_is_counted(self, tmp_path: Path) -> None:
        (tmp_path / "net.json").write_text(json.dumps(GPT2))
        (tmp_path / "my.toml").write_text(HEAD + claim("architecture", "net.json") + claim("tokens", "1M"))
        found = comptometer.estimate(tmp_path / "my.toml")
        exact = count(GPT2, sequence_length=32, attention="causal").training / 32 * 1e6
        assert median(found) == pytest.approx(exact, rel=2e-3)

    def test_a_missing_file_is_a_problem_of_the_dossier(self, tmp_path: Path) -> None:
        (tmp_path / "my.toml").write_text(HEAD + claim("architecture", "nt.json") + claim("tokens", "1M"))
        with pytest.raises(DataError, match=r"claims\[1\].value: no file or shipped architecture"):
            comptometer.estimate(tmp_path / "my.toml")

    def test_a_dossier_without_a_folder_can_only_name_what_is_shipped(self) -> None:
        with pytest.raises(DataError, match="only name what is shipped"):
            read_dossier((HEAD + claim("architecture", "config.json")).encode(), "standard input", "x")

    @pytest.mark.parametrize("holds", ["1 to 5 example", "-3", "many", "3 token"])
    def test_what_an_input_holds_is_one_number(self, holds: str) -> None:
        with pytest.raises(DataError, match="holds: "):
            read_dossier((HEAD + claim("architecture", "alexnet", holds=holds)).encode(), "x.toml", "x")

    def test_only_an_architecture_holds_examples(self) -> None:
        with pytest.raises(DataError, match="holds: only an architecture"):
            read_dossier((HEAD + claim("tokens", "1T", holds="3")).encode(), "x.toml", "x")

    def test_a_configuration_that_nobody_can_count_is_said_when_it_is_counted(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "no-such"}))
        (tmp_path / "my.toml").write_text(HEAD + claim("architecture", "config.json") + claim("tokens", "1M"))
        with pytest.raises(NotFound, match="no-such"):
            comptometer.estimate(tmp_path / "my.toml")


class TestCaller:
    def test_a_layer_list_can_be_given_by_name(self) -> None:
        found = comptometer.estimate(config="alexnet", examples="1M", epochs=2)
        assert found.name == "alexnet"
        assert median(found) == pytest.approx(ALEXNET.training * 2e6, rel=2e-3)
        assert found.dossier.domain == []

    def test_a_configuration_and_a_number_for_the_same_are_refused(self) -> None:
        with pytest.raises(UsageError, match="config and macs_per_example say the same"):
            comptometer.estimate(config="alexnet", macs_per_example="1e9", examples="1M")

    def test_it_replaces_the_architecture_of_the_catalogue(self) -> None:
        found = comptometer.estimate("alexnet", config="vgg16", examples="1M", epochs=1)
        assert median(found) == pytest.approx(count("vgg16").training * 1e6, rel=2e-3)

    def test_a_stated_size_beside_a_configuration_is_compared_with_it(self) -> None:
        found = comptometer.estimate(config="gpt-3", params="100B", tokens="300B")
        assert median(found, "parameters-tokens") == pytest.approx(6 * 100e9 * 300e9, rel=5e-3)
        assert "parameter-closure" in findings(found)
