"""How results are printed: JSON, tables in six formats, plain text that is never cut where it is piped."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from comptometer.cells import delimited, worded
from comptometer.cli._columns import on_terminal, width

FORMATS = ("table", "csv", "tsv", "json", "jsonl", "md")
C = TypeVar("C", bound=Callable[..., Any])


def json_option(command: C) -> C:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")(command)


def as_of_option(command: C) -> C:
    """Add `--as-of`."""
    return click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="DATE",
        help="Refuse models and dates after this day (today unless given).",
    )(command)


def emit_json(document: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))


def emit_rows(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    form: str,
    *,
    spoken: Mapping[str, str] | None = None,
    spare: Sequence[str] = (),
) -> None:
    """Print records in one of the machine formats, or as a table.

    Args:
        columns: keys of the records.
        rows: the records.
        form: one of `FORMATS`.
        spoken: headings for people, where the key is not one.
        spare: keys of the columns that a narrow terminal can do without, the least needed first.
    """
    if form == "json":
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=2, allow_nan=False))
    elif form == "jsonl":
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False, allow_nan=False))
    elif form in {"csv", "tsv"}:
        cells = [[row.get(column) for column in columns] for row in rows]
        click.echo(delimited(columns, cells, "," if form == "csv" else "\t"), nl=False)
    else:
        words = [[worded(row.get(column)) for column in columns] for row in rows]
        heads = [(spoken or {}).get(column, column) for column in columns]
        left_out = [(spoken or {}).get(column, column) for column in spare]
        click.echo("\n".join(markdown(heads, words) if form == "md" else aligned(heads, words, spare=left_out)))


def aligned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ", *, spare: Sequence[str] = ()
) -> list[str]:
    """Rows in columns, numbers to the right: as wide as they need to be in a pipe, folded on a terminal."""
    numeric = [all(_numeric(row[at]) for row in rows) for at in range(len(columns))]
    if sys.stdout.isatty():
        import shutil

        return on_terminal(columns, rows, numeric, shutil.get_terminal_size().columns, spare)
    table = [list(columns), *[list(row) for row in rows]]
    widths = [max(width(row[at]) for row in table) for at in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        cells = [
            " " * (widths[at] - width(cell)) + cell if numeric[at] else cell + " " * (widths[at] - width(cell))
            for at, cell in enumerate(row)
        ]
        return (indent + "  ".join(cells)).rstrip()

    return [bold(line(table[0])), *(line(row) for row in table[1:])]


def _numeric(cell: str) -> bool:
    return bool(re.fullmatch(r"(< )?[\d.,]+(e-?\d+)?%?|–|", cell))


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as a Markdown table."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in [columns, *rows]]
    lines = [f"| {' | '.join(row)} |" for row in escaped]
    return [lines[0], f"|{' --- |' * len(columns)}", *lines[1:]]


def bold(text: str) -> str:
    """Emphasis where a person looks (click drops it in a pipe, and NO_COLOR forbids it)."""
    return style(text, bold=True)


def style(text: str, **how: Any) -> str:
    """Colour on a terminal that wants it."""
    import os

    if os.environ.get("NO_COLOR") or (not sys.stdout.isatty() and not os.environ.get("FORCE_COLOR")):
        return text
    return click.style(text, **how)


def wrapped(text: str, indent: int = 2) -> str:
    """A sentence, wrapped on a terminal and left whole in a pipe."""
    import shutil
    import textwrap

    if not sys.stdout.isatty():
        return " " * indent + text
    columns = max(shutil.get_terminal_size().columns, 40)
    return textwrap.fill(text, columns, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def hint(text: str) -> None:
    """Say something beside the result."""
    click.echo(text, err=True)
