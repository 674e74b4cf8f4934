"""What a dollar of one month is in dollars of another: a producer price index, shipped with its source.

The index is that of data processing and hosting in the United States (PCU518210518210), the one that the study of
Cottier et al. (2024) uses: prices of computing fell behind, and then rose with, other prices in another way than those
that consumers pay.

`python -m comptometer.price_index FILE` makes the shipped file anew from the table as the Federal Reserve Bank of
St. Louis gives it, which must have the digest that is written down.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import sys
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from comptometer.errors import DataError, UsageError
from comptometer.places import SHIPPED

TABLE = SHIPPED / "prices" / "producer-price-index.csv"
SERIES = "PCU518210518210"


@cache
def facts() -> Mapping[str, Any]:
    """Title, publisher, address, terms and digest of the series."""
    return tomllib.loads(TABLE.with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def months() -> Mapping[tuple[int, int], float]:
    """The index by year and month, December 2000 = 100."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(int(row["month"][:4]), int(row["month"][5:])): float(row["index"]) for row in csv.DictReader(file)}


@cache
def years() -> Mapping[int, float]:
    """Mean of the index over each year that has all its months."""
    found: dict[int, list[float]] = {}
    for (year, _), value in months().items():
        found.setdefault(year, []).append(value)
    return {year: fmean(values) for year, values in found.items() if len(values) == 12}


def newest_year() -> int:
    """The last year in whose dollars sums can be told."""
    return max(years())


def at(day: date) -> float:
    """The index of a month; of the nearest one that is known, where the day lies outside the series."""
    month = min(max((day.year, day.month), min(months())), max(months()))
    return months()[month]


def covers(day: date) -> bool:
    """Does the series have the month of this day?"""
    return (day.year, day.month) in months()


def deflator(day: date, year: int) -> float:
    """What a dollar of this day is in dollars of a year.

    Raises:
        UsageError: the series does not have the whole year.

    >>> round(deflator(date(2017, 7, 1), 2024), 3)
    1.099
    """
    if year not in years():
        raise UsageError(
            f"dollars of {year}: the price index {SERIES} has whole years from {min(years())} to {newest_year()} only"
        )
    return years()[year] / at(day)


# Making it


def reduce(raw: bytes, place: str) -> bytes:
    """The table as it is given → `month,index`.

    Raises:
        DataError: it has other columns.
    """
    rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    if rows.fieldnames != ["observation_date", SERIES]:
        raise DataError(place, [f"needs the columns observation_date and {SERIES}, got {rows.fieldnames}"])
    lines = [f"{row['observation_date'][:7]},{row[SERIES]}\n" for row in rows if row[SERIES]]
    return ("month,index\n" + "".join(lines)).encode()


def main(path: Path) -> None:
    """Write the shipped file anew."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if (digest := hashlib.sha256(raw).hexdigest()) != facts()["upstream_sha256"]:
        raise DataError(str(path), [f"sha256 is {digest}, {facts()['upstream_sha256']} is written down"])
    TABLE.write_bytes(reduce(raw, str(path)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
