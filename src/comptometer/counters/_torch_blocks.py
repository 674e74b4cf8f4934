"""Blocks that are the same are traced three times, and the others replaced: their work is that of the traced ones.

A block is a member of a `ModuleList` or `Sequential`. Two of the same structure, called in the same way, do the same
work, unless they look at something that tells them apart. So a traced block is watched: its index is replaced by a
number that reports any look at it, and what it reads, changes and returns is compared with what is known. Whatever is
not understood is traced, and if a doubt comes up later (the traced blocks differ in work, a tensor of a replaced
block's cache is read, its outputs are used otherwise) the whole trace is repeated without replacing anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Protocol

import torch
from torch import nn

from comptometer.counters import _torch_cache as caches
from comptometer.counters._torch_calls import Call, NotUnderstoodError, Witness, call_of
from comptometer.counters._torch_groups import Block, Group, Kind, groups_of
from comptometer.counters._torch_stand_in import DoubtError, blank, stand_in
from comptometer.counters._torch_structure import Replacement, UnlikeAnyError, parts_of, structure_of
from comptometer.counters._torch_surroundings import surroundings
from comptometer.counters._torch_watch import watched

MARK: Final = "\0"  # parts the path of a module from the block that it is in

graph_task: Final = torch._C._current_graph_task_id


class Trace(Protocol):
    """What this file needs of a trace."""

    witness: Witness | None
    differentiated: bool
    final: bool
    inner: Mapping[int, int]
    within: int | None
    strayed: set[int]


class Blocks:
    """The blocks of a model under a trace."""

    def __init__(self, module: nn.Module) -> None:
        found = groups_of(module)
        self.doubt = False
        self.blocks: list[Block] = [block for group in found for block in group]
        self.groups: list[Group] = [group[0].group for group in found if group[0].group is not None]
        self._inside = False

    def mark(self, paths: dict[int, str]) -> None:
        """Mark the paths of all modules within blocks, so that their work is kept apart."""
        for block in self.blocks:
            for part in parts_of(block.module):
                paths[id(part)] += f"{MARK}{block.number}"

    # -- running

    @contextmanager
    def running(self, trace: Trace) -> Iterator[None]:
        """Blocks are traced, or replaced."""
        with ExitStack() as stack:
            if self.blocks:
                stack.enter_context(caches.watched())
                trace.inner = {id(part): block.number for block in self.blocks for part in parts_of(block.module)[1:]}
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
        before, trace.within = trace.within, block.number
        try:
            return self._call(trace, block, args, kwargs)
        finally:
            trace.within = before

    def _call(self, trace: Trace, block: Block, args: Any, kwargs: Any) -> Any:
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
            if not group.holds(structure) or "again" in group.kinds:
                raise NotUnderstoodError
            around = surroundings(structure, group.code(structure))
        except (UnlikeAnyError, NotUnderstoodError):
            return type(module).forward(module, *args, **kwargs)
        kind = group.kinds.setdefault(call.key, Kind())
        known = kind.traced
        if kind.doubtful or block is group.last or len(known) < 2:
            returned, seen = watched(trace, block, call, structure, around, args, kwargs)
            if seen is None:
                kind.doubtful = True
            else:
                known.append(seen)
            return returned
        if not (known[0].surroundings == known[1].surroundings == around and known[0].result == known[1].result):
            return type(module).forward(module, *args, **kwargs)
        return self._replace(trace, block, kind, call)

    def _replace(self, trace: Trace, block: Block, kind: Kind, call: Call) -> Any:
        like = kind.traced[0]
        anchor = next((p for p in block.module.parameters() if p.requires_grad), None)
        made, reached = stand_in(like.result, call, anchor, trace, self.doubted)
        kind.replaced.append((block, reached))
        if like.left is not None and like.slot is not None:
            caches.fill(call.caches[0], block.indices()[like.slot], like.left, lambda one: blank(one, self.doubted))
        return made

    # -- the end

    def times(self, trace: Trace, work: Mapping[int, Any]) -> dict[int, int]:
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
                    _agree(kind, group, work)
                    found[kind.traced[0].block.number] = 1 + len(kind.replaced)
        if found and any(block.number in trace.strayed for block in self.blocks):
            raise DoubtError
        return found


def _agree(kind: Kind, group: Group, work: Mapping[int, Any]) -> None:
    """Did the traced blocks do the same, and is nothing known of the replaced ones that tells them apart?

    Raises:
        DoubtError: no.
    """
    first = kind.traced[0]
    same = (
        not kind.doubtful
        and kind.traced[-1].block is group.last
        and all(work.get(one.block.number) == work.get(first.block.number) for one in kind.traced)
        and all(one.result == first.result for one in kind.traced)
        and all(one.surroundings == first.surroundings for one in kind.traced)
        and all(one.reached == first.reached for one in kind.traced)
        and all(reached == first.reached and block.number not in work for block, reached in kind.replaced)
        and all(_as_it_was(block, group) for block, _ in kind.replaced)
    )
    if not same:
        raise DoubtError


def _as_it_was(block: Block, group: Group) -> bool:
    """Has a block no hooks, say, that were set after its call?"""
    try:
        return group.holds(structure_of(block.module))
    except UnlikeAnyError:
        return False


class _Forward(Replacement):
    """Takes the place of the `forward` of one block."""

    __slots__ = ("block", "blocks", "trace")

    def __init__(self, blocks: Blocks, trace: Trace, block: Block) -> None:
        self.blocks, self.trace, self.block = blocks, trace, block

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.blocks.call(self.trace, self.block, args, kwargs)


def _transformed() -> bool:
    return torch._C._functorch.peek_interpreter_stack() is not None


def watched_by_others() -> bool:
    """Does anything else see every operator or module that runs?"""
    modules: Any = nn.modules.module
    hooks = modules._global_forward_hooks, modules._global_forward_pre_hooks, modules._global_backward_hooks
    return bool(torch._C._len_torch_dispatch_stack() or any(hooks))
