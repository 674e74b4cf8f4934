"""`comptometer calibrate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from comptometer import labels
from comptometer.cli._print import FORMATS, aligned, bold, emit_json, emit_rows, json_option, markdown, wrapped

if TYPE_CHECKING:
    from comptometer.calibration import Calibration, Consistency, Line

ROWS = ("groups", "runs", "defaults", "curve", "consistency")
HEADINGS = ("group", "n", "in 90%", "in 50%", "ratio", "fold", "sd ln", "≤ 2×", "≤ 3×")
REFITTED = ("c.v. 90%", "c.v. 50%", "c.v. fold")
Draw = Callable[[Sequence[str], Sequence[Sequence[str]]], list[str]]


@click.command("calibrate")
@click.option("--data", metavar="VINTAGE", help="The table whose rows are tried; the newest shipped one unless given.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table",
    help="How to print the rows of --rows; table and md print all of it unless it is given.",
)  # fmt: skip
@click.option("--rows", type=click.Choice(ROWS), help="Which rows: the scores of groups, single runs, …")
@json_option
def command(data: str | None, form: str, rows: str | None, as_json: bool) -> None:
    """How often intervals hold the truth: the calibration experiment, recomputed from what is shipped.

    What was worked out from the other side of a comparison confirms nothing and is kept apart as circular.
    c.v.: cross-validated, the median utilization of each class fitted without the family of the run.

    \b
    Examples:
      comptometer calibrate
      comptometer calibrate --data epoch-2025-06 --json
      comptometer calibrate --format csv --rows runs
    """
    from comptometer.calibration import calibrate

    found = calibrate(data)
    if as_json:
        emit_json(found.to_dict())
    elif form in {"table", "md"} and not rows:
        click.echo(page(found, aligned if form == "table" else markdown))
    else:
        listed = [_flat(row) for row in found.to_dict()[rows or "groups"]]
        emit_rows(list(dict.fromkeys(key for row in listed for key in row)), listed, form)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose inner objects are columns of their own."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}_{name}": inner for name, inner in value.items()}
        elif value is not None or key not in {"cross_validated", "published"}:
            flat[key] = value
    return flat


def page(found: Calibration, draw: Draw) -> str:
    """The experiments for people."""
    parts = []
    for experiment in found.experiments:
        again = any(line.refitted for line in experiment.lines)
        columns = [*HEADINGS, *(REFITTED if again else ())]
        rows = draw(columns, [_cells(line, again) for line in experiment.lines])
        parts.append(
            "\n".join(
                [bold(wrapped(experiment.title, 0)), wrapped(f"against {experiment.against}"), *_gap(draw), *rows]
            )
        )
    rows = draw(("set", "n", "ratio", "≤ 1.5×", "≤ 2×", "≤ 3×", "published"), [_set(row) for row in found.consistency])
    parts.append("\n".join([bold("Consistency: 0.33 × chip-hours × peak over the count"), *_gap(draw), *rows]))
    return "\n\n".join([*parts, _foot(found)])


def _gap(draw: Draw) -> list[str]:
    return [""] if draw is markdown else []


def _foot(found: Calibration) -> str:
    from comptometer.release import data_version

    legend = (
        "ratio: median of estimate over truth · fold: half of the estimates are within this factor · "
        "c.v.: medians fitted without the family of the run"
    )
    return (
        f"{wrapped(legend, 0)}\ndata {data_version(found.data)}, {found.data} · "
        "comptometer chart calibration chart.svg draws it"
    )


def _cells(line: Line, again: bool) -> list[str]:
    s, c = line.score, line.refitted
    spread = "–" if s.sd_ln is None else f"{s.sd_ln:.2f}"
    cells = [_named(line), str(s.n), _share(s.within_90), _share(s.within_50), f"{s.median_ratio:.2f}"]
    cells += [f"{s.median_fold:.2f}", spread, _share(s.within_2x), _share(s.within_3x)]
    if not again:
        return cells
    return cells + ([_share(c.within_90), _share(c.within_50), f"{c.median_fold:.2f}"] if c else ["–", "–", "–"])


def _named(line: Line) -> str:
    if line.by in {"all", "set"}:
        return line.group
    if line.circular:
        return "circular"
    words = {"default": labels.taken_for, "reported": labels.about}.get(line.by, str)
    return f"{line.by}: {words(line.group)}"


def _set(row: Consistency) -> list[str]:
    s, said = row.score, row.published
    published = "" if not said else f"n {said['n']}, " + " / ".join(
        _share(said[key]) if key in said else "–" for key in ("within_1_5x", "within_2x", "within_3x")
    )  # fmt: skip
    shares = [_share(value) for value in (s.within_1_5x, s.within_2x, s.within_3x)]
    return [row.where, str(s.n), f"{s.median_ratio:.2f}", *shares, published]


def _share(value: float) -> str:
    return f"{value:.0%}"
