"""What an import reads: files, folders, standard input, or a server; and how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from comptometer.ledger.importers import Options

LONG = 20_000_000  # bytes: from here on an import shows how far it is


def parts(kind: str, files: Sequence[Path]) -> Iterator[Path]:
    """The files, and in the place of a folder those in it."""
    from comptometer.ledger.importing import units

    for file in files:
        yield from units(kind, file) if file.is_dir() else [file]


@dataclass(frozen=True)
class Live:
    """A Prometheus that is asked, and for how many hours."""

    url: str
    hours: int

    @property
    def place(self) -> str:
        from comptometer.ledger.prometheus import Server

        return Server.of(self.url).place

    def __str__(self) -> str:
        return self.place


@contextmanager
def source(file: Path | Live) -> Iterator[Path]:
    """A file that can be read twice: standard input and answers of a server are put into one first."""
    import shutil
    import tempfile

    from comptometer.errors import DataError
    from comptometer.files import read_bytes

    if isinstance(file, Live):
        with tempfile.NamedTemporaryFile(prefix="comptometer-") as held:
            _ask(file, held)
            yield Path(held.name)
        return
    if str(file) != "-":
        read_bytes(file, 1)  # says what is wrong with the name
        yield file
        return
    with tempfile.NamedTemporaryFile(prefix="comptometer-") as held:
        try:
            shutil.copyfileobj(sys.stdin.buffer, held)
            held.flush()
        except OSError as error:
            raise DataError("standard input", [f"cannot be read: {error.strerror or error}"]) from None
        yield Path(held.name)


def _ask(live: Live, held: IO[bytes]) -> None:
    from comptometer.ledger.importers.dcgm import METRICS
    from comptometer.ledger.prometheus import Server, fetch

    server, steps = Server.of(live.url), (live.hours + 1) * len(METRICS)
    if sys.stderr.isatty():
        bar: Any
        with click.progressbar(length=steps, label=server.place, file=sys.stderr) as bar:
            fetch(server, live.hours, time.time(), held, lambda: bar.update(1))
    else:
        fetch(server, live.hours, time.time(), held)
    held.flush()


@contextmanager
def options_of(path: Path, tz: str | None, map_file: Path | None, cluster: str, columns: str) -> Iterator[Options]:
    """What is said of a file; a long one shows how far its import is."""
    from dataclasses import replace

    from comptometer.ledger.importers import Options
    from comptometer.ledger.instants import Zone
    from comptometer.ledger.maps import read_map

    size = path.stat().st_size
    names = tuple(name.strip() for name in columns.split(",") if name.strip())
    plain = Options(
        zone=Zone(tz), map=read_map(map_file), map_place=str(map_file or ""), columns=names, cluster=cluster
    )
    if size < LONG or not sys.stderr.isatty():
        yield plain
        return
    rate = _Rate()
    bar: Any
    with click.progressbar(
        length=size, label=path.name, file=sys.stderr, update_min_steps=size // 500, item_show_func=lambda _: str(rate)
    ) as bar:
        yield replace(plain, advance=bar.update, count=rate.add)


class _Rate:
    """Rows so far, and how many there are in a second."""

    def __init__(self) -> None:
        self.rows, self.began = 0, time.monotonic()

    def add(self, rows: int) -> None:
        self.rows += rows

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.rows / max(time.monotonic() - self.began, 1e-3):,.0f} rows/s"
