"""Two operation counts beside each other, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from comptometer.ops import OpCount
from comptometer.release import data_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure of two counts; nothing where one of them has none.

    Attributes:
        figure: what is compared: `forward`, `parameters.total`, `operation linear`, …
        first: of the first count.
        second: of the second.
    """

    figure: str
    first: float | None
    second: float | None

    @property
    def ratio(self) -> float | None:
        """The second over the first."""
        return self.second / self.first if self.first and self.second is not None else None

    def to_dict(self) -> dict[str, Any]:
        """A row of the JSON."""
        return {"figure": self.figure, "first": self.first, "second": self.second, "ratio": self.ratio}


def compared(first: OpCount, second: OpCount) -> list[Difference]:
    """Parameters, totals, figures per token (per example unless both have some), and the forward pass by operation."""
    return [*_parameters(first, second), *_totals(first, second), *_operations(first, second)]


def _parameters(first: OpCount, second: OpCount) -> Iterator[Difference]:
    for name in ("total", "active", "embedding"):
        sizes = [getattr(count.parameters, name) if count.parameters else None for count in (first, second)]
        yield Difference(figure=f"parameters.{name}", first=sizes[0], second=sizes[1])


def _totals(first: OpCount, second: OpCount) -> Iterator[Difference]:
    for name in ("forward", "backward", "recomputed", "training"):
        yield Difference(figure=name, first=getattr(first, name), second=getattr(second, name))
    one, other, each = first.per_token, second.per_token, "per_token"
    if one is None or other is None:
        one, other, each = first.per_example, second.per_example, "per_example"
    for name in ("forward", "training"):
        yield Difference(figure=f"{each}.{name}", first=one[name], second=other[name])


def _operations(first: OpCount, second: OpCount) -> Iterator[Difference]:
    one, other = first.by_operation, second.by_operation
    for name in dict.fromkeys([*one, *other]):
        yield Difference(
            figure=f"operation {name}",
            first=one[name].forward if name in one else 0,
            second=other[name].forward if name in other else 0,
        )


def to_dict(first: OpCount, second: OpCount) -> dict[str, Any]:
    """The JSON object of `comptometer count --compare` (schema `comptometer/count-compare/1`)."""
    return {
        "schema": "comptometer/count-compare/1",
        "data_version": data_version(),
        "counts": [first.to_dict(), second.to_dict()],
        "differences": [difference.to_dict() for difference in compared(first, second)],
    }
