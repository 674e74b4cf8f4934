"""Where two files of readings may hold the same one: what a file says of itself, so that few have to be compared.

Exports of counters overlap by an hour or so. Only the sums of such hours need to be compared, and only where they
differ are readings looked at one by one. What is said here may call hours doubtful that are not, and never the other
way round.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from comptometer.frames import imported
from comptometer.ledger.rows import EXTRA

NAME = b"comptometer.readings"  # of the metadata of a file
MOST_SERIES, MOST_TIMES = 20_000, 64
HOUR = 3_600_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Time = tuple[int, int]  # from and until, both within, in microseconds since 1970
Span = tuple[datetime, datetime]  # the same as instants


class Gathered:
    """What a file will say of its readings, gathered while it is written."""

    def __init__(self) -> None:
        self._hashes: list[NDArray[np.int64]] = []
        self._series: set[int] = set()
        self._times: list[Time] = []

    def add(self, readings: Any) -> None:
        """Some rows of the file, as a table of Arrow."""
        keys = readings["key"].to_pylist()
        self._hashes.append(np.fromiter(map(hash, keys), np.int64, len(keys)))
        found = readings.group_by(["device", "instance", "metric"]).aggregate([]).to_pylist()
        self._series |= {crc32("/".join(cell or "" for cell in row.values()).encode()) for row in found}
        moments = readings["moment"].cast("int64").to_numpy()
        self._times.append((int(moments.min()), int(moments.max())))

    @property
    def once(self) -> bool:
        """Are no two readings the same?"""
        hashes = np.concatenate(self._hashes)
        return len(np.unique(hashes)) == len(hashes)

    def metadata(self) -> Mapping[bytes, bytes]:
        """For the file: first and last moment, the series, and whether no two readings are the same."""
        said = {
            "from": min(first for first, _ in self._times),
            "until": max(last for _, last in self._times),
            "once": self.once,
            "series": sorted(self._series) if len(self._series) <= MOST_SERIES else None,
        }
        return {NAME: json.dumps(said).encode()}


@dataclass(frozen=True, slots=True)
class Readings:
    """What a file says of its readings; `series` is None where it has too many to name."""

    time: Time
    once: bool
    series: frozenset[int] | None

    def may_share(self, other: Readings) -> bool:
        """Could both have one of the same series?"""
        return self.series is None or other.series is None or not self.series.isdisjoint(other.series)


@dataclass(frozen=True, slots=True)
class Doubts:
    """Whole hours, both ends within, in which a reading may be there twice; in all others the sums of hours count.

    Attributes:
        compared: the sums of hours may be there several times.
        singly: there are none, or they say different things: readings have to be looked at one by one.
    """

    compared: Sequence[Span] = ()
    singly: Sequence[Span] = ()

    def disputed(self, hours: Sequence[datetime]) -> Doubts:
        """With these hours, in which the sums differ, looked at one by one."""
        more = [(moment, moment + timedelta(hours=1) - timedelta(microseconds=1)) for moment in hours]
        return Doubts(self.compared, _spans([_time(span) for span in [*self.singly, *more]]))


def doubts(files: Sequence[Path], summed: Sequence[Path]) -> Doubts | None:
    """Where files of readings may hold the same.

    Args:
        files: of readings.
        summed: files of the sums of their hours, each named like that of its readings.

    Returns:
        None where a file does not say what is in it.
    """
    found = [_said(path) for path in files]
    known = [readings for readings in found if readings]
    if len(known) < len(found):
        return None
    there = {path.parts[-3:] for path in summed}
    alone = [readings.time for path, readings in zip(files, known, strict=True) if path.parts[-3:] not in there]
    return Doubts(_spans(list(_shared(known))), _spans(alone))


def _spans(times: Sequence[Time]) -> list[Span]:
    return [(_moment(first), _moment(last)) for first, last in _merged(sorted(map(_hours, times)))]


def _hours(time: Time) -> Time:
    """The whole hours that hold a time."""
    first, last = time
    return first - first % HOUR, last - last % HOUR + HOUR - 1


def _said(path: Path) -> Readings | None:
    try:
        said = json.loads(imported("pyarrow.parquet", EXTRA).read_metadata(path).metadata[NAME])
        series = None if said["series"] is None else frozenset(said["series"])
        return Readings((said["from"], said["until"]), said["once"], series)
    except (KeyError, TypeError, ValueError, OSError):  # written before files said it, or damaged: its reader says so
        return None


def _shared(files: Sequence[Readings]) -> Iterator[Time]:
    open_: list[Readings] = []
    for one in sorted(files, key=lambda readings: readings.time):
        if not one.once:
            yield one.time
        open_ = [other for other in open_ if other.time[1] >= one.time[0]]
        yield from ((one.time[0], min(one.time[1], other.time[1])) for other in open_ if one.may_share(other))
        open_.append(one)


def _merged(times: Sequence[Time]) -> list[Time]:
    """Without overlaps; of many those with the shortest gaps between them as one."""
    found: list[Time] = []
    for first, last in times:
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    gaps = sorted(later[0] - earlier[1] for earlier, later in pairwise(found))
    if len(found) <= MOST_TIMES:
        return found
    shortest = gaps[len(found) - MOST_TIMES - 1]
    few = [found[0]]
    for first, last in found[1:]:
        if first - few[-1][1] <= shortest:
            few[-1] = few[-1][0], last
        else:
            few.append((first, last))
    return few


def _time(span: Span) -> Time:
    first, last = ((moment - _EPOCH) // timedelta(microseconds=1) for moment in span)
    return first, last


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
