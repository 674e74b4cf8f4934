"""A machine-learning bill of materials, CycloneDX 1.6: energy in its own fields, FLOP in properties.

The standard has `modelCard.considerations.environmentalConsiderations.energyConsumptions`, and no field for FLOP.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from comptometer.report.formats import Report, report_format


@report_format("cyclonedx")
def write(report: Report, language: str) -> bytes:
    """One component, the model."""
    sha256 = report["integrity"]["sha256"]
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": report["model"]["name"],
        "name": report["model"]["name"],
        "properties": [{"name": name, "value": value} for name, value in _properties(report).items()],
    }
    if report["model"]["developer"]:
        component["supplier"] = {"name": report["model"]["developer"]}
    if report["energy"]:
        component["modelCard"] = {
            "considerations": {"environmentalConsiderations": {"energyConsumptions": [_energy(report)]}}
        }
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(sha256[:32])}",
        "version": 1,
        "metadata": {"timestamp": f"{report['as_of']}T00:00:00Z"},
        "components": [component],
    }
    return (json.dumps(bom, ensure_ascii=False, indent=1) + "\n").encode()


def _properties(report: Report) -> dict[str, str]:
    compute = report["compute"]
    return {
        "comptometer:training_compute_flop": repr(compute["p50"]),
        "comptometer:training_compute_flop_p5": repr(compute["p5"]),
        "comptometer:training_compute_flop_p95": repr(compute["p95"]),
        "comptometer:method": ", ".join(report["agreement"]["weights"]),
        "comptometer:report_sha256": report["integrity"]["sha256"],
    }


def _energy(report: Report) -> dict[str, Any]:
    """In kWh, the only unit that the standard knows; the facility's boundary. Who provides the energy is not known."""
    return {
        "activity": "training",
        "energyProviders": [
            {
                "organization": {"name": "unknown"},
                "energySource": "unknown",
                "energyProvided": {"value": report["energy"]["facility"]["p50"] * 1000, "unit": "kWh"},
            }
        ],
        "activityEnergyCost": {"value": report["energy"]["facility"]["p50"] * 1000, "unit": "kWh"},
    }
