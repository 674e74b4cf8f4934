"""What a claim can be about: its unit, its range, and whether parts of a job add up in it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from comptometer import units
from comptometer.distribution import Distribution, Empirical, Mixture, Point, Truncated, Uniform
from comptometer.errors import NotationError, UnitError
from comptometer.notation import parse

Kind = Literal["stated", "derived", "assumed"]
Tag = Literal["model", "hardware", "derived-from-hardware"]
Basis = Literal["total", "total-with-base", "increment"]  # what a model's compute holds; see `lineage`
Precision = Literal["fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "fp4"]
Format = Literal[Precision, "int8"]  # what a chip has a peak in; nobody trains in integers

KINDS: tuple[Kind, ...] = get_args(Kind)
BASES: tuple[Basis, ...] = get_args(Basis)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One thing that can be claimed.

    Attributes:
        unit: the unit that values are kept in; empty for plain numbers.
        shorthand: a unit that may be written in its place because the name says the rest.
        bare: may a value be written without unit?
        share: is it a fraction of one, at most 1?
        extensive: does it describe one stage only, so that stages add up in it?
        words: the words that are allowed, where the value is not a number.
        file: is the value a file, which is read only when a method asks?
        example: how to write one.
    """

    unit: str = ""
    shorthand: str = ""
    bare: bool = True
    share: bool = False
    extensive: bool = False
    words: tuple[str, ...] = ()
    file: bool = False
    example: str


ABOUTS: Mapping[str, About] = {
    "architecture": About(file=True, example="alexnet"),
    "macs_per_example": About(unit="MAC/example", shorthand="MAC", example="11.3e9 MAC"),
    "flop_per_example": About(unit="FLOP/example", shorthand="FLOP", example="22.6e9 FLOP"),
    "backward_factor": About(example="3"),
    "examples": About(unit="example", extensive=True, example="1.2M example"),
    "epochs": About(extensive=True, example="90"),
    "updates": About(extensive=True, example="5M"),
    "batch_size": About(unit="example", example="32 example"),
    "tokens": About(unit="token", extensive=True, example="15.6T token"),
    "parameters": About(unit="parameter", example="405B parameter"),
    "active_parameters": About(unit="parameter", example="37B parameter"),
    "experts": About(example="256"),
    "mixture_of_experts": About(words=("yes", "no"), example="yes"),
    "sequence_length": About(unit="token", example="8192 token"),
    "chips": About(unit="chip", example="16384 chip"),
    "duration": About(unit="s", bare=False, extensive=True, example="54 to 75 days"),
    "chip_hours": About(unit="chip*h", extensive=True, example="30.84M chip-hours"),
    "precision": About(words=PRECISIONS, example="bf16"),
    "peak": About(unit="FLOP/s/chip", shorthand="FLOP/s", bare=False, example="989 TFLOP/s"),
    "utilization": About(share=True, example="0.33"),
    "mfu": About(share=True, example="38% to 43%"),
    "hfu": About(share=True, example="0.48"),
    "ofu": About(share=True, example="0.44"),
    "tensor_active": About(share=True, example="0.58"),
    "recompute": About(words=("none", "selective", "full"), example="full"),
    "goodput": About(share=True, example="0.85"),
    "scale_up": About(example="10 to 100"),
    "compute": About(unit="FLOP", bare=False, extensive=True, example="3.8e25 FLOP"),
    "recorded_compute": About(unit="FLOP", bare=False, extensive=True, example="3.8e25 FLOP"),
    "lineage_compute": About(unit="FLOP", bare=False, extensive=True, example="3.8e25 FLOP"),
    "cost": About(unit="USD", bare=False, extensive=True, example="5M USD"),
    "energy": About(unit="J", bare=False, extensive=True, example="1287 MWh"),
    "power": About(unit="W", bare=False, example="20 MW"),
}

# What may be said of utilization, never mixed, in the order in which it counts: model FLOP of the whole job over peak;
# in the run; with recomputation; by counters of the chips: tensor activity × clock, and tensor activity alone.
UTILIZATIONS = ("utilization", "mfu", "hfu", "ofu", "tensor_active")
# What counters call utilization and is none: that some kernel ran, or that an SM had a warp.
NO_UTILIZATION = ("gpu_utilization", "gpu_util", "nvidia_smi_utilization", "sm_active", "sm_occupancy", "engine_active")

ASSUMED: Mapping[str, str] = {  # units of what only assumptions speak of, where it is no plain number
    "purchase_price": "USD/chip",
    "chip_power": "W/chip",
    "grid_intensity": "kg/kWh",
    "time_to_use": "day",
    "time_to_publish": "day",
    "typical_duration": "h",
}

