"""`comptometer decompose`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import vintages as complete
from comptometer.cli._dates import FIRST, LAST
from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, json_option, markdown, style, wrapped

if TYPE_CHECKING:
    from comptometer.decomposition import Decomposition, Split

COLUMNS = ("split", "part", "implied", "n", "estimate", "p5", "p50", "p95", "share", "share_p5", "share_p95", "unit")


@click.command("decompose")
@click.option(
    "--select",
    default="frontier",
    metavar="WHICH",
    help="frontier (as if not given), all, notable, records or large-scale.",
)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Of the frontier: the N largest at release.  [10]")
@click.option(
    "--since",
    type=FIRST,
    default="2018-01-01",
    metavar="DATE",
    help="First day of the window; 2018-01-01 unless given.",
)
@click.option("--until", type=LAST, metavar="DATE", help="Last day of the window; of a month or a year its last.")
@click.option(
    "--data", metavar="VINTAGE", shell_complete=complete, help="The table; the newest shipped one unless given."
)
@click.option(
    "--cost",
    type=click.Choice(["cost", "cloud-cost", "upfront-cost"]),
    default="cost",
    help="Which cost: amortised, rented, or the price of the machines.",
)
@click.option("--by", type=click.Choice(["organization", "model"]), default="organization", help="What is resampled.")
@click.option(
    "--draws", type=click.IntRange(100, 100_000), default=10_000, metavar="N", help="How many resamples, from 100 up."
)
@click.option("--seed", type=int, default=0, metavar="N", help="Another number gives other resamples.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def command(form: str, as_json: bool, **asked: Any) -> None:
    """What the growth of training compute is made of: chips, peak, time, utilization; money and FLOP per dollar.

    \b
    Examples:
      comptometer decompose
      comptometer decompose --data epoch-2025-06 --json
      comptometer decompose --select notable --since 2010 --by model
      comptometer decompose --cost upfront-cost --format csv
    """
    from comptometer.decomposition import decompose

    found = decompose(**asked)
    if as_json:
        emit_json(found.to_dict())
    elif form in {"table", "md"}:
        click.echo(page(found, md=form == "md"))
    else:
        emit_rows(COLUMNS, _records(found), form)


def _records(found: Decomposition) -> list[dict[str, Any]]:
    records = []
    for name, split in found.splits.items():
        whole = {"split": name, "part": "compute", "implied": False, "unit": "FLOP", "n": len(split.models)}
        records.append(whole | split.compute.growth_per_year.to_dict())
        for part in split.to_dict()["parts"]:
            share = part["share"] or {}
            told = {key: part[key] for key in ("implied", "unit")}
            shares = {"share": share.get("estimate"), "share_p5": share.get("p5"), "share_p95": share.get("p95")}
            growth = part["growth_per_year"]
            records.append({"split": name, "part": part["name"], "n": len(split.models), **told, **growth, **shares})
    return records


# The page for people

TITLES = {"machines": "Compute = chips × peak × time × utilization", "money": "Compute = spending × FLOP per dollar"}
NAMES = {
    "compute": "training compute",
    "chips": "chips of one run",
    "peak": "peak of a chip, FLOP/s",
    "time": "training time",
    "utilization": "utilization, implied",
    "spending": "spending",
    "price-performance": "FLOP per dollar",
}
KINDS = {"cost": "amortised cost", "cloud-cost": "rented", "upfront-cost": "price of the machines"}


def page(found: Decomposition, *, md: bool = False) -> str:
    """The answer for people."""
    parts = [_head(found)]
    for name, split in found.splits.items():
        parts.append(_split(name, split, found, md=md))
    parts += [wrapped(f"{TITLES[name]}: {problem}", 0) for name, problem in found.problems.items()]
    return "\n\n".join([*parts, _published(found), _foot(found)])


def _head(found: Decomposition) -> str:
    wanted, asked = found.answer.question.wanted, found.answer.question
    which = {"frontier": f"the {wanted.top} largest at release", "all": "all models"}
    window = [f"from {wanted.since}" if wanted.since else "", f"to {wanted.until}" if wanted.until else ""]
    said = [which.get(wanted.select, wanted.select), "without those built on another", *window, asked.data]
    return f"{bold('Growth of training compute, by its parts')}   {', '.join(part for part in said if part)}"


def _split(name: str, split: Split, found: Decomposition, *, md: bool) -> str:
    from comptometer import text

    others = {row["part"]: row for row in found.to_dict()["published"] if row["split"] == name}
    rows = []
    for part, trend, share in [("compute", split.compute, None), *((p.name, p.trend, p.share) for p in split.parts)]:
        growth = trend.growth_per_year
        shares = ["100%", ""] if part == "compute" else ["–", "–"]
        if share is not None:
            low, high = share.interval()
            shares = [text.percent(share.estimate), f"{text.number(100 * low, 2)} to {text.number(100 * high, 2)}%"]
        ours = [text.number(growth.estimate), text.interval(*growth.interval(), 3)]
        rows.append([NAMES[part], *ours, *shares, _said(others.get(part))])
    columns = ["", "growth a year", "90%", "share", "90%", "published"]
    kind = f", {KINDS[found.cost]}" if name == "money" else ""
    title = f"{TITLES[name]}{kind}   {len(split.models)} models"
    table = markdown(columns, rows) if md else aligned(columns, rows)
    left_out = ", ".join(f"{count} {reason}" for reason, count in split.excluded.items())
    notes = [*split.notes, *([f"left out: {left_out}"] if left_out else [])]
    if md:
        return "\n".join([f"## {title}", "", *table, "", *(f"- {note}" for note in notes)])
    return "\n".join([bold(title), *table, *map(wrapped, notes)])


def _said(row: dict[str, Any] | None) -> str:
    from comptometer import text

    if row is None:
        return ""
    if row["low"] is None:
        return text.number(row["growth"])
    return (
        f"{text.number(row['growth'])} ({text.percent(row['interval'])}: {text.interval(row['low'], row['high'], 3)})"
    )


def _published(found: Decomposition) -> str:
    seen: dict[tuple[str, str], list[str]] = {}
    for row in found.to_dict()["published"]:
        seen.setdefault((row["source"], row["models"]), []).append(NAMES[row["part"]].split(",")[0])
    return wrapped(
        "Published  "
        + "; ".join(f"{source}: {models} ({', '.join(parts)})" for (source, models), parts in seen.items()),
        0,
    )


def _foot(found: Decomposition) -> str:
    from comptometer.release import data_version

    asked = found.answer.question
    return style(f"data {data_version()} · {asked.draws:,} resamples by {asked.by}, seed {found.seed}", dim=True)
