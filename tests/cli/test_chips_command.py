"""`comptometer chips` as people and scripts use it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from comptometer import store
from comptometer.chip_facts import document
from comptometer.cli import _chip_page, run
from comptometer.documents.chips import ChipDocument, ChipFamilyDocument
from comptometer.vocabulary import PRECISIONS


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run a command: exit status, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(["chips", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def table(printed: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(printed)))


def test_the_list_holds_every_chip_with_its_peak(said) -> None:  # type: ignore[no-untyped-def]
    status, printed, _ = said("list", "--format", "csv")
    rows = {row["id"]: row for row in table(printed)}
    assert status == 0
    assert list(rows) == list(store.chip_ids())
    assert rows["nvidia/h100-sxm"]["peak_tflop_per_s"] == "989.4"
    assert rows["nvidia/k80"]["dies_per_unit"] == "2"
    assert rows["google/tpu-v1"]["peak_tflop_per_s"] == ""


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "json", "jsonl", "md"])
def test_the_list_comes_in_every_form(said, form: str) -> None:  # type: ignore[no-untyped-def]
    status, printed, _ = said("list", "--family", "h100", "--format", form)
    assert status == 0
    assert all(name in printed for name in ("nvidia/h100-nvl", "nvidia/h100-pcie", "nvidia/h100-sxm"))
    if form == "json":
        assert [row["peak_tflop_per_s"] for row in json.loads(printed)] == ["835.5", "756", "989.4"]


def test_filters_narrow_the_list_together(said) -> None:  # type: ignore[no-untyped-def]
    arguments = ("--vendor", "google", "--kind", "tpu", "--since", "2024-01-01", "--until", "2024-12-31")
    _, printed, _ = said("list", *arguments, "--format", "csv")
    assert [row["id"] for row in table(printed)] == ["google/tpu-v5p", "google/tpu-v6e"]


def test_a_chip_that_was_only_announced_is_dated_by_that(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, _ = said("list", "--family", "b100", "--since", "2024-03-18", "--format", "csv")
    assert [(row["announced"], row["available"]) for row in table(printed)] == [("2024-03-18", "")]


def test_a_number_format_selects_the_chips_that_have_it_and_shows_its_peak(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, _ = said("list", "--precision", "FP8", "--vendor", "NVIDIA", "--format", "csv")
    rows = {row["id"]: row for row in table(printed)}
    assert rows["nvidia/h100-sxm"]["peak_tflop_per_s"] == "1978.9"
    assert "nvidia/a100-sxm-80gb" not in rows
    assert {row["precision"] for row in rows.values()} == {"fp8"}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("intel/gaudi3", ["bf16 by default 1678 (2026) matrix", "bf16 1835 (2024) matrix"]),
        ("nvidia/titan-z", ["fp32 by default 8.1216 vector", "fp32 10.092 vector"]),
    ],
)
def test_the_page_marks_the_peak_that_estimates_take(said, name: str, rows: list[str]) -> None:  # type: ignore[no-untyped-def]
    lines = [" ".join(line.split()) for line in said("show", name)[1].splitlines()]
    for row in rows:
        assert any(line.startswith(row) for line in lines), row


def test_each_chip_marks_one_peak_for_each_format_that_training_uses() -> None:
    for chip in map(store.chip_record, store.chip_ids()):
        page = _chip_page.page([chip], chip.id)
        assert page.count("  by default  ") == len(chip.default_precision), chip.id
        formats = {peak.precision for peak in chip.peaks if chip.has_peak(peak.precision)} & set(PRECISIONS)
        assert page.count("  if named  ") == len(formats - set(chip.default_precision)), chip.id


@pytest.mark.parametrize(
    ("arguments", "status", "hint"),
    [
        (("list", "--vendor", "nvidai"), 3, "did you mean NVIDIA?"),
        (("list", "--family", "H10"), 3, "H100"),
        (("list", "--precision", "fp12"), 2, "is not one of fp64, fp32"),
        (("list", "--since", "lately"), 2, "lately"),
        (("show", "h1000"), 3, "did you mean nvidia/h100"),
        (("show", "Intel A100"), 3, "no chip"),
        (
            ("show", "v3-8"),
            3,
            "that is 4 chips of google/tpu-v3 (8 cores, 2 to a chip): use chip=google/tpu-v3 chips=4",
        ),
        (("show", "TPU v4-4096"), 3, "that is 2048 chips of google/tpu-v4"),
        (("show", "v5litepod-16"), 3, "that is 16 chips of google/tpu-v5e: use chip=google/tpu-v5e chips=16"),
        (("show", "8xH100"), 3, 'use chip="h100" chips=8'),
        (("show", "2,048 × A100 SXM 80GB"), 3, "that is 2048 chips of nvidia/a100-sxm-80gb"),
        (("show", "DGX H100"), 3, "that is 8 chips of nvidia/h100-sxm (a server with 8)"),
        (("show", "v100-16"), 3, "did you mean nvidia/v100"),
        (("show", "k80", "--json", "--format", "csv"), 2, "give one of them"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(said, arguments, status: int, hint: str) -> None:  # type: ignore[no-untyped-def]
    code, printed, error = said(*arguments)
    assert (code, printed) == (status, "")
    assert hint in error
    assert "Traceback" not in error


def test_the_page_shows_dense_and_sparse_rates_apart_with_sources_and_prices(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, _ = said("show", "h100-sxm")
    peak = next(line.split() for line in printed.splitlines() if line.strip().startswith("bf16 "))
    assert peak[1:8] == ["by", "default", "989.4", "1978.9", "matrix", "fp32", "boost"]
    for part in (
        "one chip (SXM): 1 die, 1 device", "announced 2022-03-22, available 2022-09-20", "900 GB/s, both directions",
        "system-share  44,489.88", "<https://glennklockwood.com/garden/processors/h100>",
    ):  # fmt: skip
        assert part in printed


def test_the_page_marks_what_nobody_verified(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, _ = said("show", "rtx-2080")
    assert "40.274?" in printed
    assert "? unverified" in printed
    assert "(unverified)" in printed


def test_the_page_shows_measured_power_and_revisions(said) -> None:  # type: ignore[no-untyped-def]
    assert "220 W measured on average (123 W to 262 W)" in said("show", "tpu-v3")[1]
    printed = said("show", "trainium1")[1]
    assert "380 (2026)" in printed
    assert "420 (2023)" in printed


def test_a_family_says_what_it_can_mean_and_why_that_matters(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, _ = said("show", "H100")
    assert "whose dense peaks differ: from 756 to 989.4 TFLOP/s in bf16" in printed
    assert all(f"nvidia/h100-{form}" in printed for form in ("nvl", "pcie", "sxm"))
    assert "which have the same dense peaks" in said("show", "A100")[1]


def test_the_tables_hold_every_peak(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, _ = said("show", "k80", "--format", "csv")
    rows = table(printed)
    assert [row["peak_tflop_per_s"] for row in rows] == ["8.74", "5.61", "2.91", "1.87"]
    assert {row["path"] for row in rows} == {"vector"}


def test_json_of_a_chip_is_one_object_of_its_shape(said) -> None:  # type: ignore[no-untyped-def]
    _, printed, error = said("show", "h100-sxm", "--json")
    document = json.loads(printed)
    ChipDocument.model_validate(document)
    assert error == ""
    assert document["schema"] == "comptometer/chip/1"
    rates = {p["precision"]: p["operations_per_second"] for p in document["peaks"] if not p["sparse"]}
    assert rates["bf16"] == 989.4e12
    assert {peak["source"] for peak in document["peaks"]} <= document["sources_cited"].keys()


def test_json_of_a_family_holds_its_members_and_the_reason(said) -> None:  # type: ignore[no-untyped-def]
    document = json.loads(said("show", "h100", "--json")[1])
    ChipFamilyDocument.model_validate(document)
    assert [chip["id"] for chip in document["chips"]] == ["nvidia/h100-nvl", "nvidia/h100-pcie", "nvidia/h100-sxm"]
    assert "differ" in document["reason"]


def test_every_chip_has_a_page_and_a_document_of_its_shape() -> None:
    for name in store.chip_ids():
        found = (store.chip_record(name),)
        assert found[0].name in _chip_page.page(found, name)
        ChipDocument.model_validate(document(found, name))
