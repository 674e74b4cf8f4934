"""Days as people write them: 2024-06-30, and 2024-06 or 2024 for the first or the last day of these."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime

from comptometer.errors import NotationError, Problem

_PART = re.compile(r"(\d{4})(?:-(\d{2}))?")


def day(written: str | date, *, last: bool = False) -> date:
    """The day that is meant.

    Args:
        written: a date, or text: a day, a month or a year.
        last: of a month or a year, its last day and not its first: where it ends something.

    Raises:
        NotationError: no such day.

    >>> day("2024"), day("2024-02", last=True)
    (datetime.date(2024, 1, 1), datetime.date(2024, 2, 29))
    """
    if isinstance(written, datetime):
        return written.date()
    if isinstance(written, date):
        return written
    text = str(written).strip()
    try:
        part = _PART.fullmatch(text)
        return _end_of(part, last=last) if part else date.fromisoformat(text)
    except ValueError:
        raise NotationError(f"{written!r} is not a date; write 2024-06-30, 2024-06 or 2024") from None


def _end_of(part: re.Match[str], *, last: bool) -> date:
    """The first or the last day of a year or a month."""
    year, month = int(part[1]), int(part[2] or (12 if last else 1))
    return date(year, month, monthrange(year, month)[1] if last else 1)


def window(since: str | date | None, until: str | date | None) -> tuple[date | None, date | None, list[Problem]]:
    """First and last day of a window, and what is wrong with them."""
    problems: list[Problem] = []

    def end(name: str, written: str | date | None) -> date | None:
        try:
            return None if written is None else day(written, last=name == "until")
        except NotationError as error:
            problems.append(Problem(name, str(error)))
            return None

    first, last = end("since", since), end("until", until)
    if first and last and first > last:
        problems.append(Problem("since", f"{first} lies after {last}, the end of the window (until)"))
    return first, last, problems
