"""`comptometer effective`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import models
from comptometer.cli._dates import FIRST
from comptometer.cli._print import aligned, as_of_option, bold, emit_json, json_option, style, wrapped
from comptometer.cli.estimate import figure_options, request_options, requested

if TYPE_CHECKING:
    from comptometer.effective_compute import Effective


@click.command("effective")
@click.argument("source", required=False, shell_complete=models)
@click.option(
    "--since", type=FIRST, metavar="DATE", help="The day whose algorithms are the measure; 2020-01-01 unless given."
)
@click.option("--rate", metavar="ID", help="A published rate; by domain and size unless given.  [language]")
@click.option("--halving", metavar="MONTHS", help='A rate of your own: months until half will do.  ["5 to 14"]')
@click.option("--published", type=FIRST, metavar="DATE", help="Day of publication, of a model given by figures.")
@figure_options
@request_options
@as_of_option
@json_option
def command(
    source: str | None,
    since: date | None,
    rate: str | None,
    halving: str | None,
    published: date | None,
    as_json: bool,
    as_of: date | None,
    **given: Any,
) -> None:
    """Effective compute, beside physical compute: what it would have taken with the algorithms of another day.

    It depends on that day and on what counts as the same performance, and is no amount of computation.

    SOURCE and figures are those of `comptometer estimate`.

    \b
    Examples:
      comptometer effective gpt-4
      comptometer effective gpt-4 --since 2012 --json
      comptometer effective resnet-152 --rate vision-alexnet
      comptometer effective --params 405B --tokens 15.6T --published 2024-07-23 --halving "5 to 14"
    """
    from comptometer.effective_compute import effective

    found = effective(
        requested(source, as_of, given),
        since=since,
        rate=rate,
        halving=halving,
        published=published,
    )
    if as_json:
        emit_json(found.to_dict())
    else:
        click.echo(page(found))


def page(found: Effective) -> str:
    """Both numbers for people, the physical one first."""
    from comptometer import text
    from comptometer.release import data_version

    row = found.to_dict()
    rate, halving = row["rate"], row["rate"]["halving_months"]
    said = [
        ["physical", row["compute"], "FLOP"],
        ["gain of algorithms", row["gain"], f"times, since {found.since}"],
        ["effective", row["effective"], f"FLOP of {found.since}"],
    ]
    table = [[name, text.number(q["p50"], 2), text.interval(q["p5"], q["p95"]), unit] for name, q, unit in said]
    lines = [
        f"Rate  {rate['id']}: compute for the same performance halves every {text.number(halving['p50'])} months"
        + (f" (90%: {text.interval(halving['p5'], halving['p95'])})" if found.rate.has_interval else ""),
        f"Same performance  {rate['task']}",
    ]
    if rate["source"]:
        source = f"{rate['source']}, {rate['where']}" + ("" if rate["verified"] else " (unverified)")
        lines += [f"Source  {source}: {rate['title']} ({rate['url']})", *([rate["note"]] if rate["note"] else [])]
    head = f"{bold(found.entry.name)}   {found.published}"
    notes = ["Notes", *(wrapped(note) for note in found.warnings)] if found.warnings else []
    parts = [
        head,
        "\n".join(aligned(["training compute", "median", "90%", ""], table)),
        "\n".join(wrapped(line, 0) for line in lines),
        "\n".join(notes),
        style(f"data {data_version()} · physical compute is what was computed; comptometer explain says how", dim=True),
    ]
    return "\n\n".join(part for part in parts if part)
