"""Counters of DCGM as Prometheus answers: JSON of `query_range`, or of `query` with a range such as `metric[1h]`.

The second is the better one: `query_range` fills gaps of up to five minutes. A blank counter is missing, not zero.
Exporters other than NVIDIA's give shares in percent, which a value above 1 gives away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from comptometer.errors import DataError
from comptometer.ledger.importers import Found, LeftOut, Options, Wrong, importer
from comptometer.ledger.importers._lines import document
from comptometer.ledger.instants import EARLIEST, LATEST, from_epoch
from comptometer.ledger.rows import SHARES, Sample

MEBI = 1024.0**2
METRICS: Mapping[str, tuple[str, float]] = {  # name → metric, and what a unit of it is in that of the metric
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": ("tensor_active", 1.0),
    "DCGM_FI_PROF_SM_ACTIVE": ("sm_active", 1.0),
    "DCGM_FI_PROF_SM_OCCUPANCY": ("sm_occupancy", 1.0),
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": ("engine_active", 1.0),
    "DCGM_FI_PROF_DRAM_ACTIVE": ("memory_active", 1.0),
    "DCGM_FI_PROF_PIPE_FP64_ACTIVE": ("fp64_active", 1.0),
    "DCGM_FI_PROF_PIPE_FP32_ACTIVE": ("fp32_active", 1.0),
    "DCGM_FI_PROF_PIPE_FP16_ACTIVE": ("fp16_active", 1.0),
    "DCGM_FI_DEV_GPU_UTIL": ("gpu_utilization", 0.01),
    "DCGM_FI_DEV_MEM_COPY_UTIL": ("memory_active", 0.01),
    "DCGM_FI_DEV_FB_USED": ("memory_used", MEBI),
    "DCGM_FI_DEV_POWER_USAGE": ("power", 1.0),
    "DCGM_FI_DEV_SM_CLOCK": ("sm_clock", 1.0),
}
# dcgm_fields.h: from these on a number is a blank of 64 or 32 bits, or of a float
BLANK_INT64, BLANK_INT32, BLANK_FLOAT = 9223372036854775792.0, range(2147483632, 2147483648), 140737488355328.0

Labels = Mapping[str, str]


@importer("dcgm", evidence="telemetry", takes=frozenset({"cluster"}))
def dcgm(path: Path, options: Options) -> Iterator[Found]:
    """A reading for each value; a "line" is the place of its series in the answer, from 1."""
    answer = _series(document(path, options), path)
    percent = _in_percent(answer)
    for place, series in enumerate(answer, 1):
        try:
            labels, values = series["metric"], series.get("values") or [series["value"]]
            name = labels["__name__"]
            device = labels["UUID"]
        except (TypeError, KeyError, AttributeError):
            yield Wrong(
                place, "has no values, no __name__ or no UUID: ask for the counter itself, without a sum over it"
            )
            continue
        if name not in METRICS:
            yield LeftOut(place, f"{name}: is not used")
            continue
        yield from _readings(place, labels, device, values, options, name in percent)


def _series(content: Any, path: Path) -> Sequence[Any]:
    """The series of an answer.

    Raises:
        DataError: it is an error, or no answer of Prometheus.
    """
    if isinstance(content, dict) and content.get("status") == "error":
        raise DataError(path.name, [f"Prometheus refused: {content.get('error', 'without a reason')}"])
    found = content.get("data", {}).get("result") if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise DataError(path.name, ["is no answer of Prometheus: data.result is missing"])
    return found


def _in_percent(answer: Sequence[Any]) -> set[str]:
    """Shares of which some series has a value above 1, which no share has."""
    found: set[str] = set()
    for series in answer:
        name = str(series["metric"].get("__name__")) if isinstance(series, dict) and "metric" in series else ""
        metric, factor = METRICS.get(name, ("", 0.0))
        values = (_value(pair) for pair in series.get("values") or [] if _is_pair(pair)) if metric in SHARES else ()
        if factor == 1.0 and any(value is not None and value > 1.0 for value in values):
            found.add(name)
    return found


def _readings(
    place: int, labels: Labels, device: str, values: Sequence[Any], options: Options, percent: bool
) -> Iterator[Found]:
    metric, factor = METRICS[labels["__name__"]]
    numbers = [(pair[0], _value(pair)) if _is_pair(pair) else None for pair in values]
    factor *= 0.01 if percent else 1.0
    for found in numbers:
        if found is None:
            yield Wrong(place, "holds something that is no moment and number")
            continue
        seconds, value = found
        if value is None:
            yield LeftOut(place, f"{labels['__name__']}: a blank counter")
        elif value < 0 or (metric in SHARES and value * factor > 1.0):
            yield Wrong(place, f"{labels['__name__']}: {value:g} is out of its bounds")
        else:
            moment = from_epoch(seconds)
            if not EARLIEST <= moment <= LATEST:
                yield Wrong(place, f"{seconds:g} is not a moment")
                continue
            yield Sample(
                line=place,
                device=device,
                instance=labels.get("GPU_I_ID", ""),
                metric=metric,
                moment=moment,
                value=value * factor,
                cluster=labels.get("cluster") or options.cluster,
                node=labels.get("Hostname", ""),
                chip_name=labels.get("modelName", ""),
                job=labels.get("hpc_job", ""),
                container=labels.get("pod") or labels.get("exported_pod", ""),
            )


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(pair[0], int | float)
        and 0 <= pair[0] < 1e11
        and isinstance(pair[1], str)
    )


def _value(pair: Sequence[Any]) -> float | None:
    """A number; None for NaN, infinity and the blanks of DCGM."""
    try:
        value = float(pair[1])
    except ValueError:
        return None
    blank = value >= BLANK_INT64 or value in BLANK_INT32 or BLANK_FLOAT <= value < BLANK_FLOAT + 16
    return None if blank or not math.isfinite(value) else value
