"""Inputs of a model as it is called, for loops that do not hand them over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comptometer.recorder.recording import Recorder

TEXT = "input_ids"
MASK = "attention_mask"


class Watch:
    """A hook before the forward pass of a model: each call while it trains is a pass of the step that is under way.

    Real tokens are counted where the mask is on the CPU; elsewhere that would wait for the device, and the padded ones
    are taken.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._busy = False  # counting calls a copy of the model, hooks included

    def __deepcopy__(self, memo: object) -> Watch:
        return self

    def __call__(self, module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Before a forward pass."""
        step = self._recorder.current
        if self._busy or step is None or not module.training:
            return
        self._busy = True
        try:
            inputs: Any = dict(kwargs) if kwargs and not args else args[0] if len(args) == 1 and not kwargs else args
            step.add(inputs, **_sizes(kwargs))
        finally:
            self._busy = False


def _sizes(kwargs: Mapping[str, Any]) -> dict[str, int]:
    """Tokens, real and padded, and samples; nothing of a model that reads no text."""
    try:
        ids, mask = kwargs.get(TEXT), kwargs.get(MASK)
        if ids is None:
            return {}
        padded = int(ids.numel())
        real = int(mask.sum()) if mask is not None and mask.device.type == "cpu" else padded
        return {"tokens": real, "padded_tokens": padded, "samples": int(ids.shape[0])}
    except Exception:  # a mask of another kind
        return {}


def watched(recorder: Recorder, model: Any) -> Callable[[], None]:
    """Hook a module; what unhooks it."""
    handle = model.register_forward_pre_hook(Watch(recorder), with_kwargs=True)
    remove: Callable[[], None] = handle.remove
    return remove
