"""Reads and checks the data files; reports every problem of a file at once, with its place.

A data folder holds `sources/*.toml`, `chips/<vendor>/*.toml`, `models/<developer>/*.toml` and `assumptions.toml`.
The shipped one is always there; a user's own (`COMPTOMETER_DATA`, or the `comptometer` folder of the
configuration directory) may add chips, sources and models beside it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from comptometer import units
from comptometer.distribution import LogStudentT, Truncated
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError
from comptometer.files import LARGEST_FILE, read_bytes
from comptometer.machine_names import several
from comptometer.notation import parse
from comptometer.own_records import own_files, unreadable, warn_of_misplaced
from comptometer.places import SHIPPED as SHIPPED
from comptometer.places import folders as folders
from comptometer.records import Assumption, Chip, Facts, MeasuredPower, Peak, Price, Source, heavy_text
from comptometer.vocabulary import ASSUMED, scaled

if TYPE_CHECKING:
    from comptometer.shapes import _File

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
R = TypeVar("R")


def record(path: Path, shape: str, make: Callable[[Mapping[str, Any]], R]) -> R:
    """A record made of the table in a file.

    A user's own file is checked against its shape first. The tests do that for the shipped ones, and loading the shapes
    takes longer than all else; one that does not fit all the same is then checked, so that its problems are told.

    Args:
        path: of the file.
        shape: name of its shape in `shapes`.
        make: makes the record, with the defaults of its class for what the table does not say.

    Raises:
        DataError: every problem found.
    """
    table = bytes_to_table(read_bytes(path), str(path))
    if path.is_relative_to(SHIPPED):
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            return make(table)
    return make(checked(shape, table, str(path)))


def checked(shape: str, table: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """A table that has the shape of its file, with texts for the numbers and dates that stand for texts.

    Raises:
        DataError: every departure from the shape, with its place.
    """
    from comptometer import shapes

    fitting: _File = shaped(getattr(shapes, shape), table, place)
    return fitting.model_dump(exclude_unset=True, by_alias=True)


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
    """The keys of the table at a place of a file, by the types of its fields."""
    for part in location:
        fields = {field.alias or key: field for key, field in shape.model_fields.items()}
        if part in fields:
            shape = next(_tables(fields[str(part)].annotation), shape)
    return [field.alias or key for key, field in shape.model_fields.items()]


def _tables(annotation: Any) -> Iterator[type[_File]]:
    """The shapes of tables within a type, as in `list[ClaimRow]` or `LedgerRow | None`."""
    if hasattr(annotation, "model_fields"):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables(inner)


# Sources and chips


@cache
def source_ids() -> frozenset[str]:
    """Names of all sources on file."""
    broken = _broken_sources()
    return frozenset(
        path.stem
        for folder in folders()
        for path in folder.glob("sources/*.toml")
        if folder == SHIPPED or path.stem not in broken
    )


@cache
def _broken_sources() -> frozenset[str]:
    return unreadable("sources", _read_source)


def _read_source(path: Path, source_id: str) -> Source:
    return record(path, "SourceFile", lambda table: to_source(source_id, table))


@cache
def source(source_id: str) -> Source:
    """One source on file.

    Raises:
        NotFound: with the nearest names.
    """
    for folder in reversed(folders()) if "/" not in source_id else ():
        path = folder / "sources" / f"{source_id}.toml"
        if path.is_file() and (folder == SHIPPED or source_id not in _broken_sources()):
            return _read_source(path, source_id)
    raise NotFound("source", source_id, get_close_matches(source_id, source_ids(), 2))


def to_source(source_id: str, table: Mapping[str, Any]) -> Source:
    """The record of a source; its date may be one of TOML."""
    published = table.get("published", "")
    return Source(
        id=source_id, **{**table, "published": published.isoformat() if isinstance(published, date) else published}
    )


@cache
def chip_ids() -> tuple[str, ...]:
    """Names of all chips on file, `vendor/name`; a user's own that cannot be read is left out, with a warning."""
    warn_of_misplaced("chips", "vendor", b"[[peaks]]")
    return ids_on_file("chips", _broken_chips())


@cache
def _broken_chips() -> frozenset[str]:
    return unreadable("chips", _read_chip)


def _read_chip(path: Path, chip_id: str) -> Chip:
    return record(path, "ChipFile", lambda table: _chip(chip_id, table, str(path)))


