"""`comptometer models`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from comptometer.cli._complete import models
from comptometer.cli._dates import FIRST, LAST
from comptometer.cli._once import Once
from comptometer.cli._print import FORMATS, emit_json, emit_rows, hint, json_option

if TYPE_CHECKING:
    from comptometer.profile import Profile

C = TypeVar("C", bound=Callable[..., Any])
READ = (  # what a table for people shows; the machine formats have every column
    "name", "developer", "published", "training_compute_flop", "90%", "methods", "ratio", "verdict", "origin",
)  # fmt: skip
SPOKEN = {"training_compute_flop": "FLOP"}
SPARE = ("methods", "origin", "ratio")  # what a narrow terminal can do without


@click.group("models")
def command() -> None:
    """The catalogue's models."""


def selection_options(command: C) -> C:
    """Add the conditions on models, as `Selection` has them."""
    decorated: Any = command
    for option in reversed((
        click.option("--since", type=FIRST, metavar="DATE", help="Published then or later: 2020-06-30, 2020-06, 2020."),
        click.option("--until", type=LAST, metavar="DATE", help="Published then or earlier."),
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
    return Models(data).where(**conditions)


@command.command("list", cls=Once)
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
        emit_rows(READ, [_for_people(row) for row in shown], form, spoken=SPOKEN, spare=SPARE)
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
        _others(name, found)


def _others(name: str, found: Profile) -> None:
    """Say that a name such as "gpt" is also that of a family."""
    from comptometer.library import FEW, MANY
    from comptometer.store import folded

    if not name.isalpha() or folded(name) == folded(found.item.names[0]):
        return
    others = [item.names[0] for item in found.company.family(name) if item.id != found.item.id]
    if len(others) > FEW:
        listed = ", ".join(list(dict.fromkeys(others))[:MANY])
        hint(f"{name} is also how {listed} begin; comptometer models list --find {name} lists every name that holds it")


@command.command("compare")
@click.argument("names", nargs=-1, required=True, shell_complete=models)
@click.option("--data", metavar="VINTAGE", help="The table to look in; the newest shipped one unless given.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def compared(names: tuple[str, ...], data: str | None, form: str, as_json: bool) -> None:
    """Several models beside each other, each over the first.

    \b
    Example:
      comptometer models compare gpt-3 "PaLM 540B" "Llama 3.1-405B"
    """
    from comptometer.model_comparison import compare

    table = compare(*names, data=data)
    if as_json:
        emit_json(table.to_dict())
    else:
        emit_rows(*table.rows(people=form in {"table", "md"}), form)
