"""An estimate as the calculator shows it: the same object that its script makes where no server is."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from comptometer.catalogue import Entry
from comptometer.charts import Language
from comptometer.charts._overlays import lines_of_law
from comptometer.distribution import Array
from comptometer.web.wording import Wording

BINS: Final = 24  # of the picture, equally wide in the logarithm
SHOWN: Final = (0.002, 0.998)  # quantiles between which the picture lies


def shown(entry: Entry, language: Language) -> dict[str, Any]:
    """Numbers and names of everything that the calculator draws.

    Args:
        entry: what was estimated.
        language: of the names of thresholds and of the causes of a disagreement.
    """
    document = entry.to_dict()
    say = Wording(language)
    return {
        "name": entry.name,
        "compute": document["compute"],
        "pfs_days": document["pfs_days"],
        "methods": [
            {"name": name, "weight": entry.compute.weights.get(name), **row}
            for name, row in document["methods"].items()
        ],
        "missing": document["missing"],
        "ratio": entry.ratio,
        "z": entry.z,
        "counted": entry.counted,
        "verdict": entry.compute.verdict,
        "independent": entry.independent,
        "hypotheses": [
            {"factor": row["factor"], "residual": row["residual"], "text": _cause(row, say)}
            for row in document["agreement"]["hypotheses"]
        ],
        "warnings": document["warnings"],
        "drivers": drivers(entry),
        "thresholds": [
            {"id": row["id"], "name": row["says"], "flop": row["flop"],
             "probability": entry.probability_above(float(row["flop"]))}
            for row in lines_of_law(language)
        ],
        "density": density(entry.value.draws),
        "document": document,
    }  # fmt: skip


def _cause(row: dict[str, Any], say: Wording) -> str:
    """In the reader's language where it is told there, else as the catalogue words it."""
    key = f"calculator.cause.{row['id']}"
    return say(key) if say.has(key) else str(row["text"])


def drivers(entry: Entry) -> list[dict[str, Any]]:
    """What the uncertainty comes from, by what it is about."""
    shares: dict[str, float] = {}
    for claim, share in entry.sensitivity().items():
        name = about(claim)
        shares[name] = shares.get(name, 0.0) + share
    return [{"about": name, "share": share} for name, share in shares.items() if share >= 0.005]


def about(claim: str) -> str:
    """What a claim is about, by its id: a figure, or the default that stands in its place."""
    if claim.startswith("assumption:"):
        return claim.removeprefix("assumption:").partition("/")[0].partition("#")[0]
    if claim.startswith("chip:"):
        return "peak"
    return claim.rpartition(":")[2].partition("@")[0].partition("#")[0]


def density(draws: Array) -> list[dict[str, float]]:
    """Shares of the possible worlds in steps of equal factors; none where the value is exact."""
    low, high = np.quantile(draws, SHOWN)
    if not 0 < low < high:
        return []
    edges = np.geomspace(low, high, BINS + 1)
    counts, _ = np.histogram(draws, edges)
    return [
        {"low": float(edges[at]), "high": float(edges[at + 1]), "share": float(count / len(draws))}
        for at, count in enumerate(counts)
    ]
