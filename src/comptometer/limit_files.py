"""Files of limits: what they may say, the shipped sets, and a file of one's own on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from comptometer.distribution import LogNormal, normal_quantile
from comptometer.errors import DataError, NotFound, UsageError
from comptometer.files import read_bytes
from comptometer.limits import Amount, Budget, Duration, Kind, Limit, Limits, Price, Stated, positive, rate
from comptometer.places import SHIPPED
from comptometer.shapes import Line, Text, _File, _worded
from comptometer.store import bytes_to_table, shaped, source_ids

FOLDER = SHIPPED / "limits"
DEFAULT = "default"


def _belief(unit: str) -> AfterValidator:
    return _accepted(lambda text: positive(text, unit), "a number or an interval above 0")


def _accepted(read: Callable[[str], object], wanted: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            read(text)
        except UsageError as error:
            raise ValueError(f"{wanted} ({error})") from None
        return text

    return AfterValidator(check)


Factor = Annotated[Text, BeforeValidator(_worded), _belief("")]
Rate = Annotated[Text, BeforeValidator(_worded), _accepted(rate, "a factor a year")]
Dollars = Annotated[Text, BeforeValidator(_worded), _belief("USD")]
Span = Annotated[Text, BeforeValidator(_worded), _belief("month")]
Flop = Annotated[float, Field(gt=0, lt=1e60, allow_inf_nan=False, strict=False)]
Year = Annotated[float, Field(ge=1950, le=2100, allow_inf_nan=False, strict=False)]
Id = Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class QuantilesRow(_File):
    """The published ends of an interval, of 80% or 90%, and its median where that was published too."""

    p5: Flop | None = None
    p10: Flop | None = None
    p50: Flop | None = None
    p90: Flop | None = None
    p95: Flop | None = None

    @model_validator(mode="after")
    def _ordered(self) -> QuantilesRow:
        low, high, _ = self.ends
        middle = self.p50 if self.p50 is not None else math.sqrt(low) * math.sqrt(high)
        if not low < middle < high:
            raise ValueError(f"quantiles that rise, got {low:g}, {middle:g}, {high:g}")
        return self

    @property
    def ends(self) -> tuple[float, float, float]:
        """Both ends, and the probability above the upper one."""
        if self.p10 is not None and self.p90 is not None and self.p5 is self.p95 is None:
            return self.p10, self.p90, 0.1
        if self.p5 is not None and self.p95 is not None and self.p10 is self.p90 is None:
            return self.p5, self.p95, 0.05
        raise ValueError("either p10 and p90 or p5 and p95, and p50 if known")

    @property
    def belief(self) -> LogNormal:
        """Log-normal with the published median and the published width.

        Where no median is published it is the geometric mean of the ends. A median that does not lie there leaves both
        ends shifted by the same factor: a log-normal has two numbers, and the median is the one to keep.
        """
        low, high, tail = self.ends
        score = float(normal_quantile(np.array([1 - tail]))[0])
        median = self.p50 if self.p50 is not None else math.sqrt(low) * math.sqrt(high)
        return LogNormal(median, math.log(high / low) / (2 * score))


class LimitRow(_File):
    """One limit in a file."""

    id: Id
    label: Text
    kind: Kind
    year: Year
    growth: Rate
    source: Text
    where: Line = ""
    growth_source: Line = ""
    growth_where: Line = ""
    verified: bool = False
    included: bool = True
    factor: Line = ""
    note: Line = ""
    quantiles: QuantilesRow | None = None
    budget: Dollars | None = None
    most: Line = ""
    most_growth: Rate | None = None
    share: Factor | None = None
    duration: Span | None = None

    @model_validator(mode="after")
    def _one_form(self) -> LimitRow:
        forms = [name for name in ("quantiles", "budget", "duration") if getattr(self, name) is not None]
        if len(forms) != 1:
            raise ValueError(f"one of quantiles, budget or duration, got {' and '.join(forms) or 'none'}")
        for key, form in (("share", "budget"), ("most", "duration")):
            if form in forms and not getattr(self, key):
                raise ValueError(f"a {key} with a {form}")
        if self.share is not None and "budget" not in forms:
            raise ValueError("no share without a budget")
        if self.most and "quantiles" in forms:
            raise ValueError("no most with quantiles")
        if self.most_growth and not (self.most and "budget" in forms):
            raise ValueError("a budget and its most with most_growth")
        if self.most:
            positive(self.most, "USD" if "budget" in forms else "month")
        return self


class FlopPriceRow(_File):
    """What compute costs."""

    usd_per_flop: Annotated[Text, BeforeValidator(_worded), _belief("")]
    year: Year
    decline: Rate
    source: Text
    where: Line = ""
    verified: bool = False
    note: Line = ""


class StartRow(_File):
    """A trend that a preset brings with it: someone else's, in their own numbers."""

    year: Year
    level: Annotated[Text, BeforeValidator(_worded), _belief("FLOP")]
    growth: Rate
    source: Text
    where: Line = ""
    verified: bool = False
    note: Line = ""


class CommonRow(_File):
    """How much the limits move together that load on the same factor."""

    rho: float = Field(ge=0, le=1, strict=False, allow_inf_nan=False)
    source: Text
    note: Line = ""


