"""JSON: all tables as one object, or one table as an object on each line."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from comptometer.exports import Content, form
from comptometer.table import Table


@form(".json", several=True)
def to_json(content: Content) -> bytes:
    """One object (schema `comptometer/data-export/1`): credit, columns with their units, rows of each table."""
    return _encoded(
        {
            "schema": "comptometer/data-export/1",
            "data_version": content.facts["data_version"],
            "software": content.facts["software"],
            "data": content.facts["data"],
            "what": content.what,
            "licence": content.facts["licence"],
            "credit": content.credit,
            "columns": {table.name: [asdict(column) for column in table.columns] for table in content.tables},
            "tables": {table.name: _rows(table) for table in content.tables},
        }
    )


@form(".jsonl", several=False)
def to_json_lines(content: Content) -> bytes:
    """The rows of one table, an object on each line."""
    (table,) = content.tables
    return b"".join(map(_encoded, _rows(table)))


def _rows(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, map(_plain, record), strict=True)) for record in table.records()]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _encoded(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
