"""The keys of one table of a layer list: asked one by one, every answer checked, every problem kept with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from comptometer.layers import Named

LARGEST: Final = 10**15  # of any size
MOST_AXES: Final = 8
MOST_PROBLEMS: Final = 100
ELSEWHERE: Final = {  # what other programs call a key, and what it is called here
    "out_channels": "filters",
    "channels": "filters",
    "kernel_size": "kernel",
    "out_features": "outputs",
    "in_features": "inputs",
    "hidden_size": "units",
    "num_heads": "heads",
    "num_embeddings": "entries",
    "vocabulary": "entries",
    "embedding_dim": "width",
    "count": "times",
}
Children = Callable[[Sequence[Any], str, int, list[str]], "list[Named]"]
Extents = int | tuple[int, ...]


def shown(value: Any) -> str:
    """A value in a message: short, whatever it is."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "an empty list" if not value else "a list"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        return "a number beyond 10^15" if value > 0 else "a number below −10^15"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)[:60]


def joined(problems: Sequence[str]) -> list[str]:
    """All problems, up to a number that somebody would read."""
    return [*problems[:MOST_PROBLEMS], "and more"] if len(problems) > MOST_PROBLEMS else list(problems)


class Fields:
    """The keys of one table.

    A key whose value cannot be is a problem, and gets a harmless value: all problems of a file are found in one pass.
    """

    def __init__(
        self, table: Mapping[str, Any], place: str, problems: list[str], children: Children, depth: int = 0
    ) -> None:
        self._table = table
        self.place = place
        self._problems = problems
        self._children = children
        self.depth = depth
        self._asked: set[str] = set()
        self._wrong: set[str] = set()

    def refuse(self, problem: str) -> None:
        """Keep a problem."""
        self._problems.append(f"{self.place}: {problem}" if self.place else problem)

    def ignore(self, *keys: str) -> None:
        """These keys may stand here and say nothing to the count."""
        self._asked.update(keys)

    def sound(self, key: str) -> bool:
        """Was nothing wrong with that key?"""
        return key not in self._wrong

    def _ask(self, key: str) -> Any:
        self._asked.add(key)
        return self._table.get(key)

    def _wanted(self, key: str, wanted: str, value: Any) -> None:
        self._wrong.add(key)
        self.refuse(f"{key}: needs {wanted}, got {'nothing' if key not in self._table else shown(value)}")

    def integer(self, key: str, default: int | None = None, *, least: int = 1, most: int = LARGEST) -> int:
        """A whole number; the default where the key is missing."""
        value = self._ask(key)
        if value is None and default is not None:
            return default
        if _whole(value, least, most):
            return int(value)
        self._wanted(key, f"a whole number from {least} to {_written(most)}", value)
        return least

    def optional(self, key: str) -> int | None:
        """A whole number, or nothing where the key is missing."""
        return None if self._ask(key) is None else self.integer(key)

    def extents(self, key: str, default: int | None = None, *, least: int = 1) -> Extents:
        """One whole number for every direction, or a list with one for each."""
        value = self._ask(key)
        if isinstance(value, list):
            if 1 <= len(value) <= 3 and all(_whole(item, least, LARGEST) for item in value):
                return tuple(value)
            self._wanted(key, f"one to three whole numbers, each from {least} to 10^15", value)
            return least
        return self.integer(key, default, least=least)

    def shape(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers, one for each axis."""
        value = self._ask(key)
        if isinstance(value, list) and 1 <= len(value) <= MOST_AXES and all(_whole(i, 1, LARGEST) for i in value):
            size = 1
            for item in value:
                size *= item
            if size <= LARGEST:
                return tuple(value)
        self._wanted(key, f"a list of one to {MOST_AXES} whole numbers, together at most 10^15", value)
        return (1,)

    def flag(self, key: str, default: bool) -> bool:
        """True or false; the default where the key is missing."""
        value = self._ask(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self._wanted(key, "true or false", value)
        return default

    def word(self, key: str, default: str, known: Sequence[str]) -> str:
        """One of some words; the default where the key is missing."""
        value = self._ask(key)
        if value is None or value in known:
            return default if value is None else str(value)
        self._wanted(key, f"one of {', '.join(known)}", value)
        return default

    def given(self, key: str) -> bool:
        """Does the table have that key?"""
        return self._ask(key) is not None

    def says(self, key: str, word: str) -> bool:
        """Is the value that word, where a number may stand as well?"""
        return bool(self._ask(key) == word)

    def text(self, key: str, default: str | None = None) -> str:
        """A text without control characters; the default where the key is missing."""
        value = self._ask(key)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,2000}", value.replace("\n", " ")):
            if key in {"note", "source"} or len(value) <= 80:
                return value
            self._wanted(key, "a text of at most 80 characters", value)
            return key
        self._wanted(key, "a text", value)
        return key

    def layers(self, key: str, *, empty: bool = False) -> list[Named]:
        """A list of layers; empty where the key is missing and that is allowed."""
        value = self._ask(key)
        if value is None and empty:
            return []
        if not isinstance(value, list) or not (value or empty):
            self._wanted(key, "a list of layers", value)
            return []
        place = self.place if key == "layers" else f"{self.place}, {key}"
        return self._children(value, place, self.depth + bool(self.place), self._problems)

    def chains(self, key: str) -> list[list[Named]]:
        """A list of lists of layers, two or more; an empty one passes its input on."""
        value = self._ask(key)
        if not isinstance(value, list) or len(value) < 2 or not all(isinstance(chain, list) for chain in value):
            self._wanted(key, "a list of two or more lists of layers", value)
            return []
        return [
            self._children(chain, f"{self.place}, branch {number}", self.depth + 1, self._problems)
            for number, chain in enumerate(value, 1)
        ]

    def finish(self) -> None:
        """Every key that nobody asked for is a problem."""
        for key in self._table:
            if key not in self._asked and len(self._problems) <= MOST_PROBLEMS:
                near = (
                    [ELSEWHERE[key]]
                    if ELSEWHERE.get(key) in self._asked
                    else get_close_matches(key[:60], self._asked, 1)
                )
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self._asked))}"
                self.refuse(f"unknown key {key[:60]!r}; {hint}")


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _written(number: int) -> str:
    return "10^15" if number == LARGEST else f"{number:,}"
