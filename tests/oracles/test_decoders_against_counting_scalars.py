"""Decoders written out as loops over numbers that count their own products, against the closed forms.

The loops know no formula: a token looks at those that its mask shows it, and goes to the experts that it is sent to.
Every product that is summed is two operations, and leaves a trace; going back along it, each of the two factors that
needs a gradient receives one more. Softmax, norms and gates are element-wise, so they are no summed products.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from comptometer import count
from comptometer.contraction import matmul, pairs

Vector = list["Number"]
Matrix = list[Vector]


@dataclass(eq=False, repr=False, slots=True)
class Number:
    """What it was summed from, and whether it needs a gradient."""

    needs: bool = True
    products: list[tuple[Number, Number]] = field(default_factory=list)
    sources: list[Number] = field(default_factory=list)


class Tape:
    """Makes numbers and counts what is multiplied and summed."""

    def __init__(self) -> None:
        self.made: list[Number] = []
        self.operations = 0

    def number(self, needs: bool = True) -> Number:
        self.made.append(Number(needs))
        return self.made[-1]

    def matrix(self, rows: int, columns: int) -> Matrix:
        return [[self.number() for _ in range(columns)] for _ in range(rows)]

    def dot(self, one: Vector, other: Vector) -> Number:
        """A sum of products, one for each pair of numbers."""
        found = self.number(any(number.needs for number in (*one, *other)))
        for pair in zip(one, other, strict=True):
            found.products.append(pair)
            self.operations += 2
        return found

    def through(self, vector: Vector, weights: Matrix) -> Vector:
        return [self.dot(vector, row) for row in weights]

    def mixed(self, *numbers: Number) -> Number:
        """Something element-wise of several numbers."""
        found = self.number(any(number.needs for number in numbers))
        found.sources = list(numbers)
        return found

    def back(self, outputs: list[Number]) -> int:
        """Operations of the gradients of everything that the outputs come from."""
        reached = set(map(id, outputs))
        operations = 0
        for number in reversed(self.made):
            if id(number) not in reached or not number.needs:
                continue
            for one, other in number.products:
                operations += 2 * (one.needs + other.needs)
                reached |= {id(one), id(other)}
            reached |= set(map(id, number.sources))
        return operations


Sees = Callable[[int, int], bool]


def attended(tape: Tape, queries: list[Matrix], keys: list[Matrix], values: list[Matrix], sees: Sees) -> Matrix:
    """Heads of queries, each over the keys and values of its group: one vector for each position."""
    per_group = len(queries) // len(keys)
    found: Matrix = [[] for _ in queries[0]]
    for head, rows in enumerate(queries):
        group = head // per_group
        for at, query in enumerate(rows):
            seen = [place for place in range(len(keys[group])) if sees(at, place)]
            scores = [tape.dot(query, keys[group][place]) for place in seen]
            weights = [tape.mixed(*scores) for _ in seen]
            columns = [[values[group][place][column] for place in seen] for column in range(len(values[group][0]))]
            found[at] += [tape.dot(weights, column) for column in columns]
    return found


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(
    ("sees", "options"),
    [
        (lambda at, place: True, {"attention": "full"}),
        (lambda at, place: place <= at, {"attention": "causal"}),
        (lambda at, place: at - 3 < place <= at, {"attention": "causal", "window": 3}),
        (lambda at, place: at - 20 < place <= at, {"attention": "causal", "window": 20}),
        (lambda at, place: place <= at and place // 4 == at // 4, {"attention": "causal", "chunk": 4}),
        (lambda at, place: True, {"attention": "causal", "masked": False}),
    ],
    ids=["everything", "what came before", "a window", "a window that is wide enough", "chunks", "an encoder"],
)
def test_attention_multiplies_what_its_mask_shows(groups: int, sees: Sees, options: dict[str, Any]) -> None:
    heads, length, width, value_width = 4, 7, 3, 2
    tape = Tape()
    queries = [tape.matrix(length, width) for _ in range(heads)]
    keys, values = ([tape.matrix(length, size) for _ in range(groups)] for size in (width, value_width))
    out = attended(tape, queries, keys, values, sees)
    kept = heads * pairs(length, **options)
    assert tape.operations == matmul(kept, width, 1) + matmul(kept, value_width, 1)
    assert tape.back(list(itertools.chain(*out))) == 2 * tape.operations


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    width: int = 4
    heads: int = 4
    groups: int = 2
    head: int = 3
    inner: int = 5
    layers: int = 2
    vocabulary: int = 6
    experts: int = 0
    chosen: int = 0
    window: int | None = None


def projected(tape: Tape, x: Matrix, width: int) -> Matrix:
    """Each row of `x` through one new matrix of weights."""
    weights = tape.matrix(width, len(x[0]))
    return [tape.through(row, weights) for row in x]


def feed_forward(tape: Tape, x: Vector, weights: list[Matrix]) -> Vector:
    gate, up, down = weights
    inner = [tape.mixed(*pair) for pair in zip(tape.through(x, gate), tape.through(x, up), strict=True)]
    return tape.through(inner, down)


def sent(tape: Tape, x: Vector, at: int, size: Sizes, router: Matrix, experts: list[list[Matrix]]) -> Vector:
    """The experts of one token, each weighted with its score; every score has a part in every weight."""
    scores = tape.through(x, router)
    chosen = [(at + step) % size.experts for step in range(size.chosen)]
    outputs = [feed_forward(tape, x, experts[expert]) for expert in chosen]
    return [tape.mixed(*column, *scores) for column in zip(*outputs, strict=True)]


def decoder(tape: Tape, size: Sizes, length: int) -> list[Number]:
    """Scores of the next token at each position."""
    x = tape.matrix(length, size.width)  # rows of a table that is trained
    window = size.window or length
    for _ in range(size.layers):
        queries, keys, values = (
            [projected(tape, x, size.head) for _ in range(heads)] for heads in (size.heads, size.groups, size.groups)
        )
        seen = attended(tape, queries, keys, values, lambda at, place: at - window < place <= at)
        outward = tape.matrix(size.width, size.heads * size.head)
        inside = [tape.through(row, outward) for row in seen]
        x = [[tape.mixed(*pair) for pair in zip(*rows, strict=True)] for rows in zip(x, inside, strict=True)]
        shapes = (size.inner, size.width), (size.inner, size.width), (size.width, size.inner)
        experts = [[tape.matrix(*shape) for shape in shapes] for _ in range(size.experts or 1)]
        router = tape.matrix(size.experts, size.width)
        x = [
            sent(tape, row, at, size, router, experts) if size.experts else feed_forward(tape, row, experts[0])
            for at, row in enumerate(x)
        ]
    head = tape.matrix(size.vocabulary, size.width)
    return [score for row in x for score in tape.through(row, head)]


def fields(family: str, size: Sizes) -> dict[str, Any]:
    found: dict[str, Any] = {
        "model_type": family,
        "hidden_size": size.width,
        "intermediate_size": size.inner,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.groups,
        "head_dim": size.head,
        "vocab_size": size.vocabulary,
    }
    if size.window:
        found["sliding_window"] = size.window
    if size.experts:
        found |= {"num_local_experts": size.experts, "num_experts_per_tok": size.chosen}
    return found


@pytest.mark.parametrize(
    ("family", "size", "length"),
    [
        ("llama", Sizes(), 5),
        ("llama", Sizes(heads=3, groups=3, head=2, layers=1), 7),
        ("mistral", Sizes(window=3), 7),
        ("mistral", Sizes(window=3, groups=1), 2),
        ("mixtral", Sizes(experts=5, chosen=2), 6),
        ("mixtral", Sizes(experts=3, chosen=3, groups=1, window=2), 4),
    ],
)
def test_a_decoder_multiplies_what_its_closed_form_says(family: str, size: Sizes, length: int) -> None:
    tape = Tape()
    outputs = decoder(tape, size, length)
    found = count(fields(family, size), sequence_length=length, attention="causal")
    assert found.forward == tape.operations
    assert found.backward == tape.back(outputs) == 2 * found.forward
