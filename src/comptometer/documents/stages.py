"""The JSON of `comptometer count` on a stage list."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from comptometer.documents import Document, document


class PassRow(Document):
    """Sequences through a model for one purpose."""

    what: str
    activity: str
    sequences: float
    model_flop: int
    hardware_flop: int
    notes: list[str]


class StageRow(Document):
    """A stage and what it runs; `hardware_flop` includes what is computed again."""

    name: str
    kind: str
    model_flop: int
    hardware_flop: int
    passes: list[PassRow]


@document("stages")
class StagesDocument(Document):
    """`comptometer count --json` of a stage list: model and hardware FLOP of a whole training job."""

    schema_: Literal["comptometer/stages/1"] = Field(alias="schema")
    data_version: str
    name: str
    model_flop: int
    hardware_flop: int
    stages: list[StageRow]
    notes: list[str]
