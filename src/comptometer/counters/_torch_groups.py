"""Blocks that have the same structure: members of one `ModuleList` or `Sequential` that could do the same work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from torch import nn

from comptometer.counters._torch_calls import Result
from comptometer.counters._torch_structure import Slot, Structure, UnlikeAnyError, parts_of, structure_of
from comptometer.counters._torch_surroundings import Reach, reach_of

LEAST: Final = 4  # blocks that are worth it: three are traced


@dataclass(slots=True, eq=False)
class Traced:
    """A block that was traced: what it found, returned and left in a cache, and how often it got gradients."""

    block: Block
    surroundings: tuple[Any, ...]
    result: Result
    left: Mapping[str, Any] | None
    slot: int | None
    reached: list[int]


@dataclass(slots=True, eq=False)
class Block:
    """A member of a list of modules."""

    module: nn.Module
    number: int
    group: Group | None = None
    slots: Sequence[Slot] = ()
    called: bool = False

    def indices(self) -> list[int]:
        """The whole numbers that tell it from its siblings, as they are now."""
        return [slot.place[slot.name] for slot in self.slots]


@dataclass(slots=True, eq=False)
class Kind:
    """Calls of the same signature."""

    traced: list[Traced] = field(default_factory=list)
    replaced: list[tuple[Block, list[int]]] = field(default_factory=list)
    doubtful: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """Blocks of the same structure."""

    key: tuple[Any, ...]
    indexed: Sequence[int]
    last: Block
    kinds: dict[Any, Kind] = field(default_factory=dict)
    reach: Reach | None = None

    def holds(self, structure: Structure) -> bool:
        """Is it the structure that the blocks have in common?"""
        return whole(structure, self.indexed) == self.key

    def code(self, structure: Structure) -> Reach:
        """Where the code of the blocks could look, which is found out once.

        Raises:
            UnlikeAnyError: it leads to something that cannot be read.
        """
        if self.reach is None:
            self.reach = reach_of(structure)
        return self.reach


def groups_of(module: nn.Module) -> list[list[Block]]:
    """All blocks of a model, group by group; their numbers run through all of them."""
    return _Search(module).groups


class _Search:
    """Looks for blocks in a model and all its parts, but not within blocks."""

    def __init__(self, module: nn.Module) -> None:
        self.groups: list[list[Block]] = []
        self._number = 0
        self._find(module, _Owners(module))

    def _find(self, module: nn.Module, owners: _Owners) -> None:
        seen: set[int] = set()
        ahead = [module]
        while ahead:
            parent = ahead.pop()
            if id(parent) in seen:
                continue
            seen.add(id(parent))
            taken: set[int] = set()
            if isinstance(parent, (nn.ModuleList, nn.Sequential)) and len(parent) >= LEAST:
                taken = self._group(list(parent), owners)
            ahead += [child for child in parent.children() if id(child) not in taken]

    def _group(self, members: list[nn.Module], owners: _Owners) -> set[int]:
        alike: dict[Any, list[tuple[int, nn.Module, Structure]]] = {}
        if len({id(member) for member in members}) < len(members):
            return set()
        for at, member in enumerate(members):
            if not member._modules or not owners.alone(member):
                continue
            try:
                structure = structure_of(member)
            except UnlikeAnyError:
                continue
            alike.setdefault(structure.key, []).append((at, member, structure))
        taken: set[int] = set()
        for found in alike.values():
            for rows, indexed in _refined(found):
                if len(rows) >= LEAST:
                    self._add(rows, indexed)
                    taken |= {id(member) for _, member, _ in rows}
        return taken

    def _add(self, rows: list[tuple[int, nn.Module, Structure]], indexed: Sequence[int]) -> None:
        blocks = [Block(member, self._number + at) for at, (_, member, _) in enumerate(rows)]
        group = Group(whole(rows[0][2], indexed), indexed, blocks[-1])
        for block, (_, _, structure) in zip(blocks, rows, strict=True):
            block.group, block.slots = group, [structure.slots[at] for at in indexed]
        self._number += len(blocks)
        self.groups.append(blocks)


class _Owners:
    """How many modules hold each parameter, buffer and module."""

    def __init__(self, module: nn.Module) -> None:
        self.held = self._count(module)

    @staticmethod
    def _count(module: nn.Module) -> Counter[int]:
        found: Counter[int] = Counter()
        for part in parts_of(module):
            own = part.__dict__
            found.update(map(id, (*own["_parameters"].values(), *own["_buffers"].values(), *own["_modules"].values())))
        return found

    def alone(self, block: nn.Module) -> bool:
        """Does nothing outside of the block hold any part of it?"""
        return all(self.held[part] == times for part, times in self._count(block).items() if part != id(None))


def whole(structure: Structure, indexed: Sequence[int]) -> tuple[Any, ...]:
    """What siblings have in common: the structure, and the whole numbers that are no index."""
    return structure.key, tuple(value for at, value in enumerate(structure.numbers) if at not in indexed)


Rows = list[tuple[int, nn.Module, Structure]]


def _refined(rows: Rows) -> Iterator[tuple[Rows, tuple[int, ...]]]:
    """Blocks that differ in nothing but running numbers, with the places of these."""
    indexed: list[int] = []
    other: list[int] = []
    for at, values in enumerate(zip(*(structure.numbers for _, _, structure in rows), strict=True)):
        if len(set(values)) > 1:
            running = len({value - row[0] for value, row in zip(values, rows, strict=True)}) == 1
            (indexed if running else other).append(at)
    if not other:
        yield rows, tuple(indexed)
        return
    apart: dict[tuple[int, ...], Rows] = {}
    for row in rows:
        apart.setdefault(tuple(row[2].numbers[at] for at in other), []).append(row)
    for part in apart.values():
        yield from _refined(part)
