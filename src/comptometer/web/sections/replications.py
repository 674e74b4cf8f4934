"""Published analyses beside what comes out of the shipped data, each with its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from comptometer.studies import STUDIES, Replication, Table, replicate
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.figures import figure
from comptometer.web.tints import dark_tints
from comptometer.web.wording import Wording

VERDICT = "verdict"
GOOD = frozenset({"matches", "rounding", "same", "reproduced", "reported"})


def leaf(path: str, words: Wording) -> Leaf:
    """The page of all studies."""
    return Leaf(
        template="replications.html",
        title=words("replications.title"),
        description=words("replications.lead"),
        facts={"studies": [_study(name, words) for name in STUDIES], "dark": dark_tints()},
    )


_replicated = cache(replicate)


def _study(name: str, say: Wording) -> dict[str, Any]:
    found = _replicated(name)
    return {
        "id": name,
        "title": str(found.document["title"]),
        "about": say(f"study.{name}"),
        "counts": _counts(found, say),
        "summary": found.summary,
        "tables": [_table(table, say) for table in found.tables],
        "figure": figure(found.chart, say.language) if found.chart else None,
    }


def _counts(found: Replication, say: Wording) -> str:
    """How many rows came out how, in words."""
    counts = Counter(_word(str(row[at])) for table in found.tables for at in _verdicts(table) for row in table.rows)
    return say("replications.comma").join(
        f"{n} {say(f'outcome.{word}')}" for word, n in counts.most_common() if say.has(f"outcome.{word}")
    )


def _verdicts(table: Table) -> list[int]:
    return [at for at, column in enumerate(table.columns) if column == VERDICT]


def _word(verdict: str) -> str:
    """The verdict without what stands beside it: "differs by 2%" is "differs"."""
    return verdict.replace(",", " ").split()[0] if verdict.strip() else ""


def _table(table: Table, say: Wording) -> dict[str, Any]:
    return {
        "title": _translated("title", table.title, say),
        "columns": [_translated("column", column, say) for column in table.columns],
        "numeric": [_numeric([row[at] for row in table.rows]) for at in range(len(table.columns))],
        "rows": [
            [_cell(column, cell, say) for column, cell in zip(table.columns, row, strict=True)] for row in table.rows
        ],
        "notes": table.notes,
    }


def _cell(column: str, cell: str | float | None, say: Wording) -> dict[str, str]:
    written = "" if cell is None else str(cell)
    if column != VERDICT:
        return {"text": written, "class": ""}
    word = _word(written)
    return {
        "text": written if say.language == "en" else _chinese(written, say),
        "class": "verdict-consistent" if word in GOOD else "verdict-tension",
    }


def _chinese(verdict: str, say: Wording) -> str:
    word = _word(verdict)
    said = _translated("outcome", word, say)
    if "not expected" in verdict:
        return f"{said}{say('outcome.unexpected')}"
    return f"{said} {verdict.rpartition(' ')[2]}" if "%" in verdict else said


def _translated(kind: str, written: str, say: Wording) -> str:
    """What stands in a table, in the reader's language where there is a message for it."""
    key = f"{kind}.{written}"
    return say(key) if say.has(key) else written


def _numeric(cells: Sequence[str | float | None]) -> bool:
    return all(cell is None or not str(cell) or str(cell)[0].isdigit() or str(cell) == "–" for cell in cells)


SECTIONS.add("replications", Section(place=8, pages=lambda: ("replications.html",), leaf=leaf))
