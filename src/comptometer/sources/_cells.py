"""Single cells: numbers, dates, lists and addresses. What is wrong with a cell is a `ValueError` that says so."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from comptometer.sources import SEPARATOR

EARLIEST = date(1940, 1, 1)  # the first learning machine in any table is of 1950
NUMBER = re.compile(r"\d+(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
GROUPED = re.compile(r"\$\d{1,3}(,\d{3})+(\.\d*)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?", re.ASCII)
ADDRESS = re.compile(r"(?:https?://|(?<![\w./])(?=arxiv\.org/|doi\.org/))[^\s,;<>\"]+", re.IGNORECASE)
ARCHIVES = ("web.archive.org/", "archive.org/web/", "archive.ph/", "archive.is/", "archive.today/", "perma.cc/")
LONGEST = 2000  # characters of a cell; the longest that is read is a list of 700
FORMULA = ("=", "+", "@")  # what a spreadsheet would run
# Characters that turn the direction of a text, are unseen, or speak to a terminal; no spaces, no NUL.
CONTROLS = re.compile(
    "[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


def text(cell: str) -> str:
    """A cell on one line, with single spaces.

    Raises:
        ValueError: a NUL, or more characters than any title has.
    """
    if "\0" in cell:
        raise ValueError("holds a NUL character")
    if len(cell) > LONGEST:
        raise ValueError(f"has {len(cell):,} characters, at most {LONGEST:,} are read")
    return " ".join(cell.split())


def number(cell: str, *, largest: float, zero: bool = False) -> str:
    """A number as it is written, without a dollar sign.

    Raises:
        ValueError: not one number, not finite, negative, zero (unless that may be), or larger than anything can be.
    """
    written = cell.strip()
    if written.startswith("$"):  # as a price is written: $1,234,567.00
        written = written[1:].replace(",", "") if GROUPED.fullmatch(written) else written[1:]
    if not NUMBER.fullmatch(written):
        raise ValueError(_no_number(written))
    value = float(written)
    if value == 0 and not zero:
        raise ValueError("is zero; leave the cell empty where it is unknown")
    if value > largest:
        raise ValueError(f"is above {largest:.0e}, more than can be")
    return written


def _no_number(written: str) -> str:
    if written.startswith(FORMULA):
        return "is a formula, which is not evaluated; a number is wanted"
    if re.fullmatch(r"-\s*[\d.]+(e[+-]?\d+)?", written, re.IGNORECASE):
        return "is negative"
    if re.fullmatch(r"[+-]?(inf(inity)?|nan)", written, re.IGNORECASE):
        return "is not finite"
    if re.fullmatch(r"[\d.]+(,[\d.]+)+", written):
        return "has a comma: several numbers, or groups of digits; one plain number is wanted"
    return "is no number; write e.g. 1.5e12"


def day(cell: str, as_of: date) -> str:
    """A date as ISO writes it; of a time of day only the date is taken, as it is written.

    >>> day("2024-03-01T00:00:00Z", date(2026, 1, 1))
    '2024-03-01'

    Raises:
        ValueError: not `2024-05-31`, or absurd.
    """
    written = cell.strip()
    try:
        if not DAY.fullmatch(written):
            raise ValueError
        found = datetime.fromisoformat(written).date()
    except ValueError:
        raise ValueError("is no date; write e.g. 2024-05-31") from None
    if found < EARLIEST:
        raise ValueError(f"is before {EARLIEST.year}")
    if found > as_of + timedelta(days=366):
        raise ValueError(f"is more than a year after {as_of}")
    return found.isoformat()


def items(cell: str, *, once: bool = True) -> str:
    """A list with commas, quoted where an item holds one, as our list; each item once.

    >>> items('MIT,"SambaNova Systems, Inc",MIT')
    'MIT; SambaNova Systems, Inc'

    Raises:
        ValueError: as for a text.
    """
    if len(cell) > LONGEST or "\0" in cell:
        text(cell)
    lines = [part for part in csv.reader([cell.replace("\n", " ").replace("\r", " ")]) if part]
    found = [" ".join(item.split()).replace(SEPARATOR, ", ") for item in (lines[0] if lines else [])]
    return SEPARATOR.join(dict.fromkeys(item for item in found if item))


def addresses(cell: str) -> tuple[Sequence[str], Sequence[str]]:
    """The web addresses in a cell: those of the thing, and those of archived copies.

    >>> addresses("see arxiv.org/abs/2501.14818 and https://web.archive.org/web/2025/https://x.org/")
    (['https://arxiv.org/abs/2501.14818'], ['https://web.archive.org/web/2025/https://x.org/'])
    """
    found = [match[0].rstrip(".)'’”") for match in ADDRESS.finditer(cell)]
    whole = dict.fromkeys(one if one.lower().startswith("http") else f"https://{one}" for one in found)
    archived = [one for one in whole if any(archive in one for archive in ARCHIVES)]
    return [one for one in whole if one not in archived], archived
