"""Who saw the hours: the scheduler, the bill and the tracker of one run hold the same hours, and are not added up.

The first kind of witness that a ledger has is the one that counts. What the others say stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Of kinds of evidence, those that tell of the same hours once more, the better witness first. All other kinds
# (schedulers, tables, the recorder) come before these.
SECOND = ("bill", "tracker")
CHOOSING = frozenset({"evidence", "source"})  # whoever selects by one of these has chosen the witness


def _rank(evidence: str) -> int:
    return SECOND.index(evidence) + 1 if evidence in SECOND else 0


def counting(kinds: Iterable[str], where: Mapping[str, str]) -> set[str]:
    """The kinds of evidence that are added up; all of them where the caller chose.

    >>> sorted(counting(["scheduler", "bill", "table"], {})), counting(["bill", "tracker"], {})
    (['scheduler', 'table'], {'bill'})
    """
    there = set(kinds)
    if CHOOSING & set(where) or not there:
        return there
    best = min(map(_rank, there))
    return {kind for kind in there if _rank(kind) == best}
