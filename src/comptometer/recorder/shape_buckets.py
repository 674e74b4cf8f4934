"""FLOP of a step, counted once for each set of shapes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from comptometer.ops import Attention, Convention, OpCount


class Cost(NamedTuple):
    """FLOP of one forward and backward pass: of the model, and with what was computed again."""

    model: int
    hardware: int


UNKNOWN = Cost(-1, -1)
Counter = Callable[[Any, Any], OpCount | int]


def bucket(inputs: Any) -> Hashable:
    """What decides the count of inputs: shapes of tensors by name, values of switches."""
    shape = getattr(inputs, "shape", None)
    if shape is not None:
        return tuple(shape)
    if isinstance(inputs, Mapping):
        return tuple([(name, bucket(value)) for name, value in inputs.items()])
    if isinstance(inputs, list | tuple):
        return tuple([bucket(value) for value in inputs])
    if isinstance(inputs, int | str) or inputs is None:
        return inputs
    return type(inputs).__qualname__


class Buckets:
    """The costs that are known.

    Args:
        model: what is counted.
        counter: counts it; `comptometer.count` unless given.
        attention: the convention of the count.
    """

    def __init__(self, model: Any, counter: Counter | None, attention: Attention) -> None:
        self.model, self._counter, self._attention = model, counter, attention
        self.known: dict[Hashable, Cost] = {}
        self.problems: list[str] = []

    @property
    def estimator(self) -> str:
        """What counts, and by which convention."""
        if self._counter is not None:
            return f"given: {getattr(self._counter, '__qualname__', type(self._counter).__name__)}"
        convention = Convention(attention=self._attention)
        return f"comptometer.count, attention {convention.attention}, training = forward + backward"

    def count(self, key: Hashable, inputs: Any) -> Cost:
        """Count a new bucket; `UNKNOWN`, with a note, where it cannot be counted."""
        try:
            cost = self._counted(inputs)
        except Exception as error:  # whatever the model raises; training goes on
            cost = UNKNOWN
            self.problems.append(f"{key!r:.200} cannot be counted: {type(error).__name__}: {error}"[:500])
        self.known[key] = cost
        return cost

    def _counted(self, inputs: Any) -> Cost:
        if self._counter is not None:
            found = self._counter(self.model, inputs)
        else:
            from comptometer.counting import count

            module = self.model.module if type(self.model).__name__ == "DistributedDataParallel" else self.model
            found = count(module, inputs, attention=self._attention)
        if isinstance(found, int):
            return Cost(found, found)
        if found.training is None:
            raise ValueError("the count has no backward pass")
        if found.uncounted:
            unknown = ", ".join(item.operation for item in found.uncounted[:5])
            self.problems.append(f"not in the count: {unknown}")
        return Cost(found.training, found.training + (found.recomputed or 0))
