"""The YAML block of a model card on Hugging Face: its own key for emissions, and the compute under a key of ours.

`co2_eq_emissions` is a field of the hub; there is none for FLOP, so that stands under `training_compute`.
"""

from __future__ import annotations

import json

from comptometer.report.formats import Report, report_format


@report_format("hf-card")
def write(report: Report, language: str) -> bytes:
    """Between two lines of dashes, as the hub reads it; texts are quoted as JSON, which YAML reads."""
    compute = report["compute"]
    lines = [
        "---",
        f"model_name: {_said(report['model']['name'])}",
        "training_compute:",
        f"  flop: {compute['p50']:.6g}",
        f"  flop_p5: {compute['p5']:.6g}",
        f"  flop_p95: {compute['p95']:.6g}",
        f"  method: {_said(', '.join(report['agreement']['weights']))}",
        f"  as_of: {_said(report['as_of'])}",
        f"  report_sha256: {_said(report['integrity']['sha256'])}",
    ]
    if report["model"]["bases"]:
        lines += ["base_model:", *(f"  - {_said(base['name'])}" for base in report["model"]["bases"])]
    if report["energy"]:
        lines.append(f"  energy_mwh_facility: {report['energy']['facility']['p50']:.6g}")
    return "\n".join([*lines, "---", ""]).encode()


def _said(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
