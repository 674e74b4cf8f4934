"""`comptometer forecasts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import vintages as complete
from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, json_option, markdown, style, wrapped

if TYPE_CHECKING:
    from comptometer.scorecard import Finding, Scorecard, Scored


@click.command("forecasts")
@click.option(
    "--data", metavar="VINTAGE", shell_complete=complete, help="The table; the newest shipped one if not given."
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="How to print; csv has a row per finding."
)
@json_option
def command(data: str | None, form: str, as_json: bool) -> None:
    """What was said about the future of training compute, against what happened since.

    \b
    Examples:
      comptometer forecasts
      comptometer forecasts --data epoch-2025-06
      comptometer forecasts --format csv
    """
    from comptometer.scorecard import forecasts

    found = forecasts(data)
    if as_json:
        emit_json(found.to_dict())
    elif form == "table":
        click.echo(page(found))
    elif form == "md":
        click.echo(_markdown(found))
    else:
        records = _records(found)
        emit_rows(list(records[0]), records, form)


def page(found: Scorecard) -> str:
    """The scorecard for people."""
    columns = ["made", "who", "verdict"]
    rows = [[_when(scored), scored.who, _verdict(scored)] for scored in found.forecasts]
    head = f"{bold('Forecasts of training compute')}   against {found.data}"
    parts = [_part(scored) for scored in found.forecasts]
    return "\n\n".join([head, "\n".join(aligned(columns, rows)), *parts, _foot()])


def _part(scored: Scored) -> str:
    lines = [f"{bold(f'{scored.who}, {_when(scored)}')}: {_verdict(scored)}", wrapped(f"“{scored.said}”")]
    lines += [wrapped(line, 4) for line in map(_finding, scored.findings)]
    if scored.note:
        lines.append(wrapped(scored.note))
    lines.append(wrapped(f"{scored.source}{'' if scored.verified else ' (second-hand)'}"))
    return "\n".join(lines)


def _markdown(found: Scorecard) -> str:
    rows = [
        [_when(s), s.who, s.said, "; ".join(map(_finding, s.findings)), _verdict(s)] for s in found.forecasts
    ]  # fmt: skip
    columns = ["made", "who", "said", f"since, by {found.data}", "verdict"]
    return "\n".join(markdown(columns, rows))


def _finding(finding: Finding) -> str:
    from comptometer import text

    if finding.value is None:
        return finding.what
    unit = {"share": "", "x/year": "x a year", "year": "years"}.get(finding.unit, finding.unit)
    value = text.percent(finding.value) if finding.unit == "share" else text.number(finding.value)
    if finding.unit == "dex":
        value = f"{finding.value:+.2f}"
    if finding.unit == "year" and finding.low is not None and finding.high is not None:
        return f"{finding.what}: {text.interval(finding.low, finding.high)}"
    if finding.low is not None and finding.high is not None:
        unit += f" (90%: {text.interval(finding.low, finding.high, 3)})"
    day = f", {finding.day}" if finding.day else ""
    said = ""
    if finding.said is not None and finding.unit == "x/year":
        said = f"; said {text.number(finding.said)}"
    return f"{finding.what}: {value}{f' {unit}' if unit else ''}{day}{said}"


def _when(scored: Scored) -> str:
    return f"{scored.made:%Y-%m}"


def _verdict(scored: Scored) -> str:
    return scored.verdict + (" (judged)" if scored.basis == "judged" else "")


def _records(found: Scorecard) -> list[dict[str, Any]]:
    told = ("id", "who", "made", "said", "verdict", "basis", "source")
    return [
        {key: row[key] for key in told}
        | {f"finding_{key}": finding[key] for key in ("what", "value", "low", "high", "unit", "day", "said")}
        for row in found.to_dict()["forecasts"]
        for finding in row["findings"]
    ]


def _foot() -> str:
    from comptometer.release import data_version

    return style(f"data {data_version()} · “judged”: a person's word, the rest is worked out", dim=True)
