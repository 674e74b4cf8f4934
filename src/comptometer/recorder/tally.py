"""What one process did since it started, and at which rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from comptometer import text
from comptometer.recorder.window import Window


class Tally:
    """Sums over windows, kept by the thread that writes them.

    Args:
        peak: dense FLOP/s of one device, if it is known.
        chips: devices that the process stands for.
        joules: reads the counter of energy, if there is one.
    """

    def __init__(self, peak: float | None, chips: int, joules: Callable[[], float] | None) -> None:
        self._most = peak * chips if peak else None
        self._joules = joules
        self._energy: float | None = None
        self.steps = self.tokens = self.model_flop = self.hardware_flop = self.uncounted_steps = 0
        self.seconds = 0.0
        self._read()

    def note(self, window: Window) -> Mapping[str, Any]:
        """Add a window; what its line says beside the sums: rates, and energy since the line before."""
        self.steps += window.steps
        self.tokens += window.tokens
        self.model_flop += window.model_flop
        self.hardware_flop += window.hardware_flop
        self.uncounted_steps += window.uncounted_steps
        self.seconds += window.seconds
        found: dict[str, Any] = {}
        if window.seconds > 0 and not window.uncounted_steps:
            found["model_flop_per_second"] = window.model_flop / window.seconds
            if self._most:
                found["mfu"] = found["model_flop_per_second"] / self._most
                found["hfu"] = window.hardware_flop / window.seconds / self._most
        before, after = self._energy, self._read()
        if before is not None and after is not None and after >= before:
            found["energy_joule"] = after - before
        return found

    def _read(self) -> float | None:
        self._energy = None
        if self._joules is not None:
            with suppress(Exception):  # of the driver's library
                self._energy = self._joules()
        return self._energy

    def _share(self, flop: int) -> float | None:
        known = self._most and self.seconds > 0 and not self.uncounted_steps
        return flop / self.seconds / self._most if known and self._most else None

    @property
    def mfu(self) -> float | None:
        """Of all windows; None without a peak, or where steps could not be counted."""
        return self._share(self.model_flop)

    @property
    def hfu(self) -> float | None:
        """The same of what the hardware did."""
        return self._share(self.hardware_flop)

    def __str__(self) -> str:
        said = [f"{self.steps} steps", f"{text.number(self.tokens)} tokens", f"{text.number(self.seconds)} s"]
        said.append(f"{text.number(self.model_flop)} FLOP")
        if self.uncounted_steps:
            said.append(f"{self.uncounted_steps} steps not counted")
        if self.seconds > 0:
            said.append(f"{text.number(self.model_flop / self.seconds)} FLOP/s")
        if self.mfu is not None and self.hfu is not None:
            said.append(f"MFU {text.percent(self.mfu)}, HFU {text.percent(self.hfu)}")
        return ", ".join(said)
