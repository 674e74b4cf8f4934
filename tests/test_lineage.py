"""What a model's compute holds, and what the pages and explanations say of it."""

from __future__ import annotations

import pytest

import comptometer
from comptometer import editions, lineage
from comptometer.catalogue import Entry, attempt
from comptometer.cli._model_page import page
from comptometer.library import Item, Library, library
from comptometer.profile import profile


def found(name: str) -> tuple[Item, Entry, Library]:
    company = library()
    item = company.item(name)
    entry = attempt(item.dossier(aside=False))
    assert isinstance(entry, Entry)
    return item, entry, company


@pytest.mark.parametrize(
    ("name", "basis", "said"),
    [
        ("GPT-3", "total", ""),
        ("QwQ-32B", "total-with-base", "this is the total"),
        ("Composer 2", "total-with-base", "this is the total"),
        ("GPT-4 (Jun 2023)", "total-with-base", "this is the total"),
        ("DeepSeek-R1", "increment", "this is what was spent on top of it"),
        ("Code Llama-70B", "increment", "this is what was spent on top of it"),
        ("T0-XXL", "increment", "this is what was spent on top of it"),  # below a tenth of T5-11B: it cannot hold it
    ],
)
def test_only_an_increment_is_said_to_be_one(name: str, basis: str, said: str) -> None:
    _, entry, _ = found(name)
    assert entry.basis == basis
    assert said in entry.built_on
    assert bool(said) == bool(entry.built_on)


def test_the_total_of_an_increment_has_that_of_its_base() -> None:
    item, entry, company = found("Code Llama-70B")
    _, base, _ = found("Llama 2-70B")
    whole = lineage.total(item, entry, company)
    assert whole is not None
    assert whole.median == pytest.approx((entry.value + base.value).median)


def test_bases_add_up_over_generations() -> None:
    item, entry, company = found("R1 1776")  # on DeepSeek-R1, which is itself built on DeepSeek-V3
    whole = lineage.total(item, entry, company)
    assert whole is not None
    assert whole.median > found("DeepSeek-V3")[1].median > 100 * entry.median


def test_where_the_base_is_not_known_the_stated_sum_counts_or_nothing_does() -> None:
    item, entry, company = found("LLaVA 1.5")  # Vicuna-13B v0 has no estimate
    whole = lineage.total(item, entry, company)
    assert whole is not None
    assert whole.median == pytest.approx(7.8e22, rel=0.01)
    item, entry, company = found("hugging-face/zephyr-7b")
    assert lineage.total(item, entry, company) is None


def test_a_page_says_what_the_figure_holds_and_why_there_is_no_rank() -> None:
    tuned = page(profile("DeepSeek-R1"))
    assert "With its base" in tuned
    assert "by training compute with its base's" in tuned
    assert "put aside: tokens" in tuned
    alone = page(profile("hugging-face/zephyr-7b"))
    assert "Mistral 7B has no estimate, and so this has no rank" in alone
    assert "Rank at release" not in alone
    assert "With its base" not in page(profile("QwQ-32B"))


def test_an_explanation_says_what_a_row_was_built_on_and_shows_the_stated_sum() -> None:
    tree = str(comptometer.explain("DeepSeek-R1"))
    assert "built on DeepSeek-V3: this is what was spent on top of it" in tree
    assert "lineage compute = 3.5e24 FLOP" in tree
    assert "put aside: tokens" in tree


def test_a_page_shows_both_answers_of_a_conflict_that_nothing_decides() -> None:
    text = page(profile("StyleGAN"))
    assert "two answers: 3.9e16 FLOP by reported (50%) or 3.7e19 FLOP by hardware-time (50%)" in text
    assert "two answers" not in page(profile("BIDAF"))
    assert "parameters-tokens does not enter the value" in page(profile("BIDAF"))


def test_what_is_missing_but_put_aside_is_said_with_the_reason() -> None:
    text = page(profile("GPT-4 (Jun 2023)"))
    assert "chips 25000 chip, duration 2280 h (of the fine-tuning, while the table" in text
    assert "put aside" not in page(profile("GPT-3")).partition("Claims")[0]


@pytest.mark.parametrize("name", ["alphago-zero", "alphazero"])
def test_a_table_that_is_far_from_a_curated_result_is_named_under_agreement(name: str) -> None:
    told = profile(name)
    newest, *older = told.editions
    assert newest.far
    assert not any(edition.far for edition in older)
    assert "the tables' figures over ours: epoch-2026-07 0.00" in page(told)


def test_editions_are_compared_on_the_same_basis() -> None:
    item, entry, _ = found("meta/sam-vit-h")
    (newest,) = [edition for edition in editions.of(item, entry) if edition.vintage == item.vintage]
    assert newest.ratio is not None
    assert not newest.far
    item, entry, _ = found("Code Llama-70B")  # the tables have the sum only
    assert all(edition.ratio is None for edition in editions.of(item, entry))


def test_a_frozen_tower_or_small_products_are_causes_for_generators_of_images_only() -> None:
    def causes(domain: str, times: float) -> set[str]:
        hours = times * 6e21 / (312e12 * 3600 * 0.18)
        run = comptometer.estimate(
            params="1B", tokens="1T", chip="a100-sxm-80gb", chip_hours=hours, domain=[domain], name="run"
        )
        return {cause.id for cause in run.hypotheses}

    assert "small-products" in causes("image-generation", 4.0)
    assert not {"small-products", "frozen-passes"} & causes("language", 4.0)
    assert "small-products" in {cause.id for cause in comptometer.estimate("stable-diffusion-v1-4").hypotheses}
