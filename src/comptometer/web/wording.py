"""What the page says, in English and Chinese: one folder of messages a language, one file a section, the same keys.

Numbers become text here as well, as people of each language write them; markup is made where it is needed (a raised
exponent), by the library of the templates, and everything else is escaped by them. Words alone need no extra.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from comptometer import text
from comptometer.charts import Language

if TYPE_CHECKING:
    from markupsafe import Markup

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
TAGS: Final[Mapping[Language, str]] = {"en": "en", "zh": "zh-Hans"}
_UNITS: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_HAN_UNITS: Final = ((1e12, "万亿"), (1e8, "亿"), (1e4, "万"))


@cache
def messages(language: Language) -> Mapping[str, str]:
    """All messages of a language by key; those that scripts need start with `js.`.

    Raises:
        ValueError: two files have the same key.
    """
    found: dict[str, str] = {}
    for file in sorted((files("comptometer.web") / "words" / language).iterdir(), key=lambda file: file.name):
        more: dict[str, str] = json.loads(file.read_text("utf-8"))
        if twice := found.keys() & more.keys():
            raise ValueError(f"{language}/{file.name}: {', '.join(sorted(twice))} are in another file as well")
        found |= more
    return found


@dataclass(frozen=True, slots=True)
class Wording:
    """A language: its messages, and how it writes numbers."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """A message with its blanks filled.

        Raises:
            KeyError: no such message; a page that asks for one is broken.
        """
        return messages(self.language)[key].format(**values)

    def has(self, key: str) -> bool:
        """Is there such a message?"""
        return key in messages(self.language)

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return TAGS[self.language]

    @property
    def root(self) -> str:
        """Where the pages of this language lie: nothing before those in English."""
        return "" if self.language == "en" else f"{self.language}/"

    def number(self, value: float | None, digits: int = 3) -> Markup:
        """A number with a raised exponent where it needs one; a dash where there is none."""
        if value is None:
            return _markup("–")
        mantissa, _, exponent = text.number(value, digits).partition("e")
        return _power(mantissa, exponent)

    def spread(self, low: float, high: float, digits: int = 2) -> Markup:
        """An interval."""
        first, second = text.interval(low, high, digits).split(" to ")
        ends = [_power(*end.partition("e")[::2]) for end in (first, second)]
        return _markup(" – ").join(ends)

    def amount(self, value: float | None, digits: int = 3) -> Markup:
        """A count of things as people write it: 405B in English, 4050亿 in Chinese.

        >>> str(Wording("en").amount(405e9)), str(Wording("zh").amount(405e9))
        ('405B', '4050亿')
        """
        if value is None:
            return _markup("–")
        return _markup(_scaled(value, digits, _HAN_UNITS if self.language == "zh" else _UNITS))

    def percent(self, share: float, digits: int = 2) -> str:
        """A share; what rounds to all or nothing says so."""
        if 0.995 < share < 1:
            return ">99%"
        return "<1%" if 0 < share < 0.01 else text.percent(share, digits)

    def plain(self) -> Mapping[str, str]:
        """The messages that scripts need, without what stands before the dot: `js.`."""
        return _plain(self.language)


@cache
def _plain(language: Language) -> Mapping[str, str]:
    return {key[3:]: said for key, said in messages(language).items() if key.startswith("js.")}


def _markup(said: str) -> Markup:
    from markupsafe import Markup

    return Markup(said)


def _power(mantissa: str, exponent: str) -> Markup:
    if not exponent:
        return _markup("{}").format(mantissa)
    lead = "" if mantissa == "1" else f"{mantissa}×"
    return _markup("{}10<sup>{}</sup>").format(lead, exponent.replace("-", "−"))


def _scaled(value: float, digits: int, units: tuple[tuple[float, str], ...]) -> str:
    """In the largest unit that it reaches, with all digits before the point."""
    for size, name in units:
        if abs(value) >= size * 0.9995:
            whole = len(f"{value / size:.0f}")
            return f"{text.number(value / size, max(digits, min(whole, 5)))}{name}"
    return text.number(value, digits)
