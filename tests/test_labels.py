"""What people read are words of the field; the ids are for machines."""

from __future__ import annotations

import re

import pytest

from comptometer import labels, store
from comptometer.catalogue import Entry, attempt
from comptometer.cli import run
from comptometer.cli.estimate import agreement
from comptometer.library import library
from comptometer.vocabulary import ABOUTS

ID = re.compile(r"[#@_]|model-error|-time/|-tokens/|which-witness")


def test_each_method_error_on_file_has_words_and_no_other() -> None:
    on_file = {name.removeprefix("model-error/") for name in store.assumptions() if name.startswith("model-error/")}
    assert on_file == set(labels.ERRORS)
    assert len(set(labels.ERRORS.values())) == len(labels.ERRORS)


def test_no_assumption_and_no_key_of_the_vocabulary_is_read_as_an_id() -> None:
    said = [labels.driver(f"assumption:{name}") for name in store.assumptions()]
    said += [labels.about(key) for key in ABOUTS]
    assert not [word for word in said if ID.search(word)]


def test_no_driver_and_no_need_of_the_whole_catalogue_is_read_as_an_id() -> None:
    for item in library().items.values():
        found = attempt(item.dossier(aside=False))
        missing = found.missing if isinstance(found, Entry) else found
        said = [labels.needs(missing), *(labels.driver(name) for name in found.sensitivity())] if isinstance(
            found, Entry
        ) else [labels.needs(missing)]  # fmt: skip
        assert not [word for word in said if ID.search(word)], (item.id, said)


@pytest.fixture
def page(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """The page of a model as it is piped."""

    def printed(name: str) -> str:
        assert run(["models", "show", name]) == 0
        return capsys.readouterr().out

    return printed


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of one table of a page."""
    block = page.partition(f"\n{title}\n")[2].partition("\n\n")[0]
    return [re.split(r"\s{2,}", line.strip()) for line in block.splitlines()[1:]]


def test_the_page_names_the_chip_of_chips_and_chip_hours(page) -> None:  # type: ignore[no-untyped-def]
    assert "10000 chip (nvidia/v100-sxm)" in page("gpt-3")
    assert "30.84M chip-hour (nvidia/h100-sxm)" in page("llama 3.1-405b")


def test_the_page_lists_what_is_assumed_and_taken_from_records(page) -> None:  # type: ignore[no-untyped-def]
    taken = {
        row[0]: row for row in rows(page("gpt-3"), "Taken from the records of chips, or assumed where nobody says")
    }
    assert taken["peak of nvidia/v100-sxm in fp16"][1] == "125 TFLOP/s"
    assert taken["utilization (all runs)"][1:3] == ["1 x/÷ 2.96, heavy-tailed", "assumed"]
    assert taken["error of the count"][1] == "1 x/÷ 1.1"


def test_a_claim_of_a_stage_names_its_stage(page) -> None:  # type: ignore[no-untyped-def]
    claims = rows(page("stable diffusion v1.4"), "Claims")
    assert ["frozen encoders, 512 pixels", "backward factor", "1"] in [row[:3] for row in claims]
    assert ["whole job", "chip hours", "150000 chip-hour (nvidia/a100-pcie-40gb)"] in [row[:3] for row in claims]
    assert rows(page("gpt-3"), "Claims")[0][0] == "architecture"  # no stages, no column of them


def test_a_page_says_nothing_twice(page) -> None:  # type: ignore[no-untyped-def]
    printed = page("stable diffusion v1.4")
    assert printed.count("is a utilization of 4.3%") == 1
    assert "imply a utilization" not in printed


def test_a_page_without_an_estimate_names_what_is_missing_in_words_and_promises_no_explanation(page) -> None:  # type: ignore[no-untyped-def]
    printed = page("sora")
    assert "reported needs compute as somebody states it" in printed
    assert "comptometer explain" not in printed


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dall-e 2", "single-method: nothing to compare with"),
        ("alphastar", "single-method: the others rest on the same evidence"),
    ],
)
def test_the_agreement_says_what_was_compared(page, name: str, said: str) -> None:  # type: ignore[no-untyped-def]
    line = next(line for line in page(name).splitlines() if line.startswith("Agreement"))
    assert said in line


def test_every_verdict_of_the_catalogue_can_be_told() -> None:
    """What is compared is named wherever the verdict comes from a comparison."""
    told = [
        found for item in library().items.values() if isinstance(found := attempt(item.dossier(aside=False)), Entry)
    ]
    assert {found.compute.verdict for found in told} == {"consistent", "tension", "conflict", "single-method"}
    for found in told:
        line = agreement(found).splitlines()[0]
        assert (" over " in line) == (found.compute.verdict != "single-method" or found.ratio is not None), line


def test_a_chip_stands_beside_what_is_of_a_chip_only(page) -> None:  # type: ignore[no-untyped-def]
    aside = {row[0]: row[1] for row in rows(page("alexnet"), "Put aside, nothing is computed from these")}
    assert aside["duration"] == "132 h (NVIDIA GeForce GTX 580)"
    assert aside["compute"] == "4.7e17 FLOP x/÷ 3"


def test_shared_evidence_confirms_nothing_and_can_still_contradict() -> None:
    told = [
        found for item in library().items.values() if isinstance(found := attempt(item.dossier(aside=False)), Entry)
    ]
    lines = [(found.compute.verdict, agreement(found).splitlines()[0]) for found in told]
    shared = [verdict for verdict, line in lines if "confirms nothing" in line]
    assert set(shared) == {"consistent"}
    assert any("although the two share evidence" in line for verdict, line in lines if verdict == "conflict")
