"""A model written down as its forward pass, whose operations and parameters add up while it is written.

Every call is one module. What flows between them is one bit: does the value need a gradient? It does once anything that
it comes from is trained. So each product forms exactly the gradients that autograd would: that of a weight if it is
trained, that of an input if the input needs one (decision 0009).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, Final, Literal

from comptometer.contraction import convolution, matmul, pairs, transposed_convolution
from comptometer.errors import UsageError
from comptometer.formulas._tally import Tally
from comptometer.ops import ADAMW, LAYER_NORM, RMS_NORM, Convention, Term
from comptometer.trainable import EVERYTHING, Trainable

Norm = Literal["none", "root", "scale", "mean and scale", "scale and bias"]
NORM_SIZE: Final = {"none": 0, "root": 0, "scale": 1, "mean and scale": 1, "scale and bias": 2}
WITHOUT_MEAN: Final = ("root", "scale")
Flow = bool  # does the value need a gradient?
DATA: Final[Flow] = False  # what comes from the data set never does


class Network:
    """Adds up a model on a batch.

    Attributes:
        batch: examples in the batch.
        convention: what is counted.
        include: what is counted besides: `mtp`, `elementwise`, `normalization`, `optimizer`.
        tally: what has been added up so far: terms, work on the separate axes, parameters.
        tokens: what figures per token are divided by; none where figures are per example.
        notes: what a reader should know.
    """

    def __init__(
        self,
        convention: Convention,
        *,
        batch: int = 1,
        sequence_length: int | None = None,
        decoder_length: int | None = None,
        image_size: tuple[int, int] | None = None,
        include: frozenset[str] = frozenset(),
        trainable: Trainable = EVERYTHING,
    ) -> None:
        """Start with nothing; lengths and sizes are those that the caller gives, if any."""
        self.convention, self.batch, self.include, self.trainable = convention, batch, include, trainable
        self.tally = Tally()
        self.tokens: int | None = None
        self._alike: dict[Hashable, tuple[Flow, Tally]] = {}
        self._partly = bool(trainable)  # is anything not trained?
        self.notes: list[str] = []
        self._modules: dict[str, None] = {}  # in order, where not all are trained
        self._given: dict[str, Any] = {
            "sequence_length": sequence_length,
            "decoder_length": decoder_length,
            "image_size": image_size,
        }
        self.used: dict[str, Any] = {}
        self._prefix = ""
        self._features: Flow = DATA

    # -- what goes in

    def length(self, default: int, *, longest: int | None = None) -> int:
        """Tokens in each sequence: as the caller says, else the default, and a note says so.

        Args:
            default: where the caller does not say.
            longest: positions that the model is made for.
        """
        return self._input("sequence_length", default, longest)

    def decoder_length(self, default: int, *, longest: int | None = None) -> int:
        """Tokens that the decoder of an encoder-decoder writes, likewise."""
        return self._input("decoder_length", default, longest)

    def _input(self, name: str, default: int, longest: int | None) -> int:
        given: int | None = self._given[name]
        words, option = name.replace("_", " "), name.replace("_", "-")
        if given is None and name not in self.used:
            self.notes.append(f"{words} taken as {default}; give --{option}")
        elif given is not None and longest is not None and given > longest:
            self.note(f"{given} tokens are more than the {longest} positions that the model is made for")
        self.used[name] = default if given is None else given
        return self.used[name]  # type: ignore[no-any-return]

    def image(self, default: tuple[int, int]) -> tuple[int, int]:
        """Height and width of each image in pixels: as the caller says, else the default."""
        self.used["image_size"] = self._given["image_size"] or default
        return self.used["image_size"]  # type: ignore[no-any-return]

    @property
    def has_image(self) -> bool:
        """Does the caller give the size of an image?"""
        return self._given["image_size"] is not None

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    # -- modules

    def linear(
        self,
        module: str,
        x: Flow,
        rows: int,
        inward: int,
        outward: int,
        *,
        bias: bool = False,
        copies: int = 1,
        chosen: int = 1,
        weight_of: str | None = None,
        operation: str = "linear",
    ) -> Flow:
        """A product with a weight for each row: (rows × inward) times (inward × outward).

        Args:
            module: name.
            x: what flows in.
            rows: over the whole batch.
            inward: width of a row.
            outward: width of the result.
            bias: has it one?
            copies: weights of this shape, of which each row uses one (experts).
            chosen: how many of the copies one token uses.
            weight_of: the module whose weight it shares (a tied head): no parameters of its own but the bias.
            operation: kind.
        """
        size = (0 if weight_of else inward * outward) + (outward if bias else 0)
        trained = self._own(module, size, copies=copies, chosen=chosen)
        weight = trained if weight_of is None else self.trainable.weight(self._prefix + weight_of)
        forward = matmul(rows, inward, outward)
        self._add(module, operation, forward, forward * (weight + x))
        rank = self.trainable.addition(self._prefix + module) if self._partly else None
        if bias:
            self.elementwise(module, rows * outward)
        if rank is not None:
            self._low_rank(module, x, rows, inward, outward, rank, copies, chosen)
            return True
        return x or weight or (bias and trained)

    def _low_rank(
        self, module: str, x: Flow, rows: int, inward: int, outward: int, rank: int, copies: int, chosen: int
    ) -> None:
        """The addition B·A to a frozen weight: its first product needs the input's gradient only if `x` does."""
        down, up = matmul(rows, inward, rank), matmul(rows, rank, outward)
        size = rank * (inward + outward)
        self.tally.own(size, copies, chosen, trained=True)
        self._add(f"{module}.lora", "linear", down + up, down * (1 + x) + 2 * up)

    def _own(self, module: str, size: int, *, copies: int = 1, chosen: int = 1) -> bool:
        """Book parameters; are they trained?"""
        trained = not self._partly or self._trained(self._prefix + module)
        self.tally.own(size, copies, chosen, trained=trained)
        return trained

    def _trained(self, name: str) -> bool:
        self._modules[name] = None
        return self.trainable.weight(name)

    def look_up(self, module: str, entries: int, width: int, *, rows: int = 0) -> Flow:
        """An input embedding: parameters, and no operation."""
        self.tally.embedding += entries * width * self.tally.copies
        return self._own(module, entries * width) or self._features

    def again(self, module: str) -> Flow:
        """A table that was written down before, looked up once more without features in place of its rows."""
        return self.trainable.weight(self._prefix + module)

    def weights(self, module: str, size: int) -> Flow:
        """Parameters that take part in no contraction: positions, class tokens, scales, sinks."""
        return self._own(module, size) and size > 0

    def fixed(self, module: str, size: int) -> None:
        """A table that the class keeps among its parameters and never trains, such as sinusoidal positions."""
        self._modules[self._prefix + module] = None
        self.tally.own(size, trained=False)

    def norm(self, module: str, x: Flow, rows: int, width: int, kind: Norm = "scale", *, groups: int = 1) -> Flow:
        """A normalisation of rows, of `width` elements each: no contraction.

        Of the two without parameters, `none` takes the mean off and `root` does not.
        """
        trained = self._own(module, NORM_SIZE[kind] * width)
        if "normalization" in self.include:
            per_element = RMS_NORM if kind in WITHOUT_MEAN else LAYER_NORM
            self._extra("normalization", module, per_element * rows * width)
        return x or (trained and NORM_SIZE[kind] > 0)

    def elementwise(self, module: str, operations: int) -> None:
        """Work element by element: biases, activations, gates, softmax, residual sums, rotary positions."""
        if "elementwise" in self.include:
            self._extra("elementwise", module, operations)

    def attention(
        self,
        module: str,
        q: Flow,
        k: Flow,
        v: Flow,
        position: Flow = DATA,
        *,
        heads: int,
        key_width: int,
        value_width: int | None = None,
        pairs: int,
        sequences: int | None = None,
    ) -> Flow:
        """Scores and weighted sum: for each head and (query, key) pair a product over the key and the value width.

        Backward, the gradient of the weights and of the value against the value width, those of query and key against
        the key width. Recomputation `flash` forms the scores again, `selective` both products.

        Args:
            module: name.
            q: query.
            k: key.
            v: value.
            position: what is added to the scores besides, such as a trained table.
            heads: query heads.
            key_width: width of query and key in one head.
            value_width: width of the value in one head; as the key unless given.
            pairs: (query, key) pairs of one sequence.
            sequences: over the whole batch; one for each example unless given.
        """
        number = (self.batch if sequences is None else sequences) * heads * pairs
        scores = matmul(number, key_width, 1)
        sums = matmul(number, key_width if value_width is None else value_width, 1)
        backward = sums * (v + (q or k or position)) + scores * (q + k)
        again = {"flash": scores, "selective": scores + sums}.get(self.convention.recompute, 0) if backward else 0
        self._add(module, "attention", scores + sums, backward, again)
        self.elementwise(f"{module}.softmax", SOFTMAX * number)
        return q or k or v or position

    def pairs(self, length: int, *, window: int | None = None, chunk: int | None = None, masked: bool = True) -> int:
        """(query, key) pairs of self-attention that are counted; see `contraction.pairs`."""
        return pairs(length, self.convention.attention, window=window, chunk=chunk, masked=masked)

    def product(self, module: str, operation: str, forward: int, *factors: Flow) -> Flow:
        """A product of values that flow, such as the core of a recurrent layer: one gradient for each that needs it."""
        self._add(module, operation, forward, forward * sum(factors))
        return any(factors)

    def convolution(
        self,
        module: str,
        x: Flow,
        inward: int,
        outward: int,
        kernel: Sequence[int],
        positions: Sequence[int],
        *,
        groups: int = 1,
        bias: bool = False,
        transposed: bool = False,
        examples: int | None = None,
    ) -> Flow:
        """A convolution; `positions` are the extents of its output, and of its input where it is transposed."""
        number = self.batch if examples is None else examples
        trained = self._own(module, inward * outward // groups * prod(kernel) + (outward if bias else 0))
        count = transposed_convolution if transposed else convolution
        forward = count(number, inward, outward, kernel, positions, groups)
        self._add(module, "convolution", forward, forward * (trained + x))
        return x or trained

    # -- many of them

    def repeat(self, times: int, body: Callable[[Flow], Flow], x: Flow, *, shared: bool = False) -> Flow:
        """Equal blocks one after the other; `shared` ones have their parameters once.

        The body is written down once for all, and anew for the first and for the others where only the first one's
        input needs no gradient. Activations of a block are computed again where recomputation is full.
        """
        if times < 1:
            return x
        out, blocks = self._blocks(times, 1 if shared else times, body, x)
        if out != x and times > 1:
            first, block = self._blocks(1, 1, body, x)
            self.tally.add(block)
            out, blocks = self._blocks(times - 1, 0 if shared else times - 1, body, first)
        self.tally.add(blocks)
        return out

    def _blocks(self, times: int, copies: int, body: Callable[[Flow], Flow], x: Flow) -> tuple[Flow, Tally]:
        """So many equal blocks, into each of which the same flows."""
        out, blocks = self._apart(body, x, times, copies)
        if out and self.convention.recompute == "full":
            blocks.recompute()
        return out, blocks

    def alike(self, key: Hashable, body: Callable[[Flow], Flow], x: Flow, *, block: bool = False) -> Flow:
        """Modules that were written down before under that key; what they added is added again.

        Args:
            key: everything that the body depends on but what flows in.
            body: writes the modules down.
            x: what flows in.
            block: are they a block, whose activations are computed again where recomputation is full?
        """
        key = self._prefix, self._features, self.tally.times, self.tally.copies, key, x
        known = self._alike.get(key)
        if known is None:
            known = self._alike[key] = self._blocks(1, 1, body, x) if block else self._apart(body, x)
        out, tally = known
        self.tally.add(tally)
        return out

    def _apart(self, body: Callable[[Flow], Flow], x: Flow, times: int = 1, copies: int = 1) -> tuple[Flow, Tally]:
        """What flows out of a part that is run so many times, and what it adds up to by itself."""
        whole = self.tally
        self.tally = Tally(whole.times * times, whole.copies * copies)
        try:
            return body(x), self.tally
        finally:
            self.tally = whole

    @contextmanager
    def within(self, prefix: str) -> Iterator[None]:
        """Modules named within another."""
        before = self._prefix
        self._prefix = f"{before}{prefix}." if prefix else before
        try:
            yield
        finally:
            self._prefix = before

    @contextmanager
    def parameters_only(self) -> Iterator[None]:
        """What is not run on this batch: its parameters count in the total, its operations do not."""
        with self._altered(Tally.idle):
            yield

    @contextmanager
    def unused(self) -> Iterator[None]:
        """What is run on this batch although no result depends on it: no gradient is formed."""
        with self._altered(Tally.forward_only):
            yield

    @contextmanager
    def _altered(self, change: Callable[[Tally], None]) -> Iterator[None]:
        whole = self.tally
        part = self.tally = Tally(whole.times, whole.copies)
        try:
            yield
        finally:
            self.tally = whole
        change(part)
        whole.add(part)

    @contextmanager
    def features(self, x: Flow) -> Iterator[None]:
        """Look-ups within have some of their rows replaced by features of something else, such as an image."""
        before, self._features = self._features, x
        try:
            yield
        finally:
            self._features = before

    # -- adding up

    def _add(self, module: str, operation: str, forward: int, backward: int, recomputed: int = 0) -> None:
        if forward:
            times = self.tally.times
            self.tally.terms.append(
                Term(
                    module=self._prefix + module,
                    operation=operation,
                    calls=times,
                    forward=forward * times,
                    backward=backward * times,
                    recomputed=recomputed * times,
                )
            )

    def _extra(self, axis: str, module: str, forward: int) -> None:
        if forward:
            times = self.tally.times
            work = forward * times
            term = Term(module=self._prefix + module, operation=axis, calls=times, forward=work, backward=2 * work)
            self.tally.extras.setdefault(axis, []).append(term)

    def finish(self) -> None:
        """Add what is known only at the end, and see that nothing was given in vain.

        Raises:
            UsageError: an image size for a model without images, a pattern that fits nothing.
        """
        for name, value in self._given.items():
            if value is not None and name not in self.used:
                raise UsageError(f"{name}: this model has none")
        if self._partly:
            self.trainable.checked(list(self._modules | dict.fromkeys(term.module for term in self.tally.terms)))
            self.note(f"{self.tally.trained:,} of {self.tally.parameters:,} parameters are trained: {self.trainable}")
        if "optimizer" in self.include and self.tally.trained:
            steps = ADAMW * self.tally.trained
            self.tally.extras["optimizer"] = [
                Term(module="optimizer", operation="optimizer", calls=1, forward=0, backward=steps)
            ]


SOFTMAX: Final = 5  # operations for each score: maximum, difference, exponential, sum, quotient
