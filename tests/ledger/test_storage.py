"""The folder: whole or not at all, never twice, and nothing changes unseen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from comptometer.errors import DataError, UsageError
from comptometer.ledger.importers import Options
from comptometer.ledger.importing import import_file
from comptometer.ledger.instants import Zone
from comptometer.ledger.storage import Ledger
from ledger_folder import Folder, export, job


def content(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def test_the_same_file_twice_changes_no_byte(folder: Folder) -> None:
    folder.lines(export(job(1), job(2)))
    before = content(folder.path)
    report = folder.lines(export(job(1), job(2)))
    assert (report["number"], report["known_as"], report["status"]) == (None, 1, 0)
    assert content(folder.path) == before


def test_a_dry_run_writes_nothing_and_says_what_would_be(folder: Folder) -> None:
    report = folder.lines(export(job(1), job("2.batch"), job("x")), "--tz", "UTC", "--dry-run")
    assert (report["jobs"], report["rows"], report["wrong"], report["number"]) == (1, {"jobs": 1}, 1, None)
    assert not folder.path.exists()
    folder.lines(export(job(1)))
    assert folder.lines(export(job(1)), "--tz", "UTC", "--dry-run")["known_as"] == 1


def test_the_files_are_partitioned_typed_and_say_where_each_row_is_from(folder: Folder) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.lines(export(job(1), job(2, Submit="2026-04-01T00:00:00", Start="2026-04-01T00:00:01", End="Unknown")))
    paths = sorted(str(path.relative_to(folder.path).parent) for path in folder.path.rglob("*.parquet"))
    assert paths == ["jobs/source=sacct/month=2026-03", "jobs/source=sacct/month=2026-04"]
    table = pq.ParquetFile(next((folder.path / paths[0]).iterdir())).read()
    assert table.schema.field("started").type == pa.timestamp("us", tz="UTC")
    row = table.to_pylist()[0]
    assert len(row["source_sha256"]) == 64
    assert row["evidence_id"] == f"sacct:{row['source_sha256'][:16]}:2"
    assert (row["first_row"], row["last_row"], row["source"], row["month"]) == (2, 2, "sacct", "2026-03")


def test_the_folder_is_read_by_other_tools_as_it_is(folder: Folder) -> None:
    import duckdb

    folder.lines(export(job(1), job(2)))
    sql = f"SELECT source, month, sum(chips * seconds) FROM '{folder.path}/jobs/**/*.parquet' GROUP BY ALL"
    assert duckdb.sql(sql).fetchall() == [("sacct", "2026-03", 400.0)]


def test_verify_holds_for_what_was_written(folder: Folder) -> None:
    folder.lines(export(job(1)))
    folder.lines(export(job(2)))
    done = folder.run("verify", "--json")
    document = json.loads(done.stdout)
    assert done.return_value == 0
    assert (document["imports"], document["files"], document["rows"], document["problems"]) == (2, 2, 2, [])


def spoil_file(path: Path) -> None:
    file = next(path.rglob("*.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


def delete_file(path: Path) -> None:
    next(path.rglob("*.parquet")).unlink()


def edit_entry(path: Path) -> None:
    manifest = path / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"wrong":0', '"wrong":1', 1))


def drop_first(path: Path) -> None:
    manifest = path / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[1:]))


@pytest.mark.parametrize("spoil", [spoil_file, delete_file, edit_entry, drop_first])
def test_verify_sees_every_change(folder: Folder, spoil: Any) -> None:
    folder.lines(export(job(1)))
    folder.lines(export(job(2)))
    spoil(folder.path)
    done = folder.run("verify", "--json")
    assert done.return_value == 1
    assert json.loads(done.stdout)["problems"]


def test_a_head_noted_before_shows_that_the_last_imports_were_taken_away(folder: Folder) -> None:
    folder.lines(export(job(1)))
    folder.lines(export(job(2)))
    head = json.loads(folder.run("verify", "--json").stdout)["head"]
    assert folder.run("verify", "--head", head).return_value == 0
    manifest = folder.path / "manifest.jsonl"
    manifest.write_text(manifest.read_text().splitlines(keepends=True)[0])
    assert folder.run("verify").return_value == 0
    assert folder.run("verify", "--head", head).return_value == 1


def test_a_file_that_no_import_lists_is_named_and_not_read(folder: Folder) -> None:
    folder.lines(export(job(1)))
    file = next(folder.path.rglob("*.parquet"))
    file.with_name("stray.parquet").write_bytes(file.read_bytes())
    assert folder.seconds() == {(): 200}
    assert json.loads(folder.run("verify", "--json").stdout)["strays"] == [
        "jobs/source=sacct/month=2026-03/stray.parquet"
    ]


def test_a_missing_file_is_an_error_and_not_a_smaller_total(folder: Folder) -> None:
    folder.lines(export(job(1)))
    delete_file(folder.path)
    assert isinstance(folder.run("total").exception, DataError)


def test_a_folder_with_other_things_in_it_is_left_alone(folder: Folder) -> None:
    folder.path.mkdir()
    (folder.path / "thesis.tex").write_text("text")
    assert isinstance(folder.run("import", "sacct", "-", stdin=export(job(1))).exception, UsageError)
    assert [path.name for path in folder.path.iterdir()] == ["thesis.tex"]


def test_a_full_disk_leaves_the_ledger_as_it_was(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.lines(export(job(1)))

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        done = folder.add("sacct", "-", "--tz", "UTC", stdin=export(job(2)))
    assert "No space left" in done["refused"][0]["why"]
    assert folder.seconds() == {(): 200}
    folder.lines(export(job(2)))
    assert folder.seconds() == {(): 400}
    assert folder.run("verify").return_value == 0


def test_two_imports_at_once_are_both_there(folder: Folder, tmp_path: Path) -> None:
    def add(number: int) -> None:
        file = tmp_path / f"{number}.psv"
        file.write_text(export(job(number)))
        import_file(Ledger(folder.path), "sacct", file, Options(zone=Zone("UTC")))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert folder.seconds() == {(): 1200}
    assert folder.run("verify").return_value == 0


def test_an_import_killed_at_any_point_is_whole_or_not_there(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "export.psv"
    file.write_text(export(*(job(number, Submit=f"2026-{number % 12 + 1:02d}-01T00:00:00") for number in range(6000))))
    folder.lines(export(job("777777")))
    command = [sys.executable, "-m", "comptometer", "ledger", "import", "sacct", str(file), "--tz", "UTC"]
    killed = 0
    for delay in (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8):
        process = subprocess.Popen([*command, "--ledger", str(folder.path)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (folder.path / ".staging").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)  # until it begins to write
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        assert folder.run("verify").return_value == 0
        assert folder.seconds()[()] in {200, 1_200_200}
    assert killed
    folder.add("sacct", file, "--tz", "UTC")
    assert folder.seconds() == {(): 1_200_200}
    assert not (folder.path / ".staging").exists()
