"""`comptometer data`."""

from __future__ import annotations

import click

from comptometer.cli._export import export


@click.group("data")
def command() -> None:
    """The data behind the catalogue."""


command.add_command(export)
