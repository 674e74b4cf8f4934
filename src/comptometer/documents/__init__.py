"""Shapes of the JSON that goes out, as pydantic models: what scripts may rely on (`comptometer schema`).

The program builds plain objects; the tests hold every one of them against these shapes. Every other file in this folder
has the documents of one command; what several of them share is here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from comptometer.registry import Registry

Verdict = Literal["consistent", "tension", "conflict", "single-method"]
D = TypeVar("D", bound=BaseModel)

DOCUMENTS: Registry[type[BaseModel]] = Registry("document", "comptometer.documents")


def document(name: str) -> Callable[[type[D]], type[D]]:
    """Register the shape of what goes out, or comes in, under this name."""

    def register(shape: type[D]) -> type[D]:
        DOCUMENTS.add(name, shape)
        return shape

    return register


class Document(BaseModel):
    """An object with these keys and no others."""

    model_config = ConfigDict(extra="forbid")


class Quantiles(Document):
    """A quantity: median and ends of the 90% interval."""

    p5: float
    p50: float
    p95: float


class Quantity(Quantiles):
    """A quantity with its unit."""

    unit: str


class ClaimDocument(Document):
    """A claim that a method used."""

    id: str
    about: str
    value: str
    kind: Literal["stated", "derived", "assumed"]
    source: str
    where: str
    verified: bool
    tag: str | None = None
    chip: str | None = None
    holds: str | None = None
    note: str | None = None
    aside: str | None = None
    from_: list[str] = Field(default=[], alias="from")


class SourceRow(Document):
    """Who says something."""

    id: str
    title: str
    authors: list[str]
    published: str
    url: str
    grade: Literal["primary", "secondary", "tertiary"]
    licence: str
