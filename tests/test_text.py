"""Numbers becoming text, and the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer import text
from comptometer.distribution import Point
from comptometer.notation import parse

LAW = settings(deadline=None, max_examples=300)
POSITIVE = st.floats(1e-60, 1e60)

NUMBERS = [
    (0.0, 3, "0"),
    (3.7908e25, 3, "3.79e25"),
    (3.1436e23, 3, "3.14e23"),
    (0.00578754, 3, "0.00579"),
    (0.0001, 3, "0.0001"),
    (0.00001, 3, "1e-5"),
    (12345, 3, "12300"),
    (12345, 5, "12345"),
    (99999, 3, "1e5"),  # rounding carries into the next power of ten
    (999.6, 3, "1000"),
    (0.09996, 3, "0.1"),
    (1_200_000, 3, "1.2e6"),
    (104.60545, 6, "104.605"),
    (-5.25, 2, "-5.2"),
    (7, 1, "7"),
    (math.inf, 3, "∞"),
    (-math.inf, 3, "-∞"),
    (math.nan, 3, "not a number"),
]


@pytest.mark.parametrize(("value", "digits", "wanted"), NUMBERS)
def test_a_number_is_written_with_its_significant_digits(value: float, digits: int, wanted: str) -> None:
    assert text.number(value, digits) == wanted


@LAW
@given(POSITIVE, st.integers(1, 12))
def test_a_written_number_is_within_half_of_its_last_digit(value: float, digits: int) -> None:
    assert float(text.number(value, digits)) == pytest.approx(value, rel=0.5000001 * 10 ** (1 - digits))


@LAW
@given(POSITIVE, st.integers(1, 12))
def test_writing_a_written_number_again_changes_nothing(value: float, digits: int) -> None:
    once = text.number(value, digits)
    assert text.number(float(once), digits) == once


@LAW
@given(POSITIVE, st.integers(1, 12))
def test_a_number_is_written_without_a_trail_of_zeros(value: float, digits: int) -> None:
    mantissa, _, _ = text.number(value, digits).partition("e")
    assert "." not in mantissa or mantissa[-1] not in "0."
    assert len(text.number(value, digits)) <= digits + 8


@LAW
@given(st.floats(1e-60, 1e59), st.floats(1e-60, 1e59), st.integers(1, 6))
def test_the_larger_number_is_never_written_as_the_smaller(one: float, other: float, digits: int) -> None:
    low, high = sorted([one, other])
    assert float(text.number(low, digits)) <= float(text.number(high, digits))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (405e9, "4.05e11"),
        (0.00578754, "0.00578754"),
        (79.42774259, "79.42774259"),
        (16384, "16384"),
        (999_999, "999999"),
        (1_200_000, "1.2e6"),
        (8.64e19, "8.64e19"),
        (1862, "1862"),
        (2.7e-5, "2.7e-5"),
        (0, "0"),
    ],
)
def test_a_stated_number_is_written_as_it_was_stated(value: float, wanted: str) -> None:
    assert text.exact(value) == wanted


@LAW
@given(st.integers(1, 10**12 - 1), st.integers(-40, 40))
def test_up_to_twelve_digits_survive_being_written_and_read(digits: int, power: int) -> None:
    value = float(f"{digits}e{power}")
    assert float(text.exact(value)) == value
    assert parse(text.exact(value)).belief == Point(value)


@pytest.mark.parametrize(("value", "wanted"), [(math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "not a number")])
def test_a_number_that_is_not_finite_is_written_and_does_not_fail(value: float, wanted: str) -> None:
    assert text.exact(value) == wanted


INTERVALS = [
    (3.6e25, 4.2e25, "3.6e25 to 4.2e25"),
    (0.0051, 0.0057, "0.0051 to 0.0057"),
    (2.54, 4.45, "2.5 to 4.5"),
    (3.4004e25, 3.4406e25, "3.40e25 to 3.44e25"),
    (100.4, 100.44, "100.4 to 100.44"),
    (5.0, 5.0, "5 to 5"),
    (9.9e25, 1.1e26, "9.9e25 to 1.1e26"),
]


@pytest.mark.parametrize(("low", "high", "wanted"), INTERVALS)
def test_an_interval_gets_the_digits_that_tell_its_ends_apart(low: float, high: float, wanted: str) -> None:
    written = text.interval(low, high)
    if wanted == "2.5 to 4.5":  # 4.45 is a hair below: either rounding of a tie is right
        assert written in {"2.5 to 4.5", "2.5 to 4.4"}
    else:
        assert written == wanted


@LAW
@given(st.floats(1e-50, 1e50), st.floats(1.00002, 1e6))
def test_the_ends_of_an_interval_never_look_alike(low: float, ratio: float) -> None:
    first, second = text.interval(low, low * ratio).split(" to ")
    assert float(first) < float(second)


@LAW
@given(st.floats(1e-40, 1e40), st.floats(1.01, 1e6))
def test_a_written_interval_can_be_read_back(low: float, ratio: float) -> None:
    belief = parse(text.interval(low, low * ratio, 3)).belief
    below, above = (float(end) for end in text.interval(low, low * ratio, 3).split(" to "))
    assert below == pytest.approx(low, rel=0.00501)
    assert above == pytest.approx(low * ratio, rel=0.00501)
    assert belief.quantile(np.array([0.5]))[0] == pytest.approx(math.sqrt(below * above), rel=1e-9)


@pytest.mark.parametrize(
    ("share", "wanted"), [(0.4042, "40%"), (0.004, "0.4%"), (1, "100%"), (0, "0%"), (0.333, "33%"), (0.9996, "100%")]
)
def test_a_share_is_written_as_a_percentage(share: float, wanted: str) -> None:
    assert text.percent(share) == wanted


@LAW
@given(st.integers(-99, 99))
def test_a_power_of_ten_is_written_with_superscripts(power: int) -> None:
    written = text.superscript(power)
    assert written.startswith("10")
    assert int(written[2:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) == power
