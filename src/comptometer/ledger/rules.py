"""Rules: which attempts belong to which model, stage and run, said in TOML.

    [[rules]]
    project = "llm"
    name    = ["pretrain-*", "cpt-*"]
    model   = "demo-7b"
    stage   = "pretrain"

Conditions come first, then what follows. Of several rules that fit an attempt the first counts. What a source itself
says comes before a rule, unless the rule has `override = true`. Rules are applied when a ledger is read: what was
imported stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from comptometer.errors import DataError
from comptometer.ledger.maps import read_map

GIVES: Final = ("model", "stage", "run")
TEXTS: Final = ("name", "project", "user", "partition", "cluster", "comment", "source", "job", "nodes")
SAME: Final = {"account": "project"}  # as Slurm names it
DAYS: Final = ("from", "until")  # of the start, in UTC; the second is outside
OVERRIDE: Final = "override"
TAGS: Final = "tags"  # a table of patterns by name
_KEYS: Final = (*TEXTS, *SAME, TAGS, *DAYS, *GIVES, OVERRIDE)
_SPECIAL: Final = frozenset("\\.+()[]{}|^$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One of them.

    Attributes:
        number: from 1.
        texts: regular expressions by column, of which one must fit the whole text; an empty one is of rows without it.
            That of a tag is `tag:NAME`.
        since, until: start in UTC, the second outside.
        gives: values by column, of `GIVES`.
        override: does it come before what the source says?
    """

    number: int
    texts: Mapping[str, Sequence[str]]
    since: datetime | None
    until: datetime | None
    gives: Mapping[str, str]
    override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All of a file, in its order; `sha256` is of its bytes."""

    place: str
    sha256: str
    rules: Sequence[Rule]


def read_rules(path: Path) -> Rules:
    """The rules of a file.

    Raises:
        NotFound: there is no such file.
        DataError: with everything in it that is wrong.
    """
    content = read_map(path)
    problems = [f"{name!r} is not known; rules are tables [[rules]]" for name in content if name != "rules"]
    tables = content.get("rules", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables) or not tables:
        raise DataError(str(path), [*problems, "has no rules: write tables [[rules]]"])
    found = [_rule(number, table, problems) for number, table in enumerate(tables, 1)]
    if problems:
        raise DataError(str(path), problems)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Rules(place=str(path), sha256=digest, rules=found)


def _rule(number: int, table: Mapping[str, Any], problems: list[str]) -> Rule:
    here = f"rule {number}"
    for key in table:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            said = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_KEYS)}"
            problems.append(f"{here}: {key!r} is not known; {said}")
    texts: dict[str, Sequence[str]] = {
        SAME.get(key, key): _patterns(f"{here}: {key}", table[key], problems) for key in (*TEXTS, *SAME) if key in table
    }
    texts |= _tags(f"{here}: {TAGS}", table.get(TAGS, {}), problems)
    problems += [
        f"{here}: {key} and {other} are the same: give one" for key, other in SAME.items() if {key, other} <= {*table}
    ]
    since, until = (_day(f"{here}: {key}", table.get(key), problems) for key in DAYS)
    gives = {key: table[key] for key in GIVES if key in table}
    problems += [
        f"{here}: {key}: write a text that is not empty"
        for key, value in gives.items()
        if not isinstance(value, str) or not value.strip()
    ]
    if not gives:
        problems.append(f"{here}: says no {', '.join(GIVES[:-1])} or {GIVES[-1]}")
    if not texts and since is None and until is None:
        problems.append(f'{here}: has no condition; one that fits all is name = ["*", ""]')
    if since and until and since >= until:
        problems.append(f"{here}: until is not after from")
    override = table.get(OVERRIDE, False)
    if not isinstance(override, bool):
        problems.append(f"{here}: override: write true or false")
    return Rule(number=number, texts=texts, since=since, until=until, gives=gives, override=override is True)


def _tags(here: str, value: Any, problems: list[str]) -> dict[str, Sequence[str]]:
    """Patterns of tags by their columns."""
    if not isinstance(value, dict):
        problems.append(f'{here}: write a table, as in {{ purpose = "ablation*" }}')
        return {}
    return {f"tag:{name}": _patterns(f"{here}.{name}", patterns, problems) for name, patterns in value.items()}


def _patterns(here: str, value: Any, problems: list[str]) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) for one in values):
        problems.append(f"{here}: write a text, or a list of texts; * stands for any characters, ? for one")
        return []
    return [expression(one) for one in values]


def expression(pattern: str) -> str:
    r"""A pattern with `*` and `?` as a regular expression that DuckDB's and Java's engines read alike.

    >>> expression("pre_train-*.v?"), expression("")
    ('(?s)^pre_train-.*\\.v.\\z', '')
    """
    if not pattern:
        return ""
    kept = {"*": ".*", "?": "."}
    return f"(?s)^{''.join(kept.get(one, f'{chr(92)}{one}' if one in _SPECIAL else one) for one in pattern)}\\z"


def _day(here: str, value: Any, problems: list[str]) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    problems.append(f"{here}: write a day, as in 2026-03-01")
    return None
