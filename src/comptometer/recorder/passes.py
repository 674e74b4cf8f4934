"""The passes of one step, as a context."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from comptometer.recorder.recording import Recorder

now = time.perf_counter_ns


class Passes:
    """What is done between entering and leaving: sums over its forward and backward passes."""

    __slots__ = (
        "_recorder", "hardware_flop", "micro_steps", "model_flop", "number", "padded_tokens", "samples",
        "started", "tokens", "uncounted",
    )  # fmt: skip

    def __init__(self, recorder: Recorder, number: int | None) -> None:
        self._recorder, self.number = recorder, number
        self.model_flop = self.hardware_flop = self.tokens = self.padded_tokens = self.samples = self.micro_steps = 0
        self.uncounted = False
        self.started = 0

    def add(
        self, inputs: Any = None, *, tokens: int = 0, padded_tokens: int = 0, samples: int = 0, flop: int | None = None
    ) -> None:
        """One forward and backward pass more; see `Recorder.step`. Never raises."""
        try:
            if flop is not None:
                model, hardware = int(flop), int(flop)
            elif inputs is not None:
                model, hardware = self._recorder.cost(inputs)
            else:
                model = hardware = -1
            self.tokens += int(tokens)
            self.padded_tokens += int(padded_tokens or tokens)
            self.samples += int(samples)
        except Exception:  # whatever the inputs do when they are asked for their shape
            model = hardware = -1
        self.micro_steps += 1
        if model < 0:
            self.uncounted = True
        else:
            self.model_flop += model
            self.hardware_flop += hardware

    def __enter__(self) -> Self:
        self._recorder.current = self
        self.started = now()
        return self

    def __exit__(self, kind: object, error: object, at: object) -> None:
        self._recorder.current = None
        if kind is None:
            ended = now()
            if self.uncounted or not self.micro_steps:
                self.model_flop = self.hardware_flop = -1
            self._recorder.done(self, ended)
