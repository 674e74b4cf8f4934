"""Units of training compute: a small table of our own, and pint for what is spelled in another way.

A unit is a product of powers of the names in the table. Words of the table joined by `*`, `/` and `-` are read here.
Everything else is left to pint, with the same definitions; it is loaded only then, because that takes as long as most
commands. Decision 0004.

FLOP is an amount, FLOP/s is a rate. "FLOPs" and "FLOPS" are refused because they are written for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from comptometer.errors import UnitError

if TYPE_CHECKING:
    import pint

SECONDS_PER_DAY = 86_400
FLOP_PER_PFS_DAY = 1e15 * SECONDS_PER_DAY  # 8.64e19; the 2018 article rounds to 1e20

# In pint's notation: name = meaning = symbol = other spellings. Sizes are whole numbers, so that a conversion is one
# division of exact integers. Names are what is printed. Decision 0001: a multiply-add is two operations.
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
    month = 2629800 s
    year = 31557600 s
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


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of names in the table, in alphabetical order; of none for a plain number."""

    parts: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, parts: Iterable[tuple[str, float]]) -> Unit:
        """A product; the powers of one name are added up."""
        powers: dict[str, float] = {}
        for word, exponent in parts:
            powers[word] = powers.get(word, 0) + exponent
        return cls(tuple(sorted((word, _whole(power)) for word, power in powers.items() if power)))

    def __str__(self) -> str:
        return name(self)


def _whole(power: float) -> float:
    return int(power) if power == int(power) else power


# The table


@cache
def _table() -> Mapping[str, tuple[str, list[str]]]:
    """Meaning and other spellings of each name; prefixes end in a hyphen."""
    rows = [[cell.strip() for cell in line.split("=")] for line in DEFINITIONS.strip().splitlines()]
    return {name: (meaning, [word for word in others if word != "_"]) for name, meaning, *others in rows}


@cache
def _spellings() -> Mapping[str, str]:
    """The name of every word in the table."""
    return {word: name for name, (_, others) in _table().items() for word in (name, *others)}


@cache
def _name_of(word: str) -> str | None:
    """The name of a word, which may have a prefix and stand in the plural; nothing where the table lacks it."""
    spellings = _spellings()
    for singular in (word, word.removesuffix("s") if len(word) > 3 else word):
        if singular in spellings:
            return spellings[singular]
        for prefix, letter in spellings.items():
            rest = singular[len(prefix) - 1 :]
            if prefix.endswith("-") and singular.startswith(prefix[:-1]) and rest in spellings:
                return letter[:-1] + spellings[rest]
    return None


@cache
def _meaning(name: str) -> tuple[int, Unit]:
    """How many of which product of base units a name stands for."""
    table = _table()
    if name not in table:
        prefix = next(p for p in table if p.endswith("-") and name.startswith(p[:-1]) and name[len(p) - 1 :] in table)
        size, base = _meaning(name[len(prefix) - 1 :])
        return _integer(table[prefix][0]) * size, base
    text = table[name][0]
    if text.startswith("["):
        return 1, Unit(((name, 1),))
    number, _, rest = text.partition(" ") if text[0].isdigit() else ("1", "", text)
    unit = _read(rest.replace(" ", ""))
    assert unit is not None, f"the table uses what it does not define: {text}"
    up, down = _size(unit)
    return _integer(number) * int(up) // int(down), _base(unit)


def _integer(text: str) -> int:
    digits, _, zeros = text.partition("e")
    return int(digits + int(zeros or 0) * "0")


def _size(unit: Unit) -> tuple[float, float]:
    """How many of its base units one is: a numerator and a denominator, which are exact where the powers are whole."""
    up: float = 1
    down: float = 1
    for name, exponent in unit.parts:
        size = _meaning(name)[0]
        if exponent > 0:
            up *= size**exponent
        else:
            down *= size**-exponent
    return up, down


@lru_cache(maxsize=1024)
def _base(unit: Unit) -> Unit:
    """The product of base units that a unit is a multiple of."""
    return Unit.of((word, power * exponent) for name, exponent in unit.parts for word, power in _meaning(name)[1].parts)


