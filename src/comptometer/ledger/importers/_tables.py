"""Tables in CSV and Parquet, row by row, in files that may be broken."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from comptometer.errors import DataError
from comptometer.frames import imported
from comptometer.ledger.importers import Options, Wrong
from comptometer.ledger.importers._lines import lines
from comptometer.ledger.rows import EXTRA

CELL_LIMIT = 1_000_000  # characters
Record = tuple[int, Mapping[str, Any] | str]
Check = Callable[[Sequence[str]], None]


def records(path: Path, options: Options, check: Check, wanted: Sequence[str] | None = None) -> Iterator[Record]:
    """The rows of a table with their numbers, or what is wrong with them.

    Args:
        path: the file; its first bytes say which of the two it is.
        options: what the caller says about it.
        check: is called with the header, and raises where it will not do.
        wanted: the columns that matter, where the form of the file can leave out others.
    """
    with path.open("rb") as file:
        packed = file.read(4) == b"PAR1"
    return _parquet(path, options, check, wanted) if packed else _csv(path, options, check)


def _csv(path: Path, options: Options, check: Check) -> Iterator[Record]:
    """The rows of a CSV file with the lines on which they end, or what is wrong with them."""
    wrong: list[Record] = []

    def texts() -> Iterator[str]:
        for line in lines(path, options):
            if isinstance(line, Wrong):
                wrong.append((line.line, line.text))
                yield "\n"  # keeps the count of lines
            else:
                yield line.text + "\n"

    csv.field_size_limit(CELL_LIMIT)
    source = texts()
    first = next(source, "")
    delimiter = max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    check(header)
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield reader.line_num + 1, f"is no CSV: {error}"
            continue
        yield from wrong
        wrong.clear()
        if cells and len(cells) != len(header):
            yield reader.line_num + 1, f"has {len(cells)} columns of {len(header)}"
        elif cells:
            yield reader.line_num + 1, dict(zip(header, cells, strict=True))
    yield from wrong


def _parquet(path: Path, options: Options, check: Check, wanted: Sequence[str] | None) -> Iterator[Record]:
    """The rows of a Parquet file with their numbers, from 1."""
    parquet = imported("pyarrow.parquet", EXTRA)
    try:
        file = parquet.ParquetFile(path)
        check(file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(columns=None if wanted is None else list(wanted)):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (OSError, imported("pyarrow", EXTRA).ArrowException) as error:
        raise DataError(path.name, [f"cannot be read as Parquet: {error}"]) from None
    options.advance(path.stat().st_size)
