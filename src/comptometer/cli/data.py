"""`comptometer data`: the vintages, pinned editions of other people's tables of models; and the export."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comptometer.cli._complete import vintages as complete
from comptometer.cli._dates import FIRST
from comptometer.cli._export import export
from comptometer.cli._print import FORMATS, emit_json, emit_rows, hint, json_option

if TYPE_CHECKING:
    from comptometer.differences import Difference
    from comptometer.snapshots import Import
    from comptometer.vintages import Sidecar

SHOWN = 50  # problems printed; all are in the JSON
LISTED = ("id", "date", "rows", "dollars", "shipped", "title")
DIFFERS = ("kind", "model", "was", "organization", "old", "new", "ratio", "reason")
DIFFERS_SHORT = ("kind", "old", "new", "ratio", "model")


@click.group("data")
def command() -> None:
    """Vintages, pinned editions of other people's tables of models; and the catalogue as a file."""


command.add_command(export)


def _described(facts: Sidecar, shipped: bool) -> dict[str, object]:
    plain = {key: str(value) if isinstance(value, date) else value for key, value in asdict(facts).items()}
    return {**plain, "dollars": facts.dollars or None, "shipped": shipped}


@command.command("list")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def listed(form: str, as_json: bool) -> None:
    """Every vintage, shipped or imported, with its date and number of models.

    \b
    Example:
      comptometer data list
    """
    from comptometer import vintages
    from comptometer.release import data_version

    rows = [
        _described(vintages.sidecar(name, folder), vintages.is_shipped(folder))
        for name, folder in vintages.folders().items()
    ]
    if as_json:
        emit_json(
            {
                "schema": "comptometer/data-list/1",
                "data_version": data_version(),
                "default": vintages.DEFAULT,
                "vintages": rows,
            }
        )
    else:
        emit_rows(LISTED if form in {"table", "md"} else tuple(rows[0]), rows, form)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--id", "name", metavar="NAME", help="What to call it, e.g. epoch-2026-10; made from the date if not given."
)
@click.option(
    "--date", "day", type=FIRST, metavar="DATE",
    help="Day of the edition, of a month or a year its first; the newest date of publication in it if not given.",
)  # fmt: skip
@click.option("--reader", default="epoch", show_default=True, metavar="NAME", help="Whose table it is.")
@click.option("--dry-run", is_flag=True, help="Read and report, write nothing.")
@click.option("--strict", is_flag=True, help="Refuse a file with any problem.")
@json_option
def imported(
    file: Path, name: str | None, day: date | None, reader: str, dry_run: bool, strict: bool, as_json: bool
) -> None:
    """Read FILE (a CSV, or with .gz; - for standard input) into a vintage of your own.

    Bad cells are dropped, bad rows left out; each is reported with its line on standard error. The vintage is written
    whole or not at all, into snapshots/ of your data folder, never over another one.

    \b
    Example:
      comptometer data import my-models.csv --id epoch-2026-10 --dry-run   # my-models.csv: as downloaded
    """
    from comptometer.files import read_bytes
    from comptometer.snapshots import LARGEST_TABLE, bring_in

    raw = sys.stdin.buffer.read(LARGEST_TABLE + 1) if str(file) == "-" else read_bytes(file, LARGEST_TABLE)
    done = bring_in(
        raw,
        "standard input" if str(file) == "-" else str(file),
        as_of=date.today(),
        vintage_id=name,
        edition=day,
        reader=reader,
        strict=strict,
        write_it=not dry_run,
    )
    for problem in done.reading.problems[:SHOWN]:
        hint(f"{file}: {problem}")
    if done.reading.problems_found > SHOWN:
        hint(f"{file}: and {done.reading.problems_found - SHOWN:,} more problems; --json lists them")
    if as_json:
        emit_json(_import_document(done, dry_run))
    else:
        _summary(done, dry_run)


def _summary(done: Import, dry_run: bool) -> None:
    reading, facts = done.reading, done.facts
    end = f"{reading.left_out} rows left out, {reading.problems_found} problems"
    click.echo(f"{facts.id}: {facts.rows} models, edition of {facts.date}, layout {facts.layout}; {end}")
    if dry_run:
        click.echo("nothing written (--dry-run)")
    else:
        click.echo(f"{'written to' if done.written else 'was there already, the same:'} {done.path}")


def _import_document(done: Import, dry_run: bool) -> dict[str, object]:
    from comptometer.release import data_version

    return {
        "schema": "comptometer/data-import/1",
        "data_version": data_version(),
        "id": done.facts.id,
        "date": str(done.facts.date),
        "layout": done.facts.layout,
        "encoding": done.reading.encoding,
        "rows": done.facts.rows,
        "rows_left_out": done.reading.left_out,
        "sha256": done.facts.sha256,
        "upstream_sha256": done.facts.upstream_sha256,
        "path": None if dry_run else str(done.path),
        "written": done.written,
        "problems_found": done.reading.problems_found,
        "problems": [asdict(problem) for problem in done.reading.problems],
    }


@command.command("verify")
@click.argument("ids", nargs=-1, metavar="[ID]…", shell_complete=complete)
@json_option
def verify(ids: tuple[str, ...], as_json: bool) -> int:
    """Compare vintages (all, if none is named) with the digests and counts that are written down beside them.

    Exit status 1 if one differs.

    \b
    Example:
      comptometer data verify
    """
    from comptometer import vintages
    from comptometer.release import data_version

    found = {name: vintages.faults(name) for name in ids or vintages.names()}
    if as_json:
        rows = [{"id": name, "ok": not faults, "problems": faults} for name, faults in found.items()]
        emit_json({"schema": "comptometer/data-verify/1", "data_version": data_version(*found), "vintages": rows})
    else:
        for name, faults in found.items():
            click.echo(f"{name}: {'; '.join(faults) if faults else 'as it was written down'}")
    return int(any(found.values()))


@command.command("diff")
@click.argument("old", shell_complete=complete)
@click.argument("new", shell_complete=complete)
@click.option("--quantity", default="compute", show_default=True, metavar="NAME", help="Which figure to compare.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def diff(old: str, new: str, quantity: str, form: str, as_json: bool) -> None:
    """Models that changed, lost their figure, were renamed, added or removed from OLD to NEW, largest change first.

    \b
    Example:
      comptometer data diff epoch-2025-06 epoch-2026-07 --format csv
    """
    from comptometer.differences import counts, differences
    from comptometer.release import data_version

    found = differences(old, new, quantity)
    rows = [asdict(difference) for difference in found]
    if as_json:
        emit_json(
            {
                "schema": "comptometer/data-diff/1",
                "data_version": data_version(old, new),
                "old": old,
                "new": new,
                "quantity": quantity,
                "counts": counts(found),
                "differences": rows,
            }
        )
        return
    if form in {"table", "md"}:
        emit_rows(DIFFERS_SHORT, [_short(difference) for difference in found], form)
    else:
        emit_rows(DIFFERS, rows, form)
    hint(f"{quantity}, {old} to {new}: " + ", ".join(f"{number} {kind}" for kind, number in counts(found).items()))


def _short(difference: Difference) -> dict[str, str]:
    """A difference for a table that people read: figures rounded, both names in one cell."""
    from comptometer import text

    figures = {"old": difference.old, "new": difference.new, "ratio": difference.ratio}
    rounded = {key: "" if value is None else text.number(value, 3) for key, value in figures.items()}
    names = f"{difference.was} → {difference.model}" if difference.was else difference.model
    return {"kind": difference.kind, "model": names, **rounded}
