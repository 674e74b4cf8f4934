"""Units of training compute: a small pint registry of our own definitions.

The default registry of pint is not used: it knows a thousand units that we do not want
(`T` would be a tesla) and costs 150 ms. Decision 0004.

FLOP is an amount, FLOP/s is a rate. "FLOPs" and "FLOPS" are refused because they are written for both.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import pint

from comptometer.errors import UnitError

Unit = pint.Unit

SECONDS_PER_DAY = 86_400
FLOP_PER_PFS_DAY = 1e15 * SECONDS_PER_DAY  # 8.64e19; the 2018 article rounds to 1e20

# Names are what is printed. Decision 0001: a multiply-add is two operations.
DEFINITIONS = """
    k- = 1e3 = k- = kilo-
    M- = 1e6 = M- = mega-
    G- = 1e9 = G- = giga-
    T- = 1e12 = T- = tera-
    P- = 1e15 = P- = peta-
    E- = 1e18 = E- = exa-
    Z- = 1e21 = Z- = zetta-
    Y- = 1e24 = Y- = yotta-
    Ki- = 1024 = Ki- = kibi-
    Mi- = 1048576 = Mi- = mebi-
    Gi- = 1073741824 = Gi- = gibi-
    Ti- = 1099511627776 = Ti- = tebi-
    FLOP = [operation] = _ = flop
    MAC = 2 FLOP = _ = mac
    s = [time] = _ = second = sec
    min = 60 s = _ = minute
    h = 3600 s = _ = hour = hr
    day = 24 h = _ = d
    week = 7 day
    month = 30.4375 day
    year = 365.25 day
    chip = [chip] = _ = GPU = TPU = gpu = tpu = accelerator
    token = [token] = _ = tok
    example = [example] = _ = image = sample
    parameter = [parameter] = _ = param
    USD = [money] = _ = dollar
    g = [mass] = _ = gram
    tonne = 1e6 g
    J = [energy] = _ = joule
    W = J / s = _ = watt
    Wh = W * h
    B = [information] = _ = byte
    pfs = 1e15 FLOP / s
"""

_CHINESE = {
    "小时": "h",
    "分钟": "min",
    "秒": "s",
    "个月": "month",
    "天": "day",
    "日": "day",
    "周": "week",
    "年": "year",
    "卡": "chip",
    "张": "chip",
}
# Words joined by * / - or a space, each with at most one digit of power: nothing that takes long to parse.
_WORD = r"[A-Za-z$]{1,20}(?:\^-?\d(?:\.\d)?)?"
_ALLOWED = re.compile(rf"(?:1/)?{_WORD}(?:[*/ -]{_WORD}){{0,6}}")
_AMBIGUOUS = re.compile(r"(?<![A-Za-z])[A-Za-z]{0,6}(FLOPs|FLOPS|flops|Flops)(?![A-Za-z])")


@cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None)
    for line in DEFINITIONS.strip().splitlines():
        registry.define(line.strip())
    return registry


@lru_cache(maxsize=1024)
def parse(text: str) -> Unit:
    """Read a unit as people write it: `FLOP/s`, `TFLOP/s`, `chip-hours`, `pfs-day`, `petaFLOP/s-day`.

    An empty text is the dimensionless unit.

    Raises:
        UnitError: if the unit is unknown, or if it is "FLOPs" or "FLOPS".

    >>> name(parse("GPU-hours"))
    'chip-h'
    >>> factor(parse("pfs-day"), parse("FLOP"))
    8.64e+19
    """
    stripped = re.sub(r"\s*([*/·])\s*", r"\1", text.strip()).replace("·", "*")
    for chinese, unit in _CHINESE.items():
        stripped = stripped.replace(chinese, unit)
    if _AMBIGUOUS.search(stripped):
        raise UnitError(f"unit {text!r} is ambiguous: write FLOP for an amount, FLOP/s for a rate")
    if stripped and not _ALLOWED.fullmatch(stripped):
        raise UnitError(f"{text!r} is not a unit; known are e.g. FLOP, TFLOP/s, token, chip-hour, day, pfs-day")
    spelled = re.sub(r"(\w*(?:FLOP|flop))/s-(\w+)", r"\1*\2/s", stripped).replace(
        "$", "USD"
    )  # a rate for a day is an amount
    spelled = re.sub(r"[A-Za-z]+(?:-[A-Za-z]+)+", lambda found: f"({found[0].replace('-', '*')})", spelled)
    spelled = re.sub(r"(?<=[A-Za-z]) +(?=[A-Za-z])", "*", spelled)
    try:
        return _registry().parse_units(spelled)
    except Exception as error:  # pint raises a dozen kinds here, none of them ours
        raise UnitError(
            f"{text!r} is not a unit; known are e.g. FLOP, TFLOP/s, token, chip-hour, day, pfs-day"
        ) from error


@lru_cache(maxsize=4096)
def factor(source: Unit, target: Unit) -> float:
    """Return how many `target` one `source` is.

    Raises:
        UnitError: if the two do not measure the same thing.
    """
    try:
        return float(_registry().convert(1.0, source, target))
    except pint.DimensionalityError as error:
        raise UnitError(
            f"{name(source) or 'a plain number'} cannot be expressed in {name(target) or 'a plain number'}"
        ) from error


def same_dimension(one: Unit, other: Unit) -> bool:
    """Tell whether one unit can be converted into the other."""
    return bool(one.dimensionality == other.dimensionality)


@lru_cache(maxsize=1024)
def name(unit: Unit) -> str:
    """Write a unit the way we print it, `FLOP/s/chip`; empty for the dimensionless unit."""
    if unit == _registry().dimensionless:
        return ""
    text = re.sub(r" ?([*/]) ?", r"\1", str(unit).replace(" ** ", "^"))
    return re.sub(r"^chip\*(\w+)$", r"chip-\1", _SPELLED.get(text, text))


# As pint sorts the parts of a unit, and as people write it.
_SPELLED = {
    "pfs*day": "pfs-day",
    "day*pfs": "pfs-day",
    "FLOP/chip/s": "FLOP/s/chip",
}


def product(one: Unit, other: Unit) -> Unit:
    """Multiply two units."""
    return _multiplied(one, other, 1)


def quotient(one: Unit, other: Unit) -> Unit:
    """Divide two units."""
    return _multiplied(one, other, -1)


@lru_cache(maxsize=4096)
def _multiplied(one: Unit, other: Unit, sign: int) -> Unit:
    result: Any = one * other if sign > 0 else one / other
    return result if isinstance(result, pint.Unit) else result.units


def power(unit: Unit, exponent: float) -> Unit:
    """Raise a unit to a power."""
    result: Any = unit**exponent
    return result if isinstance(result, pint.Unit) else result.units


def convert(value: float | str, source: str, target: str) -> float:
    """Convert a number from one unit to another.

    Raises:
        UnitError: an unknown unit, or two that do not measure the same thing.

    >>> convert(1e25, "FLOP", "pfs-day")
    115740.74074074076
    """
    return float(value) * factor(parse(source), parse(target))
