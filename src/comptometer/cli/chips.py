"""`comptometer chips`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import chips
from comptometer.cli._dates import FIRST, LAST
from comptometer.cli._once import Once
from comptometer.cli._print import FORMATS, emit_json, emit_rows, json_option

if TYPE_CHECKING:
    from datetime import date

    from comptometer.records import Chip

FOR_PEOPLE = ("table", "md")
BRIEF = ("id", "name", "announced", "available", "unit", "dies_per_unit", "precision", "peak_tflop_per_s")
SPOKEN = {"dies_per_unit": "dies", "peak_tflop_per_s": "peak TFLOP/s"}
SPARE = ("announced", "dies_per_unit", "name")  # what a narrow terminal can do without
PEAKS_SPARE = ("name", "verified", "accumulate", "path")
COLUMNS = (
    "id", "name", "vendor", "family", "kind", "form_factor", "announced", "available", "unit", "dies_per_unit",
    "devices_per_unit", "precision", "peak_tflop_per_s", "tdp_watt", "memory_gb", "memory_gb_per_s",
)  # fmt: skip
PEAK_COLUMNS = (
    "id", "name", "available", "precision", "peak_tflop_per_s", "sparse", "clock", "path", "accumulate", "source",
    "verified",
)  # fmt: skip


@click.group("chips")
def command() -> None:
    """The catalogue's chips."""


@command.command("list", cls=Once)
@click.option("--vendor", help="Only chips of this vendor.")
@click.option("--kind", type=click.Choice(["gpu", "tpu", "cpu", "accelerator"]), help="Only chips of this kind.")
@click.option("--family", help='Only the chips that share this name, e.g. "H100".')
@click.option(
    "--since", type=FIRST, metavar="DATE", help="Available on this day or later; announced, where that is all."
)
@click.option("--until", type=LAST, metavar="DATE", help="Available on this day or before.")
@click.option("--precision", help="Only chips with a dense peak in this number format, and that peak.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
def listed(
    vendor: str | None,
    kind: str | None,
    family: str | None,
    since: date | None,
    until: date | None,
    precision: str | None,
    form: str,
) -> None:
    """Every chip with the dense peak that is taken where nobody says, in TFLOP/s (int8: TOP/s).

    \b
    Examples:
      comptometer chips list
      comptometer chips list --vendor google --since 2020-01-01 --precision int8 --format csv
    """
    from comptometer import store
    from comptometer.days import window
    from comptometer.errors import UsageError

    *_, problems = window(since, until)
    if problems:
        raise UsageError.of(problems)
    found: Iterable[Chip] = [store.chip_record(name) for name in store.chip_ids()]
    if vendor:
        found = _called("vendor", vendor, found)
    if family:
        found = _called("family", family, found)
    if precision:
        precision = _format(precision)
    rows = [
        _row(chip, [precision] if precision else chip.default_precision)
        for chip in found
        if (not kind or chip.kind == kind)
        and _within(chip, since, until)
        and (not precision or chip.has_peak(precision))
    ]
    emit_rows(BRIEF if form in FOR_PEOPLE else COLUMNS, rows, form, spoken=SPOKEN, spare=SPARE)


def _called(key: str, name: str, chips: Iterable[Chip]) -> list[Chip]:
    """The chips whose vendor or family is called so; with the nearest names where none is."""
    from difflib import get_close_matches

    from comptometer.errors import NotFound
    from comptometer.store import folded

    by_name: dict[str, list[Chip]] = {}
    for chip in chips:
        by_name.setdefault(getattr(chip, key), []).append(chip)
    found = [chip for known, group in by_name.items() if folded(known) == folded(name) for chip in group]
    if not found:
        near = {folded(known): known for known in by_name}
        close = get_close_matches(folded(name), near, 3) or [known for known in near if folded(name) in known][:3]
        raise NotFound(key, name, [near[known] for known in close])
    return found


def _format(name: str) -> str:
    from comptometer.errors import UsageError
    from comptometer.vocabulary import FORMATS as KNOWN

    if name.casefold() not in KNOWN:
        raise UsageError(f"--precision: {name!r} is not one of {', '.join(KNOWN)}")
    return name.casefold()


def _within(chip: Chip, since: date | None, until: date | None) -> bool:
    day = chip.available or chip.announced
    if not since and not until:
        return True
    return day is not None and (not since or since <= day) and (not until or day <= until)


def _row(chip: Chip, precisions: Sequence[str]) -> dict[str, Any]:
    peaks = [chip.peak(name).value / 1e12 for name in precisions]
    return {
        "id": chip.id,
        "name": chip.name,
        "vendor": chip.vendor,
        "family": chip.family,
        "kind": chip.kind,
        "form_factor": chip.form_factor,
        "announced": str(chip.announced or ""),
        "available": str(chip.available or ""),
        "unit": chip.unit,
        "dies_per_unit": chip.dies_per_unit,
        "devices_per_unit": chip.devices_per_unit,
        "precision": " or ".join(precisions),
        "peak_tflop_per_s": " or ".join(f"{peak:g}" for peak in peaks),
        "tdp_watt": chip.tdp_watt,
        "memory_gb": chip.memory_bytes and chip.memory_bytes / 1e9,
        "memory_gb_per_s": chip.memory_bytes_per_second and chip.memory_bytes_per_second / 1e9,
    }


@command.command("show")
@click.argument("name", shell_complete=chips)
@json_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="Print the peaks only, as a table of this kind.")
def show(name: str, as_json: bool, form: str | None) -> None:
    """All that is on record about one chip, or what a family such as "H100" can mean and why that matters.

    \b
    Examples:
      comptometer chips show h100-sxm
      comptometer chips show h100
    """
    from comptometer import store
    from comptometer.chip_facts import document
    from comptometer.cli import _chip_page
    from comptometer.errors import UsageError

    found = store.chips_named(name)
    if as_json and form:
        raise UsageError("--json prints the whole record and --format its peaks: give one of them")
    if as_json:
        emit_json(document(found, name))
    elif form:
        peaks = [_peak_row(chip, peak) for chip in found for peak in chip.peaks]
        emit_rows(PEAK_COLUMNS, peaks, form, spoken=SPOKEN, spare=PEAKS_SPARE)
    else:
        click.echo(_chip_page.page(found, name))


def _peak_row(chip: Chip, peak: Any) -> dict[str, Any]:
    return {
        "id": chip.id,
        "name": chip.name,
        "available": str(chip.available or ""),
        "precision": peak.precision,
        "peak_tflop_per_s": peak.value / 1e12,
        "sparse": peak.sparse,
        "clock": peak.clock,
        "path": peak.path,
        "accumulate": peak.accumulate,
        "source": peak.source,
        "verified": peak.verified,
    }
