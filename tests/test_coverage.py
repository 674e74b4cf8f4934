"""Scores of many trials, and the cross-validation of the defaults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comptometer import units
from comptometer.coverage import Trial, covered, grouped, one_per_family, position, score
from comptometer.distribution import LogStudentT
from comptometer.quantity import Estimate
from comptometer.refitting import SHRINKING, Utilized, centres, cross_validated

FLOP = units.parse("FLOP")


def trial(ratio: float = 1.0, at: float = 0.5, family: str = "a", truth: float = 1e21, name: str = "x") -> Trial:
    return Trial(id=name, name=name, family=family, groups={"year": "2020"}, truth=truth, ratio=ratio, position=at)


def utilized(share: float, family: str, default: str = "utilization/tpu", adopted: float = 0.30) -> Utilized:
    """A run that reached this share of 1e21 FLOP, with an adopted median of 0.30."""
    name = f"{family}:{share}"
    estimate = Estimate.draw(name, LogStudentT(adopted * 1e21, 0.12), FLOP)
    truth = share * 1e21
    tried = trial(estimate.median / truth, position(estimate, truth), family, truth, name)
    return Utilized(trial=tried, default=default, widened=False, at_peak=1e21, estimate=estimate)


def test_a_position_is_the_probability_below_the_truth() -> None:
    belief = Estimate.draw("p", LogStudentT(1e21, 0.2), FLOP)
    for p in (0.05, 0.25, 0.5, 0.95):
        assert position(belief, belief.quantile(p)) == pytest.approx(p, abs=2e-4)
    assert position(Estimate.exact(1.0, "FLOP"), 1.0) == 0.5


@pytest.mark.parametrize(("at", "inside"), [(0.04, False), (0.051, True), (0.5, True), (0.949, True), (0.96, False)])
def test_a_truth_in_a_tail_is_outside(at: float, inside: bool) -> None:
    assert trial(at=at).within(0.9) is inside


def test_draws_of_a_belief_are_covered_as_often_as_it_says() -> None:
    belief = Estimate.draw("whole", LogStudentT(1e21, 0.2), FLOP)
    truths = [belief.quantile((at + 0.5) / 200) for at in range(200)]
    trials = [trial(belief.median / truth, position(belief, truth)) for truth in truths]
    for level in (0.1, 0.5, 0.9):
        assert covered(trials, level) == pytest.approx(level, abs=0.01)
    assert score(trials).median_ratio == pytest.approx(1.0, abs=0.01)


def test_a_score_by_hand() -> None:
    found = score([trial(ratio) for ratio in (0.5, 1.0, 1.25, 2.0, 8.0)])
    assert (found.n, found.median_ratio) == (5, 1.25)
    assert found.median_fold == pytest.approx(2.0)
    assert (found.within_1_5x, found.within_2x, found.within_3x) == (0.4, 0.8, 0.8)
    assert found.sd_ln == pytest.approx(np.std(np.log([0.5, 1, 1.25, 2, 8]), ddof=1))
    assert score([trial()]).sd_ln is None


def test_nothing_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="no trials"):
        score([])


def test_the_largest_run_stands_for_its_family() -> None:
    runs = [trial(truth=1e21, name="small"), trial(truth=1e23, name="large"), trial(family="b", name="other")]
    assert [run.name for run in one_per_family(runs)] == ["large", "other"]


def test_what_has_no_such_group_is_left_out() -> None:
    bare = replace(trial(name="bare"), groups={})
    assert {key: len(found) for key, found in grouped([trial(), bare], "year").items()} == {"2020": 1}


def test_a_family_counts_once_however_many_sizes_it_has() -> None:
    runs = [utilized(0.2, "many") for _ in range(9)] + [utilized(0.4, "one"), utilized(0.4, "other")]
    assert centres(runs)["utilization/tpu"] == pytest.approx(0.4)


def test_a_class_of_few_families_is_drawn_towards_all() -> None:
    runs = [utilized(0.4, name, "utilization/default") for name in "abc"] + [utilized(0.1, "d")]
    wanted = np.exp((np.log(0.1) + SHRINKING * np.log(0.4)) / (1 + SHRINKING))
    assert centres(runs)["utilization/tpu"] == pytest.approx(wanted)


def test_the_family_of_a_run_has_no_say_in_its_own_median() -> None:
    others = [utilized(0.15, name) for name in "abc"]
    for own in (0.15, 0.6):  # whatever it reached, the median that it is judged by is 0.15
        run = next(t for t in cross_validated([*others, utilized(own, "own")]) if t.family == "own")
        assert run.ratio == pytest.approx(0.15 / own)
    assert run.position == pytest.approx(position(Estimate.draw("own:0.6", LogStudentT(0.15e21, 0.12), FLOP), 0.6e21))


def test_one_family_cannot_judge_itself() -> None:
    with pytest.raises(ValueError, match="several families"):
        cross_validated([utilized(0.3, "a"), utilized(0.2, "a")])
