"""AI and Compute, recomputed: against what it published, and against an independent recalculation."""

from __future__ import annotations

import json

import pytest

from comptometer.dossiers import dossier
from comptometer.errors import NotFound
from comptometer.studies import replicate, verdict
from comptometer.studies.openai_2018 import facts

# Recomputed over printed result, by hand from the operands of the article's appendix.
RATIOS = {
    ("ResNet-152", "operations"): 0.1216 / 0.117,
    ("AlexNet", "hardware-time"): 0.005735 / 0.0058,
    ("AlexNet", "operations"): 0.005625 / 0.0054,
    ("Dropout", "hardware-time"): 0.002033 / 0.0021,
    ("Visualizing & Understanding Conv Nets", "hardware-time"): 0.006098 / 0.0062,
    ("DQN", "operations"): 2.8333e-5 / 2.7e-5,
    ("Seq2Seq", "operations"): 0.12904 / 0.085,
    ("Seq2Seq", "hardware-time"): 0.0924 / 0.093,
    ("VGG", "operations"): 0.09867 / 0.098,
    ("VGG", "hardware-time"): 0.10098 / 0.12,
    ("DeepSpeech2", "operations"): 0.29491 / 0.30,
    ("DeepSpeech2", "hardware-time"): 0.240 / 0.25,
    ("Xception", "hardware-time"): 5.049 / 5.0,
    ("Neural Architecture Search", "operations"): 22.2222 / 22,
    ("Neural Architecture Search", "hardware-time"): 31.046 / 31,
    ("Neural Machine Translation (GNMT)", "hardware-time"): 76.64 / 79,
}


@pytest.fixture(scope="module")
def document() -> dict:  # type: ignore[type-arg]
    return replicate("openai-2018").to_dict()


def test_the_sixteen_printed_calculations_multiply_out_as_by_hand(document: dict) -> None:  # type: ignore[type-arg]
    found = {(row["model"], row["method"]): row["ratio"] for row in document["calculations"]}
    assert found == pytest.approx(RATIOS, rel=1e-3)


def test_the_two_slips_are_found(document: dict) -> None:  # type: ignore[type-arg]
    slips = {(row["model"], row["method"]) for row in document["calculations"] if row["verdict"] == "slip"}
    assert slips == {("Seq2Seq", "operations"), ("VGG", "hardware-time")}


def test_the_charted_points_follow_from_their_operands(document: dict) -> None:  # type: ignore[type-arg]
    typed = {"DQN": 0.05, "VGG": 0.01}
    assert len(document["points"]) == 15
    for row in document["points"]:
        assert row["computed_pfs_days"] == pytest.approx(row["chart_pfs_days"], rel=typed.get(row["model"], 1e-6))


def test_what_has_no_published_working_is_said_to_be_reported(document: dict) -> None:  # type: ignore[type-arg]
    reported = {row["model"] for row in document["points"] if row["method"] == "reported"}
    assert reported == {"GoogLeNet", "TI7 Dota 1v1", "AlphaGo Zero", "AlphaZero"}


def test_the_fit_is_the_published_one(document: dict) -> None:  # type: ignore[type-arg]
    fit = document["fit"]
    assert fit["doubling_days"]["estimate"] == pytest.approx(104.60545, abs=1e-3)
    assert fit["doubling_months"]["estimate"] == pytest.approx(3.43, abs=0.005)
    assert fit["r2"] == pytest.approx(0.7723, abs=1e-4)
    assert fit["growth_per_year"]["estimate"] == pytest.approx(11.2487, abs=1e-3)
    assert (fit["doubling_months"]["p5"], fit["doubling_months"]["p95"]) == pytest.approx((2.54, 4.45), abs=0.1)


def test_leaving_out_one_model_moves_the_fit_as_recalculated(document: dict) -> None:  # type: ignore[type-arg]
    months = {row["model"]: row["doubling_months"] for row in document["leave_one_out"]}
    assert months["AlexNet"] == pytest.approx(3.06, abs=0.01)
    assert months["DQN"] == pytest.approx(3.78, abs=0.01)
    assert min(months, key=months.__getitem__) == "AlexNet"
    assert max(months, key=months.__getitem__) == "DQN"


def test_growth_and_moores_law(document: dict) -> None:  # type: ignore[type-arg]
    assert document["growth"]["ratio"] == pytest.approx(321_726, rel=1e-5)
    figures = {row["id"]: row for row in document["figures"]}
    assert figures["moore-18"]["obtained"] == pytest.approx(12.0, abs=0.05)
    assert figures["moore-24"]["obtained"] == pytest.approx(6.5, abs=0.05)
    assert all(row["verdict"] in {"matches", "rounding"} for row in figures.values())


# By hand: multiply-adds of the networks' layers; training over forward; the article's examples and epochs.
COUNTED = {
    "AlexNet": (724_406_816, (3 * 724_406_816 - 105_415_200) * 2 * 1.2e6 * 90),
    "DQN": (2_970_112, (3 * 2_970_112 - 1_638_400) * 2 * 5e6 * 32),
    "VGG": (15_470_264_320, (3 * 15_470_264_320 - 86_704_128) * 2 * 1.2e6 * 74),
    "Seq2Seq": ((25 * 32e6 + 29 * 112e6) / 54, (25 * 32e6 + 29 * 112e6) / 54 * 6 * 652e6 * 7.5),
    "ResNet-152": (11_282_415_616, (3 * 11_282_415_616 - 118_013_952) * 2 * 1.2e6 * 128),
}


