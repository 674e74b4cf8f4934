"""Units: what people write for the quantities of training compute, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer import units
from comptometer.errors import UnitError
from comptometer.vocabulary import ABOUTS

LAW = settings(deadline=None)

SPELLINGS = [
    ("FLOP/s", "flop/s"),
    ("FLOP/s", "FLOP s^-1"),
    ("FLOP/s/chip", "FLOP/s/GPU"),
    ("FLOP/s/chip", "FLOP/s/TPU"),
    ("chip*h", "chip-hours"),
    ("chip*h", "GPU-hours"),
    ("chip*h", "GPU hours"),
    ("chip*h", "tpu·h"),
    ("chip*h", "accelerator-hour"),
    ("pfs*day", "pfs-day"),
    ("pfs*day", "pfs-days"),
    ("pfs*day", "petaFLOP/s-day"),
    ("pfs*day", "petaflop/s-days"),
    ("s", "seconds"),
    ("min", "minutes"),
    ("h", "hrs"),
    ("h", "小时"),
    ("day", "d"),
    ("day", "天"),
    ("day", "日"),
    ("week", "周"),
    ("month", "个月"),
    ("year", "年"),
    ("chip", "卡"),
    ("chip", "张"),
    ("chip*day", "卡·天"),
    ("token", "tokens"),
    ("example", "images"),
    ("example", "samples"),
    ("parameter", "params"),
    ("USD", "$"),
    ("USD/chip/h", "$/chip/hour"),
    ("", "  "),
]

CONVERSIONS = [
    (1, "MAC", "FLOP", 2),  # decision 0001
    (1, "pfs-day", "FLOP", 8.64e19),  # 1e15 × 86400
    (1, "petaFLOP/s-day", "FLOP", 8.64e19),
    (1, "day", "s", 86_400),
    (1, "week", "day", 7),
    (1, "year", "day", 365.25),
    (12, "month", "year", 1),
    (3.55e6, "GPU-hours", "chip*s", 1.278e10),
    (989, "TFLOP/s", "FLOP/s", 9.89e14),
    (1, "kWh", "J", 3.6e6),
    (1287, "MWh", "J", 4.6332e12),  # GPT-3's energy, arXiv 2104.10350
    (1, "GiB", "B", 2**30),
    (1, "YFLOP", "ZFLOP", 1000),
    (1, "EFLOP", "PFLOP", 1000),
]

AMBIGUOUS = [
    f"{prefix}{word}"
    for prefix in ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta")
    for word in ("FLOPs", "FLOPS", "flops")
]

JUNK = [
    "words", "epochs", "T", "k", "kilo", "%", "2 day", "10", "10^3", "days / 2", "FLOP/", "/s", "-", "--", "*", "FLOP-",
    "e5", "x", "day2", "import os", "__class__", "a" * 61, "s\ns", "FLOP;s", "万", "s" + "\x00",
]  # fmt: skip


@pytest.mark.parametrize(("written", "spelled"), SPELLINGS, ids=[spelled for _, spelled in SPELLINGS])
def test_a_unit_is_read_however_people_spell_it(written: str, spelled: str) -> None:
    one, other = units.parse(written), units.parse(spelled)
    assert units.same_dimension(one, other)
    assert units.factor(one, other) == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize(("value", "source", "target", "wanted"), CONVERSIONS)
def test_conversions_follow_the_definitions(value: float, source: str, target: str, wanted: float) -> None:
    assert units.convert(value, source, target) == pytest.approx(wanted, rel=1e-12)


def test_a_petaflop_per_second_day_is_the_constant_of_the_same_name() -> None:
    assert units.factor(units.parse("pfs-day"), units.parse("FLOP")) == units.FLOP_PER_PFS_DAY == 8.64e19


def test_a_number_to_convert_may_come_as_text() -> None:
    assert units.convert("1e25", "FLOP", "pfs-day") == pytest.approx(115740.7407, rel=1e-9)


@pytest.mark.parametrize("text", [*AMBIGUOUS, "GFLOPs/s", "FLOPS/s", "chip*TFLOPS", "FLOPs/s/GPU"])
def test_a_plural_of_flop_is_refused_because_it_is_written_for_amounts_and_rates(text: str) -> None:
    with pytest.raises(UnitError, match="FLOP"):
        units.parse(text)


@pytest.mark.parametrize("text", AMBIGUOUS[:21])
def test_the_refusal_of_a_plural_of_flop_says_what_to_write(text: str) -> None:
    with pytest.raises(UnitError, match="FLOP for an amount, FLOP/s for a rate"):
        units.parse(text)


@pytest.mark.parametrize("text", JUNK)
def test_what_is_no_unit_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UnitError, match=r"is not a unit; known are e\.g\. FLOP"):
        units.parse(text)


@pytest.mark.parametrize("text", ["s^9^9^9^9", "FLOP 9^9^9^9", "s**9**9**9**9", "FLOP s^9999999999"])
def test_towers_of_powers_are_refused_and_not_worked_out(text: str) -> None:
    # In a process of its own: what is worked out here has more digits than the machine has memory.
    script = "import sys; from comptometer import units; units.parse(sys.argv[1])"
    process = subprocess.run([sys.executable, "-c", script, text], capture_output=True, text=True, timeout=20)
    assert "UnitError" in process.stderr


@pytest.mark.parametrize(
    ("source", "target"), [("FLOP", "FLOP/s"), ("chip", "token"), ("day", "USD"), ("", "FLOP"), ("token", "")]
)
def test_what_measures_something_else_cannot_be_converted(source: str, target: str) -> None:
    with pytest.raises(UnitError, match="cannot be expressed in"):
        units.factor(units.parse(source), units.parse(target))
    assert not units.same_dimension(units.parse(source), units.parse(target))


def test_the_refusal_of_a_conversion_names_both_sides() -> None:
    with pytest.raises(UnitError, match=r"^FLOP cannot be expressed in a plain number$"):
        units.factor(units.parse("FLOP"), units.parse(""))


def test_a_conversion_too_large_for_a_float_is_a_unit_error() -> None:
    with pytest.raises(UnitError):
        units.factor(units.parse("FLOP h^999/s^999"), units.parse("FLOP"))


def _by_pint(text: str) -> units.Unit:
    """What pint makes of words joined by * and /."""
    return units._read_by_pint(text)


NAMES = sorted(name for name in units._table() if not name.endswith("-"))
PREFIXES = ["", *(spelling[:-1] for spelling in units._spellings() if spelling.endswith("-"))]


@pytest.mark.parametrize("word", sorted(word for word in units._spellings() if not word.endswith("-")))
def test_the_table_is_read_as_pint_reads_it(word: str) -> None:
    assert units.parse(word) == _by_pint(word)


@LAW
@given(
    st.sampled_from(PREFIXES),
    st.sampled_from(NAMES),
    st.sampled_from("*/"),
    st.sampled_from(PREFIXES),
    st.sampled_from(NAMES),
)
def test_a_product_is_what_pint_makes_of_it(prefix: str, one: str, sign: str, second: str, other: str) -> None:
    written = f"{prefix}{one}{sign}{second}{other}"
    try:
        unit = units.parse(written)
    except UnitError:  # a prefix and a name of it may spell what is refused
        return
    assert unit == _by_pint(written)
    base = units._base(unit)
    of_pint = units._registry().convert(1.0, written, "*".join(f"{name}**{power}" for name, power in base.parts))
    assert units.factor(unit, base) == pytest.approx(of_pint, rel=1e-12)


def test_pint_is_loaded_only_for_what_the_table_does_not_read() -> None:
    script = (
        "import sys; from comptometer import units\n"
        "units.convert(1, 'petaFLOP/s-days', 'TFLOP'); units.parse('USD/GPU-hours'); print('pint' in sys.modules)\n"
        "units.parse('FLOP s^-1'); print('pint' in sys.modules)"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert process.stdout.split() == ["False", "True"]


def test_prefixes_convert_without_rounding() -> None:
    assert units.convert(1, "YFLOP", "ZFLOP") == 1000
    assert units.convert(1, "pfs-day", "ZFLOP") == 0.0864


PRINTED = {
    "": "",
    "FLOP": "FLOP",
    "TFLOP/s": "TFLOP/s",
    "FLOP/s/GPU": "FLOP/s/chip",
    "GPU-hours": "chip-h",
    "pfs-day": "pfs-day",
    "tokens": "token",
    "MWh": "MWh",
    "$": "USD",
}


@pytest.mark.parametrize(("written", "printed"), PRINTED.items())
def test_units_are_printed_the_way_the_interface_writes_them(written: str, printed: str) -> None:
    assert units.name(units.parse(written)) == printed


WRITTEN = sorted(
    {about.unit for about in ABOUTS.values()} | {about.shorthand for about in ABOUTS.values()} | set(PRINTED)
)


@LAW
@given(st.sampled_from(WRITTEN), st.sampled_from(WRITTEN))
def test_the_name_of_a_unit_can_be_read_back(one: str, other: str) -> None:
    for unit in (
        units.product(units.parse(one), units.parse(other)),
        units.quotient(units.parse(one), units.parse(other)),
        units.power(units.parse(one), 2),
        units.power(units.parse(one), -1),
    ):
        assert units.parse(units.name(unit)) == unit


def test_the_name_of_the_root_of_a_unit_can_be_read_back() -> None:
    root = units.power(units.parse("FLOP"), 0.5)
    assert units.parse(units.name(root)) == root


@LAW
@given(st.sampled_from(WRITTEN), st.sampled_from(WRITTEN))
def test_dividing_by_a_unit_undoes_multiplying_by_it(one: str, other: str) -> None:
    first, second = units.parse(one), units.parse(other)
    back = units.quotient(units.product(first, second), second)
    assert units.factor(back, first) == pytest.approx(1, rel=1e-15)


@LAW
@given(st.sampled_from(WRITTEN), st.sampled_from(["k", "M", "G", "T", "P", "E", "Z", "Y"]))
def test_converting_there_and_back_changes_nothing(text: str, prefix: str) -> None:
    if text in {"", "$", "pfs-day", "GPU-hours"} or text[0] in "MT":
        return
    plain, prefixed = units.parse(text), units.parse(prefix + text)
    assert units.factor(plain, prefixed) * units.factor(prefixed, plain) == pytest.approx(1, rel=1e-12)


@LAW
@given(st.text(max_size=70) | st.text("FLOPschipday^*/-·$ 0123456789kMGT", max_size=40))
def test_only_unit_errors_escape_from_any_text(text: str) -> None:
    try:
        unit = units.parse(text)
    except UnitError:
        return
    assert isinstance(units.name(unit), str)
