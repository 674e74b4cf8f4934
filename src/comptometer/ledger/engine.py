"""What the expressions run on: DuckDB within the process, or Spark. Each reads and computes in its way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from comptometer.errors import ComptometerError
from comptometer.ledger.rows import Kind, Row, columns

Table = Any  # of Ibis, which is imported when it is needed
TYPES: Mapping[Kind, str] = {
    "text": "string", "instant": "timestamp('UTC', 6)", "number": "float64", "count": "int64", "flag": "boolean",
    "sum": "decimal(38, 6)",
}  # fmt: skip
SPARK_NEEDS = "pip install 'comptometer[ledger,spark]'"


@dataclass(frozen=True, slots=True)
class Engine:
    """How Parquet files become a table, some of which may lack columns, and how a table is computed, to Arrow's."""

    read: Callable[[Sequence[Path]], Table]
    compute: Callable[[Table], Any]

    def table(self, files: Sequence[Path], shape: type[Row]) -> Table:
        """Files of one table of the ledger, with the columns that it has today; older files say nothing of new ones.

        What the folders say stands in columns too.

        Raises:
            ComptometerError: a file cannot be read.
        """
        with _told():
            found = self.read(files)
        kinds = columns(shape)
        lost = {name: ibis().null(TYPES[kind]) for name, kind in kinds.items() if name not in found.columns}
        return found.mutate(**lost).select(*kinds) if lost else found.select(*kinds)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """What an expression gives, computed now.

        Raises:
            ComptometerError: the engine cannot, as when a file was damaged.
        """
        with _told():
            found: list[dict[str, Any]] = self.compute(table).to_pylist()
        return found


@contextmanager
def _told() -> Iterator[None]:
    """Errors of an engine, whose classes are as many as there are engines, in a line."""
    try:
        yield
    except ComptometerError:
        raise
    except Exception as error:
        said = " ".join(str(error).split("\n\tat ")[0].split())[:300] or type(error).__name__
        hint = "comptometer ledger verify tells whether a file was changed"
        raise ComptometerError(f"the ledger cannot be read: {said}; {hint}") from error


def ibis() -> Any:
    """The library of expressions.

    Raises:
        ComptometerError: the extra `ledger` is not installed.
    """
    try:
        return import_module("ibis")
    except ImportError:
        raise ComptometerError("ibis is not installed: pip install 'comptometer[ledger]'") from None


def embedded() -> Engine:
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

    def read(files: Sequence[Path]) -> Table:
        names = [str(path) for path in files]
        return connection.read_parquet(names, hive_partitioning=False, union_by_name=True)

    return Engine(read, lambda table: table.to_pyarrow())


def spark(session: Any = None) -> Engine:
    """Spark, with times in UTC: the session given, or that which the environment of Spark describes, or a local one.

    Raises:
        ComptometerError: the extra `spark` is not installed, or Spark does not start.
    """
    library = ibis()
    session = session or _session()
    connection = library.pyspark.connect(session)

    def read(files: Sequence[Path]) -> Table:
        name = library.util.gen_name("ledger")
        paths = [_literal(path) for path in files]
        session.read.option("mergeSchema", True).parquet(*paths).createOrReplaceTempView(name)
        return connection.table(name)

    def compute(table: Table) -> Any:  # not by Ibis, which goes through pandas, where whole numbers become fractions
        return session.sql(connection.compile(table)).toArrow()

    return Engine(read, compute)


BACKENDS: Mapping[str, Callable[[], Engine]] = {"duckdb": embedded, "spark": spark}


def connected(name: str) -> Engine:
    """The engine of this name, of `BACKENDS`."""
    return BACKENDS[name]()


def _session() -> Any:
    try:
        sql = import_module("pyspark.sql")
    except ImportError:
        raise ComptometerError(f"pyspark is not installed: {SPARK_NEEDS}") from None
    try:
        builder = sql.SparkSession.builder.appName("comptometer").config("spark.log.level", "ERROR")
        return builder.config("spark.ui.showConsoleProgress", False).getOrCreate()
    except Exception as error:  # of the gateway, of Java, or of the cluster that the environment names
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        hint = "it needs Java 17 or 21 (apt-get install default-jre-headless, or JAVA_HOME)"
        raise ComptometerError(f"Spark does not start: {said}; {hint}, and SPARK_CONF_DIR to find a cluster") from None


def _literal(path: Path) -> str:
    """A path whose signs are none of a pattern."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", f"file:///{path.resolve().as_posix().lstrip('/')}")
