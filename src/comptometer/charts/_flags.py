"""Flags in the name of a chart, as in an address: `to=2032&without=data&without=chips`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl

from comptometer.errors import UsageError

Readers = Mapping[str, Callable[[str], Any]]
_YES, _NO = {"", "yes", "true", "1"}, {"no", "false", "0"}


def yes(value: str) -> bool:
    """A flag alone means yes.

    Raises:
        ValueError: neither yes nor no.
    """
    if value.casefold() not in _YES | _NO:
        raise ValueError("write yes or no")
    return value.casefold() in _YES


def day(value: str) -> str:
    """A year alone means its first day."""
    return f"{value}-01-01" if len(value) == 4 and value.isdigit() else value


def flags(text: str, readers: Readers, several: Collection[str] = ()) -> dict[str, Any]:
    """What a text asks for, by the name of each flag with underscores.

    Args:
        text: flags with their values, joined by "&".
        readers: how each is read.
        several: flags that may come more than once; all their values are kept.

    Raises:
        UsageError: unknown flags and values that cannot be read, all at once.
    """
    asked: dict[str, Any] = {}
    problems = []
    for name, value in parse_qsl(text, keep_blank_values=True):
        flag = name.replace("_", "-")
        if flag not in readers:
            near = get_close_matches(flag, readers, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(readers)}"
            problems.append(f"unknown flag {name!r}; {hint}")
            continue
        try:
            read = readers[flag](value)
        except ValueError as error:
            problems.append(f"{name}: {value!r} cannot be read: {error}")
            continue
        key = flag.replace("-", "_")
        asked[key] = (*asked.get(key, ()), read) if flag in several else read
    if problems:
        raise UsageError("\n".join(problems))
    return asked
