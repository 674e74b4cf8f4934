"""Reads and checks the data files; reports every problem of a file at once, with its place.

A data folder holds `sources/*.toml`, `chips/<vendor>/*.toml`, `models/<developer>/*.toml` and `assumptions.toml`.
The shipped one is always there; a user's own (`COMPTOMETER_DATA`, or the `comptometer` folder of the
configuration directory) may add chips, sources and models beside it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from comptometer import units
from comptometer.distribution import LogStudentT, Truncated
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError
from comptometer.files import LARGEST_FILE, read_bytes
from comptometer.machine_names import several
from comptometer.notation import parse
from comptometer.places import SHIPPED as SHIPPED
from comptometer.places import folders as folders
from comptometer.records import Assumption, Chip, Facts, MeasuredPower, Peak, Price, Source, heavy_text
from comptometer.vocabulary import ASSUMED, scaled

if TYPE_CHECKING:
    from comptometer.shapes import AssumptionRow, ChipFile, PeakRow, SourceFile, _File

# Files


def bytes_to_table(raw: bytes, place: str) -> dict[str, Any]:
    """Parse TOML that somebody gave us.

    Raises:
        DataError: too large, not UTF-8, not TOML.
    """
    if len(raw) > LARGEST_FILE:
        raise DataError(place, [f"{len(raw):,} bytes is no dossier; the limit is {LARGEST_FILE:,}"])
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(place, [f"is not UTF-8 (byte {error.start}); save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(place, [f"is not TOML: {error}"]) from None
    except (RecursionError, ValueError):
        raise DataError(place, ["is nested too deeply or holds a number that cannot be"]) from None


F = TypeVar("F", bound="_File")


def shaped(shape: type[F], table: Mapping[str, Any], place: str) -> F:
    """Check a table against the shape of its file.

    Raises:
        DataError: every departure from the shape, with its place.
    """
    from pydantic import ValidationError

    try:
        return shape.model_validate(table)
    except ValidationError as error:
        raise DataError(place, [_problem(item, shape) for item in error.errors(include_url=False)]) from None


def _problem(item: Any, shape: type[_File]) -> str:
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "extra_forbidden":
        known = _keys(shape, item["loc"][:-1])
        near = get_close_matches(str(item["loc"][-1]), known, 1)
        return f"{where}: unknown key" + (f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}")
    if item["type"] == "missing":
        return f"{where}: is missing"
    message = str(item["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{where}: needs {message}, got {str(item['input'])[:60]!r}"


def _keys(shape: type[_File], location: Sequence[int | str]) -> list[str]:
    from comptometer import shapes

    rows: Mapping[str, type[_File]] = {
        "claims": shapes.ClaimRow,
        "stages": shapes.StageRow,
        "sources": shapes.SourceFile,
        "peaks": shapes.PeakRow,
        "prices": shapes.PriceRow,
        "measured_power": shapes.PowerRow,
        "assumptions": shapes.AssumptionRow,
    }
    named = [rows[part] for part in location if isinstance(part, str) and part in rows]
    return [field.alias or key for key, field in (named[-1] if named else shape).model_fields.items()]


# Sources and chips


@cache
def source_ids() -> frozenset[str]:
    """Names of all sources on file."""
    return frozenset(path.stem for folder in folders() for path in folder.glob("sources/*.toml"))


@cache
def source(source_id: str) -> Source:
    """One source on file.

    Raises:
        NotFound: with the nearest names.
    """
    from comptometer.shapes import SourceFile

    for folder in reversed(folders()):
        path = folder / "sources" / f"{source_id}.toml"
        if "/" not in source_id and path.is_file():
            return to_source(source_id, shaped(SourceFile, bytes_to_table(read_bytes(path), str(path)), str(path)))
    raise NotFound("source", source_id, get_close_matches(source_id, source_ids(), 2))


def to_source(source_id: str, row: SourceFile) -> Source:
    """The record of a checked source file."""
    return Source(id=source_id, **row.model_dump())


@cache
def chip_ids() -> tuple[str, ...]:
    """Names of all chips on file, `vendor/name`."""
    return tuple(sorted(ids("chips")))


@cache
def chip_record(chip_id: str) -> Chip:
    """The chip with exactly this id.

    Raises:
        NotFound: with the nearest names.
    """
    from comptometer.shapes import ChipFile

    path = path_of("chips", chip_id)
    if path is None:
        raise NotFound("chip", chip_id, get_close_matches(chip_id, chip_ids(), 2))
    return _chip(chip_id, shaped(ChipFile, bytes_to_table(read_bytes(path), str(path)), str(path)), str(path))


def _chip(chip_id: str, row: ChipFile, place: str) -> Chip:
    problems: list[str] = []

    def measured(text: str, unit: str, key: str) -> float | None:
        try:
            value = _point(text, unit) if text else None
            if value is not None and value <= 0:
                problems.append(f"{key}: must be above 0, got {text!r}")
            return value
        except ComptometerError as error:
            problems.append(f"{key}: {error}")
            return None

    peaks = [
        Peak(**(peak.model_dump() | {"value": measured(_rate(peak), "FLOP/s", f"peaks[{at}].value") or 0.0}))
        for at, peak in enumerate(row.peaks, 1)
    ]
    prices = [
        Price(
            usd=measured(price.value, "USD/h" if price.kind == "cloud" else "USD", f"prices[{at}].value") or 0.0,
            **price.model_dump(exclude={"value"}),
        )
        for at, price in enumerate(row.prices, 1)
    ]
    power = None
    if row.measured_power:
        watts = {
            f"{key}_watt": measured(getattr(row.measured_power, key), "W", f"measured_power.{key}")
            for key in ("mean", "least", "most")
        }
        cited = row.measured_power.model_dump(include={"source", "where", "verified"})
        power = MeasuredPower(**cited, **watts)  # type: ignore[arg-type]
    chip = Chip(
        id=chip_id,
        peaks=peaks,
        prices=prices,
        sources=[Facts(**facts.model_dump()) for facts in row.sources],
        measured_power=power,
        tdp_watt=measured(row.tdp, "W", "tdp"),
        memory_bytes=measured(row.memory, "B", "memory"),
        memory_bytes_per_second=measured(row.memory_bandwidth, "B/s", "memory_bandwidth"),
        scale_up_bytes_per_second=measured(row.scale_up, "B/s", "scale_up"),
        **row.model_dump(exclude=_MADE_OF_TEXT),
    )
    problems += _contradictions(chip)
    if problems:
        raise DataError(place, problems)
    return chip


_MADE_OF_TEXT = {"peaks", "prices", "sources", "measured_power", "tdp", "memory", "memory_bandwidth", "scale_up"}


def _rate(peak: PeakRow) -> str:
    """The rate as written; integer operations are no FLOP, and are allowed here only."""
    return peak.value.replace("OP/s", "FLOP/s") if peak.precision == "int8" else peak.value


def _contradictions(chip: Chip) -> list[str]:
    """What a record says that cannot be, or cannot be looked up."""
    problems = [f"no source {name!r} on file" for name in chip.cited if name not in source_ids()]
    kinds = [(p.precision, p.sparse, p.accumulate, p.clock, p.path, p.headline) for p in chip.peaks]
    problems += [
        f"peaks: two {kind[0]} peaks of the same kind" for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1
    ]
    known = {peak.precision for peak in chip.peaks if not peak.sparse}
    return problems + [f"default_precision: no dense peak for {p!r}" for p in chip.default_precision if p not in known]


def _point(text: str, unit: str) -> float:
    notation = parse(text)
    value = getattr(notation.belief, "value", None)
    if value is None:
        raise UsageError(f"{text!r} must be one number")
    return float(value) * units.factor(units.parse(notation.unit), units.parse(unit))


def ids(kind: str) -> Iterable[str]:
    """Names of all records of a kind, `folder/stem`."""
    for folder in folders():
        for path in folder.glob(f"{kind}/*/*.toml"):
            yield f"{path.parent.name}/{path.stem}"


def path_of(kind: str, record_id: str, *, shipped: bool = False) -> Path | None:
    """The file of a record; a user's own comes before the shipped one, unless only that is wanted."""
    vendor, _, name = record_id.partition("/")
    if not vendor or not name or any(part in {"", ".", ".."} or "/" in part or "\\" in part for part in (vendor, name)):
        return None
    found = [folder / kind / vendor / f"{name}.toml" for folder in ([SHIPPED] if shipped else reversed(folders()))]
    return next((path for path in found if path.is_file()), None)


