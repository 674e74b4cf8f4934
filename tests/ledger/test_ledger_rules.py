"""Rules: which attempts belong to which model, stage and run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer.documents import DOCUMENTS
from comptometer.errors import DataError, NotFound
from comptometer.ledger.rules import expression, read_rules
from ledger_folder import Folder, export, job


def written(folder: Folder, text: str) -> Path:
    path = folder.path.parent / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def stages(folder: Folder, rules: str) -> dict[str, tuple[str | None, str | None]]:
    done = folder.run("runs", "--rules", written(folder, rules), "--json")
    assert done.exception is None, done.exception
    document = DOCUMENTS["ledger-runs"].model_validate_json(done.stdout)
    return {row["job"]: (row["model"], row["stage"]) for row in document.model_dump()["runs"]}


def test_the_first_rule_that_fits_counts(folder: Folder) -> None:
    folder.lines(export(job(1, JobName="pretrain-7b"), job(2, JobName="sft"), job(3, JobName="other", Account="cv")))
    said = """
    [[rules]]
    name = ["pretrain-*", "cpt-*"]
    model = "demo"
    stage = "pretrain"
    [[rules]]
    project = "llm"
    model = "demo"
    stage = "sft"
    """
    assert stages(folder, said) == {"1": ("demo", "pretrain"), "2": ("demo", "sft"), "3": (None, None)}


def test_all_conditions_of_a_rule_must_hold(folder: Folder) -> None:
    folder.lines(export(job(1), job(2, User="bob"), job(3, Partition="debug")))
    said = '[[rules]]\nuser = "alice"\npartition = "train"\nmodel = "demo"\n'
    assert stages(folder, said) == {"1": ("demo", None), "2": (None, None), "3": (None, None)}


def test_slurms_word_for_a_project_is_understood(folder: Folder) -> None:
    folder.lines(export(job(1), job(2, Account="cv")))
    assert stages(folder, '[[rules]]\naccount = "cv"\nmodel = "m"\n') == {"1": (None, None), "2": ("m", None)}


def test_what_the_source_says_comes_first_unless_a_rule_overrides(folder: Folder) -> None:
    folder.lines(export(job(1, Comment="model=own;stage=sft"), job(2, Comment="model=own")))
    said = '[[rules]]\nname = "*"\nmodel = "demo"\nstage = "pretrain"\n'
    assert stages(folder, said) == {"1": ("own", "sft"), "2": ("own", "pretrain")}
    over = {"1": ("demo", "pretrain"), "2": ("demo", "pretrain")}
    assert stages(folder, f"{said}override = true\n") == over


def test_a_rule_that_gives_less_takes_nothing_away(folder: Folder) -> None:
    folder.lines(export(job(1, Comment="model=own;stage=sft")))
    assert stages(folder, '[[rules]]\nname = "*"\nmodel = "demo"\noverride = true\n') == {"1": ("demo", "sft")}


def test_days_are_of_the_start_in_utc_and_the_last_is_outside(folder: Folder) -> None:
    folder.lines(
        export(
            *(
                job(number, Submit="2026-02-01T00:00:00", Start=start, End="2026-05-01T00:00:00")
                for number, start in enumerate(
                    ("2026-02-28T23:59:59", "2026-03-01T00:00:00", "2026-03-31T23:59:59", "2026-04-01T00:00:00"), 1
                )
            ),
            job(5, State="CANCELLED", Start="None", ElapsedRaw=0),
        )
    )
    said = '[[rules]]\nfrom = 2026-03-01\nuntil = "2026-04-01"\nmodel = "march"\n'
    found = {number for number, (model, _) in stages(folder, said).items() if model}
    assert found == {"2", "3"}


def test_an_empty_pattern_is_of_rows_that_say_nothing(folder: Folder) -> None:
    folder.lines(export(job(1, Account=""), job(2)))
    assert stages(folder, '[[rules]]\nproject = ""\nmodel = "demo"\n') == {"1": ("demo", None), "2": (None, None)}
    both = '[[rules]]\nproject = ["*", ""]\nmodel = "demo"\n'
    assert stages(folder, both) == {"1": ("demo", None), "2": ("demo", None)}


def test_rules_in_the_folder_hold_and_those_that_are_given_come_before(folder: Folder) -> None:
    folder.lines(export(job(1)))
    (folder.path / "rules.toml").write_text('[[rules]]\nname = "*"\nmodel = "kept"\n', encoding="utf-8")
    assert [row["model"] for row in folder.total("--by", "model")["rows"]] == ["kept"]
    given_ = written(folder, '[[rules]]\nname = "*"\nmodel = "given"\n')
    assert [row["model"] for row in folder.total("--by", "model", "--rules", given_)["rows"]] == ["given"]
    done = folder.run("verify")
    assert done.return_value == 0
    assert "rules.toml" not in done.output


def test_totals_say_which_rules_were_used_and_which_take_nothing(folder: Folder) -> None:
    folder.lines(export(job(1), job(2), job(3, JobName="else")))
    path = written(
        folder,
        '[[rules]]\nname = "train"\nmodel = "demo"\n[[rules]]\nname = "trian"\nstage = "sft"\n'
        '[[rules]]\nname = "train"\nrun = "never"\n',
    )
    total = folder.total("--rules", path)
    assert [rule["jobs"] for rule in total["rules"]["rules"]] == [2, 0, 0]
    assert len(total["rules"]["sha256"]) == 64
    assert "no attempt is left for rule 2, 3" in folder.run("total", "--rules", path).output
    assert folder.total()["rules"] is None


def test_attempts_without_a_model_are_listed(folder: Folder) -> None:
    folder.lines(export(job(1), job(2, JobName="else")))
    path = written(folder, '[[rules]]\nname = "train"\nmodel = "demo"\n')
    done = folder.run("runs", "--unmapped", "--rules", path, "--format", "csv")
    assert [line.split(",")[1] for line in done.stdout.splitlines()[1:]] == ["2"]


def test_hours_are_the_same_whatever_the_rules(folder: Folder) -> None:
    folder.lines(export(job(1), job(2, Comment="model=own"), job(3, Account="")))
    path = written(folder, '[[rules]]\nproject = "llm"\nmodel = "demo"\nstage = "rl"\n')
    assert folder.total("--rules", path)["total"] == folder.total()["total"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no rules"),
        ("rules = 3", "has no rules"),
        ('[rules]\nname = "x"', "has no rules"),
        ('[[rules]]\nname = "x"', "rule 1: says no model, stage or run"),
        ('[[rules]]\nmodel = "x"', "rule 1: has no condition"),
        ('[[rules]]\nnam = "x"\nmodel = "m"', "rule 1: 'nam' is not known; did you mean 'name'?"),
        ('[[rules]]\nname = 3\nmodel = "m"', "rule 1: name: write a text"),
        ('[[rules]]\nname = []\nmodel = "m"', "rule 1: name: write a text"),
        ('[[rules]]\nname = "x"\nmodel = " "', "rule 1: model: write a text that is not empty"),
        ('[[rules]]\nname = "x"\nmodel = "m"\nfrom = "March"', "rule 1: from: write a day"),
        ('[[rules]]\nname = "x"\nmodel = "m"\nfrom = "2026-02-30"', "rule 1: from: write a day"),
        ('[[rules]]\nmodel = "m"\nfrom = 2026-03-02\nuntil = 2026-03-01', "rule 1: until is not after from"),
        ('[[rules]]\nname = "x"\nmodel = "m"\noverride = "yes"', "rule 1: override: write true or false"),
        ('other = 1\n[[rules]]\nname = "x"\nmodel = "m"', "'other' is not known"),
        ('[[rules]]\naccount = "x"\nproject = "x"\nmodel = "m"', "rule 1: account and project are the same"),
        ("[[rules", "is not TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(folder: Folder, text: str, said: str) -> None:
    folder.lines(export(job(1)))
    path = written(folder, text)
    with pytest.raises(DataError, match=re.escape(said)):
        read_rules(path)
    done = folder.run("total", "--rules", path)
    assert isinstance(done.exception, DataError)


def test_a_file_that_is_not_there_is_named(folder: Folder) -> None:
    folder.lines(export(job(1)))
    done = folder.run("total", "--rules", folder.path / "none.toml")
    assert isinstance(done.exception, NotFound)


def test_a_day_with_a_zone_is_an_instant(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rules]]\nfrom = 2026-03-01T00:00:00+02:00\nmodel = "m"\n', encoding="utf-8")
    assert read_rules(path).rules[0].since == datetime(2026, 2, 28, 22, tzinfo=UTC)


ALPHABET = "ab_%.+*?()|^$\\{}- é\n"


@given(st.text(ALPHABET, min_size=1, max_size=8), st.text(ALPHABET, max_size=8))
def test_patterns_are_those_of_a_shell_without_brackets(pattern: str, text: str) -> None:
    ours = expression(pattern).replace("\\z", "\\Z")  # as Python spells the end of a text before 3.14
    assert bool(re.match(ours, text)) == fnmatchcase(text, pattern)


@pytest.mark.parametrize("name", ["a.b", "a+b", "pre_train", "(x)[y]", "50%", "a\\b", "^$", "{1}"])
def test_special_characters_are_themselves(folder: Folder, name: str) -> None:
    folder.lines(export(job(1, JobName=name), job(2, JobName="axb")))
    quoted = name.replace("\\", "\\\\")
    found = stages(folder, f'[[rules]]\nname = "{quoted}"\nmodel = "m"\n')
    assert {number for number, (model, _) in found.items() if model} == {"1"}


def test_rules_may_be_there_before_the_first_import(folder: Folder) -> None:
    folder.path.mkdir()
    (folder.path / "rules.toml").write_text('[[rules]]\nname = "*"\nmodel = "early"\n', encoding="utf-8")
    assert folder.lines(export(job(1)))["number"] == 1
    assert [row["model"] for row in folder.total("--by", "model")["rows"]] == ["early"]


def test_a_list_says_which_rules_took_nothing(folder: Folder) -> None:
    folder.lines(export(job(1, JobName="pretrain")))
    (folder.path / "rules.toml").write_text(
        '[[rules]]\nname = "pre*"\nmodel = "a"\n[[rules]]\nname = "never"\nmodel = "b"\n', encoding="utf-8"
    )
    done = folder.run("runs")
    assert "1 attempts" in done.stderr
    assert "no attempt is left for rule 2" in done.stderr
    assert [rule["jobs"] for rule in json.loads(folder.run("runs", "--json").stdout)["rules"]["rules"]] == [1, 0]
