"""`comptometer data export`."""

from __future__ import annotations

from pathlib import Path

import click

from comptometer.cli._print import hint


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--data", metavar="VINTAGE", help="The table to start from; the newest shipped one unless given.")
@click.option(
    "--what", type=click.Choice(["models", "chips", "claims", "all"]),
    help="Which tables; all that fit unless given: the models where a file holds one.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option(
    "--datasette-metadata", type=click.Path(path_type=Path), metavar="PATH",
    help="Also write titles, licence, meanings and facets for Datasette (.json), beside a database.",
)  # fmt: skip
def export(out: Path, data: str | None, what: str | None, force: bool, datasette_metadata: Path | None) -> None:
    """Write the catalogue to OUT: .csv, .jsonl or .parquet (one table), .json, .sqlite or .db (all tables).

    Every row says who it is from and under which licence; whom to credit is printed on standard error.

    \b
    Examples:
      comptometer data export my-models.csv
      comptometer data export my-models.sqlite --datasette-metadata my-models.json
      comptometer data export my-models-chips.parquet --what chips
    """
    from comptometer import vintages
    from comptometer.exports import export as write

    content = write(
        out, data=data or vintages.DEFAULT, what=what or "", force=force, datasette_metadata=datasette_metadata
    )
    click.echo(str(out))
    if datasette_metadata:
        click.echo(str(datasette_metadata))
    hint(", ".join(f"{len(table.rows)} {table.name}" for table in content.tables))
    for line in content.credit:
        hint(f"credit: {line}")
