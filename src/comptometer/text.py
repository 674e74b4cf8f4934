"""Where numbers become text.

Two or three digits and an interval are what an estimate deserves; machine output keeps full floats and
does not pass through here.
"""

from __future__ import annotations

import math
from decimal import Decimal

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, plainly where that is short.

    >>> number(3.7908e25), number(0.005787), number(12345, 5), number(0.33), number(1200000)
    ('3.79e25', '0.00579', '12345', '0.33', '1.2e6')
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "not a number"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < max(digits + 2, 5):
        plain = f"{Decimal(f'{mantissa}e{power}'):f}"
        return _trimmed(plain)
    return f"{_trimmed(mantissa)}e{power}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact(value: float) -> str:
    """Write a number that somebody stated, as it is: up to twelve significant digits.

    >>> exact(405e9), exact(0.00578754), exact(16384), exact(1.2e6)
    ('4.05e11', '0.00578754', '16384', '1.2e6')
    """
    return _scientific(value) if math.isfinite(value) and abs(value) >= 1e6 else number(value, 12)


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.11e}".split("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Write the two ends of an interval, with a third digit where two would make them look alike.

    >>> interval(3.6e25, 4.2e25), interval(0.0051, 0.0057), interval(3.4004e25, 3.4406e25)
    ('3.6e25 to 4.2e25', '0.0051 to 0.0057', '3.40e25 to 3.44e25')
    """
    for count in range(digits, 7):
        first, second = number(low, count), number(high, count)
        if first != second or low == high:
            if count == digits:
                return f"{first} to {second}"
            return f"{_padded(low, count)} to {_padded(high, count)}"
    return f"{first} to {second}"


def _padded(value: float, digits: int) -> str:
    text = number(value, digits)
    if "e" not in text:
        return text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share as a percentage: 0.4042 is `40%`, 0.004 is `0.4%`."""
    return f"{number(100 * share, digits)}%"


def chance(share: float) -> str:
    """Write a probability that some thousand draws tell: never certain either way.

    >>> chance(1.0), chance(0.0), chance(0.5), chance(0.004), chance(0.97)
    ('>99.9%', '<0.1%', '50%', '0.4%', '97%')
    """
    return ">99.9%" if share > 0.999 else "<0.1%" if share < 0.001 else percent(share)


def superscript(power: int) -> str:
    """Write a power of ten for an axis: 10²⁵."""
    return "10" + str(power).translate(_SUPERSCRIPT)
