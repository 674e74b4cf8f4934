# mypy: disallow-untyped-calls=False
"""Attention in JAX: every `jax.nn.dot_product_attention` in plain JAX is traced with a mark around its two products.

The mark says which (query, key) pairs the mask keeps; the products and their gradients, wherever they end up, are
counted for these pairs. It is a name scope, so it changes nothing of what is computed. Functions that were traced
before, and are kept by JAX, are traced anew in a context of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import jax
from jax._src.nn import functions

from comptometer.contraction import pairs
from comptometer.counters._jax_names import MARK
from comptometer.ops import Attention

NAME: Final = "_dot_product_attention_xla"
VALUES: Final = "an attention mask that is an array has no values in a trace: it is taken to keep every pair"
BY_HAND: Final = (
    "a softmax outside jax.nn.dot_product_attention: where attention is written out, its products count as any others, "
    "the full square"
)

# part of the key under which JAX keeps what it has traced, where it offers one
_make_context: Final[Any] = getattr(jax, "make_user_context", None)
_context: Final[Callable[[Any], Any]] = _make_context() if _make_context is not None else nullcontext


@dataclass(frozen=True, slots=True)
class Kept:
    """(query, key) pairs of one head of one sequence, under each of the switches.

    Attributes:
        full: every pair.
        causal: those that the mask keeps.
        half: half of the square where the mask is causal.
        values: does the mask depend on values, which a trace does not have?
    """

    full: int
    causal: int
    half: int
    values: bool

    def scaled(self, flop: int, attention: Attention) -> int:
        """Operations of a product, of those of the dense one."""
        return flop * {"full": self.full, "causal": self.causal, "half": self.half}[attention] // self.full

    @classmethod
    def read(cls, text: str) -> Kept:
        """The mark as it stands in a scope."""
        full, causal, half, values = map(int, text.split())
        return cls(full, causal, half, bool(values))

    def written(self) -> str:
        """The text of the mark.

        >>> Kept.read(Kept(16, 10, 8, False).written())
        Kept(full=16, causal=10, half=8, values=False)
        """
        return f"{self.full} {self.causal} {self.half} {int(self.values)}"


def kept(queries: int, keys: int, *, causal: bool, window: tuple[int, int] | None, values: bool = False) -> Kept:
    """Pairs of one head.

    Args:
        queries: positions that ask.
        keys: positions that are asked.
        causal: does a query see no later key?
        window: keys that a query sees before and after itself.
        values: is there a mask besides, that depends on values?

    >>> kept(4, 4, causal=True, window=None)
    Kept(full=16, causal=10, half=8, values=False)
    >>> kept(4, 4, causal=True, window=(1, 0)).causal, kept(4, 4, causal=False, window=(1, 1)).causal
    (7, 10)
    """
    before, after = window if window is not None else (queries + keys, queries + keys)
    after = min(after, 0) if causal else after
    seen = sum(max(0, min(keys - 1, at + after) - max(0, at - before) + 1) for at in range(queries))
    square = queries * keys
    half = pairs(queries, "half") if causal and queries == keys else square
    return Kept(square, seen, half, values)


def _marked(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def attention(
        query: Any,
        key: Any,
        value: Any,
        bias: Any,
        mask: Any,
        is_causal: bool,
        scale: Any,
        q_seqlen: Any,
        kv_seqlen: Any,
        local_window_size: tuple[int, int] | None,
        *rest: Any,
        **more: Any,
    ) -> Any:
        values = any(given is not None for given in (mask, q_seqlen, kv_seqlen))
        found = kept(query.shape[1], key.shape[1], causal=is_causal, window=local_window_size, values=values)
        with jax.named_scope(MARK + found.written()):
            return original(
                query,
                key,
                value,
                bias,
                mask,
                is_causal,
                scale,
                q_seqlen,
                kv_seqlen,
                local_window_size,
                *rest,
                **more,
            )

    return attention


@contextmanager
def marked() -> Iterator[None]:
    """While this is on, attention is traced with its mark; a trace in another thread gets a scope more, no more."""
    original = getattr(functions, NAME, None)
    if original is None:
        yield
        return
    setattr(functions, NAME, _marked(original))
    try:
        with _context("comptometer"):
            yield
    finally:
        setattr(functions, NAME, original)