# Files


def preset_ids() -> tuple[str, ...]:
    """Names of the shipped sets of limits."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def limits(preset: str = DEFAULT, file: str | Path | None = None) -> Limits:
    """A shipped set of limits, with a file of one's own on top.

    A limit of the file whose id is known replaces the keys that it gives; any other is a new limit.

    Raises:
        NotFound: no such preset or file.
        DataError: everything that is wrong with the file.
    """
    base = _preset(preset)
    if file is None:
        return _made(base, str(FOLDER / f"{preset}.toml"), shipped=True)
    given = bytes_to_table(read_bytes(file), str(file))
    return _made(_merged(base, given, str(file)), str(file), shipped=False)


@cache
def _preset(name: str) -> Mapping[str, Any]:
    if name not in preset_ids():
        raise NotFound("preset", name, get_close_matches(name, preset_ids(), 2) or preset_ids())
    path = FOLDER / f"{name}.toml"
    return bytes_to_table(read_bytes(path), str(path))


TABLES: Mapping[str, type[_File]] = {"price": FlopPriceRow, "start": StartRow, "common": CommonRow}
FORMS = {"quantiles", "budget", "duration"}


def _merged(base: Mapping[str, Any], given: Mapping[str, Any], place: str) -> dict[str, Any]:
    rows = given.get("limits", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(place, ["limits: needs a list of tables, [[limits]]"])
    names = [row.get("id") for row in rows]
    if twice := sorted({str(name) for name in names if names.count(name) > 1}):
        raise DataError(place, [f"limits: {name!r} is there twice" for name in twice])
    merged = {row["id"]: dict(row) for row in base.get("limits", [])}
    for at, row in enumerate(rows, 1):
        old = merged.get(str(row.get("id")), {})
        if FORMS & row.keys() and not FORMS & row.keys() & old.keys():
            old = {key: value for key, value in old.items() if key not in FORMS | {"share", "most", "most_growth"}}
        merged[str(row.get("id", f"[{at}]"))] = old | row
    tables = {name: base.get(name, {}) | _table(given, name, place) for name in TABLES if name in base or name in given}
    return {
        "limits": list(merged.values()),
        **tables,
        **{k: v for k, v in given.items() if k not in {*TABLES, "limits"}},
    }


def _table(given: Mapping[str, Any], name: str, place: str) -> dict[str, Any]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise DataError(place, [f"{name}: needs a table, [{name}]"])
    return value


def _made(table: Mapping[str, Any], place: str, *, shipped: bool) -> Limits:
    problems: list[str] = []

    def checked(shape: type[Any], row: Mapping[str, Any], where: str) -> Any:
        try:
            return shaped(shape, row, where)
        except DataError as error:
            problems.extend(f"{where}: {problem}".replace(": : ", ": ") for problem in error.problems)
            return None

    known = ["limits", *TABLES]
    for key in table.keys() - {*known}:
        near = get_close_matches(key, known, 1)
        problems.append(
            f"{key}: unknown key; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}")
        )
    rows = [checked(LimitRow, row, f"limits[{row.get('id', at)}]") for at, row in enumerate(table.get("limits", []), 1)]
    tables = {name: checked(shape, table[name], name) for name, shape in TABLES.items() if name in table}
    price = tables.get("price")
    if not price and "price" not in table:
        problems += [
            f"limits[{row.id}]: a budget needs a [price] to buy compute at" for row in rows if row and row.budget
        ]
    if shipped:
        cited = [row.source for row in [*rows, *tables.values()] if row]
        cited += [row.growth_source for row in rows if row and row.growth_source]
        cited += [row.growth_source for row in rows if row and row.growth_source]
        problems += [f"no source {name!r} on file" for name in cited if name not in source_ids()]
    if problems:
        raise DataError(place, problems)
    start, common = tables.get("start"), tables.get("common")
    return Limits(
        limits={row.id: _limit(row) for row in rows},
        price=price and Price(
            usd_per_flop=positive(price.usd_per_flop),
            year=price.year,
            decline=positive(price.decline),
            source=price.source,
            where=price.where,
            verified=price.verified,
        ),
        rho=common.rho if common else 0.0,
        start=start and Stated(
            year=start.year,
            level=positive(start.level, "FLOP"),
            growth=positive(start.growth),
            source=start.source,
            where=start.where,
        ),
    )  # fmt: skip


def _limit(row: LimitRow) -> Limit:
    kept = {"id", "label", "kind", "year", "factor", "included", "source", "where",
            "growth_source", "growth_where", "verified", "note"}  # fmt: skip
    return Limit(form=_form(row), growth=positive(row.growth), **row.model_dump(include=kept))


def _form(row: LimitRow) -> Amount | Budget | Duration:
    if row.quantiles is not None:
        return Amount(row.quantiles.belief)
    if row.budget is not None and row.share is not None:
        most = positive(row.most, "USD") if row.most else None
        return Budget(positive(row.budget, "USD"), positive(row.share), most, positive(row.most_growth or "1"))
    assert row.duration is not None
    return Duration(positive(row.duration, "month"), positive(row.most, "month"))
