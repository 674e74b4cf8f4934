"""Blocks that are the same are traced three times, and the others replaced: their work is that of the traced ones.

A block is a member of a `ModuleList` or `Sequential`. Two of the same structure, called in the same way, do the same
work, unless they look at something that tells them apart. So a traced block is watched: its index is replaced by a
number that reports any look at it, and what it reads, changes and returns is compared with what is known. Whatever is
not understood is traced, and if a doubt comes up later (the traced blocks differ in work, a tensor of a replaced
block's cache is read, its outputs are used otherwise) the whole trace is repeated without replacing anything.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import torch
from torch import nn

from comptometer.counters import _torch_cache as caches
from comptometer.counters._torch_calls import Call, NotUnderstoodError, Result, Witness, call_of, result_of
from comptometer.counters._torch_stand_in import DoubtError, blank, stand_in
from comptometer.counters._torch_structure import (
    Index,
    Replacement,
    Slot,
    Structure,
    UnlikeAnyError,
    parts_of,
    structure_of,
    surroundings,
)

LEAST: Final = 4  # blocks that are worth it: three are traced
MARK: Final = "\0"  # parts the path of a module from the block that it is in

graph_task: Final = torch._C._current_graph_task_id
next_number: Final = torch._C._autograd._get_sequence_nr


class Trace(Protocol):
    """What this file needs of a trace."""

    witness: Witness | None
    differentiated: bool


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


class Blocks:
    """The blocks of a model under a trace."""

    def __init__(self, module: nn.Module) -> None:
        self.doubt = False
        self.blocks: list[Block] = []
        self.groups: list[Group] = []
        self._inside = False
        self._find(module, _Owners(module))

    def mark(self, paths: dict[int, str]) -> None:
        """Mark the paths of all modules within blocks, so that their work is kept apart."""
        for block in self.blocks:
            for part in parts_of(block.module):
                paths[id(part)] += f"{MARK}{block.number}"

    # -- which blocks there are

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
        blocks = [Block(member, len(self.blocks) + at) for at, (_, member, _) in enumerate(rows)]
        group = Group(_whole(rows[0][2], indexed), indexed, blocks[-1])
        for block, (_, _, structure) in zip(blocks, rows, strict=True):
            block.group, block.slots = group, [structure.slots[at] for at in indexed]
        self.blocks += blocks
        self.groups.append(group)

    # -- running

    @contextmanager
    def running(self, trace: Trace) -> Iterator[None]:
        """Blocks are traced, or replaced."""
        with ExitStack() as stack:
            if self.blocks:
                stack.enter_context(caches.watched())
            for block in self.blocks:
                block.module.__dict__["forward"] = _Forward(self, trace, block)
                stack.callback(block.module.__dict__.pop, "forward", None)
            yield

    @property
    def used(self) -> bool:
        """Was any block called?"""
        return any(block.called for block in self.blocks)

    def doubted(self) -> None:
        """Say that the trace must be repeated."""
        self.doubt = True

    def call(self, trace: Trace, block: Block, args: Any, kwargs: Any) -> Any:
        """Run a block, or what stands in for it."""
        again = block.called or graph_task() != -1
        block.called = True
        if again or self._inside or torch.compiler.is_compiling() or _transformed():
            self.doubt = self.doubt or self._counts(block, again)
            return type(block.module).forward(block.module, *args, **kwargs)
        self._inside = True
        try:
            return self._first(trace, block, args, kwargs)
        finally:
            self._inside = False

    def _counts(self, block: Block, again: bool) -> bool:
        """Would a further call of a block make the work of its group uncertain?"""
        assert block.group is not None
        if graph_task() != -1:
            return any(block is other for kind in block.group.kinds.values() for other, _ in kind.replaced)
        if again:
            block.group.kinds.setdefault("again", Kind()).doubtful = True
        return any(kind.replaced for kind in block.group.kinds.values())

    def _first(self, trace: Trace, block: Block, args: Any, kwargs: Any) -> Any:
        group, module = block.group, block.module
        assert group is not None
        try:
            structure = structure_of(module)
            call = call_of((args, kwargs), block.indices())
            around = surroundings(structure)
            if _whole(structure, group.indexed) != group.key or "again" in group.kinds:
                raise NotUnderstoodError
        except (UnlikeAnyError, NotUnderstoodError):
            return type(module).forward(module, *args, **kwargs)
        kind = group.kinds.setdefault(call.key, Kind())
        known = kind.traced
        if kind.doubtful or block is group.last or len(known) < 2:
            return self._watch(trace, block, kind, call, structure, around, args, kwargs)
        if not (known[0].surroundings == known[1].surroundings == around and known[0].result == known[1].result):
            return type(module).forward(module, *args, **kwargs)
        return self._replace(block, kind, call)

    def _replace(self, block: Block, kind: Kind, call: Call) -> Any:
        like = kind.traced[0]
        anchor = next((p for p in block.module.parameters() if p.requires_grad), None)
        made, reached = stand_in(like.result, call, anchor, self.doubted)
        kind.replaced.append((block, reached))
        if like.left is not None and like.slot is not None:
            caches.fill(call.caches[0], block.indices()[like.slot], like.left, lambda one: blank(one, self.doubted))
        return made

    def _watch(
        self,
        trace: Trace,
        block: Block,
        kind: Kind,
        call: Call,
        structure: Structure,
        around: tuple[Any, ...],
        args: Any,
        kwargs: Any,
    ) -> Any:
        """Run a block, and see whether what it does could have been told from what it is and how it is called."""
        module, group = block.module, block.group
        assert group is not None
        numbers = block.indices()
        before = call.versions, random.getstate(), torch.get_rng_state(), trace.differentiated
        call_key = call_of((args, kwargs), ()).key
        entries = [caches.others(cache, numbers[0]) for cache in call.caches] if numbers else []
        trace.witness = witness = Witness(call, module, _kept(module, call, numbers))
        start = next_number()
        with _watched(block) as proxies, caches.visited() as visits:
            try:
                returned = type(module).forward(module, *args, **kwargs)
            finally:
                trace.witness = None
        try:
            after = call.versions, random.getstate(), torch.get_rng_state(), trace.differentiated
            now = structure_of(module)
            changed = (
                before[0] != after[0]
                or before[1] != after[1]
                or not torch.equal(before[2], after[2])
                or before[3] != after[3]
                or _whole(now, group.indexed) != group.key
                or surroundings(now) != around
                or call_of((args, kwargs), ()).key != call_key
            )
            looked = any(proxy.looked for proxy in proxies) or visits.asked or witness.outside
            if changed or looked or len(visits.entries) > 1 or len(call.caches) > 1:
                raise NotUnderstoodError
            if entries != ([caches.others(cache, numbers[0]) for cache in call.caches] if numbers else []):
                raise NotUnderstoodError
            result, outputs = result_of(returned, call, module, start)
        except (UnlikeAnyError, NotUnderstoodError):
            kind.doubtful = True
            return returned
        left, slot = None, None
        if visits.entries:
            (entry,) = visits.entries
            slot = numbers.index(entry)
            left = dict(vars(call.caches[0].layers[entry]))
        reached = _reached(outputs)
        kind.traced.append(Traced(block, around, result, left, slot, reached))
        return returned

    # -- the end

    def times(self, work: Mapping[int, Any]) -> dict[int, int]:
        """How often the work of each block counts; `work` is what was booked to each.

        Raises:
            DoubtError: it cannot be told.
        """
        if self.doubt:
            raise DoubtError
        found: dict[int, int] = {}
        for group in self.groups:
            for kind in group.kinds.values():
                if kind.replaced:
                    self._agree(kind, group, work)
                    found[kind.traced[0].block.number] = 1 + len(kind.replaced)
        return found

    @staticmethod
    def _agree(kind: Kind, group: Group, work: Mapping[int, Any]) -> None:
        first = kind.traced[0]
        same = (
            not kind.doubtful
            and kind.traced[-1].block is group.last
            and all(work.get(one.block.number) == work.get(first.block.number) for one in kind.traced)
            and all(one.result == first.result for one in kind.traced)
            and all(one.surroundings == first.surroundings for one in kind.traced)
            and all(one.reached == first.reached for one in kind.traced)
            and all(reached == first.reached and block.number not in work for block, reached in kind.replaced)
        )
        if not same:
            raise DoubtError


class _Forward(Replacement):
    """Takes the place of the `forward` of one block."""

    __slots__ = ("block", "blocks", "trace")

    def __init__(self, blocks: Blocks, trace: Trace, block: Block) -> None:
        self.blocks, self.trace, self.block = blocks, trace, block

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.blocks.call(self.trace, self.block, args, kwargs)


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


def _whole(structure: Structure, indexed: Sequence[int]) -> tuple[Any, ...]:
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


@contextmanager
def _watched(block: Block) -> Iterator[list[Index]]:
    """The running numbers of a block report any look at them."""
    numbers = block.indices()
    proxies = [Index(number) for number in numbers]
    for slot, proxy in zip(block.slots, proxies, strict=True):
        slot.place[slot.name] = proxy
    try:
        yield proxies
    finally:
        for slot, proxy, number in zip(block.slots, proxies, numbers, strict=True):
            if slot.place.get(slot.name) is proxy:
                slot.place[slot.name] = number


def _kept(module: nn.Module, call: Call, numbers: Sequence[int]) -> Iterator[torch.Tensor]:
    """Tensors of the block that are plain attributes, and those of its entry in a cache."""
    for part in parts_of(module):
        yield from (value for value in vars(part).values() if isinstance(value, torch.Tensor))
    for cache in call.caches:
        for number in set(numbers):
            if number < len(cache.layers):
                yield from (value for value in vars(cache.layers[number]).values() if isinstance(value, torch.Tensor))


def _reached(outputs: Sequence[torch.Tensor]) -> list[int]:
    """A list that will say how often a gradient has come to each output."""
    wanted = [output for output in outputs if output.requires_grad]
    found = [0] * len(wanted)

    def hook(at: int, place: int) -> Callable[[Any], None]:
        def count(gradients: Any) -> None:
            found[at] += gradients[place] is not None

        return count

    for at, output in enumerate(wanted):
        node: Any = output.grad_fn
        node.register_prehook(hook(at, output.output_nr))
    return found


def _transformed() -> bool:
    return torch._C._functorch.peek_interpreter_stack() is not None


def watched_by_others() -> bool:
    """Does anything else see every operator or module that runs?"""
    modules: Any = nn.modules.module
    hooks = modules._global_forward_hooks, modules._global_forward_pre_hooks, modules._global_backward_hooks
    return bool(torch._C._len_torch_dispatch_stack() or any(hooks))
