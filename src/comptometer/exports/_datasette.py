"""The metadata that Datasette shows beside an exported database: titles, licence, meanings, facets."""

from __future__ import annotations

import json
from typing import Any

from comptometer.exports import Content
from comptometer.table import Column, Table

LICENCES = {"MIT": "https://opensource.org/license/mit", "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/"}
FIRST = {"models": "training_compute_flop", "estimates": "p50", "chips": "available", "prices": "date"}  # sorted by


def to_metadata(content: Content, database: str) -> bytes:
    """The bytes of a `metadata.json` for a database of this name."""
    text = json.dumps(metadata(content, database), ensure_ascii=False, indent=2)
    return f"{text}\n".encode()


def metadata(content: Content, database: str) -> dict[str, Any]:
    """The content of a `metadata.json` for a database of this name.

    Units stand in the descriptions of the columns: where Datasette is told of units it converts the numbers by a
    registry that knows no FLOP.
    """
    licence = content.facts["licence"]
    addresses = [address for name, address in LICENCES.items() if name in licence.split("; ")]
    return {
        "title": "Training compute of AI models",
        "description": " · ".join(content.credit),
        "license": licence,
        **({"license_url": addresses[-1]} if addresses else {}),
        "source": content.facts["software"],
        "databases": {
            database: {
                "title": f"comptometer, data {content.facts['data_version']}, vintage {content.facts['data']}",
                "tables": {table.name: _table(table) for table in content.tables},
            }
        },
    }


def _table(table: Table) -> dict[str, Any]:
    lists = {column.name for column in table.columns if column.kind == "texts"}
    words = {column.name for column in table.columns if column.kind in {"category", "text", "flag"}}
    facets: list[Any] = [{"array": name} if name in lists else name for name in table.facets if name in lists | words]
    made: dict[str, Any] = {
        "title": table.title,
        "columns": {column.name: _said(column) for column in table.columns},
        "facets": facets,
    }
    if table.name in FIRST:
        made["sort_desc"] = FIRST[table.name]
    names = {column.name for column in table.columns}
    label = next((name for name in ("name", "title") if name in names), None)
    return made | ({"label_column": label} if label else {})


def _said(column: Column) -> str:
    return f"{column.about} ({column.unit})" if column.unit else column.about
