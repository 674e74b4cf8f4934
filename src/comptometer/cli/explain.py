"""`comptometer explain`."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from comptometer.cli._complete import models
from comptometer.cli._print import as_of_option, emit_json, json_option
from comptometer.cli.estimate import figure_options, request_options, requested


@click.command("explain")
@click.argument("source", required=False, shell_complete=models)
@figure_options
@request_options
@as_of_option
@json_option
def command(source: str | None, as_json: bool, as_of: date | None, **given: Any) -> None:
    """The tree: value ← method ← claim ← source and place.

    SOURCE and figures are those of `comptometer estimate`.

    \b
    Examples:
      comptometer explain alexnet
      comptometer explain --params 405B --tokens 15.6T
    """
    from comptometer.explanation import explain
    from comptometer.release import data_version

    entry = requested(source, as_of, given)
    tree = explain(entry)
    if as_json:
        emit_json(
            {
                "schema": "comptometer/explain/1",
                "data_version": data_version(),
                "model": entry.name,
                "tree": tree.to_dict(),
            }
        )
    else:
        click.echo(str(tree))
