"""Every documented error of the edition of June 2025 is found, by rules that know no model's name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from comptometer.checks import Finding
from comptometer.inspection import Inspection, inspect_all, rules_named

VINTAGE = "epoch-2025-06"


@pytest.fixture(scope="module")
def inspected() -> Inspection:
    return inspect_all(VINTAGE, rules_named([]))


KNOWN: Sequence[tuple[str, str, float | None]] = [
    # hardware utilization quoted as model utilization: divide by 4/3
    ("BLOOM-176B", "hfu-as-mfu", 0.75),
    ("OPT-175B", "hfu-as-mfu", 0.75),
    ("Yuan 1.0", "hfu-as-mfu", 0.75),
    ("BloombergGPT", "hfu-as-mfu", 0.75),
    ("AlexaTM 20B", "hfu-as-mfu", 0.75),
    ("Megatron-LM (8.3B)", "hfu-as-mfu", 0.75),
    # hardware FLOP beside the model FLOP of others
    ("OPT-175B", "hardware-flop", 0.75),
    ("Fairseq-dense 13B", "hardware-flop", 0.75),
    ("BloombergGPT", "hardware-flop", 0.75),
    ("Yuan 1.0", "hardware-flop-of-hfu", 0.75),
    # half the machines
    ("ViT-22B", "cores-as-chips", 2.0),
    # 17.7 million chip-hours where 7.0 were spent
    ("Falcon-180B", "unusual-utilization", None),
    ("DeepSeek-V2 (MoE-236B)", "hours-per-trillion-tokens", 8.1),
    ("Nemotron-4 15B", "ramped-chips", 0.69),
    # the base model's compute beside the hours of the fine-tuning
    ("OPT-IML (175B)", "base-model-counted", None),
    ("FLAN 137B", "base-model-counted", None),
    ("Code Llama-70B", "base-model-counted", None),
    ("Code Llama-34B", "base-model-counted", None),
    ("Code Llama-7B", "base-model-counted", None),
    ("Code Llama-13B", "lost-exponent", None),
    # forward passes of a teacher in the hours
    ("Llama 3.2 1B", "unusual-utilization", None),
    ("Llama 3.2 3B", "unusual-utilization", None),
    ("GRITLM 7B", "nodes-as-chips", 8.0),
    ("GRITLM 8x7B", "nodes-as-chips", 32.0),
    ("OtterHD-8B", "chip-hours", 3.0),
    ("T0-XXL", "chip-hours", 0.1),
    # pairs and images, not tokens
    ("CLIP (ViT L/14@336px)", "tokens-per-parameter", None),
    ("ALIGN", "tokens-per-parameter", None),
    ("PaLI", "tokens-per-parameter", None),
    ("SigLIP 400M", "implied-utilization", None),
    ("Refact-1.6B", "implied-utilization", None),
    ("GPT3-2.7B (FlashAttention-2)", "percent-as-share", 0.01),
    # names of hardware
    ("Uni-RNA-L-24", "vendor-of-chip", None),
    ("GPT-1", "display-card", 10.0),
    ("EVA-CLIP (EVA-02-CLIP-E/14+)", "display-card", None),
]  # fmt: skip


def of(name: str, rule: str, inspected: Inspection) -> list[Finding]:
    return [finding for finding in inspected.findings if (finding.name, finding.id) == (name, rule)]


@pytest.mark.parametrize(("name", "rule", "factor"), KNOWN, ids=lambda value: str(value))
def test_a_documented_error_is_found(name: str, rule: str, factor: float | None, inspected: Inspection) -> None:
    found = of(name, rule, inspected)
    assert found, [(finding.id, finding.text) for finding in inspected.findings if finding.name == name]
    if factor is not None:
        assert found[0].factor == pytest.approx(factor, rel=0.06)


def test_the_base_models_compute_over_the_hours_of_the_fine_tuning_is_as_documented(inspected: Inspection) -> None:
    for name, documented in (("OPT-IML (175B)", 42), ("FLAN 137B", 1204)):
        found = of(name, "base-model-counted", inspected)[0]
        assert found.numbers["utilization"] == pytest.approx(documented, rel=0.02)


def test_the_utilization_of_a_distilled_model_is_as_documented(inspected: Inspection) -> None:
    for name, six_per_token in (("Llama 3.2 1B", 0.05), ("Llama 3.2 3B", 0.106)):
        assert of(name, "unusual-utilization", inspected)[0].numbers["utilization"] == pytest.approx(
            six_per_token, rel=0.02
        )


def test_what_is_in_order_is_left_alone(inspected: Inspection) -> None:
    """GPT-3, Llama 2 and LLaMA: their columns agree, and few of the whole table are suspected."""
    named = {finding.name for finding in inspected.findings if finding.severity == "error"}
    assert not {"GPT-3 175B (davinci)", "Llama 2-70B", "LLaMA-65B", "Chinchilla", "AlexNet"} & named
    assert len(named) < 0.1 * inspected.models


def test_a_row_that_stands_twice_is_found(inspected: Inspection) -> None:
    assert of("P-LLama3", "repeated-row", inspected)[0].severity == "warning"


def test_a_base_model_that_came_later_is_found(inspected: Inspection) -> None:
    found = of("FLAN 137B", "base-model-later", inspected)[0]
    assert found.numbers["days"] > 100


def test_a_figure_that_moved_from_an_older_edition_is_found(inspected: Inspection) -> None:
    moved = of("FLAN 137B", "moved", inspected)
    assert any(finding.factor == pytest.approx(4.896e22 / 2.047e24, rel=1e-3) for finding in moved)


def test_every_finding_says_where_and_what_would_settle_it(inspected: Inspection) -> None:
    for finding in inspected.findings:
        assert finding.where.startswith("epoch-2025-06, line ")
        assert finding.text
        assert finding.suggestion
