"""The layers of a layer list, from its tables: each with its name and place; what is wrong is kept and read past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from comptometer.errors import NotFound
from comptometer.layers import KINDS, Flow, Layer, Misfit, Named, Run, Work
from comptometer.layers._fields import MOST_PROBLEMS, Fields, shown

DEEPEST: Final = 20  # blocks within blocks
ELEMENTWISE: Final = frozenset(
    ("activation", "dropout", "gelu", "identity", "lrn", "relu", "sigmoid", "silu", "softmax", "tanh")
)


@dataclass(frozen=True, slots=True)
class _Unsound(Layer):
    """Stands for a layer that could not be read: what follows it is not looked at."""

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls()

    def work(self, flow: Flow, run: Run) -> Work:
        raise Misfit


def children(tables: Sequence[Any], place: str, depth: int, problems: list[str]) -> list[Named]:
    """The layers of a list of tables.

    Args:
        tables: as the file has them.
        place: of the block that they stand in; empty at the top.
        depth: blocks around them.
        problems: where what is wrong is added.
    """
    found: list[Named] = []
    if depth > DEEPEST:
        problems.append(f"{place}: blocks within blocks, more than {DEEPEST} deep")
        return found
    seen: dict[str, int] = {}
    for number, table in enumerate(tables, 1):
        if len(problems) > MOST_PROBLEMS:
            break
        where = f"{place}, layer {number}" if place else f"layer {number}"
        found.append(_child(table, where, depth, problems, seen))
    taken = Counter(named.name for named in found)
    problems += [f"{place or 'layers'}: several layers are called {name!r}" for name, n in taken.items() if n > 1]
    return found


def _child(table: Any, place: str, depth: int, problems: list[str], seen: dict[str, int]) -> Named:
    if not isinstance(table, Mapping):
        problems.append(f"{place}: needs a table with a kind, got {shown(table)}")
        return Named(place, place, _Unsound())
    before = len(problems)
    fields = Fields(table, place, problems, children, depth)
    word = fields.text("kind")
    seen[word] = seen.get(word, 0) + 1
    name = fields.text("name", f"{word}{seen[word]}")
    fields.place = f"{place} ({name})"
    layer = _read(word, fields) if len(problems) == before else _Unsound()
    if len(problems) > before:
        layer = _Unsound()
    return Named(name, fields.place, layer)


def _read(word: str, fields: Fields) -> Layer:
    if word.lower() in ELEMENTWISE:
        fields.refuse(f'kind: "{word}" is no contraction and counts 0; leave it out')
        return _Unsound()
    try:
        known = KINDS[word]
    except NotFound as error:
        fields.refuse(f"kind: {error}")
        return _Unsound()
    if word == "input" and fields.depth:
        fields.refuse("kind: an input stands at the top of the list, not within a block")
    fields.ignore("note")
    layer = known.read(fields)
    fields.finish()
    return layer
