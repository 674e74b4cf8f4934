"""`comptometer ledger`: accounting of real runs from logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comptometer.cli._print import FORMATS, emit_json, emit_rows, hint, json_option

if TYPE_CHECKING:
    from comptometer.ledger.totals import Book


BACKENDS = ("duckdb", "spark")
RULES = "A TOML of rules for model, stage and run. [rules.toml in the ledger's folder]"


@click.group("ledger")
def command() -> None:
    """How much compute did our runs really use? Accounting from the logs that an organization already has."""


folder_option = click.option(
    "--ledger", "folder", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="The ledger's folder."
)
where_option = click.option(
    "--where", multiple=True, metavar="NAME=VALUE",
    help="Only attempts with this value; may be repeated, and an empty value is that of those without one. [stage=sft]",
)  # fmt: skip


rules_option = click.option("--rules", "rules_file", type=click.Path(path_type=Path), metavar="RULES.toml", help=RULES)
backend_option = click.option(
    "--backend", type=click.Choice(BACKENDS), default=BACKENDS[0], show_default=True,
    help="What computes: DuckDB within this process, or the Spark that SPARK_CONF_DIR names, else a local one.",
)  # fmt: skip


@command.command("import")
@click.argument("kind")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@folder_option
@click.option("--dry-run", is_flag=True, help="Say what would be read and left out, and write nothing.")
@click.option("--tz", metavar="ZONE", help="Zone of times that have none: the cluster's. [Europe/Berlin]")
@click.option("--redact", is_flag=True, help="Hide names of users and nodes, and paths, behind salted hashes.")
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), metavar="MAP.toml",
    help="What columns (table) or types, partitions and nodes (sacct) mean.",
)  # fmt: skip
@click.option("--cluster", metavar="NAME", default="", help="Name of the cluster, where the file does not say.")
@click.option(
    "--url", metavar="URL", help="Ask this Prometheus (dcgm): the only use of a network. [http://localhost:9090]"
)
@click.option("--hours", type=click.IntRange(1, 24 * 366), help="With --url: how many hours back. [24]")
@click.option("--columns", metavar="NAMES", default="", help="Columns of a file without a header, commas between them.")
@json_option
def import_(
    kind: str,
    files: tuple[Path, ...],
    folder: Path,
    dry_run: bool,
    tz: str | None,
    redact: bool,
    map_file: Path | None,
    cluster: str,
    url: str | None,
    hours: int | None,
    columns: str,
    as_json: bool,
) -> int:
    """Read files, or all of a folder, into a ledger; - is standard input. What was imported before changes nothing.

    KIND is sacct (of Slurm, -P or --json), focus (bills of clouds), table (any CSV or Parquet, with --map), nvidia-smi,
    dcgm (the answer of Prometheus, or --url), hf-trainer, mlflow, wandb or tensorboard. Lines that cannot be read are
    named, the others are imported, and the exit status is 1.

    \b
    Examples:
      comptometer ledger import sacct my-model.psv --tz Europe/Berlin --ledger ledger
      comptometer ledger import table my-model.csv --map my-model.toml --ledger ledger --dry-run
    """
    from comptometer.cli._ledger_input import Live, options_of, parts, source
    from comptometer.cli._ledger_page import told
    from comptometer.errors import DataError, UsageError
    from comptometer.ledger.importing import document, import_file
    from comptometer.ledger.storage import Ledger

    ledger, reports, refused = Ledger(folder), [], {}
    if bool(files) == bool(url) or (hours and not url) or (url and kind != "dcgm"):
        raise UsageError("name the files to import, or of dcgm the --url of a Prometheus and how many --hours")
    whole: list[Path | Live] = [Live(url, hours or 24)] if url else list(parts(kind, files))
    for file in whole:
        try:
            with source(file) as path, options_of(path, tz, map_file, cluster, columns) as options:
                name = file.place if isinstance(file, Live) else "standard input" if str(file) == "-" else ""
                reports.append(import_file(ledger, kind, path, options, name=name, redact=redact, dry=dry_run))
        except DataError as error:
            refused[str(file)] = str(error)
    if as_json:
        emit_json(document(reports, ledger, refused, dry_run))
    for report in reports:
        said, warned = told(report)
        click.echo("\n".join(said), err=as_json)
        if warned:
            hint("\n".join(f"comptometer: {line}" for line in warned))
    for why in refused.values():
        hint(f"comptometer: {why}")
    return 0 if all(report.clean for report in reports) and not refused else 1


@command.command("runs")
@folder_option
@where_option
@rules_option
@backend_option
@click.option("--unmapped", is_flag=True, help="Only attempts without a model.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, the first to begin.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def runs(
    folder: Path,
    where: tuple[str, ...],
    rules_file: Path | None,
    backend: str,
    unmapped: bool,
    limit: int | None,
    form: str,
    as_json: bool,
) -> None:
    """Every attempt with its chips, hours, outcome and evidence, in the order in which they began.

    \b
    Examples:
      comptometer ledger runs --ledger my-model-ledger
      comptometer ledger runs --where outcome=FAILED --format csv --ledger my-model-ledger
      comptometer ledger runs --unmapped --ledger my-model-ledger
    """
    from comptometer.ledger.totals import RUN_COLUMNS
    from comptometer.release import data_version

    book = _book(folder, rules_file, backend)
    rows, rules = book.runs(_where((*where, "model=") if unmapped else where), limit), book.rules_used()
    if as_json:
        emit_json({"schema": "comptometer/ledger-runs/1", "data_version": data_version(), "runs": rows, "rules": rules})
    elif form in {"table", "md"}:
        from comptometer.cli._ledger_page import RUNS, RUNS_SPARE, RUNS_SPOKEN, rules_lines, run_row

        emit_rows(RUNS, [run_row(row) for row in rows], form, spoken=RUNS_SPOKEN, spare=RUNS_SPARE)
        for line in rules_lines(rules):
            hint(line)
    else:
        emit_rows(RUN_COLUMNS, rows, form)


@command.command("tag")
@click.argument("tags", nargs=-1, required=True, metavar="NAME=VALUE...")
@folder_option
@where_option
@rules_option
@click.option("--dry-run", is_flag=True, help="Say how many attempts fit, and write nothing.")
@json_option
def tag(
    tags: tuple[str, ...],
    folder: Path,
    where: tuple[str, ...],
    rules_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say something of attempts by hand; it is added to the chain like an import, and never written over.

    Tags named model, stage and run come before what the source and the rules say. Any other name becomes tag:NAME, to
    sum by and to select. An empty value takes a tag away.

    \b
    Examples:
      comptometer ledger tag model=demo-7b --where project=llm --ledger my-model-ledger
      comptometer ledger tag purpose=ablation --where run=r7 --where outcome=FAILED --ledger my-model-ledger
    """
    from comptometer.ledger.storage import Ledger
    from comptometer.ledger.tagging import tag as tagged
    from comptometer.release import data_version

    ledger = Ledger(folder)
    ledger.require()
    named = _pairs("tag", tags)
    count = tagged(ledger, named, _where(where), rules_file, dry=dry_run)
    entries = ledger.imports()
    if as_json:
        head = None if dry_run else entries[-1].hash
        schema = {"schema": "comptometer/ledger-tag/1", "data_version": data_version()}
        emit_json({**schema, "ledger": str(folder), "tags": named, "attempts": count, "dry_run": dry_run, "head": head})
        return
    did = "would be tagged" if dry_run else f"tagged, import {entries[-1].number}"
    click.echo(f"{folder}: {count} attempts {did}: {', '.join(f'{name}={value}' for name, value in named.items())}")


