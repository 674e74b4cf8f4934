"""An estimate: draws × unit × lineage, and its arithmetic.

An estimate is 4,096 stratified draws. The order of the strata comes from the name of what is unknown, so
draw *i* is the same possible world in every estimate: what rests on the same claim stays correlated across
methods, models, processes and machines, and `x / x` is exactly 1. Decision 0002.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comptometer import text, units
from comptometer.distribution import DRAWS, GRID, Z90, Array, Distribution, Point, shared
from comptometer.errors import UnitError
from comptometer.notation import parse
from comptometer.notebook import Showable
from comptometer.units import Unit

ROOT_SEED = 2018  # of every draw; the numbers of a release change when it does

_PLACES: Final = np.arange(DRAWS, dtype=np.uint64)
_PLACE: Final = np.uint64(2 ** (DRAWS - 1).bit_length() - 1)

HAZEN: Final = "hazen"  # the rule of quantiles to which draws at the midpoints of strata belong

Number = int | float


@lru_cache(maxsize=4096)
def strata(name: str) -> NDArray[np.uint16]:
    """The order in which a name visits the strata: a permutation of 0 … DRAWS-1.

    Only raw bits of the generator are used, which NumPy keeps stable for ever; its own `permutation` may change.
    """
    digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
    bits = np.random.PCG64DXSM(np.random.SeedSequence([ROOT_SEED, digest])).random_raw(DRAWS)
    # Their order, by sorting numbers that carry their place in the last bits: no two tie in the 52 before them.
    order = (np.sort(bits & ~_PLACE | _PLACES) & _PLACE).astype(np.uint16)
    order.setflags(write=False)
    return order


@lru_cache(maxsize=1024)
def _ordered(belief: Distribution) -> Array:
    return shared(np.array(belief.quantile(GRID)))


@dataclass(frozen=True, slots=True)
class _Rising:
    """Draws that follow one belief upwards: `scale × ordered[strata(name)]`.

    Their quantiles need no draws, which is what makes a catalogue of thousands quick: most of its estimates are
    one uncertain factor times numbers taken as exact.
    """

    name: str
    ordered: Array
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Estimate(Showable):
    """A quantity that is not known exactly.

    Attributes:
        unit: what the draws are measured in.
        beliefs: what the estimate rests on, by name.
    """

    _drawn: Array | float | _Rising  # a number stands for draws that are all the same
    unit: Unit
    beliefs: Mapping[str, Distribution] = field(default_factory=dict)

    @cached_property
    def draws(self) -> Array:
        """Possible values in `unit`, shape (DRAWS,); index i is the same possible world in every estimate."""
        if isinstance(self._drawn, _Rising):
            return self._drawn.ordered[strata(self._drawn.name)] * self._drawn.scale
        return np.broadcast_to(np.float64(self._drawn), (DRAWS,))

    @classmethod
    def draw(cls, name: str, belief: Distribution, unit: Unit) -> Estimate:
        """Draw from a belief, in the order that belongs to its name.

        >>> x = Estimate.draw("a", parse("1 to 100").belief, units.parse("FLOP"))
        >>> round(x.median, 2), bool(np.all((x / x).draws == 1))
        (10.0, True)
        """
        if isinstance(belief, Point):
            return cls(belief.value, unit, {name: belief})
        return cls(_Rising(name, _ordered(belief)), unit, {name: belief})

    @classmethod
    def exact(cls, value: float, unit: str = "") -> Estimate:
        """A number by definition, resting on nothing."""
        return cls(float(value), units.parse(unit))

    @property
    def rests_on(self) -> frozenset[str]:
        """Names of the claims behind the estimate."""
        return frozenset(self.beliefs)

    # Summaries. There is no mean: some beliefs have none.

    @cached_property
    def _usual(self) -> tuple[float, float, float]:
        """The quantiles that everybody asks for: 5%, 50%, 95%."""
        if isinstance(self._drawn, _Rising):
            return tuple(_hazen(self._drawn.ordered, p) * self._drawn.scale for p in (0.05, 0.5, 0.95))  # type: ignore[return-value]
        if isinstance(self._drawn, float):
            return self._drawn, self._drawn, self._drawn
        low, middle, high = _quantiles(self.draws, (0.05, 0.5, 0.95))
        return low, middle, high

    def quantile(self, p: float) -> float:
        """The value below which the probability is `p`, in `unit`."""
        return float(np.quantile(self.draws, p, method=HAZEN))

    @property
    def median(self) -> float:
        """The value with even odds on either side, in `unit`."""
        return self._usual[1]

    def interval(self, probability: float = 0.9) -> tuple[float, float]:
        """Central interval that holds the value with this probability, in `unit`.

        Raises:
            ValueError: if the probability is not between 0 and 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"a probability between 0 and 1 is wanted, got {probability}")
        if probability == 0.9:
            return self._usual[0], self._usual[2]
        tail = (1 - probability) / 2
        return self.quantile(tail), self.quantile(1 - tail)

    @property
    def log_sd(self) -> float:
        """Robust standard deviation of the natural logarithm: half the 90% interval over 1.645."""
        low, high = self.interval()
        return math.log(high / low) / (2 * Z90) if low > 0 else math.nan

    def probability_above(self, value: Estimate | Number | str) -> float:
        """Share of the possible worlds in which the quantity exceeds `value` (a number: in `unit`).

        Raises:
            UnitError: if the value is of another dimension.
        """
        return float(np.mean(self.draws > self._aligned(value).draws))

    def to_dict(self) -> dict[str, float | str]:
        """Quantiles and unit, as in all JSON of comptometer."""
        p5, p50, p95 = self._usual
        return {"p5": p5, "p50": p50, "p95": p95, "unit": units.name(self.unit)}

    # Arithmetic, draw by draw.

    def to(self, unit: Unit | str) -> Estimate:
        """The same quantity in another unit.

        Raises:
            UnitError: if the unit is of another dimension.
        """
        target = units.parse(unit) if isinstance(unit, str) else unit
        factor = units.factor(self.unit, target)
        return self if factor == 1 and target == self.unit else self._scaled(factor, target)

    def _scaled(self, factor: float, unit: Unit, beliefs: Mapping[str, Distribution] | None = None) -> Estimate:
        """Times a number; what rises with one belief still does, if the number is positive."""
        held = self.beliefs if beliefs is None else beliefs
        if isinstance(self._drawn, _Rising) and factor > 0:
            return Estimate(_Rising(self._drawn.name, self._drawn.ordered, self._drawn.scale * factor), unit, held)
        return Estimate((self._drawn if isinstance(self._drawn, float) else self.draws) * factor, unit, held)

    def _aligned(self, other: Estimate | Number | str) -> Estimate:
        """`other` in the unit of self; a bare number is taken to be in it already."""
        if isinstance(other, str):
            notation = parse(other)
            other = Estimate.draw(other, notation.belief, units.parse(notation.unit) if notation.unit else self.unit)
        if isinstance(other, Estimate):
            return other.to(self.unit)
        return Estimate(float(other), self.unit)

    def _combined(self, other: Estimate, draws: Array, unit: Unit) -> Estimate:
        return Estimate(draws, unit, {**self.beliefs, **other.beliefs})

    def _summed(self, other: object, operate: Callable[[Array, Array], Array]) -> Any:
        if not isinstance(other, Estimate | int | float):
            return NotImplemented
        if not isinstance(other, Estimate) and other != 0 and units.name(self.unit):
            raise UnitError(f"a bare number cannot be added to {units.name(self.unit)}")
        aligned = self._aligned(other)
        return self._combined(aligned, operate(self.draws, aligned.draws), self.unit)

    def __add__(self, other: object) -> Estimate:
        return self._summed(other, np.add)  # type: ignore[no-any-return]

    __radd__ = __add__  # sum() starts from the number 0

    def __sub__(self, other: object) -> Estimate:
        return self._summed(other, np.subtract)  # type: ignore[no-any-return]

    def __rsub__(self, other: object) -> Estimate:
        return (-self)._summed(other, np.add)  # type: ignore[no-any-return]

    def __neg__(self) -> Estimate:
        return Estimate(-self.draws, self.unit, self.beliefs)

    def __mul__(self, other: object) -> Estimate:
        if isinstance(other, Estimate):
            unit = units.product(self.unit, other.unit)
            for one, two in ((self, other), (other, self)):
                if isinstance(two._drawn, float):
                    return one._scaled(two._drawn, unit, {**self.beliefs, **other.beliefs})
            return self._combined(other, self.draws * other.draws, unit)
        if isinstance(other, int | float):
            return self._scaled(float(other), self.unit)
        return NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Estimate:
        if isinstance(other, Estimate):
            unit = units.quotient(self.unit, other.unit)
            if isinstance(other._drawn, float) and other._drawn:
                return self._scaled(1 / other._drawn, unit, {**self.beliefs, **other.beliefs})
            return self._combined(other, self.draws / other.draws, unit)
        if isinstance(other, int | float):
            return (
                self._scaled(1 / other, self.unit) if other else Estimate(self.draws / other, self.unit, self.beliefs)
            )
        return NotImplemented

    def __rtruediv__(self, other: object) -> Estimate:
        if isinstance(other, int | float):
            return Estimate(other / self.draws, units.power(self.unit, -1), self.beliefs)
        return NotImplemented

    def __pow__(self, exponent: object) -> Estimate:
        if isinstance(exponent, int | float):
            return Estimate(self.draws**exponent, units.power(self.unit, exponent), self.beliefs)
        return NotImplemented

    def power_of_ten(self) -> Estimate:
        """Ten to the power of a plain number.

        Raises:
            UnitError: the exponent has a unit.
        """
        return Estimate(np.power(10.0, self.to("").draws), units.parse(""), self.beliefs)

    def sensitivity(self) -> dict[str, float]:
        """Share of the variance of the logarithm that each claim carries, largest first.

        A share is the variance that remains of the average over all else: by correlation, which is exact for
        products of any tails, or in bins of the claim's strata, which also sees what is not linear. For a product
        the shares add up to 1; what claims do only together (interaction) belongs to none and is left out.
        Claims taken as exact have no share.

        >>> a, b = (Estimate.draw(n, parse(v).belief, units.parse("")) for n, v in [("a", "1 to 2"), ("b", "1 to 4")])
        >>> {name: round(share, 1) for name, share in (a * b).sensitivity().items()}
        {'b': 0.8, 'a': 0.2}
        """
        target = np.log(self.draws) if self.draws.min() > 0 else self.draws
        if not np.ptp(target):
            return {}
        shares = {
            name: max(_linear_share(name, belief, target), _binned_share(name, target))
            for name, belief in self.beliefs.items()
            if not isinstance(belief, Point)
        }
        total = max(sum(shares.values()), 1.0)  # chance correlation of the draws can make it 1.03
        return {name: share / total for name, share in sorted(shares.items(), key=lambda item: -item[1])}

    def __str__(self) -> str:
        low, high = self.interval()
        unit = f" {units.name(self.unit)}" if units.name(self.unit) else ""
        if high - low <= 1e-9 * abs(high):  # exact but for the rounding of arithmetic
            return text.number(self.median) + unit
        return f"{text.number(self.median, 2)}{unit} (90%: {text.interval(low, high)})"

    def __repr__(self) -> str:
        return f"<Estimate {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (np.asarray(self.draws), units.name(self.unit), dict(self.beliefs))


