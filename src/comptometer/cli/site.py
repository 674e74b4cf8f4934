"""`comptometer site`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("site")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write the page to FOLDER as static files: for a file share, a web server, or to open without a network.

    \b
    Examples:
      comptometer site public
    """
    from comptometer.web.site import Site, publish

    site = Site()
    with click.progressbar(length=len(list(site.paths())), label=str(folder), file=sys.stderr) as bar:
        count = publish(site, folder, lambda *_: bar.update(1))
    click.echo(f"{folder / 'index.html'}: {count} files")
