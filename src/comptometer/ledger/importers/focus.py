"""Bills of clouds in the form FOCUS 1.2, as AWS, Azure and Google export them, in CSV or Parquet.

A bill knows hours and no utilization, and of an instance its type: how many chips it has says `data/instances.toml`, or
a map. Credits, fees and purchases are money; a commitment that was not used computed nothing; a correction takes hours
of an earlier period back, so its hours are negative. Google bills chips by themselves: of its lines only those of a
chip count, else an instance would count once for its chips, once for its cores and once for its memory.

A line of a bill has no number. It is known by account, resource, price and period, and among equals by how many there
are, so a bill that is exported again with other amounts replaces what it said before.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._tables import records
from comptometer.ledger.instances import Chips, google_chip, instances, plain
from comptometer.ledger.instants import Zone
from comptometer.ledger.rows import Job

NEEDED = ("ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd")
IDENTITY = (
    "BillingAccountId", "SubAccountId", "ResourceId", "SkuId", "SkuPriceId", "SkuMeter", "RegionId", "PricingCategory",
    "CommitmentDiscountId", "CommitmentDiscountStatus", "ChargeClass", "BillingPeriodStart", "ChargePeriodStart",
)  # fmt: skip
TAGS = ("model", "stage", "run", "project", "user")
INSTANCE_METERS = re.compile(
    r"(?:.*-)?(?:BoxUsage|SpotUsage|DedicatedUsage)|.*(?:Train|Host|Notebk|Tsform|Cluster|Process).*"
)
ACCELERATED = re.compile(r"(?:p\d|g\d|trn\d|dl\d|inf\d)[\w-]*\.\w+|n[cdpv]\d+\w*(?: \w+)* v\d+")
UNITS = {"h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0, "s": 1.0, "second": 1.0,
         "seconds": 1.0, "min": 60.0, "minute": 60.0, "minutes": 60.0}  # fmt: skip
LONGEST = 1e12  # seconds that a line may hold

Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Map:
    """What the caller says: chips of types on no record, and which tag is the model and so on."""

    instances: Mapping[str, Chips] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@importer("focus", evidence="bill", takes=frozenset({"map", "cluster"}))
def focus(path: Path, options: Options) -> Iterator[Found]:
    """A row for each line that bills chips."""
    meant, seen = _map(options), Counter[str]()
    for number, cells in records(path, options, lambda header: _check(path, header)):
        if isinstance(cells, str):
            yield Wrong(number, cells)
        elif reason := _no_hours(cells, meant):
            yield LeftOut(number, reason)
        else:
            try:
                yield _line(number, cells, options, meant, seen)
            except ValueError as error:
                yield Wrong(number, str(error))


def _check(path: Path, header: Sequence[str]) -> None:
    lacking = [name for name in NEEDED if name not in header]
    if not {"ConsumedQuantity", "PricingQuantity"} & set(header):
        lacking.append("ConsumedQuantity")
    if lacking:
        hint = "export the bill in FOCUS 1.2; a bill of another form can be read as table, with a map"
        raise DataError(path.name, [f"is no bill in FOCUS: it lacks {', '.join(lacking)}; {hint}"])


def _map(options: Options) -> Map:
    """Read the map.

    Raises:
        DataError: it says something else.
    """
    tags, types = options.map.get("tags", {}), options.map.get("instances", {})
    problems = [
        f"{name!r} is unknown; known are instances, tags" for name in options.map if name not in {"instances", "tags"}
    ]
    if not isinstance(tags, dict) or not all(name in TAGS and isinstance(tag, str) for name, tag in tags.items()):
        problems.append(f'[tags]: write e.g. model = "team-model"; known are {", ".join(TAGS)}')
    if not isinstance(types, dict) or not all(_is_chips(said) for said in types.values()):
        problems.append('[instances]: write e.g. "p9.48xlarge" = { chips = 8, chip = "h100-sxm" }')
    if problems:
        raise DataError(options.map_place, problems)
    found = {plain(name): Chips(float(said["chips"]), said["chip"]) for name, said in types.items()}
    return Map({**instances(), **found}, tags)


def _is_chips(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and set(said) == {"chips", "chip"}
        and isinstance(said["chips"], int | float)
        and 0 < said["chips"] <= 10_000
        and isinstance(said["chip"], str)
    )


def _text(cells: Cells, name: str) -> str:
    value = cells.get(name)
    return "" if value is None else str(value).strip()


def _no_hours(cells: Cells, meant: Map) -> str:
    """Why a line holds no hours of a chip; empty where it does, or may."""
    if (category := _text(cells, "ChargeCategory")) != "Usage":
        return f"{category or 'no category'}: money, not hours"
    if "Unused" in {_text(cells, "CommitmentDiscountStatus"), _text(cells, "CapacityReservationStatus")}:
        return "a commitment that was not used: no compute"
    types = _types(cells)
    meter = _text(cells, "SkuMeter").rpartition(":")[0]
    known = [name for name in types if name in meant.instances or ACCELERATED.fullmatch(name)]
    if known and meter and not INSTANCE_METERS.fullmatch(meter):
        return f"{meter.rpartition('-')[2]}: billed beside the hours of an instance"
    return "" if known or _google(cells) else "no chip of those that train"


def _types(cells: Cells) -> list[str]:
    """What may be the type of the instance, as `plain` writes it."""
    meter = _text(cells, "SkuMeter")
    found = [meter.rpartition(":")[2], _text(cells, "x_SkuMeterName"), _text(cells, "x_InstanceType")]
    for column in ("SkuPriceDetails", "x_SkuDetails"):
        details = _json(cells.get(column))
        if isinstance(details, dict):
            found += [
                str(details[name]) for name in ("InstanceType", "x_InstanceType", "ServiceType") if details.get(name)
            ]
    return [plain(part) for text in found for part in text.split("/") if part.strip()]


def _google(cells: Cells) -> str | None:
    """The chip that a line of Google's bills."""
    if "google" not in (_text(cells, "ProviderName") or _text(cells, "ServiceProviderName")).casefold() and _text(
        cells, "ServiceName"
    ) not in {"Compute Engine", "Vertex AI"}:
        return None
    names = (_text(cells, name) for name in ("SkuMeter", "x_SkuDescription", "ChargeDescription"))
    return next((chip for name in names if name and (chip := google_chip(name))), None)


