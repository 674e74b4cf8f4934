"""`comptometer chips`."""

from __future__ import annotations

import click

from comptometer.cli._complete import chips
from comptometer.cli._print import FORMATS, emit_rows

COLUMNS = (
    "id",
    "name",
    "available",
    "precision",
    "peak_tflop_per_s",
    "sparse",
    "clock",
    "accumulate",
    "source",
    "verified",
)


@click.group("chips")
def command() -> None:
    """The catalogue's chips."""


@command.command("list")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
def listed(form: str) -> None:
    """Every chip with the dense peak that is taken where nobody says, in TFLOP/s.

    \b
    Example:
      comptometer chips list
    """
    from comptometer import store

    found = [store.chip_record(name) for name in store.chip_ids()]
    rows = [
        {
            "id": chip.id,
            "name": chip.name,
            "available": str(chip.available or chip.announced or ""),
            "unit": chip.unit,
            "dies_per_unit": chip.dies_per_unit,
            "precision": " or ".join(chip.default_precision),
            "peak_tflop_per_s": " or ".join(f"{chip.peak(name).value / 1e12:g}" for name in chip.default_precision),
        }
        for chip in found
    ]
    emit_rows(("id", "name", "available", "unit", "dies_per_unit", "precision", "peak_tflop_per_s"), rows, form)


@command.command("show")
@click.argument("name", shell_complete=chips)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
def show(name: str, form: str) -> None:
    """Every peak of one chip, or of a family such as "H100", with clock, accumulation and source.

    \b
    Example:
      comptometer chips show h100
    """
    from comptometer import store

    rows = [
        {
            "id": chip.id,
            "name": chip.name,
            "available": str(chip.available or ""),
            "precision": peak.precision,
            "peak_tflop_per_s": peak.value / 1e12,
            "sparse": peak.sparse,
            "clock": peak.clock,
            "accumulate": peak.accumulate,
            "source": peak.source,
            "verified": peak.verified,
        }
        for chip in store.chips_named(name)
        for peak in chip.peaks
    ]
    emit_rows(COLUMNS, rows, form)
