"""Intervals as bars on one logarithmic scale, in percent of its width."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10

from comptometer.quantity import Estimate

AIR = 0.04  # of the scale, left free at each end


@dataclass(frozen=True, slots=True)
class Bar:
    """Where median, 50% and 90% of the possible values lie."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True, slots=True)
class LogScale:
    """From `low` to `high`, both above 0."""

    low: float
    high: float

    @classmethod
    def of(cls, estimates: Iterable[Estimate]) -> LogScale:
        """The scale that holds the 90% intervals of all, with some air at both ends."""
        ends = [estimate.interval(0.9) for estimate in estimates]
        low, high = log10(min(low for low, _ in ends)), log10(max(high for _, high in ends))
        air = max(AIR * (high - low), 0.02)
        return cls(10 ** (low - air), 10 ** (high + air))

    def place(self, value: float) -> float:
        """Where a value lies.

        >>> LogScale(1.0, 100.0).place(10.0)
        50.0
        """
        return round(100 * log10(value / self.low) / log10(self.high / self.low), 2)

    def bar(self, estimate: Estimate) -> Bar:
        """An estimate on this scale."""
        (p5, p95), (p25, p75) = estimate.interval(0.9), estimate.interval(0.5)
        return Bar(*map(self.place, (p5, p25, estimate.median, p75, p95)))
