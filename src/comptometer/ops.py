"""Operation counts: exact integers, by module and by operation, with what was not counted.

A count is of contractions: every matrix product, convolution and attention product, two operations per multiply-add
(decision 0001). Estimates are something else: they have draws and units, counts have neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from comptometer.errors import UsageError
from comptometer.notebook import Showable
from comptometer.release import data_version

Attention = Literal["full", "causal", "half"]
Recompute = Literal["none", "flash", "selective", "full"]

MULTIPLY_ADD = 2  # operations; decision 0001

# Work on the separate axes, operations per element; backward twice as many (decision 0010).
AXES = ("elementwise", "normalization", "optimizer")
LAYER_NORM = 7  # mean, difference, square, variance, quotient, scale, bias
RMS_NORM = 4  # square, mean, quotient, scale
ADAMW = 16  # for each trained parameter and step: decay 2, moments 3 + 4, bias corrections 2, root to step 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """What is counted.

    Attributes:
        attention: `full`, every layer scores the dense S × S square, windows ignored; `causal`, exactly the
            (query, key) pairs that the mask keeps; `half`, S²/2. Encoders, cross-attention and images are never halved.
        recompute: which activations the backward pass computes again; such work is counted apart.
    """

    attention: Attention = "full"
    recompute: Recompute = "none"

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON of `comptometer count`."""
        return {
            "flop_per_multiply_add": MULTIPLY_ADD,
            "attention": self.attention,
            "embedding": "lookup",
            "recompute": self.recompute,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Operations of one kind in one module, over all its calls.

    Attributes:
        module: where, with `*` for a number that repeats: `layers.*.attention.q`.
        operation: what: `linear`, `attention`, `convolution`, `recurrence`, …
        calls: how often it is computed in one forward pass of the batch.
        forward: FLOP of the forward pass.
        backward: FLOP of the gradients that are really formed.
        recomputed: FLOP that the backward pass spends on computing activations again.
    """

    module: str
    operation: str
    calls: int
    forward: int
    backward: int
    recomputed: int = 0

    def __mul__(self, times: int) -> Term:
        """The same work so many times."""
        return Term(
            module=self.module,
            operation=self.operation,
            calls=self.calls * times,
            forward=self.forward * times,
            backward=self.backward * times,
            recomputed=self.recomputed * times,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """An operation that was met and not counted: the totals are lower bounds."""

    operation: str
    calls: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Sizes of a model.

    `active` are those that one token uses, the input embedding included; `embedding` those of the input embedding.
    """

    total: int
    active: int
    embedding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpCount(Showable):
    """Operations of one training step on one batch.

    Attributes:
        terms: the work, module by module, in the order of the model.
        parameters: of the model, where they are known.
        convention: what was counted; counts of different conventions do not add up.
        uncounted: what was met and not counted.
        tokens: positions in the batch, by which figures per token are divided; none where a model reads something else,
            such as images, and figures are per example.
        included: work on separate axes, where it was asked for: never part of the figures above.
        warnings: what must be said before any figure.
        differentiated: was a backward pass counted? An ONNX model has none; `backward` and `training` are then None.
    """

    terms: Sequence[Term]
    convention: Convention
    parameters: Parameters | None = None
    uncounted: Sequence[Uncounted] = ()
    backend: str = ""
    target: str = ""
    batch: int = 1
    sequence_length: int | None = None
    decoder_length: int | None = None
    image_size: tuple[int, int] | None = None
    tokens: int | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    included: Mapping[str, Sequence[Term]] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    differentiated: bool = True

    @property
    def forward(self) -> int:
        """FLOP of the forward pass of the batch."""
        return sum(term.forward for term in self.terms)

    @property
    def backward(self) -> Any:  # an int but for counts without gradients, and most callers know which they have
        """FLOP of the gradients of the batch, an int; None where none were counted."""
        return sum(term.backward for term in self.terms) if self.differentiated else None

    @property
    def recomputed(self) -> int:
        """FLOP of activations computed again; never part of `training`."""
        return sum(term.recomputed for term in self.terms)

    @property
    def training(self) -> Any:
        """Forward and backward, an int; None where no gradients were counted."""
        return self.forward + self.backward if self.differentiated else None

    @property
    def per_token(self) -> Mapping[str, float | None] | None:
        """FLOP of `forward` and `training` for each token; None where a model reads none."""
        return self._each(self.tokens) if self.tokens else None

    @property
    def per_example(self) -> Mapping[str, float | None]:
        """FLOP of `forward` and `training` for each example of the batch."""
        return self._each(self.batch)

    @property
    def complete(self) -> bool:
        """Was everything counted? If not, the totals are lower bounds."""
        return not self.uncounted

    @property
    def by_operation(self) -> Mapping[str, Term]:
        """The work by kind of operation, largest first."""
        return _grouped(self.terms, "operation")

    @property
    def by_module(self) -> Mapping[str, Term]:
        """The work by module, in the order of the model."""
        return _grouped(self.terms, "module", ordered=True)

    def __add__(self, other: OpCount) -> OpCount:
        """Both counts together.

        Raises:
            UsageError: the conventions differ.
        """
        if self.convention != other.convention:
            raise UsageError(f"counts of different conventions do not add up: {self.convention} and {other.convention}")
        return replace(
            self,
            terms=[*self.terms, *other.terms],
            uncounted=[*self.uncounted, *other.uncounted],
            differentiated=self.differentiated and other.differentiated,
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer count` (schema `comptometer/count/1`)."""
        size = self.parameters
        return {
            "schema": "comptometer/count/1",
            "data_version": data_version(),
            "target": self.target,
            "backend": self.backend,
            "convention": self.convention.to_dict(),
            "batch": self.batch,
            "sequence_length": self.sequence_length,
            "decoder_length": self.decoder_length,
            "image_size": list(self.image_size) if self.image_size else None,
            "parameters": {"total": size.total, "active": size.active, "embedding": size.embedding} if size else None,
            "forward": self.forward,
            "backward": self.backward,
            "recomputed": self.recomputed,
            "training": self.training,
            "per_token": self.per_token,
            "per_example": self.per_example,
            "by_operation": [self._row(term, "operation") for term in self.by_operation.values()],
            "by_module": [self._row(term, "module") for term in self.by_module.values()],
            "included": {
                axis: {"forward": sum(t.forward for t in terms), "backward": sum(t.backward for t in terms)}
                for axis, terms in self.included.items()
            },
            "uncounted": [{"operation": u.operation, "calls": u.calls, "reason": u.reason} for u in self.uncounted],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    def _each(self, number: int) -> dict[str, float | None]:
        return {
            "forward": self.forward / number,
            "training": self.training / number if self.differentiated else None,
        }

    def _row(self, term: Term, key: str) -> dict[str, Any]:
        backward = term.backward if self.differentiated else None
        return {key: getattr(term, key), "calls": term.calls, "forward": term.forward, "backward": backward}


def _grouped(terms: Iterable[Term], key: str, *, ordered: bool = False) -> Mapping[str, Term]:
    found: dict[str, Term] = {}
    for term in terms:
        name = getattr(term, key)
        seen = found.get(name)
        found[name] = term if seen is None else _joined(seen, term)
    return found if ordered else dict(sorted(found.items(), key=lambda item: -item[1].forward))


def _joined(one: Term, other: Term) -> Term:
    return Term(
        module=one.module,
        operation=one.operation,
        calls=one.calls + other.calls,
        forward=one.forward + other.forward,
        backward=one.backward + other.backward,
        recomputed=one.recomputed + other.recomputed,
    )
