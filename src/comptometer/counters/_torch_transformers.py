"""What classes of `transformers` ask of values while they run on the meta device, answered without any.

Inputs without values hold one sequence each, without padding. Then a mask is a function of positions alone, and which
pairs it keeps is found out by asking that function, although the mask itself is a tensor without values.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from inspect import signature
from typing import Any, Final, Protocol

import torch
from torch.utils._python_dispatch import _disable_current_modes

from comptometer.ops import Attention

KEPT: Final = "_pairs_kept"  # attribute of a mask
ROWS: Final = 512  # asked at once
PADDED: Final = "which positions are padding has no values on the meta device: every position is counted"

# What makes another mask that keeps the same pairs, if the last two axes stay as they were.
PASSING: Final = frozenset(
    {torch.ops.aten.add.Tensor, torch.ops.aten._to_copy.default, torch.ops.aten.clone.default}
    | {torch.ops.aten.expand.default, torch.ops.aten.unsqueeze.default, torch.ops.aten.slice.Tensor}
    | {torch.ops.aten.alias.default, torch.ops.aten.detach.default, torch.ops.aten.view.default}
)


class Trace(Protocol):
    """What this file needs of a trace."""

    attention: Attention
    masked: bool

    def unknown_values(self, note: str) -> None:
        """Something depends on values that the meta device does not have."""
        ...


@dataclass(frozen=True)
class Kept:
    """The (query, key) pairs that a function of positions keeps, in each sequence and head."""

    function: Callable[..., Any]
    queries: range
    keys: range

    @cached_property
    def _counted(self) -> tuple[int, bool]:
        with _disable_current_modes():
            return self._asked()

    def _asked(self) -> tuple[int, bool]:
        pairs, ahead = 0, False
        one, keys = torch.zeros(1, 1, 1, 1, dtype=torch.long, device="cpu"), _positions(self.keys)[None]
        for start in range(0, len(self.queries), ROWS):
            queries = _positions(self.queries[start : start + ROWS])[:, None]
            seen = self.function(one, one, queries[None, None], keys[None, None]).expand(
                1, 1, len(queries), len(self.keys)
            )
            pairs += int(seen.sum())
            ahead = ahead or bool((seen & (keys > queries)).any())
        return pairs, ahead

    @property
    def pairs(self) -> int:
        """How many."""
        return self._counted[0]

    @property
    def causal(self) -> bool:
        """Does no query see a later key?"""
        return len(self.queries) == len(self.keys) and not self._counted[1]


def _positions(places: range) -> torch.Tensor:
    return torch.arange(places.start, places.stop, device="cpu")


def kept_of(tensor: Any) -> Kept | None:
    """The pairs that a mask without values keeps, where they are known."""
    found: Kept | None = vars(tensor).get(KEPT)
    return found


def passed_on(func: Any, args: Any, out: Any) -> None:
    """Say of the result of an operator which pairs it keeps, if it is a mask made from a known one."""
    if func not in PASSING:
        return
    for arg in args:
        known = kept_of(arg) if isinstance(arg, torch.Tensor) else None
        if known is not None and tuple(out.shape[-2:]) == (len(known.queries), len(known.keys)):
            setattr(out, KEPT, known)


@contextmanager
def without_values(trace: Trace) -> Iterator[None]:
    """Let classes of `transformers` run on the meta device."""
    masks: Any = sys.modules.get("transformers.masking_utils")
    models: Any = sys.modules.get("transformers.modeling_utils")
    with ExitStack() as stack:
        _replace(stack, masks, "find_packed_sequence_indices", lambda before: _nothing)
        model = getattr(models, "PreTrainedModel", None)
        _replace(stack, model, "warn_if_padding_and_no_attention_mask", lambda before: _nothing)
        _known_masks(trace, masks, stack)
        yield


def _known_masks(trace: Trace, masks: Any, stack: ExitStack) -> None:
    makers: dict[str, Any] = getattr(getattr(masks, "AttentionMaskInterface", None), "_global_mapping", {})
    before: dict[str, Any] = {name: makers[name] for name in ("sdpa", "eager") if name in makers}
    stack.callback(lambda: makers.update(before))
    makers.update({name: _marking(trace, make) for name, make in before.items()})
    _replace(stack, masks, "chunked_causal_mask_function", _unpadded)
    attending = sys.modules.get("transformers.integrations.sdpa_attention")
    _replace(stack, attending, "create_position_bias_mask", lambda make: _biased(trace, make))


def _replace(stack: ExitStack, place: Any, name: str, by: Callable[[Any], Any]) -> None:
    """Replace what has that name, where there is such a thing, until the stack is left."""
    before = getattr(place, name, None)
    if before is not None:
        stack.callback(setattr, place, name, before)
        setattr(place, name, by(before))


def _nothing(*args: object, **kwargs: object) -> None:
    return None


def _marking(trace: Trace, make: Callable[..., Any]) -> Callable[..., Any]:
    """Makes the mask, and says on it which pairs it keeps."""

    @wraps(make)
    def marking(*args: Any, **given: Any) -> Any:
        padding = given.get("attention_mask")
        if isinstance(padding, torch.Tensor) and padding.is_meta:
            if trace.attention != "full":
                trace.unknown_values(PADDED)
            given["attention_mask"] = padding = None
        mask = make(*args, **given)
        if trace.attention == "full" or args or not isinstance(mask, torch.Tensor) or not mask.is_meta:
            return mask
        if padding is not None or given.get("use_vmap"):
            return mask  # padding, or a function that may not be one of positions
        starts = given.get("q_offset", 0), given.get("kv_offset", 0)
        if all(type(start) is int for start in starts) and "mask_function" in given:
            queries, keys = (
                range(s, s + given[name]) for s, name in zip(starts, ("q_length", "kv_length"), strict=True)
            )
            kept = Kept(given["mask_function"], queries, keys)
            if _answers(kept):
                setattr(mask, KEPT, kept)
                trace.masked = True
        return mask

    return marking


def _biased(trace: Trace, make: Callable[..., Any]) -> Callable[..., Any]:
    """A bias by position hides nothing: the pairs are those of the mask that it is added to."""
    names = signature(make)

    @wraps(make)
    def biased(*args: Any, **kwargs: Any) -> Any:
        mask = make(*args, **kwargs)
        given = names.bind(*args, **kwargs).arguments
        known = None if given["attention_mask"] is None else kept_of(given["attention_mask"])
        if given["attention_mask"] is None:
            function = _earlier if given["is_causal"] else _all
            known = Kept(function, range(given["query"].shape[-2]), range(given["key"].shape[-2]))
        if mask.is_meta and known is not None and trace.attention != "full":
            setattr(mask, KEPT, known)
        return mask

    return biased


def _earlier(example: Any, head: Any, query: Any, key: Any) -> Any:
    return key <= query


def _all(example: Any, head: Any, query: Any, key: Any) -> Any:
    return torch.ones_like(key, dtype=torch.bool)


def _answers(kept: Kept) -> bool:
    """Does the function need nothing but positions?"""
    try:
        return kept.pairs >= 0
    except Exception:  # it looks at a tensor without values
        return False


def _unpadded(make: Callable[..., Any]) -> Callable[..., Any]:
    """Chunks start where sequences do: at position 0, without padding."""

    @wraps(make)
    def unpadded(size: int, padding: Any) -> Any:
        given = make(size, padding)
        none = make(size, torch.zeros(padding.shape, dtype=padding.dtype, device="cpu"))

        def keeps(example: Any, head: Any, query: Any, key: Any) -> Any:
            return (given if query.is_meta or not padding.is_meta else none)(example, head, query, key)

        return keeps

    return unpadded
