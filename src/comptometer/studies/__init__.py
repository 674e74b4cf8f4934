"""Published analyses, recomputed from shipped data. Every other file in this folder is one study.

What a study published is data (`data/studies/<name>.toml`); how it computed is code, here. A study gives a
`Replication`: one JSON object, and the same as tables for people.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from comptometer import store
from comptometer.registry import Registry
from comptometer.text import number

Verdict = Literal["matches", "rounding", "slip"]

MATCHES, ROUNDING = 0.01, 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows for people; cells are text or plain numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """A study recomputed.

    Attributes:
        document: the JSON object (schema `comptometer/replicate/1`).
        tables: the same for people.
        summary: what came out, in a few sentences.
        chart: name of its chart.
    """

    document: Mapping[str, Any]
    tables: Sequence[Table]
    summary: Sequence[str]
    chart: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return dict(self.document)


STUDIES: Registry[Callable[[], Replication]] = Registry("study", "comptometer.studies")


def study(name: str) -> Callable[[Callable[[], Replication]], Callable[[], Replication]]:
    """Register a function that recomputes a study."""
    return lambda function: STUDIES.add(name, function)


def replicate(name: str) -> Replication:
    """Recompute a published study from shipped data.

    Raises:
        NotFound: no such study; names those that exist.
    """
    return STUDIES[name]()


@cache
def published(name: str) -> Mapping[str, Any]:
    """What a study published."""
    return tomllib.loads((store.SHIPPED / "studies" / f"{name}.toml").read_text(encoding="utf-8"))


def verdict(obtained: float, printed: float) -> Verdict:
    """Compare a recomputed figure with a printed one: within 1% it matches, within 10% it was rounded."""
    distance = abs(obtained / printed - 1)
    return "matches" if distance <= MATCHES else "rounding" if distance <= ROUNDING else "slip"


def figure(row: Mapping[str, Any], obtained: float) -> dict[str, Any]:
    """A published figure beside what was obtained.

    A figure printed with few digits also counts as rounding where the obtained value rounds to it.
    """
    said = float(row["published"])
    rounded = float(f"{obtained:.{int(row['digits']) - 1}e}")
    judged: str = verdict(obtained, said)
    if judged == "slip":
        judged = "rounding" if rounded == said else "differs"
    return {
        "id": row["id"],
        "text": row["text"],
        "published": said,
        "obtained": obtained,
        "ratio": obtained / said,
        "unit": row["unit"],
        "verdict": judged,
    }


def figure_table(figures: Sequence[Mapping[str, Any]]) -> Table:
    """Published against obtained."""
    return Table(
        title="Published and obtained",
        columns=["figure", "published", "obtained", "unit", "verdict"],
        rows=[
            [f["text"], number(f["published"], 6), number(f["obtained"], 4), f["unit"], f["verdict"]] for f in figures
        ],
    )
