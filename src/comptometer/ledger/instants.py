"""Instants as logs write them → UTC. A time without a zone is local to the cluster, which only its owner knows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from comptometer.errors import UsageError

NEVER = frozenset({"", "none", "unknown", "n/a", "null", "nan", "nat"})
_EPOCH = re.compile(r"\d{9,11}(\.\d+)?")
_EPOCH_MILLISECONDS = re.compile(r"\d{12,14}")
_DURATION = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
LONGEST = 1e10  # seconds, three centuries
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_WITHIN = {f":{at // 60:02d}:{at % 60:02d}": timedelta(seconds=at) for at in range(3600)}  # the hour
_HOUR = len("2026-11-23T09")
_MOST_HOURS = 200_000  # remembered at once


@dataclass(slots=True)
class Zone:
    """The zone of times that have none.

    Attributes:
        name: as given; None where nobody did, which is then UTC.
        asked: was there a time that needed it?
        info: the zone itself.
    """

    name: str | None = None
    asked: bool = False
    info: tzinfo = field(init=False)
    _hours: dict[str, datetime] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.info = zone(self.name or "UTC")

    def utc(self, local: datetime) -> datetime:
        """An instant in UTC."""
        if local.tzinfo is None:
            self.asked = True
            local = local.replace(tzinfo=self.info)
        return local.astimezone(UTC)

    def second_reading(self, moment: datetime) -> datetime:
        """Of an instant in the hour that clocks show twice as they go back, the later one that it may have been."""
        local = moment.astimezone(self.info)
        return local.replace(fold=1).astimezone(UTC) if local.fold == 0 else moment

    def read(self, text: str) -> datetime | None:
        """An instant as logs write it: ISO 8601, with slashes too, or seconds or milliseconds since 1970.

        None for "Unknown" and the like.

        Raises:
            ValueError: it is none of these, or before 1990 or after 2200.
        """
        try:
            return self._hours[text[:_HOUR]] + _WITHIN[text[_HOUR:]]
        except KeyError:
            moment = self._moment(text)
            if moment and text[_HOUR:] in _WITHIN:
                self._remember(text[:_HOUR])
            return moment

    def _remember(self, hour: str) -> None:
        """Where an hour begins, if no clock goes on or back within it."""
        try:
            first, last = self._moment(f"{hour}:00:00"), self._moment(f"{hour}:59:59")
        except ValueError:
            return
        if first and last and last - first == _WITHIN[":59:59"]:
            if len(self._hours) >= _MOST_HOURS:
                self._hours.clear()
            self._hours[hour] = first

    def _moment(self, text: str) -> datetime | None:
        text = text.strip()
        if text.casefold() in NEVER:
            return None
        try:
            if "-" not in text and (_EPOCH.fullmatch(text) or _EPOCH_MILLISECONDS.fullmatch(text)):
                moment = from_epoch(float(text) / (1000 if _EPOCH_MILLISECONDS.fullmatch(text) else 1))
            else:
                moment = self.utc(_parsed(text))
        except (ValueError, OverflowError):
            raise ValueError(f"{text[:40]!r} is not a time") from None
        if not EARLIEST <= moment <= LATEST:
            raise ValueError(f"{text[:40]!r} is before 1990 or after 2200")
        return moment


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("/", "-", 2))


def from_epoch(seconds: float) -> datetime:
    """Seconds since 1970, to the microsecond.

    >>> from_epoch(1795425643.743).isoformat()
    '2026-11-23T09:20:43.743000+00:00'
    """
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1e6))


def zone(name: str) -> tzinfo:
    """A zone by its name.

    Raises:
        UsageError: no such zone.
    """
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--tz: {name!r} is no zone; write e.g. Europe/Berlin, America/New_York or UTC") from None


@lru_cache(maxsize=65_536)
def seconds(text: str) -> float:
    """A length of time: seconds, or `[D-]HH:MM:SS`, or `MM:SS`.

    Raises:
        ValueError: it is neither, or negative.

    >>> seconds("10-13:27:06"), seconds("67")
    (912426.0, 67.0)
    """
    text = text.strip()
    if text.isdigit() and len(text) < 12:
        return float(text)
    if found := _DURATION.fullmatch(text):
        days, hours, minutes, rest = (float(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + rest
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if math.isnan(value):
        raise ValueError(f"{text[:40]!r} is not a length of time")
    if not 0 <= value < LONGEST:
        raise ValueError(f"{text[:40]!r} is {'negative' if value < 0 else 'too long'}")
    return value
