"""Several estimates of one quantity → one, and how much they disagree. Decision 0003.

Nothing is discarded: every method's estimate is kept, and every pair is compared. What enters the combination is
one estimate per witness, because a method that looks at the same evidence as another confirms nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np

from comptometer.distribution import DRAWS, GRID, Array, Point, Uniform
from comptometer.quantity import Estimate, strata
from comptometer.text import number

Verdict = Literal["consistent", "tension", "conflict", "single-method"]

TENSION = 1.0  # z above which the interval is widened
CONFLICT = 2.5  # z above which there is no average
LEAST_WEIGHT = 0.2  # of a side of a conflict, so that a 90% interval holds the medians of both
SIDES = 2.0  # a statement that is this close to one side of a conflict, and not to the other, takes that side
NO_CAUSE = 30.0  # times apart: more than any cause with a fixed factor, so that what both say of their widths is void
BETWEEN = 0.2  # of the worlds, where both sides of such a conflict are wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two estimates of one quantity, beside each other.

    `ratio` is the median of the first over the second; `z` their distance in the logarithm, in standard deviations.
    """

    first: str
    second: str
    ratio: float
    z: float
    independent: bool

    @property
    def verdict(self) -> Verdict:
        """Words for z: up to 1 consistent, up to 2.5 in tension, beyond that in conflict."""
        return verdict(self.z)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One value for a quantity, with everything it was made from.

    Attributes:
        value: the combined estimate.
        parts: each method's estimate.
        weights: share of each witness that entered the combination.
        aside: why a method that is no echo of another does not enter, by method.
        comparisons: every pair.
        verdict: of hardware-time against the count where both exist, also where they share evidence (then they
            can contradict, but not confirm, one another); else of the independent witnesses.
    """

    value: Estimate
    parts: Mapping[str, Estimate]
    weights: Mapping[str, float]
    comparisons: Sequence[Comparison]
    verdict: Verdict
    aside: Mapping[str, str] = field(default_factory=dict)

    @property
    def answers(self) -> Mapping[str, Estimate]:
        """The estimates that the value keeps open because they contradict each other; none unless there are several."""
        pair = self.weights if len(self.weights) > 1 and self.verdict == "conflict" else ()
        return {name: self.parts[name] for name in pair}

    def comparison(self, first: str, second: str) -> Comparison | None:
        """The comparison of two methods, in this order."""
        return next((c for c in self.comparisons if (c.first, c.second) == (first, second)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One estimate that takes part: who looks (`witness`), and at what (`roots`).

    `second_hand`: a result that its author worked out from evidence we hold as well; our own working outranks it.
    `aside`: why it is shown beside the others and does not enter the value; empty where it may.
    """

    name: str
    estimate: Estimate
    witness: str
    roots: frozenset[str]
    second_hand: bool = False
    aside: str = ""


ORDER = ("hardware-time", "reported", "recorded", "operations", "parameters-tokens")  # numerators first


def verdict(z: float) -> Verdict:
    """Words for a distance in standard deviations."""
    return "consistent" if z <= TENSION else "tension" if z <= CONFLICT else "conflict"


def compare(first: Part, second: Part) -> Comparison:
    """Put two estimates beside each other; what they share does not separate them."""
    s1, s2 = first.estimate.log_sd, second.estimate.log_sd
    rho = correlation(first.estimate, second.estimate) if s1 and s2 else 0.0
    ratio = first.estimate.median / second.estimate.median
    spread = np.sqrt(max(s1**2 + s2**2 - 2 * rho * s1 * s2, 0.0))
    distance = abs(float(np.log(ratio)))
    z = distance / float(spread) if spread else (0.0 if distance < 1e-12 else float("inf"))
    return Comparison(first=first.name, second=second.name, ratio=ratio, z=z, independent=independent(first, second))


def correlation(one: Estimate, other: Estimate) -> float:
    """Of the logarithms; estimates that share no uncertain claim have none, whatever their draws happen to show."""
    shared = [name for name in one.beliefs.keys() & other.beliefs if not isinstance(one.beliefs[name], Point)]
    return float(np.corrcoef(np.log(one.draws), np.log(other.draws))[0, 1]) if shared else 0.0


