"""`comptometer project`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import presets, vintages
from comptometer.cli._dates import FIRST
from comptometer.cli._once import Once
from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, json_option, markdown, style, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from comptometer.projection import Projection

Table = tuple[str, list[str], list[list[str]], str]  # title, columns, rows, note


@click.command("project", cls=Once)
@click.option("--to", type=int, required=True, metavar="YEAR", help="Up to the first of January of this year.")
@click.option(
    "--from",
    "start",
    type=FIRST,
    metavar="DATE",
    help="Where the projection starts: a day, a month or a year; the date of the vintage unless given.",
)
@click.option("--growth", metavar="FACTOR", help="A year: 4, or '3.9 to 5.6'; the running top ten's unless given.")
@click.option(
    "--level",
    default="frontier",
    show_default=True,
    metavar="FLOP",
    help="Compute at the start: '3e26 to 1e27'; frontier (the line through the running top ten) or largest.",
)
@click.option(
    "--bias-dex", type=float, metavar="DEX", help="How far that line lies too high; the winner's curse unless given."
)
@click.option("--correction/--no-correction", default=True, help="Take the winner's curse off that line?")
@click.option("--data", metavar="VINTAGE", shell_complete=vintages, help="The table; the newest one unless given.")
@click.option(
    "--preset",
    default="default",
    show_default=True,
    metavar="NAME",
    shell_complete=presets,
    help="A shipped set of limits: default, epoch-2030, openai-2018, none.",
)
@click.option("--limits", type=click.Path(path_type=Path), metavar="FILE", help="Limits of your own, on top (TOML).")
@click.option("--without", multiple=True, metavar="ID", help="Leave out this limit; may be repeated.")
@click.option("--only", multiple=True, metavar="ID", help="Keep only this limit; may be repeated.")
@click.option(
    "--with",
    "extra",
    multiple=True,
    metavar="ID",
    help="Count a limit that is otherwise only reported; may be repeated.",
)
@click.option("--rho", type=float, metavar="R", help="How much money, power and chips move together, 0 to 1.")
@click.option(
    "--theta",
    default="uniform 1 to 2",
    show_default=True,
    metavar="T",
    help="How late growth slows before a soft limit.",
)
@click.option(
    "--threshold", "thresholds", multiple=True, metavar="FLOP", help="An amount to look for; may be repeated."
)
@click.option("--draws", type=int, default=4096, show_default=True, metavar="N", help="How many worlds.")
@click.option("--far", is_flag=True, help="Allow more than seven years past the data.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    help="How to print; csv, tsv, json and jsonl print the rows of --rows.",
)
@click.option("--rows", type=click.Choice(["years", "limits", "thresholds"]), help="Which rows; years unless given.")
@json_option
def command(
    to: int,
    start: date | None,
    thresholds: tuple[str, ...],
    form: str,
    rows: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """The trend forward: what it runs into, when, and how probably.

    Values are those on the first of January. 'hard' is the trend until it meets a limit; 'soft' slows on the way there.

    \b
    Examples:
      comptometer project --to 2032
      comptometer project --to 2032 --preset none
      comptometer project --to 2032 --without data --rho 0
      comptometer project --to 2024 --preset openai-2018
      comptometer project --to 2032 --growth '3 to 4' --level '3e26 to 1e27' --format csv
    """
    from comptometer.projection import THRESHOLDS, project

    found = project(
        to,
        start=start,
        thresholds=[_flop(text) for text in thresholds] or THRESHOLDS,
        **given,
    )
    if as_json:
        emit_json(found.to_dict())
    elif form in {"table", "md"} and not rows:
        click.echo(page(found, md=form == "md"))
    else:
        records = RECORDS[rows or "years"](found)
        emit_rows(list(dict.fromkeys(key for row in records for key in row)), records, form)


def _flop(text: str) -> float:
    from comptometer.distribution import Point
    from comptometer.errors import Problem, UsageError
    from comptometer.limits import positive

    belief = positive(text, "FLOP")
    if not isinstance(belief, Point):
        raise UsageError.of([Problem("threshold", f"{text!r} must be one number; write e.g. 1e27")])
    return belief.value


# Records for machines


def _years(found: Projection) -> list[dict[str, Any]]:
    records = []
    for row in found.to_dict()["years"]:
        paths = {f"{path}_{q}": value for path in ("trend", "hard", "soft") for q, value in row[path].items()}
        spending = row["spending_usd"] or {}
        money = {f"spending_{path}_{q}_usd": v for path, fan in spending.items() for q, v in fan.items()}
        binds = {f"binds_{name.replace('-', '_')}": share for name, share in row["binds"].items()}
        records.append({"year": row["year"], **paths, **money, **binds})
    return records


def _limits(found: Projection) -> list[dict[str, Any]]:
    records = []
    for row in found.to_dict()["limits"]:
        crossed = {f"crossed_{key}": value for key, value in row.pop("crossed").items()}
        row.pop("allows")
        records.append({**row, **crossed})
    return records


def _thresholds(found: Projection) -> list[dict[str, Any]]:
    return [
        {
            "flop": row["flop"],
            "year": at["year"],
            **{f"probability_{path}": at[path] for path in ("trend", "hard", "soft")},
        }
        for row in found.to_dict()["thresholds"]
        for at in row["probability"]
    ]


RECORDS: dict[str, Callable[[Projection], list[dict[str, Any]]]] = {
    "years": _years,
    "limits": _limits,
    "thresholds": _thresholds,
}


# The page for people


def page(found: Projection, *, md: bool = False) -> str:
    """The projection for people."""
    tables = [table for table in (_paths(found), _binding(found), _crossings(found), _reached(found)) if table]
    parts = [_head(found, md), *(_shown(table, md) for table in tables), _foot(found)]
    return "\n\n".join(parts)


def _shown(table: Table, md: bool) -> str:
    title, columns, rows, note = table
    if md:
        return "\n".join([f"## {title}", "", *markdown(columns, rows), *(["", note] if note else [])])
    return "\n".join([bold(title), *aligned(columns, rows), *([wrapped(note)] if note else [])])


def _head(found: Projection, md: bool) -> str:
    from comptometer import text

    level, split = found.quantiles["trend"][0], found.growth_split
    growth = split["growth"]
    title = f"Training compute of the largest runs, to {found.years[-1]:.0f}"
    first = _with_interval(level[2], level[0], level[4], " FLOP")
    rate = _with_interval(growth["p50"], growth["p5"], growth["p95"], "")
    lines = [
        f"start  {first} at {_year(found.years[0])}; {found.start.said['level']}",
        f"growth a year  {rate}; {found.start.said['growth']}",
    ]
    names = {"price": "cheaper compute", "duration": "longer runs", "spending": "more money"}
    parts = [f"{said} {text.number(split[name]['p50'])}" for name, said in names.items() if name in split]
    if parts:
        lines.append(f"made of  {' × '.join(parts)}")
    if md:
        return "\n".join([f"# {title}", "", *(f"- {line}" for line in lines)])
    return "\n".join([bold(title), *(wrapped(line) for line in lines)])


def _with_interval(middle: float, low: float, high: float, unit: str) -> str:
    from comptometer import text

    said = text.number(middle, 3) + unit
    return said if high - low <= 1e-9 * high else f"{said} (90%: {text.interval(low, high)})"


def _paths(found: Projection) -> Table:
    from comptometer import text

    def cells(row: Sequence[float]) -> list[str]:
        return [text.number(row[2], 2), f"{text.number(row[0], 2)} to {text.number(row[4], 2)}"]

    columns, rows = ["year"], []
    limited = any(limit.included for limit in found.limits.limits.values())
    for path in ("trend", "hard", "soft") if limited else ("trend",):
        columns += [path, "90%"]
    spending = found.spending
    if spending:
        columns.append("dollars, soft" if limited else "dollars")
    for at, year in enumerate(found.years):
        row = [_year(year)]
        for path in columns[1::2] if not spending else columns[1:-1:2]:
            row += cells(found.quantiles[path][at])
        if spending:
            row.append(text.number(spending["soft"][at][2], 2))
        rows.append(row)
    note = "FLOP of one run, on 1 January where the year is whole; median and 90% interval"
    return "Compute", columns, rows, note + ("; dollars are the price of such a run" if spending else "")


def _binding(found: Projection) -> Table | None:
    from comptometer import text

    names = [name for name in found.binds if name != "none"]
    if not names:
        return None
    shown = sorted(names, key=lambda name: -max(found.binds[name]))
    rows = [
        [_year(year), *(text.percent(round(found.binds[name][at], 2)) for name in ["none", *shown])]
        for at, year in enumerate(found.years)
    ]
    note = "probability that it is the lowest limit and below the trend"
    return "What holds compute down", ["year", "nothing", *shown], rows, note


def _crossings(found: Projection) -> Table | None:
    from comptometer import text

    if not found.paths:
        return None
    rows = []
    end = f"after {found.years[-1]:.0f}"
    for name, limit in found.limits.limits.items():
        crossed = found.crossing(name)
        ends = [_year(year) if year is not None else end for year in (crossed[p] for p in ("p5", "p50", "p95"))]
        kind = limit.kind if limit.included else f"{limit.kind}, only reported"
        share = text.percent(round(crossed["probability"] or 0.0, 2))
        rows.append([limit.label, kind, *ends, share, limit.source + ("" if limit.verified else " (unverified)")])
    columns = ["limit", "kind", "5%", "median", "95%", f"by {found.years[-1]:.0f}", "source"]
    return "When the trend first meets each limit", columns, rows, ""


def _reached(found: Projection) -> Table | None:
    from comptometer import text

    shown = [flop for flop in found.thresholds if found.probability(flop)["trend"][-1] >= 0.005]
    if not shown:
        return None
    rows = []
    for flop in shown:
        middle = [found.reached(flop, path) for path in ("trend", "soft")]
        said = [_year(year) if year is not None else f"after {found.years[-1]:.0f}" for year in middle]
        said = [
            f"by {_year(found.years[0])}" if year == found.years[0] else words
            for year, words in zip(middle, said, strict=True)
        ]
        shares = [text.percent(round(share, 2)) for share in found.probability(flop)["soft"]]
        rows.append([text.number(flop, 2), *said, *shares])
    columns = ["FLOP", "median, trend", "median, soft", *(_year(year) for year in found.years)]
    return "Thresholds", columns, rows, "probability that a run of the largest is at least so large, with soft limits"


def _year(year: float) -> str:
    return f"{year:.0f}" if float(year).is_integer() else f"{year:.1f}"


def _foot(found: Projection) -> str:
    from comptometer.release import data_version

    asked = found.asked
    said = f"limits {asked['preset']}" + (f" and {asked['limits_file']}" if asked["limits_file"] else "")
    return style(f"data {data_version()} · {said} · rho {asked['rho']:g} · {asked['draws']:,} worlds", dim=True)
