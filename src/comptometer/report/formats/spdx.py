"""A bill of materials in SPDX 3.0.1 (JSON-LD), an AI package: energy of training in its field, FLOP beside.

`ai_energyConsumption` has training energy in kWh; there is no field for FLOP, so it stands where anybody may name
values: `ai_hyperparameter`. The text of the AI profile asks for a version, a place of download and two licences,
which are not known here: the document does not claim to conform to it, and whoever adds them may.
"""

from __future__ import annotations

import json
from typing import Any

from comptometer.report.formats import Report, report_format

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"


@report_format("spdx")
def write(report: Report, language: str) -> bytes:
    """The model as an AI package, who made the document, and the document."""
    base = f"urn:comptometer:{report['integrity']['sha256']}"
    made = {"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": f"{report['as_of']}T00:00:00Z",
            "createdBy": [f"{base}#tool"]}  # fmt: skip
    agent = {"type": "SoftwareAgent", "spdxId": f"{base}#tool", "creationInfo": "_:made", "name": "comptometer"}
    document = {"type": "SpdxDocument", "spdxId": f"{base}#document", "creationInfo": "_:made",
                "profileConformance": ["core", "software"], "rootElement": [f"{base}#model"]}  # fmt: skip
    maker = {"type": "Organization", "spdxId": f"{base}#developer", "creationInfo": "_:made",
             "name": report["model"]["developer"] or "unknown"}  # fmt: skip
    graph = {"@context": CONTEXT, "@graph": [made, agent, maker, _package(report, base), document]}
    return (json.dumps(graph, ensure_ascii=False, indent=1) + "\n").encode()


def _package(report: Report, base: str) -> dict[str, Any]:
    compute = report["compute"]
    entries = {
        "training compute, FLOP": repr(compute["p50"]),
        "training compute, FLOP, 5%": repr(compute["p5"]),
        "training compute, FLOP, 95%": repr(compute["p95"]),
        "training compute, report SHA-256": report["integrity"]["sha256"],
    }
    found: dict[str, Any] = {
        "type": "ai_AIPackage",
        "spdxId": f"{base}#model",
        "creationInfo": "_:made",
        "name": report["model"]["name"],
        "suppliedBy": f"{base}#developer",
        "software_primaryPurpose": "model",
        "ai_hyperparameter": [
            {"type": "DictionaryEntry", "key": key, "value": value} for key, value in entries.items()
        ],
        "ai_informationAboutTraining": f"Training compute by {', '.join(report['agreement']['weights'])}.",
    }
    if report["model"]["published"]:
        found["releaseTime"] = f"{report['model']['published']}T00:00:00Z"
    if report["energy"]:
        found["ai_energyConsumption"] = {
            "type": "ai_EnergyConsumption",
            "ai_trainingEnergyConsumption": [
                {
                    "type": "ai_EnergyConsumptionDescription",
                    "ai_energyQuantity": f"{report['energy']['facility']['p50'] * 1000:.1f}",
                    "ai_energyUnit": "kilowattHour",
                }
            ],
        }
    return found