# Names of chips


@cache
def _chip_names() -> Mapping[str, tuple[str, ...]]:
    """Every spelling of a chip, folded, with the ids that it may mean.

    Each name also counts with the vendor's before it. A name of one chip comes before one of several.
    """
    exact: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for chip_id in chip_ids():
        head = _head(chip_id)
        vendor = folded(head["vendor"])
        owned = [chip_id, chip_id.partition("/")[2], head["name"], *head["aliases"]]
        for names, index in ((owned, exact), ([head["family"], *head["shared_names"]], shared)):
            for name in map(folded, names):
                for spelling in {name, name if name.startswith(vendor) else vendor + name}:
                    index.setdefault(spelling, set()).add(chip_id)
    clashes = [
        f"{' and '.join(sorted(owners))} both answer to {name!r}" for name, owners in exact.items() if len(owners) > 1
    ]
    if clashes:
        raise DataError("chips", clashes)
    return {name: tuple(sorted(owners)) for name, owners in {**shared, **exact}.items()}


_NAMES: Mapping[str, Any] = {"name": None, "vendor": None, "family": None, "aliases": [], "shared_names": []}


def _head(chip_id: str) -> dict[str, Any]:
    """The names of a chip, from the first lines of its file: a tenth of the time that the whole record takes.

    A one-line string or list of TOML is JSON as a rule; a file that writes its names otherwise is read whole.
    """
    path = path_of("chips", chip_id)
    if path is None:
        raise NotFound("chip", chip_id)
    head = dict(_NAMES)
    for line in read_bytes(path).split(b"\n[", 1)[0].split(b"\n"):
        key, _, value = line.partition(b"=")
        if (name := key.strip().decode(errors="replace")) in _NAMES:
            try:
                head[name] = json.loads(value)
            except ValueError:
                head[name] = None
    names = [head["name"], head["vendor"], head["family"], *(head["aliases"] or []), *(head["shared_names"] or [])]
    if None not in head.values() and all(isinstance(name, str) and name for name in names):
        return head
    record = chip_record(chip_id)  # says all that is wrong with the file
    return {key: getattr(record, key) for key in _NAMES}