def independent(one: Part, other: Part) -> bool:
    """Do two estimates look at different things?

    Not if both count, or both go by the same machines; not if one was worked out from what the other rests on;
    and not if nobody says what a statement rests on while something else is known.
    """
    if one.witness == other.witness or "statement" in {one.witness, other.witness}:
        return False
    return not _roots(one) & _roots(other)


# Shared by everything without making it one evidence: how a chip counts, what a backward pass costs.
_HARMLESS = frozenset({"scale_up", "backward_factor", "recompute", "precision", "peak"})


def _roots(part: Part) -> frozenset[str]:
    return part.roots - _HARMLESS


def reconcile(parts: Sequence[Part], subject: str) -> Reconciled:
    """Combine estimates of one quantity.

    Of estimates that are not independent the narrowest is the witness, second-hand ones last. The witnesses are
    averaged in the logarithm with the weights of least variance, w = S⁻¹1 / 1ᵀS⁻¹1, S the covariance of the log
    draws. With z above 1 the result is widened by z (Birge's ratio); above 2.5 there is no average but a mixture of
    both, and the verdict is conflict. A statement may decide between the two (`_outvoted`).

    Args:
        parts: at least one estimate, all in the same unit.
        subject: whose quantity it is; names the draw that decides between witnesses in conflict.

    Source: Birge 1932 (Phys. Rev. 40, 207) for the widening.
    """
    ordered = sorted(parts, key=lambda part: ORDER.index(part.name) if part.name in ORDER else len(ORDER))
    comparisons = [compare(one, other) for one, other in combinations(ordered, 2)]
    aside = {part.name: part.aside for part in ordered if part.aside} or _outvoted(ordered)
    aside = aside if len(aside) < len(ordered) else {}
    witnesses = _witnesses([part for part in ordered if part.name not in aside])
    estimates = {part.name: part.estimate for part in parts}
    if len(witnesses) == 1:
        only = witnesses[0]
        value, weights = only.estimate, {only.name: 1.0}
        judged = _dependent_verdict(comparisons)
    else:
        shares = _weights(witnesses)
        z = max(c.z for c in comparisons if {c.first, c.second} <= {w.name for w in witnesses})
        value, shares = _together(z, witnesses)(witnesses, shares, z, subject)
        weights = {part.name: float(share) for part, share in zip(witnesses, shares, strict=True)}
        judged = verdict(z)
    return Reconciled(
        value=value, parts=estimates, weights=weights, comparisons=comparisons, verdict=judged, aside=aside
    )


def _outvoted(parts: Sequence[Part]) -> Mapping[str, str]:
    """Of two witnesses in conflict the one that a stated result is far from, while it is close to the other.

    A statement is no witness of its own, but its author had both sides before them, or more than that. One that was
    itself worked out from what we hold (second-hand) decides nothing.
    """
    stated = next((part for part in parts if part.name == "reported" and not part.second_hand), None)
    if stated is None:
        return {}
    sides = [part for part in parts if part.name != "reported"]
    for one, other in combinations(sides, 2):
        if independent(one, other) and compare(one, other).z > CONFLICT:
            near = [side for side in (one, other) if _apart(side, stated) <= np.log(SIDES)]
            if len(near) == 1:
                far = other if near == [one] else one
                why = f"{far.name} is {number(float(np.exp(_apart(far, stated))))} times off what is stated"
                return {far.name: f"{why}, and {near[0].name} is not"}
    return {}


def _apart(one: Part, other: Part) -> float:
    """Distance of the medians in the logarithm."""
    return abs(float(np.log(one.estimate.median / other.estimate.median)))


def _dependent_verdict(comparisons: Sequence[Comparison]) -> Verdict:
    """Methods that share evidence cannot confirm one another, but they can contradict one another."""
    pairs = [c.z for c in comparisons if c.first == "hardware-time" and c.second != "reported"]
    worst = max((c.z for c in comparisons), default=0.0)
    return verdict(worst) if pairs or worst > TENSION else "single-method"


