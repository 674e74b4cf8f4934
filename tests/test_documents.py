"""Every JSON object that goes out has the shape that is promised."""

from __future__ import annotations

import json

import pytest

import comptometer
from comptometer.documents import DOCUMENTS, EstimateDocument, ReplicateDocument
from comptometer.dossiers import dossier_ids


@pytest.mark.parametrize("name", dossier_ids())
def test_every_estimate_has_its_shape(name: str) -> None:
    document = comptometer.estimate(name).to_dict()
    EstimateDocument.model_validate(document)
    json.dumps(document, allow_nan=False)


def test_the_replication_has_its_shape() -> None:
    ReplicateDocument.model_validate(comptometer.replicate("openai-2018").to_dict())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_can_be_made(name: str) -> None:
    assert DOCUMENTS[name].model_json_schema()["properties"]