@command.command("total")
@folder_option
@click.option(
    "--by", default="", metavar="NAMES",
    help="model, stage, run, month, chip, outcome, project, user, cluster, partition, source, evidence. [model,stage]",
)  # fmt: skip
@where_option
@rules_option
@backend_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="Print the rows only, as a table of this kind.")
@json_option
def total(
    folder: Path,
    by: str,
    where: tuple[str, ...],
    rules_file: Path | None,
    backend: str,
    form: str | None,
    as_json: bool,
) -> None:
    """Attempts, chip-hours and FLOP with their interval, spent and of what COMPLETED.

    \b
    Examples:
      comptometer ledger total --by model,stage --ledger my-model-ledger
      comptometer ledger total --by chip --where outcome=COMPLETED --json --ledger my-model-ledger
      comptometer ledger total --by month --backend spark --ledger my-model-ledger
    """
    from comptometer.cli._ledger_page import flat, page
    from comptometer.errors import UsageError

    names = [name.strip() for name in by.split(",") if name.strip()]
    if as_json and form:
        raise UsageError("--json prints the whole answer and --format its rows: give one of them")
    found = _book(folder, rules_file, backend).total(list(dict.fromkeys(names)), _where(where))
    if as_json:
        emit_json(found)
    elif form:
        rows = [flat(row) for row in found["rows"] or [found["total"]]]
        emit_rows(tuple(rows[0]), rows, form)
    else:
        click.echo(page(found))


