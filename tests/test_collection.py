"""The catalogue as a collection: rows, conditions, profiles, models beside each other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import comptometer
from comptometer.collection import COLUMNS, Models
from comptometer.documents.models import ModelComparisonDocument, ModelDocument
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.model_comparison import compared
from comptometer.profile import profile
from comptometer.vintages import vintage


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return Models().rows()


def test_the_catalogue_holds_thousands_and_a_thousand_of_note(rows: list[dict[str, Any]]) -> None:
    assert len(rows) > 1900
    assert sum(row["notable"] for row in rows) > 1000
    assert sum(row["origin"] == "curated" for row in rows) >= 190
    assert sum(row["training_compute_flop"] is not None for row in rows) > 1200
    assert all(set(COLUMNS) <= row.keys() for row in rows)


def test_a_row_says_what_the_entry_says(rows: list[dict[str, Any]]) -> None:
    for row in rows[:: len(rows) // 60]:
        if row["training_compute_flop"] is None:
            with pytest.raises(NotEnoughEvidence, match="not enough evidence"):
                comptometer.models[row["id"]]
            continue
        entry = comptometer.models[row["id"]]
        assert row["training_compute_flop"] == entry.median
        assert (row["p5"], row["p95"]) == entry.interval()
        assert row["verdict"] == entry.compute.verdict
        assert set(row["methods"]) == set(entry.methods)


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"since": "2024-01-01"}, lambda row: row["published"] >= date(2024, 1, 1)),
        ({"until": date(1990, 1, 1)}, lambda row: row["published"] <= date(1990, 1, 1)),
        ({"organization": "openai"}, lambda row: "openai" in row["developer"].lower()),
        ({"country": "china"}, lambda row: "China" in row["country"]),
        ({"domain": "games"}, lambda row: "games" in row["domain"]),
        ({"notable": True}, lambda row: row["notable"]),
        ({"open_weights": False}, lambda row: row["open_weights"] is False),
        ({"method": "hardware-time"}, lambda row: row["hardware_time_flop"] is not None),
        ({"verdict": "conflict"}, lambda row: row["verdict"] == "conflict"),
        ({"verdict": "none"}, lambda row: row["training_compute_flop"] is None),
        ({"origin": "curated"}, lambda row: row["origin"] == "curated"),
        ({"at_least": "1e25"}, lambda row: (row["total_compute_flop"] or row["training_compute_flop"]) >= 1e25),
        ({"at_most": "1 pfs-day"}, lambda row: row["total_compute_flop"] <= 8.64e19),
    ],
)  # fmt: skip
def test_a_condition_keeps_exactly_those_that_meet_it(
    conditions: dict[str, Any], holds: Any, rows: list[dict[str, Any]]
) -> None:
    def meets(row: dict[str, Any]) -> bool:
        try:
            return bool(holds(row))
        except TypeError:  # a date or a number that the row does not have
            return False

    wanted = {row["id"] for row in rows if meets(row)}
    assert wanted
    assert set(Models().where(**conditions)) == wanted


def test_conditions_add_up() -> None:
    once = Models().where(organization="google", domain="language", since="2022-01-01")
    again = Models().where(organization="google").where(domain="language").where(since="2022-01-01")
    assert list(once) == list(again)


def test_a_domain_is_meant_in_any_case() -> None:
    plain = Models().where(domain="language", since="2024-06-01").rows()
    assert plain == Models().where(domain="Language", since="2024-06-01").rows() != []


def test_all_that_is_wrong_with_conditions_is_said_at_once() -> None:
    with pytest.raises(UsageError) as error:
        Models().where(verdct="conflict", domain="chess", since="soon", at_least="5 parsecs")
    said = str(error.value)
    assert "did you mean 'verdict'?" in said
    assert 'no domain "chess"' in said
    assert "'soon' is not a date" in said
    assert "parsecs" in said


def test_another_vintage_is_another_catalogue() -> None:
    older = Models("epoch-2024-05", curated=False)
    assert len(older) == len(vintage("epoch-2024-05").rows)


@pytest.mark.parametrize("name", ["gpt-3", "Grok 4", "PaLM-E", "alexnet", "Code Llama-70B", "AlphaStar"])
def test_a_profile_keeps_the_shape_that_scripts_rely_on(name: str) -> None:
    document = profile(name).to_dict()
    ModelDocument.model_validate(document)
    named = {source["id"] for source in document["sources"]}
    assert {claim["source"] for claim in [*document["claims"], *document["aside"]]} <= named


def test_the_rank_on_a_profile_is_the_rank_in_the_list(rows: list[dict[str, Any]]) -> None:
    ranked = {row["id"]: row["rank_at_release"] for row in rows}
    for name in ("openai/gpt-3", "university-of-toronto/alexnet", "meta/llama-3.1-405b"):
        assert profile(name).rank == ranked[name]
    assert ranked["openai/gpt-3"] == 1


def test_models_beside_each_other() -> None:
    table = compared([profile("gpt-3"), profile("palm"), profile("PaLM-E")])
    document = table.to_dict()
    ModelComparisonDocument.model_validate(document)
    compute = next(row for row in document["rows"] if row["quantity"] == "training_compute_flop")
    assert compute["ratios"][0] == 1
    assert compute["ratios"][1] == pytest.approx(8.1, rel=0.05)
    assert compute["ratios"][2] is None
    assert document["compute_ratio"][2] is None


def test_comparing_asks_no_check_and_works_out_no_cost() -> None:
    models = [profile("gpt-3"), profile("palm")]
    assert compared(models).to_dict()["compute_ratio"][0] is not None
    assert not [model for model in models if {"findings", "cost"} & set(vars(model))]
    assert models[0].cost is not None
    assert "cost" in vars(models[0])


def test_models_of_which_only_the_increment_is_known_have_no_rank_and_no_upper_bound(
    rows: list[dict[str, Any]],
) -> None:
    open_ended = [row for row in rows if row["training_compute_flop"] and row["total_compute_flop"] is None]
    assert open_ended
    assert {row["basis"] for row in open_ended} == {"increment"}
    assert all(row["rank_at_release"] is None for row in open_ended)
    assert not {row["id"] for row in open_ended} & set(Models().where(at_most="1e30"))


def test_a_model_is_ranked_by_what_it_took_with_its_bases(rows: list[dict[str, Any]]) -> None:
    by_id = {row["id"]: row for row in rows}
    tuned, base = by_id["deepseek/deepseek-r1"], by_id["deepseek/deepseek-v3"]
    assert tuned["basis"] == "increment"
    assert tuned["total_compute_flop"] == pytest.approx(
        tuned["training_compute_flop"] + base["training_compute_flop"], rel=0.03
    )
    assert tuned["rank_at_release"] < 100
    assert tuned["id"] in Models().where(at_least=3e24)
