"""`comptometer models`."""

from __future__ import annotations

import click

from comptometer.cli._print import FORMATS, emit_rows

COLUMNS = ("id", "name", "developer", "published", "domain", "training_compute_flop", "p5", "p95", "ratio", "verdict")


@click.group("models")
def command() -> None:
    """The catalogue's models."""


@command.command("list")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
def listed(form: str) -> None:
    """Every model with its training compute in FLOP, by date.

    \b
    Example:
      comptometer models list --format csv
    """
    from comptometer import text
    from comptometer.catalogue import Models

    entries = sorted(Models().values(), key=lambda entry: (str(entry.dossier.published), entry.name))
    digits = (lambda value: text.number(value, 2)) if form in {"table", "md"} else float
    rows = [
        {
            "id": entry.dossier.id,
            "name": entry.name,
            "developer": entry.dossier.developer,
            "published": str(entry.dossier.published or ""),
            "domain": ", ".join(entry.dossier.domain),
            "training_compute_flop": digits(entry.median),
            "p5": digits(entry.interval()[0]),
            "p95": digits(entry.interval()[1]),
            "ratio": None if entry.ratio is None else digits(entry.ratio),
            "verdict": entry.compute.verdict,
        }
        for entry in entries
    ]
    emit_rows(COLUMNS, rows, form)
