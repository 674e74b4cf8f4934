"""The connection that the expressions run on: DuckDB within the process. Another engine is another connection."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from comptometer.errors import ComptometerError

Table = Any  # of Ibis, which is imported when it is needed
Connection = Any


def ibis() -> Any:
    """The library of expressions.

    Raises:
        ComptometerError: the extra `ledger` is not installed.
    """
    try:
        return import_module("ibis")
    except ImportError:
        raise ComptometerError("ibis is not installed: pip install 'comptometer[ledger]'") from None


def embedded() -> Connection:
    """DuckDB in memory, with times in UTC.

    Raises:
        ComptometerError: the extra `ledger` is not installed.
    """
    library = ibis()
    try:
        connection = library.duckdb.connect()
    except (ImportError, AttributeError):
        raise ComptometerError("duckdb is not installed: pip install 'comptometer[ledger]'") from None
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection


def table(connection: Connection, files: Sequence[Path]) -> Table:
    """Files of one table of the ledger; what their folders say stands in their columns too, for any engine."""
    return connection.read_parquet([str(path) for path in files], hive_partitioning=False)