def test_five_networks_are_counted_exactly(document: dict) -> None:  # type: ignore[type-arg]
    rows = {row["model"]: row for row in document["counts"]}
    assert rows.keys() == COUNTED.keys()
    for model, (macs, training) in COUNTED.items():
        assert rows[model]["counted_macs_per_example"] == pytest.approx(macs, rel=1e-12)
        assert rows[model]["counted_pfs_days"] == pytest.approx(training / 8.64e19, rel=1e-12)


def test_the_backward_factor_lacks_the_first_layers_input_gradient(document: dict) -> None:  # type: ignore[type-arg]
    factors = {row["model"]: row["backward_factor"] for row in document["counts"]}
    assert factors["Seq2Seq"] == 3  # begins with a table of words, after which every product forms both gradients
    assert all(2.4 < factors[model] < 3 for model in factors.keys() - {"Seq2Seq"})


def test_counts_stand_beside_what_is_printed_and_recomputed(document: dict) -> None:  # type: ignore[type-arg]
    ratios = {row["model"]: round(row["ratio"], 3) for row in document["counts"]}
    assert ratios == {"AlexNet": 0.919, "DQN": 0.951, "VGG": 0.965, "Seq2Seq": 0.197, "ResNet-152": 0.986}
    calculated = {row["model"]: row for row in document["calculations"] if row["method"] == "operations"}
    for row in document["counts"]:
        for key in ("printed_pfs_days", "recomputed_pfs_days"):
            assert row[key] == calculated[row["model"]][key]


def test_points_have_a_count_where_the_network_is_known_and_none_elsewhere(document: dict) -> None:  # type: ignore[type-arg]
    counted = {row["model"]: row["counted_pfs_days"] for row in document["points"] if row["counted_pfs_days"]}
    assert counted == {row["model"]: row["counted_pfs_days"] for row in document["counts"]}
    assert [row["counted_pfs_days"] for row in document["points"] if row["model"] == "DeepSpeech2"] == [None]


def test_a_count_does_not_touch_the_articles_own_figures(document: dict) -> None:  # type: ignore[type-arg]
    for row in [*document["points"], *document["calculations"]]:
        assert "counted" not in row["formula"]


def test_the_consistency_pairs_are_hardware_time_over_operations(document: dict) -> None:  # type: ignore[type-arg]
    recomputed = {row["model"]: 1 / row["ratio_recomputed"] for row in document["consistency"]}
    expected = {"AlexNet": 0.98, "Seq2Seq": 1.40, "VGG": 0.98, "DeepSpeech2": 1.23, "Neural Architecture Search": 0.72}
    assert recomputed == pytest.approx(expected, abs=0.006)


def test_every_operand_of_a_calculation_is_a_claim_of_the_article(document: dict) -> None:  # type: ignore[type-arg]
    for row in document["calculations"]:
        for claim in row["claims"]:
            assert (
                claim.endswith("@openai-2018-ai-and-compute")
                or claim == "assumption:backward-factor"
                or (claim == "assumption:epochs")
            )


def test_modest_results_stand_apart(document: dict) -> None:  # type: ignore[type-arg]
    assert len(document["modest"]) == 6
    assert sum(row["upper_bound"] for row in document["modest"]) == 4
    assert not {row["model"] for row in document["modest"]} & {row["model"] for row in document["points"]}


def test_the_eras_hold_all_points(document: dict) -> None:  # type: ignore[type-arg]
    assert [era["models"] for era in document["eras"]] == [0, 4, 5, 6]


def test_repetition_gives_the_same_bytes(document: dict) -> None:  # type: ignore[type-arg]
    assert json.dumps(document) == json.dumps(replicate("openai-2018").to_dict())


def test_the_two_eras_have_the_recalculated_doubling_times() -> None:
    fits = replicate("openai-2019-eras").document["fits"]
    assert fits["first"]["doubling_months"]["estimate"] == pytest.approx(21.8, abs=0.05)
    assert fits["modern"]["doubling_months"] == replicate("openai-2018").document["fit"]["doubling_months"]


def test_digitised_values_are_marked() -> None:
    points = {row["model"]: row for row in replicate("openai-2019-eras").document["points"]}
    assert points["Perceptron"]["digitised"]
    assert not points["LeNet-5"]["digitised"]
    assert len(points) == 22


def test_verdicts_of_printed_figures() -> None:
    assert [verdict(x, 1.0) for x in (1.009, 1.011, 0.91, 0.89, 1.2)] == [
        "matches",
        "rounding",
        "rounding",
        "slip",
        "slip",
    ]


def test_an_unknown_study_names_those_that_exist() -> None:
    with pytest.raises(NotFound, match="openai-2018"):
        replicate("openai-2017")


def test_the_chart_keeps_its_own_dates_and_a_dossier_the_day_of_publication(document: dict) -> None:  # type: ignore[type-arg]
    charted = {row["model"]: row["date"] for row in document["points"] + document["modest"]}
    published = {name: dossier(name, shipped=True) for name in facts()["dates"]}
    moved = {
        d.name: (charted[d.name], str(d.published)) for d in published.values() if charted[d.name] != str(d.published)
    }
    assert moved == {
        "AlexNet": ("2012-06-01", "2012-09-30"),
        "Neural Machine Translation (GNMT)": ("2016-09-25", "2016-09-26"),
        "AlphaGo Zero": ("2017-10-19", "2017-10-18"),
        "Transformer": ("2017-06-01", "2017-06-12"),
        "Adam": ("2014-12-01", "2014-12-22"),
        "GANs": ("2014-06-01", "2014-06-10"),
        "Word2Vec": ("2013-10-01", "2013-10-16"),
        "Variational auto-encoders": ("2013-12-01", "2013-12-20"),
    }
