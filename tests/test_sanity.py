"""Named causes of disagreement: each one is found where it was made, and not where it was not."""

from __future__ import annotations

import pytest

import comptometer
from comptometer.catalogue import Entry
from comptometer.hypotheses import HYPOTHESES

TRUE_HOURS = 70e9 * 6 * 2e12 / (312e12 * 0.40 * 3600)  # 70e9 parameters, 2e12 tokens, A100 at 40%


def causes(entry: Entry) -> set[str]:
    return {cause.id for cause in entry.hypotheses}


def run(factor: float, chip: str = "a100-sxm-80gb", **extra: str) -> Entry:
    figures = {"params": "70B", "tokens": "2T", "precision": "bf16", "utilization": "40%", **extra}
    return comptometer.estimate(chip=chip, chip_hours=TRUE_HOURS * factor, **figures)


def test_a_sound_run_has_no_cause_to_name() -> None:
    assert causes(run(1.0)) == set()
    assert run(1.0).compute.verdict == "consistent"


@pytest.mark.parametrize(
    ("factor", "cause"),
    [(1 / 8, "nodes-for-chips"), (2, "sparse-peak"), (4 / 3, "recompute"), (1 / 4.4, "all-experts")],
)
def test_a_known_error_is_named(factor: float, cause: str) -> None:
    assert cause in causes(run(factor))


def test_dies_for_chips_is_named_only_where_a_chip_has_several() -> None:
    hours = TRUE_HOURS * 312 / 383
    double = comptometer.estimate(
        params="70B", tokens="2T", chip="mi250x", chip_hours=2 * hours, precision="bf16", utilization="40%"
    )
    assert "parts-for-chips" in causes(double)
    assert "parts-for-chips" not in causes(run(2))


def test_epochs_are_a_cause_where_they_are_claimed() -> None:
    repeated = comptometer.estimate(
        macs_per_example="1e9", examples="1e9", epochs=5, chip="a100-sxm-80gb", precision="bf16", utilization="40%",
        chip_hours=1e9 * 6e9 / (312e12 * 0.4 * 3600),
    )  # fmt: skip
    assert "epochs-twice" in causes(repeated)


def test_the_best_cause_comes_first_and_leaves_least() -> None:
    residuals = [abs(cause.residual - 1) for cause in run(2).hypotheses]
    assert residuals == sorted(residuals)


def test_every_cause_says_what_would_settle_it() -> None:
    for cause in HYPOTHESES:
        assert cause.settles
        assert cause.factor > 0
        assert cause.factor != 1
    assert len({cause.id for cause in HYPOTHESES}) == len(HYPOTHESES)


def test_a_team_that_reports_both_mfu_and_hfu_is_not_suspected_of_mixing_them_up() -> None:
    assert "recompute" not in causes(comptometer.estimate("palm-540b"))
