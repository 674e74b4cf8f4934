"""What the size of a dataset counts."""

from __future__ import annotations

import re
from decimal import Decimal

from comptometer.sources._prose import NUMBER, sentences, value

UNITS = {
    "tokens": r"tokens?|residues?|nucleotides?|base pairs?|bp|amino acids?",
    "words": r"words?",
    "characters": r"char(?:acter)?s?",
    "pairs": r"pairs?",
    "images": r"images?|pictures?|photos?",
    "frames": r"frames?",
    "hours": r"hours?|h",
    "seconds": r"seconds?",
    "sentences": r"sentences?",
    "sequences": r"(?:sequences?|proteins?|structures?|molecules?|genomes?)",
    "videos": r"videos?|clips?",
    "games": r"(?:games?|positions?|episodes?)",
    "examples": r"(?:examples?|samples?|data ?points?|instances?|patterns?|transitions?|ratings?|events?|steps)",
    "bytes": r"bytes?",
}
_UNIT = "|".join(f"(?P<{name}>{words})" for name, words in UNITS.items())
_ANY_UNIT = "|".join(UNITS.values())
_STOP = "per|of|from|with|in|on|for|and|or|to|is|are|over|at|by|using|long|GB|TB|MB"
_COUNTED = re.compile(  # a number, at most five adjectives, and the noun that is counted
    NUMBER
    + rf"(?:\s+|-)(?:(?!(?:{_STOP})\b)[^\W\d][\w'’/()&+-]*\s+|\w+-){{0,5}}?"
    + rf"(?:{_UNIT})\b(?![-/]|\s+(?:{_ANY_UNIT})\b|\s*(?:/|per\b|each\b))",
    re.IGNORECASE,
)


def dataset_unit(size: str, notes: str) -> str:
    """What the stored size of a dataset counts, as the notes on it say; empty where they do not.

    A number of the notes within 2% of the stored one decides, by the noun that follows it; the last such number does,
    because a calculation ends with its result. Another number's noun says nothing: many sizes are converted ("1
    trillion tokens" stands beside a stored 750000000000, which are words).

    >>> dataset_unit("58320000.0", "450k sequences * 129.6 tokens per sequence = 58,320,000 tokens")
    'tokens'
    >>> dataset_unit("29600000", "from table 3: 29.6M images")
    'images'
    >>> dataset_unit("750000000000.0", "1 trillion tokens")
    ''
    """
    if not size:
        return ""
    stored = Decimal(size)
    units = [
        _unit(match)
        for line in sentences(notes)
        for match in _COUNTED.finditer(line)
        if abs(value(match) - stored) <= stored * Decimal("0.02")
    ]
    return units[-1] if units else ""


def _unit(match: re.Match[str]) -> str:
    return next(name for name in UNITS if match[name])
