"""`comptometer cost`."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from comptometer.cli._complete import models
from comptometer.cli._dates import FIRST
from comptometer.cli._print import as_of_option, emit_json, json_option
from comptometer.cli.estimate import figure_options, request_options, requested


@click.command("cost")
@click.argument("source", required=False, shell_complete=models)
@click.option("--dollars", type=int, metavar="YEAR", help="In dollars of which year; the last whole one unless given.")
@click.option("--place", default="", metavar="COUNTRY", help="Where the machines stood, for CO2.  [France]")
@click.option(
    "--published",
    type=FIRST,
    metavar="DATE",
    help="Day of publication, from which training and prices are dated.  [2024-07-23]",
)
@click.option("--data", metavar="VINTAGE", help="The table to look in; the newest shipped one unless given.")
@figure_options
@request_options
@as_of_option
@json_option
def command(
    source: str | None,
    dollars: int | None,
    place: str,
    published: date | None,
    data: str | None,
    as_json: bool,
    as_of: date | None,
    **given: Any,
) -> None:
    """Cost, energy and CO2 of a training run.

    Three kinds of cost: amortised (what the machines lost in value, with interconnect and energy), cloud (the same
    chip-hours rented), acquisition (the whole cluster bought). Energy of chips, servers and building. Each with its
    90% interval, what it rests on, and what others say beside it.

    SOURCE and figures are those of `comptometer estimate`.

    \b
    Examples:
      comptometer cost gpt-3
      comptometer cost bloom --place France --dollars 2023
      comptometer cost --chip h100-sxm --chip-hours 6.4M --published 2024-04-18 --place "United States"
      comptometer cost gpt-4 --chip a100-sxm-40gb --chips 25000 --time "90 to 100 days" --json
    """
    from comptometer.cost_request import costed, named

    item = named(source, data)
    entry = requested(item.dossier() if item else source, as_of, given)
    found = costed(entry, item, dollars=dollars, place=place, published=published)
    if as_json:
        emit_json(found.to_dict())
    else:
        from comptometer.cli._cost_page import page

        click.echo(page(found, list(found.published)))
