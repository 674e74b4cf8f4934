"""Which row of one vintage is which row of another (decision 0012).

The same name is the same model. Where a name is gone, a model is recognised under a new one only if everything that
could tell it from its siblings agrees, and nothing else could be meant.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from comptometer.model_row import ModelRow
from comptometer.sources import name_key

DAYS = 45  # by which the date of one publication is found to differ between editions
TOLERANCE = 0.01  # by which parameters, or compute, of one model may differ
ARXIV = re.compile(r"arxiv\.org/(?:\w+/)+?(\d{4}\.\d{4,5})", re.IGNORECASE)
VARIANTS = frozenset(
    (
        "base", "chat", "code", "coder", "distill", "dense", "flash", "instruct", "large", "lite", "math", "medium",
        "mini", "moe", "nano", "plus", "preview", "pro", "python", "reasoning", "small", "thinking", "tiny", "turbo",
        "ultra", "vision", "vl", "zero",
    )
)  # fmt: skip
_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Match:
    """A row of an older vintage found again.

    Attributes:
        new, old: positions of the rows.
        reason: why they are the same model.
        renamed: do the names differ?
    """

    new: int
    old: int
    reason: str
    renamed: bool


def matches(new: Sequence[Sequence[ModelRow]], old: Sequence[ModelRow]) -> list[Match]:
    """Find old rows among new models, at most one for each.

    Args:
        new: models, each as the rows that are known of it, newest first (its earlier names count too).
        old: rows of an older vintage.
    """
    found = _by_name(new, old)
    left_new = sorted(set(range(len(new))) - {match.new for match in found})
    left_old = sorted(set(range(len(old))) - {match.old for match in found})
    return found + _by_evidence(new, old, left_new, left_old)


# The same name


def _by_name(new: Sequence[Sequence[ModelRow]], old: Sequence[ModelRow]) -> list[Match]:
    named: dict[str, list[int]] = defaultdict(list)
    for at, versions in enumerate(new):
        for key in dict.fromkeys(name_key(row.model) for row in versions):
            named[key].append(at)
    same: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(old):
        same[name_key(row.model)].append(at)
    found: list[Match] = []
    taken: set[int] = set()
    for key, olds in same.items():
        for a, b in _paired(named.get(key, ()), olds, new, old):
            if a not in taken:
                taken.add(a)
                found.append(Match(a, b, "same name", renamed=False))
    return found


def _paired(
    news: Sequence[int], olds: Sequence[int], new: Sequence[Sequence[ModelRow]], old: Sequence[ModelRow]
) -> Iterator[tuple[int, int]]:
    """Pairs among rows of one name: those that agree best on organization, address and date come first."""
    if len(news) == 1 and len(olds) == 1:
        yield news[0], olds[0]
        return
    ranked = sorted((-_likeness(new[a][0], old[b]), a, b) for a in news for b in olds)
    used_new: set[int] = set()
    used_old: set[int] = set()
    for likeness, a, b in ranked:
        if a not in used_new and b not in used_old and likeness < 0:
            used_new.add(a)
            used_old.add(b)
            yield a, b


def _likeness(first: ModelRow, second: ModelRow) -> int:
    organizations = {name_key(name) for name in first.organization} & {name_key(name) for name in second.organization}
    return (
        4 * bool(addresses(first) & addresses(second))
        + 2 * bool(organizations)
        + 1 * (first.published == second.published)
    )


# Another name


def _by_evidence(
    new: Sequence[Sequence[ModelRow]], old: Sequence[ModelRow], left_new: Sequence[int], left_old: Sequence[int]
) -> list[Match]:
    places: dict[str, list[int]] = defaultdict(list)
    for at in left_new:
        for address in frozenset().union(*(addresses(row) for row in new[at])):
            places[address].append(at)
    candidates: dict[tuple[int, int], str] = {}
    for b in left_old:
        for a in {a for address in addresses(old[b]) for a in places.get(address, ())}:
            reason = next((why for row in new[a] if (why := why_same(row, old[b]))), "")
            if reason:
                candidates[a, b] = reason
    news, olds = [a for a, _ in candidates], [b for _, b in candidates]
    return [
        Match(a, b, reason, renamed=True)
        for (a, b), reason in candidates.items()
        if news.count(a) == 1 and olds.count(b) == 1
    ]


def addresses(row: ModelRow) -> frozenset[str]:
    """Where a model is published: identifiers of arXiv without their version, and addresses without decoration."""
    return frozenset(_place(link) for link in row.link)


def _place(link: str) -> str:
    if found := ARXIV.search(link):
        return f"arxiv:{found[1]}"
    return re.sub(r"^https?://(www\.)?", "", link).partition("#")[0].rstrip("/").casefold()


def why_same(new: ModelRow, old: ModelRow) -> str:
    """Why two rows of different names and one address are the same model; empty where they may be siblings.

    Their dates lie within 45 days; their parameters agree within 1% or, where one row has none, their compute does;
    and no number and no word for a variant stands in one name against the other. Where neither row gives figures, the
    same day and the same name but for something in brackets are enough.
    """
    if not new.published or not old.published:
        return ""
    days = abs((new.published - old.published).days)
    if days > DAYS or not (addresses(new) & addresses(old)):
        return ""
    computes = _close(new.compute, old.compute)
    if not _names_agree(new.model, old.model, same_figures=bool(computes)):
        return ""
    when = "same day" if days == 0 else f"{days} days apart"
    if new.parameters and old.parameters:
        return f"same address and parameters, {when}" if _close(new.parameters, old.parameters) else ""
    if computes:
        return f"same address and compute, {when}"
    if computes is None and days == 0 and _but_for_brackets(new.model) == _but_for_brackets(old.model):
        return "same address and day, same name but for brackets"
    return ""


def _close(first: float | None, second: float | None) -> bool | None:
    """Do two amounts agree within 1%? None where one is not known."""
    if not first or not second:
        return None
    return abs(first - second) <= TOLERANCE * max(first, second)


def _names_agree(first: str, second: str, *, same_figures: bool) -> bool:
    """Could two names be of one model: numbers of one are all in the other, and both are the same variant?"""
    words = [_WORD.findall(name.casefold()) for name in (first, second)]
    numbers = [Counter(float(word) for word in found if word[0].isdigit()) for found in words]
    if not (numbers[0] <= numbers[1] or numbers[1] <= numbers[0]):
        return False
    variants = [VARIANTS.intersection(found) for found in words]
    return variants[0] == variants[1] or same_figures


def _but_for_brackets(name: str) -> str:
    return name_key(_IN_BRACKETS.sub("", name))


# Keys


def keys(rows: Sequence[ModelRow]) -> list[str]:
    """An identity for each row: its folded name; for every further row of that name also what tells it from the first.

    That is its organization, its date, or, where neither differs, its number.

    >>> from comptometer.vintages import vintage
    >>> [key for key in keys(vintage("epoch-2025-06").rows) if not key.isalnum() and not set(key) & set("+.")]
    ['pllama3#2', 'calm@universityofoxford']
    """
    named: dict[str, list[ModelRow]] = defaultdict(list)
    taken: set[str] = set()
    found = []
    for row in rows:
        name = name_key(row.model) or row.model
        key = next(key for key in _choices(name, row, named[name]) if key not in taken)
        named[name].append(row)
        taken.add(key)
        found.append(key)
    return found


def _choices(name: str, row: ModelRow, before: Sequence[ModelRow]) -> Iterator[str]:
    if not before:
        yield name
    if row.organization and all(row.organization != other.organization for other in before):
        yield f"{name}@{name_key(row.organization[0])}"
    if row.published and all(row.published != other.published for other in before):
        yield f"{name}@{row.published}"
    yield from (f"{name}#{number}" for number in count(2))
