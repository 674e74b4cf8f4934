"""Numbers as people write them: every form of the interface, and every refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from comptometer.distribution import LogNormal, LogUniform, Point, SplitLogNormal, Uniform
from comptometer.errors import NotationError
from comptometer.notation import LARGEST, LONGEST, Notation, parse

LAW = settings(deadline=None, max_examples=300)

POINTS = {
    # interface.md, "Numbers in"
    "405B": (4.05e11, ""),
    "15.6T": (1.56e13, ""),
    "1.5e12": (1.5e12, ""),
    "40%": (0.4, ""),
    "4050亿": (4.05e11, ""),
    # the other suffixes
    "7K": (7e3, ""),
    "7k": (7e3, ""),
    "7M": (7e6, ""),
    "3千": (3e3, ""),
    "3万": (3e4, ""),
    "3百万": (3e6, ""),
    "3千万": (3e7, ""),
    "3亿": (3e8, ""),
    "3十亿": (3e9, ""),
    "3百亿": (3e10, ""),
    "3千亿": (3e11, ""),
    "3万亿": (3e12, ""),
    "1,234,567.5": (1234567.5, ""),
    ".5": (0.5, ""),
    "1E5": (1e5, ""),
    "1e+5": (1e5, ""),
    "2e-3": (2e-3, ""),
    "40 %": (0.4, ""),
    "  12  ": (12, ""),
    # with units
    "989 TFLOP/s": (989, "TFLOP/s"),
    "30.84M chip-hours": (3.084e7, "chip-hours"),
    "3万亿 token": (3e12, "token"),
    "9天": (9, "天"),
    "5M $": (5e6, "$"),
    "30 GPU hours": (30, "GPU hours"),
    # small sums
    "1280^2 * 30 MAC": (1280**2 * 30, "MAC"),
    "348M + 304M example": (6.52e8, "example"),
    "5 × 1e9 token": (5e9, "token"),
    "2 + 3 * 4": (14, ""),
    "(2 + 3) * 4": (20, ""),
    "2^3^2": (512, ""),
    "7/2": (3.5, ""),
    "100 / 10 / 2": (5, ""),
    "10 + (2 + 3)": (15, ""),
    "((((7))))": (7, ""),
    "1e60": (1e60, ""),
    "-5": (-5, ""),  # read as it stands; what it may mean is the vocabulary's business
    "5 to 5": (5, ""),
}


@pytest.mark.parametrize(("text", "wanted"), POINTS.items())
def test_a_number_is_read_as_written(text: str, wanted: tuple[float, str]) -> None:
    notation = parse(text)
    assert isinstance(notation.belief, Point)
    assert notation.belief.value == pytest.approx(wanted[0], rel=1e-15)
    assert notation.unit == wanted[1]


INTERVALS = {
    "54 to 75 days": (54, 75, "days"),
    "5..10": (5, 10, ""),
    "5...10": (5, 10, ""),
    "5 .. 10 B": (5, 10, "B"),
    "5 – 10 days": (5, 10, "days"),
    "5–10 days": (5, 10, "days"),
    "5—10": (5, 10, ""),
    "5-10 days": (5, 10, "days"),
    "5 - 10": (5, 10, ""),
    "5至10天": (5, 10, "天"),
    "5 到 10 天": (5, 10, "天"),
    "38% to 43%": (0.38, 0.43, ""),
    "38 to 43%": (0.38, 0.43, ""),
    "38-43%": (0.38, 0.43, ""),
    "5B to 10B token": (5e9, 1e10, "token"),
    "5 days to 10 days": (5, 10, "days"),
    "2 * 3 to 4 * 5": (6, 20, ""),
    "1,000 to 2,000 GPU-hours": (1000, 2000, "GPU-hours"),
    "1e-3 to 1e3": (1e-3, 1e3, ""),
}


@pytest.mark.parametrize(("text", "wanted"), INTERVALS.items())
def test_an_interval_is_a_90_percent_interval_of_a_lognormal(text: str, wanted: tuple[float, float, str]) -> None:
    low, high, unit = wanted
    notation = parse(text)
    assert isinstance(notation.belief, LogNormal)
    assert notation.unit == unit
    assert notation.belief.median == pytest.approx(math.sqrt(low * high), rel=1e-12)
    np.testing.assert_allclose(notation.belief.quantile(np.array([0.05, 0.95])), [low, high], rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "wanted", "unit"),
    [
        ("2.1e25 (8.2e24 to 4.4e25) FLOP", (8.2e24, 2.1e25, 4.4e25), "FLOP"),
        ("60 (54 to 75 days)", (54, 60, 75), "days"),
        ("60 days (54 to 75) days", (54, 60, 75), "days"),
        ("40% (35 to 41%)", (0.35, 0.4, 0.41), ""),
        ("6B (5 to 10B) token", (5e9, 6e9, 1e10), "token"),
        ("6亿(5至10亿)", (5e8, 6e8, 1e9), ""),
        ("2 * 3 (5..10) day", (5, 6, 10), "day"),
    ],
)
def test_a_central_value_keeps_its_place_within_its_interval(
    text: str, wanted: tuple[float, float, float], unit: str
) -> None:
    notation = parse(text)
    assert isinstance(notation.belief, SplitLogNormal)
    np.testing.assert_allclose(notation.belief.quantile(np.array([0.05, 0.5, 0.95])), wanted, rtol=1e-12)
    assert notation.unit == unit


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("5e25 (8.2e24 to 4.4e25) FLOP", "inside it"),
        ("5 (5 to 10)", "inside it"),
        ("6 (10 to 5)", "upside down"),
        ("6 (0 to 10)", "above 0"),
        ("6 days (5 to 10) hours", "two units"),
        ("6 (5 to 10 to 20)", "more than two ends"),
        ("6 (5 to 10) * 2 FLOP", "neither a unit"),
        ("2 * (5 to 10)", "neither a unit"),
    ],
)
def test_a_central_value_outside_of_its_interval_is_refused(text: str, hint: str) -> None:
    with pytest.raises(NotationError, match=hint):
        parse(text)


@pytest.mark.parametrize(
    "text", ["65B±5%", "65B ± 5%", "65B +/- 5%", "65B ± 3.25B", "65B ± 5% token", "65B token ± 5%"]
)
def test_a_plus_minus_keeps_the_number_before_it_as_the_median(text: str) -> None:
    belief = parse(text).belief
    assert isinstance(belief, LogNormal)
    assert belief.median == 65e9
    low, high = belief.quantile(np.array([0.05, 0.95]))
    assert high / low == pytest.approx(1.05 / 0.95, rel=1e-12)


def test_a_plus_minus_on_a_percentage_is_in_points_of_the_percentage() -> None:
    belief = parse("40% ± 5%").belief
    low, high = belief.quantile(np.array([0.05, 0.95]))
    assert high / low == pytest.approx(45 / 35, rel=1e-12)


@pytest.mark.parametrize("sign", ["x/÷", "×/÷", "*//", "x/:"])
def test_a_factor_spreads_the_number_both_ways(sign: str) -> None:
    for text in (f"0.33 {sign} 2.5", f"0.33{sign}2.5"):
        belief = parse(text).belief
        np.testing.assert_allclose(belief.quantile(np.array([0.05, 0.5, 0.95])), [0.132, 0.33, 0.825], rtol=1e-12)


@pytest.mark.parametrize("text", ["< 5 day", "<5 day", "≤ 5 day"])
def test_an_upper_bound_leaves_a_decade_below_it_open(text: str) -> None:
    assert parse(text) == Notation(LogUniform(0.5, 5.0), "day")


def test_hard_bounds_are_uniform_and_may_start_at_zero() -> None:
    assert parse("uniform 0 to 5 day") == Notation(Uniform(0.0, 5.0), "day")
    assert parse("uniform 20% to 40%") == Notation(Uniform(0.2, 0.4), "")


REFUSED = [
    "", "   ", "nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e61", "1e308*10", "9^9^9^9", "1/0", "0/0",
    "0^-1", "(0-8)^0.5", "10 to 5", "75 to 54 days", "uniform 5 to 3", "5兆", "5 兆 token", "兆", "-5 to 10",
    "-5 to -3",
    "0 to 5", "5 to 10 to 20", "5..10..20", "5 days to 10 hours", "5 days to 10", "5 days to 10 FLOP", "uniform 5",
    "~5", "≈5", "> 5", "≥5", "<0", "< -1", "0 ± 5%", "5 ± 5", "5 ± 0", "5 ± 120%", "-5 ± 1", "5 ± 5 ± 5", "5 x/÷ 1",
    "5 x/÷ 0.5", "(1", "1)", "()", "5 ^", "5 *", "5..", "..5", "5.", "1,00", "1 2", "5;", "5³", "1_000", "$5M", "to 5",
    "abc", "eval(1)", "5 # day", "5 @ day", "5 = 5", "½", "∞", "５兆", "5 /s",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotationError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "405B"),
        ("10 to 5", "upside down"),
        ("5 兆", "万亿"),
        ("1e400", "too large"),
        ("0 to 5", "uniform 0 to 5"),
        ("> 5", "40 to 60"),
        ("5 days to 10 hours", "two units, 'days' and 'hours'"),
        ("1 to 2 to 3", "more than two ends"),
        ("5 x/÷ 0.5", "above 1"),
        ("(1", "parenthesis"),
        ("uniform 5", "uniform 0.2 to 0.4"),
    ],
)
def test_a_refusal_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(NotationError, match=hint):
        parse(text)


@pytest.mark.parametrize("text", ["5 days ± 2 hours", "5 days x/÷ 2 hours", "65B token ± 3B parameter"])
def test_a_spread_in_another_unit_is_refused(text: str) -> None:
    with pytest.raises(NotationError, match="unit"):
        parse(text)


@pytest.mark.parametrize("text", ["uniform 5 ± 2", "uniform 5 x/÷ 2"])
def test_hard_bounds_are_not_silently_made_soft(text: str) -> None:
    try:
        belief = parse(text).belief
    except NotationError:
        return
    assert isinstance(belief, Uniform)


@pytest.mark.parametrize("text", ["5B-10B", "5B - 10B token", "1e3-2e3", "40%-50%"])
def test_a_hyphen_between_two_numbers_with_scales_is_an_interval_or_refused(text: str) -> None:
    try:
        belief = parse(text).belief
    except NotationError:
        return
    assert isinstance(belief, LogNormal)


@pytest.mark.parametrize("text", ["10 - 2", "10-2", "1-1-1", "3 * 4 - 2", "10 - (2 + 3)"])
def test_a_hyphen_never_subtracts(text: str) -> None:
    with pytest.raises(NotationError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("5-10B", 5e9, 1e10),
        ("5 to 10B", 5e9, 1e10),
        ("3至4亿", 3e8, 4e8),
        ("5B to 10B", 5e9, 1e10),
        ("900M to 1.2B", 9e8, 1.2e9),
    ],
)
def test_a_scale_said_once_holds_for_both_ends(text: str, low: float, high: float) -> None:
    np.testing.assert_allclose(parse(text).belief.quantile(np.array([0.05, 0.95])), [low, high], rtol=1e-12)


@pytest.mark.parametrize(("text", "low", "high"), [("500,000 to 1M", 5e5, 1e6), ("800 to 1.2K GPU-hours", 800, 1200)])
def test_a_scale_that_can_only_be_meant_for_the_last_end_stays_there(text: str, low: float, high: float) -> None:
    np.testing.assert_allclose(parse(text).belief.quantile(np.array([0.05, 0.95])), [low, high], rtol=1e-12)


def test_parentheses_nest_as_deep_as_the_longest_text_allows() -> None:
    depth = (LONGEST - 1) // 2
    assert parse("(" * depth + "1" + ")" * depth).belief == Point(1.0)


@pytest.mark.parametrize("depth", [100, 5_000, 1_000_000])
def test_deeper_parentheses_are_refused_and_do_not_exhaust_the_stack(depth: int) -> None:
    with pytest.raises(NotationError, match="characters is not a number"):
        parse("(" * depth + "1" + ")" * depth)


@pytest.mark.parametrize("text", ["1" * 10_000, "1+" * 5_000 + "1", "5 " + "a" * 10_000, "9" * 201])
def test_ten_thousand_characters_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(NotationError) as refusal:
        parse(text)
    assert len(str(refusal.value)) < 150


def test_unclosed_and_chained_expressions_of_the_longest_length_end_in_an_answer() -> None:
    for text in ("(" * LONGEST, "2^" * 99 + "2", "1-" * 99 + "1", "-" * LONGEST, "1/" * 99 + "1"):
        try:
            parse(text)
        except NotationError:
            continue


@LAW
@given(st.floats(1e-30, 1e60))
def test_any_plain_number_is_read_exactly(value: float) -> None:
    assert parse(repr(value)).belief == Point(value)


@LAW
@given(st.integers(0, 10**15))
def test_digits_may_be_grouped_by_commas(value: int) -> None:
    assert parse(f"{value:,}").belief == Point(float(value))


@LAW
@given(st.floats(1e-20, 1e20), st.floats(1.0001, 1e6))
def test_an_interval_never_excludes_its_median(low: float, ratio: float) -> None:
    belief = parse(f"{low!r} to {low * ratio!r}").belief
    below, middle, above = belief.quantile(np.array([0.05, 0.5, 0.95]))
    assert below < middle < above
    assert below == pytest.approx(low, rel=1e-9)
    assert above == pytest.approx(low * ratio, rel=1e-9)


@LAW
@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 9), st.sampled_from("+*/"), st.sampled_from("+*/"))
def test_sums_are_worked_out_with_the_usual_precedence(a: int, b: int, c: int, one: str, two: str) -> None:
    text = f"({a}) {one} {b} {two} {c}"
    wanted = eval(text)  # the text is made of the digits and signs above
    belief = parse(text).belief
    assert isinstance(belief, Point)
    assert belief.value == pytest.approx(wanted, rel=1e-12)


ALPHABET = "0123456789.,eE+-*/^()%±×÷x:<≤~>≥ –—至到千万百十亿兆kKMBT to days uniform FLOP/s-$\n\t"


@settings(deadline=None, max_examples=1000)
@given(st.text() | st.text(ALPHABET, max_size=40) | st.text(max_size=250))
@example("0^-0.5")
@example("(0-1)^0.5 to 3")
@example("1e-320 to 1e-310")
@example("1e-320 ± 1%")
@example("٣ days")
@example("5\u2028to 6")
@example("\x00")
def test_only_notation_errors_escape_from_any_text(text: str) -> None:
    try:
        notation = parse(text)
    except NotationError:
        return
    if isinstance(notation.belief, Point):
        assert math.isfinite(notation.belief.value)
        assert abs(notation.belief.value) <= LARGEST
    assert len(notation.unit) <= LONGEST
