"""What a claim can say: units, ranges and words of each quantity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from comptometer import units
from comptometer.distribution import (
    Distribution,
    Empirical,
    LogNormal,
    LogStudentT,
    LogUniform,
    Mixture,
    Point,
    Truncated,
    Uniform,
)
from comptometer.errors import NotationError, UnitError
from comptometer.quantity import Estimate
from comptometer.vocabulary import ABOUTS, COUNTED, is_word, read, scaled

LAW = settings(deadline=None)
NUMBERS = sorted(about for about in ABOUTS if not is_word(about))
SHARES = sorted(about for about in ABOUTS if ABOUTS[about].share)
UNITLESS_REFUSED = sorted(about for about in ABOUTS if not ABOUTS[about].bare)


def test_the_vocabulary_is_that_of_the_interface() -> None:
    # interface.md, "Claims: what a dossier can say"
    documented = [
        "architecture",
        "macs_per_example", "flop_per_example", "backward_factor", "examples", "epochs", "updates", "batch_size",
        "tokens", "parameters", "active_parameters", "sequence_length", "chips", "duration", "chip_hours", "precision",
        "peak", "utilization", "mfu", "hfu", "recompute", "scale_up", "compute", "cost", "energy", "power",
    ]  # fmt: skip
    assert set(documented) <= set(ABOUTS)


@pytest.mark.parametrize("about", NUMBERS)
def test_the_example_of_each_quantity_can_be_read(about: str) -> None:
    low, high = read(about, ABOUTS[about].example).quantile(np.array([0.05, 0.95]))
    assert 0 < low <= high < math.inf


@pytest.mark.parametrize("about", sorted(about for about in ABOUTS if ABOUTS[about].words))
def test_the_example_of_each_word_is_one_of_the_words(about: str) -> None:
    assert ABOUTS[about].example in ABOUTS[about].words


VALUES = [
    ("macs_per_example", "11.3e9 MAC", 11.3e9),
    ("macs_per_example", "11.3e9 MAC/image", 11.3e9),
    ("flop_per_example", "22.6 GFLOP", 22.6e9),
    ("examples", "1.2M image", 1.2e6),
    ("examples", "1.2M", 1.2e6),
    ("tokens", "15.6T tokens", 1.56e13),
    ("tokens", "15万亿", 1.5e13),
    ("parameters", "4050亿", 4.05e11),
    ("parameters", "405B params", 4.05e11),
    ("chips", "16384 GPU", 16384),
    ("chips", "16384卡", 16384),
    ("chips", "2 * 8", 16),
    ("duration", "9 day", 777_600),
    ("duration", "9天", 777_600),
    ("duration", "793.5 h", 793.5 * 3600),
    ("duration", "2 week", 1_209_600),
    ("chip_hours", "30.84M chip-hours", 3.084e7),
    ("chip_hours", "100 GPU-days", 2400),
    ("chip_hours", "30.84M", 3.084e7),
    ("peak", "989 TFLOP/s", 9.89e14),
    ("peak", "989 TFLOP/s/GPU", 9.89e14),
    ("peak", "0.989 PFLOP/s/chip", 9.89e14),
    ("utilization", "0.33", 0.33),
    ("utilization", "33%", 0.33),
    ("utilization", "1", 1.0),
    ("mfu", "100%", 1.0),
    ("scale_up", "6", 6.0),
    ("compute", "3.8e25 FLOP", 3.8e25),
    ("compute", "1862 pfs-day", 1862 * 8.64e19),
    ("compute", "1862 petaFLOP/s-days", 1862 * 8.64e19),
    ("cost", "5M USD", 5e6),
    ("cost", "5M $", 5e6),
    ("energy", "1287 MWh", 4.6332e12),
    ("power", "20 MW", 2e7),
]


@pytest.mark.parametrize(("about", "text", "wanted"), VALUES)
def test_a_value_is_kept_in_the_unit_of_its_quantity(about: str, text: str, wanted: float) -> None:
    belief = read(about, text)
    assert isinstance(belief, Point)
    assert belief.value == pytest.approx(wanted, rel=1e-12)


def test_an_interval_is_converted_with_both_its_ends() -> None:
    low, high = read("duration", "54 to 75 days").quantile(np.array([0.05, 0.95]))
    assert (low, high) == (pytest.approx(54 * 86_400), pytest.approx(75 * 86_400))


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ("duration", "9 chip"),
        ("compute", "5e23 FLOP/s"),
        ("peak", "989 TFLOP"),
        ("chips", "5 day"),
        ("tokens", "405 B"),
        ("tokens", "15T words"),
        ("parameters", "5 token"),
        ("utilization", "40% token"),
        ("epochs", "90 epochs"),
        ("energy", "20 MW"),
        ("power", "20 MWh"),
        ("chip_hours", "30 day"),
        ("duration", "30 chip-hours"),
        ("compute", "3.8e25 FLOPs"),
        ("peak", "989 TFLOPS"),
        ("duration", "1 h 30 min"),
        ("duration", "5 days / 2"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(about: str, text: str) -> None:
    with pytest.raises(UnitError):
        read(about, text)


def test_the_refusal_of_a_unit_shows_how_to_write_the_quantity() -> None:
    with pytest.raises(UnitError, match="54 to 75 days"):
        read("duration", "9 chip")


@pytest.mark.parametrize("about", UNITLESS_REFUSED)
def test_a_quantity_with_many_units_in_use_needs_one(about: str) -> None:
    with pytest.raises(UnitError, match="needs a unit"):
        read(about, "5")
    assert read(about, "5", bare=True) == Point(5.0)


def test_the_quantities_that_need_a_unit_are_those_where_a_bare_number_would_be_a_guess() -> None:
    assert UNITLESS_REFUSED == [
        "compute", "cost", "duration", "energy", "lineage_compute", "peak", "power", "recorded_compute",
    ]  # fmt: skip


@pytest.mark.parametrize("about", SHARES)
@pytest.mark.parametrize("text", ["1.01", "101%", "120%", "33", "38 to 43", "200", "0.9 to 1.2"])
def test_a_share_above_one_is_refused(about: str, text: str) -> None:
    with pytest.raises(NotationError, match="share between 0 and 1"):
        read(about, text)


@pytest.mark.parametrize(("text", "hint"), [("33", "write 33%"), ("38 to 43", "write 38 to 43%"), ("72", "write 72%")])
def test_a_percentage_without_its_sign_is_refused_with_the_sign(text: str, hint: str) -> None:
    with pytest.raises(NotationError, match=hint):
        read("mfu", text)


@pytest.mark.parametrize("text", ["120%", "150 %", "38% to 143%"])
def test_a_percentage_above_100_is_not_advised_to_be_a_percentage(text: str) -> None:
    with pytest.raises(NotationError) as refusal:
        read("mfu", text)
    assert "%%" not in str(refusal.value)
    assert "if a percentage is meant" not in str(refusal.value)


@LAW
@given(st.integers(1, 999_999))
@example(999_999)
def test_an_interval_may_end_at_one(millionths: int) -> None:
    _ = read("goodput", f"{millionths / 1e6!r} to 1")


@pytest.mark.parametrize("about", SHARES)
@pytest.mark.parametrize("text", ["0.33 x/÷ 2.5", "50% to 90%", "uniform 0 to 1", "< 1", "40% ± 5%"])
def test_no_draw_of_a_share_is_above_one(about: str, text: str) -> None:
    draws = Estimate.draw(about, read(about, text), units.parse("")).draws
    assert 0 < draws.min() <= draws.max() <= 1


@pytest.mark.parametrize("about", NUMBERS)
@pytest.mark.parametrize("value", ["0", "-3", "uniform -5 to 5", "uniform -1 to 100", "1e-400"])
def test_nothing_is_zero_or_below(about: str, value: str) -> None:
    with pytest.raises((NotationError, UnitError)):
        read(about, value, bare=True)


@pytest.mark.parametrize("about", COUNTED)
def test_of_what_is_counted_there_is_at_least_one(about: str) -> None:
    with pytest.raises(NotationError, match="at least 1"):
        read(about, "0.5")
    assert read(about, "1") == Point(1.0)


@pytest.mark.parametrize("text", ["0.5 ± 1e-20", "0.5 to 0.50000000000000011", "0.5 x/÷ 1.0000000000000002"])
def test_an_interval_too_narrow_for_floats_can_still_be_drawn_from(text: str) -> None:
    draws = Estimate.draw("narrow", read("utilization", text), units.parse("")).draws
    np.testing.assert_allclose(draws, 0.5, rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    ["1 FLOP h^999/s^999", "1e60 FLOP h^80/s^80", "1e60 FLOP h^9 h^9 h^9/s^9/s^9/s^9", "1e60 YFLOP" + " h/s" * 12],
)
def test_a_unit_cannot_make_a_number_that_is_not_finite(text: str) -> None:
    try:
        belief = read("compute", text)
    except (NotationError, UnitError):
        return
    assert np.all(np.isfinite(belief.quantile(np.array([0.05, 0.5, 0.95]))))


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(NUMBERS), st.text() | st.text("0123456789.eE+-*/^()%±×÷x<≤ –至万亿BMTK touniform", max_size=30))
@example("utilization", "0.5±1e-300")
def test_only_notation_and_unit_errors_escape_from_any_text(about: str, text: str) -> None:
    try:
        belief = read(about, text)
    except (NotationError, UnitError):
        return
    low, high = belief.quantile(np.array([0.05, 0.95]))
    assert 0 < low <= high < math.inf


@LAW
@given(
    st.sampled_from(NUMBERS),
    st.floats(1e-6, 1e30),
    st.floats(1, 100),
    st.sampled_from(
        ["{low!r} to {high!r}", "uniform {low!r} to {high!r}", "<{high!r}", "{low!r} x/÷ {ratio!r}", "{low!r}"]
    ),
    st.sampled_from(["", " token", " FLOP", " TFLOP/s", " day", " chip-hours", " USD", " kWh", " MW", "%"]),
)
def test_what_is_read_can_be_drawn_from_and_is_positive(
    about: str, low: float, ratio: float, form: str, unit: str
) -> None:
    assume("e" not in repr(low) or "%" not in unit)
    try:
        belief = read(about, form.format(low=low, high=low * ratio, ratio=ratio) + unit)
    except (NotationError, UnitError):
        return
    draws = Estimate.draw("any", belief, units.parse(ABOUTS[about].unit)).draws
    assert np.all(np.isfinite(draws))
    assert draws.min() > 0
    assert not ABOUTS[about].share or draws.max() <= 1


P = np.array([0.05, 0.3, 0.5, 0.7, 0.95])


@pytest.mark.parametrize(
    "belief",
    [
        Point(3.0),
        LogNormal(3.0, 0.5),
        Uniform(1.0, 3.0),
        LogUniform(1.0, 3.0),
        LogStudentT(3.0, 0.2),
        Truncated(LogNormal(3.0, 0.5), 2.0, 4.0),
        Empirical((1.0, 2.0, 5.0)),
        Mixture((LogNormal(1.0, 0.1), Uniform(3.0, 5.0)), (1.0, 2.0)),
    ],
    ids=lambda belief: type(belief).__name__,
)
def test_a_belief_of_any_shape_can_be_put_in_another_unit(belief: Distribution) -> None:
    np.testing.assert_allclose(scaled(belief, 3600.0).quantile(P), 3600 * belief.quantile(P), rtol=1e-12)
    assert scaled(belief, 1) is belief


@pytest.mark.parametrize(
    ("about", "text"),
    [("macs_per_example", "22.6e9 FLOP"), ("flop_per_example", "11.3e9 MAC"), ("compute", "5e23 MAC")],
)
def test_multiply_adds_are_never_taken_for_operations(about: str, text: str) -> None:
    with pytest.raises(UnitError, match="not mixed"):
        read(about, text)
