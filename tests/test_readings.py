"""What regulations count: the worked examples of the guideline, and the cases in which readings differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import comptometer
from comptometer import request, thresholds
from comptometer.activities import Part, parts_of
from comptometer.budget import plan
from comptometer.catalogue import Entry
from comptometer.errors import NotFound, UsageError
from comptometer.law import Activity
from comptometer.quantity import Estimate
from comptometer.readings import Reading, read
from comptometer.records import Base
from comptometer.regulations import regulation

ACT, GUIDELINE, MODIFIER = "eu-ai-act-51-2", "eu-gpai-1e23", "eu-modifier-one-third"
CALIFORNIA, KOREA = "us-ca-sb53", "kr-ai-basic-act"
HEAD = """
name = "X"
developer = "Lab"
published = 2026-01-01
domain = ["language"]
[sources.card]
title = "card"
"""


def claim(about: str, value: str, more: str = "", table: str = "claims") -> str:
    return f'[[{table}]]\nabout = "{about}"\nvalue = "{value}"\nsource = "card"\n{more}\n'


def model(text: str) -> Entry:
    return comptometer.estimate(request.from_bytes((HEAD + text).encode()))


def reading(entry: Entry, name: str, as_of: date | None = None) -> Reading:
    return next(one for one in thresholds.readings(entry, as_of) if one.regulation.id == name)


def part(activity: Activity, flop: float, name: str = "") -> Part:
    return Part(name=name or activity, activity=activity, value=Estimate.exact(flop, "FLOP"))


# Guidelines, annex A.3: recomputed from the inputs, within 5%; B's printed figure has one digit.
@pytest.mark.parametrize(
    ("parameters", "tokens", "flop"),
    [
        ("3.8e9", "3.3e12", 7.524e22), ("0.6e9", "36e12", 1.296e23), ("1.54e9", "18e12", 1.663e23),
        ("1.7e9", "36e12", 3.672e23), ("2.5e9", "12e12", 1.800e23), ("2.6e9", "1.0004e13", 1.561e23),
    ],
)  # fmt: skip
def test_the_worked_examples_by_architecture(parameters: str, tokens: str, flop: float) -> None:
    found = comptometer.estimate(params=parameters, tokens=tokens)
    assert found.methods["parameters-tokens"].estimate.median == pytest.approx(flop, rel=0.05)


@pytest.mark.parametrize(
    ("chip", "hours", "peak", "flop"),
    [
        ("a100-sxm-80gb", "200000 chip-hours", "300 TFLOP/s", 1.08e23),
        ("h100-sxm", "370000 chip-hours", "989 TFLOP/s", 6.587e23),
    ],
)  # fmt: skip
def test_the_worked_examples_by_hardware(chip: str, hours: str, peak: str, flop: float) -> None:
    found = comptometer.estimate(chip=chip, chip_hours=hours, peak=peak, utilization="0.5")
    assert found.methods["hardware-time"].estimate.median == pytest.approx(flop, rel=0.05)


def test_the_band_of_the_tolerance_is_relative_to_the_reported_figure() -> None:
    one = regulation(ACT)
    found = read(one, [part("pretrain", 7.7e24)])
    assert found.band == pytest.approx((7.6923e24, 1.42857e25), rel=1e-4)
    verdicts = [read(one, [part("pretrain", flop)]).band_verdict for flop in (7.69e24, 7.7e24, 1e25, 1.42e25, 1.44e25)]
    assert verdicts == ["below", "undecided", "undecided", "undecided", "above"]


def test_recomputation_does_not_change_the_total() -> None:
    head = claim("chip_hours", "1M chip-hour", 'chip = "h100-sxm"')
    without = model(head + claim("mfu", "0.3"))
    with_it = model(head + claim("hfu", "0.4") + claim("recompute", "full"))
    assert with_it.median == pytest.approx(without.median, rel=0.01)


def test_a_mixed_fleet_is_a_sum_and_not_a_weighted_mean() -> None:
    hours = {"a100-sxm-80gb": 3e6, "h100-sxm": 1e6}
    found = comptometer.estimate(chip=list(hours), chip_hours=[str(h) for h in hours.values()], utilization="0.4")
    expected = 0.4 * 3600 * (3e6 * 312e12 + 1e6 * 989.4e12)
    assert found.methods["hardware-time"].estimate.median == pytest.approx(expected, rel=0.01)
    by_mean_of_peaks = 0.4 * 3600 * 4e6 * (312e12 + 989.4e12) / 2
    assert abs(by_mean_of_peaks / expected - 1) > 0.3


def test_synthetic_data_counts_as_much_as_was_made_and_forward_alone() -> None:
    made = '[[activities]]\nname = "synthetic"\nkind = "synthetic-private"\n' + claim(
        "tokens", "100e9 token", table="activities.claims"
    )
    found = model(claim("parameters", "10e9 parameter") + claim("tokens", "1e12 token") + made)
    values = {one.activity: one.value for one in parts_of(found)}
    synthetic = values["synthetic-private"]
    assert synthetic is not None
    assert synthetic.median == pytest.approx(2 * 10e9 * 100e9, rel=0.02)
    act, guideline = reading(found, ACT), reading(found, GUIDELINE)
    assert act.strict is not None
    assert guideline.strict is not None
    assert act.strict.median == pytest.approx(found.median + synthetic.median, rel=0.01)
    assert guideline.strict.median == pytest.approx(found.median, rel=0.01)


def test_a_teachers_training_is_out_and_its_passes_are_in_where_the_text_says_so() -> None:
    parts = [part("pretrain", 5e24), part("teacher-train", 9e25), part("teacher-forward", 1e24)]
    found = read(regulation(ACT), parts)
    assert found.strict is not None
    assert found.strict.median == pytest.approx(6e24)
    assert {line.part.activity: line.counted.reading for line in found.lines}["teacher-train"] == "exclude"


def test_merged_models_are_summed() -> None:
    merged = [Part(name=name, activity="merge-parent", value=Estimate.exact(4e24, "FLOP"), own=False,
                   base=Base(name=name, relation="merged")) for name in ("a", "b", "c")]  # fmt: skip
    found = read(regulation(ACT), [part("pretrain", 1e22), *merged])
    assert found.strict is not None
    assert found.strict.median == pytest.approx(1.201e25)
    assert found.verdict == "above"


def test_what_a_regulation_does_not_name_is_open_and_never_nothing() -> None:
    found = read(regulation(CALIFORNIA), [part("pretrain", 9e25), part("synthetic-private", 3e25)])
    assert found.probability == (0.0, 1.0)
    assert found.verdict == "undecided"


def test_at_least_and_more_than_differ_on_the_line() -> None:
    exactly = [part("pretrain", 1e26)]
    assert read(regulation(KOREA), exactly).verdict == "above"
    assert read(regulation(CALIFORNIA), exactly).verdict == "below"


def test_an_activity_that_counts_and_stands_nowhere_is_a_gap_unless_it_was_not_done() -> None:
    parts = [part("pretrain", 1e24)]
    assert "sft" in read(regulation(ACT), parts).gaps
    assert "sft" not in read(regulation(ACT), parts, none=["sft"]).gaps
    assert "evaluation" not in read(regulation(ACT), parts).gaps  # does not count


def test_a_part_without_an_estimate_is_in_no_sum_and_is_named() -> None:
    found = read(regulation(ACT), [part("pretrain", 1e24), Part(name="rl", activity="rl-update", value=None)])
    assert found.unknown == ["rl"]
    assert found.strict is not None
    assert found.strict.median == pytest.approx(1e24)


def test_a_day_before_a_regulation_began_is_outside_of_it() -> None:
    parts = [part("pretrain", 1e26)]
    assert read(regulation(ACT), parts, as_of=date(2026, 1, 1)).in_force
    assert not read(regulation(ACT), parts, as_of=date(2024, 1, 1)).in_force


def base(value: float | None, *, systemic: bool = False) -> Part:
    known = None if value is None else Estimate.exact(value, "FLOP")
    return Part(name="original", activity="merge-parent", value=known, own=False,
                base=Base(name="original", relation="modified", systemic_risk=systemic))  # fmt: skip


@pytest.mark.parametrize(
    ("original", "systemic", "limit"),
    [(9e24, False, 3e24), (None, True, 1e25 / 3), (None, False, 1e23 / 3)],
)
def test_a_modification_is_held_against_a_third(original: float | None, systemic: bool, limit: float) -> None:
    one = regulation(MODIFIER)
    for flop, verdict in ((0.99 * limit, "below"), (1.01 * limit, "above")):
        found = read(one, [part("sft", flop), base(original, systemic=systemic)])
        assert found.limit is not None
        assert found.limit.value.median == pytest.approx(limit)
        assert found.verdict == verdict


def test_both_distributions_of_a_modification_count() -> None:
    text = '[[bases]]\nname = "Llama 3.1 405B"\nrelation = "modified"\nmodel = "llama-3.1-405b"\n'
    found = reading(model(claim("compute", "1.2e25 to 1.5e25 FLOP") + text), MODIFIER)
    assert found.limit is not None
    assert found.limit.value.interval()[0] < found.limit.value.median < found.limit.value.interval()[1]
    assert found.probability is not None
    assert 0.05 < found.probability[0] < 0.95


def test_a_base_that_is_not_on_file_is_named() -> None:
    text = '[[bases]]\nname = "No such"\nrelation = "merged"\nmodel = "no-such-model-at-all"\n'
    with pytest.raises(NotFound, match="no-such-model-at-all"):
        parts_of(model(claim("compute", "1e24 FLOP") + text))


def test_stages_share_the_whole_and_their_common_error() -> None:
    stages = "".join(
        f'[[stages]]\nname = "{name}"\nkind = "{kind}"\n' + claim("tokens", tokens, table="stages.claims")
        for name, kind, tokens in (("one", "pretrain", "9e12 token"), ("two", "sft", "1e12 token"))
    )
    found = model(claim("parameters", "70e9 parameter") + stages)
    values = [one.value for one in parts_of(found)]
    assert all(value is not None for value in values)
    shares = [value.median / found.median for value in values if value is not None]
    assert shares == pytest.approx([0.9, 0.1], rel=1e-6)
    whole = found.interval()[1] / found.interval()[0]
    first = values[0]
    assert first is not None
    assert first.interval()[1] / first.interval()[0] == pytest.approx(whole, rel=1e-6)  # not averaged away


def test_a_stage_in_other_words_is_taken_for_pre_training_and_says_so() -> None:
    stage = '[[stages]]\nname = "main"\nkind = "phase one"\n' + claim("tokens", "1e12 token", table="stages.claims")
    (found,) = parts_of(model(claim("parameters", "1e9 parameter") + stage))
    assert (found.activity, found.stated) == ("pretrain", False)


def test_h100_of_two_forms_are_two_peaks() -> None:
    pcie, sxm = (
        comptometer.estimate(chip=name, chip_hours="1M", mfu="0.4").median for name in ("h100-pcie", "h100-sxm")
    )
    assert sxm / pcie == pytest.approx(989.4 / 756, rel=0.01)


@pytest.mark.parametrize(("name", "flop"), [("llama-3.1-405b", 3.8e25), ("gpt-3", 3.1e23)])
def test_figures_of_others_are_reproduced(name: str, flop: float) -> None:
    assert comptometer.models[name].median == pytest.approx(flop, rel=0.06)


@pytest.mark.parametrize("about", ["gpu_utilization", "nvidia_smi_utilization", "sm_active"])
def test_utilization_as_nvidia_smi_states_it_is_refused(about: str) -> None:
    with pytest.raises(comptometer.errors.DataError, match="MFU"):
        model(claim("chip_hours", "1M chip-hour", 'chip = "h100-sxm"') + claim(about, "0.99"))


def test_a_plan_leaves_the_probability_that_was_asked_for() -> None:
    one = regulation(ACT)
    found = plan(one, probability=0.9, params="70e9")
    (amount,) = found["amounts"]
    there = comptometer.estimate(params="70e9", tokens=amount["amount"])
    assert there.probability_above(1e25) == pytest.approx(0.1, abs=0.02)
    spent = plan(one, probability=0.9, params="70e9", spent="5e24 FLOP")["amounts"][0]["amount"]
    assert spent == pytest.approx(amount["amount"] / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        (ACT, {}, "nothing to plan with"), (MODIFIER, {"params": "1e9"}, "sets no amount"),
        (ACT, {"params": "1e9", "tokens": "1e12"}, "nothing is left to plan"),
        (ACT, {"params": "1e9", "spent": "1e26 FLOP"}, "at or above the line"),
        (ACT, {"params": "1e9", "spent": "many"}, "--spent"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_said(name: str, given: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        plan(regulation(name), **given)  # type: ignore[arg-type]


def test_a_new_regulation_is_read_without_a_word_of_code() -> None:
    one = replace(regulation(ACT), threshold=2e24, counts=regulation(ACT).counted("include")[:1])
    found = read(one, [part("pretrain", 3e24), part("sft", 1e24)])
    assert found.verdict == "above"
    assert [line.counted.reading for line in found.lines] == ["include", "ambiguous"]
