"""The calibration experiment: do the intervals hold the truth as often as they say? Recomputed from what is shipped.

Four experiments, and the consistency of the two methods of 2018. A truth that was worked out from the estimate, or the
estimate from it, confirms nothing: such cases are kept apart everywhere, under the word circular.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any

from comptometer import dossiers, vintages
from comptometer.catalogue import Entry, attempt
from comptometer.coverage import Score, Trial, covered, grouped, one_per_family, score
from comptometer.curated_runs import CuratedRun, at_a_third, curated_runs, trial, without
from comptometer.derivation import job
from comptometer.records import HEAVY, heavy_text
from comptometer.refitting import Utilized, centres, cross_validated
from comptometer.release import DATA, data_version
from comptometer.store import assumptions
from comptometer.table_trials import table_trials

LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))  # nominal coverage, of the curve
FACTORS = ("within_1_5x", "within_2x", "within_3x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The score of one group in one experiment; `refitted` is the same, cross-validated, where that was done."""

    experiment: str
    by: str
    group: str
    circular: bool
    score: Score
    refitted: Score | None = None

    def to_dict(self) -> dict[str, Any]:
        """A row of the JSON."""
        row = {"experiment": self.experiment, "by": self.by, "group": self.group, "circular": self.circular}
        return row | self.score.to_dict() | {"cross_validated": self.refitted.to_dict() if self.refitted else None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What is set against what, and how it came out."""

    id: str
    title: str
    against: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """0.33 × chip-hours × peak over the count for one set, and what was published about it."""

    id: str
    where: str
    score: Score
    published: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """A row of the JSON."""
        keys = ("n", "median_ratio", *FACTORS)
        ours = {key: value for key, value in self.score.to_dict().items() if key in keys}
        return {
            "id": self.id,
            "where": self.where,
            **ours,
            "published": {key: self.published.get(key) for key in keys} if self.published else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The outcome.

    Attributes:
        data: the vintage whose rows were tried.
        experiments: A to D, in this order.
        consistency: of the two methods of 2018.
        runs: the curated runs of the first experiment, independent ones first.
        refitted: the independent ones of them, cross-validated.
        utilized: the independent ones of them, with their utilization.
    """

    data: str
    experiments: Sequence[Experiment]
    consistency: Sequence[Consistency]
    runs: Sequence[Trial]
    refitted: Sequence[Trial]
    utilized: Sequence[Utilized]

    def curve(self) -> list[dict[str, float]]:
        """Share of the truths that the central intervals hold, at every nominal probability."""
        independent = [run for run in self.runs if not run.circular]
        return [
            {
                "nominal": level,
                "observed": covered(independent, level),
                "cross_validated": covered(self.refitted, level),
            }
            for level in LEVELS
        ]

    def defaults(self) -> list[dict[str, Any]]:
        """Each utilization default that some run used: what was adopted, and what the runs say."""
        fitted = centres(self.utilized)
        by_default = grouped([run.trial for run in self.utilized], "default")
        used = {name: [run for run in self.utilized if run.default == name] for name in by_default}
        return [
            {
                "default": name,
                "adopted": heavy_text(assumptions()[name].belief).removesuffix(HEAVY),
                "runs": len(runs),
                "families": len({run.trial.family for run in runs}),
                "widened": sum(run.widened for run in runs),
                "median": median(run.utilization for run in runs),
                "refitted": fitted[name],
            }
            for name, runs in used.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer calibrate`."""
        refitted = {run.id: run for run in self.refitted}
        return {
            "schema": "comptometer/calibrate/1",
            "data_version": data_version(),
            "data": self.data,
            "experiments": [{"id": e.id, "title": e.title, "against": e.against} for e in self.experiments],
            "groups": [line.to_dict() for e in self.experiments for line in e.lines],
            "curve": self.curve(),
            "defaults": self.defaults(),
            "consistency": [row.to_dict() for row in self.consistency],
            "runs": [_run_row(run, refitted.get(run.id)) for run in self.runs],
        }


def _run_row(run: Trial, refitted: Trial | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "family": run.family,
        **{key: run.groups.get(key, "") for key in ("chip", "year", "time", "count", "default")},
        "circular": run.circular,
        "flop": run.truth,
        "ratio": run.ratio,
        "position": run.position,
        "ratio_cross_validated": refitted.ratio if refitted else None,
        "position_cross_validated": refitted.position if refitted else None,
    }


def calibrate(data: str | None = None) -> Calibration:
    """Run the experiments: how often do intervals hold the truth?

    Args:
        data: the vintage whose rows are tried in the last one; the newest shipped one unless given.

    Raises:
        NotFound: no such vintage.
    """
    return _calibrated(data or vintages.DEFAULT)


@cache
def _calibrated(data: str) -> Calibration:
    runs = curated_runs()
    utilized = [run.prior for run in runs if not run.prior.trial.circular]
    refitted = cross_validated(utilized)
    circular = [run.prior.trial for run in runs if run.prior.trial.circular]
    return Calibration(
        data=data,
        experiments=[
            _prior([run.trial for run in utilized], refitted, circular),
            _reported(runs),
            _combined(),
            *_table(data),
        ],
        consistency=_consistency(runs, data),
        runs=[*(run.trial for run in utilized), *circular],
        refitted=refitted,
        utilized=utilized,
    )


# The experiments


def _lines(experiment: str, trials: Sequence[Trial], by: Sequence[str], refitted: Sequence[Trial] = ()) -> list[Line]:
    """All trials, then by each key; the circular ones are a group of their own and in no other."""
    apart = [trial for trial in trials if not trial.circular]
    groups = [("all", "all", apart)] if apart else []
    groups += [(key, name, found) for key in by for name, found in grouped(apart, key).items()]
    lines = [_line(experiment, key, name, found, refitted) for key, name, found in groups]
    circular = [trial for trial in trials if trial.circular]
    return lines + ([_line(experiment, "circular", "all", circular)] if circular else [])


def _line(experiment: str, by: str, group: str, trials: Sequence[Trial], refitted: Sequence[Trial] = ()) -> Line:
    names = {trial.id for trial in trials}
    again = [trial for trial in refitted if trial.id in names]
    return Line(
        experiment=experiment,
        by=by,
        group=group,
        circular=by == "circular",
        score=score(trials),
        refitted=score(again) if again else None,
    )


def _prior(trials: Sequence[Trial], refitted: Sequence[Trial], circular: Sequence[Trial]) -> Experiment:
    """A: hardware-time alone."""
    name = "hardware-time"
    large = [trial for trial in trials if "large" in trial.groups]
    every, *rest = _lines(name, [*trials, *circular], ("chip", "default", "year", "time"), refitted)
    sets = {
        "large language models": large,
        "one per family": one_per_family(trials),
        "large, one per family": one_per_family(large),
    }
    return Experiment(
        id=name,
        title="A. Hardware time alone: chip-hours, peak, and the default utilization",
        against="the count of operations of curated runs",
        lines=[every, *(_line(name, "set", key, found, refitted) for key, found in sets.items()), *rest],
    )


def _reported(runs: Sequence[CuratedRun]) -> Experiment:
    """B: hardware-time with what the makers say of the utilization."""
    trials = [run.reported for run in runs if run.reported]
    return Experiment(
        id="hardware-time-reported",
        title="B. Hardware time with the utilization that is reported, converted to the whole job",
        against="the count of operations of curated runs",
        lines=_lines("hardware-time-reported", trials, ("reported",)),
    )


def _combined() -> Experiment:
    """C: all that the evidence gives, without any stated compute, against what the makers state as model FLOP."""
    return Experiment(
        id="combined",
        title="C. All methods combined, without any stated compute",
        against="model FLOP that the makers state; mostly their own count of the same architecture and data",
        lines=_lines("combined", _stated(), ("witnesses",)),
    )


def _stated() -> list[Trial]:
    found = []
    for dossier in map(dossiers.dossier, dossiers.dossier_ids()):
        evidence = job(dossier).whole
        claim = evidence.best("compute", tag="model")
        if claim is None or claim.kind != "stated" or evidence.grade(claim) != "primary":
            continue
        entry = attempt(without(dossier, frozenset({"compute"})))
        if isinstance(entry, Entry):
            witnesses = " and ".join(sorted(entry.compute.weights))
            truth = evidence.stated(claim).estimate.to("FLOP").median
            found.append(trial(dossier, entry.value, truth, {"witnesses": witnesses}))
    return found


def _table(data: str) -> list[Experiment]:
    """D: the rows of a table against the table's own figure."""
    trials = table_trials(data)
    hardware = _lines("table-hardware-time", trials.hardware, ("truth", "built on another", "confidence", "year"))
    counted = _lines("table-parameters-tokens", trials.counted, ("truth",))
    return [
        Experiment(
            id="table-hardware-time",
            title=f"D. Hardware time of the rows of {data}, with the default utilization",
            against="the compute that the table states, by how it was worked out; from hardware: circular",
            lines=hardware[1:],
        ),
        Experiment(
            id="table-parameters-tokens",
            title=f"D. 6 N D of the language models of {data}",
            against="the compute that the table states; from counted operations: nearly the same product again",
            lines=counted[1:],
        ),
    ]


# Consistency


def published_consistency() -> Mapping[str, Mapping[str, Any]]:
    """What was published about the consistency of the two methods, by set."""
    table = tomllib.loads((DATA / "consistency.toml").read_text(encoding="utf-8"))
    return {row["id"]: row for row in table["sets"]}


def _consistency(runs: Sequence[CuratedRun], data: str) -> list[Consistency]:
    """The rule of thumb over the count: curated runs, and rows of the table."""
    third = [at_a_third(run.prior.trial, run.prior.at_peak) for run in runs]
    curated = [t for t in third if not t.circular]
    large = [t for t in curated if "large" in t.groups]
    rows = table_trials(data).consistency
    sets = {
        "curated": ("curated runs", curated),
        "language": ("curated language models, 0.9e9 active parameters and more", large),
        "families": ("the same, one per family", one_per_family(large)),
        "circular": ("curated runs of which one was worked out from the other", [t for t in third if t.circular]),
        "table-language": (f"language models of {data} with both", rows),
        "table-language-2022": (
            "the same since 2022, 0.9e9 parameters and more",
            [t for t in rows if "large since 2022" in t.groups],
        ),
    }
    published = published_consistency()
    return [
        Consistency(id=key, where=where, score=score(found), published=_of_the_same(published.get(key), data))
        for key, (where, found) in sets.items()
        if found
    ]


def _of_the_same(published: Mapping[str, Any] | None, data: str) -> Mapping[str, Any]:
    """A published row, unless it is about another vintage."""
    return published if published and published.get("vintage", data) == data else {}
