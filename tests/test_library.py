"""Finding models by name, over dossiers and tables."""

from __future__ import annotations

import pickle
import re
from datetime import timedelta

import pytest

from comptometer import bulk
from comptometer.dossiers import dossier, dossier_ids, dossier_names, names_of
from comptometer.errors import NotFound
from comptometer.evidence import median
from comptometer.library import MANY, dossier_named, library
from comptometer.sources import name_key


@pytest.mark.parametrize("name", dossier_ids())
def test_the_head_of_a_dossier_names_it_as_the_whole_does(name: str) -> None:
    record = dossier(name)
    assert set(names_of(name)) == {record.name, *record.aliases}


def test_no_two_curated_models_answer_to_one_name() -> None:
    owners: dict[str, str] = {}
    for model_id in dossier_ids():
        for name in {name_key(name) for name in (*names_of(model_id), model_id)}:
            assert owners.setdefault(name, model_id) == model_id, name
    assert owners.keys() <= dossier_names().keys()


@pytest.mark.parametrize(
    ("written", "model_id"),
    [("gpt 3", "openai/gpt-3"), ("GPT-3 175B (davinci)", "openai/gpt-3"), ("llama 3.1-405b", "meta/llama-3.1-405b"),
     ("grok 4", "xai/grok-4"), ("deepmind/impala", "deepmind/impala"),
     ("OPT-1.3B", "meta-ai/opt-1.3b"), ("llama 31 405b", "meta/llama-3.1-405b")],
)  # fmt: skip
def test_models_are_found_by_any_of_their_names(written: str, model_id: str) -> None:
    assert library().item(written).id == model_id
    assert dossier_named(written).id == model_id


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("llama3 405", "Llama 3.1-405B"),
        ("alexnt", "AlexNet"),
        ("gpt 4o mini 2", "GPT-4o mini"),
        ("deepseek v33", "DeepSeek-V3"),
    ],
)
def test_what_is_not_found_is_answered_with_what_may_be_meant(written: str, suggested: str) -> None:
    with pytest.raises(NotFound) as error:
        library().item(written)
    assert any(suggested in name for name in error.value.suggestions)


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("opt", "OPT-175B"),
        ("llama 3", "Llama 3.1-405B"),
        ("yi", "Yi-"),
        ("t5", "T5-11B"),
        ("gemini", "Gemini 1.0 Ultra"),
    ],
)
def test_a_family_is_answered_with_its_members_the_largest_of_note_first(written: str, first: str) -> None:
    with pytest.raises(NotFound) as error:
        library().item(written)
    assert error.value.suggestions[0].startswith(first)
    letters = "".join(filter(str.isalpha, written))
    assert all(re.search(rf"\b{letters}", name, re.IGNORECASE) for name in error.value.suggestions)
    assert len(set(error.value.suggestions)) == len(error.value.suggestions)


def test_a_large_family_says_how_to_list_it() -> None:
    with pytest.raises(NotFound, match=r"\? comptometer models list --find 'llama 3' lists every name") as error:
        library().item("llama 3")
    assert len(error.value.suggestions) == MANY
    assert pickle.loads(pickle.dumps(error.value)).message == error.value.message


def test_a_number_is_a_version_and_not_the_beginning_of_another() -> None:
    names = {item.names[0] for item in library().family("llama 3")}
    assert {"Llama 3.1-405B", "Llama 3 70B"} <= names
    assert not any(name.startswith(("LLaMA-33B", "Llama 2")) for name in names)


def test_a_model_that_the_default_lacks_comes_from_the_next_older_vintage() -> None:
    origins = {item.vintage for item in library().items.values()}
    assert {"epoch-2024-05", "epoch-2025-06", "epoch-2026-07"} <= origins
    for item in library().items.values():
        assert item.vintage not in [name for name, _ in item.history]


def test_an_older_library_holds_nothing_newer() -> None:
    assert {item.vintage for item in library("epoch-2024-05", curated=False).items.values()} == {"epoch-2024-05"}


def test_what_the_table_says_of_a_curated_model_is_put_aside() -> None:
    item = library().item("GPT-3")
    assert item.curated
    assert any(claim.source == f"{item.vintage}-models" for claim in item.dossier().aside)
    assert not item.dossier(aside=False).aside


def test_no_model_is_in_twice_as_a_dossier_and_as_a_row() -> None:
    """A row with the date, the size and the name of a dossier, up to what stands in brackets, is that model."""
    curated = [dossier(item.id) for item in library().items.values() if item.curated and item.row is None]
    for item in library().items.values():
        row = item.row
        if item.curated or row is None or row.published is None or not row.parameters:
            continue
        for own in curated:
            sizes = [median(claim) for claim in own.claims if claim.about == "parameters" and claim.belief]
            near = own.published and abs(own.published - row.published) < timedelta(30)
            if near and sizes and abs(sizes[0] / row.parameters - 1) < 0.02:
                bare = name_key(row.model.partition("(")[0])
                assert bare not in {name_key(name.partition("(")[0]) for name in names_of(own.id)}, (item.id, own.id)


def test_every_domain_of_the_tables_has_a_word() -> None:
    for item in library().items.values():
        if item.row:
            assert bool(bulk.domains(item.row)) == bool(item.row.domain)
