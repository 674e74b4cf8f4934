"""The rows of all models, computed once: for the table of the page, its files, and what programs ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from comptometer import cells, columns
from comptometer.collection import Chips, Models
from comptometer.release import data_version
from comptometer.table import Table

Row = Mapping[str, Any]
SHOWN: Final = (  # what a row of the page's table is filtered, sorted and compared by
    "id", "name", "also", "developer", "country", "published", "domain", "notable", "open_weights", "origin", "methods",
    "verdict", "training_compute_flop", "p5", "p95", "operations_flop", "parameters_tokens_flop", "hardware_time_flop",
    "reported_flop", "ratio", "rank_at_release", "parameters", "tokens", "chip", "chips", "chip_hours",
)  # fmt: skip
DIGITS: Final = 4  # of the numbers in a page's file; whole files have all


@cache
def models() -> tuple[Row, ...]:
    """Every model as a flat row, by date; this takes seconds, once."""
    return tuple(Models().rows())


@cache
def model_table() -> Table:
    """The models with their columns."""
    return Table(name="models", title="", columns=columns.MODELS, rows=models(), key=("id",))


@cache
def chip_table() -> Table:
    """The chips with their columns."""
    return Chips().table()


@cache
def largest_first() -> tuple[Row, ...]:
    """The models by training compute, the largest first; those of unknown compute last, the newest first."""
    newest_first = list(reversed(models()))
    return tuple(sorted(newest_first, key=lambda row: -(row["training_compute_flop"] or 0.0)))


def prominent(row: Row) -> bool:
    """Is it one that the page shows even without scripts: marked as notable, or with a dossier of our own?"""
    return bool(row["notable"]) or row["origin"] == "curated"


def compact() -> bytes:
    """The rows as a script that a page loads, also from a file: lists in the order of `SHOWN`."""
    rows = [[_short(value) for value in _shown(row)] for row in largest_first()]
    written = json.dumps({"fields": SHOWN, "rows": rows}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f'comptometer.receive("models",{written});\n'.encode()


def _shown(row: Row) -> list[Any]:
    also = "; ".join(name for name in row["names"] if name != row["name"])
    return [also if field == "also" else row[field] for field in SHOWN]


def _short(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return None if value is None else int(value)
    if isinstance(value, float):
        rounded = float(f"{value:.{DIGITS - 1}e}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 1e6 else rounded
    return plain(value)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def as_csv(table: Table) -> bytes:
    """All columns of a table; no cell is a formula to a spreadsheet."""
    names = [column.name for column in table.columns]
    return cells.delimited(names, ([row.get(name) for name in names] for row in table.rows)).encode()


def document(
    table: Table, rows: Sequence[Row], *, total: int, offset: int, credit: Mapping[str, str]
) -> dict[str, Any]:
    """Rows as the JSON that goes out (schema `comptometer/models/1` or `comptometer/chips/1`)."""
    names = [column.name for column in table.columns]
    return {
        "schema": f"comptometer/{table.name}/1",
        "data_version": data_version(),
        "credit": credit["credit"].splitlines(),
        "licence": credit["licence"],
        "units": table.units,
        "total": total,
        "offset": offset,
        "rows": [{name: plain(row.get(name)) for name in names} for row in rows],
    }


@cache
def credit_of_models() -> Mapping[str, str]:
    """Whom to credit for the models."""
    return Models().provenance()


@cache
def credit_of_chips() -> Mapping[str, str]:
    """Whom to credit for the chips."""
    return Chips().provenance()


def encoded(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def values_of(rows: Iterable[Row], column: str) -> list[str]:
    """The words that a column holds, the most frequent first; a cell may hold several."""
    counts: dict[str, int] = {}
    for row in rows:
        value = row[column]
        for word in value if isinstance(value, tuple) else str(value or "").split("; "):
            counts[word] = counts.get(word, 0) + 1
    return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if word]
