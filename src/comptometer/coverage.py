"""Does a belief hold the truth as often as it says? Estimates against truths, and the scores of many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from comptometer.quantity import Estimate

NORMAL_MAD = 1.4826  # standard deviation of a normal over its median absolute deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One estimate against one truth.

    Attributes:
        id, name: of the model.
        family: models of one family are not independent of one another.
        groups: what it counts for, e.g. {"chip": "A100 class"}.
        truth: in FLOP.
        ratio: median of the estimate over the truth.
        position: probability that the estimate gives to values below the truth.
        circular: was one of the two worked out from the other?
    """

    id: str
    name: str
    family: str
    groups: Mapping[str, str]
    truth: float
    ratio: float
    position: float
    circular: bool = False

    def within(self, probability: float) -> bool:
        """Does the central interval of this probability hold the truth?"""
        return abs(2 * self.position - 1) <= probability


def position(estimate: Estimate, truth: float) -> float:
    """Probability that an estimate gives to values below a truth in the same unit; a tie counts half."""
    return float((np.mean(estimate.draws < truth) + np.mean(estimate.draws <= truth)) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What many trials show.

    Attributes:
        n: how many.
        within_50, within_90: share of the truths in the central intervals of 50% and 90%.
        median_ratio: of estimate over truth; 1 is no bias.
        median_fold: half of the estimates are within this factor of the truth.
        sd_ln: standard deviation of the natural logarithm of the ratio; nothing for a single trial.
        robust_sd_ln: the same from the median absolute deviation.
        within_1_5x, within_2x, within_3x: share of the estimates within this factor of the truth.
    """

    n: int
    within_50: float
    within_90: float
    median_ratio: float
    median_fold: float
    sd_ln: float | None
    robust_sd_ln: float | None
    within_1_5x: float
    within_2x: float
    within_3x: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)


def score(trials: Sequence[Trial]) -> Score:
    """Score trials.

    Raises:
        ValueError: there are none.
    """
    if not trials:
        raise ValueError("no trials to score")
    logs = np.log([trial.ratio for trial in trials])
    several = len(trials) > 1
    within = {factor: float(np.mean(np.abs(logs) <= math.log(factor))) for factor in (1.5, 2.0, 3.0)}
    return Score(
        n=len(trials),
        within_50=covered(trials, 0.5),
        within_90=covered(trials, 0.9),
        median_ratio=float(np.exp(np.median(logs))),
        median_fold=float(np.exp(np.median(np.abs(logs)))),
        sd_ln=float(np.std(logs, ddof=1)) if several else None,
        robust_sd_ln=float(NORMAL_MAD * np.median(np.abs(logs - np.median(logs)))) if several else None,
        within_1_5x=within[1.5],
        within_2x=within[2.0],
        within_3x=within[3.0],
    )


def covered(trials: Sequence[Trial], probability: float) -> float:
    """Share of the truths that the central intervals of this probability hold."""
    return sum(trial.within(probability) for trial in trials) / len(trials)


def one_per_family(trials: Iterable[Trial]) -> list[Trial]:
    """The largest run of each family, in the order in which the families appear."""
    largest: dict[str, Trial] = {}
    for trial in trials:
        if trial.family not in largest or trial.truth > largest[trial.family].truth:
            largest[trial.family] = trial
    return list(largest.values())


def grouped(trials: Iterable[Trial], key: str) -> dict[str, list[Trial]]:
    """Trials by what they count for under a key, in the order of the words; those without the key are left out."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        if key in trial.groups:
            found.setdefault(trial.groups[key], []).append(trial)
    return dict(sorted(found.items()))
