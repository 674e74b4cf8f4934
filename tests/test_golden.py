"""Headline numbers, kept in a file: a change that moves one must say which, by how much and why.

After an intended change: `python tests/test_golden.py`, and a line in the changelog under *Numbers that moved*.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import comptometer
from comptometer.dossiers import dossier_ids

GOLDEN = Path(__file__).with_name("golden.json")
ASKED = {
    "405B parameters, 15.6T tokens": {"params": "405B", "tokens": "15.6T"},
    "16384 H100, 54 to 75 days": {
        "chip": "h100-sxm", "chips": "16384", "time": "54 to 75 days", "utilization": "38% to 43%",
    },
    "H100, 1M hours, class unknown": {"chip": "h100-sxm", "chip_hours": "1M"},
}  # fmt: skip


def headline() -> dict[str, dict[str, float | str | None]]:
    entries = {name: comptometer.estimate(name) for name in dossier_ids()}
    entries |= {name: comptometer.estimate(**figures) for name, figures in ASKED.items()}
    return {
        name: {
            "p5": float(f"{entry.interval()[0]:.6e}"),
            "p50": float(f"{entry.median:.6e}"),
            "p95": float(f"{entry.interval()[1]:.6e}"),
            "ratio": entry.ratio and float(f"{entry.ratio:.6e}"),
            "verdict": entry.compute.verdict,
        }
        for name, entry in entries.items()
    }


def test_no_headline_number_moved_unnoticed() -> None:
    kept, now = json.loads(GOLDEN.read_text(encoding="utf-8")), headline()
    assert now.keys() == kept.keys()
    for name, row in now.items():
        assert row["verdict"] == kept[name]["verdict"], name
        assert (row["ratio"] is None) == (kept[name]["ratio"] is None), name
        for key in ("p5", "p50", "p95", "ratio"):
            assert row[key] is None or row[key] == pytest.approx(kept[name][key], rel=1e-5), (name, key)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(headline(), indent=1) + "\n", encoding="utf-8")
