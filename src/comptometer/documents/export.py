"""The JSON of `comptometer data export`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.table import Kind

Cell = str | float | int | bool | list[str] | None


class ColumnDocument(Document):
    """What a column holds."""

    name: str
    kind: Kind
    about: str
    unit: str


@document("data-export")
class DataExportDocument(Document):
    """`comptometer data export OUT.json`: columns and rows by table; what is not known is null."""

    schema_: Literal["comptometer/data-export/1"] = Field(alias="schema")
    data_version: str
    software: str
    data: str
    what: Literal["models", "chips", "claims", "all"]
    licence: str
    credit: list[str]
    columns: dict[str, list[ColumnDocument]]
    tables: dict[str, list[dict[str, Cell]]]