@cache
def chip_record(chip_id: str) -> Chip:
    """The chip with exactly this id.

    Raises:
        NotFound: with the nearest names.
    """
    path = usable_path("chips", chip_id, _broken_chips())
    if path is None:
        raise NotFound("chip", chip_id, get_close_matches(chip_id, chip_ids(), 2))
    return _read_chip(path, chip_id)


def _chip(chip_id: str, table: Mapping[str, Any], place: str) -> Chip:
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
        Peak(**{**peak, "value": measured(_rate(peak), "FLOP/s", f"peaks[{at}].value") or 0.0})
        for at, peak in enumerate(table["peaks"], 1)
    ]
    prices = [
        Price(
            usd=measured(price["value"], _price_unit(price), f"prices[{at}].value") or 0.0,
            **_without(price, {"value"}),
        )
        for at, price in enumerate(table.get("prices", ()), 1)
    ]
    plain = _without(table, _MADE_OF_TEXT)
    plain |= {key: float(plain[key]) for key in _NUMBERS & plain.keys()}
    power = None
    if used := table.get("measured_power"):
        watts: dict[str, Any] = {
            f"{key}_watt": measured(used.get(key, ""), "W", f"measured_power.{key}") for key in _WATTS
        }
        power = MeasuredPower(**_without(used, _WATTS), **watts)
    chip = Chip(
        id=chip_id,
        peaks=peaks,
        prices=prices,
        sources=[Facts(**facts) for facts in table.get("sources", ())],
        measured_power=power,
        tdp_watt=measured(table.get("tdp", ""), "W", "tdp"),
        memory_bytes=measured(table.get("memory", ""), "B", "memory"),
        memory_bytes_per_second=measured(table.get("memory_bandwidth", ""), "B/s", "memory_bandwidth"),
        scale_up_bytes_per_second=measured(table.get("scale_up", ""), "B/s", "scale_up"),
        **plain,
    )
    problems += _contradictions(chip)
    if problems:
        raise DataError(place, problems)
    return chip


_MADE_OF_TEXT = {"peaks", "prices", "sources", "measured_power", "tdp", "memory", "memory_bandwidth", "scale_up"}
_NUMBERS = {"process_nm", "base_mhz", "boost_mhz", "shader_mhz"}  # may be written as whole ones
_WATTS = {"mean", "least", "most"}


