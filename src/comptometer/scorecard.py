"""What was said about the future of training compute, against what happened since.

A forecast is data: who said what and when, and checks with their numbers. A check is a function here; it works out its
findings from a pinned vintage, so the scorecard of a vintage is the same everywhere.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

import numpy as np

from comptometer import vintages
from comptometer.distribution import LogNormal, Point, SplitLogNormal
from comptometer.errors import NotEnoughEvidence
from comptometer.growth import trend
from comptometer.limits import positive
from comptometer.model_row import ModelRow
from comptometer.places import SHIPPED
from comptometer.quantities import Quantity, quantity
from comptometer.release import data_version
from comptometer.starting_point import decimal_year
from comptometer.store import folded, source
from comptometer.trends import DAYS_PER_YEAR

Verdict = Literal["too fast", "about right", "too slow", "open"]
CLOSE = 2.0  # a value within this factor of what was said is about right
CLOSE_DOUBLING = 1.25  # and a doubling time within this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found: a value with its interval, or a day; nothing where the data cannot say.

    Attributes:
        what: in words.
        value, low, high: the estimate, and the ends of its 90% interval where there is one.
        unit: of these.
        day: where a day was found.
        said: the same as it was said, where that is a number.
    """

    what: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    day: date | None = None
    said: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A forecast and how it did.

    Attributes:
        id, who, made, said, source, where, verified, note: as the file has them.
        findings: worked out from the vintage.
        verdict: of the forecast: too fast, about right, too slow or open.
        basis: was the verdict worked out, or judged by a person?
    """

    id: str
    who: str
    made: date
    said: str
    source: str
    where: str
    verified: bool
    note: str
    findings: Sequence[Finding]
    verdict: Verdict
    basis: Literal["computed", "judged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Every forecast on file against one vintage."""

    data: str
    forecasts: Sequence[Scored]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer forecasts` (schema `comptometer/forecasts/1`)."""
        return {
            "schema": "comptometer/forecasts/1",
            "data_version": data_version(),
            "data": self.data,
            "forecasts": [
                {
                    **{key: value for key, value in asdict(scored).items() if key != "findings"},
                    "made": scored.made.isoformat(),
                    "url": source(scored.source).url,
                    "findings": [
                        asdict(found) | {"day": found.day.isoformat() if found.day else None}
                        for found in scored.findings
                    ],
                }
                for scored in self.forecasts
            ],
        }


def forecasts(data: str | None = None) -> Scorecard:
    """What was said about the future of training compute, against what happened since.

    Args:
        data: the vintage that it is held against; the newest shipped one unless given.

    Raises:
        NotFound: no such vintage.

    >>> found = forecasts("epoch-2025-06")
    >>> found.data, len(found.forecasts) > 5
    ('epoch-2025-06', True)
    """
    facts = vintages.sidecar(data or vintages.DEFAULT)
    return Scorecard(data=facts.id, forecasts=[_scored(row, facts.id) for row in on_file()])


@cache
def on_file() -> tuple[Mapping[str, Any], ...]:
    """The forecasts as the file has them, by date."""
    rows = tomllib.loads((SHIPPED / "forecasts.toml").read_text(encoding="utf-8"))["forecasts"]
    return tuple(sorted(rows, key=lambda row: row["made"]))


def _scored(row: Mapping[str, Any], data: str) -> Scored:
    checked = [CHECKS[check["kind"]](check, data) for check in row["checks"]]
    since = vintages.sidecar(data).date > row["made"]  # a table from before it was said has nothing to say about it
    told = {key: row[key] for key in ("id", "who", "made", "said", "source", "verified")}
    return Scored(
        **told,
        where=row.get("where", ""),
        note=row.get("note", ""),
        findings=[finding for findings, _ in checked for finding in findings],
        verdict=row.get("judged") or (checked[0][1] if since else None) or "open",
        basis="judged" if "judged" in row else "computed",
    )


# Checks: each gives its findings, and a verdict where it has one.

Result = tuple[list[Finding], Verdict | None]
Check = Callable[[Mapping[str, Any], str], Result]


def line(check: Mapping[str, Any], data: str) -> Result:
    """A straight line in the logarithm against models of later days; the largest of them decides."""
    findings: list[Finding] = []
    for name in check["models"]:
        row = _named(name, data)
        label = f"{check['label']}: {row.model if row else name.split('|')[0]}"
        if row is None or row.compute is None or row.published is None:
            findings.append(Finding(what=f"{label} (not in this table)", unit="share", said=1.0))
            continue
        said = row.confidence.casefold()
        share = row.compute / _on_line(check, row.published)
        findings.append(
            Finding(what=label + (f" ({said})" if said == "speculative" else ""), value=share, unit="share", said=1.0)
        )
    known = [finding.value for finding in findings if finding.value is not None]
    if not known:
        return findings, "open"
    return findings, _within(known[-1])


def growth(check: Mapping[str, Any], data: str) -> Result:
    """Growth a year, with the interval of organizations resampled, against what was said."""
    said = positive(check["said"]) if "said" in check else None
    central = said.median if isinstance(said, LogNormal | SplitLogNormal) else None
    middle = said.value if isinstance(said, Point) else central
    try:
        answer = trend(quantity=check["quantity"], select=check["select"], since=check["since"], data=data)
    except NotEnoughEvidence:
        return [Finding(what=f"growth: {check['label']} (too few models)", unit="x/year", said=middle)], "open"
    found = answer.trend.growth_per_year
    low, high = (float(x) for x in np.quantile(found.samples, [0.05, 0.95]))
    finding = Finding(
        what=f"growth: {check['label']}", value=found.estimate, low=low, high=high, unit="x/year", said=middle
    )
    if said is None or middle is None:
        return [finding], None
    ends = [middle, middle] if isinstance(said, Point) else [float(x) for x in said.quantile(np.array([0.05, 0.95]))]
    doubling = math.log(middle) / math.log(found.estimate)
    if (ends[0] <= high and ends[1] >= low) or 1 / CLOSE_DOUBLING <= doubling <= CLOSE_DOUBLING:
        return [finding], "about right"
    return [finding], "too fast" if ends[0] > high else "too slow"


def later(check: Mapping[str, Any], data: str) -> Result:
    """How far the largest models of later days lie from a line fitted to an older table; and where that line goes."""
    fitted = trend(
        select="frontier", since=check["since"], until=check["after"] - timedelta(1), data=check["fitted"]
    ).trend
    ahead = Finding(
        what=f"{check['label'].removeprefix('later models against ')}, at {check['at']}",
        value=float(fitted.at([check["at"].toordinal()])[0]),
        unit="FLOP",
    )
    try:
        models = trend(select="frontier", since=check["after"], data=data).observations
    except NotEnoughEvidence:
        return [Finding(what=f"{check['label']} (too few models)", unit="dex", said=0.0), ahead], "open"
    gaps = [math.log10(o.value / float(fitted.at([o.day.toordinal()])[0])) for o in models]
    mean = sum(gaps) / len(gaps)
    what = f"{check['label']}, {len(gaps)} models"
    return [Finding(what=what, value=mean, unit="dex", said=0.0), ahead], _within(10**mean)


def spending(check: Mapping[str, Any], data: str) -> Result:
    """Years until a run costs so much, while compute doubles and its price falls tenfold, slowly or fast."""
    del data  # arithmetic alone
    doublings = math.log2(check["to_usd"] / check["from_usd"])
    years = [
        doublings / (12 / check["doubling_months"] - math.log2(10) / tenfold)
        for tenfold in check["price_tenfold_years"]
    ]
    return [
        Finding(
            what=check["label"], value=math.sqrt(min(years) * max(years)), low=min(years), high=max(years), unit="year"
        )
    ], None


def passes(check: Mapping[str, Any], data: str) -> Result:
    """The days on which a run on a line costs as much as some great undertaking, while the price of compute halves."""
    del data
    from comptometer.units import factor, parse

    pfs_day = factor(parse("pfs-day"), parse("FLOP"))
    price = check["usd_per_hour"] * 24 / check["pfs"]
    findings = [Finding(what="price of a pfs-day", value=price, unit="USD")]
    start = check["anchor"]
    priced = date(check["price_year"], 1, 1)
    at_start = (
        _on_line(check, start) / pfs_day * price * 2 ** ((priced - start).days / DAYS_PER_YEAR / check["halving_years"])
    )
    rate = 1 / check["doubling_days"] - 1 / (check["halving_years"] * DAYS_PER_YEAR)  # doublings of the cost per day
    for name, usd in check["amounts"]:
        day = start + timedelta(math.ceil(math.log2(usd / at_start) / rate))
        findings.append(Finding(what=f"{check['label']} {name}", value=usd, unit="USD", day=day))
    return findings, None


def reach(check: Mapping[str, Any], data: str) -> Result:
    """What it takes from the largest value in the table to a target by a day."""
    what = quantity(check["quantity"])
    assert isinstance(what, Quantity)
    rows = [(value, row) for row in vintages.vintage(data).rows if row.published and (value := what.value(row))]
    if not rows:
        return [Finding(what=f"{check['label']}: no {what.name} in this table")], "open"
    value, row = max(rows, key=lambda pair: pair[0])
    assert row.published is not None
    findings = [Finding(what=f"largest so far: {row.model}", value=value, unit=what.unit, day=row.published)]
    if value >= check["target"]:
        return findings, "about right" if row.published <= check["by"] else "too fast"
    if vintages.sidecar(data).date >= check["by"]:
        return findings, "too fast"
    begun = decimal_year(row.published)
    needed = (check["target"] / value) ** (1 / (decimal_year(check["by"]) - begun))
    findings.append(
        Finding(what=f"growth needed from there to {check['label']} by {check['by']}", value=needed, unit="x/year")
    )
    for rate in check.get("growth", ()):
        days = math.log(check["target"] / value) / math.log(rate) * DAYS_PER_YEAR
        reached = row.published + timedelta(math.ceil(days))
        findings.append(
            Finding(what=f"{check['label']} at {rate:g} a year", value=check["target"], unit=what.unit, day=reached)
        )
    return findings, "open"


CHECKS: Mapping[str, Check] = {check.__name__: check for check in (line, growth, later, spending, passes, reach)}


def _within(ratio: float) -> Verdict:
    """The verdict on a forecast of which this share came about."""
    return "too fast" if ratio < 1 / CLOSE else "too slow" if ratio > CLOSE else "about right"


def _on_line(check: Mapping[str, Any], day: date) -> float:
    """FLOP on a line on a day."""
    value = positive(check["value"], "FLOP")
    assert isinstance(value, Point)
    return float(value.value * 2 ** ((day - check["anchor"]).days / check["doubling_days"]))


def _named(names: str, data: str) -> ModelRow | None:
    """The model of a vintage with one of these names, which are parted by "|"."""
    wanted = {folded(name) for name in names.split("|")}
    return next((row for row in vintages.vintage(data).rows if folded(row.model) in wanted), None)
