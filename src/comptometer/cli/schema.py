"""`comptometer schema`."""

from __future__ import annotations

import click

from comptometer.cli._print import emit_json


@click.command("schema")
@click.argument("name")
def command(name: str) -> None:
    """Print the JSON Schema of a file that goes in or an object that comes out.

    NAME is dossier, chip, source or regulation (files), or what a command prints: estimate, replicate, model,
    chip-record, data-list, …

    \b
    Example:
      comptometer schema dossier
    """
    from difflib import get_close_matches

    from comptometer.documents import DOCUMENTS
    from comptometer.errors import NotFound

    if name not in DOCUMENTS:
        raise NotFound("schema", name, get_close_matches(name, DOCUMENTS, 1) or list(DOCUMENTS))
    emit_json(DOCUMENTS[name].model_json_schema())
