"""Shape of the JSON that `comptometer data export` writes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from comptometer.table import Kind

Cell = str | float | int | bool | list[str] | None


class ColumnDocument(BaseModel):
    """What a column holds."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: Kind
    about: str
    unit: str


class DataExportDocument(BaseModel):
    """`comptometer data export OUT.json`: columns and rows by table; what is not known is null."""

    model_config = ConfigDict(extra="forbid")

    schema_: Literal["comptometer/data-export/1"] = Field(alias="schema")
    data_version: str
    software: str
    data: str
    what: Literal["models", "chips", "claims", "all"]
    licence: str
    credit: list[str]
    columns: dict[str, list[ColumnDocument]]
    tables: dict[str, list[dict[str, Cell]]]
