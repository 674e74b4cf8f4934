"""The same model in two editions of a table: found under another name, and never taken for its sibling."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from comptometer.identity import keys, matches, why_same
from comptometer.model_row import ModelRow, typed
from comptometer.sources import COLUMNS
from comptometer.vintages import renamed, vintage

PAPER = ("https://arxiv.org/abs/2307.09288",)
EMPTY = typed([["1", "x", *[""] * (len(COLUMNS) - 2)]])[0]


def row(model: str, parameters: float | None = 7e9, **cells: Any) -> ModelRow:
    return EMPTY._replace(
        **{"model": model, "parameters": parameters, "published": date(2023, 7, 18), "link": PAPER} | cells
    )


def found(new: list[ModelRow], old: list[ModelRow]) -> set[tuple[str, str]]:
    return {(old[match.old].model, new[match.new].model) for match in matches([(one,) for one in new], old)}


def test_the_same_name_is_the_same_model_whatever_else_changed() -> None:
    assert found([row("Abacus-1", 8e9, link=())], [row("abacus 1", 7e9)]) == {("abacus 1", "Abacus-1")}


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("CogVLM-17B", "CogVLM"),
        ("GPT-1", "GPT"),
        ("Gemini 1.0 Ultra", "Gemini Ultra"),
        ("Vicuna-13B v0", "Vicuna-13B"),
        ("Swin Transformer V2 (SwinV2-G)", "Swin Transformer V2"),
    ],
)
def test_a_renamed_model_is_found(new: str, old: str) -> None:
    assert found([row(new)], [row(old)]) == {(old, new)}


def test_several_sizes_of_one_paper_stay_apart() -> None:
    old = [row("Llama 2-7B", 7e9), row("Llama 2-13B", 13e9)]
    new = [row("Llama 2-34B", 34e9), row("Llama 2-70B", 70e9)]
    assert found(new, old) == set()


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (row("phi-3.5-mini", 3.8e9), row("phi-3-mini 3.8B", 3.8e9)),  # another version
        (row("GPT-2+Active-SGD (WT2)"), row("GPT-2+Active-SGD (WT 103)")),  # another dataset
        (row("Llama 2-Chat"), row("Llama 2")),  # a variant, nothing else known
        (row("DeepSeek-R1", 671e9), row("DeepSeek-R1-Zero", 671e9)),
        (row("Whisper", 1.55e9), row("Whisper v2", 1.55e9, published=date(2022, 12, 5))),  # months apart
        (row("A"), row("B", link=("https://example.org/other",))),
        (row("A"), row("B", 7.2e9)),
        (row("A"), row("B", published=None)),
        (row("Claude Opus 4", None), row("Claude Sonnet 4", None)),
    ],
)
def test_siblings_are_not_merged(new: ModelRow, old: ModelRow) -> None:
    assert why_same(new, old) == ""
    assert found([new], [old]) == set()


def test_a_variant_with_the_same_compute_is_the_same_run() -> None:
    assert "same address" in why_same(row("Qwen2.5-7B", compute=8.2e23), row("Qwen2.5 Instruct (7B)", compute=8.2e23))


def test_two_candidates_are_none() -> None:
    assert found([row("Mini alpha"), row("Mini beta")], [row("Mini")]) == set()
    assert found([row("Mini")], [row("Mini alpha"), row("Mini beta")]) == set()


def test_arxiv_versions_and_forms_are_one_address() -> None:
    other = row("B", link=("http://arxiv.org/pdf/2307.09288v3.pdf",))
    assert why_same(row("A"), other)


def test_models_of_one_name_are_told_apart_by_organization() -> None:
    old = [row("CALM", 1e8, organization=("NVIDIA",)), row("CaLM", 9e7, organization=("Oxford",), link=())]
    new = [
        row("CaLM", 9e7, organization=("Oxford",), link=(), reference="biology"),
        row("CALM", 1e8, organization=("NVIDIA",)),
    ]
    pairs = {(match.old, match.new) for match in matches([(one,) for one in new], old)}
    assert pairs == {(0, 1), (1, 0)}


def test_keys_are_unique_and_say_what_tells_rows_apart() -> None:
    rows = [
        row("CALM", organization=("NVIDIA",)),
        row("CaLM", organization=("Oxford",)),
        row("calm", organization=("NVIDIA",), published=date(2020, 1, 1)),
        row("calm", organization=("NVIDIA",)),
    ]
    assert keys(rows) == ["calm", "calm@oxford", "calm@2020-01-01", "calm#2"]


def names(new: str, old: str) -> set[tuple[str, str]]:
    return {
        (vintage(old).rows[match.old].model, vintage(new).rows[match.new].model)
        for match in renamed(new, old)
        if match.renamed
    }


def test_the_renames_in_the_shipped_vintages() -> None:
    assert names("epoch-2026-07", "epoch-2025-06") == {
        ("Gemini 2.5 Pro", "Gemini 2.5 Pro (Mar 2025)"),
        ("GPT-4 Turbo", "GPT-4 Turbo (Nov 2023)"),
        ("GPT-4", "GPT-4 (Mar 2023)"),
        ("Handwritten Digit Recognition System", "Handwritten digit recognition network"),
        ("Back-propagation", "MLP with back-propagation"),
        ("BOXES", "Boxes (pole)"),
    }
    earlier = names("epoch-2025-06", "epoch-2024-05")
    assert len(earlier) == 26
    assert {("GPT", "GPT-1"), ("IDEFICS", "IDEFICS-80B"), ("MoE", "MoE-Multi"), ("DeiT", "DeiT-B")} <= earlier
    assert not {"phi-3.5-mini", "GPT-2+Active-SGD (WT2)"} & {new for _, new in earlier}


@pytest.mark.parametrize(("new", "old"), [("epoch-2026-07", "epoch-2025-06"), ("epoch-2025-06", "epoch-2024-05")])
def test_no_row_is_matched_twice(new: str, old: str) -> None:
    found = renamed(new, old)
    assert len({match.new for match in found}) == len({match.old for match in found}) == len(found)
