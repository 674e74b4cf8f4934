"""The JSON of rows of the catalogue: what the page's files hold, and `/api/v1/models` and `/api/v1/chips` answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document
from comptometer.documents.export import Cell


@document("rows")
class RowsDocument(Document):
    """Rows that meet some conditions: `rows` from `offset` on, out of `total`; `units` by column."""

    schema_: Literal["comptometer/models/1", "comptometer/chips/1"] = Field(alias="schema")
    data_version: str
    credit: list[str]
    licence: str
    units: dict[str, str]
    total: int
    offset: int
    rows: list[dict[str, Cell]]
