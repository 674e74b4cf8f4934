"""SQLite: all tables with keys, indexes and a search for names, so that Datasette and sqlite-utils open it well.

The database is made in memory and written as a whole: no journal, no half-made file, and the same bytes each time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from typing import Any

from comptometer.errors import ComptometerError
from comptometer.exports import Content, form
from comptometer.table import Column, Kind, Table

TYPES: Mapping[Kind, str] = {
    "text": "TEXT",
    "category": "TEXT",
    "texts": "TEXT",  # a JSON list
    "number": "REAL",
    "count": "INTEGER",
    "flag": "INTEGER",
    "day": "TEXT",  # year-month-day
}
HEADLINE = """
CREATE VIEW headline AS
SELECT id, name, developer, published, training_compute_flop, p5, p95, methods, ratio, verdict, chip, origin, source
FROM models WHERE training_compute_flop IS NOT NULL
"""


@form(".sqlite", ".db", several=True)
def to_sqlite(content: Content) -> bytes:
    """A database with the tables, a view `headline` of the models, `columns` (units, meanings) and `metadata`.

    Raises:
        ComptometerError: this Python's SQLite lacks full-text search, or finds no room.
    """
    try:
        return _serialized(content)
    except (sqlite3.Error, MemoryError) as error:
        raise ComptometerError(
            f"the database could not be made: {error or 'out of memory'}; nothing was written. "
            "Make room in memory or on the disk, or write .json"
        ) from None


def _serialized(content: Content) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA temp_store = MEMORY")  # sorting and VACUUM need no room on the disk
        database.execute("PRAGMA page_size = 4096")
        database.execute("PRAGMA encoding = 'UTF-8'")
        for table in content.tables:
            _fill(database, table)
        if any(table.name == "models" for table in content.tables):
            database.execute(HEADLINE)
        _describe(database, content)
        for table in content.tables:
            if table.searched:
                _make_searchable(database, table)
        database.commit()
        database.execute("PRAGMA optimize")
        database.execute("VACUUM")
        return database.serialize()


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _listed(names: Any) -> str:
    return ", ".join(map(quoted, names))


def _fill(database: sqlite3.Connection, table: Table) -> None:
    columns = [f"{quoted(column.name)} {TYPES[column.kind]}" for column in table.columns]
    keys = [f"PRIMARY KEY ({_listed(table.key)})"]
    keys += [
        f"FOREIGN KEY ({quoted(column)}) REFERENCES {quoted(target)} (id)"
        for column, target in table.references.items()
    ]
    database.execute(f"CREATE TABLE {quoted(table.name)} ({', '.join([*columns, *keys])})")
    marks = ", ".join("?" * len(table.columns))
    rows = [tuple(map(_cell, record)) for record in table.records()]
    database.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({marks})", rows)
    for column in _indexed(table):
        name = quoted(f"{table.name}_{column}")
        database.execute(f"CREATE INDEX {name} ON {quoted(table.name)} ({quoted(column)})")


def _indexed(table: Table) -> list[str]:
    """Columns that people filter by, and those that refer to other tables.

    A list has no use for an index, and the first column of the key has one.
    """
    without = {column.name for column in table.columns if column.kind == "texts"} | {table.key[0]}
    return [name for name in dict.fromkeys([*table.facets, *table.references]) if name not in without]


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, date) else value


def _make_searchable(database: sqlite3.Connection, table: Table) -> None:
    name = quoted(f"{table.name}_fts")
    try:
        database.execute(
            f"CREATE VIRTUAL TABLE {name} USING fts5({_listed(table.searched)}, content={quoted(table.name)}, "
            "tokenize='unicode61 remove_diacritics 2')"
        )
    except sqlite3.OperationalError as error:
        raise ComptometerError(f"the SQLite of this Python cannot make a full-text search: {error}") from None
    database.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
    database.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")


_COLUMNS = (
    Column(name="table_name", kind="text", about="table"),
    Column(name="column_name", kind="text", about="column"),
    Column(name="kind", kind="category", about="texts is a JSON list, flag is 0 or 1, day is a text"),
    Column(name="unit", kind="category", about="unit of its numbers"),
    Column(name="about", kind="text", about="what it holds"),
)  # fmt: skip
_METADATA = (Column(name="key", kind="text", about="name"), Column(name="value", kind="text", about="value"))


def _describe(database: sqlite3.Connection, content: Content) -> None:
    """What the columns hold, and whom to credit, as tables."""
    described = [
        {"table_name": table.name, "column_name": c.name, "kind": c.kind, "unit": c.unit, "about": c.about}
        for table in content.tables
        for c in table.columns
    ]
    facts = {"schema": "comptometer/data-export/1", **content.facts}
    metadata = [{"key": key, "value": value} for key, value in facts.items()]
    _fill(
        database,
        Table(
            name="columns",
            title="What the columns hold",
            columns=_COLUMNS,
            rows=described,
            key=("table_name", "column_name"),
        ),
    )
    _fill(database, Table(name="metadata", title="Whom to credit", columns=_METADATA, rows=metadata, key=("key",)))
