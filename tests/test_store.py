"""Chips, sources and defaults on file."""

from __future__ import annotations

from pathlib import Path

import pytest

from comptometer import store
from comptometer.errors import DataError, NotFound, UsageError


def peak(name: str, precision: str, **options: bool | str) -> float:
    return store.chips_named(name)[0].peak(precision, **options).value / 1e12  # type: ignore[arg-type]


def test_sparse_rates_are_never_taken_for_dense_ones() -> None:
    assert peak("h100-sxm", "bf16") == 989.4
    assert peak("h100-sxm", "bf16", sparse=True) == pytest.approx(1979, rel=1e-3)
    assert peak("a100-sxm-80gb", "bf16") == 312


def test_tf32_is_not_fp32() -> None:
    assert peak("a100-sxm-80gb", "tf32") == 156
    assert peak("a100-sxm-80gb", "fp32") == 19.5


@pytest.mark.parametrize(
    ("name", "rate"), [("h100-pcie", 756), ("h100-nvl", 835.5), ("h100-sxm", 989.4), ("h800-sxm", 989.4)]
)
def test_variants_of_a_chip_keep_their_own_peaks(name: str, rate: float) -> None:
    assert peak(name, "bf16") == rate


@pytest.mark.parametrize(
    ("name", "rate"),
    [("k80", 8.74), ("k40", 4.29), ("titan-black", 5.12), ("titan-x-maxwell", 6.144), ("gtx-580", 1.581)],
)
def test_the_vendors_headline_decides_between_clocks(name: str, rate: float) -> None:
    assert peak(name, "fp32") == pytest.approx(rate, rel=1e-3)


def test_boards_with_two_dies_say_so() -> None:
    assert store.chip_record("nvidia/k80").dies_per_unit == 2
    assert store.chip_record("amd/mi250x").devices_per_unit == 2
    assert store.chip_record("google/tpu-v3").devices_per_unit == 2
    assert store.chip_record("google/tpu-v5e").devices_per_unit == 1


def test_geforce_rates_are_those_with_fp32_accumulation() -> None:
    assert peak("rtx-4090", "fp16") == pytest.approx(165.2)
    assert peak("rtx-4090", "fp16", accumulate="fp16") == pytest.approx(330.3, rel=2e-3)


def test_a_peak_that_is_not_on_record_is_an_error_that_names_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"no dense fp8 peak on record; known: .*fp16"):
        store.chip_record("nvidia/v100-sxm").peak("fp8")


def test_a_family_answers_with_all_its_members() -> None:
    assert {chip.form_factor for chip in store.chips_named("H100")} == {"SXM", "PCIe", "NVL"}


@pytest.mark.parametrize("name", ["h100-sxm", "H100 SXM", "nvidia/h100-sxm", "H100 SXM5", "TPU v4", "tpuv4", "TPUv4"])
def test_a_chip_answers_to_its_usual_spellings(name: str) -> None:
    assert len(store.chips_named(name)) == 1


def test_an_unknown_chip_comes_with_suggestions() -> None:
    with pytest.raises(NotFound, match=r"did you mean nvidia/h"):
        store.chips_named("h1000-sxm")


def test_no_two_chips_answer_to_one_alias() -> None:
    for chip_id in store.chip_ids():
        chip = store.chip_record(chip_id)
        for name in (chip.name, *chip.aliases):
            assert [found.id for found in store.chips_named(name)] == [chip_id], name


def test_every_default_has_a_source_on_file() -> None:
    for assumption in store.assumptions().values():
        assert assumption.source in store.source_ids(), assumption.id


def test_the_default_utilization_has_the_published_interval() -> None:
    import numpy as np

    low, middle, high = store.assumptions()["utilization/default"].belief.quantile(np.array([0.05, 0.5, 0.95]))
    assert (round(low, 2), round(middle, 2), round(high, 2)) == (0.10, 0.30, 0.89)


def test_own_chips_stand_beside_the_shipped_ones(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import subprocess
    import sys

    folder = tmp_path / "chips" / "acme"
    folder.mkdir(parents=True)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "acme.toml").write_text('title = "Data sheet"\n')
    (folder / "x1.toml").write_text(
        'name = "Acme X1"\nvendor = "Acme"\nfamily = "X1"\nkind = "accelerator"\ndefault_precision = ["bf16"]\n'
        '[[peaks]]\nprecision = "bf16"\nvalue = "500 TFLOP/s"\nsource = "acme"\n'
    )
    monkeypatch.setenv("COMPTOMETER_DATA", str(tmp_path))
    code = (
        "from comptometer import store; "
        "print(store.chips_named('x1')[0].peak('bf16').value, len(store.chips_named('h100-sxm')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["500000000000000.0", "1"]


def test_a_chip_file_reports_all_its_problems(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    table = {
        "name": "X", "vendor": "X", "family": "X", "kind": "gpu", "default_precision": ["bf16"], "tdp": "5 parsec",
        "peaks": [{"precision": "fp16", "value": "5 GB", "source": "nobody"}],
    }  # fmt: skip
    with pytest.raises(DataError) as caught:
        store._chip("x/x", store.checked("ChipFile", table, "x.toml"), "x.toml")
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("line", ['titel = "A"', "title = 5"])
def test_a_shipped_file_that_does_not_fit_its_shape_is_refused_like_any_other(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f"{line}\n", encoding="utf-8")
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    with pytest.raises(DataError, match=r"a\.toml"):
        store.record(path, "ChipFile", lambda table: store._chip("x/a", table, str(path)))
