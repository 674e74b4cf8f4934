"""Numbers and sentences in the notes of a table.

Notes are prose, so what is read from them follows rules of thumb: each says something only where the notes are plain,
and stays silent otherwise. `docs/howto/vintages.md` gives how often they agree with what a table states.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "b": 9, "bn": 9, "billion": 9, "t": 12, "tn": 12,
    "trillion": 12,
}  # fmt: skip
NUMBER = (  # of bounded length, so that no text takes long
    r"(?<![\d,.])(?P<digits>\d[\d,]{0,40}(?:\.\d{1,40})?)(?!\d)\s{0,3}"
    r"(?:(?:[*×x]\s{0,3}10\s{0,3}\^?\s{0,3}|e\+?)(?P<power>\d{1,2})\b"
    r"|(?P<scale>thousand|million|billion|trillion|[kmbt]n?)(?![a-zA-Z0-9]))?"
)
SENTENCES = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\"“(])|[\n\r|]+")


def sentences(notes: str) -> Sequence[str]:
    """The sentences of notes; a line break ends one too."""
    return [part.strip() for part in SENTENCES.split(notes) if part.strip()]


def value(match: re.Match[str]) -> Decimal:
    """The number that `NUMBER` matched."""
    power = int(match["power"] or SCALES.get((match["scale"] or "").lower(), 0))
    return Decimal(match["digits"].replace(",", "")).scaleb(power)


def written(amount: Decimal) -> str:
    """A number in plain digits."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
