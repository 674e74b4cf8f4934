"""`comptometer relation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from comptometer.cli._complete import vintages as complete
from comptometer.cli._dates import FIRST, LAST
from comptometer.cli._once import Once
from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, json_option, style, wrapped

if TYPE_CHECKING:
    from comptometer.relation import Relation


@click.command("relation", cls=Once)
@click.option(
    "--y",
    default="compute",
    metavar="NAME",
    help="What goes upwards: compute, parameters, data, time, chips, power, cost, …",
)
@click.option("--x", default="parameters", metavar="NAME", help="What goes across: another of these.")
@click.option("--select", default="notable", metavar="WHICH", help="all, notable, frontier, record or large-scale.")
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", help="Of the frontier: the N largest at release; 10 unless given."
)
@click.option(
    "--of-all", is_flag=True, help="Take frontier, records or large ones among all models, not the notable ones."
)
@click.option(
    "--since",
    type=FIRST,
    default="2010-01-01",
    metavar="DATE",
    help="First day of the window: a day, a month (2018-06) or a year; 2010-01-01 unless given.",
)
@click.option("--until", type=LAST, metavar="DATE", help="Last day of the window; of a month or a year its last.")
@click.option("--organization", metavar="TEXT", help="Organizations whose names hold this; a|b for either.")
@click.option("--country", metavar="TEXT", help="Countries whose names hold this.")
@click.option("--domain", metavar="TEXT", help="Domains of the table that hold this.  [Language]")
@click.option(
    "--confidence", multiple=True, metavar="WORD", help="Only figures with this word of confidence; may be repeated."
)
@click.option("--open-weights/--closed-weights", default=None, help="As the table says.")
@click.option("--fine-tunes/--no-fine-tunes", default=True, help="Also models built on another?")
@click.option("--without", multiple=True, metavar="NAME", help="Leave this model out; may be repeated.")
@click.option(
    "--data", metavar="VINTAGE", shell_complete=complete, help="The table; the newest shipped one unless given."
)
@click.option(
    "--values", default="reported", metavar="WHOSE", help="The table's figures (reported), or ours (estimated)."
)
@click.option("--by", type=click.Choice(["organization", "model"]), default="organization", help="What is resampled.")
@click.option(
    "--draws", type=int, default=10_000, metavar="N", help="How many resamples, 100 to 100,000; 10,000 unless given."
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table",
    help="table prints the answer; the others print its models.",
)  # fmt: skip
@click.option("--points", is_flag=True, help="In the JSON, also the points.")
@json_option
@click.pass_context
def command(ctx: click.Context, /, form: str, points: bool, as_json: bool, **given: Any) -> None:
    """With what power of one quantity another goes, over the models that have both: exponent, interval, R², scatter.

    \b
    Examples:
      comptometer relation
      comptometer relation --y cost --x compute --select frontier --since 2018
      comptometer relation --y compute --x data --domain Language --json
      comptometer relation --y power --x compute --format csv
    """
    if points and not as_json:
        raise click.UsageError("--points is of the JSON: add --json", ctx)
    asked = {
        name: value
        for name, value in given.items()
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT and value is not None
    }
    from comptometer.relation import relate

    found = relate(**asked)
    if as_json:
        emit_json(found.to_dict(points=points))
    elif form == "table":
        click.echo(page(found))
    else:
        emit_rows(["name", "published", "organization", found.y.name, found.x.name, "residual_dex"], rows(found), form)


def rows(found: Relation) -> list[dict[str, Any]]:
    """The models, with how far each lies above the line in dex."""
    return [
        {
            "name": pair.name,
            "published": pair.day.isoformat(),
            "organization": pair.organization,
            found.y.name: pair.y,
            found.x.name: pair.x,
            "residual_dex": float(residual),
        }
        for pair, residual in zip(found.pairs, found.law.residuals, strict=True)
    ]


def page(found: Relation) -> str:
    """The answer for people."""
    return "\n\n".join(part for part in (_head(found), _fit(found), _left_out(found), _foot(found)) if part)


def _head(found: Relation) -> str:
    from comptometer.charts.relation import definition

    said = definition(found, "en")
    return f"{bold(f'{found.y.label} against {found.x.label.lower()}')}   {said[:1].lower()}{said[1:]}"


def _fit(found: Relation) -> str:
    from comptometer import text

    law = found.law
    low, high = (10**end for end in law.level.interval())
    rows = [
        ["exponent", text.number(law.exponent.estimate), text.interval(*law.exponent.interval(), 3)],
        [
            f"{found.y.unit} at {text.number(10**law.middle)} {found.x.unit}",
            text.number(10**law.level.estimate),
            text.interval(low, high, 3),
        ],
    ]
    table = "\n".join(aligned(["", "least squares", "90%"], rows))
    return (
        f"{table}\n\n"
        f"{law.n} models of {found.organizations} organizations, {found.pairs[0].day} to {found.pairs[-1].day}; "
        f"R² {text.number(law.r2)}; scatter {text.number(law.residual_sd, 2)} dex; "
        f"intervals from {found.question.draws:,} resamples by {found.question.by}"
    )


def _left_out(found: Relation) -> str:
    parts = [f"{count} {reason}" for reason, count in sorted(found.excluded.items(), key=lambda item: -item[1])]
    return wrapped(f"Left out  {', '.join(parts)}", 0) if parts else ""


def _foot(found: Relation) -> str:
    from comptometer.release import data_version

    drawn = f'comptometer chart "relation:y={found.y.name}&x={found.x.name}" chart.svg draws it'
    return style(f"data {data_version(found.question.data)} · {drawn}", dim=True)
