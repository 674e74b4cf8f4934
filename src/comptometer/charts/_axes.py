"""Scales in pixels, and the two axes of training compute: FLOP on one side, petaFLOP/s-days on the other.

Exponents are drawn as smaller, raised text of their own (why: `_theme`); the words of each tick, 10²⁰, go along
as its description.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any, Final, Literal

from comptometer.charts._labels import text_width
from comptometer.charts._theme import BODY, Layer, Palette
from comptometer.text import number, superscript
from comptometer.units import FLOP_PER_PFS_DAY

Side = Literal["left", "right", "top", "bottom"]

FLOP_TITLE: Final = "Training compute (FLOP)"
PFS_TITLE: Final = "petaFLOP/s-days"
# Sets of round mantissas, the densest first.
_MANTISSAS: Final = (
    [at / 10 for at in range(10, 100)],
    [at / 5 for at in range(5, 50)],
    [at / 2 for at in range(2, 20)],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 5, 7],
    [1, 2, 5],
    [1, 3],
    [1],
)
_RAISED, _SHRUNK = 4.5, 0.75  # how far an exponent stands above its base, and its size


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Values along pixels: `low` lies at the pixel `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def pixel(self, value: float) -> float:
        """Where a value lies."""
        share = (
            (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
            if self.log
            else (value - self.low) / (self.high - self.low)
        )
        return self.start + share * (self.end - self.start)

    def value(self, pixel: float) -> float:
        """What lies at a pixel."""
        share = (pixel - self.start) / (self.end - self.start)
        if self.log:
            return float(10 ** (log10(self.low) + share * (log10(self.high) - log10(self.low))))
        return self.low + share * (self.high - self.low)

    def in_pfs_days(self) -> Span:
        """The same pixels in petaFLOP/s-days."""
        low, high = self.low / FLOP_PER_PFS_DAY, self.high / FLOP_PER_PFS_DAY
        return Span(low=low, high=high, start=self.start, end=self.end, log=self.log)

    def scale(self) -> dict[str, Any]:
        """The scale of Vega-Lite."""
        return {"type": "log" if self.log else "linear", "domain": [self.low, self.high], "nice": False}


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on an axis: `base` as written, with `exponent` raised behind it."""

    value: float
    base: str
    exponent: str = ""

    @property
    def text(self) -> str:
        """In one piece: 5×10²²."""
        return self.base + (superscript(int(self.exponent.replace("−", "-")))[2:] if self.exponent else "")


@lru_cache(maxsize=64)
def ticks(span: Span, apart: float = 40.0) -> Sequence[Tick]:
    """Round values along a scale: as many as there are room for.

    Args:
        span: the scale.
        apart: least distance of two neighbours in pixels; a linear scale keeps twice as much.
    """
    if not span.log:
        return _even_ticks(span, 2 * apart)
    first, last = ceil(log10(span.low) - 1e-9), floor(log10(span.high) + 1e-9)
    if last - first >= 3:
        decade = abs(span.end - span.start) / log10(span.high / span.low)
        step = next((step for step in (1, 2, 3, 5) if step * decade >= apart), 10)
        return _ticks([(1.0, power) for power in range(ceil(first / step) * step, last + 1, step)])
    sets = [_inside(span, mantissas, range(first - 1, last + 1)) for mantissas in _MANTISSAS]
    for found in sets:
        pixels = [span.pixel(_value(*part)) for part in found]
        if len(found) >= 2 and all(abs(one - other) >= apart for one, other in pairwise(pixels)):
            return _ticks(found)
    return _ticks([sets[0][0], sets[0][-1]])


def _inside(span: Span, mantissas: Sequence[float], powers: Iterable[int]) -> list[tuple[float, int]]:
    found = [(mantissa, power) for power in powers for mantissa in mantissas]
    return [part for part in found if span.low <= _value(*part) <= span.high]


