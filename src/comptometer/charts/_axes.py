"""Scales in pixels, and the two axes of training compute: FLOP on one side, petaFLOP/s-days on the other.

Exponents are drawn as smaller, raised text of their own (why: `_theme`); the words of each tick, 10²⁰, go along
as its description.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Final, Literal

from comptometer.charts._labels import text_width
from comptometer.charts._theme import BODY, Layer, Palette
from comptometer.text import number, superscript
from comptometer.units import FLOP_PER_PFS_DAY

Side = Literal["left", "right", "top", "bottom"]

FLOP_TITLE: Final = "Training compute (FLOP)"
PFS_TITLE: Final = "petaFLOP/s-days"
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


def ticks(span: Span, most: int = 12) -> list[Tick]:
    """Round values along a scale, at most about `most`."""
    if not span.log:
        return _even_ticks(span, most // 2)
    first, last = ceil(log10(span.low) - 1e-9), floor(log10(span.high) + 1e-9)
    if last - first >= 3:
        step = next(step for step in (1, 2, 3, 5, 10) if (last - first) / step < most)
        return [_power(1, power) for power in range(ceil(first / step) * step, last + 1, step)]
    halves = tuple(half / 2 for half in range(2, 20))
    for mantissas in (halves, range(1, 10), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3)):
        found = [(m, power) for power in range(first - 1, last + 1) for m in mantissas]
        inside = [(m, power) for m, power in found if span.low <= m * 10.0**power <= span.high]
        if len(inside) <= most:
            return [_power(m, power) for m, power in inside]
    return [_power(1, power) for power in range(first, last + 1)]


def _even_ticks(span: Span, most: int) -> list[Tick]:
    rough = span.high / most
    power = floor(log10(rough))
    step = next(m for m in (1, 2, 5, 10) if m * 10.0**power >= rough) * 10.0**power
    values = [at * step for at in range(floor(span.high / step) + 1)]
    return [_power(*_parts(value)) if value >= 1e6 else Tick(value, f"{value:,.10g}") for value in values]


def _parts(value: float) -> tuple[float, int]:
    mantissa, power = f"{value:.3e}".split("e")
    return float(mantissa), int(power)


def _power(mantissa: float, power: int) -> Tick:
    value = float(f"{mantissa}e{power}")
    if 0 <= power <= 1 or (mantissa != 1 and -2 <= power <= 3):
        return Tick(value, f"{value:,.10g}")
    lead = "" if mantissa == 1 else f"{number(mantissa)}×"
    return Tick(value, f"{lead}10", str(power).replace("-", "−"))


def axis(at: Iterable[Tick], side: Side, title: str, *, aside: float = 0.0) -> dict[str, Any]:
    """The axis without its labels; the title stands level, at the end of the axis.

    Args:
        at: the ticks.
        side: of the plot.
        title: with its unit.
        aside: where the title of a vertical axis starts or ends, in pixels from the axis.
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
        place = {"titleAngle": 0, "titleX": -aside if side == "left" else aside, "titleY": -14}
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
