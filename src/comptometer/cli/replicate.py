"""`comptometer replicate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import studies
from comptometer.cli._print import (
    FORMATS,
    aligned,
    bold,
    emit_json,
    emit_rows,
    json_option,
    markdown,
    wrapped,
)

if TYPE_CHECKING:
    from comptometer.studies import Replication, Table


@click.command("replicate")
@click.argument("study", shell_complete=studies)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    help="How to print the rows of --rows; table and md print the whole study unless it is given.",
)
@click.option(
    "--rows",
    metavar="NAME",
    help="Which rows: points, calculations, consistency, figures, …",
)
@json_option
def command(study: str, form: str, rows: str | None, as_json: bool) -> None:
    """Recompute a published study from shipped data.

    \b
    Studies:
      openai-2018        AI and Compute: fifteen models, sixteen calculations, 3.43 months
      openai-2019-eras   its addendum: two eras, two lines
      sevilla-2022       compute trends across three eras of machine learning
      epoch-2024         training compute of frontier models grows by 4 to 5 times a year
      hobbhahn-2023      trends in machine learning hardware
      cottier-2024       the rising costs of training frontier models: 82 rows, three kinds of cost

    \b
    Examples:
      comptometer replicate openai-2018
      comptometer replicate openai-2018 --json
      comptometer replicate openai-2018 --format csv --rows calculations
    """
    from comptometer.studies import replicate

    result = replicate(study)
    if as_json:
        emit_json(result.to_dict())
    elif form == "table" and not rows:
        click.echo(page(result))
    elif form == "md" and not rows:
        click.echo("\n".join(_markdown(result)))
    else:
        found = _rows(result, rows)
        columns = list(dict.fromkeys(key for row in found for key in row))
        emit_rows(columns, found, form)


def page(result: Replication) -> str:
    """The study for people."""
    tables = [
        "\n".join([bold(table.title), *aligned(table.columns, _cells(table)), *_noted(table)])
        for table in result.tables
    ]
    return "\n\n".join([bold(str(result.document["title"])), *tables, "\n".join(result.summary), _foot(result)])


def _foot(result: Replication) -> str:
    drawn = f" · comptometer chart {result.chart} chart.svg draws it" if result.chart else ""
    return f"data {result.document['data_version']}{drawn}"


def _cells(table: Table) -> list[list[str]]:
    return [["" if cell is None else str(cell) for cell in row] for row in table.rows]


def _noted(table: Table) -> list[str]:
    return [wrapped(note) for note in table.notes]


def _markdown(result: Replication) -> list[str]:
    lines = [f"# {result.document['title']}", "", *result.summary]
    for table in result.tables:
        lines += [
            "",
            f"## {table.title}",
            "",
            *markdown(table.columns, _cells(table)),
            *(f"\n{note}" for note in table.notes),
        ]
    return lines


def _rows(result: Replication, name: str | None) -> Sequence[dict[str, Any]]:
    """The rows of this name; the study's main ones unless one is given."""
    known = [
        key
        for key, value in result.document.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    name = name or known[0]
    if name not in known:
        raise click.UsageError(f"no rows {name!r} in this study; there are {', '.join(known)}")
    rows: Sequence[dict[str, Any]] = result.document[name]
    return rows
