"""The JSON of `comptometer explain`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document


class NodeRow(Document):
    """One line of the tree, and what it rests on."""

    kind: str
    text: str
    children: list[NodeRow] = Field(default_factory=list)


@document("explain")
class ExplainDocument(Document):
    """`comptometer explain --json`."""

    schema_: Literal["comptometer/explain/1"] = Field(alias="schema")
    data_version: str
    model: str
    tree: NodeRow
