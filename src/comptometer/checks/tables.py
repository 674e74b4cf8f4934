"""A dossier of our own against the tables."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer import text
from comptometer.checks import Case, Sign, rule

VERY_FAR = 10.0  # times apart: somebody is wrong, or it is not the same thing


@rule(
    "tables-apart",
    severity="note",
    looks_at="the result of a dossier against the figure of every edition of a table: more than three times apart",
    settles="what each of the two counts, and from which evidence",
)
def tables_apart(case: Case) -> Iterator[Sign]:
    """The farthest of the editions; the newest of them where several say the same."""
    far = [edition for edition in case.editions if edition.far]
    if case.entry is None or not far:
        return
    edition = max(far, key=lambda edition: _times(edition.ratio))
    ratio = edition.ratio or 1.0
    others = [f"{e.vintage} {text.number(e.ratio)} times" for e in case.editions if e.ratio and e != edition]
    yield Sign(
        text=f"{edition.vintage} says {text.number(ratio)} times our {text.number(case.entry.median, 2)} FLOP"
        + (f" ({', '.join(others)})" if others else ""),
        numbers={"ours": case.entry.median, "tables": ratio * case.entry.median, "ratio": ratio},
        where=f"{edition.vintage}, line {edition.line}",
        severity="warning" if _times(ratio) > VERY_FAR else "note",
    )


def _times(ratio: float | None) -> float:
    return max(ratio, 1 / ratio) if ratio else 1.0
