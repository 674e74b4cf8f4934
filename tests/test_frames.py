"""The catalogue as frames: the same numbers in every library, typed, with units and credit."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import comptometer
from comptometer import cli, provenance, store, vintages
from comptometer.collection import COLUMNS, Chips, Models
from comptometer.columns import CHIPS, MODELS
from comptometer.errors import ComptometerError
from comptometer.frames import Frames
from comptometer.records import Source
from comptometer.release import data_version
from comptometer.table import known


@pytest.fixture(scope="module")
def models() -> Models:
    """The whole catalogue, computed once."""
    return Models()


def plain(value: Any) -> Any:
    """A cell of any library as `rows()` has it."""
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, list | tuple):
        return tuple(value)
    return None if pd.isna(value) else value


def of_pandas(found: Frames) -> list[dict[str, Any]]:
    return [{str(key): plain(value) for key, value in row.items()} for row in found.to_pandas().to_dict("records")]


def of_polars(found: Frames) -> list[dict[str, Any]]:
    return [{key: plain(value) for key, value in row.items()} for row in found.to_polars().iter_rows(named=True)]


def of_arrow(found: Frames) -> list[dict[str, Any]]:
    return [{key: plain(value) for key, value in row.items()} for row in found.to_arrow().to_pylist()]


READERS = [of_pandas, of_polars, of_arrow]


def wanted(rows: Iterable[dict[str, Any]], columns: Iterable[str]) -> list[dict[str, Any]]:
    """The rows, empty texts as nothing."""
    return [
        {key: tuple(row[key]) if isinstance(row[key], list) else known(row[key]) for key in columns} for row in rows
    ]


@pytest.mark.parametrize("read", READERS)
def test_a_frame_of_the_models_holds_just_what_the_rows_hold(
    models: Models, read: Callable[[Frames], list[dict[str, Any]]]
) -> None:
    found = read(models)
    assert len(found) > 2000
    assert found == wanted(models.rows(), COLUMNS)


@pytest.mark.parametrize("read", READERS)
def test_a_frame_of_the_chips_holds_just_what_the_rows_hold(read: Callable[[Frames], list[dict[str, Any]]]) -> None:
    chips = Chips()
    found = read(chips)
    assert [row["id"] for row in found] == list(store.chip_ids())
    assert found == wanted(chips.rows(), [column.name for column in CHIPS])


def test_the_row_of_a_chip_has_its_dense_peaks() -> None:
    rows = {row["id"]: row for row in comptometer.chips.rows()}
    h100 = rows["nvidia/h100-sxm"]
    assert h100["bf16_flop_per_second"] == comptometer.chips["h100-sxm"].peak("bf16").value == 989.4e12
    assert h100["memory_bytes"] == 80e9
    assert rows["nvidia/v100-sxm"]["bf16_flop_per_second"] is None


def test_the_numbers_are_those_that_the_command_prints(models: Models, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", "list", "--format", "csv"]) == 0
    printed = {row["id"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    frame = models.to_pandas().set_index("id")
    assert list(frame.index) == list(printed)
    for column in MODELS:
        if column.kind == "number":
            texts = [printed[name][column.name] for name in frame.index]
            assert [float(text) if text else None for text in texts] == [plain(v) for v in frame[column.name]]


def test_a_selection_is_a_frame_of_its_models(models: Models) -> None:
    some = models.where(find="llama", at_least="1e24")
    assert 0 < len(some) < 30
    assert sorted(some.to_pandas()["id"]) == sorted(some)
    assert sorted(some.to_polars()["id"]) == sorted(some)
    assert sorted(some.to_arrow()["id"].to_pylist()) == sorted(some)


def test_the_columns_of_pandas_are_typed(models: Models) -> None:
    frame = models.to_pandas()
    assert frame.dtypes.astype(str).to_dict() == {
        column.name: {
            "text": "string", "category": "category", "texts": "object", "number": "float64", "count": "Int64",
            "flag": "boolean", "day": "datetime64[s]",
        }[column.kind]
        for column in MODELS
    }  # fmt: skip
    assert set(frame["verdict"].cat.categories) == {"consistent", "tension", "conflict", "single-method", "none"}
    assert frame["published"].min() == pd.Timestamp(1950, 7, 2)
    assert frame["developer"].isna().sum() == sum(not row["developer"] for row in models.rows())


def test_the_columns_of_polars_are_typed(models: Models) -> None:
    kinds = models.to_polars().schema
    assert kinds["published"] == pl.Date
    assert kinds["domain"] == kinds["methods"] == pl.List(pl.String)
    assert kinds["p5"] == pl.Float64
    assert kinds["rank_at_release"] == pl.Int64
    assert kinds["notable"] == pl.Boolean
    assert kinds["verdict"] == pl.Categorical


def test_the_columns_of_arrow_are_typed_and_say_their_units(models: Models) -> None:
    schema = models.to_arrow().schema
    assert schema.field("published").type == pa.date32()
    assert schema.field("methods").type == pa.list_(pa.string())
    assert schema.field("verdict").type == pa.dictionary(pa.int32(), pa.string())
    for column in MODELS:
        told = schema.field(column.name).metadata
        assert told[b"about"].decode() == column.about
        assert told.get(b"unit", b"").decode() == column.unit
    assert schema.field("tokens").metadata[b"unit"] == b"token"


def test_every_number_of_the_catalogue_has_its_unit_or_is_a_plain_one() -> None:
    without = [column.name for column in (*MODELS, *CHIPS) if column.kind == "number" and not column.unit]
    assert without == ["ratio", "z"]
    assert len({column.name for column in MODELS}) == len(MODELS)
    assert len({column.name for column in CHIPS}) == len(CHIPS)


def test_credit_and_versions_travel_with_the_frame(models: Models) -> None:
    told = models.to_pandas().attrs
    held = {key.decode(): value.decode() for key, value in models.to_arrow().schema.metadata.items()}
    assert told.pop("units")["training_compute_flop"] == "FLOP"
    assert told == held == models.provenance()
    assert held["data_version"] == data_version()
    assert held["data"] == vintages.DEFAULT
    assert held["licence"] == "MIT; CC BY 4.0"
    for name in vintages.vintage_ids():
        assert vintages.sidecar(name).credit in held["credit"]


def test_a_selection_credits_only_those_that_it_is_from() -> None:
    old = Models("epoch-2024-05", curated=False).provenance()
    assert old["data"] == "epoch-2024-05"
    assert vintages.sidecar("epoch-2024-05").credit in old["credit"]
    assert vintages.sidecar("epoch-2026-07").credit not in old["credit"]
    assert "Machine Learning Hardware" in comptometer.chips.provenance()["credit"]
    assert "Hardware prices" not in old["credit"]


def test_a_table_that_states_no_licence_is_named_all_the_same() -> None:
    table = Source(id="t", title="Table", authors=("Somebody",), published="2026", url="https://example.org")
    assert provenance.credited([table], curated=False) == {"source": "Somebody", "licence": ""}
    told = provenance.facts([table])
    assert told["licence"] == "MIT"
    assert told["credit"].endswith("\nSomebody, 'Table', 2026. https://example.org (no licence stated)")


@pytest.mark.parametrize("way", ["to_pandas", "to_polars", "to_arrow"])
def test_a_frame_of_nothing_keeps_its_columns(models: Models, way: str) -> None:
    nothing = models.where(find="no model is called so")
    full, empty = getattr(models, way)(), getattr(nothing, way)()
    assert len(empty) == 0
    if way == "to_arrow":
        assert empty.schema.equals(full.schema)
    elif way == "to_polars":
        assert empty.schema == full.schema
    else:
        assert list(empty.dtypes.astype(str)) == list(full.dtypes.astype(str))


@pytest.mark.parametrize(
    ("way", "library"), [("to_pandas", "pandas"), ("to_polars", "polars"), ("to_arrow", "pyarrow")]
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    models: Models, way: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ComptometerError, match=rf"^{library} is not installed: pip install 'comptometer\[frames\]'$"):
        getattr(models, way)()


def test_the_analysis_that_a_reader_would_start_with_runs(models: Models) -> None:
    frame = models.to_pandas()
    recent = frame[frame["published"] >= "2023-01-01"]
    largest = recent.loc[recent["training_compute_flop"].idxmax()]
    assert largest["training_compute_flop"] == max(
        row["training_compute_flop"] or 0
        for row in models.rows()
        if row["published"] and row["published"] >= date(2023, 1, 1)
    )
    counts = frame.explode("methods")["methods"].value_counts()
    assert counts["reported"] == sum("reported" in row["methods"] for row in models.rows())
