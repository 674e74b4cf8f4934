"""The head of a model card on the Hugging Face hub: base models and emissions in the hub's own fields, compute beside.

The hub reads `co2_eq_emissions`, in grams (its documentation, "Displaying carbon emissions for your model"); it has no
field for compute, so that stands under a key of its own.
"""

from __future__ import annotations

import json
from typing import Any

from comptometer.report.formats import Report, report_format

GRAMS_IN_TONNE = 1e6


@report_format("hf-card")
def write(report: Report, language: str) -> bytes:
    """Between two lines of dashes, as the hub reads it; texts are quoted as JSON, which YAML reads."""
    compute, energy = report["compute"], report["energy"] or {}
    fields: dict[str, Any] = {
        "model_name": report["model"]["name"],
        "base_model": [base["name"] for base in report["model"]["bases"]],
        "co2_eq_emissions": _emissions(report) if "co2" in energy else {},
        "training_compute": {
            "flop": _figures(compute["p50"]),
            "flop_p5": _figures(compute["p5"]),
            "flop_p95": _figures(compute["p95"]),
            "method": ", ".join(report["agreement"]["weights"]),
            "as_of": report["as_of"],
            "report_sha256": report["integrity"]["sha256"],
            **({"energy_mwh_facility": _figures(energy["facility"]["p50"])} if energy else {}),
        },
    }
    return "\n".join(["---", *(line for key, value in fields.items() if value for line in _field(key, value)),
                      "---", ""]).encode()  # fmt: skip


def _emissions(report: Report) -> dict[str, Any]:
    parts = {part["activity"] for part in report["parts"] if part["own"]}
    chips = sorted({row["chip"] for row in report["evidence"] if row.get("chip") and row["about"] == "peak"})
    return {
        "emissions": _figures(report["energy"]["co2"]["p50"] * GRAMS_IN_TONNE),
        "source": f"{report['tool']['name']}, report {report['integrity']['sha256']}",
        "training_type": "pre-training" if "pretrain" in parts or not report["model"]["bases"] else "fine-tuning",
        **({"hardware_used": ", ".join(chips)} if chips else {}),
    }


def _field(key: str, value: Any) -> list[str]:
    match value:
        case dict():
            return [f"{key}:", *(f"  {name}: {_said(part)}" for name, part in value.items())]
        case list():
            return [f"{key}:", *(f"  - {_said(part)}" for part in value)]
        case _:
            return [f"{key}: {_said(value)}"]


def _figures(value: float) -> float:
    return float(f"{value:.6g}")


def _said(value: str | float) -> str:
    """A number with a point and a sign, without which YAML 1.1 takes 1e+25 for a text."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    mantissa, e, power = repr(value).partition("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{int(power):+d}" if e else mantissa
