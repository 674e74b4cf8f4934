"""The shipped chips beside the reference data: facts that somebody checked, and the names in tables of models."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from comptometer import store
from comptometer.errors import NotFound
from comptometer.records import Chip

# Checked facts

RECORDS: Mapping[str, str] = {
    "GTX 580": "nvidia/gtx-580",
    "Tesla K20X": "nvidia/k20x",
    "Tesla K40 (s/t/m/c)": "nvidia/k40",
    "Tesla K40": "nvidia/k40",
    "Tesla K80 (board, 2 dies)": "nvidia/k80",
    "Tesla K80": "nvidia/k80",
    "GTX TITAN Black": "nvidia/titan-black",
    "GTX TITAN Z (2 dies)": "nvidia/titan-z",
    "GTX TITAN X (Maxwell)": "nvidia/titan-x-maxwell",
    "TITAN X Pascal": "nvidia/titan-x-pascal",
    "GTX 1080 Ti": "nvidia/gtx-1080-ti",
    "Tesla P100 SXM2": "nvidia/p100-sxm",
    "Tesla P100 PCIe 16GB": "nvidia/p100-pcie",
    "Tesla V100 SXM2": "nvidia/v100-sxm",
    "Tesla V100 PCIe": "nvidia/v100-pcie",
    "NVIDIA V100 (generic)": "nvidia/v100-sxm",
    "A100 SXM4 40/80": "nvidia/a100-sxm-80gb",
    "A100 SXM4": "nvidia/a100-sxm-40gb",
    "A100 (generic)": "nvidia/a100-sxm-40gb",
    "H100 SXM5": "nvidia/h100-sxm",
    "H100 PCIe": "nvidia/h100-pcie",
    "H100 NVL": "nvidia/h100-nvl",
    "H800 SXM5": "nvidia/h800-sxm",
    "H200 SXM": "nvidia/h200-sxm",
    "B200 (HGX)": "nvidia/b200",
    "B200": "nvidia/b200",
    "B300": "nvidia/b300",
    "GB200 NVL2": "nvidia/gb200",
    "MI250X (2 dies)": "amd/mi250x",
    "MI300X": "amd/mi300x",
    "MI300A": "amd/mi300a",
    "MI355X": "amd/mi355x",
    "TPU v1": "google/tpu-v1",
    "TPU v2": "google/tpu-v2",
    "TPU v3": "google/tpu-v3",
    "TPU v4": "google/tpu-v4",
    "TPU v5e": "google/tpu-v5e",
    "TPU v5p": "google/tpu-v5p",
    "TPU v6e": "google/tpu-v6e",
    "TPU v7 Ironwood": "google/tpu-v7",
    "Trainium1": "aws/trainium1",
    "Trainium2": "aws/trainium2",
    "Gaudi2": "intel/gaudi2",
    "Gaudi3": "intel/gaudi3",
    "Ascend 910": "huawei/ascend-910a",
    "A800 SXM": "nvidia/a800-sxm",
    "RTX 3090": "nvidia/rtx-3090",
    "RTX 3090 Ti": "nvidia/rtx-3090-ti",
    "RTX 4090": "nvidia/rtx-4090",
    "MTIA v2": "meta/mtia-v2",
}


def _rate(*precisions: str) -> Callable[[Chip], float]:
    """The peak that counts in the first of the formats that the chip has, in 1e12 operations per second."""

    def read(chip: Chip) -> float:
        known = [name for name in precisions if any(peak.precision == name for peak in chip.peaks)]
        return chip.peak(known[0]).value / 1e12

    return read


FIELDS: Mapping[str, Callable[[Chip], float | date | None]] = {
    "fp32": _rate("fp32"),
    "tensor16": _rate("bf16", "fp16"),
    "fp16": _rate("fp16"),
    "tf32": _rate("tf32"),
    "fp8": _rate("fp8"),
    "fp4": _rate("fp4"),
    "int8": _rate("int8"),
    "tdp": lambda chip: chip.tdp_watt,
    "memory": lambda chip: (chip.memory_bytes or 0) / 1e9,
    "bandwidth": lambda chip: (chip.memory_bytes_per_second or 0) / 1e9,
    "intranode bw": lambda chip: (chip.scale_up_bytes_per_second or 0) / 1e9,
    "release": lambda chip: chip.announced,
}

# Rows where our figure is another one on purpose: what it is, and why. The checked one is on record beside it.
OTHERWISE: Mapping[tuple[str, str], tuple[float | date, str]] = {
    ("TPU v2", "tensor16"): (45, "the vendor's pages say 45, its papers 46; both are on record"),
    ("Gaudi3", "tensor16"): (1678, "the vendor revised 1835; both are on record"),
    ("MI300A", "release"): (date(2023, 1, 4), "announced then, available on the day that was checked"),
    ("Trainium1", "bandwidth"): (880.5, "the vendor writes 820 GiB/s, which is 880 GB/s; the checked row drops the i"),
}

# Rows without one number: what they ask for instead.
IN_WORDS: Mapping[tuple[str, str], Callable[[], bool]] = {
    ("A100 PCIe (generic)", "tdp+bw"): lambda: (
        [
            (chip.memory_bytes, chip.tdp_watt, chip.memory_bytes_per_second)
            for chip in store.chips_named("NVIDIA A100 PCIe")
        ]
        == [(40e9, 250, 1555e9), (80e9, 300, 1935e9)]
    ),
    ("H100 SXM5", "price"): lambda: any(
        27e3 <= price.usd <= 33e3 and price.kind == "street" for price in store.chip_record("nvidia/h100-sxm").prices
    ),
    ("MI300 (prelim.)", "fp16"): lambda: _unknown("AMD Radeon Instinct MI300"),
    ("TPU v1", "tensor16"): lambda: (
        {peak.precision for peak in store.chip_record("google/tpu-v1").peaks} == {"int8"}
        and not store.chip_record("google/tpu-v1").default_precision
    ),
    ("Ascend 910B", "fp16"): lambda: (
        [chip.peak("fp16").value / 1e12 for chip in store.chips_named("Huawei Ascend 910B")] == [400, 376, 313, 280]
    ),
    ("Ascend 910C (2 dies)", "tdp"): lambda: store.chip_record("huawei/ascend-910c").tdp_watt is None,
    ("Intel A100 (2007 CPU)", "model link"): lambda: _unknown("Intel A100"),
}


def _unknown(name: str) -> bool:
    try:
        store.chips_named(name)
    except NotFound:
        return True
    return False


def checked(shared: Path) -> list[dict[str, str]]:
    with (shared / "data" / "chips_check.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_checked_fact_is_that_of_our_record(shared: Path) -> None:
    rows, numbers = checked(shared), 0
    off: list[tuple[object, ...]] = []
    assert len(rows) == 69
    for row in rows:
        key = row["chip"], row["field"]
        if row["status"] == "SUSPECT":
            continue
        if key in IN_WORDS:
            if not IN_WORDS[key]():
                off.append(key)
            continue
        numbers += 1
        ours = FIELDS[row["field"]](store.chip_record(RECORDS[row["chip"]]))
        if isinstance(ours, date):
            wanted = OTHERWISE.get(key, (date.fromisoformat(row["checked_value"]), ""))[0]
            agree = ours == wanted
        else:
            wanted = OTHERWISE.get(key, (float(row["checked_value"]), ""))[0]
            agree = ours == pytest.approx(wanted, rel=5e-3)
        if not agree:
            off.append((*key, ours, wanted))
    assert not off
    assert numbers > 50


def test_what_differs_on_purpose_keeps_the_checked_figure_beside_it(shared: Path) -> None:
    assert 46 in [peak.value / 1e12 for peak in store.chip_record("google/tpu-v2").peaks]
    assert 1835 in [peak.value / 1e12 for peak in store.chip_record("intel/gaudi3").peaks]
    assert store.chip_record("amd/mi300a").available == date(2023, 12, 6)
    assert {(row["chip"], row["field"]) for row in checked(shared)} >= OTHERWISE.keys() | IN_WORDS.keys()


# Names in the tables of models

TABLES = ("epoch-2024-05-all-models", "epoch-2025-06-all-models", "epoch-2026-07-notable-models")
WRONG_JOINS = {"Intel A100", "NVIDIA RTX A1000"}  # a processor of 2007 and a laptop card, in place of the A100


def hardware(table: Path) -> Iterator[list[str]]:
    """The names of the training hardware of each model that has some."""
    csv.field_size_limit(10**9)
    with gzip.open(table) as raw:
        for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8-sig", newline="")):
            names = [name.strip() for name in (row["Training hardware"] or "").split(",") if name.strip()]
            if names:
                yield names


@pytest.mark.parametrize("table", TABLES)
def test_chips_of_the_tables_of_models_are_on_record(shared: Path, table: str) -> None:
    path = shared / "data" / "epoch" / f"{table}.csv.gz"
    models = list(hardware(path))
    unknown = {name for names in models for name in names if _unknown(name)}
    assert unknown <= WRONG_JOINS
    resolved = sum(not unknown & set(names) for names in models) / len(models)
    assert resolved >= 0.98
