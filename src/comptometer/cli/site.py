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

    with click.progressbar(length=1, label=str(folder), file=sys.stderr) as bar:

        def tell(done: int, whole: int) -> None:
            bar.length = whole
            bar.update(done - bar.pos)

        count = publish(Site(), folder, tell)
    click.echo(f"{folder / 'index.html'}: {count} files")
