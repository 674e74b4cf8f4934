"""Each rule finds the error that it is made for, and a sound run gives none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from claims import HEAD, claim
from comptometer.checks import RULES, SEVERITIES, Finding, findings
from comptometer.dossier_file import read_dossier
from comptometer.inspection import inspect_dossier, inspect_model, of_item, rules_named
from comptometer.library import Item
from comptometer.model_row import ModelRow, typed
from comptometer.records import Dossier
from comptometer.sources import COLUMNS

EMPTY = typed([["1", *[""] * (len(COLUMNS) - 1)]])[0]
A100 = 312e12
SOUND: Mapping[str, Any] = {
    "model": "Abacus 70B", "organization": ("Abacus",), "published": date(2024, 5, 1), "domain": ("Language",),
    "parameters": 70e9, "dataset_size": 2e12, "dataset_unit": "tokens", "epochs": 1.0,
    "hardware": ("NVIDIA A100 SXM4 80 GB",), "hardware_quantity": 2048.0, "training_hours": 1000.0,
    "chip_hours": 2048e3, "mfu": 0.42, "compute": 8.4e23, "compute_method": ("reported",), "confidence": "Confident",
}  # fmt: skip


def row(**columns: Any) -> ModelRow:
    sound = dict(SOUND)
    hours = 6 * 70e9 * 2e12 / (A100 * 0.37 * 3600)
    sound |= {"chip_hours": hours, "training_hours": hours / 2048}
    return EMPTY._replace(**{**sound, **columns})


def found(one: ModelRow, history: tuple[tuple[str, ModelRow], ...] = ()) -> dict[str, Finding]:
    item = Item(id="abacus/one", names=(one.model,), curated=False, vintage="epoch-2025-06", row=one, history=history)
    return {finding.id: finding for finding in findings(of_item(item))}


HOURS = row().training_hours or 0.0
WRONG: Mapping[str, tuple[Mapping[str, Any], float | None]] = {
    "percent-as-share": ({"mfu": 42.0}, 0.01),
    "implied-utilization": ({"chip_hours": None, "training_hours": HOURS / 5, "mfu": None}, None),
    "unusual-utilization": ({"chip_hours": None, "training_hours": HOURS * 2.5, "mfu": None}, None),
    "chip-hours": ({"hardware_quantity": 1024.0}, 0.5),
    "hours-per-trillion-tokens": (
        {"dataset_size": 8e12, "compute": 3.36e24, "chip_hours": row().chip_hours, "hardware_quantity": None},
        8.0,
    ),
    "nodes-as-chips": ({"hardware_quantity": 256.0}, 8.0),
    "cores-as-chips": (
        {"hardware": ("Google TPU v4",), "chip_hours": None, "training_hours": HOURS * 312 / 275 / 2.4, "mfu": 0.44},
        2.0,
    ),
    "hfu-as-mfu": ({"mfu": 0.37 * 4 / 3, "published": date(2022, 5, 1)}, 0.75),
    "hardware-flop-of-hfu": (
        {"published": date(2022, 5, 1), "mfu": 0.45, "hardware": (), "dataset_size": 2e13, "compute": 8.4e23 * 4 / 3},
        0.75,
    ),
    "ramped-chips": ({"mfu": 0.37 * 1.45}, 1 / 1.45),
    "hardware-flop": ({"compute": 8.4e23 * 4 / 3, "published": date(2022, 5, 1)}, 0.75),
    "epochs": ({"epochs": 4.0, "dataset_size": 5e11, "compute": 2.1e23}, 4.0),
    "words-as-tokens": ({"dataset_unit": "words"}, 4 / 3),
    "stated-and-counted": ({"compute": 8.4e24}, 0.1),
    "tokens-per-parameter": ({"dataset_size": 4e9, "dataset_unit": "pairs"}, None),
    "all-experts": ({"mixture_of_experts": True, "active_parameters": 14e9}, 0.2),
    "base-model-counted": ({"base_model": ("Abacus 1",), "chip_hours": 1000.0, "training_hours": None}, None),
    "lost-exponent": ({"base_model": ("Abacus 1",), "finetune_compute": 4.0}, None),
    "bounds": ({"compute_high": 8.3e23}, None),
    "vendor-of-chip": ({"hardware": ("AMD A100",)}, None),
    "display-card": ({"hardware": ("NVIDIA RTX A1000",)}, None),
    "peak-of-figure": ({"compute": 8.4e23 * 2 * 0.42 / 0.37}, 0.5),
    "chip-after-model": ({"hardware": ("NVIDIA H100 SXM5 80GB",), "published": date(2021, 5, 1)}, None),
    "no-date": ({"published": None}, None),
    "size-in-name": ({"model": "Abacus 7B"}, 0.1),
}  # fmt: skip
NEEDS_A_TABLE = {"repeated-row", "base-model-later", "moved"}  # tested with the shipped editions, and below
OF_DOSSIERS = {
    "claims-disagree", "count-and-print", "uncounted", "same-evidence-conflict", "parameter-closure", "stated-peak",
    "tables-apart",
}  # fmt: skip


def test_every_rule_is_tested() -> None:
    assert set(RULES) == set(WRONG) | NEEDS_A_TABLE | OF_DOSSIERS


def test_a_sound_row_gives_no_finding() -> None:
    assert found(row()) == {}


@pytest.mark.parametrize("rule", WRONG)
def test_a_rule_finds_what_it_is_made_for(rule: str) -> None:
    columns, factor = WRONG[rule]
    signs = found(row(**columns))
    assert rule in signs, {name: finding.text for name, finding in signs.items()}
    if factor is not None:
        assert signs[rule].factor == pytest.approx(factor, rel=1e-6)


EARLY: Mapping[str, Any] = {"published": date(2020, 5, 1), "chip_hours": None, "training_hours": HOURS * 2}


def test_a_utilization_from_before_selective_recomputation_is_noted_where_nothing_bears_it_out() -> None:
    """Counted and stated compute over the time are 18.5% of the peak: 42% is more than recomputation explains."""
    noted = found(row(**EARLY, mfu=0.42, compute_method=("hardware",)))["hfu-as-mfu"]
    assert (noted.severity, noted.factor) == ("note", 0.75)
    assert noted.numbers["ratio"] == pytest.approx(0.42 / 0.185, rel=1e-3)


@pytest.mark.parametrize(
    "columns",
    [
        {"mfu": 0.19},  # count and time give it
        {"mfu": 0.42, "compute": 8.4e23 * 0.42 / 0.185},  # the stated compute gives it
        {"mfu": 0.42, "parameters": 2e9},  # fits on one chip
        {"mfu": 0.42, "hardware": ("Google TPU v3",)},
        {"mfu": 0.42, "hfu": 0.42},
    ],
    ids=["counted", "stated", "small", "tpu", "said"],
)
def test_a_utilization_that_is_borne_out_or_of_another_kind_of_job_is_not_noted(columns: Mapping[str, Any]) -> None:
    assert "hfu-as-mfu" not in found(row(**{**EARLY, **columns}))


def test_flop_of_the_authors_are_not_noted_where_a_count_of_the_same_data_can_tell() -> None:
    alike = {"published": date(2022, 5, 1), "mfu": 0.45, "hardware": ()}
    assert "hardware-flop-of-hfu" not in found(row(**alike))


def test_a_figure_that_moved_is_found_and_a_small_change_is_not() -> None:
    assert "moved" in found(row(), (("epoch-2024-05", row(compute=8.4e22)),))
    assert "moved" not in found(row(), (("epoch-2024-05", row(compute=7e23)),))


def test_the_sum_with_a_base_model_is_no_finding_where_the_increment_is_told() -> None:
    told = {"base_model": ("Abacus 1",), "chip_hours": 1000.0, "training_hours": None, "finetune_compute": 4e20}
    assert not {"base-model-counted", "lost-exponent"} & set(found(row(**told)))


def test_few_tokens_are_tokens_where_the_compute_bears_them_out() -> None:
    few = {"dataset_size": 3e11, "parameters": 175e9, "compute": 6 * 3e11 * 175e9, "model": "Abacus", "mfu": None}
    assert "tokens-per-parameter" not in found(row(**few, chip_hours=None, training_hours=None))


def test_an_early_language_model_without_epochs_is_not_counted() -> None:
    old = {"published": date(2018, 5, 1), "epochs": None, "compute": 8.4e24, "hardware": (), "mfu": None}
    assert found(row(**old)) == {}


def test_a_chip_of_ones_own_before_its_announcement_is_a_note() -> None:
    early = {"hardware": ("Google TPU v4",), "published": date(2021, 1, 1)}
    assert found(row(**early))["chip-after-model"].severity == "note"


def test_waste_is_a_warning_and_more_than_a_machine_can_do_an_error() -> None:
    for hours, severity in ((0.2, "error"), (20.0, "warning")):
        wrong = row(chip_hours=None, training_hours=HOURS * hours, mfu=None)
        assert found(wrong)["implied-utilization"].severity == severity


# Dossiers


def looked(dossier: Dossier) -> dict[str, Finding]:
    return {finding.id: finding for finding in inspect_dossier(dossier, "test.toml", rules_named([])).findings}


HARDWARE = {"about": "chips", "value": "2048 chip", "chip": "nvidia/a100-sxm-80gb"}
CLEAN = [
    ("parameters", "70B parameter"),
    ("tokens", "2T token"),
    ("precision", "bf16"),
    ("mfu", "0.42"),
    ("duration", "987 h"),
]


def test_a_sound_dossier_gives_no_finding(written: Callable[..., Dossier]) -> None:
    assert looked(written(*CLEAN, HARDWARE)) == {}


def test_a_dossier_without_a_method_is_looked_at(written: Callable[..., Dossier]) -> None:
    assert looked(written(("parameters", "70B parameter"))) == {}


def test_a_dossier_that_calls_its_figure_hardware_flop_is_not_suspected(written: Callable[..., Dossier]) -> None:
    old = 'name = "Model"\npublished = 2022-01-01\ndomain = ["language"]\n'
    figure = {"about": "compute", "value": "1.12e24 FLOP"}
    sound = CLEAN[:2]
    assert "hardware-flop" in looked(written(*sound, figure, head=old))
    assert looked(written(*sound, figure | {"tag": "hardware"}, head=old)) == {}


def test_the_compute_of_a_fine_tuning_that_holds_the_base_is_an_error(written: Callable[..., Dossier]) -> None:
    head = 'name = "Model"\npublished = 2024-01-01\ndomain = ["language"]\nbase_model = "Other"\n'
    tuned = [("parameters", "70B parameter"), ("tokens", "2B token"), ("compute", "8.4e23 FLOP")]
    assert looked(written(*tuned, head=head))["base-model-counted"].severity == "error"


def test_a_claimed_peak_of_no_format_is_an_error_and_the_sparse_one_is_named(written: Callable[..., Dossier]) -> None:
    chips = {"about": "chips", "value": "2048 chip", "chip": "nvidia/h100-sxm"}
    base = [*CLEAN[:2], ("duration", "987 h"), chips]
    wrong = looked(written(*base, ("peak", "133.8 TFLOP/s")))["stated-peak"]
    assert wrong.severity == "error"
    assert wrong.factor == pytest.approx(989.4 / 133.8)
    assert "sparse" in looked(written(*base, ("peak", "1979 TFLOP/s")))["stated-peak"].text
    assert "stated-peak" not in looked(written(*base, ("peak", "989 TFLOP/s")))


def test_claims_of_equal_standing_that_differ_are_a_note(written: Callable[..., Dossier]) -> None:
    other = {"about": "tokens", "value": "3T token", "source": "https://example.com"}
    assert looked(written(*CLEAN, HARDWARE, other))["claims-disagree"].severity == "note"


def test_another_architecture_is_found_by_its_parameters(written: Callable[..., Dossier]) -> None:
    claims = [{"about": "architecture", "value": "alexnet"}, ("examples", "1M example"), ("parameters", "1B parameter")]
    assert looked(written(*claims))["parameter-closure"].numbers["counted"] == pytest.approx(6e7, rel=0.1)


def test_stages_add_up_before_they_are_judged() -> None:
    stage = (
        '[[stages]]\nname = "{}"\n[[stages.claims]]\nabout = "tokens"\nvalue = "1T token"\nsource = "https://e.org"\n'
        '[[stages.claims]]\nabout = "duration"\nvalue = "493 h"\nsource = "https://e.org"\n'
    )
    text = HEAD + claim(*CLEAN[0]) + claim(*CLEAN[2]) + claim(**HARDWARE) + stage.format("one") + stage.format("two")
    assert looked(read_dossier(text.encode(), "test.toml", "test/model")) == {}
    shorter = text.replace("493 h", "49 h")
    assert "implied-utilization" in looked(read_dossier(shorter.encode(), "test.toml", "test/model"))


def test_findings_come_worst_first() -> None:
    one = row(mfu=42.0, published=None, compute_high=1e23, model="Abacus 7B")
    item = Item(id="abacus/one", names=(one.model,), curated=False, vintage="epoch-2025-06", row=one)
    order = [SEVERITIES.index(finding.severity) for finding in findings(of_item(item))]
    assert order == sorted(order)
    assert len(set(order)) == 3


@pytest.mark.parametrize(("model", "severity"), [("alphago-zero", "warning"), ("bert-large", "note"), ("gpt-3", None)])
def test_a_dossier_is_held_against_every_edition_of_a_table(model: str, severity: str | None) -> None:
    signs = inspect_model(model, None, rules_named(["tables-apart"])).findings
    assert [finding.severity for finding in signs] == ([severity] if severity else [])