def _witnesses(parts: Sequence[Part]) -> list[Part]:
    """From each group of parts that share evidence, the narrowest of those that are not second-hand."""
    chosen: list[Part] = []
    for part in sorted(parts, key=lambda part: (part.second_hand, part.witness == "statement", part.estimate.log_sd)):
        if all(independent(part, other) for other in chosen):
            chosen.append(part)
    return chosen


Together = Callable[[Sequence[Part], Array, float, str], tuple[Estimate, Array]]


def _together(z: float, witnesses: Sequence[Part]) -> Together:
    """How witnesses are combined, by how far they are apart."""
    if z <= CONFLICT:
        return _averaged
    return _spanned if len(witnesses) == 2 and _apart(*witnesses) > np.log(NO_CAUSE) else _mixed


def _weights(witnesses: Sequence[Part]) -> Array:
    sds = np.array([part.estimate.log_sd for part in witnesses])
    if not sds.all():  # something is exact: it decides
        return np.asarray((sds == 0) / np.sum(sds == 0))
    rho = np.array([[1.0 if a is b else correlation(a.estimate, b.estimate) for b in witnesses] for a in witnesses])
    weights = np.maximum(np.linalg.solve(rho * np.outer(sds, sds), np.ones(len(sds))), 0.0)
    return np.asarray(weights / weights.sum())


def _averaged(witnesses: Sequence[Part], weights: Array, z: float, subject: str) -> tuple[Estimate, Array]:
    logs = np.sum([w * np.log(part.estimate.draws) for w, part in zip(weights, witnesses, strict=True)], axis=0)
    middle = np.sort(logs)[DRAWS // 2 - 1 : DRAWS // 2 + 1].mean()  # np.median would load the masked arrays
    widened = middle + (logs - middle) * max(TENSION, z)
    beliefs = {name: belief for part in witnesses for name, belief in part.estimate.beliefs.items()}
    return Estimate(np.exp(widened), witnesses[0].estimate.unit, beliefs), weights


def _mixed(witnesses: Sequence[Part], weights: Array, z: float, subject: str) -> tuple[Estimate, Array]:
    weights = np.maximum(weights, LEAST_WEIGHT)
    weights = weights / weights.sum()
    name = f"which-witness|{subject}"
    chosen = np.searchsorted(np.cumsum(weights), GRID[strata(name)])
    draws = np.choose(np.minimum(chosen, len(witnesses) - 1), [part.estimate.draws for part in witnesses])
    beliefs = {name: belief for part in witnesses for name, belief in part.estimate.beliefs.items()}
    return Estimate(draws, witnesses[0].estimate.unit, {**beliefs, name: Uniform(0.0, 1.0)}), weights


def _spanned(witnesses: Sequence[Part], weights: Array, z: float, subject: str) -> tuple[Estimate, Array]:
    """Two answers that no usual cause explains: either may be wrong, or both, and nothing says which.

    What each says of its own width is void, so they weigh the same. In the worlds that are left the truth lies between
    their medians; so the median is the middle of the two in the logarithm, and as far from the one as from the other.
    """
    one, other = sorted(witnesses, key=lambda part: part.estimate.median)
    name = f"which-witness|{subject}"
    world = GRID[strata(name)]
    low, high = np.log(one.estimate.median), np.log(other.estimate.median)
    way = (world - (0.5 - BETWEEN / 2)) / BETWEEN  # from 0 at the lower to 1 at the higher
    draws = np.where(way < 0, one.estimate.draws, np.exp(low + way * (high - low)))
    draws = np.where(way > 1, other.estimate.draws, draws)
    beliefs = {name: belief for part in witnesses for name, belief in part.estimate.beliefs.items()}
    value = Estimate(draws, one.estimate.unit, {**beliefs, name: Uniform(0.0, 1.0)})
    return value, np.full(2, 0.5)
