"""`comptometer trend`."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from comptometer.cli._dates import FIRST, LAST
from comptometer.cli._once import Once
from comptometer.cli._print import aligned, bold, emit_json, json_option, style, wrapped

if TYPE_CHECKING:
    from datetime import date

    from comptometer.growth import Answer


@click.command("trend", cls=Once)
@click.argument("file", required=False, type=click.Path())
@click.option(
    "--quantity",
    default="compute",
    metavar="NAME",
    help="What grows: compute, parameters, data, time, chips, power, cost, …",
)
@click.option(
    "--select", default="notable", metavar="WHICH", help="all, notable, frontier, record, large-scale or regular-scale."
)
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
@click.option("--data", metavar="VINTAGE", help="The table; the newest shipped one unless given.")
@click.option(
    "--values",
    default="reported",
    metavar="WHOSE",
    help="The table's figures (reported), or ours (estimated).",
)
@click.option("--method", default="log-linear", metavar="NAME", help="How to fit.")
@click.option("--breaks", metavar="N", help="Of segmented: 0, 1, 2, or auto.  [auto]")
@click.option("--knot", type=FIRST, metavar="DATE", help="Of two-era: the day between the eras.  [2018-01-01]")
@click.option("--join", metavar="HOW", help="Of two-era: do the lines meet there, or stand apart?  [meet]")
@click.option("--quantile", type=float, metavar="P", help="Of quantile: which one.  [0.9]")
@click.option("--by", type=click.Choice(["organization", "model"]), default="organization", help="What is resampled.")
@click.option(
    "--draws", type=int, default=10_000, metavar="N", help="How many resamples, 100 to 100,000; 10,000 unless given."
)
@click.option("--noise", is_flag=True, help="Redraw the values in each resample, as uncertain as they are.")
@click.option("--sensitivity", is_flag=True, help="The same question under every reasonable definition.")
@click.option("--date-column", default="date", metavar="NAME", help="Of FILE: the column of dates.  [date]")
@click.option("--value-column", default="value", metavar="NAME", help="Of FILE: the column of values.  [value]")
@click.option("--organization-column", metavar="NAME", help="Of FILE: whose each value is.")
@click.option("--unit", default="", metavar="UNIT", help="Of FILE: the unit of the values.")
@click.option(
    "--predict", type=FIRST, metavar="YEAR", help="The line, and where one new point would lie, on 1 January of YEAR."
)
@click.option("--far", is_flag=True, help="Allow --predict more than seven years from the data.")
@click.option("--effective", is_flag=True, help="Also the growth of effective compute, beside that of physical FLOP.")
@click.option("--rate", metavar="ID", help="Of --effective: a published rate; by the domain unless given.  [language]")
@click.option("--halving", metavar="MONTHS", help='Of --effective: months until half will do.  ["5 to 14"]')
@click.option("--points", is_flag=True, help="In the JSON, also the points.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    file: str | None,
    as_json: bool,
    points: bool,
    sensitivity: bool,
    predict: date | None,
    far: bool,
    **given: Any,
) -> None:
    """How fast does it grow: factor a year, doubling time, interval, and what was left out.

    FILE is a CSV or Parquet file of your own with dates and values, or - for CSV on standard input; without it the
    question is about a pinned table.

    \b
    Examples:
      comptometer trend
      comptometer trend --sensitivity
      comptometer trend my-models.csv --value-column flop --unit FLOP
      comptometer trend --select frontier --since 2018 --predict 2028
      comptometer trend --select frontier --since 2018 --domain Language --effective
      comptometer trend --select frontier --since 2018
      comptometer trend --quantity cost --select frontier --since 2016 --data epoch-2025-06
      comptometer trend --domain Language --since 2017-06-01 --by model --json
    """
    asked = {
        name: value
        for name, value in given.items()
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT and value is not None
    }
    _together(ctx, points and not as_json, sensitivity)
    if sensitivity:
        _print_variants(asked, as_json)
        return
    from comptometer.trend_request import trend

    source = sys.stdin.buffer if file == "-" else file
    answer = trend(source, predict=predict, far=far, **asked)
    if as_json:
        emit_json(answer.to_dict(points=points))
    else:
        click.echo(page(answer))


def _together(ctx: click.Context, points_of_no_json: bool, sensitivity: bool) -> None:
    """Refuse flags that would do nothing beside the others."""
    if points_of_no_json:
        raise click.UsageError("--points is of the JSON: add --json", ctx)
    if sensitivity:
        for name in ("file", "predict", "far", "points", "effective", "rate", "halving"):
            if ctx.params.get(name):
                shown = "FILE" if name == "file" else f"--{name}"
                raise click.UsageError(f"{shown} means nothing with --sensitivity", ctx)


def _print_variants(asked: dict[str, Any], as_json: bool) -> None:
    from comptometer import text
    from comptometer.definitions import FEWER_DRAWS, sensitivity

    asked["draws"] = min(asked.get("draws", FEWER_DRAWS), FEWER_DRAWS)
    found = sensitivity(**asked)
    if as_json:
        emit_json(found.to_dict())
        return
    variants = found.variants
    answer = variants[0].answer
    assert answer is not None
    rows = []
    for variant in variants:
        row = variant.to_dict()
        growth, months = row["growth_per_year"], row["doubling_months"]
        cells = [variant.group, variant.label, str(row["n"] or "")]
        if growth is None:
            rows.append([*cells, "", "", "", variant.problem])
            continue
        ends = (growth["p5"], growth["p95"])
        rows.append(
            [
                *cells,
                text.number(growth["estimate"], 3),
                text.interval(*ends, 3) if None not in ends else "–",
                text.number(months["estimate"], 3) if months["estimate"] is not None else "–",
                "",
            ]
        )
    click.echo(_head(answer))
    columns = ["what", "definition", "n", "growth a year", "90%", "doubling, months", "problem"]
    click.echo("\n".join(["", *aligned(columns, rows), "", _foot(answer)]))


def page(answer: Answer) -> str:
    """The answer for people."""
    return "\n\n".join(
        part
        for part in (
            _head(answer),
            _fit(answer),
            _predicted(answer),
            _effective(answer),
            _breaks(answer),
            _robust(answer),
            _left_out(answer),
            _missing(answer),
            _foot(answer),
        )
        if part
    )


def _head(answer: Answer) -> str:
    wanted, asked = answer.question.wanted, answer.question
    which = _which(answer)
    conditions = [
        wanted.organization,
        wanted.country,
        wanted.domain,
        *wanted.confidence,
        {True: "open weights", False: "closed weights"}.get(wanted.open_weights, ""),  # type: ignore[arg-type]
        "" if wanted.fine_tunes else "without those built on another",
        *(f"without {name}" for name in wanted.without),
    ]
    window = " ".join(
        part
        for part in (f"from {wanted.since}" if wanted.since else "", f"to {wanted.until}" if wanted.until else "")
        if part
    )
    values = "as the table reports" if asked.values == "reported" else "as we estimate"
    said = ", ".join(part for part in [which, *conditions, window, asked.data, values] if part)
    return f"{bold(answer.quantity.label)}   {said}"


def _which(answer: Answer) -> str:
    from comptometer.quantities import is_of_chips

    wanted = answer.question.wanted
    if is_of_chips(answer.quantity.name):
        return {"all": "GPUs", "notable": "chips for machine learning"}[wanted.select]
    return {
        "all": "all models",
        "notable": "notable models",
        "frontier": f"the {wanted.top} largest at release",
        "record": "larger than all before",
        "large-scale": "large-scale models",
        "regular-scale": "models of regular scale",
    }[wanted.select]


def _fit(answer: Answer) -> str:
    from comptometer import text
    from comptometer.quantities import is_of_chips
    from comptometer.trends import as_date

    trend = answer.trend
    growth, months = trend.growth_per_year.to_dict(), trend.doubling_months().to_dict()

    def said(row: dict[str, float | None]) -> list[str]:
        ends = (row["p5"], row["p95"])
        interval = text.interval(*ends, 3) if None not in ends else "–"  # type: ignore[arg-type]
        return [text.number(row["estimate"], 3) if row["estimate"] is not None else "–", interval]

    rows = [["growth a year", *said(growth)], ["doubling, months", *said(months)]]
    if len(trend.segments) > 1:
        rows = [
            row
            for segment in trend.segments
            for row in (
                [f"{as_date(segment.first)} to {as_date(segment.last)}: growth a year",
                 *said(segment.growth_per_year.to_dict())],
                ["doubling, months", *said(segment.doubling_months().to_dict())],
            )
        ]  # fmt: skip
    table = "\n".join(aligned(["", answer.question.method, "90%"], rows))
    first, last = answer.observations[0].day, answer.observations[-1].day
    unit = answer.question.by
    organizations = len({o.organization for o in answer.observations})
    what = "chips" if is_of_chips(answer.quantity.name) else "models"
    return (
        f"{table}\n\n"
        f"{trend.n} {what} of {organizations} organizations, {first} to {last}; R² {text.number(trend.r2, 3)}; "
        f"intervals from {answer.question.draws:,} resamples by {unit}"
    )


def _predicted(answer: Answer) -> str:
    """The line on another day, and where a single new point would lie."""
    from comptometer import text

    if answer.prediction is None:
        return ""
    row = answer.prediction.to_dict()
    mean, single, unit = row["mean"], row["single"], f" {row['unit']}" if row["unit"] else ""
    away = f", {row['years_from_the_data']:.1f} years from the data" if row["years_from_the_data"] else ""
    return wrapped(
        f"Prediction  on {row['day']}{away}: {text.number(mean['estimate'], 2)}{unit} "
        f"(90% of the line {text.interval(mean['p5'], mean['p95'])}; "
        f"of a single new point {text.interval(single['p5'], single['p95'])})",
        0,
    )


def _effective(answer: Answer) -> str:
    """Growth of effective compute, with what it rests on."""
    from comptometer import text

    if answer.effective is None:
        return ""
    row = answer.effective.to_dict()
    physical, growth, gain, rate = (
        answer.trend.growth_per_year,
        row["growth_per_year"],
        row["gain_per_year"],
        row["rate"],
    )

    def said(fitted: dict[str, float | None]) -> str:
        ends = [math.inf if fitted[key] is None else fitted[key] for key in ("p5", "p95")]
        return f"{text.number(fitted['estimate'])} (90% {text.interval(*ends)})"  # type: ignore[arg-type]

    cited = f"Rate  {rate['id']}" + (f", {rate['task']}: {rate['source']}, {rate['where']}" if rate["source"] else "")
    return "\n".join(
        wrapped(line, 0)
        for line in (
            f"Effective compute  grows {said(growth)} times a year: physical {said(physical.to_dict())} × algorithms "
            f"{said(gain)}",
            cited,
            *(f"Note  {note}" for note in row["warnings"]),
        )
    )


def _breaks(answer: Answer) -> str:
    lines = []
    for found in (*answer.trend.breaks, *answer.trend.unidentified):
        row = found.to_dict()
        state = "" if row["identified"] else ", not identified"
        lines.append(wrapped(f"Break  {row['day']} (90% {row['p5']} to {row['p95']}){state}: {row['why']}", 0))
    return "\n".join([*lines, *(wrapped(note, 0) for note in answer.trend.notes)])


def _robust(answer: Answer) -> str:
    """What a single organization decides, and what choosing by uncertain values does."""
    from comptometer import text

    lines = []
    if answer.without_one:
        (low_name, low), (high_name, high) = answer.without_one[0], answer.without_one[-1]
        lines.append(
            f"Without one  {text.number(low, 3)} without {low_name} to {text.number(high, 3)} without {high_name}"
        )
    if answer.level:
        row = answer.level.to_dict()
        level = row["corrected"]
        lines.append(
            f"Level  on {answer.observations[-1].day} {text.number(row['seen'], 2)} {answer.quantity.unit} as seen, "
            f"{text.number(level['estimate'], 2)} (90% {text.interval(level['p5'], level['p95'])}) corrected for the "
            f"winner's curse of {text.number(row['bias_dex'], 2)} dex"
        )
    return "\n".join(wrapped(line, 0) for line in lines)


def _left_out(answer: Answer) -> str:
    parts = [f"{count} {reason}" for reason, count in sorted(answer.excluded.items(), key=lambda item: -item[1])]
    return wrapped(f"Left out  {', '.join(parts)}", 0) if parts else ""


def _missing(answer: Answer) -> str:
    from comptometer import text

    shares = list(answer.missing_by_year.items())[-6:]
    if not any(share for _, share in shares):
        return ""
    said = ", ".join(f"{year} {text.percent(share)}" for year, share in shares)
    return wrapped(f"Without a value  {said} of those asked about; they are not missing at random", 0)


def _foot(answer: Answer) -> str:
    from comptometer.release import data_version

    return style(f"data {data_version(answer.question.data)} · months of 30.4375 days", dim=True)
