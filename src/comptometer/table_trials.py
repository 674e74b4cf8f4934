"""The rows of a table as trials: what its columns give against the compute that it states itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from comptometer import bulk, library, vintages
from comptometer.coverage import Trial
from comptometer.curated_runs import LARGE, UTILIZATION_CLAIMS, at_a_third, at_peak, trial, without
from comptometer.derivation import job
from comptometer.methods import Outcome, outcomes
from comptometer.model_row import ModelRow
from comptometer.records import Dossier

COUNTED, BOTH, HARDWARE, UNSAID, OTHERS = (
    "operations counted", "counted and hardware", "hardware", "not said", "others' figures",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTrials:
    """The trials of one vintage.

    Attributes:
        hardware: hardware-time without the table's utilization, against the table's compute.
        counted: parameters-tokens against the table's compute.
        consistency: chip-hours × peak × 0.33 against 6 N D, both from the columns.
    """

    hardware: Sequence[Trial]
    counted: Sequence[Trial]
    consistency: Sequence[Trial]


@cache
def table_trials(vintage_id: str) -> TableTrials:
    """The trials of a vintage; fine-tuned models only where the table says what was spent on top of the base.

    Raises:
        NotFound: no such vintage.
    """
    hardware, counted, consistency = [], [], []
    for row, dossier in _dossiers(vintage_id):
        methods, _ = outcomes(job(dossier))
        by_machines, by_tokens = methods.get("hardware-time"), methods.get("parameters-tokens")
        truth = bulk.increment_of(row) if row.base_model else row.compute
        if truth and by_machines:
            hardware.append(_against(dossier, row, by_machines, truth, circular=basis(row) == HARDWARE))
        if truth and by_tokens and "language" in dossier.domain:
            counted.append(_against(dossier, row, by_tokens, truth, circular=basis(row) == COUNTED))
        if by_machines and by_tokens and "language" in dossier.domain:
            consistency.append(_at_a_third(dossier, row, by_tokens))
    return TableTrials(hardware=hardware, counted=counted, consistency=[t for t in consistency if t])


def _at_a_third(dossier: Dossier, row: ModelRow, count: Outcome) -> Trial | None:
    most = at_peak(dossier)
    if most is None:
        return None
    groups = _groups(row)
    if row.published and row.published.year >= 2022 and (row.parameters or 0) >= LARGE:
        groups["large since 2022"] = "yes"
    return at_a_third(trial(dossier, count.estimate, count.estimate.median, groups), most)


def _dossiers(vintage_id: str) -> Iterator[tuple[ModelRow, Dossier]]:
    source = library.source_of(vintage_id)
    for row in vintages.vintage(vintage_id).rows:
        if row.compute or row.parameters:
            yield row, without(bulk.dossier(row, source, f"{vintage_id}/{row.line}"), UTILIZATION_CLAIMS)


def basis(row: ModelRow) -> str:
    """How the table came to its figure: what it may be a test of."""
    methods = frozenset(row.compute_method)
    counted, timed = bool(methods & bulk.COUNTING), bool(methods & bulk.HARDWARE)
    if counted or timed:
        return BOTH if counted and timed else COUNTED if counted else HARDWARE
    return OTHERS if methods else UNSAID


def _against(dossier: Dossier, row: ModelRow, outcome: Outcome, truth: float, *, circular: bool) -> Trial:
    return trial(dossier, outcome.estimate, truth, _groups(row), circular=circular)


def _groups(row: ModelRow) -> dict[str, str]:
    return {
        "truth": basis(row),
        "confidence": (row.confidence or "no word").lower(),
        "year": "no date" if row.published is None else "to 2019" if row.published.year < 2020
        else "2020 to 2022" if row.published.year < 2023 else "from 2023",
        "built on another": "yes" if row.base_model else "no",
    }  # fmt: skip