def _hazen(ordered: Array, p: float) -> float:
    """Quantile of draws in rising order, by the rule for midpoints of strata."""
    at = p * len(ordered) - 0.5
    below = min(max(math.floor(at), 0), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * min(max(at - below, 0.0), 1.0))


def _quantiles(draws: Array, probabilities: Sequence[float]) -> list[float]:
    """What `np.quantile` gives by the rule for midpoints, to the last digit and in a fraction of its time."""
    places = [divmod(p * len(draws) - 0.5, 1) for p in probabilities]
    neighbours = [(int(below), int(below) + 1, share) for below, share in places]
    parted = np.partition(draws, [at for low, high, _ in neighbours for at in (low, high)] + [-1])
    if np.isnan(parted[-1]):
        return [math.nan] * len(places)
    return [_between(float(parted[low]), float(parted[high]), share) for low, high, share in neighbours]


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


BINS = 64


def _linear_share(name: str, belief: Distribution, target: Array) -> float:
    """Squared correlation of a claim's log draws with the target."""
    return float(np.corrcoef(np.log(Estimate.draw(name, belief, units.parse("")).draws), target)[0, 1] ** 2)


def _binned_share(name: str, target: Array) -> float:
    """Variance of the target's mean along a claim's strata over its whole variance, less what chance alone gives."""
    bins = target[np.argsort(strata(name))].reshape(BINS, -1)
    chance = float(np.mean(np.var(bins, axis=1, ddof=1))) / bins.shape[1]
    return max(float(np.var(bins.mean(axis=1), ddof=1)) - chance, 0.0) / float(np.var(target))


def _restored(draws: Array, unit: str, beliefs: Mapping[str, Distribution]) -> Estimate:
    return Estimate(draws, units.parse(unit), beliefs)


def summed(parts: Sequence[Estimate]) -> Estimate | None:
    """The sum, draw by draw; None of nothing."""
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
