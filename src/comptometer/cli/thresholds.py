"""`comptometer thresholds`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import models, regulations
from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, hint, json_option, style, wrapped

if TYPE_CHECKING:
    from comptometer.catalogue import Entry
    from comptometer.law import Regulation

STATUSES = ("in force", "signed", "passed", "draft", "proposed", "rescinded", "revoked")
COLUMNS = (
    "id", "title", "law", "jurisdiction", "kind", "quantity", "operator", "value", "fraction", "unit", "status",
    "status_note", "in_force_from", "in_force_until", "verified", "source",
)  # fmt: skip
FOR_PEOPLE = ("table", "md")


@click.group("thresholds")
def command() -> None:
    """Lines of compute that regulations draw, and which models are above them. Not legal advice."""


@command.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only regulations with this status.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def listed(status: str | None, form: str, as_json: bool) -> None:
    """Every regulation on file that draws a line by compute, or is known for drawing none.

    \b
    Examples:
      comptometer thresholds list
      comptometer thresholds list --status 'in force' --format csv
    """
    from comptometer import thresholds
    from comptometer.regulations import regulations as on_file

    found = thresholds.listed([one for one in on_file() if status in {None, one.status}])
    if as_json:
        emit_json(found)
    elif form in FOR_PEOPLE:
        emit_rows(
            ("id", "line", "what", "status", "read at", "law"), [_brief(row) for row in found["thresholds"]], form
        )
    else:
        emit_rows(COLUMNS, found["thresholds"], form)


@command.command("show")
@click.argument("name", metavar="ID", shell_complete=regulations)
@json_option
def show(name: str, as_json: bool) -> None:
    """All that is on file about one regulation: line, status, dates, what counts, sources.

    \b
    Examples:
      comptometer thresholds show eu-ai-act-51-2
    """
    from comptometer import thresholds
    from comptometer.regulations import regulation

    found = regulation(name)
    if as_json:
        emit_json(thresholds.document(found))
    else:
        click.echo(_page(found))


@command.command("check")
@click.argument("source", shell_complete=models)
@click.option(
    "--fail-above", "limits", multiple=True, metavar="ID", shell_complete=regulations,
    help="Exit with 1 where the probability of being above this line is --probability or more; may be repeated.",
)  # fmt: skip
@click.option(
    "--probability", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True, metavar="P",
    help="From which probability on --fail-above fails.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def check(source: str, limits: tuple[str, ...], probability: float, form: str, as_json: bool) -> int:
    """How probably is a model above each line, as each regulation counts?

    The strict reading leaves out what a regulation does not mention, the inclusive one counts it; --fail-above looks at
    the inclusive one. SOURCE is a model of the catalogue, a dossier (.toml), a config.json, or - for a dossier from
    standard input.

    \b
    Examples:
      comptometer thresholds check llama-3.1-405b
      comptometer thresholds check gpt-3 --fail-above eu-ai-act-51-2 --probability 0.05
    """
    from comptometer import thresholds

    named = [_line(name) for name in limits]
    entry = _estimated(source)
    found = thresholds.check(entry, date.today())
    if as_json:
        emit_json(found)
    elif form in FOR_PEOPLE:
        _print_check(entry, found, form, limits)
    else:
        emit_rows(
            (*COLUMNS, "probability_low", "probability_high", "verdict"), [_flat(r) for r in found["thresholds"]], form
        )
    shares = {row["id"]: (row["probability_above"] or {"high": 0.0})["high"] for row in found["thresholds"]}
    crossed = [(one, shares[one.id]) for one in named if shares[one.id] >= probability]
    for one, share in crossed:
        hint(f"comptometer: above {one.id} with probability {share:.2f}, and {probability:g} is the limit")
    return int(bool(crossed))


@command.command("plan")
@click.argument("name", metavar="ID", shell_complete=regulations)
@click.option("--params", metavar="N", help="Parameters that one token uses: how many tokens fit? [70B]")
@click.option("--tokens", metavar="N", help="Tokens: how many parameters fit? [15T]")
@click.option("--chip", metavar="CHIP", help="How many chip-hours of it fit? [h100-sxm]")
@click.option("--utilization", metavar="SHARE", help="Of the chips, whole job; the default of its class unless given.")
@click.option("--mfu", metavar="SHARE", help="The same as reported in the run.")
@click.option("--spent", metavar="FLOP", default="0", help="What counts already. [3e24 FLOP]")
@click.option(
    "--probability", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, metavar="P",
    help="Of staying below.",
)  # fmt: skip
@json_option
def plan(
    name: str,
    params: str | None,
    tokens: str | None,
    chip: str | None,
    utilization: str | None,
    mfu: str | None,
    spent: str,
    probability: float,
    as_json: bool,
) -> None:
    """Before a run: how many tokens, parameters or chip-hours stay below a line?

    \b
    Examples:
      comptometer thresholds plan eu-ai-act-51-2 --params 70B
      comptometer thresholds plan eu-ai-act-51-2 --chip h100-sxm --mfu 40% --spent '3e24 FLOP'
    """
    from comptometer.budget import plan as planned
    from comptometer.regulations import regulation

    figures = {"params": params, "tokens": tokens, "utilization": utilization, "mfu": mfu}
    given = {name: value for name, value in figures.items() if value is not None}
    found = planned(regulation(name), probability=probability, spent=spent, chip=chip, **given)
    if as_json:
        emit_json(found)
    else:
        click.echo(_plan_page(found))


def _plan_page(found: Mapping[str, Any]) -> str:
    from comptometer import text

    lines = [bold(f"{found['regulation']['title']}: {_amount(found['regulation'])}")]
    for row in found["amounts"]:
        ends = text.interval(row["compute"]["p5"], row["compute"]["p95"])
        lines.append(
            wrapped(
                f"at most {text.number(row['amount'])} {row['unit']}s stay below with "
                f"{text.percent(found['probability'])}: {text.number(row['compute']['p50'])} FLOP (90%: {ends})"
            )
        )
        lines.append(wrapped(row["rests_on"], 4))
    lines += [
        f"  {text.number(mark['flop'])} FLOP, {text.percent(mark['share'])}: {mark['what']}" for mark in found["marks"]
    ]
    return "\n".join([*lines, style("not legal advice", dim=True)])


def _line(name: str) -> Regulation:
    from comptometer.errors import UsageError
    from comptometer.regulations import regulation

    found = regulation(name)
    if found.line is None:
        raise UsageError(f"--fail-above {name}: {found.title} sets no amount of training compute to be above")
    return found


def _estimated(source: str) -> Entry:
    from comptometer import request
    from comptometer.catalogue import entry
    from comptometer.files import LARGEST_FILE

    if source == "-":
        return entry(request.from_bytes(sys.stdin.buffer.read(LARGEST_FILE + 1), date.today()))
    return request.estimate(source, as_of=date.today())


def _print_check(entry: Entry, found: Mapping[str, Any], form: str, limits: Sequence[str]) -> None:
    from comptometer import text

    low, high = entry.interval()
    rows = []
    for row in found["thresholds"]:
        share = row["probability_above"]
        rows.append({**_brief(row), "above": _spoken(share), "verdict": row["verdict"] or ""})
    if form == "table":
        click.echo(f"{bold(entry.name)}  {text.number(entry.median)} FLOP (90%: {text.interval(low, high)})")
    emit_rows(("id", "line", "above", "verdict", "status", "law"), rows, form)
    drivers = ", ".join(f"{name} {share:.0%}" for name, share in list(entry.sensitivity().items())[:3])
    hint(f"what the uncertainty comes from: {drivers}; not legal advice")
    for row in found["thresholds"]:
        if row["id"] in limits or row["limit_why"]:
            _say_more(row)


def _spoken(share: Mapping[str, float] | None) -> str:
    """Both readings where they differ."""
    from comptometer import text

    if share is None:
        return "another kind of line"
    low, high = (text.chance(share[reading]) for reading in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _say_more(row: Mapping[str, Any]) -> None:
    """Of a line that was asked about: the tolerance, and what nobody states."""
    from comptometer import text

    if row["limit_why"]:
        hint(wrapped(f"{row['id']}: the line is {text.number(row['limit']['p50'])} FLOP, {row['limit_why']}"))
    if row["tolerance_band"]:
        low, high = (text.number(end) for end in row["tolerance_band"])
        hint(
            wrapped(
                f"{row['id']}: reported figures from {low} to {high} FLOP leave it open; this is {row['band_verdict']}"
            )
        )
    if row["unknown"]:
        hint(wrapped(f"{row['id']}: nobody says how much it took: {', '.join(row['unknown'])}"))
    if row["gaps"]:
        hint(wrapped(f"{row['id']}: counts, and nobody states it: {', '.join(row['gaps'])}"))


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    share = row["probability_above"] or {"low": None, "high": None}
    return {**row, "probability_low": share["low"], "probability_high": share["high"]}


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "line": _amount(row),
        "what": row["quantity"],
        "status": row["status"],
        "read at": "the source" if row["verified"] else "unverified",
        "law": row["law"],
    }


def _amount(row: Mapping[str, Any]) -> str:
    from comptometer import text

    if row["operator"] is None:
        return "none"
    amount = row["fraction"] or f"{text.number(row['value'])} {row['unit']}"
    return f"{row['operator']} {amount}"


def _page(one: Regulation) -> str:
    """A regulation for people."""
    from comptometer import text, thresholds

    said = {
        "line": _amount(thresholds.row(one)) + (f" of the {one.relative_to}" if one.relative_to else ""),
        "of": one.quantity,
        "status": one.status + (f": {one.status_note}" if one.status_note else ""),
        "in force": " to ".join(str(day or "…") for day in (one.in_force_from, one.in_force_until))
        if one.in_force_from or one.in_force_until
        else "",
        "law": one.law,
        "verified": ("yes" if one.verified else "no") + (f": {one.verified_scope}" if one.verified_scope else ""),
        "tolerance": f"{text.percent(one.tolerance)} of the {one.tolerance_of}" if one.tolerance else "",
        "source": one.source,
        "more": " ".join(one.more_sources),
    }
    lines = [bold(one.title), *(wrapped(f"{name}: {value}") for name, value in said.items() if value)]
    lines += [wrapped(f"condition: {text}") for text in one.conditions]
    lines += [wrapped(f"from {row['on']}: {row['what']}") for row in one.dates]
    lines += [wrapped(f"within {row['within']}: {row['what']}") for row in one.deadlines]
    lines += [wrapped(f"{row['when']}: {row['exact']}") for row in one.fallbacks]
    lines += [wrapped(f"{row['when']}: {_lines(row['limits'])}") for row in one.alternatives]
    if one.counts:
        cells = [[row.activity, row.reading, row.basis, row.citation, row.reason] for row in one.counts]
        what = "What counts" + ("" if one.counts_verified else " (unverified)")
        lines += ["", bold(what), *aligned(("activity", "reading", "basis", "where", "why"), cells)]
    lines += ["", style(f"{one.note} Not legal advice.", dim=True)]
    return "\n".join(lines)


def _lines(limits: Sequence[Mapping[str, Any]]) -> str:
    from comptometer import text

    return " and ".join(f"{row['operator']} {text.number(row['threshold'])} {row['unit']}" for row in limits)
