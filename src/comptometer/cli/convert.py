"""`comptometer convert`."""

from __future__ import annotations

import click

from comptometer.cli._print import emit_json, json_option


@click.command("convert")
@click.argument("value")
@click.argument("source")
@click.argument("target")
@json_option
def command(value: str, source: str, target: str, as_json: bool) -> None:
    """Convert a number from one unit to another.

    \b
    Examples:
      comptometer convert 1e25 FLOP pfs-day
      comptometer convert 30.84M chip-hour chip-year
      comptometer convert "54 to 75" day h
    """
    from comptometer import text, units
    from comptometer.notation import parse
    from comptometer.quantity import Estimate
    from comptometer.release import data_version

    notation = parse(value)
    if notation.unit:
        raise click.UsageError(f"{value!r} has a unit of its own; write: convert 5 day h")
    estimate = Estimate.draw(value, notation.belief, units.parse(source)).to(target)
    if as_json:
        schema = {"schema": "comptometer/convert/1", "data_version": data_version()}
        emit_json({**schema, "value": value, "from": source, "to": target, **estimate.to_dict()})
        return
    low, high = estimate.interval()
    said = (
        text.exact(estimate.median)
        if high - low <= 1e-9 * abs(high)
        else f"{text.number(estimate.median)} (90% {text.interval(low, high, 3)})"
    )
    click.echo(f"{said} {units.name(units.parse(target))}")
