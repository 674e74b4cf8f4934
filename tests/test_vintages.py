"""The shipped vintages are what they are said to be, and a user's own stand beside them."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from comptometer import places, snapshots, vintages
from comptometer.differences import counts, differences
from comptometer.errors import DataError, NotFound, UsageError
from comptometer.sources import COLUMNS
from comptometer.sources._rows import Rows

Table = Callable[..., str]

SHIPPED = ("epoch-2024-05", "epoch-2025-06", "epoch-2026-07")
TODAY = date(2026, 11, 1)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of the user's."""
    monkeypatch.setenv("COMPTOMETER_DATA", str(tmp_path))
    return tmp_path


def bring(text: str, **how: object) -> snapshots.Import:
    return snapshots.bring_in(text.encode(), "my.csv", as_of=TODAY, **how)  # type: ignore[arg-type]


def test_three_editions_are_shipped_and_the_newest_is_the_default() -> None:
    assert set(SHIPPED) <= set(vintages.vintage_ids())
    assert vintages.vintage().id == vintages.DEFAULT == max(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_vintage_is_as_it_was_written_down(name: str) -> None:
    assert vintages.faults(name) == []
    assert vintages.vintage(name).shipped


@pytest.mark.parametrize(
    ("name", "models", "computes", "notable"),
    [("epoch-2024-05", 1491, 621, 828), ("epoch-2025-06", 1892, 988, 807), ("epoch-2026-07", 1036, 529, 1036)],
)
def test_how_many_models_a_vintage_holds(name: str, models: int, computes: int, notable: int) -> None:
    rows = vintages.vintage(name).rows
    found = (len(rows), sum(row.compute is not None for row in rows), sum(bool(row.notability) for row in rows))
    assert found == (models, computes, notable)


def test_rows_are_typed() -> None:
    (row,) = [row for row in vintages.vintage("epoch-2026-07").rows if row.model == "DeepSeek-V3"]
    assert row.published == date(2024, 12, 24)
    assert (row.parameters, row.active_parameters, row.mixture_of_experts) == (671e9, 37e9, True)
    assert row.organization == ("DeepSeek",)
    assert row.open_weights is True
    assert row.frontier is None or row.frontier is True
    assert row.link
    assert all(link.startswith("https://") for link in row.link)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_figure_can_be(name: str) -> None:
    for row in vintages.vintage(name).rows:
        for column in ("parameters", "compute", "training_hours", "hardware_quantity", "dataset_size"):
            value = getattr(row, column)
            assert value is None or 0 < value < 1e35, (row.model, column)
        assert row.published is None or date(1940, 1, 1) < row.published < date(2027, 7, 1)


def test_the_snapshots_are_small() -> None:
    assert sum(path.stat().st_size for path in (places.SHIPPED / "snapshots").iterdir()) < 500_000


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_vintage_can_be_made_anew(name: str, shared: Path) -> None:
    folder = places.SHIPPED / "snapshots"
    packed, facts = snapshots.remade([name], shared / "data/epoch")[name]
    assert gzip.decompress(packed) == gzip.decompress((folder / f"{name}.csv.gz").read_bytes())
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # another compressor gives other bytes for the same table
        assert packed == (folder / f"{name}.csv.gz").read_bytes()
        assert snapshots.to_toml(facts) == (folder / f"{name}.toml").read_text(encoding="utf-8")


def test_another_edition_is_not_taken_for_the_one_written_down(models_table: Table, tmp_path: Path) -> None:
    (tmp_path / "epoch-2024-05-all-models.csv").write_text(models_table({}))
    with pytest.raises(DataError, match="another edition"):
        snapshots.remade(["epoch-2024-05"], tmp_path)
    with pytest.raises(DataError, match="has no epoch-2025-06"):
        snapshots.remade(["epoch-2025-06"], tmp_path)


def test_an_unknown_vintage_names_the_near_ones() -> None:
    with pytest.raises(NotFound, match="did you mean epoch-2026-07"):
        vintages.vintage("epoch-2026-70")
    with pytest.raises(NotFound):
        vintages.vintage("../epoch-2026-07")


# Several editions


def test_merged_has_every_model_once_from_the_newest_edition_that_has_it() -> None:
    found = vintages.merged()
    assert len({known.key for known in found}) == len(found)
    assert [known.vintage for known in found[:1036]] == ["epoch-2026-07"] * 1036
    by_key = {known.key: known for known in found}
    gpt = by_key["gpt4mar2023"]
    assert gpt.vintage == "epoch-2026-07"
    assert [(name, row.model) for name, row in gpt.history] == [("epoch-2025-06", "GPT-4"), ("epoch-2024-05", "GPT-4")]
    assert "gpt4" not in by_key


def test_merged_from_an_older_edition_knows_nothing_of_newer_ones() -> None:
    assert {known.vintage for known in vintages.merged("epoch-2025-06")} == {"epoch-2025-06", "epoch-2024-05"}
    assert len(vintages.merged("epoch-2024-05")) == 1491


def test_every_row_of_every_edition_is_in_merged_once() -> None:
    found = vintages.merged()
    rows = sum(1 + len(known.history) for known in found)
    assert rows == sum(len(vintages.vintage(name).rows) for name in SHIPPED)


def test_differences_put_the_largest_change_first() -> None:
    found = differences("epoch-2025-06", "epoch-2026-07")
    assert [difference.model for difference in found[:3]] == ["AlphaGo Master", "AlphaGo Zero", "AlphaZero"]
    assert found[0].ratio == pytest.approx(3.41e20 / 2e23, rel=0.01)
    sizes = [max(d.ratio, 1 / d.ratio) for d in found if d.kind == "changed" and d.ratio]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(size > 1.01 for size in sizes) == 13
    assert counts(found)["renamed"] == 5


def test_a_figure_that_the_newer_edition_gives_no_more_is_withdrawn() -> None:
    found = {d.model: d for d in differences("epoch-2025-06", "epoch-2026-07") if d.kind == "withdrawn"}
    assert set(found) == {
        "GPT-4o", "GPT-4o mini", "Claude 3 Opus", "Gemini 1.5 Pro", "Gemini 1.0 Pro", "GLM-4-Plus",
        "GPT-4 Turbo (Nov 2023)",
    }  # fmt: skip
    assert (found["GPT-4o"].old, found["GPT-4o"].new, found["GPT-4o"].ratio) == (3.810001e25, None, None)
    assert found["GPT-4 Turbo (Nov 2023)"].was == "GPT-4 Turbo"
    back = {d.model: d.kind for d in differences("epoch-2026-07", "epoch-2025-06")}
    assert back["GPT-4o"] == "changed"  # from nothing to a figure


def test_nothing_differs_from_itself() -> None:
    assert differences("epoch-2025-06", "epoch-2025-06") == []


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(UsageError, match="no quantity 'colour'"):
        differences("epoch-2025-06", "epoch-2026-07", "colour")


# A user's own


def test_an_imported_vintage_stands_beside_the_shipped_ones(models_table: Table, own: Path) -> None:
    done = bring(models_table({}, {"Model": "Abacus 2", "Publication date": "2025-09-01"}))
    assert done.written
    assert done.facts.id == "epoch-2025-09"
    assert [row.model for row in vintages.vintage("epoch-2025-09").rows] == ["Abacus 1", "Abacus 2"]
    assert vintages.vintage_ids() == ("epoch-2024-05", "epoch-2025-06", "epoch-2025-09", "epoch-2026-07")
    assert vintages.faults("epoch-2025-09") == []
    assert vintages.entering() == SHIPPED
    assert vintages.entering("epoch-2025-09") == ("epoch-2024-05", "epoch-2025-06", "epoch-2025-09", "epoch-2026-07")
    assert "Abacus 2" not in {known.row.model for known in vintages.merged()}
    assert [known.row.model for known in vintages.merged("epoch-2025-09")][:2] == ["Abacus 1", "Abacus 2"]
    assert sorted(path.name for path in (own / "snapshots").iterdir()) == ["epoch-2025-09.csv.gz", "epoch-2025-09.toml"]


def test_what_comes_in_goes_out_again_whatever_is_in_a_cell(models_table: Table, own: Path) -> None:
    nasty = 'a "b" \\ c; d, é 文 =1+1'
    bring(models_table({"Model": nasty, "Reference": nasty}), vintage_id="nasty")
    (row,) = vintages.vintage("nasty").rows
    assert (row.model, row.reference) == (nasty, nasty)


def test_the_same_table_again_is_left_alone_and_another_is_refused(models_table: Table, own: Path) -> None:
    assert bring(models_table({}), vintage_id="mine").written
    assert not bring(models_table({}), vintage_id="mine").written
    with pytest.raises(UsageError, match="another vintage 'mine'"):
        bring(models_table({"Model": "Other"}), vintage_id="mine")
    with pytest.raises(UsageError, match="another vintage 'epoch-2026-07'"):
        bring(models_table({}), vintage_id="epoch-2026-07")


def test_a_name_made_from_the_date_is_one_that_is_free(models_table: Table, own: Path) -> None:
    assert bring(models_table({"Publication date": "2026-07-14"})).facts.id == "epoch-2026-07-14"
    assert bring(models_table({"Publication date": "2026-08-14"})).facts.id == "epoch-2026-08"


@pytest.mark.parametrize("name", ["../up", "A B", "x/y", ".hidden", "a" * 80])
def test_a_name_that_cannot_be_a_file_is_refused(models_table: Table, own: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a vintage"):
        bring(models_table({}), vintage_id=name)
    assert not (own / "snapshots").exists()


def test_the_day_of_an_edition_is_in_the_table_or_given_and_never_today(models_table: Table, own: Path) -> None:
    undated = models_table({"Publication date": "soon"})
    with pytest.raises(UsageError, match=r"my\.csv: no row has a date .* give its day by --date"):
        bring(undated)
    with pytest.raises(UsageError, match="no row has a date"):
        bring(models_table({"Publication date": "2027-01-01"}))  # announced, so that it says nothing of the edition
    assert not (own / "snapshots").exists()
    assert bring(undated, edition=date(2025, 3, 1)).facts.date == date(2025, 3, 1)


@pytest.mark.parametrize(("day", "side"), [(date(3000, 1, 1), "after 2026-11-01"), (date(1066, 10, 14), "before 1940")])
def test_an_edition_is_not_of_a_day_to_come_or_before_there_were_models(
    models_table: Table, own: Path, day: date, side: str
) -> None:
    with pytest.raises(UsageError, match=f"{day} cannot be the day of an edition: it lies {side}"):
        bring(models_table({}), edition=day)
    assert not (own / "snapshots").exists()


def test_strict_refuses_any_problem_and_writes_nothing(models_table: Table, own: Path) -> None:
    with pytest.raises(DataError, match="is no number"):
        bring(models_table({"Parameters": "many"}), strict=True)
    assert not (own / "snapshots").exists()


def test_damage_is_found(models_table: Table, own: Path) -> None:
    path = bring(models_table({}), vintage_id="mine").path
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text + text.splitlines(keepends=True)[-1]))
    assert ["sha256" in fault for fault in vintages.faults("mine")] == [True, False]
    assert "holds 2 rows" in vintages.faults("mine")[1]
    path.write_bytes(b"\x1f\x8bnonsense")
    assert "is damaged" in "".join(vintages.faults("mine"))
    path.unlink()
    assert "cannot be read" in "".join(vintages.faults("mine"))


def test_a_sidecar_with_other_keys_is_refused(models_table: Table, own: Path) -> None:
    path = bring(models_table({}), vintage_id="mine").path.with_name("mine.toml")
    path.write_text(path.read_text().replace("licence", "license").replace("rows = 1", 'rows = "one"'))
    with pytest.raises(DataError) as caught:
        vintages.sidecar("mine")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["licence", "license", "rows"]


def test_other_columns_are_refused(models_table: Table, own: Path) -> None:
    path = bring(models_table({}), vintage_id="mine").path
    path.write_bytes(gzip.compress(b"model,line\nA,1\n"))
    with pytest.raises(DataError, match="other columns"):
        vintages.vintage("mine")
    assert len(COLUMNS) == 44


def test_the_same_rows_give_the_same_bytes() -> None:
    rows = Rows([dict.fromkeys(COLUMNS, "") | {"line": "2", "model": "A"}])
    assert hashlib.sha256(snapshots.pack(rows)).digest() == hashlib.sha256(snapshots.pack(rows)).digest()
    assert snapshots.pack(rows)[4:8] == b"\0\0\0\0"  # no time
