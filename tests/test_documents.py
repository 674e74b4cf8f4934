"""Every JSON object that goes out has the shape that is promised."""

from __future__ import annotations

import json
from typing import get_args

import pytest

import comptometer
from comptometer.documents import DOCUMENTS
from comptometer.documents.estimate import EstimateDocument
from comptometer.documents.replicate import ReplicateDocument
from comptometer.dossiers import dossier_ids


@pytest.mark.parametrize("name", dossier_ids())
def test_every_estimate_has_its_shape(name: str) -> None:
    document = comptometer.estimate(name).to_dict()
    EstimateDocument.model_validate(document)
    json.dumps(document, allow_nan=False)


def test_the_replication_has_its_shape() -> None:
    ReplicateDocument.model_validate(comptometer.replicate("openai-2018").to_dict())


def test_the_replication_keeps_the_keys_that_scripts_rely_on() -> None:
    point, count = (ReplicateDocument.model_fields[key] for key in ("points", "counts"))
    assert {"chart_pfs_days", "computed_pfs_days", "counted_pfs_days"} <= get_args(point.annotation)[
        0
    ].model_fields.keys()
    assert {"printed_pfs_days", "counted_pfs_days", "ratio"} <= get_args(count.annotation)[0].model_fields.keys()


def test_a_count_is_printed_with_the_figures_it_came_before() -> None:
    document = EstimateDocument.model_validate(comptometer.estimate("alexnet").to_dict())
    assert [claim.about for claim in document.beside] == ["macs_per_example"]
    assert {"architecture", "flop_per_example", "backward_factor"} <= {claim.about for claim in document.claims}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_can_be_made(name: str) -> None:
    assert DOCUMENTS[name].model_json_schema()["properties"]