@command.command("verify")
@folder_option
@click.option("--head", metavar="HASH", help="A head that was printed before: it must still be in the chain.")
@json_option
def verify(folder: Path, head: str | None, as_json: bool) -> int:
    """Check the chain of the imports and the hash of every file; exit status 1 if something was changed.

    Whoever keeps the printed head elsewhere also sees whether the last imports were taken away.

    \b
    Example:
      comptometer ledger verify --ledger my-model-ledger
    """
    from comptometer.ledger.storage import Ledger
    from comptometer.release import data_version

    ledger = Ledger(folder)
    ledger.require()
    entries, problems, strays = ledger.imports(), ledger.problems(), ledger.strays()
    if head and head not in {entry.hash for entry in entries}:
        problems.append(f"no import has the hash {head}: what followed it, or it, was taken away")
    if as_json:
        emit_json(
            {
                "schema": "comptometer/ledger-verify/1",
                "data_version": data_version(),
                "ledger": str(folder),
                "imports": len(entries),
                "files": sum(len(entry.parts) for entry in entries),
                "rows": sum(entry.rows for entry in entries),
                "head": entries[-1].hash if entries else None,
                "problems": problems,
                "strays": strays,
            }
        )
    else:
        files, rows = sum(len(entry.parts) for entry in entries), sum(entry.rows for entry in entries)
        click.echo(f"{folder}: {len(entries)} imports, {files} files, {rows} rows; head {entries[-1].hash}")
    for problem in problems:
        hint(f"comptometer: {problem}")
    for stray in strays:
        hint(f"comptometer: {stray} belongs to no import and is not read")
    return 1 if problems else 0


def _book(folder: Path, rules_file: Path | None, backend: str) -> Book:
    from comptometer.ledger.engine import connected
    from comptometer.ledger.storage import Ledger
    from comptometer.ledger.totals import Book

    ledger = Ledger(folder)
    ledger.require()
    return Book(ledger, connected(backend), rules_file)


def _where(conditions: tuple[str, ...]) -> dict[str, str]:
    return _pairs("--where", conditions)


def _pairs(what: str, typed: tuple[str, ...]) -> dict[str, str]:
    """Names with their values, as they are typed.

    Raises:
        UsageError: one has no =, or two are about the same.
    """
    from comptometer.errors import UsageError

    found: dict[str, str] = {}
    for one in typed:
        name, sign, value = one.partition("=")
        if not sign or name in found:
            raise UsageError(f"{what}: {one!r}: write NAME=VALUE, each name once, e.g. outcome=FAILED")
        found[name] = value
    return found
