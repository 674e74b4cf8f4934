"""Figures that the calculator is tried with, and what comes out: the same cases for Python and for the page's script.

Python's draws come from the name of a model, so one estimate differs from the next by chance. The numbers on file are
those of the mean over `NAMES` names, which leaves an eighth of that; running this file writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import comptometer

FILE = Path(__file__).with_name("calculator-cases.json")
NAMES = 60

H100 = {"chip": "h100-sxm", "chips": "16384", "time": "54 to 75 days"}
ANSWERED: list[dict[str, str]] = [
    {"params": "405B", "tokens": "15.6T"},
    {"params": "4050亿", "tokens": "15至16万亿"},
    {"params": "65B±5%", "tokens": "1.4T"},
    {"params": "7 to 13B", "tokens": "1..2T"},
    {"params": "125M", "tokens": "300B"},
    {"params": "671B", "active_params": "37B", "tokens": "14.8T"},
    {"params": "1T", "experts": "128", "tokens": "10T"},
    {"params": "600M", "tokens": "1.2e12", "domain": "biology"},
    {"params": "20B", "tokens": "400B", "domain": "multimodal"},
    {"params": "175B", "tokens": "300B", "backward_factor": "4"},
    {"params": "70B", "tokens": "60T (54T to 75T)"},
    {"params": "70B", "tokens": "uniform 1T to 15T"},
    {"params": "< 70B", "tokens": "2T"},
    {"params": "70B", "tokens": "2T x/÷ 3"},
    {"params": "1,300,000,000", "tokens": "100B + 50B * 2"},
    {"params": "7B parameters", "tokens": "2T tok", "scale_up": "10 to 100"},
    {"macs_per_example": "11.3e9 MAC", "examples": "1.2M", "epochs": "128"},
    {"flop_per_example": "22.6e9", "examples": "1.2M images", "epochs": "80 to 100"},
    {"flop_per_example": "4.1 GFLOP", "updates": "500K", "batch_size": "256"},
    {"flop_per_example": "1.4e13", "tokens": "2T", "sequence_length": "4096"},
    {**H100, "utilization": "38% to 43%"},
    {**H100, "mfu": "38% to 43%"},
    {**H100, "hfu": "48%"},
    {**H100, "hfu": "48%", "recompute": "selective"},
    {**H100},
    {**H100, "precision": "fp8"},
    {**H100, "precision": "FP8", "mfu": "0.4"},
    {**H100, "precision": "bfloat16"},
    {"chip": "H100", "chips": "1000", "time": "3 weeks"},
    {"chip": "V100", "chips": "512", "time": "10 days"},
    {"chip": "a100", "chip_hours": "1.7M GPU-hours", "precision": "bf16"},
    {"chip": "NVIDIA A100 SXM4 80 GB", "chip_hours": "1.7M"},
    {"chip": "tpu v4", "chips": "6144", "time": "1200 hours"},
    {"chip": "tpu v4", "chip_hours": "8.4M", "params": "540B", "tokens": "780B"},
    {"peak": "312 TFLOP/s", "chips": "2048", "time": "21 天"},
    {"peak": "312 TFLOP/s", "chips": "2048", "time": "504 小时", "utilization": "0.4"},
    {"reported": "3.8e25"},
    {"reported": "1862 pfs-days", "reported_as": "hardware"},
    {"reported": "3640 petaFLOP/s-days", "reported_as": "model"},
    {"reported": "2e25 to 5e25 FLOP"},
    {"params": "405B", "tokens": "15.6T", "chip": "h100-sxm", "chip_hours": "30.84M"},
    {"params": "405B", "tokens": "15.6T", "chip": "h100-sxm", "chip_hours": "30.84M", "mfu": "38% to 43%"},
    {"params": "175B", "tokens": "300B", "chip": "v100", "chips": "10000", "time": "14.8 days", "reported": "3.14e23"},
    {"params": "70B", "tokens": "2T", "chip": "a100", "chip_hours": "1.7M", "reported": "8e23", "reported_as": "model"},
    {"params": "7B", "tokens": "2T", "chip": "h100-sxm", "chips": "4096", "time": "90 days", "mfu": "40%"},
    {"params": "30B", "active_params": "3B", "tokens": "5T", "chip": "h800", "chip_hours": "1M"},
    {"params": "200M", "tokens": "30B", "chip": "rtx 4090", "chip_hours": "500"},
]
REFUSED: list[tuple[dict[str, str], list[str]]] = [
    ({"params": "abc", "tokens": "1T"}, ["params"]),
    ({"params": "7 to 13 B", "tokens": "1T"}, ["params"]),
    ({"params": "1兆", "tokens": "1T"}, ["params"]),
    ({"params": "~70B", "tokens": "5T to 3T"}, ["params", "tokens"]),
    ({"params": "70B", "tokens": "9" * 201}, ["tokens"]),
    ({"params": "70B", "tokens": "1e61"}, ["tokens"]),
    ({"params": "70B", "tokens": "1e999"}, ["tokens"]),
    ({"params": "70B", "tokens": "1/0"}, ["tokens"]),
    ({"params": "70B", "tokens": "0"}, ["tokens"]),
    ({"params": "70B", "tokens": "-5T"}, ["tokens"]),
    ({"params": "70B", "tokens": "0 to 5T"}, ["tokens"]),
    ({"params": "70B", "tokens": "5 to 6 to 7T"}, ["tokens"]),
    ({"params": "70B", "tokens": "(5T"}, ["tokens"]),
    ({"params": "70B", "tokens": "5T; alert(1)"}, ["tokens"]),
    ({"params": "70B", "tokens": "2T days"}, ["tokens"]),
    ({"params": "70B", "tokens": "2T ± 3T"}, ["tokens"]),
    ({"params": "70B", "tokens": "2T x/÷ 0.5"}, ["tokens"]),
    ({"params": "70B", "tokens": "9T (10T to 12T)"}, ["tokens"]),
    ({"params": "70B", "tokens": "uniform 3T"}, ["tokens"]),
    ({"params": "70B", "tokens": "0.5"}, ["tokens"]),
    ({"params": "70B", "tokens": "__proto__"}, ["tokens"]),
    ({"params": "70B", "tokens": "5 constructor"}, ["tokens"]),
    ({"params": "7B", "active_params": "70B", "tokens": "1T"}, ["active_params"]),
    ({"params": "7B", "backward_factor": "0.5", "tokens": "1T"}, ["backward_factor"]),
    ({**H100, "time": "64"}, ["time"]),
    ({**H100, "time": "3 fortnights"}, ["time"]),
    ({**H100, "chips": "3e25 FLOP"}, ["chips"]),
    ({**H100, "mfu": "43"}, ["mfu"]),
    ({**H100, "mfu": "43% to 38%"}, ["mfu"]),
    ({**H100, "mfu": "40% to 130%"}, ["mfu"]),
    ({**H100, "precision": "fp5"}, ["precision"]),
    ({**H100, "chip": "a100", "precision": "fp8", "mfu": "40%"}, ["precision"]),
    ({"chip": "no such chip", "chips": "3", "time": "3 days"}, ["chip"]),
    ({"chip": "h100-sxm"}, ["chip"]),
    ({"peak": "989", "chips": "3", "time": "3 days"}, ["peak"]),
    ({"peak": "989 TFLOPS", "chips": "3", "time": "3 days"}, ["peak"]),
    ({"reported": "3.8e25 FLOPs"}, ["reported"]),
    ({"reported": "3.8e25 FLOP/s"}, ["reported"]),
    ({"params": "7B", "tokens": "1T", "reported_as": "model"}, ["reported_as"]),
    ({"macs_per_example": "11.3e9 FLOP", "examples": "1M"}, ["macs_per_example"]),
    ({"params": "7B"}, []),
    ({"chips": "16", "chip": "h100-sxm"}, []),
]


def numbers(figures: dict[str, str]) -> dict[str, Any]:
    """What Python makes of the figures, averaged over names so that little of one name's chance is left."""
    entries = [comptometer.estimate(name=f"case {at}", **figures) for at in range(NAMES)]
    first = entries[0]

    def mean(values: list[tuple[float, float, float]]) -> list[float]:
        return [float(f"{value:.5g}") for value in np.exp(np.mean(np.log(values), axis=0))]

    ends = [entry.interval() for entry in entries]
    return {
        "compute": mean([(low, entry.median, high) for (low, high), entry in zip(ends, entries, strict=True)]),
        "methods": {
            name: mean([quantiles(entry.methods[name].estimate) for entry in entries]) for name in first.methods
        },
        "verdict": first.compute.verdict,
    }


def quantiles(estimate: Any) -> tuple[float, float, float]:
    """5%, 50%, 95%."""
    low, high = estimate.interval()
    return low, estimate.median, high


def main() -> None:
    """Write the file."""
    cases: list[dict[str, Any]] = [{"figures": figures, **numbers(figures)} for figures in ANSWERED]
    cases += [{"figures": figures, "refused": fields} for figures, fields in REFUSED]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
