"""Blocks that look the same and are not: what tells one of them apart lies where it is easily overlooked."""

from __future__ import annotations

import contextvars
import copy
import functools
import itertools
import random
import types
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

WIDTH, LAYERS, DEARER = 8, 7, 4


class Block(nn.Module):
    """A feed-forward layer with a running number, which may be called twice."""

    def __init__(self, index: int = 0) -> None:
        super().__init__()
        self.index = index
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def once(self, x: torch.Tensor) -> Any:
        return x + self.down(self.up(x).relu())

    def times(self, x: torch.Tensor, dearer: Any) -> Any:
        return self.once(self.once(x)) if dearer else self.once(x)

    def forward(self, x: torch.Tensor) -> Any:
        return self.once(x)


class Stack(nn.Module):
    """Blocks one after another."""

    def __init__(self, block: Callable[[int], nn.Module] = Block) -> None:
        super().__init__()
        CHANCE.seed(3)
        np.random.seed(3)
        self.blocks = nn.ModuleList(block(index) for index in range(LAYERS))

    def before(self, at: int) -> None:
        """What happens before a block is called."""

    def forward(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            self.before(at)
            x = block(x)
        return x


ADVERSARIES: dict[str, Callable[[], nn.Module]] = {}


def adversary(name: str) -> Callable[[Any], Any]:
    def add(kind: Any) -> Any:
        ADVERSARIES[name] = (lambda: Stack(kind)) if issubclass(kind, Block) else kind
        return kind

    return add


# -- counters that blocks share: the fourth call, and every seventh after it, is dearer


def due(number: int) -> bool:
    return number % LAYERS == DEARER - 1


TALLY = {"calls": 0}
ROUNDS = [0]
NESTED = {"inner": {"calls": 0}}
BAG: Counter[str] = Counter()
QUEUE = deque(range(LAYERS))
NUMBERS = itertools.count()
CHANCE = random.Random(3)
SINGLE = torch.zeros((), device="cpu")
SPACE = types.SimpleNamespace(calls=0, inner=types.SimpleNamespace(calls=0))
VARIABLE: contextvars.ContextVar[int] = contextvars.ContextVar("VARIABLE", default=0)
ELSEWHERE: Any = types.ModuleType("elsewhere")
ELSEWHERE.calls = 0


class Slotted:
    __slots__ = ("calls",)

    def __init__(self) -> None:
        self.calls = 0

    def next(self) -> int:
        self.calls += 1
        return self.calls - 1


SLOTTED = Slotted()


class Keeper:
    kept = 0

    @classmethod
    def next(cls) -> int:
        cls.kept += 1
        return cls.kept - 1


@adversary("a dictionary of its file")
class ByDictionary(Block):
    def forward(self, x: torch.Tensor) -> Any:
        TALLY["calls"] += 1
        return self.times(x, due(TALLY["calls"] - 1))


@adversary("a list of its file")
class ByList(Block):
    def forward(self, x: torch.Tensor) -> Any:
        ROUNDS[0] += 1
        return self.times(x, due(ROUNDS[0] - 1))


@adversary("a dictionary in a dictionary")
class ByNested(Block):
    def forward(self, x: torch.Tensor) -> Any:
        NESTED["inner"]["calls"] += 1
        return self.times(x, due(NESTED["inner"]["calls"] - 1))


@adversary("a bag")
class ByBag(Block):
    def forward(self, x: torch.Tensor) -> Any:
        BAG["calls"] += 1
        return self.times(x, due(BAG["calls"] - 1))


@adversary("a queue")
class ByQueue(Block):
    def forward(self, x: torch.Tensor) -> Any:
        QUEUE.rotate(-1)
        return self.times(x, QUEUE[0] == DEARER)


@adversary("an iterator")
class ByIterator(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, due(next(NUMBERS)))


@adversary("an iterator of its own")
class ByOwnIterator(Stack):
    def __init__(self) -> None:
        numbers = itertools.count()

        class Own(Block):
            def __init__(self, index: int) -> None:
                super().__init__(index)
                self.numbers = numbers

            def forward(self, x: torch.Tensor) -> Any:
                return self.times(x, due(next(self.numbers)))

        super().__init__(Own)


@adversary("chance of its own")
class ByOwnChance(Block):
    def forward(self, x: torch.Tensor) -> Any:
        CHANCE.random()
        return self.times(x, due(CHANCE.getstate()[1][-1] // 2))  # how many numbers have been drawn


@adversary("chance of NumPy")
class ByChanceOfNumPy(Block):
    def forward(self, x: torch.Tensor) -> Any:
        np.random.random()
        state: Any = np.random.get_state()
        return self.times(x, due(state[2] // 2))  # how many numbers have been drawn


@adversary("a number in a tensor")
class ByNumberInATensor(Block):
    def forward(self, x: torch.Tensor) -> Any:
        SINGLE.add_(1)
        return self.times(x, due(int(SINGLE.item()) - 1))


@adversary("an object of its file")
class ByObject(Block):
    def forward(self, x: torch.Tensor) -> Any:
        SPACE.calls += 1
        return self.times(x, due(SPACE.calls - 1))


@adversary("an object in an object")
class ByObjectInAnObject(Block):
    def forward(self, x: torch.Tensor) -> Any:
        SPACE.inner.calls += 1
        return self.times(x, due(SPACE.inner.calls - 1))


@adversary("an object without a dictionary")
class BySlots(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, due(SLOTTED.next()))


@adversary("an object without a dictionary, of its own")
class ByOwnSlots(Stack):
    def __init__(self) -> None:
        shared = Slotted()

        class Own(Block):
            def __init__(self, index: int) -> None:
                super().__init__(index)
                self.shared = shared

            def forward(self, x: torch.Tensor) -> Any:
                return self.times(x, due(self.shared.next()))

        super().__init__(Own)


@adversary("a dictionary of an object of its own")
class ByOwnObject(Stack):
    def __init__(self) -> None:
        shared = types.SimpleNamespace(tally={"calls": 0})

        class Own(Block):
            def __init__(self, index: int) -> None:
                super().__init__(index)
                self.shared = shared

            def forward(self, x: torch.Tensor) -> Any:
                self.shared.tally["calls"] += 1
                return self.times(x, due(self.shared.tally["calls"] - 1))

        super().__init__(Own)


@adversary("a variable of its context")
class ByContext(Block):
    def forward(self, x: torch.Tensor) -> Any:
        VARIABLE.set(VARIABLE.get() + 1)
        return self.times(x, due(VARIABLE.get() - 1))


@adversary("a variable of another file")
class ByOtherFile(Block):
    def forward(self, x: torch.Tensor) -> Any:
        ELSEWHERE.calls += 1
        return self.times(x, due(ELSEWHERE.calls - 1))


@adversary("a class of its file")
class ByOtherClass(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, due(Keeper.next()))


def helper() -> int:
    helper.calls = getattr(helper, "calls", -1) + 1  # type: ignore[attr-defined]
    return int(helper.calls)  # type: ignore[attr-defined]


@adversary("an attribute of a function")
class ByFunction(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, due(helper()))


@adversary("a default that changes")
class ByDefault(Block):
    def forward(self, x: torch.Tensor, seen: list[int] = [0]) -> Any:  # noqa: B006
        seen[0] += 1
        return self.times(x, due(seen[0] - 1))


@adversary("a property")
class ByProperty(Block):
    tally: ClassVar[dict[str, int]] = {"calls": 0}

    @property
    def dearer(self) -> bool:
        ROUNDS[0] += 1
        return due(ROUNDS[0] - 1)

    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, self.dearer)


@adversary("a dictionary of its class")
class ByClassDictionary(Block):
    tally: ClassVar[dict[str, int]] = {"calls": 0}

    def forward(self, x: torch.Tensor) -> Any:
        self.tally["calls"] += 1
        return self.times(x, due(self.tally["calls"] - 1))


@functools.lru_cache(maxsize=1)
def remembered() -> dict[str, int]:
    return {"calls": 0}


@adversary("what a function remembers")
class ByMemory(Block):
    def forward(self, x: torch.Tensor) -> Any:
        remembered()["calls"] += 1
        return self.times(x, due(remembered()["calls"] - 1))


# -- what the model around says, block by block


@adversary("a variable of another file, from around")
class SaidElsewhere(Stack):
    def __init__(self) -> None:
        super().__init__(Told)

    def before(self, at: int) -> None:
        ELSEWHERE.at = at


class Told(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, ELSEWHERE.at == DEARER)


@adversary("a variable of its context, from around")
class SaidInContext(Stack):
    def __init__(self) -> None:
        super().__init__(ToldInContext)

    def before(self, at: int) -> None:
        VARIABLE.set(at)


class ToldInContext(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, VARIABLE.get() == DEARER)


# -- looks at its number that go unnoticed


@adversary("the class of its number")
class ByClassOfNumber(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, type(self.index) is int)


@adversary("a copy of its number")
class ByCopyOfNumber(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, copy.deepcopy(self.index) == DEARER)


@adversary("an attribute of its number")
class ByAttributeOfNumber(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return self.times(x, getattr(self.index, "numerator", 0) == DEARER)


# -- work on behalf of a block outside of it


@adversary("a part that is used elsewhere too")
class PartsElsewhere(Stack):
    """Deep supervision: a part of those blocks that are traced is used once more."""

    def forward(self, x: torch.Tensor) -> Any:
        found = []
        for at, block in enumerate(self.blocks):
            x = block(x)
            if at in (1, 2, LAYERS - 1):
                found.append(block.get_submodule("up")(x))
        return [x, *found]


@adversary("gradients of its weights in the forward pass")
class GradientsInside(Stack):
    def forward(self, x: torch.Tensor) -> Any:
        x = super().forward(x)
        weights = [block.get_parameter("up.weight") for block in self.blocks]
        found = torch.autograd.grad(x.sum(), weights, retain_graph=True, allow_unused=True)
        return x, [gradient @ gradient.mT + weights[0].sum() for gradient in found if gradient is not None]


@adversary("hooks on gradients that a block sets at its input")
class ByHookAtItsInput(Block):
    def forward(self, x: torch.Tensor) -> Any:
        inward: Any = x
        if x.requires_grad:
            inward.register_hook(lambda gradient: gradient @ gradient.mT @ gradient)
        return self.once(x)


@adversary("hooks after gradients of its weights")
class HookedWeights(Stack):
    """Without values it is counted itself: a copy would not have the hook."""

    def __init__(self) -> None:
        with torch.device("meta"):
            super().__init__()
        weight: Any = self.blocks[DEARER].get_parameter("down.weight")
        weight.register_post_accumulate_grad_hook(_squared)


def _squared(weight: Any) -> None:
    _ = weight.grad @ weight.grad.mT


@adversary("hooks that are set after its call")
class LateHooks(Stack):
    def forward(self, x: torch.Tensor) -> Any:
        x = super().forward(x)
        weight: Any = self.blocks[DEARER].get_parameter("down.weight")
        weight.register_hook(lambda gradient: gradient @ gradient.mT @ gradient)
        return x


@adversary("hooks on what it saves")
class Saved(Stack):
    def forward(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            with torch.autograd.graph.saved_tensors_hooks(lambda t: t, _unpacked) if at == DEARER else _nothing():
                x = block(x)
        return x


def _unpacked(tensor: torch.Tensor) -> torch.Tensor:
    _ = tensor @ tensor.mT
    return tensor


@contextmanager
def _nothing() -> Iterator[None]:
    yield


class Doubling(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Does every matrix product twice."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
            func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


class DoublingLayers(TorchFunctionMode):
    """Does every linear layer twice."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is nn.functional.linear:
            func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


@adversary("a mode around it")
class UnderAMode(Stack):
    mode: Any = Doubling

    def forward(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            with self.mode() if at == DEARER else _nothing():
                x = block(x)
        return x


@adversary("a mode of functions around it")
class UnderAModeOfFunctions(UnderAMode):
    mode = DoublingLayers
