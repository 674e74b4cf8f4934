"""What adds up between two lines of a segment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

NANO = 1_000_000_000


class Step(NamedTuple):
    """A step that ended, as the training thread hands it over.

    Attributes:
        started, ended: nanoseconds of the monotonic clock.
        model_flop, hardware_flop: of all its passes; below 0 where one could not be counted.
        tokens: real ones; padded_tokens: with padding.
    """

    number: int
    started: int
    ended: int
    model_flop: int
    hardware_flop: int
    tokens: int
    padded_tokens: int
    samples: int
    micro_steps: int


class Excluded(NamedTuple):
    """Nanoseconds of the monotonic clock in which no step was worked on, and why."""

    why: str
    started: int
    nanoseconds: int


def seconds_of(nanoseconds: Mapping[str, int]) -> dict[str, float]:
    """Sums of nanoseconds as seconds."""
    return {why: value / NANO for why, value in sorted(nanoseconds.items())}


@dataclass(slots=True)
class Window:
    """Sums over steps that follow one another."""

    began: int | None = None  # nanoseconds of the monotonic clock
    ended: int = 0
    first_step: int = 0
    last_step: int = 0
    steps: int = 0
    micro_steps: int = 0
    tokens: int = 0
    padded_tokens: int = 0
    samples: int = 0
    model_flop: int = 0
    hardware_flop: int = 0
    uncounted_steps: int = 0
    busy: int = 0  # nanoseconds within steps
    excluded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    within: int = 0  # nanoseconds of them after the window began
    pending: list[Excluded] = field(default_factory=list)  # they count with the step that follows

    def add(self, step: Step) -> None:
        """One more step."""
        if not self.steps:
            self.first_step = step.number
        if self.began is None:
            self.began = step.started
        for pause in self.pending:
            self.excluded[pause.why] += pause.nanoseconds
            self.within += pause.nanoseconds if pause.started >= self.began else 0
        self.pending.clear()
        self.last_step, self.ended = step.number, step.ended
        self.steps += 1
        self.micro_steps += step.micro_steps
        self.tokens += step.tokens
        self.padded_tokens += step.padded_tokens
        self.samples += step.samples
        self.busy += step.ended - step.started
        if step.model_flop < 0:
            self.uncounted_steps += 1
        else:
            self.model_flop += step.model_flop
            self.hardware_flop += step.hardware_flop

    @property
    def seconds(self) -> float:
        """From its beginning to the end of its last step, without what is excluded."""
        whole = self.ended - self.began if self.began is not None and self.steps else 0
        return max(whole - self.within, 0) / NANO

    def to_dict(self) -> dict[str, Any]:
        """As in a line."""
        return {
            "first_step": self.first_step,
            "last_step": self.last_step,
            "steps": self.steps,
            "micro_steps": self.micro_steps,
            "tokens": self.tokens,
            "padded_tokens": self.padded_tokens,
            "samples": self.samples,
            "seconds": self.seconds,
            "step_seconds": self.busy / NANO,
            "excluded_seconds": seconds_of(self.excluded),
            "model_flop": self.model_flop,
            "hardware_flop": self.hardware_flop,
            "uncounted_steps": self.uncounted_steps,
        }
