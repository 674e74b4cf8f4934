"""The shipped data: every file is read, every name resolves, nothing lies about unused."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from comptometer import algorithmic_progress, architecture, decomposition, limit_files, scorecard, store
from comptometer.catalogue import entry
from comptometer.distribution import Point
from comptometer.dossier_file import read_dossier
from comptometer.dossiers import dossier, dossier_ids
from comptometer.evidence import source_of
from comptometer.release import DATA

FILES = sorted(DATA.rglob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_every_file_is_plain_toml_with_a_newline_at_its_end(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert tomllib.loads(text)
    assert text.endswith("\n")
    assert "\t" not in text


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


# Shipped files are not checked when they are read: what is made of one must be what a checked one gives.


@pytest.mark.parametrize("path", sorted(DATA.glob("models/*/*.toml")), ids=lambda path: path.stem)
def test_every_dossier_has_its_shape(path: Path) -> None:
    name = f"{path.parent.name}/{path.stem}"
    assert dossier(name) == read_dossier(path.read_bytes(), str(path), name, folder=path.parent)


@pytest.mark.parametrize("path", sorted(DATA.glob("chips/*/*.toml")), ids=lambda path: path.stem)
def test_every_chip_has_its_shape(path: Path) -> None:
    name = f"{path.parent.name}/{path.stem}"
    assert store.chip_record(name) == store._chip(name, store.checked("ChipFile", read(path), path.name), path.name)


@pytest.mark.parametrize("path", sorted(DATA.glob("sources/*.toml")), ids=lambda path: path.stem)
def test_every_source_has_its_shape(path: Path) -> None:
    checked = store.checked("SourceFile", read(path), path.name)
    assert store.source(path.stem) == store.to_source(path.stem, checked)


@pytest.mark.parametrize("name", ["assumptions", "cost-assumptions"])
def test_the_assumptions_have_their_shape(name: str) -> None:
    checked = store.checked("AssumptionsFile", read(DATA / f"{name}.toml"), name)
    assert store.assumptions(name) == store._assumptions(checked)


def test_every_source_has_a_title_and_a_place_to_find_it() -> None:
    for name in sorted(store.source_ids()):
        source = store.source(name)
        assert source.title
        assert source.url or source.note, name


def test_every_source_is_cited_by_something() -> None:
    cited = {claim.source for name in dossier_ids() for claim in dossier(name).all_claims()}
    cited |= {name for chip in store.chip_ids() for name in store.chip_record(chip).cited}
    cited |= {name for model in dossier_ids() for name in dossier(model).references}
    cited |= {row["source"] for row in scorecard.on_file()}
    cited |= {row["source"] for row in decomposition.published()}
    cited |= {rate.source for rate in algorithmic_progress.rates().values()}
    for preset in limit_files.preset_ids():
        cited |= limit_files.limits(preset).cited
    for file in ("assumptions", "cost-assumptions"):
        cited |= {assumption.source for assumption in store.assumptions(file).values()}
    for path in (DATA / "prices").glob("*.toml"):
        cited |= {value for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items() if key == "source"}
    for path in (DATA / "studies").glob("*.toml"):
        cited |= {value for value in tomllib.loads(path.read_text(encoding="utf-8")).values() if isinstance(value, str)}
    assert store.source_ids() <= cited


def test_every_claim_says_where_it_stands() -> None:
    for name in dossier_ids():
        for claim in dossier(name).all_claims():
            assert claim.where, claim.id
            assert source_of(claim, dossier(name)).grade in {"primary", "secondary", "tertiary"}


def test_the_data_have_a_version() -> None:
    assert (DATA / "VERSION").read_text(encoding="utf-8").strip()


CONFIGS = sorted((DATA / "configs").glob("*.json"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_says_where_it_comes_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    fields = json.loads(text)
    assert text.endswith("}\n")
    assert all(isinstance(fields[key], str) and fields[key] for key in ("_source", "_where", "model_type"))
    assert isinstance(fields["_verified"], bool)


def test_every_configuration_is_claimed_by_a_model_with_those_parameters() -> None:
    closed = set()
    for name in dossier_ids():
        record = dossier(name)
        for claim in record.all_claims():
            if claim.about == "architecture" and isinstance(claim.file, Path) and claim.file.suffix == ".json":
                size = architecture.counted(claim.file).parameters
                stated = next(c.belief for c in record.claims if c.about == "parameters")
                assert size is not None
                assert isinstance(stated, Point)
                assert size.total == pytest.approx(stated.value, rel=0.02), name
                closed.add(claim.file)
    assert closed == set(CONFIGS)


def test_no_shipped_count_is_of_another_network_than_is_stated() -> None:
    for name in dossier_ids():
        assert "parameter-closure" not in {finding.id for finding in entry(dossier(name)).findings}, name