# Reading and writing


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
    spelled = re.sub(r"(\w*(?:FLOP|flop))/s-(\w+)", r"\1*\2/s", stripped)  # a rate for a day is an amount
    spelled = spelled.replace("$", "USD")
    spelled = re.sub(r"(?<=[A-Za-z]) +(?=[A-Za-z])", "*", spelled)
    try:
        return _read(spelled) or _read_by_pint(spelled)
    except Exception as error:  # pint raises a dozen kinds here, none of them ours
        raise UnitError(
            f"{text!r} is not a unit; known are e.g. FLOP, TFLOP/s, token, chip-hour, day, pfs-day"
        ) from error


def _read(spelled: str) -> Unit | None:
    """Words of the table joined by `*`, `/` and `-`, which binds most; nothing where there is anything else."""
    parts: list[tuple[str, float]] = []
    for sign, group in re.findall(r"(^|[*/])([^*/]*)", spelled) if spelled else ():
        for word in group.split("-"):
            found = _name_of(word)
            if found is None:
                return None
            parts.append((found, -1 if sign == "/" else 1))
    return Unit.of(parts)


def _read_by_pint(spelled: str) -> Unit:
    joined = re.sub(r"[A-Za-z]+(?:-[A-Za-z]+)+", lambda found: f"({found[0].replace('-', '*')})", spelled)
    registry = _registry()
    powers = registry.Quantity(1, registry.parse_units(joined)).unit_items()
    return Unit.of((word, float(str(power))) for word, power in powers)


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None)
    for line in DEFINITIONS.strip().splitlines():
        registry.define(line.strip())
    return registry


@lru_cache(maxsize=4096)
def factor(source: Unit, target: Unit) -> float:
    """Return how many `target` one `source` is.

    Raises:
        UnitError: if the two do not measure the same thing, or the number is too large.
    """
    wanted = f"{name(source) or 'a plain number'} cannot be expressed in {name(target) or 'a plain number'}"
    if not same_dimension(source, target):
        raise UnitError(wanted)
    try:
        up, down = _size(quotient(source, target))
        return up / down
    except OverflowError:
        raise UnitError(f"{wanted}: the number is too large") from None


def same_dimension(one: Unit, other: Unit) -> bool:
    """Tell whether one unit can be converted into the other."""
    return _base(one) == _base(other)


@lru_cache(maxsize=1024)
def name(unit: Unit) -> str:
    """Write a unit the way we print it, `FLOP/s/chip`; empty for the dimensionless unit."""
    over = "*".join(_power(word, exponent) for word, exponent in unit.parts if exponent > 0)
    under = "".join(f"/{_power(word, -exponent)}" for word, exponent in unit.parts if exponent < 0)
    text = f"{over or '1'}{under}" if unit.parts else ""
    return re.sub(r"^chip\*(\w+)$", r"chip-\1", _SPELLED.get(text, text))


def _power(word: str, exponent: float) -> str:
    return word if exponent == 1 else f"{word}^{exponent}"


# In alphabetical order, and as people write it.
_SPELLED = {
    "day*pfs": "pfs-day",
    "FLOP/chip/s": "FLOP/s/chip",
}


@lru_cache(maxsize=4096)
def product(one: Unit, other: Unit) -> Unit:
    """Multiply two units."""
    return Unit.of([*one.parts, *other.parts])


@lru_cache(maxsize=4096)
def quotient(one: Unit, other: Unit) -> Unit:
    """Divide two units."""
    return product(one, power(other, -1))


def power(unit: Unit, exponent: float) -> Unit:
    """Raise a unit to a power."""
    return Unit.of((word, power * exponent) for word, power in unit.parts)


def convert(value: float | str, source: str, target: str) -> float:
    """Convert a number from one unit to another.

    Raises:
        UnitError: an unknown unit, or two that do not measure the same thing.

    >>> convert(1e25, "FLOP", "pfs-day")
    115740.74074074076
    """
    return float(value) * factor(parse(source), parse(target))
