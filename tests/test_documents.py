"""Every JSON object that goes out has the shape that is promised."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from click import Command
from click.testing import CliRunner

import comptometer
from comptometer.cli.convert import command as convert
from comptometer.cli.count import command as count
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


HOWTO = Path(__file__).parents[1] / "docs" / "howto"
CONFIG = str(HOWTO / "llama-3.1-8b.json")


@pytest.mark.parametrize(
    ("command", "arguments", "name"),
    [
        (count, [CONFIG], "count"),
        (count, ["alexnet"], "count"),
        (count, [CONFIG, "--compare", "alexnet"], "count-compare"),
        (count, [str(HOWTO / "stages.toml")], "stages"),
        (convert, ["54 to 75", "day", "h"], "convert"),
        (convert, ["1e25", "FLOP", "pfs-day"], "convert"),
    ],
)
def test_what_count_and_convert_print_has_its_shape(command: Command, arguments: list[str], name: str) -> None:
    done = CliRunner().invoke(command, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["schema"] == f"comptometer/{name}/1"
    DOCUMENTS[name].model_validate(document)


def test_every_object_that_names_its_schema_has_one() -> None:
    source = Path(comptometer.__file__).parent
    named = {
        name
        for path in source.rglob("*.py")
        if path.parent.name != "documents"
        for name in re.findall(r'"comptometer/([a-z-]+)/1"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 25
    assert named <= set(DOCUMENTS)
