"""`comptometer models`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from comptometer.cli._complete import models
from comptometer.cli._print import FORMATS, emit_json, emit_rows, hint, json_option

C = TypeVar("C", bound=Callable[..., Any])
READ = (  # what a table for people shows; the machine formats have every column
    "name", "developer", "published", "training_compute_flop", "90%", "methods", "ratio", "verdict", "origin",
)  # fmt: skip
DAY = click.DateTime(["%Y-%m-%d", "%Y"])


@click.group("models")
def command() -> None:
    """The catalogue's models."""


def selection_options(command: C) -> C:
    """Add the conditions on models, as `Selection` has them."""
    decorated: Any = command
    for option in reversed((
        click.option("--since", type=DAY, metavar="DATE", help="Published on this day or later.  [2020-01-01]"),
        click.option("--until", type=DAY, metavar="DATE", help="Published on this day or earlier."),
        click.option("--organization", metavar="TEXT", help="Developers whose names hold this."),
        click.option("--country", metavar="TEXT", help="Countries whose names hold this."),
        click.option("--domain", metavar="NAME", help="One of language, vision, speech, games, …"),
        click.option("--find", metavar="TEXT", help="Models whose names hold this."),
        click.option("--notable/--not-notable", default=None, help="As the table marks them."),
        click.option("--open-weights/--closed-weights", default=None, help="As the table says."),
        click.option("--method", metavar="NAME", help="One that the evidence allows, e.g. hardware-time."),
        click.option("--verdict", metavar="WORD", help="consistent, tension, conflict, single-method, or none."),
        click.option("--origin", metavar="NAME", help="curated, or the vintage that a model is from."),
        click.option("--at-least", metavar="FLOP", help="Least training compute.  [1e25]"),
        click.option("--at-most", metavar="FLOP", help="Largest training compute."),
        click.option("--data", metavar="VINTAGE", help="The table to start from; the newest shipped one unless given."),
    )):  # fmt: skip
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def selected(given: dict[str, Any]) -> Any:
    """The models that the options mean."""
    from comptometer import vintages
    from comptometer.collection import Models

    data = given.pop("data", None) or vintages.DEFAULT
    conditions = {key: value for key, value in given.items() if value is not None}
    for key in ("since", "until"):
        if isinstance(conditions.get(key), datetime):
            conditions[key] = conditions[key].date()
    return Models(data).where(**conditions)


@command.command("list")
@selection_options
@click.option("--sort", type=click.Choice(["date", "compute", "name"]), default="date", help="In which order.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N of that order.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
def listed(form: str, sort: str, limit: int | None, **conditions: Any) -> None:
    """Models with their training compute in FLOP, every method, and whether the methods agree.

    A table shows the main columns; csv, tsv, json and jsonl have all of them.

    \b
    Examples:
      comptometer models list --since 2024-01-01 --at-least 1e25
      comptometer models list --organization deepmind --verdict conflict
      comptometer models list --format csv > models.csv
    """
    rows = selected(conditions).rows()
    if sort == "compute":
        rows.sort(key=lambda row: -(row["training_compute_flop"] or 0))
    elif sort == "name":
        rows.sort(key=lambda row: str(row["name"]).casefold())
    shown = rows[:limit]
    if form in {"table", "md"}:
        emit_rows(READ, [_for_people(row) for row in shown], form)
        without = sum(row["training_compute_flop"] is None for row in rows)
        more = f"; the first {len(shown)} are shown" if len(shown) < len(rows) else ""
        hint(f"{len(rows)} models, {without} of them without evidence for any method{more}")
    else:
        from comptometer.collection import COLUMNS

        emit_rows(COLUMNS, [{key: _plain(row[key]) for key in COLUMNS} for row in shown], form)


def _plain(value: Any) -> Any:
    """A value as the machine formats write it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    from comptometer import text

    compute, ratio = row["training_compute_flop"], row["ratio"]
    on_top = " on its base" if row["basis"] == "increment" else ""
    return row | {
        "published": str(row["published"] or ""),
        "training_compute_flop": "" if compute is None else text.number(compute, 2) + on_top,
        "90%": "" if compute is None else text.interval(row["p5"], row["p95"]),
        "methods": ", ".join(row["methods"]),
        "ratio": "" if ratio is None else text.number(ratio, 2),
    }


@command.command("show")
@click.argument("name", shell_complete=models)
@click.option("--data", metavar="VINTAGE", help="The table to look in; the newest shipped one unless given.")
@json_option
def show(name: str, data: str | None, as_json: bool) -> None:
    """One model: every claim, every method, whether they agree, its place at release, cost and energy, sources.

    \b
    Examples:
      comptometer models show gpt-3
      comptometer models show "Llama 3.1-405B" --json
    """
    from comptometer import vintages
    from comptometer.profile import profile

    found = profile(name, data or vintages.DEFAULT)
    if as_json:
        emit_json(found.to_dict())
    else:
        from comptometer.cli._model_page import page

        click.echo(page(found))


@command.command("compare")
@click.argument("names", nargs=-1, required=True, shell_complete=models)
@click.option("--data", metavar="VINTAGE", help="The table to look in; the newest shipped one unless given.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def compare(names: tuple[str, ...], data: str | None, form: str, as_json: bool) -> None:
    """Several models beside each other, each over the first.

    \b
    Example:
      comptometer models compare gpt-3 "PaLM 540B" "Llama 3.1-405B"
    """
    from comptometer import vintages
    from comptometer.model_comparison import compared
    from comptometer.profile import profile

    if len(names) < 2:
        raise click.UsageError("name at least two models to compare")
    table = compared([profile(name, data or vintages.DEFAULT) for name in names])
    if as_json:
        emit_json(table.to_dict())
    else:
        emit_rows(*table.rows(people=form in {"table", "md"}), form)
