"""Numbers as people write them: `405B`, `40%`, `54 to 75 days`, `60 (54 to 75) days`, `65B ± 5%`, `1280^2 * 30 MAC`.

An interval is a 90% interval. Nothing is evaluated but sums, products, quotients and powers of literals.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from comptometer.distribution import Z90, Distribution, LogNormal, LogUniform, Point, SplitLogNormal, Uniform
from comptometer.errors import NotationError

LONGEST = 200  # characters; a number that is longer is not a number
LARGEST = 1e60  # above any quantity that a model of this world can have

# A claim "< x" leaves the lower end open. Where in the decade below x the value lies is not known.
UPPER_BOUND_SPAN = 10.0

_SUFFIXES = {
    "K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12,
    "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12,
}  # fmt: skip
_NUMBER = re.compile(
    r"""(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)
        (?P<exponent>[eE][+-]?\d+)?
        (?P<suffix>万亿|千亿|百亿|十亿|千万|百万|[千万亿]|[kKMBT](?![A-Za-z]))?
        (?P<percent>\s?%)?""",
    re.VERBOSE,
)
# A minus between two numbers is a dash: nothing here is ever subtracted, and no quantity is negative.
_RANGE = re.compile(r"\s+to\s+|\s*\.\.\.?\s*|\s*[–—]\s*|\s*[至到]\s*|(?<=[\d.%kKMBT千万亿])\s*-\s*(?=[\d.])")
_SPREAD = re.compile(r"\s*(±|\+/-|×/÷|x/÷|\*//|x/:)\s*")
_MIDDLE = re.compile(r"(?P<middle>[^()]*[^()\s])\s*\((?P<interval>[^()]*)\)(?P<unit>\s*(?:[A-Za-z$一-鿿][^()]*)?)")
_OPERATORS = {"+": 1, "*": 2, "×": 2, "/": 2, "^": 3}


@dataclass(frozen=True, slots=True)
class Notation:
    """What a text says: a belief, and the unit it is in (as written, perhaps empty)."""

    belief: Distribution
    unit: str


@lru_cache(maxsize=4096)
def parse(text: str) -> Notation:
    """Read a number, an interval, a bound or a small sum, with its unit.

    Raises:
        NotationError: says what is wrong and how to write it.

    >>> parse("4050亿").belief
    Point(value=405000000000.0)
    >>> parse("348M + 304M example")
    Notation(belief=Point(value=652000000.0), unit='example')
    >>> belief = parse("54 to 75 days").belief
    >>> round(belief.median, 2)
    63.64
    """
    stripped = _checked(text)
    if stripped.startswith(("<", "≤")):
        high, unit = _quantity(stripped[1:], text)
        _positive(text, high)
        return Notation(LogUniform(high / UPPER_BOUND_SPAN, high), unit)
    uniform = stripped.startswith("uniform ")
    body = stripped.removeprefix("uniform ")
    if not uniform and (spread := _SPREAD.search(body)):
        return _spread(text, body[: spread.start()], spread[1], body[spread.end() :])
    if not uniform and (central := _MIDDLE.fullmatch(body)) and (ends := _bounds(central["interval"])):
        return _central(text, central["middle"], *ends, central["unit"])
    if bounds := _bounds(body):
        return _interval(text, *bounds, uniform=uniform)
    if uniform:
        raise NotationError(f"{text!r} needs two bounds; write e.g. 'uniform 0.2 to 0.4'")
    value, unit = _quantity(body, text)
    return Notation(Point(value), unit)


def _checked(text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise NotationError("a number is missing; write e.g. '405B' or '54 to 75 days'")
    if len(stripped) > LONGEST:
        raise NotationError(f"a number of {len(stripped)} characters is not a number: {stripped[:40]!r} …")
    if "兆" in stripped:
        raise NotationError(f"{text!r}: 兆 is 1e12 or 1e6 by region; write 万亿 (1e12) or 百万 (1e6)")
    if stripped[0] in "~≈>≥":
        raise NotationError(
            f"{text!r} does not say how sure it is; write an interval such as '40 to 60' or '50 x/÷ 1.2'"
        )
    return stripped


def _bounds(body: str) -> tuple[str, str] | None:
    found = list(_RANGE.finditer(body))
    if len(found) == 1:
        return body[: found[0].start()], body[found[0].end() :]
    if len(found) > 1:
        raise NotationError(f"{body!r} has more than two ends; write e.g. '54 to 75 days'")
    return None


def _interval(text: str, low_text: str, high_text: str, *, uniform: bool) -> Notation:
    low, high, unit = _ends(text, low_text, high_text)
    if low == high:
        return Notation(Point(low), unit)
    if uniform:
        return Notation(Uniform(low, high), unit)
    _positive(text, low)
    return Notation(LogNormal.from_interval(low, high), unit)


def _ends(text: str, low_text: str, high_text: str) -> tuple[float, float, str]:
    """Both ends of an interval, in the unit that is written with the second."""
    low, low_unit = _quantity(low_text, text)
    high, unit = _quantity(high_text, text)
    if low_unit and low_unit != unit:
        raise NotationError(f"{text!r} has two units, {low_unit!r} and {unit!r}; give both ends in the same")
    if "%" in low_text and "%" not in high_text:
        raise NotationError(f"{text!r}: write % at both ends, or at the last")
    scale = _scale_said_once(low_text, high_text)
    if scale and low * scale <= high:  # "5 to 10B" says B once; "500,000 to 1M" does not
        low *= scale
    if low > high:
        raise NotationError(f"{text!r} is upside down: the first end must be the smaller one")
    return low, high, unit


def _central(text: str, middle_text: str, low_text: str, high_text: str, unit_text: str) -> Notation:
    """A central value with its 90% interval: "2.1e25 (8.2e24 to 4.4e25) FLOP"."""
    middle, middle_unit = _quantity(middle_text, text)
    low, high, unit = _ends(text, low_text, f"{high_text}{unit_text}")
    if middle_unit and middle_unit != unit:
        raise NotationError(f"{text!r} has two units, {middle_unit!r} and {unit!r}; give it once, at the end")
    _positive(text, low)
    if not low < middle < high:
        raise NotationError(f"{text!r}: the number before the interval must lie inside it")
    return Notation(SplitLogNormal.from_interval(middle, low, high), unit)


def _scale_said_once(low_text: str, high_text: str) -> float | None:
    """What "10B" says for both ends of "5 to 10B", and "43%" for those of "38 to 43%"."""
    low, high = _NUMBER.fullmatch(low_text.strip()), _NUMBER.match(high_text.strip())
    if not low or not high or low["suffix"] or low["percent"] or low["exponent"]:
        return None
    return _SUFFIXES.get(high["suffix"] or "", 1.0) / (100.0 if high["percent"] else 1.0)


def _spread(text: str, middle_text: str, sign: str, width_text: str) -> Notation:
    middle, middle_unit = _quantity(middle_text, text)
    width, unit = _quantity(width_text, text)
    if unit and middle_unit and unit != middle_unit:
        raise NotationError(f"{text!r} has two units, {middle_unit!r} and {unit!r}; give both in the same")
    _positive(text, middle)
    if sign in {"±", "+/-"}:
        absolute = middle * width if "%" in width_text and "%" not in middle_text else width
        if not 0 < absolute < middle:
            raise NotationError(f"{text!r}: the part after ± must be above 0 and below the number before it")
        sigma = math.log((middle + absolute) / (middle - absolute)) / (2 * Z90)
        return Notation(LogNormal(middle, sigma), unit or middle_unit)
    if width <= 1:
        raise NotationError(f"{text!r}: a factor after {sign} is above 1, e.g. '0.33 x/÷ 2'")
    return Notation(LogNormal.from_factor(middle, width), unit or middle_unit)


def _positive(text: str, value: float) -> None:
    if value <= 0:
        raise NotationError(f"{text!r}: the ends of an interval must be above 0; hard bounds: 'uniform 0 to 5'")


def _quantity(text: str, whole: str) -> tuple[float, str]:
    """Value and unit of a text without interval."""
    tokens = _Tokens(text, whole)
    try:
        value = tokens.expression()
    except (OverflowError, ZeroDivisionError, TypeError):  # TypeError: a root of a negative number
        raise NotationError(f"{whole!r} is not a finite number") from None
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise NotationError(f"{whole!r} is too large to be meant (above {LARGEST:g})")
    return value, tokens.rest()


class _Tokens:
    """Precedence climbing over literals and + - * / ^ ( ); whatever follows is the unit."""

    def __init__(self, text: str, whole: str) -> None:
        self.text, self.whole, self.at = text, whole, 0

    def expression(self, floor: int = 0) -> float:
        value = self.operand()
        for operator, binding in self.operators():
            if binding <= floor:
                break
            start = self.at
            self.at += 1
            self.space()
            if operator in "*/×" and not self.operand_follows():
                self.at = start  # "/s" belongs to the unit
                break
            value = self.combine(operator, value, self.expression(binding - (operator == "^")))
        return value

    def combine(self, operator: str, left: float, right: float) -> float:
        match operator:
            case "+":
                return left + right
            case "/":
                return left / right
            case "^":
                return float(left**right)
            case _:
                return left * right

    def operators(self) -> Iterator[tuple[str, int]]:
        while True:
            self.space()
            operator = self.text[self.at : self.at + 1]
            if operator not in _OPERATORS:
                return
            yield operator, _OPERATORS[operator]

    def operand_follows(self) -> bool:
        return self.text[self.at : self.at + 1] in set("(0123456789.")

    def operand(self) -> float:
        self.space()
        if self.text[self.at : self.at + 1] == "(":
            self.at += 1
            value = self.expression()
            if self.text[self.at : self.at + 1] != ")":
                raise NotationError(f"{self.whole!r}: a closing parenthesis is missing")
            self.at += 1
            return value
        sign = -1.0 if self.text[self.at : self.at + 1] == "-" else 1.0
        self.at += sign < 0
        found = _NUMBER.match(self.text, self.at)
        if not found:
            raise NotationError(f"{self.whole!r} is not a number; write e.g. '405B', '1.5e12', '54 to 75 days'")
        self.at = found.end()
        scale = _SUFFIXES.get(found["suffix"] or "", 1.0) / (100.0 if found["percent"] else 1.0)
        return sign * float(found["digits"].replace(",", "") + (found["exponent"] or "")) * scale

    def space(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def rest(self) -> str:
        unit = self.text[self.at :].strip()
        if unit and not (re.match(r"[A-Za-z$]", unit) or "一" <= unit[0] <= "鿿"):
            raise NotationError(f"{self.whole!r}: {unit!r} after the number is neither a unit nor arithmetic")
        return unit