def _even_ticks(span: Span, apart: float) -> list[Tick]:
    least = apart * (span.high - span.low) / abs(span.end - span.start)
    steps = [(m, power) for power in range(floor(log10(least)), floor(log10(span.high)) + 2) for m in (1, 2, 5)]
    wide = [part for part in steps if _value(*part) >= least * (1 - 1e-9)]
    step, power = wide[0] if _value(*wide[0]) <= span.high else [p for p in steps if _value(*p) <= span.high][-1]
    count = floor(span.high / _value(step, power) + 1e-9)
    parts = [f"{_value(at * step, power):.6e}".split("e") for at in range(1, count + 1)]
    return [Tick(0.0, "0"), *_ticks([(float(mantissa), int(exponent)) for mantissa, exponent in parts])]


def _value(mantissa: float, power: int) -> float:
    return float(f"{mantissa}e{power}")


def _ticks(parts: Sequence[tuple[float, int]]) -> list[Tick]:
    """Ticks from mantissas and powers: written plainly if that suits all of them, else as powers."""
    plain = all(0.01 <= _value(*part) < 10_000 for part in parts)
    return [_tick(mantissa, power, plain=plain) for mantissa, power in parts]


def _tick(mantissa: float, power: int, *, plain: bool) -> Tick:
    value = _value(mantissa, power)
    if plain or 0 <= power <= 1:
        return Tick(value, f"{value:,.10g}")
    lead = "" if mantissa == 1 else f"{number(mantissa)}×"
    return Tick(value, f"{lead}10", str(power).replace("-", "−"))


def axis(at: Iterable[Tick], side: Side, title: str, *, aside: float = 0.0, top: float = 0.0) -> dict[str, Any]:
    """The axis without its labels; the title stands level, at the end of the axis.

    Args:
        at: the ticks.
        side: of the plot.
        title: with its unit.
        aside: where the title of a vertical axis starts or ends, in pixels from the axis.
        top: where a vertical axis ends, in pixels.
    """
    base = {
        "orient": side,
        "values": [tick.value for tick in at],
        "labels": False,
        "title": title,
        "tickSize": 5,
        "zindex": 1,
    }
    if side in ("left", "right"):
        place = {"titleAngle": 0, "titleX": -aside if side == "left" else aside, "titleY": top - 14}
        return {**base, **place, "titleAlign": side, "titleBaseline": "bottom", "titleAnchor": "end"}
    return {**base, "titlePadding": 26, "titleAnchor": "start"}


def tick_rows(span: Span, at: Iterable[Tick], field: str, *, centred: bool = False) -> list[dict[str, Any]]:
    """One row per tick: what is written, and the value where its base ends and its exponent starts.

    On an upright axis that is the tick itself; along a level one the two are centred under the tick.
    """
    rows = []
    for tick in at:
        base, exponent = text_width(tick.base, BODY), text_width(tick.exponent, BODY * _SHRUNK)
        shift = (base - exponent) / 2 if centred else 0.0
        value = span.value(span.pixel(tick.value) + shift) if shift else tick.value
        rows.append({field: value, "base": tick.base, "exponent": tick.exponent, "label": tick.text})
    return rows


def tick_labels(name: str, encoding: dict[str, Any], palette: Palette) -> list[Layer]:
    """Text layers for the rows of `tick_rows`: the bases, and the exponents behind them.

    Args:
        name: of the rows.
        encoding: x and y where the bases end.
        palette: the colours.
    """
    style = {"type": "text", "color": palette.muted, "baseline": "middle"}
    base = {**style, "align": "right", "fontSize": BODY}
    exponent = {**style, "align": "left", "fontSize": BODY * _SHRUNK, "dy": -_RAISED, "dx": 0.5, "aria": False}
    spoken = {"description": {"field": "label", "type": "nominal"}}
    return [
        {"data": {"name": name}, "mark": base, "encoding": {**encoding, **spoken, "text": {"field": "base"}}},
        {"data": {"name": name}, "mark": exponent, "encoding": {**encoding, "text": {"field": "exponent"}}},
    ]


def widest(at: Iterable[Tick]) -> tuple[float, float]:
    """Pixels that the bases and the exponents of these ticks take at most."""
    kept = list(at)
    return (
        max(text_width(tick.base, BODY) for tick in kept),
        max(text_width(tick.exponent, BODY * _SHRUNK) for tick in kept),
    )