DOMAINS = (
    "language", "vision", "speech", "games", "multimodal", "image-generation", "video", "audio", "biology",
    "robotics", "recommendation", "earth-science", "mathematics", "other",
)  # fmt: skip

TEXT_DOMAINS = frozenset({"language", "multimodal"})  # where a token is a token of text

COUNTED = ("examples", "chips", "tokens", "parameters", "active_parameters", "sequence_length", "experts")


def is_word(about: str) -> bool:
    """Tell whether claims about this are words (or name a file) and not numbers."""
    return bool(ABOUTS[about].words) or ABOUTS[about].file


@lru_cache(maxsize=4096)
def read(about: str, text: str, *, bare: bool = False) -> Distribution:
    """Read the value of a claim, in the unit that belongs to it.

    Args:
        about: a key of `ABOUTS` whose values are numbers.
        text: the value as written, with its unit.
        bare: accept a number without unit even where a dossier must give one (a flag's name says it).

    Raises:
        NotationError: not a number, or out of the range of this quantity.
        UnitError: a unit that does not fit.

    >>> read("macs_per_example", "11.3e9 MAC")
    Point(value=11300000000.0)
    >>> read("duration", "9 day")
    Point(value=777600.0)
    """
    rule = ABOUTS[about]
    notation = parse(text)
    belief = notation.belief if not notation.unit else _scaled(about, notation.belief, notation.unit)
    if not notation.unit and not (rule.bare or bare):
        raise UnitError(f"{text!r} needs a unit; write e.g. {rule.example!r}")
    low, high = _support(belief)
    if low <= 0:
        raise NotationError(f"{text!r} must be above 0")
    if rule.share and high > 1 + 1e-9:
        hint = f"; write {text.strip()}% if a percentage is meant" if 1.5 < high <= 100 and "%" not in text else ""
        raise NotationError(f"{text!r} must be a share between 0 and 1{hint}")
    if about in COUNTED and high < 1:
        raise NotationError(f"{text!r} must be at least 1")
    return Truncated(belief, 0.0, 1.0) if rule.share and not isinstance(belief, Point | Truncated) else belief  # type: ignore[arg-type]


def _scaled(about: str, belief: Distribution, unit_text: str) -> Distribution:
    rule = ABOUTS[about]
    if ("MAC" in unit_text.upper()) != (about == "macs_per_example") and re.search(r"FLOP|MAC", unit_text, re.I):
        raise UnitError(
            f"{unit_text!r} does not fit: multiply-adds (MAC) and operations (FLOP, two for each) are not mixed here; "
            f"write e.g. {rule.example!r}"
        )
    unit, wanted = units.parse(unit_text), units.parse(rule.unit)
    if rule.shorthand and units.same_dimension(unit, units.parse(rule.shorthand)):
        wanted = units.parse(rule.shorthand)
    if not units.same_dimension(unit, wanted):
        raise UnitError(f"{unit_text!r} does not fit; write e.g. {rule.example!r}")
    return scaled(belief, units.factor(unit, wanted))


def scaled(belief: Distribution, factor: float) -> Distribution:
    """The same belief in a unit of which one old unit is `factor`."""
    from dataclasses import fields, replace

    if factor == 1:
        return belief
    if isinstance(belief, Mixture):
        return Mixture(tuple(scaled(part, factor) for part in belief.parts), belief.weights)
    if isinstance(belief, Empirical):
        return Empirical(tuple(value * factor for value in belief.values))
    in_units = {"value", "median", "low", "high"}
    changes = {f.name: getattr(belief, f.name) * factor for f in fields(belief) if f.name in in_units}  # type: ignore[arg-type]
    if isinstance(belief, Truncated):
        changes["inner"] = scaled(belief.inner, factor)
    return replace(belief, **changes)  # type: ignore[type-var]


def _support(belief: Distribution) -> tuple[float, float]:
    """Ends of the 90% interval as written; the value itself where it is a point, hard bounds where they are hard.

    A hard bound of zero is allowed ("uniform 0 to 5"): no draw lies on it.
    """
    if isinstance(belief, Point):
        return belief.value, belief.value
    if isinstance(belief, Uniform):
        return belief.low or belief.high * 1e-9, belief.high
    import numpy as np

    low, high = belief.quantile(np.array([0.05, 0.95]))
    return float(low), float(high) if math.isfinite(high) else math.inf
