"""Cross-validation of the utilization defaults: each run is judged by medians that were fitted without its family.

The medians of the defaults were chosen with some of the same runs in view, so that their coverage of these runs
flatters them. Here every median is fitted anew to the runs of all other families, and only then compared.

In a class the log utilizations of each family are taken at their median, and the medians of the families at theirs, so
that eight sizes of one model count once. That centre is drawn towards the centre of all families together, which
counts as `SHRINKING` families: the ratio of the variance within chips to that between them (0.264² / 0.187², reference
statistics of reported utilization). The class that is everything else has the centre of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from comptometer.coverage import Trial, position
from comptometer.quantity import Estimate

SHRINKING = 2.0  # families: 0.264² / 0.187²
EVERYTHING_ELSE = "utilization/default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilized:
    """A run whose utilization is known, because its operations are counted and its chip-hours stated.

    Attributes:
        trial: hardware-time with the adopted default against the count.
        default: id of the utilization default that applied.
        widened: was the width of the class widened to that of the default for everything else?
        at_peak: FLOP that the chips could have done.
        estimate: hardware-time with the adopted default.
    """

    trial: Trial
    default: str
    widened: bool
    at_peak: float
    estimate: Estimate

    @property
    def utilization(self) -> float:
        """Of the whole job, as the count implies it."""
        return self.trial.truth / self.at_peak


def centres(runs: Iterable[Utilized]) -> Mapping[str, float]:
    """The fitted median of each class that the runs know; `utilization/default` is that of all families."""
    by_class: dict[str, dict[str, list[float]]] = {}
    everything: dict[str, list[float]] = {}
    for run in runs:
        value, family = math.log(run.utilization), run.trial.family
        everything.setdefault(family, []).append(value)
        by_class.setdefault(run.default, {}).setdefault(family, []).append(value)
    whole = _centre(everything)
    fitted = {
        name: (len(families) * _centre(families) + SHRINKING * whole) / (len(families) + SHRINKING)
        for name, families in by_class.items()
    }
    return {name: math.exp(value) for name, value in {**fitted, EVERYTHING_ELSE: whole}.items()}


def _centre(families: Mapping[str, Sequence[float]]) -> float:
    return median(median(values) for values in families.values())


def cross_validated(runs: Sequence[Utilized]) -> list[Trial]:
    """Each run against the estimate that has its class's median from all other families, and the adopted width.

    The draws of the estimate are moved by the ratio of the two medians; a class that no other family has gets the
    centre of all.

    Raises:
        ValueError: all runs are of one family.
    """
    if len({run.trial.family for run in runs}) < 2:
        raise ValueError("runs of several families are wanted: one is judged by the others")
    fitted = {
        family: centres(run for run in runs if run.trial.family != family)
        for family in {run.trial.family for run in runs}
    }
    return [_refitted(run, fitted[run.trial.family]) for run in runs]


def _refitted(run: Utilized, others: Mapping[str, float]) -> Trial:
    wanted = others.get(run.default, others[EVERYTHING_ELSE])
    moved = wanted / (run.estimate.median / run.at_peak)
    truth = run.trial.truth
    return replace(run.trial, ratio=run.trial.ratio * moved, position=position(run.estimate, truth / moved))
