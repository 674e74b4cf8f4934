"""`comptometer dossier`: start and check dossier files."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from comptometer.cli._print import as_of_option


@click.group("dossier")
def command() -> None:
    """Write your own dossier: a TOML file with cited claims about one model."""


@command.command("new")
@click.argument("path", type=click.Path(path_type=Path), default=Path("model.toml"))
def new(path: Path) -> None:
    """Write a commented template to PATH (model.toml); never over a file that exists.

    \b
    Example:
      comptometer dossier new my-model.toml && comptometer estimate my-model.toml
    """
    from comptometer.errors import UsageError
    from comptometer.release import DATA

    template = (DATA / "template.toml").read_text(encoding="utf-8")
    if str(path) == "-":
        click.echo(template, nl=False)
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template)
    except FileExistsError:
        raise UsageError(f"{path} exists and is left as it is; name another file") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
    click.echo(f"{path} written; edit it, then: comptometer estimate {path}", err=True)


@command.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@as_of_option
def check(path: Path, as_of: date | None) -> None:
    """Read a dossier and report every problem in it; exit status 1 if there is one.

    \b
    Example:
      comptometer dossier check my-model.toml
    """
    from comptometer.files import LARGEST_FILE
    from comptometer.request import from_bytes, from_file

    day = as_of or date.today()
    dossier = from_bytes(sys.stdin.buffer.read(LARGEST_FILE + 1), day) if str(path) == "-" else from_file(path, day)
    stages = f", {len(dossier.stages)} stages" if dossier.stages else ""
    click.echo(f"{path}: {dossier.name}, {len(dossier.all_claims())} claims{stages}, no problem")
