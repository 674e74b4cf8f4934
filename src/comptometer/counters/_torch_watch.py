"""A block that is run and watched: could what it does be told from what it is and how it is called?"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

import torch
from torch import nn

from comptometer.counters import _torch_cache as caches
from comptometer.counters._torch_calls import Call, NotUnderstoodError, Witness, call_of, result_of
from comptometer.counters._torch_groups import Block, Traced
from comptometer.counters._torch_index import Index
from comptometer.counters._torch_structure import Structure, UnlikeAnyError, parts_of, structure_of
from comptometer.counters._torch_surroundings import surroundings

next_number: Final = torch._C._autograd._get_sequence_nr


class Trace(Protocol):
    """What this file needs of a trace."""

    witness: Witness | None
    differentiated: bool


def watched(
    trace: Trace, block: Block, call: Call, structure: Structure, around: tuple[Any, ...], args: Any, kwargs: Any
) -> tuple[Any, Traced | None]:
    """Run a block; what it returned, and what was seen of it where it could be told before.

    The last block of a group is run with its true numbers, which others may look at in a way that nothing reports:
    if these tell, it differs.
    """
    module, group = block.module, block.group
    assert group is not None
    numbers, true = block.indices(), block is group.last
    before = _state(trace, call, numbers), call_of((args, kwargs), ()).key
    trace.witness = witness = Witness(call, module, _kept(module, call, numbers))
    start = next_number()
    with _reporting(block, not true) as proxies, caches.visited() as visits:
        try:
            returned = type(module).forward(module, *args, **kwargs)
        finally:
            trace.witness = None
    try:
        now = structure_of(module)
        changed = (
            before != (_state(trace, call, numbers), call_of((args, kwargs), ()).key)
            or not group.holds(now)
            or surroundings(now, group.code(now)) != around
        )
        looked = any(proxy.looked for proxy in proxies) or (visits.asked and not true)
        if changed or looked or witness.outside or len(visits.entries) > 1 or len(call.caches) > 1:
            raise NotUnderstoodError
        result, outputs = result_of(returned, call, module, start)
    except (UnlikeAnyError, NotUnderstoodError):
        return returned, None
    left, slot = None, None
    if visits.entries:
        (entry,) = visits.entries
        slot = numbers.index(entry)
        left = dict(vars(call.caches[0].layers[entry]))
    return returned, Traced(block, around, result, left, slot, _reached(outputs))


def _state(trace: Trace, call: Call, numbers: Sequence[int]) -> tuple[Any, ...]:
    """What a block must leave as it was, besides its surroundings: what is not its own of arguments, and chance."""
    entries = [caches.others(cache, numbers[0]) for cache in call.caches] if numbers else []
    return call.versions, entries, trace.differentiated, chance()


def chance() -> tuple[Any, ...]:
    """The states of the generators of random numbers that are everybody's."""
    numpy: Any = sys.modules.get("numpy.random")
    state = numpy.get_state(legacy=False)["state"] if numpy else {}
    other = [part.tobytes() if hasattr(part, "tobytes") else part for part in state.values()]
    return random.getstate(), other, torch.get_rng_state().numpy().tobytes()


@contextmanager
def _reporting(block: Block, wanted: bool) -> Iterator[list[Index]]:
    """The running numbers of a block report any look at them, if that is wanted."""
    numbers = block.indices() if wanted else []
    proxies = [Index(number) for number in numbers]
    for slot, proxy in zip(block.slots, proxies, strict=False):
        slot.place[slot.name] = proxy
    try:
        yield proxies
    finally:
        for slot, proxy, number in zip(block.slots, proxies, numbers, strict=False):
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
