"""Each method against published results."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from comptometer.catalogue import entry
from comptometer.errors import NotEnoughEvidence
from comptometer.methods import METHODS
from comptometer.quantity import Estimate
from comptometer.records import Dossier
from comptometer.request import estimate
from comptometer.units import FLOP_PER_PFS_DAY

Written = Callable[..., Dossier]


def test_resnet_by_operations() -> None:
    # Amodei and Hernandez 2018, appendix: 11.4e9 × 2 × 3 × 1.2e6 × 128 is printed as 10,000 PF; it is 10,506 PF
    found = estimate(macs_per_example="11.4e9", examples="1.2M", epochs=128)
    assert found.methods["operations"].estimate.median == pytest.approx(10_506e15, rel=1e-4)


def test_gpt_3_by_parameters_and_tokens() -> None:
    # Brown et al. 2020, table D.1: 174,600M parameters, 300e9 tokens, 3.14e23 FLOP
    found = estimate(params="174.6B", tokens="300B")
    assert found.median == pytest.approx(3.14e23, rel=2e-3)


def test_palm_by_hardware_time() -> None:
    # Chowdhery et al. 2022, table 21 and page 66: 8,404,992 chip-hours, 2.5272e24 FLOP: 30.5% … 30.7% of 275 TFLOP/s
    found = estimate(chip="tpu v4", chip_hours=8404992, utilization=0.3037)
    assert found.median == pytest.approx(2.527e24, rel=2e-3)


def test_the_caller_can_change_the_backward_factor() -> None:
    forward_only = estimate(macs_per_example="1e9", examples="1M", epochs=1, backward_factor=1, name="x")
    whole = estimate(macs_per_example="1e9", examples="1M", epochs=1, name="x")
    assert (whole / forward_only).median == pytest.approx(3)


def test_in_run_utilization_is_converted_to_the_whole_job() -> None:
    whole = estimate(chip="a100-sxm-80gb", chip_hours="1M", utilization="40%")
    in_run = estimate(chip="a100-sxm-80gb", chip_hours="1M", mfu="40%")
    hardware = estimate(chip="a100-sxm-80gb", chip_hours="1M", hfu="40%")
    assert in_run.median / whole.median == pytest.approx(0.85, rel=1e-3)
    assert hardware.median / in_run.median == pytest.approx(0.75, rel=1e-3)
    assert estimate(chip="a100-sxm-80gb", chip_hours="1M", hfu="40%", recompute="none").median == pytest.approx(
        in_run.median, rel=1e-3
    )


def test_segments_with_different_chips_add_up() -> None:
    one = estimate(chip="a100-sxm-80gb", chip_hours="1M", utilization="40%", precision="bf16")
    two = estimate(chip="h100-sxm", chip_hours="2M", utilization="30%", precision="bf16")
    both = estimate(
        chip=["a100-sxm-80gb", "h100-sxm"], chip_hours=["1M", "2M"], utilization=["40%", "30%"], precision="bf16"
    )
    assert both.median == pytest.approx(one.median + two.median, rel=1e-3)


def test_a_scale_up_applies_to_every_method_but_a_stated_result(written: Written) -> None:
    claims = [
        ("parameters", "7B"),
        ("tokens", "1T"),
        ("compute", "4.2e24 FLOP"),
        {"about": "chip_hours", "value": "1M", "chip": "a100-sxm-80gb"},
    ]
    plain, scaled = entry(written(*claims)), entry(written(*claims, ("scale_up", "10")))
    for name, factor in {"parameters-tokens": 10, "hardware-time": 10, "reported": 1}.items():
        assert scaled.methods[name].estimate.median / plain.methods[name].estimate.median == pytest.approx(factor)


def test_hardware_flop_are_reported_without_recomputation(written: Written) -> None:
    found = entry(written({"about": "compute", "value": "4e23 FLOP", "tag": "hardware"}, ("recompute", "full")))
    assert found.methods["reported"].estimate.median == pytest.approx(3e23, rel=1e-6)


def test_a_point_value_never_gives_a_point_answer(written: Written) -> None:
    claims = [
        ("macs_per_example", "1e9 MAC"), ("examples", "1M"), ("epochs", "3"), ("parameters", "7B"),
        ("tokens", "1T"),
        {"about": "chip_hours", "value": "1M", "chip": "a100-sxm-80gb"}, ("utilization", "0.4"),
        ("compute", "4e22 FLOP"), ("recorded_compute", "4e22 FLOP"),
    ]  # fmt: skip
    found = entry(written(*claims))
    assert set(found.methods) == set(METHODS)
    for outcome in found.methods.values():
        low, high = outcome.estimate.interval()
        assert low < 0.95 * outcome.estimate.median < 1.05 * outcome.estimate.median < high


def test_every_method_names_what_it_lacks() -> None:
    with pytest.raises(NotEnoughEvidence) as caught:
        estimate(params="7B")
    for part in ("chip hours", "multiply-adds per example", "tokens", "compute"):
        assert part in str(caught.value)


def test_chips_without_time_lack_the_duration(written: Written) -> None:
    found = entry(written(("parameters", "7B"), ("tokens", "1T"), {"about": "chips", "value": "8", "chip": "h100-sxm"}))
    assert found.missing["hardware-time"] == ["duration"]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_returns_an_amount_of_operations(name: str) -> None:
    units = {
        "flop_per_example": "FLOP/example", "examples": "example", "active_parameters": "parameter", "tokens": "token",
        "chip_hours": "chip*h", "peak": "FLOP/s/chip", "model_compute": "FLOP", "recorded_compute": "FLOP",
    }  # fmt: skip
    method = METHODS[name]
    result = method.function(**{need: Estimate.exact(2.0, units.get(need, "")) for need in method.needs})
    assert result.to("FLOP").median > 0
    assert method.function.__doc__
    assert set(method.needs) <= {part.split("}")[0] for part in method.formula.split("{")[1:]}


class TestUtilization:
    FORMAT: ClassVar = {"about": "precision", "kind": "derived"}
    HOURS: ClassVar = {"about": "chip_hours", "value": "1M", "chip": "a100-sxm-80gb"}

    def test_the_class_is_taken_where_the_makers_state_the_time(self, written: Written) -> None:
        base = [("parameters", "70B"), self.HOURS]
        for claims in (base, [*base, ("precision", "bf16")], [*base, {**self.FORMAT, "value": "fp16"}]):
            found = entry(written(*claims)).methods["hardware-time"]
            assert _factor(found.estimate) == pytest.approx(1.78, abs=0.02)  # 1.92 before the cut at 0.75
            assert found.estimate.median == pytest.approx(1e6 * 3600 * 312e12 * 0.355, rel=0.005)  # 0.36 before the cut
            assert "assumption:utilization/a100-language" in {claim.id for claim in found.claims}

    @pytest.mark.parametrize(
        "claims",
        [
            [{**HOURS, "kind": "derived"}],
            [{**HOURS, "source": "openai-2018-ai-and-compute"}],
            [HOURS, {**FORMAT, "value": "fp32"}],
            [HOURS, {"about": "peak", "value": "312 TFLOP/s", "kind": "derived"}],
        ],
        ids=["hours worked out", "hours from others", "another format, worked out", "a peak of somebody's own"],
    )
    def test_the_class_is_widened_where_time_or_peak_is_not_settled(
        self, claims: list[dict[str, str]], written: Written
    ) -> None:
        found = entry(written(("parameters", "70B"), *claims)).methods["hardware-time"]
        assert _factor(found.estimate) == pytest.approx(2.96, abs=0.03)
        assert "assumption:utilization/a100-language#widened" in {claim.id for claim in found.claims}

    @pytest.mark.parametrize(("chip", "widened"), [("A100", False), ("H100", True), ("v100-sxm", True)])
    def test_a_name_with_several_peaks_or_formats_settles_no_peak(
        self, chip: str, widened: bool, written: Written
    ) -> None:
        hours = {"about": "chip_hours", "value": "1M", "chip": chip}
        found = entry(written(("parameters", "70B"), hours)).methods["hardware-time"]
        assert any(claim.id.endswith("#widened") for claim in found.claims) is widened

    def test_an_unknown_class_has_the_heavy_tailed_default(self) -> None:
        found = estimate(chip="h100-sxm", chip_hours="1M")
        assert _factor(found.value) == pytest.approx(2.96, abs=0.03)
        assert found.median == pytest.approx(1e6 * 3600 * 989.4e12 * 0.30, rel=0.01)

    def test_mixtures_of_experts_have_a_class_of_their_own(self) -> None:
        found = estimate(
            params="671B", active_params="37B", tokens="14.8T", chip="h800-sxm", chip_hours="2.664M", precision="bf16"
        )
        assert "assumption:utilization/h100-mixture-of-experts" in {claim.id for claim in found.claims}

    def test_a_utilization_that_somebody_assumed_is_as_uncertain_as_the_default(self, written: Written) -> None:
        hours = {"about": "chip_hours", "value": "1M", "chip": "a100-sxm-80gb"}
        assumed = entry(written(hours, {"about": "utilization", "value": "0.33", "kind": "assumed"}))
        stated = entry(written(hours, {"about": "utilization", "value": "0.33"}))
        assert _factor(assumed.value) == pytest.approx(2.96, abs=0.03)
        assert _factor(stated.value) == pytest.approx(1.15, abs=0.01)

    def test_8_bit_without_a_utilization_is_taken_at_the_16_bit_peak(self) -> None:
        found = estimate(chip="h100-sxm", chip_hours="1M", precision="fp8")
        assert found.median == pytest.approx(1e6 * 3600 * 989.4e12 * 0.30, rel=0.01)
        assert any("16-bit peak" in warning for warning in found.warnings)
        measured = estimate(chip="h100-sxm", chip_hours="1M", precision="fp8", utilization="0.2")
        assert measured.median == pytest.approx(1e6 * 3600 * 1978.9e12 * 0.2, rel=0.01)


class TestPeak:
    def test_both_formats_stay_open_on_a_v100_of_which_nobody_says(self) -> None:
        found = estimate(chip="v100-sxm", chip_hours="1M")
        low, high = found.interval()
        assert high / low > 20
        assert any("fp16 or fp32" in warning for warning in found.warnings)

    def test_a_family_is_a_mixture_and_says_so(self) -> None:
        found = estimate(chip="H100", chip_hours="1M", utilization="40%")
        low, high = found.interval()
        assert low < 1e6 * 3600 * 756e12 * 0.4 < 1e6 * 3600 * 989e12 * 0.4 < high
        assert any("family" in warning for warning in found.warnings)

    def test_a_free_peak_needs_no_chip(self) -> None:
        found = estimate(chips=8, time="10 days", peak="300 TFLOP/s", utilization="40%")
        assert found.median == pytest.approx(8 * 10 * 86400 * 300e12 * 0.4, rel=1e-3)

    def test_a_precision_that_the_chip_lacks_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no dense fp8 peak"):
            estimate(chip="a100-sxm-80gb", chip_hours="1M", precision="fp8", utilization="0.3")


class TestCaveats:
    @pytest.mark.parametrize(
        ("figures", "said"),
        [
            ({"params": "100M", "tokens": "10B"}, "below 1e9"),
            ({"params": "1T", "experts": "64", "tokens": "1T"}, "total parameters only"),
            ({"params": "7B", "tokens": "1T", "sequence_length": "131072"}, "attention adds"),
            ({"params": "7B", "tokens": "1T", "domain": "vision"}, "not a language model"),
            ({"params": "7B", "tokens": "1T", "epochs": "3"}, "epochs included"),
            ({"params": "70B", "tokens": "10B"}, "fewer tokens than parameters"),
        ],
    )
    def test_parameters_tokens_warns_where_it_does_not_hold(self, figures: dict[str, str], said: str) -> None:
        assert any(said in warning for warning in estimate(**figures).warnings)

    def test_it_is_silent_where_it_holds(self) -> None:
        assert estimate(params="70B", tokens="15T", sequence_length=8192).warnings == []

    def test_experts_without_active_parameters_widen_and_lower_the_estimate(self) -> None:
        found = estimate(params="1T", experts=64, tokens="1T")
        assert found.median < 0.5 * 6e24
        assert found.interval()[1] / found.interval()[0] > 20


def _factor(estimate: Estimate) -> float:
    low, high = estimate.interval()
    return float((high / low) ** 0.5)


def test_the_factor_of_a_stage_is_its_own(written: Written) -> None:
    stages = "".join(
        f"[[stages]]\nname = '{name}'\n[[stages.claims]]\nabout = 'tokens'\nvalue = '{tokens}'\nsource = 'https://x.org'\n"
        for name, tokens in (("pre", "1T"), ("mid", "500B"))
    )
    from claims import HEAD, claim
    from comptometer.dossier_file import read_dossier

    found = entry(read_dossier((HEAD + claim("parameters", "7B") + stages).encode(), "x.toml", "x"))
    assert found.median == pytest.approx(6 * 7e9 * 1.5e12, rel=1e-3)
    assert estimate("dqn").pfs_days.median * FLOP_PER_PFS_DAY == pytest.approx(estimate("dqn").median)


def test_a_stage_that_cannot_be_estimated_is_named(written: Written) -> None:
    from claims import HEAD, claim
    from comptometer.dossier_file import read_dossier

    stages = (
        "[[stages]]\nname = 'pre'\n[[stages.claims]]\nabout = 'tokens'\nvalue = '1T'\nsource = 'https://x.org'\n"
        "[[stages]]\nname = 'post'\n[[stages.claims]]\nabout = 'chip_hours'\nvalue = '5k'\nchip='h100-sxm'\nsource = 'https://x.org'\n"
    )
    with pytest.raises(NotEnoughEvidence, match=r"tokens \(stage 'post'\)"):
        entry(read_dossier((HEAD + claim("parameters", "7B") + stages).encode(), "x.toml", "x"))
