"""Calibration is reached: intervals hold the truth as often as they say, and what is circular stands apart."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import comptometer
from comptometer.calibration import calibrate, published_consistency
from comptometer.coverage import Score, Trial, position, score
from comptometer.curated_runs import at_peak, curated_runs, utilized_at
from comptometer.documents.calibrate import CalibrateDocument
from comptometer.dossiers import dossier
from comptometer.errors import NotFound
from comptometer.refitting import Utilized, cross_validated

JUNE = "epoch-2025-06"


def line(experiment: str, by: str, group: str, data: str = JUNE) -> Any:
    found = [line for e in calibrate(data).experiments for line in e.lines]
    return next(row for row in found if (row.experiment, row.by, row.group) == (experiment, by, group))


def is_calibrated(found: Score) -> None:
    assert 0.85 <= found.within_90 <= 0.95
    assert 0.40 <= found.within_50 <= 0.60
    assert found.median_fold <= 1.5


@pytest.mark.parametrize(("by", "group", "n"), [("all", "all", 75), ("set", "large language models", 55)])
def test_hardware_time_alone_is_calibrated_on_the_dossiers(by: str, group: str, n: int) -> None:
    found = line("hardware-time", by, group)
    assert found.score.n >= n
    is_calibrated(found.score)
    is_calibrated(found.refitted)


def test_a_run_is_tried_as_a_user_sees_it() -> None:
    run = next(run.prior for run in curated_runs() if run.prior.trial.id == "meta/llama-2-70b")
    seen = comptometer.estimate("llama-2-70b").methods["hardware-time"].estimate  # it reports no utilization
    assert run.estimate.interval() == seen.interval()
    assert run.trial.truth == comptometer.estimate("llama-2-70b").methods["operations"].estimate.median


def test_no_reported_utilization_is_used_in_the_first_experiment() -> None:
    run = next(run for run in curated_runs() if run.prior.trial.id == "meta/llama-3.1-405b")
    assert run.prior.default == "utilization/h100-language"
    assert run.reported
    assert run.reported.ratio != run.prior.trial.ratio


def test_the_peak_times_the_time_is_what_the_chips_could_have_done() -> None:
    assert at_peak(dossier("meta/llama-2-70b")) == pytest.approx(1720320 * 3600 * 312e12)
    parts = utilized_at(dossier("google/bert-large"), 1.0)  # of a job in stages, all of them
    assert at_peak(parts) == pytest.approx(at_peak(dossier("google/bert-large")))


@pytest.mark.parametrize("name", ["openai/gpt-3", "google/vit-22b", "deepseek/deepseek-llm-67b", "ai2/olmo-3-7b"])
def test_hours_that_were_worked_out_from_the_count_are_circular(name: str) -> None:
    found = calibrate(JUNE)
    assert next(run for run in found.runs if run.id == name).circular
    assert name not in {run.id for run in found.refitted}
    assert name not in {run.trial.id for run in found.utilized}


def test_circular_cases_are_in_no_other_group() -> None:
    for experiment in calibrate(JUNE).experiments:
        for name in {row.by for row in experiment.lines} - {"circular"}:
            assert not any(row.circular for row in experiment.lines if row.by == name)
        assert all(row.circular == (row.by == "circular") for row in experiment.lines)
    assert line("table-hardware-time", "circular", "all").score.n > 100
    groups = {row.group for e in calibrate(JUNE).experiments for row in e.lines if e.id == "table-hardware-time"}
    assert "hardware" not in groups


def test_a_reported_utilization_is_nearer_than_the_default() -> None:
    found = line("hardware-time-reported", "all", "all").score
    assert found.n >= 10
    assert found.median_fold < line("hardware-time", "all", "all").score.median_fold
    assert found.within_1_5x >= 0.9


def test_what_is_combined_without_a_stated_compute_meets_the_makers_own() -> None:
    found = line("combined", "all", "all").score
    assert found.n >= 30
    assert found.within_2x == 1
    assert found.median_fold < 1.1


def test_the_consistency_of_the_methods_is_near_what_was_published() -> None:
    found = {row.id: row for row in calibrate(JUNE).consistency}
    for name, said in published_consistency().items():
        for key in {"within_2x", "within_3x"}:
            assert getattr(found[name].score, key) == pytest.approx(said[key], abs=0.06), (name, key)
        assert found[name].score.n >= 0.7 * said["n"]
    assert found["curated"].score.median_ratio == pytest.approx(1.12, abs=0.03)


def test_what_was_published_of_one_table_is_not_set_beside_another() -> None:
    found = {row.id: row.published for row in calibrate().consistency}
    assert found["curated"]
    assert not found["table-language"]


def test_an_unknown_vintage_is_named() -> None:
    with pytest.raises(NotFound, match="epoch-1999"):
        calibrate("epoch-1999")


def test_the_document_has_its_shape() -> None:
    document = calibrate(JUNE).to_dict()
    CalibrateDocument.model_validate(document)
    json.dumps(document, allow_nan=False)
    assert [row["nominal"] for row in document["curve"]] == sorted(row["nominal"] for row in document["curve"])
    half = next(row for row in document["curve"] if row["nominal"] == 0.5)
    assert half["observed"] == line("hardware-time", "all", "all").score.within_50


# The table of runs that was put together apart from the dossiers

CHIPS = {
    "A100": "A100", "A100-80GB": "a100-sxm-80gb", "A100-40GB": "a100-sxm-40gb", "A800": "a800-sxm", "H100": "h100-sxm",
    "H800": "h800-sxm", "V100": "v100-sxm", "TPU v2": "TPU v2", "TPU v3": "TPU v3", "TPU v4": "TPU v4",
    "GTX 580": "gtx-580",
}  # fmt: skip
WITHOUT_TOKENS = {"vit", "clip", "cnn", "unet diffusion", "dit video"}


def from_the_table(row: Mapping[str, str], *, with_format: bool) -> Utilized:
    """What somebody gets who states the chip, the hours and the size, and nothing about utilization."""
    language = row["kind"] not in WITHOUT_TOKENS
    given: dict[str, Any] = {"chip": CHIPS[row["chip"]], "chip_hours": float(row["chip_hours"])}
    given |= {"domain": "language" if language else "vision", "name": row["model"]}
    if language:
        given |= {"params": float(row["params_total"]), "active_params": float(row["params_active"])}
    if with_format and row["chip"] != "GTX 580":
        given["precision"] = "fp16" if row["chip"] == "V100" else "bf16"
    found = comptometer.estimate(**given).methods["hardware-time"]
    default = next(claim.id for claim in found.claims if claim.about == "utilization")
    truth = float(row["m1_exact_causal"])
    words = re.findall(r"[^\W\d_]+", row["model"])
    tried = Trial(
        id=row["model"],
        name=row["model"],
        family=words[0].casefold(),
        groups={},
        truth=truth,
        ratio=found.estimate.median / truth,
        position=position(found.estimate, truth),
    )
    return Utilized(
        trial=tried,
        default=default.removeprefix("assumption:").partition("#")[0],
        widened="#" in default,
        at_peak=float(row["chip_hours"]) * 3600 * float(row["peak_flops"]),
        estimate=found.estimate,
    )


@pytest.mark.parametrize("with_format", [False, True], ids=["format unsaid", "format said"])
def test_hardware_time_alone_is_calibrated_on_the_table_of_runs(with_format: bool, shared: Path) -> None:
    rows = csv.DictReader((shared / "data/ground_truth.csv").read_text(encoding="utf-8").splitlines())
    wanted = [row for row in rows if row["set"] == "curated" and row["chip_hours"] and row["m1_exact_causal"]]
    runs = [from_the_table(row, with_format=with_format) for row in wanted]
    assert len(runs) >= 40
    is_calibrated(score([run.trial for run in runs]))
    is_calibrated(score(cross_validated(runs)))