def _line(number: int, cells: Cells, options: Options, meant: Map, seen: Counter[str]) -> Job:
    """A line with hours.

    Raises:
        ValueError: names what is wrong.
    """
    types = _types(cells)
    start, end = _moment(cells, "ChargePeriodStart"), _moment(cells, "ChargePeriodEnd")
    if end <= start:
        raise ValueError(f"ChargePeriodEnd: {end.isoformat()} is not after the start, {start.isoformat()}")
    amount = _seconds(cells)
    if amount < 0 and _text(cells, "ChargeClass") != "Correction":
        raise ValueError("ConsumedQuantity: is negative, and the line is no correction")
    if (billed := _google(cells)) is not None:
        period = (end - start).total_seconds()
        chips, name, amount = abs(amount) / period, billed, math.copysign(period, amount)
    else:
        found = next((meant.instances[name] for name in types if name in meant.instances), None)
        if found is None:
            raise ValueError(f"{types[0]!r} is on no record of instances: say its chips with --map, [instances]")
        chips, name = found.number, found.name
    tags: dict[str, Any] = dict(_tags(cells, meant))
    return Job(
        line=number,
        key=_key(cells, seen),
        job=_text(cells, "ResourceId") or _text(cells, "SkuMeter") or str(number),
        cluster=options.cluster or _text(cells, "ProviderName"),
        name=_text(cells, "ResourceName"),
        partition=_text(cells, "RegionId"),
        started=start,
        ended=end,
        seconds=amount,
        chips=chips,
        chip_name=name,
        outcome="BILLED",
        **tags,
    )


def _moment(cells: Cells, name: str) -> datetime:
    value, utc = cells.get(name), Zone("UTC")  # FOCUS: all instants are in UTC
    try:
        moment = utc.utc(value) if isinstance(value, datetime) else utc.read(_text(cells, name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if moment is None:
        raise ValueError(f"{name}: is missing")
    return moment


def _seconds(cells: Cells) -> float:
    """The hours of a line, in seconds.

    Raises:
        ValueError: no amount, or in a unit that is no time.
    """
    for amount, unit in (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit")):
        if not _text(cells, amount):
            continue
        try:
            value = float(_text(cells, amount))
        except ValueError:
            raise ValueError(f"{amount}: {_text(cells, amount)[:40]!r} is not a number") from None
        block, _, word = _text(cells, unit).casefold().rpartition(" ")
        factor = UNITS.get(word, math.nan) * (float(block) if block.isdigit() else math.nan if block else 1.0)
        if math.isnan(factor):
            raise ValueError(f"{unit}: {_text(cells, unit)[:40]!r} is no unit of time")
        if not abs(value * factor) <= LONGEST:
            raise ValueError(f"{amount}: {value:g} is out of its bounds")
        return value * factor
    raise ValueError("ConsumedQuantity: is missing")


def _key(cells: Cells, seen: Counter[str]) -> str:
    said = "\x1f".join(_text(cells, name) for name in IDENTITY)
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    seen[digest] += 1
    return f"bill/{digest}/{seen[digest]}"


def _tags(cells: Cells, meant: Map) -> dict[str, str]:
    """Model, stage, run, project and user by the tags of a line."""
    value = _json(cells.get("Tags"))
    if isinstance(value, list):  # [{"key": …, "value": …}], or the pairs of Parquet
        pairs = [(tag.get("key"), tag.get("value")) if isinstance(tag, dict) else tag for tag in value]
        value = {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, tuple | list) and len(pair) == 2}
    if not isinstance(value, dict):
        value = {}
    own = {re.sub(r"^user[_:]", "", str(name)): str(said) for name, said in value.items() if said is not None}
    found = {name: own.get(meant.tags.get(name, name), "") for name in TAGS}
    return {**found, "project": found["project"] or _text(cells, "SubAccountName") or _text(cells, "SubAccountId")}


def _json(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
