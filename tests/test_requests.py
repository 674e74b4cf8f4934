"""What a caller's figures mean beside a dossier, and what careless ones are told."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import comptometer
from claims import HEAD, claim
from comptometer.catalogue import entry
from comptometer.counting import count
from comptometer.dossier_file import read_dossier
from comptometer.errors import DataError, NotFound, UsageError


def operations(name: str, **figures: object) -> float:
    return comptometer.estimate(name, **figures).methods["operations"].estimate.median  # type: ignore[arg-type]


def test_the_order_of_claims_decides_nothing() -> None:
    two = [claim("tokens", "2T", source="https://a.org"), claim("tokens", "3T", source="https://b.org")]
    one, other = (
        entry(read_dossier((HEAD + claim("parameters", "7B") + "".join(order)).encode(), "x", "x"))
        for order in (two, two[::-1])
    )
    assert one.median == other.median
    assert any("differ by 1.5" in warning for warning in one.warnings)


def test_tokens_of_the_caller_reach_the_headline() -> None:
    assert operations("deepseek-v3", tokens="29.6T") == pytest.approx(2 * operations("deepseek-v3"), rel=1e-3)


def test_updates_of_the_caller_are_not_multiplied_by_a_dossiers_epochs() -> None:
    found = operations("alexnet", updates=5000, batch_size=128)
    assert found == pytest.approx(count("alexnet").training * 5000 * 128, rel=1e-3)


def test_parameters_of_the_caller_put_a_count_out_of_force() -> None:
    found = comptometer.estimate("deepseek-v3", params="7B")
    assert "operations" not in found.methods
    assert found.median == pytest.approx(6 * 7e9 * 14.8e12, rel=0.2)


def test_what_another_chip_was_used_to_says_nothing_about_a_new_one() -> None:
    found = comptometer.estimate("bloom", chip="h100-sxm", chips=384, time="20 d").methods["hardware-time"]
    assert not {"hfu", "mfu"} & {claim.about for claim in found.claims}


def test_more_hours_are_of_the_dossiers_chip() -> None:
    found = comptometer.estimate("gpt-3", chip_hours="5M").methods["hardware-time"]
    assert any("v100" in (claim.chip or "") for claim in found.claims)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"peak": 100, "chip_hours": "1M"}, "needs a unit"),
        ({"chip": "h100-sxm", "chip_hours": 1, "mfu": 0.4, "utilization": 0.3}, "say the same"),
        ({"params": "7B", "active_params": "70B", "tokens": "1T"}, "more than"),
        ({"macs_per_example": "1e9", "examples": 5, "backward_factor": "50%"}, "less than forward"),
        ({"macs_per_example": "11 GFLOP", "examples": 5}, "not mixed"),
        ({"chip": "a100-sxm-80gb", "chip_hours": "1M", "precision": "fp8"}, "no dense fp8 peak"),
        ({"params": "7B", "tokens": "1T", "name": "a\nb"}, "one line"),
        ({"params": object(), "tokens": "1T"}, "a number or a text is wanted"),
    ],
)
def test_contradictions_and_slips_are_refused(figures: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        comptometer.estimate(**figures)  # type: ignore[arg-type]


def test_two_files_of_one_name_have_unknowns_of_their_own(tmp_path: Path) -> None:
    found = []
    for folder, tokens in (("a", "1T to 3T"), ("b", "10T to 30T")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "model.toml"
        path.write_text(HEAD + claim("parameters", "7B") + claim("tokens", tokens))
        found.append(comptometer.estimate(path))
    low, high = (found[0] / found[1]).interval()
    assert high / low > 2


def test_numbers_of_numpy_are_numbers() -> None:
    found = comptometer.estimate(params=np.float64(405e9), tokens=np.int64(10**12))  # type: ignore[arg-type]
    assert found.median == pytest.approx(6 * 405e9 * 1e12, rel=0.01)


def test_a_day_may_be_a_text() -> None:
    assert comptometer.estimate("alexnet", as_of="2020-01-01").name == "AlexNet"
    with pytest.raises(UsageError, match="not a date"):
        comptometer.estimate("alexnet", as_of="yesterday")
    with pytest.raises(UsageError, match="after 2010"):
        comptometer.estimate("alexnet", as_of=date(2010, 1, 1))


def test_arithmetic_works_from_both_sides() -> None:
    alexnet, dqn = comptometer.models["alexnet"], comptometer.models["dqn"]
    assert (alexnet.value - dqn).median == pytest.approx(alexnet.median - dqn.median, rel=0.01)
    assert (1 - dqn / alexnet).median < 1
    assert (-(dqn / alexnet)).median < 0
    assert (alexnet**2).median == pytest.approx(alexnet.median**2)
    assert alexnet.to("pfs-day").median == pytest.approx(alexnet.pfs_days.median)
    assert alexnet.probability_above(dqn) == 1


def test_errors_survive_pickling() -> None:
    for error in (NotFound("model", "x", ["y"]), DataError("f.toml", ["one", "two"]), UsageError("no")):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_catalogue_is_asked_by_text() -> None:
    with pytest.raises(NotFound):
        comptometer.models[3]  # type: ignore[index]
    assert 3 not in comptometer.chips  # type: ignore[comparison-overlap]


def test_a_conflict_is_driven_by_the_question_which_witness_is_right() -> None:
    found = comptometer.estimate(
        params="70B", tokens="15T", chip="h100-sxm", chip_hours="100M", mfu="40%", precision="bf16"
    )
    assert found.compute.verdict == "conflict"
    name, share = next(iter(found.sensitivity().items()))
    assert name == "which-witness"
    assert share > 0.8


def test_hours_per_trillion_tokens_are_recognised() -> None:
    # DeepSeek-V2: 172.8K GPU-hours per trillion tokens, of 8.1 (arXiv 2405.04434)
    found = comptometer.estimate(
        params="236B", active_params="21B", tokens="8.1T", chip="h800-sxm", chip_hours="172.8k", precision="bf16"
    )
    assert "hours-per-trillion-tokens" in {cause.id for cause in found.hypotheses}


def test_control_characters_do_not_reach_a_terminal() -> None:
    with pytest.raises(DataError, match="printable"):
        read_dossier(b'name = "x\\u001b]0;pwn\\u0007"\npublished = 2024-01-01\n', "x", "x")


def test_a_study_is_recomputed_from_shipped_data_only(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    folder = tmp_path / "models" / "university-of-toronto"
    folder.mkdir(parents=True)
    (folder / "alexnet.toml").write_text(HEAD + claim("tokens", "1T"))
    done = subprocess.run(
        [sys.executable, "-m", "comptometer", "replicate", "openai-2018", "--json"],
        env={**os.environ, "COMPTOMETER_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"AlexNet"' in done.stdout
