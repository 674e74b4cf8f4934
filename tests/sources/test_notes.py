"""What is read from notes: plain statements are found, and notes that are not plain say nothing."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from comptometer.sources._compute_method import inferred_methods, stated_methods
from comptometer.sources._dataset_unit import dataset_unit
from comptometer.sources._experts import active_parameters, is_mixture_of_experts


@pytest.mark.parametrize(
    ("notes", "methods"),
    [
        ("C = 6ND = 6 FLOP / token / parameter * 7B parameters * 2T tokens", ["operation-counting"]),
        ("https://www.wolframalpha.com/input?i=6+FLOP+*+13+billion+*+380+billion", ["operation-counting"]),
        ("275 teraFLOP/s * 2048 * 5 * 24 * 3600 * 0.3 (assumed utilization) = 7.3e22", ["hardware"]),
        ("2*24*3600*8*125e12*0.3", ["hardware"]),  # days times hours, not twice the parameters
        ("6 * 34B * 3T\n256 GPUs * 90 days * 24 * 3600 * 312e12 * 0.4", ["operation-counting", "hardware"]),
        ("reported by the authors: 2.75*10^23 FLOP", ["reported"]),
        ("43,500 petaflop-days per Table 1: 43500 * 1e15 * 24 * 3600 = 3.76e24", ["reported"]),
        ("source: https://lair.lighton.ai/akronomicon/", ["third-party"]),
        ("imputed from benchmark scores", ["benchmark"]),
        ("From Llama 2-13B", []),
        ("", []),
    ],
)
def test_how_compute_was_found(notes: str, methods: list[str]) -> None:
    assert inferred_methods(notes) == methods


def test_stated_methods_are_in_one_order_and_an_unknown_word_is_other() -> None:
    assert stated_methods("Hardware,Operation counting") == ["operation-counting", "hardware"]
    assert stated_methods("Divination") == ["other"]


def test_inferred_methods_agree_with_stated_ones(shared: Path) -> None:
    raw = gzip.decompress((shared / "data/epoch/epoch-2025-06-all-models.csv.gz").read_bytes()).decode()
    pairs = [
        (stated_methods(row["Training compute estimation method"]), inferred_methods(row["Training compute notes"]))
        for row in csv.DictReader(io.StringIO(raw, newline=""))
    ]
    both = [(stated, inferred) for stated, inferred in pairs if stated and inferred]
    assert len(both) > 850
    assert sum(stated == inferred for stated, inferred in both) / len(both) > 0.85
    assert sum(bool(set(stated) & set(inferred)) for stated, inferred in both) / len(both) > 0.95


@pytest.mark.parametrize(
    ("model", "parameters", "notes", "active"),
    [
        ("Inkling", "975000000000.0", "975B total, 41B active", "41000000000"),
        ("Qwen3-235B-A22B", "", "", "22000000000"),
        ("Mixtral 8x7B", "46.7e9", "6 FLOP / token / parameter * 12.9 * 10^9 active parameters", "12900000000"),
        ("GLaM", "1.2e12", "The network activates 96.6 billion parameters per token", "96600000000"),
        ("ERNIE", "424e9", "total parameters - 424B\nactive parameters - 47B", "47000000000"),
        ("P1", "235e9", "has 235B total, 22B active. The small one has 30B total, 3B active", "22000000000"),
        ("o1-mini", "", "active parameters around 10B-30B", ""),
        ("X", "1e9", "we suspect 3M active parameters", ""),
        ("X", "1e9", "all activations are in bfloat16", ""),
        ("X", "1e9", "2B active parameters", ""),  # more than there are
        ("X", "1e11", "either 10B active parameters\nor 20B active parameters", ""),
    ],
)
def test_active_parameters(model: str, parameters: str, notes: str, active: str) -> None:
    assert active_parameters(model, parameters, notes) == active


@pytest.mark.parametrize(
    ("model", "notes", "abstract", "expected"),
    [
        ("Mixtral 8x7B", "", "", True),
        ("OLMoE", "", "", True),
        ("Gemini 1.5 Pro", "MoE architecture", "", True),
        ("K-EXAONE", "", "K-EXAONE is built on a Mixture-of-Experts architecture", True),
        ("Qwen3-4B", "", "a suite of dense and mixture-of-experts (MoE) models", False),
        ("GShard (dense)", "Sparsely-Gated Mixture-of-Experts", "", False),
        ("CPM-2", "a model with 11B parameters and its corresponding MoE version with 198B", "", False),
        ("Doubao", "employs a non-Mixture-of-Experts architecture", "", False),
        ("phi-3", "", "rivals Mixtral 8x7B", False),
        ("WeNet", "", "Such networks bear similarity to mixture of experts.", False),
    ],
)
def test_mixture_of_experts(model: str, notes: str, abstract: str, expected: bool) -> None:
    assert is_mixture_of_experts(model, [notes], abstract, None) == expected


@pytest.mark.parametrize(
    ("size", "notes", "unit"),
    [
        ("29600000.0", "from table 3: 29.6M images", "images"),
        ("1400000000.0", "1.4B text-image pairs", "pairs"),
        ("8000000000000.0", "the 9B model on 8 trillion text tokens", "tokens"),
        ("532000000000.0", "708.9 billion tokens. At 0.75 words per token, that's 532B words", "words"),
        ("750000000000.0", "1 trillion tokens", ""),
        ("36000000000000.0", "36T", ""),
        ("100", "100 tokens per sequence", ""),
        ("", "1T tokens", ""),
    ],
)
def test_what_a_size_counts(size: str, notes: str, unit: str) -> None:
    assert dataset_unit(size, notes) == unit


@pytest.mark.parametrize("notes", ["1" * 20_000, "1," * 10_000, "8 GPU " * 3_000, "1 " + "a-" * 10_000])
def test_no_notes_are_mistaken_however_long(notes: str) -> None:
    assert active_parameters("X", "1e9", notes) == ""
    assert dataset_unit("5", notes) == ""
    assert not is_mixture_of_experts("X", [notes], notes, None)