def folded(name: str) -> str:
    """A name without case, spaces and punctuation, as names are compared."""
    return "".join(filter(str.isalnum, name.casefold()))


@cache
def chips_named(name: str) -> tuple[Chip, ...]:
    """The chips that a name may mean: one, or the members of a family such as "H100".

    Raises:
        NotFound: with the nearest names.
    """
    path = path_of("chips", name)
    if path is not None:
        return (chip_record(name),)
    names = _chip_names()
    ids = names.get(folded(name), ())
    if not ids:
        if together := several(name, lambda spelling: names.get(folded(spelling), ())):
            raise NotFound("chip", name, hint=str(together))
        near = get_close_matches(folded(name), names, 4, 0.6)
        suggestions = dict.fromkeys(chip_id for close in near for chip_id in names[close])
        raise NotFound("chip", name, list(suggestions)[:3])
    return tuple(chip_record(chip_id) for chip_id in ids)


# Assumptions


@cache
def assumptions(file: str = "assumptions") -> Mapping[str, Assumption]:
    """The defaults of a file, by id: of training compute, or with "cost-assumptions" of cost and energy."""
    from comptometer.shapes import AssumptionsFile

    path = SHIPPED / f"{file}.toml"
    rows = shaped(AssumptionsFile, bytes_to_table(read_bytes(path), str(path)), str(path)).assumptions
    return {row.id: _assumption(row) for row in rows}


def _assumption(row: AssumptionRow) -> Assumption:
    notation = parse(row.value)
    belief = LogStudentT(_point(row.value, ""), row.spread_dex) if row.spread_dex else notation.belief
    if notation.unit:
        belief = scaled(belief, units.factor(units.parse(notation.unit), units.parse(ASSUMED[row.about])))
    value = heavy_text(belief) if row.spread_dex else row.value
    if row.within:
        belief = Truncated(belief, *row.within)  # type: ignore[arg-type]
    return Assumption(
        belief=belief,
        value=value,
        least_parameters=_point(row.least_parameters, ""),
        most_parameters=_point(row.most_parameters, "") if row.most_parameters else float("inf"),
        **row.model_dump(exclude={"value", "spread_dex", "within", "least_parameters", "most_parameters"}),
    )
