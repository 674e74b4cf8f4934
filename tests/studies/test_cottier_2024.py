"""The published costs follow from their inputs, row by row."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from comptometer.documents.cost_study import CostStudyDocument
from comptometer.errors import DataError
from comptometer.studies import _cottier_2024_tables as tables
from comptometer.studies import replicate
from comptometer.studies.cottier_2024 import costs

UPSTREAM = Path(__file__).parents[3] / "shared/data/epoch"


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    return replicate("cottier-2024").to_dict()


def row(study: dict[str, Any], model: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in study["rows"] if row["model"] == model)
    return found


def test_the_study_has_its_shape(study: dict[str, Any]) -> None:
    CostStudyDocument.model_validate(study)


def test_every_row_with_hardware_is_the_published_one_but_grok_3(study: dict[str, Any]) -> None:
    recomputed = [row for row in study["rows"] if row["amortised_obtained"] is not None]
    others = [row["model"] for row in recomputed if row["amortised_verdict"] != "same"]
    assert len(study["rows"]) == 82
    assert len(recomputed) == 61
    assert others == ["Grok-3"]


@pytest.mark.parametrize(
    ("model", "chip_hours", "value", "usd"),
    [
        ("GNMT", 655_730, 5_298, 194_308),
        ("GPT-3 175B (davinci)", 3.552e6, 12_377, 2.198e6),
        ("OPT-175B", 812_544, 18_297, 733_635),
        ("PaLM (540B)", 8.405e6, 7_134, 2.864e6),
        ("GPT-4", 5.70e7, 14_165, 40.70e6),
        ("Gemini 1.0 Ultra", 1.32e8, 4_489, 28.31e6),
        ("Llama 3.1-405B", 3.51e7, 30_386, 51.04e6),
        ("Grok-3", 2.40e8, 25_492, 294.4e6),
    ],
)
def test_known_answers(study: dict[str, Any], model: str, chip_hours: float, value: float, usd: float) -> None:
    found = row(study, model)
    assert found["chip_hours"] == pytest.approx(chip_hours, rel=1e-3)
    assert found["chip_value_usd"] == pytest.approx(value, abs=0.5)
    assert found["amortised_obtained"] == pytest.approx(usd, rel=5e-4)


def test_grok_3_differs_by_one_factor_in_all_three_kinds(study: dict[str, Any]) -> None:
    found = row(study, "Grok-3")
    ratios = [found[f"{kind}_published"] / found[f"{kind}_obtained"] for kind in ("amortised", "cloud", "acquisition")]
    assert ratios == pytest.approx([1.02206] * 3, rel=1e-5)
    assert found["amortised_verdict"] == "differs by -2.2%"
    assert "deflator" in found["note"]


def test_energy_of_the_recipe(study: dict[str, Any]) -> None:
    energies = {"GPT-3 175B (davinci)": 1_387, "BLOOM-176B": 821, "PaLM (540B)": 1_054, "Grok-3": 287_000}
    assert {name: row(study, name)["energy_mwh"] for name in energies} == pytest.approx(energies, rel=2e-3)


def test_the_share_of_energy_is_small_and_of_interconnect_a_fifth_of_the_cluster() -> None:
    run = next(run for run in tables.runs() if run.model == "GPT-4")
    found = costs(run)
    assert found is not None
    assert found.interconnect / (found.hardware + found.interconnect) == pytest.approx(0.19)
    assert 0.02 < found.energy / found.amortised < 0.1


def test_acquisition_and_cloud(study: dict[str, Any]) -> None:
    assert study["counts"]["acquisition"] == {
        "same": 42, "differs": 1, "not published": 36, "imputed, not recomputed": 3,
    }  # fmt: skip
    assert study["counts"]["cloud"]["same"] == 27
    assert study["counts"]["cloud"]["differs"] == 8


def test_growth_is_that_of_the_paper_within_its_window(study: dict[str, Any]) -> None:
    paper, later = (
        next(
            line
            for line in study["growth"]
            if (line["kind"], line["of"]) == ("amortised", of) and line["until"].startswith(year)
        )
        for of, year in (("obtained", "2023"), ("published", "2025"))
    )
    assert paper["growth_per_year"]["estimate"] == pytest.approx(2.41, abs=0.01)
    assert paper["paper_low"] < paper["growth_per_year"]["estimate"] < paper["paper_high"]
    assert later["growth_per_year"]["estimate"] == pytest.approx(2.79, abs=0.01)
    assert later["n"] == 79


def test_training_never_starts_before_the_chips_are_there() -> None:
    run = next(run for run in tables.runs() if run.model == "Megatron-BERT")
    early = costs(run)
    late = costs(run._replace(published=date(2019, 11, 1)))
    assert early is not None
    assert late is not None
    assert early.value == late.value == 18_625


def test_tables_made_anew_are_the_shipped_ones() -> None:
    if not (UPSTREAM / "cottier-2024-model-costs.csv.gz").exists():
        pytest.skip("the tables that they were made from are not at hand")
    for name, content in tables.remade(UPSTREAM).items():
        assert content == (tables.FOLDER / f"{tables.NAME}-{name}.csv").read_bytes()


def test_another_edition_of_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "epoch-2025-06-all-models.csv").write_text("Model\n")
    with pytest.raises(DataError, match="sha256 is"):
        tables.remade(tmp_path)
    with pytest.raises(DataError, match="plain or with"):
        tables.remade(tmp_path / "nowhere")