def _without(table: Mapping[str, Any], keys: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


def _price_unit(price: Mapping[str, Any]) -> str:
    return "USD/h" if price["kind"] == "cloud" else "USD"


def _rate(peak: Mapping[str, Any]) -> str:
    """The rate as written; integer operations are no FLOP, and are allowed here only."""
    value: str = peak["value"]
    return value.replace("OP/s", "FLOP/s") if peak["precision"] == "int8" else value


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


def paths(kind: str, *, shipped: bool = False) -> Mapping[str, Path]:
    """The file of every record of a kind, by its id `folder/stem`; a user's own comes before the shipped one.

    Args:
        kind: the folder of the records.
        shipped: only those that are shipped.
    """
    places = [SHIPPED] if shipped else folders()
    return {f"{path.parent.name}/{path.stem}": path for folder in places for path in folder.glob(f"{kind}/*/*.toml")}


def ids(kind: str, *, shipped: bool = False) -> Iterable[str]:
    """Names of all records of a kind, or of the shipped ones, `folder/stem`."""
    return paths(kind, shipped=shipped).keys()


def ids_on_file(kind: str, broken: Collection[str]) -> tuple[str, ...]:
    """Names of all records of a kind that can be read, given those of the user's own that cannot."""
    return tuple(sorted(usable(kind, broken)))


def usable(kind: str, broken: Collection[str]) -> Mapping[str, Path]:
    """The files of all records of a kind that can be read; a shipped one stands in for a broken one of its name."""
    found = paths(kind)
    if not broken:
        return found
    shipped = paths(kind, shipped=True)
    readable = {record_id: path for record_id, path in found.items() if record_id not in broken}
    return {**shipped, **readable}


def usable_path(kind: str, record_id: str, broken: Collection[str]) -> Path | None:
    """The file of a record: where a user's own is broken, the shipped one if there is one, or else the broken one."""
    shipped = path_of(kind, record_id, shipped=True) if record_id in broken else None
    return shipped or path_of(kind, record_id)


def path_of(kind: str, record_id: str, *, shipped: bool = False) -> Path | None:
    """The file of a record; a user's own comes before the shipped one, unless only that is wanted."""
    vendor, _, name = record_id.partition("/")
    if not vendor or not name or any(part in {"", ".", ".."} or "/" in part or "\\" in part for part in (vendor, name)):
        return None
    found = [folder / kind / vendor / f"{name}.toml" for folder in ([SHIPPED] if shipped else reversed(folders()))]
    return next((path for path in found if path.is_file()), None)


# Names of chips


@cache
def chip_spellings() -> Mapping[str, tuple[str, ...]]:
    """Every spelling of a chip, folded, with the ids that it may mean.

    Each name also counts with the vendor's before it. A name of one chip comes before one of several, and a user's own
    chip before a shipped one; where several of the user's own share a name it may mean each of them.
    """
    own = {f"{path.parent.name}/{path.stem}" for path in own_files("chips/*/*.toml")} - _broken_chips()
    exact: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for chip_id, path in usable("chips", _broken_chips()).items():
        head = _head(chip_id, path)
        vendor = folded(head["vendor"])
        owned = [chip_id, chip_id.partition("/")[2], head["name"], *head["aliases"]]
        for names, index in ((owned, exact), ([head["family"], *head["shared_names"]], shared)):
            for name in map(folded, names):
                for spelling in {name, name if name.startswith(vendor) else vendor + name}:
                    index.setdefault(spelling, set()).add(chip_id)
    exact = {name: owners & own or owners for name, owners in exact.items()}
    clashes = [
        f"{' and '.join(sorted(owners))} both answer to {name!r}"
        for name, owners in exact.items()
        if len(owners) > 1 and not owners & own
    ]
    if clashes:
        raise DataError("chips", clashes)
    return {name: tuple(sorted(owners)) for name, owners in {**shared, **exact}.items()}


_NAMES: Mapping[str, Any] = {"name": None, "vendor": None, "family": None, "aliases": [], "shared_names": []}


_HEAD = re.compile(rf"^\s*({'|'.join(_NAMES)})\s*=(.*)$".encode(), re.MULTILINE)


def _head(chip_id: str, path: Path) -> dict[str, Any]:
    """The names of a chip, from the first lines of its file: a tenth of the time that the whole record takes.

    A one-line string or list of TOML is JSON as a rule; a file that writes its names otherwise is read whole.
    """
    head = dict(_NAMES)
    for key, value in _HEAD.findall(read_bytes(path).split(b"\n[", 1)[0]):
        try:
            head[key.decode()] = json.loads(value.decode())
        except ValueError:
            head[key.decode()] = None
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
    if found := chip_ids_named(name):
        return tuple(chip_record(chip_id) for chip_id in found)
    names = chip_spellings()
    if together := several(name, lambda spelling: names.get(folded(spelling), ())):
        raise NotFound("chip", name, hint=str(together))
    near = get_close_matches(folded(name), names, 4, 0.6)
    suggestions = dict.fromkeys(chip_id for close in near for chip_id in names[close])
    raise NotFound("chip", name, list(suggestions)[:3])


def chip_ids_named(name: str) -> tuple[str, ...]:
    """The ids of the chips that a name may mean; none where it is no chip's."""
    return (name,) if path_of("chips", name) is not None else chip_spellings().get(folded(name), ())


# Assumptions


@cache
def assumptions(file: str = "assumptions") -> Mapping[str, Assumption]:
    """The defaults of a file, by id: of training compute, or with "cost-assumptions" of cost and energy."""
    return record(SHIPPED / f"{file}.toml", "AssumptionsFile", _assumptions)


def _assumptions(table: Mapping[str, Any]) -> Mapping[str, Assumption]:
    return {row["id"]: _assumption(row) for row in table["assumptions"]}


def _assumption(row: Mapping[str, Any]) -> Assumption:
    notation, spread_dex = parse(row["value"]), row.get("spread_dex")
    belief = LogStudentT(_point(row["value"], ""), spread_dex) if spread_dex else notation.belief
    if notation.unit:
        belief = scaled(belief, units.factor(units.parse(notation.unit), units.parse(ASSUMED[row["about"]])))
    value = heavy_text(belief) if spread_dex else row["value"]
    if row.get("within"):
        belief = Truncated(belief, *row["within"])  # type: ignore[arg-type]
    parameters: dict[str, Any] = {
        key: _point(row[key], "") for key in ("least_parameters", "most_parameters") if row.get(key)
    }
    made = {"value", "spread_dex", "within", *parameters}
    return Assumption(belief=belief, value=value, **parameters, **_without(row, made))
