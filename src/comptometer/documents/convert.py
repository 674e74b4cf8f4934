"""The JSON of `comptometer convert`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Quantity, document


@document("convert")
class ConvertDocument(Quantity):
    """`comptometer convert --json`: what was given, and the same in another unit."""

    schema_: Literal["comptometer/convert/1"] = Field(alias="schema")
    data_version: str
    value: str
    from_: str = Field(alias="from")
    to: str
