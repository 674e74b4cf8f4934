"""Tags: said by hand, added to the chain, and never over what was written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from comptometer.documents import DOCUMENTS
from comptometer.errors import NotFound, UsageError
from ledger_folder import Folder, export, job


def tag(folder: Folder, *arguments: str) -> dict[str, Any]:
    done = folder.run("tag", *arguments, "--json")
    assert done.exception is None, done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    DOCUMENTS["ledger-tag"].model_validate(found)
    return found


def filled(folder: Folder) -> Folder:
    folder.lines(export(*(job(n, ElapsedRaw=n, State="FAILED" if n == 3 else "COMPLETED") for n in range(1, 5))))
    return folder


def test_a_tag_is_something_to_sum_by(folder: Folder) -> None:
    filled(folder)
    assert tag(folder, "purpose=ablation", "--where", "outcome=FAILED")["attempts"] == 1
    assert folder.seconds("tag:purpose") == {("ablation",): 6, (None,): 14}
    assert folder.total("--where", "tag:purpose=ablation")["total"]["jobs"] == 1
    assert folder.total("--where", "tag:purpose=")["total"]["jobs"] == 3


def test_tags_of_model_come_before_source_and_rules(folder: Folder) -> None:
    folder.lines(export(job(1, Comment="model=said"), job(2), job(3)))
    (folder.path / "rules.toml").write_text('[[rules]]\nname = "*"\nmodel = "by rule"\n', encoding="utf-8")
    tag(folder, "model=by hand", "--where", "model=said")
    assert {key: value for (key,), value in folder.seconds("model").items()} == {"by hand": 200, "by rule": 400}


def test_the_last_word_counts_and_an_empty_one_takes_it_away(folder: Folder) -> None:
    filled(folder)
    tag(folder, "x=1", "y=1", "--where", "user=alice")
    tag(folder, "x=2", "--where", "outcome=FAILED")
    assert folder.seconds("tag:x") == {("1",): 14, ("2",): 6}
    tag(folder, "x=", "--where", "tag:x=1")
    assert folder.seconds("tag:x") == {("2",): 6, (None,): 14}
    runs = json.loads(folder.run("runs", "--json").stdout)["runs"]
    assert sorted(str(run["tags"]) for run in runs) == ["{'x': '2', 'y': '1'}", *["{'y': '1'}"] * 3]


def test_a_rule_may_ask_for_a_tag(folder: Folder) -> None:
    filled(folder)
    rule = '[[rules]]\ntags = { purpose = "abl*" }\nmodel = "m"\n'
    (folder.path / "rules.toml").write_text(rule, encoding="utf-8")
    assert folder.seconds("model") == {(None,): 20}
    tag(folder, "purpose=ablation", "--where", "outcome=FAILED")
    assert folder.seconds("model") == {("m",): 6, (None,): 14}


def test_it_is_an_import_of_the_chain(folder: Folder) -> None:
    filled(folder)
    before = {path: path.read_bytes() for path in folder.path.rglob("*.parquet")}
    head = tag(folder, "x=1", "--where", "user=alice")["head"]
    assert {path: path.read_bytes() for path in before} == before
    verified = json.loads(folder.run("verify", "--json").stdout)
    assert (verified["head"], verified["imports"], verified["problems"], verified["strays"]) == (head, 2, [], [])
    file = next((folder.path / "tags").rglob("*.parquet"))
    file.write_bytes(file.read_bytes() + b"x")
    assert folder.run("verify").return_value == 1


def test_a_dry_run_writes_nothing(folder: Folder) -> None:
    filled(folder)
    assert tag(folder, "x=1", "--where", "user=alice", "--dry-run") | {"ledger": "", "data_version": ""} == {
        "schema": "comptometer/ledger-tag/1", "data_version": "", "ledger": "", "tags": {"x": "1"}, "attempts": 4,
        "dry_run": True, "head": None,
    }  # fmt: skip
    assert not (folder.path / "tags").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x"], "write NAME=VALUE"),
        (["x=1", "x=2", "--where", "user=alice"], "each name once"),
        (["a b=1", "--where", "user=alice"], "cannot be the name of a tag"),
        (["x=1"], "which attempts, as --where"),
        (["x=1", "--where", "user=nobody"], "no attempt fits"),
        (["x=1", "--where", "usr=alice"], "did you mean user?"),
        (["x=1", "--where", "tag:z=1"], "is nothing that a ledger knows"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(folder: Folder, arguments: list[str], words: str) -> None:
    filled(folder)
    done = folder.run("tag", *arguments)
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)
    assert not (folder.path / "tags").exists()


def test_there_must_be_a_ledger(folder: Folder) -> None:
    assert isinstance(folder.run("tag", "x=1", "--where", "user=a").exception, NotFound)


def test_a_bad_table_of_tags_in_a_rule_is_named(folder: Folder) -> None:
    filled(folder)
    (folder.path / "rules.toml").write_text('[[rules]]\ntags = "x"\nmodel = "m"\n', encoding="utf-8")
    assert "rule 1: tags: write a table" in str(folder.run("total").exception)
