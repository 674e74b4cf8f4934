"""Names of people and paths, hidden."""

from __future__ import annotations

import json

from comptometer.errors import UsageError
from ledger_folder import Folder, export, job

ROW = job(1, User="alice", NodeList="gpu-node-07", JobName="alice-run", Comment="stage=sft;out=/home/alice/x by alice")


def runs(folder: Folder) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(folder.run("runs", "--json").stdout)["runs"]
    return found


def test_no_name_and_no_path_is_in_any_file(folder: Folder) -> None:
    folder.lines(export(ROW), "--tz", "UTC", "--redact")
    for file in folder.path.rglob("*"):
        if file.is_file():
            for word in (b"alice", b"/home", b"gpu-node-07"):
                assert word not in file.read_bytes(), file
    assert runs(folder)[0]["stage"] == "sft"


def test_the_same_name_is_the_same_hash_within_a_ledger_only(folder: Folder, tmp_path_factory: object) -> None:
    folder.lines(export(ROW, job(2, User="alice"), job(3, User="bob")), "--tz", "UTC", "--redact")
    first, second, third = (row["user"] for row in runs(folder))
    assert first == second != third
    other = Folder(folder.path.with_name("other"))
    other.lines(export(ROW), "--tz", "UTC", "--redact")
    assert runs(other)[0]["user"] != first


def test_names_that_were_written_cannot_be_hidden_later(folder: Folder) -> None:
    folder.lines(export(ROW))
    done = folder.run("import", "sacct", "-", "--tz", "UTC", "--redact", stdin=export(ROW))
    assert isinstance(done.exception, UsageError)
    assert "a ledger is never rewritten" in str(done.exception)
