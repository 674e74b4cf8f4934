"""`comptometer data export`: the same numbers in every format, credited, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from comptometer import cli, store, vintages
from comptometer.cells import delimited
from comptometer.collection import COLUMNS, Models
from comptometer.columns import MODELS
from comptometer.documents.export import DataExportDocument
from comptometer.errors import UsageError
from comptometer.evidence import source_named
from comptometer.exports import FORMS, GROUPS, Content, contents
from comptometer.exports._datasette import metadata
from comptometer.exports.sqlite import to_sqlite
from comptometer.files import check_target
from comptometer.relations import TABLES
from comptometer.release import data_version
from comptometer.table import Column, Table

NUMBERS = [column.name for column in MODELS if column.kind == "number"]


@pytest.fixture(scope="module")
def everything() -> Content:
    """All tables, made once."""
    return contents(vintages.DEFAULT, "all", several=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, everything: Content) -> Path:
    """A folder with the models in each format, and the whole in those that hold several tables."""
    folder = tmp_path_factory.mktemp("exports")
    models = Content(what="models", tables=[table(everything, "models")], facts=everything.facts)
    for ending, form in FORMS.items():
        (folder / f"all{ending}").write_bytes(form.write(everything if form.several else models))
    return folder


@pytest.fixture(scope="module")
def database(files: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{files / 'all.sqlite'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def table(content: Content, name: str) -> Table:
    return next(table for table in content.tables if table.name == name)


def numbers(rows: list[dict[str, Any]]) -> list[list[float | None]]:
    return [[None if row[name] in {None, ""} else float(row[name]) for name in NUMBERS] for row in rows]


def read(folder: Path, ending: str) -> list[dict[str, Any]]:
    """The models in an exported file."""
    path = folder / f"all{ending}"
    if ending == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    if ending == ".json":
        return list(json.loads(path.read_text(encoding="utf-8"))["tables"]["models"])
    if ending == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if ending == ".parquet":
        return list(pq.read_table(path).to_pylist())
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM models ORDER BY rowid")]


@pytest.mark.parametrize("ending", FORMS)
def test_every_format_holds_the_same_numbers(files: Path, ending: str) -> None:
    rows, found = Models().rows(), read(files, ending)
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert numbers(found) == numbers(rows)
    assert [str(row["published"] or "") for row in found] == [str(row["published"] or "") for row in rows]


def test_the_formats_are_those_that_are_promised() -> None:
    assert list(FORMS) == [".csv", ".db", ".json", ".jsonl", ".parquet", ".sqlite"]


@pytest.mark.parametrize("ending", FORMS)
def test_every_row_says_who_it_is_from(files: Path, ending: str) -> None:
    rows = read(files, ending)
    assert all(row["source"] and row["licence"] for row in rows)
    by_id = {row["id"]: row for row in rows}
    assert by_id["bell-laboratories/theseus"]["source"] == "Epoch AI"
    assert by_id["bell-laboratories/theseus"]["licence"] == "CC BY 4.0"
    assert by_id["openai/gpt-3"]["source"].startswith("comptometer")


def test_a_file_of_commas_is_nothing_but_its_table(files: Path) -> None:
    with (files / "all.csv").open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == [*COLUMNS, "names", "source", "licence"]
    assert {len(row) for row in rows} == {len(header)}


def test_no_cell_is_a_formula(files: Path) -> None:
    hostile: list[Any] = [
        "=HYPERLINK(1)",
        "+1",
        "-1+2",
        "@SUM(1)",
        "\tx",
        "\rx",
        "plain",
        -1.5,
        ["=1", "a"],
        None,
        date(2024, 1, 2),
    ]
    (_, *lines) = csv.reader(io.StringIO(delimited(["cell"], [[cell] for cell in hostile]), newline=""))
    cells = [cell for (cell,) in lines]
    assert cells[:6] == ["'=HYPERLINK(1)", "'+1", "'-1+2", "'@SUM(1)", "'\tx", "'\nx"]
    assert cells[6:] == ["plain", "-1.5", "'=1; a", "", "2024-01-02"]
    for row in read(files, ".csv"):
        for key, cell in row.items():
            assert key in NUMBERS or cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}


def test_the_object_has_its_shape(files: Path, everything: Content) -> None:
    document = DataExportDocument.model_validate_json((files / "all.json").read_bytes())
    assert set(document.tables) == set(TABLES)
    assert document.data_version == data_version()
    assert document.credit == everything.credit
    for name, rows in document.tables.items():
        assert {tuple(row) for row in rows} == {tuple(column.name for column in document.columns[name])}


def test_the_columns_of_parquet_are_typed_and_say_their_units(files: Path, everything: Content) -> None:
    schema = pq.read_schema(files / "all.parquet")
    assert schema.field("published").type == pa.date32()
    assert schema.field("methods").type == pa.list_(pa.string())
    assert schema.field("p5").metadata[b"unit"] == b"FLOP"
    assert schema.metadata[b"credit"].decode() == everything.facts["credit"]
    assert schema.metadata[b"data_version"].decode() == data_version()


# The database


def test_every_table_is_in_the_database_with_all_its_rows(database: sqlite3.Connection, everything: Content) -> None:
    assert {one.name for one in everything.tables} == set(TABLES)
    for one in everything.tables:
        (count,) = database.execute(f'SELECT count(*) FROM "{one.name}"').fetchone()
        assert count == len(one.rows) > 0


def test_the_database_is_sound(database: sqlite3.Connection) -> None:
    assert [tuple(row) for row in database.execute("PRAGMA integrity_check")] == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    (references,) = database.execute(
        "SELECT count(*) FROM sqlite_master AS t, pragma_foreign_key_list(t.name) WHERE t.type = 'table'"
    ).fetchone()
    assert references == 9
    assert database.execute("PRAGMA freelist_count").fetchone()[0] == 0


def test_every_key_tells_the_rows_apart(everything: Content) -> None:
    for one in everything.tables:
        keys = [tuple(row[name] for name in one.key) for row in one.rows]
        assert len(set(keys)) == len(keys), one.name
        assert all(None not in key and "" not in key for key in keys)


def test_names_are_searched_as_words(database: sqlite3.Connection) -> None:
    def found(index: str, words: str) -> set[str]:
        of = index.removesuffix("_fts")
        query = f'SELECT id FROM "{of}" WHERE rowid IN (SELECT rowid FROM "{index}" WHERE "{index}" MATCH ?)'
        return {row["id"] for row in database.execute(query, (words,))}

    assert "deepseek/deepseek-v3" in found("models_fts", "deepseek v3")
    assert "openai/gpt-3" in found("models_fts", '"gpt-3"')
    assert found("chips_fts", "h100") >= {"nvidia/h100-sxm", "nvidia/h100-pcie"}
    assert found("sources_fts", "few shot learners") >= {"brown-2020-gpt-3"}
    assert found("models_fts", "nobody calls it so") == set()


def test_the_estimates_are_those_of_the_models(database: sqlite3.Connection) -> None:
    query = "SELECT p50, hardware_time_flop FROM estimates JOIN models ON model = id WHERE method = 'hardware-time'"
    pairs = [tuple(row) for row in database.execute(query)]
    assert len(pairs) > 300
    assert all(one == other for one, other in pairs)
    weights = database.execute("SELECT sum(weight) FROM estimates GROUP BY model").fetchall()
    assert all(row[0] == pytest.approx(1.0) for row in weights)


def test_the_claims_are_those_of_the_dossiers(database: sqlite3.Connection) -> None:
    models = Models()
    for name in ["openai/gpt-3", "meta/llama-3.1-405b", "bell-laboratories/theseus"]:
        (item,) = [item for item in models.items_on_file() if item.id == name]
        dossier = item.dossier()
        rows = database.execute(
            'SELECT claims.id, value, kind, claims."where", aside, sources.url FROM claims JOIN sources '
            "ON claims.source = sources.id WHERE model = ? ORDER BY number",
            (name,),
        ).fetchall()
        wanted = [(claim, False) for claim in dossier.all_claims()] + [(claim, True) for claim in dossier.aside]
        assert len(rows) >= len(wanted) > 0
        for row, (claim, aside) in zip(rows, wanted, strict=False):
            place = claim.where or None
            url = source_named(claim.source, dossier).url or None
            assert tuple(row) == (claim.id, claim.value, claim.kind, place, aside, url)
        assert all(row["kind"] == "assumed" or "chip:" in row["id"] or "#" in row["id"] for row in rows[len(wanted) :])


def test_what_is_put_aside_is_never_used(database: sqlite3.Connection) -> None:
    assert database.execute("SELECT count(*) FROM claims WHERE aside AND used").fetchone()[0] == 0
    assert database.execute("SELECT count(*) FROM claims WHERE aside").fetchone()[0] > 0
    listed = database.execute(
        "SELECT count(*) FROM estimates, json_each(estimates.claims) AS each WHERE NOT EXISTS "
        "(SELECT 1 FROM claims WHERE claims.model = estimates.model AND claims.id = each.value AND used)"
    ).fetchone()[0]
    assert listed == 0


def test_every_column_is_described_with_its_unit(database: sqlite3.Connection, everything: Content) -> None:
    told = {tuple(row) for row in database.execute("SELECT table_name, column_name, unit FROM columns")}
    assert told == {(one.name, column.name, column.unit or None) for one in everything.tables for column in one.columns}
    facts = dict(database.execute("SELECT key, value FROM metadata").fetchall())
    assert facts == {"schema": "comptometer/data-export/1", **everything.facts}


def test_the_view_has_the_models_that_could_be_computed(database: sqlite3.Connection) -> None:
    (count,) = database.execute("SELECT count(*) FROM headline").fetchone()
    assert count == sum(row["training_compute_flop"] is not None for row in Models().rows())


def test_lists_are_lists_that_sqlite_can_take_apart(database: sqlite3.Connection) -> None:
    query = "SELECT count(*) FROM models, json_each(models.methods) AS each WHERE each.value = 'operations'"
    assert database.execute(query).fetchone()[0] == sum("operations" in row["methods"] for row in Models().rows())


@pytest.mark.parametrize("what", GROUPS)
def test_a_part_comes_with_all_that_it_refers_to(what: str) -> None:
    part = contents("epoch-2024-05", what, several=True)
    assert set(GROUPS[what]) <= {one.name for one in part.tables}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(to_sqlite(part))
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_metadata_for_datasette_name_only_what_is_there(everything: Content) -> None:
    told = metadata(everything, "all")["databases"]["all"]["tables"]
    assert set(told) == set(TABLES)
    for one in everything.tables:
        names = {column.name for column in one.columns}
        assert set(told[one.name]["columns"]) == names
        facets = [facet if isinstance(facet, str) else facet["array"] for facet in told[one.name]["facets"]]
        assert set(facets) <= names
        assert told[one.name].get("sort_desc", one.key[0]) in names


# The command


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be written: embedded null byte"):
        check_target(Path("x\0.csv"))


def export(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "comptometer", "data", "export", *map(str, arguments)],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("ending", [".sqlite", ".parquet", ".json"])
def test_the_same_data_give_the_same_bytes(tmp_path: Path, ending: str) -> None:
    first, second = tmp_path / f"first{ending}", tmp_path / f"second{ending}"
    for path, seed in ((first, "1"), (second, "2")):
        done = export(path, "--what", "chips", PYTHONHASHSEED=seed, TZ=f"Etc/GMT+{seed}")
        assert done.returncode == 0, done.stderr
    assert first.read_bytes() == second.read_bytes()


def test_the_whole_database_is_the_same_in_another_process(files: Path, tmp_path: Path) -> None:
    done = export(tmp_path / "all.sqlite", PYTHONHASHSEED="7")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "all.sqlite").read_bytes() == (files / "all.sqlite").read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / "all.sqlite"]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run the command in this process: exit status, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = cli.run(["data", "export", *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_the_credit_is_said_beside_the_file(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "chips.csv"
    status, printed, beside = said(path, "--what", "chips")
    assert (status, printed) == (0, f"{path}\n")
    assert beside.splitlines()[0] == f"{len(store.chip_ids())} chips"
    assert "credit: Epoch AI, 'Machine Learning Hardware', 2026-07. https://epoch.ai" in beside
    assert len(read_csv(path)) == len(store.chip_ids())


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_another_vintage_can_be_exported(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "old.csv"
    status, _, beside = said(path, "--data", "epoch-2024-05")
    assert status == 0
    assert {row["origin"] for row in read_csv(path)} == {"curated", "epoch-2024-05"}
    assert vintages.sidecar("epoch-2024-05").credit in beside


def test_a_file_that_is_there_is_left_unless_it_may_be_replaced(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "chips.csv"
    path.write_text("mine", encoding="utf-8")
    status, printed, beside = said(path, "--what", "chips")
    assert (status, printed) == (2, "")
    assert "is there already and is left as it is; --force replaces it" in beside
    assert path.read_text(encoding="utf-8") == "mine"
    assert said(path, "--what", "chips", "--force")[0] == 0
    assert len(read_csv(path)) == len(store.chip_ids())


def test_the_metadata_for_datasette_are_written_beside_a_database(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path, beside = tmp_path / "chips.db", tmp_path / "chips.json"
    status, printed, _ = said(path, "--what", "chips", "--datasette-metadata", beside)
    assert status == 0
    assert printed.splitlines() == [str(path), str(beside)]
    assert (
        json.loads(beside.read_text(encoding="utf-8"))["databases"]["chips"]["tables"]["chips"]["label_column"]
        == "name"
    )
    status, _, error = said(tmp_path / "b.db", "--what", "chips", "--datasette-metadata", beside)
    assert (status, (tmp_path / "b.db").exists()) == (2, False)
    assert f"{beside} is there already" in error


CARELESS = [
    (("x.xlsx",), 2, "is written as .csv, .db, .json, .jsonl, .parquet, .sqlite; the name has the ending '.xlsx'"),
    (("x",), 2, "the name has no ending"),
    (("no-such-folder/x.csv",), 2, "there is no folder"),
    (("folder.csv",), 2, "is a folder"),
    (("x" * 300 + ".csv",), 2, "cannot be written: File name too long"),
    (("x.csv", "--what", "all"), 2, "holds one table; say which (models, chips, claims)"),
    (("x.csv", "--what", "everything"), 2, "'models', 'chips', 'claims', 'all'"),
    (("x.csv", "--data", "epoch-2024-06"), 3, "epoch-2024-05"),
    (("x.csv", "--datasette-metadata", "y.json"), 2, "x.csv must be .sqlite or .db"),
    (("x.db", "--datasette-metadata", "y.yaml"), 2, "is written as .json"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "status", "wanted"), CARELESS, ids=[said for _, _, said in CARELESS])
def test_careless_requests_write_nothing(  # type: ignore[no-untyped-def]
    said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int, wanted: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    monkeypatch.chdir(tmp_path)
    got, printed, error = said(*arguments)
    assert (got, printed) == (status, "")
    assert wanted in error
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "chips.sqlite"
    path.write_text("before", encoding="utf-8")
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 10; exec "$@"', "limited", sys.executable, "-m", "comptometer",
         "data", "export", str(path), "--what", "chips", "--force"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot be written: File too large" in done.stderr
    assert done.stdout == ""
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_where_sqlite_finds_no_room_the_error_says_so() -> None:
    """An allowance of memory that a process has used up stands for a machine that has."""
    script = (
        "import resource, sqlite3\n"
        "from comptometer import exports\n"
        "from comptometer.errors import ComptometerError\n"
        "content = exports.contents('epoch-2024-05', 'chips', several=True)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    exports.FORMS['.sqlite'].write(content)\n"
        "except ComptometerError as error:\n"
        "    said = str(error)\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    print(said)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "the database could not be made" in done.stdout, done.stderr


def test_metadata_that_cannot_be_written_leave_no_database(tmp_path: Path) -> None:
    done = export(tmp_path / "a.db", "--what", "chips", "--datasette-metadata", "/proc/self/a.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "/proc/self/a.json: cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [ending for ending, form in FORMS.items() if not form.several])
def test_the_claims_alone_are_a_file_of_one_table(said, tmp_path: Path, ending: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / f"claims{ending}"
    status, _, beside = said(path, "--what", "claims", "--data", "epoch-2024-05")
    assert status == 0
    assert beside.splitlines()[0].endswith(" claims")
    assert path.stat().st_size > 100_000


def test_without_the_extra_parquet_says_what_to_install(  # type: ignore[no-untyped-def]
    said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, error = said(tmp_path / "x.parquet", "--what", "chips")
    assert (status, list(tmp_path.iterdir())) == (1, [])
    assert "pip install 'comptometer[frames]'" in error


def test_texts_that_sql_could_take_for_its_own_are_texts() -> None:
    odd = Table(
        name='odd"; DROP TABLE x; --',
        title="odd",
        columns=[Column(name='a"b', kind="text", about="it's"), Column(name="select", kind="texts", about="a list")],
        rows=[{'a"b': "'); DROP TABLE x; --", "select": ('"', "🙂")}],
        key=('a"b',),
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(to_sqlite(Content(what="all", tables=[odd], facts={"credit": "us"})))
        rows = connection.execute('SELECT * FROM "odd""; DROP TABLE x; --"').fetchall()
    assert rows == [("'); DROP TABLE x; --", '["\\"", "🙂"]')]
