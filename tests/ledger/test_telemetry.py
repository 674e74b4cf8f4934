"""Counters of chips: what is missing is not zero, and what is an upper bound is not MFU."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger_folder import SHARED, Folder, export, job

BEGAN = int(datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp())

SMI = """timestamp, index, uuid, name, utilization.gpu [%], memory.used [MiB], power.draw [W]
2026/11/23 09:15:39.412, 0, GPU-a, NVIDIA H100 80GB HBM3, 100 %, 1024 MiB, 700.00 W
2026/11/23 09:15:44.412, 0, GPU-a, NVIDIA H100 80GB HBM3, [N/A], 2048 MiB, [Unknown Error]
2026/11/23 09:15:49.412, 0, GPU-a, NVIDIA H100 80GB HBM3, 50 %, [GPU is lost], 500.00 W
"""


def readings(folder: Folder) -> dict[str, dict[str, Any]]:
    return {row["metric"]: row for row in folder.total()["telemetry"]}


def test_errors_in_place_of_a_value_are_missing_and_not_zero(folder: Folder) -> None:
    report = folder.add("nvidia-smi", "-", "--tz", "UTC", stdin=SMI)["files"][0]
    found = readings(folder)
    assert {name: (row["samples"], row["mean"]) for name, row in found.items()} == {
        "gpu_utilization": (2, 0.75), "memory_used": (2, 1536 * 1024**2), "power": (2, 600),
    }  # fmt: skip
    assert sum(row["lines"] for row in report["left_out"]) == 3
    assert report["wrong"] == 0


def test_utilization_of_nvidia_smi_is_an_upper_bound_and_no_evidence_of_utilization(folder: Folder) -> None:
    folder.add("nvidia-smi", "-", "--tz", "UTC", stdin=SMI)
    assert "an upper bound" in readings(folder)["gpu_utilization"]["means"]
    assert readings(folder)["gpu_utilization"]["chip"] == "nvidia/h100-sxm"
    total = folder.total()["total"]
    assert (total["utilization_evidence"], total["flop"], total["jobs"]) == (0, None, 0)


def test_a_file_without_header_and_units_needs_its_columns(folder: Folder) -> None:
    row = "2026/11/23 09:15:39.412, 0, GPU-a, NVIDIA H100 80GB HBM3, 100, 1024, 700.00\n"
    names = "timestamp,index,uuid,name,utilization.gpu,memory.used,power.draw"
    assert "name its columns" in folder.add("nvidia-smi", "-", "--tz", "UTC", stdin=row)["refused"][0]["why"]
    folder.add("nvidia-smi", "-", "--tz", "UTC", "--columns", names, stdin=row)
    assert readings(folder)["gpu_utilization"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("2026/11/23 09:16:00, 0, GPU-a, H100, 10 %, 5 M", "was cut off: has 6 columns of 7"),
        ("soon, 0, GPU-a, H100, 10 %, 5 MiB, 7 W", "timestamp: 'soon' is not a time"),
        ("2026/11/23 09:16:00, 0, , H100, 10 %, 5 MiB, 7 W", "names no moment or no GPU"),
        ("2026/11/23 09:16:00, 0, GPU-a, H100, 300 %, 5 MiB, 7 W", "utilization.gpu: '300 %' is out of its bounds"),
    ],
)
def test_a_wrong_line_of_nvidia_smi_is_named(folder: Folder, row: str, text: str) -> None:
    document = folder.add("nvidia-smi", "-", "--tz", "UTC", stdin=SMI + row + "\n")
    (problem,) = document["files"][0]["problems"]
    assert (problem["line"], problem["text"]) == (5, text)
    assert document["status"] == 1
    assert readings(folder)["memory_used"]["samples"] == 2  # half of a number is no number


def answer(values: list[Any], name: str = "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", **labels: str) -> str:
    metric = {"__name__": name, "UUID": "GPU-a", "modelName": "NVIDIA H100 80GB HBM3"} | labels
    result = [{"metric": metric, "values": values}]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def series(*numbers: object) -> list[list[object]]:
    return [[1795425643.743 + at, str(number)] for at, number in enumerate(numbers)]


def test_overlapping_answers_count_each_reading_once(folder: Folder) -> None:
    folder.add("dcgm", "-", stdin=answer(series(0.5, 0.4)))
    folder.add("dcgm", "-", stdin=answer(series(0.5, 0.4, 0.3)))
    assert readings(folder)["tensor_active"]["samples"] == 3
    assert readings(folder)["tensor_active"]["mean"] == pytest.approx(0.4)


def test_parts_of_a_chip_and_other_chips_are_kept_apart(folder: Folder) -> None:
    folder.add("dcgm", "-", stdin=answer(series(0.5)))
    folder.add("dcgm", "-", stdin=answer(series(0.1), GPU_I_ID="1"))
    folder.add("dcgm", "-", stdin=answer(series(0.3), UUID="GPU-b"))
    assert (readings(folder)["tensor_active"]["samples"], readings(folder)["tensor_active"]["devices"]) == (3, 2)


@pytest.mark.parametrize("blank", [9223372036854775794, "9.223372036854775794e+18", 2147483632, "NaN", "+Inf", "x"])
def test_a_blank_counter_is_missing_and_not_zero(folder: Folder, blank: object) -> None:
    report = folder.add("dcgm", "-", stdin=answer(series(0.5, blank, 0.3)))["files"][0]
    assert (readings(folder)["tensor_active"]["samples"], readings(folder)["tensor_active"]["mean"]) == (2, 0.4)
    assert report["left_out"] == [{"reason": "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE: a blank counter", "lines": 1}]


def test_shares_in_percent_are_noticed(folder: Folder) -> None:
    folder.add("dcgm", "-", stdin=answer(series(50, 0.5, 30)))
    assert readings(folder)["tensor_active"]["mean"] == pytest.approx(0.805 / 3)
    folder.add("dcgm", "-", stdin=answer(series(90), name="DCGM_FI_DEV_GPU_UTIL"))
    assert readings(folder)["gpu_utilization"]["mean"] == 0.9


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"status": "error", "error": "exceeded 11,000 points"}', "Prometheus refused: exceeded 11,000 points"),
        ("[]", "is no answer of Prometheus"),
        ("not json", "is not JSON"),
    ],
)
def test_what_is_no_answer_is_refused(folder: Folder, content: str, text: str) -> None:
    assert text in folder.add("dcgm", "-", stdin=content)["refused"][0]["why"]


def test_a_sum_over_chips_is_named_as_none(folder: Folder) -> None:
    content = json.loads(answer(series(0.5)))
    content["data"]["result"] += [{"metric": {}, "values": series(4)}, 7, {"metric": {"__name__": "x", "UUID": "y"}}]
    report = folder.add("dcgm", "-", stdin=json.dumps(content))["files"][0]
    assert [problem["line"] for problem in report["problems"]] == [2, 3, 4]
    assert readings(folder)["tensor_active"]["samples"] == 1


@pytest.mark.skipif(not SHARED.exists(), reason="the published samples are not here")
def test_the_published_answers_of_prometheus_are_read(folder: Folder) -> None:
    raw = folder.add("dcgm", SHARED / "samples/prometheus_query_matrix_raw_real.json")["files"][0]
    assert raw["wrong"] == 0
    count = sum(len(row["values"]) for row in json.loads(
        (SHARED / "samples/prometheus_query_matrix_raw_real.json").read_text())["data"]["result"])  # fmt: skip
    assert readings(folder)["tensor_active"]["samples"] == count
    assert 0.3 < readings(folder)["tensor_active"]["mean"] < 0.5


def counters(number: str, tensor: float, clock: float | None = None, cluster: str = "a", begin: int = BEGAN) -> str:
    """Two chips, read every 30 s for two hours; the counters of a third that runs no job have the highest clock."""
    said: list[tuple[str, str, str, float]] = [
        (f"GPU-{chip}", number, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", tensor) for chip in "ab"
    ]
    if clock:
        said += [(f"GPU-{chip}", number, "DCGM_FI_DEV_SM_CLOCK", clock) for chip in "ab"]
        said.append(("GPU-c", "", "DCGM_FI_DEV_SM_CLOCK", 2000.0))
    result = [
        {"metric": {"__name__": name, "UUID": device, "modelName": "NVIDIA H100 80GB HBM3", "hpc_job": job_number,
                    "cluster": cluster},
         "values": [[begin + 30 * place, str(value)] for place in range(240)]}
        for device, job_number, name, value in said
    ]  # fmt: skip
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def one_job(folder: Folder) -> None:
    start = {"Submit": "2026-03-01T10:00:00", "Start": "2026-03-01T10:00:00", "End": "2026-03-01T12:00:00"}
    folder.lines(export(job(7, **start, ElapsedRaw=7200, AllocTRES="gres/gpu:h100-sxm=2")))


def basis(folder: Folder) -> dict[str, Any]:
    (found,) = folder.total()["rates"]
    return dict(found)


def test_counters_that_name_a_job_say_its_utilization_and_are_converted(folder: Folder) -> None:
    one_job(folder)
    assert basis(folder)["basis"] == "assumed"
    folder.add("dcgm", "-", stdin=counters("7", tensor=0.5, clock=1600.0))
    total = folder.total()["total"]
    assert basis(folder)["basis"] == "ofu"
    assert total["utilization_evidence"] == 1.0
    executed = 4 * 3600 * 989.4e12 * 0.5 * 0.8
    assert total["flop"]["p50"] == pytest.approx(executed * 0.85, rel=0.05)
    assert total["flop"]["p95"] < 2 * executed


def test_without_a_clock_tensor_activity_alone_is_wider(folder: Folder) -> None:
    one_job(folder)
    folder.add("dcgm", "-", stdin=counters("7", tensor=0.5))
    assert basis(folder)["basis"] == "tensor_active"
    assert folder.total()["total"]["flop"]["p50"] == pytest.approx(4 * 3600 * 989.4e12 * 0.5 * 0.8 * 0.85, rel=0.05)


@pytest.mark.parametrize(
    "other", [{"number": "8"}, {"cluster": "b"}, {"begin": BEGAN + 86400}, {"begin": BEGAN - 86400}, {"number": ""}]
)
def test_counters_of_other_jobs_clusters_and_days_say_nothing_of_it(folder: Folder, other: dict[str, Any]) -> None:
    one_job(folder)
    folder.add("dcgm", "-", stdin=counters(**{"number": "7", "tensor": 0.5, **other}))
    assert basis(folder)["basis"] == "assumed"


def test_what_a_source_states_comes_before_its_counters(folder: Folder, tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("job,start,hours,gpus,mfu\n1,2026-03-01T10:00:00Z,2,2,0.4\n", encoding="utf-8")
    table.with_suffix(".toml").write_text(
        '[columns]\njob="job"\nstart="start"\nchips="gpus"\nmfu="mfu"\nduration={column="hours",unit="h"}\n'
        '[constants]\nchip="h100-sxm"\n'
    )
    folder.add("table", table, "--map", table.with_suffix(".toml"))
    folder.add("dcgm", "-", stdin=counters("1", tensor=0.5, cluster=""))
    assert basis(folder)["basis"] == "mfu"


def test_readings_imported_twice_say_the_same(folder: Folder) -> None:
    one_job(folder)
    folder.add("dcgm", "-", stdin=counters("7", tensor=0.5, clock=1600.0))
    before = folder.total()["total"]["flop"]
    folder.add("dcgm", "-", stdin=counters("7", tensor=0.5, clock=1600.0) + "\n")
    assert folder.total()["total"]["flop"] == before
